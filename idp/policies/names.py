"""Names as people type them, and the one form in which they are compared (UN01, UN02, UN05)."""

import re
import unicodedata

from email_validator import EmailNotValidError, validate_email

from idp.policies.electronic_id import is_electronic_id

# Kept free: where people sign in by number, the number (IC…) is the account's name (policies/electronic_id.py).
NUMBER_AS_NAME = re.compile(r"ic[0-9]+", re.ASCII)
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
    """Why nobody can choose a text as account name (a key of the texts), or None: 4 to 32 of a-z 0-9 . _ -.

    What looks like an account's number (IC and digits) is not chosen: the system gives it.
    """
    if not is_username(text):
        return "username.form"
    return "username.reserved" if NUMBER_AS_NAME.fullmatch(canonical_username(text)) else None


def is_username(text: str) -> bool:
    """Whether a text has the form of an account name, chosen or given."""
    return USERNAME.fullmatch(canonical_username(text)) is not None


def number_of_name(name: str) -> str | None:
    """The electronic ID that a canonical name is, or None: a person may always call her account by its number."""
    number = name.upper()
    return number if is_electronic_id(number) else None


def masked_username(username: str) -> str:
    """An account name or number as a page shows it to who may be somebody else: ``IC*****94``."""
    return f"{username[:2]}*****{username[-2:]}"


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


def masked_name(name: str) -> str:
    """A person's name as others see it who ought to know her: ``王○明``, ``王○``, ``A○○ L○○``."""
    words = [_masked_word(word) for word in name.split()]
    return " ".join(words)


def _masked_word(word: str) -> str:
    # A Latin word keeps its first letter alone: its length and its end would say too much.
    if word.isascii():
        return f"{word[0]}○○"
    last = word[-1] if len(word) > 2 else ""
    return word[0] + "○" * max(1, len(word) - 2) + last


def masked_email(address: str) -> str:
    """A mailbox that another person may see: ``ex*****@gmail.com`` (R-105)."""
    local, _, domain = address.rpartition("@")
    return f"{local[:2]}*****@{domain}"
