"""Names as people type them, and the one form in which they are compared (UN01, UN02, UN05)."""

import re
import unicodedata

from email_validator import EmailNotValidError, validate_email

USERNAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{2,30})[a-z0-9]", re.ASCII)
RESERVED_CLIENT_PREFIXES = ("ga_", "la_", "co_", "op_")
CLIENT_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62})", re.ASCII)
LONGEST_PERSON_NAME = 50
LONGEST_TYPED_USERNAME = 256
LONGEST_EMAIL = 254  # RFC 5321 §4.5.3.1.3, without its brackets
ADDRESSES = ("://", "www.")
LONGEST_CLIENT_NAME = 100


def canonical_username(text: str) -> str:
    """The form in which account names are compared: NFKC, case folded, without spaces around.

    What is too long to be one is only cut: normalising it could take as long as its sender likes.
    """
    if len(text) > LONGEST_TYPED_USERNAME:
        return text[:LONGEST_TYPED_USERNAME]
    return unicodedata.normalize("NFKC", text).casefold().strip()


def username_problem(text: str) -> str | None:
    """Why a text can't be an account name (a key of the texts), or None: 4 to 32 of a-z 0-9 . _ -."""
    return None if USERNAME.fullmatch(canonical_username(text)) else "username.form"


def client_id_problem(text: str) -> str | None:
    """Why a text can't be a client id, or None. Prefixes of our own ids are kept free (tokens.md)."""
    if not CLIENT_ID.fullmatch(text):
        return "client_id.form"
    return "client_id.reserved" if text.startswith(RESERVED_CLIENT_PREFIXES) else None


def client_name_problem(text: str) -> str | None:
    """Why a text can't be the name of a client or a service, or None: 1 to 100 visible characters."""
    if not 1 <= len(text.strip()) <= LONGEST_CLIENT_NAME or has_control(text):
        return "client_name.form"
    return None


def canonical_email(text: str) -> str | None:
    """A mail address in one form, or None when the text is none (RG13: one address, no display name, no line break).

    Full-width characters, as an input method types them, are folded: ``ｅｘａｍｐｌｅ＠ｇｍａｉｌ．ｃｏｍ``.
    """
    if len(text) > LONGEST_EMAIL:
        return None
    folded = unicodedata.normalize("NFKC", text)
    if any(character in folded for character in "\r\n\t<>\"',;"):
        return None
    try:
        return validate_email(folded.strip(), check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        return None


def email_key(address: str) -> str:
    """The form in which mailboxes are compared: no server in use tells letters by their case."""
    return address.lower()


def person_name_problem(text: str) -> str | None:
    """Why a text can't be a person's name, or None: 1 to 50 visible characters, no address (domain.md 3.5)."""
    name = text.strip()
    if not 1 <= len(name) <= LONGEST_PERSON_NAME or has_control(name):
        return "name.form"
    return "name.address" if holds_address(name) else None


def holds_address(name: str) -> bool:
    """Whether a name holds an address of the web, which our mails would carry to strangers as a link."""
    text = unicodedata.normalize("NFKC", name).casefold()
    return any(sign in text for sign in ADDRESSES)


def has_control(text: str) -> bool:
    """Whether a text holds what no line of text should: control, surrogate, private, direction characters, breaks."""
    return any(unicodedata.category(character) in {"Cc", "Cs", "Co", "Cn", "Cf", "Zl", "Zp"} for character in text)


def masked_email(address: str) -> str:
    """A mailbox that another person may see: ``ex*****@gmail.com`` (R-105)."""
    local, _, domain = address.rpartition("@")
    return f"{local[:2]}*****@{domain}"
