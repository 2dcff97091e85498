"""Password hashes that other systems made: which are taken over, and what they may cost at sign-in.

A hash is taken as the old system kept it, judged as that system judged it, and replaced by one of ours at the first
successful sign-in. Its cost is bounded: the longest takes about a second of one core, and not a minute.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from enum import StrEnum

LONGEST_KEPT = 255

LEAST_BCRYPT, MOST_BCRYPT = 4, 14
MOST_PBKDF2 = 2_000_000
MOST_ARGON2_MEMORY_KIB = 262_144
MOST_ARGON2_WORK_KIB = 1_048_576  # memory times rounds
MOST_ARGON2_LANES = 16
# A shorter one would let in one wrong password of so many.
SHORTEST_OUTPUT, LONGEST_OUTPUT = 16, 64
SHORTEST_SALT, LONGEST_SALT = 4, 64
# What bcrypt reads of a password; the systems that made these hashes ignored the rest in silence.
BCRYPT_READS = 72

ARGON2 = re.compile(
    r"\$argon2(?:id|i)(?:\$v=(?:16|19))?\$m=([1-9][0-9]{0,9}),t=([1-9][0-9]{0,9}),p=([1-9][0-9]{0,9})"
    r"\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)",
    re.ASCII,
)
# 16 bytes in 22 characters and 23 bytes in 31: of the last characters only some can be.
BCRYPT = re.compile(r"\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]", re.ASCII)
DJANGO = re.compile(r"pbkdf2_(sha1|sha256)\$([1-9][0-9]{0,9})\$([^$\s]+)\$([A-Za-z0-9+/]+={0,2})", re.ASCII)
WERKZEUG = re.compile(r"pbkdf2:(sha1|sha256|sha512):([1-9][0-9]{0,9})\$([^$\s]+)\$([0-9a-f]+)", re.ASCII)
PASSLIB = re.compile(r"\$pbkdf2(-sha256|-sha512|)\$([1-9][0-9]{0,9})\$([A-Za-z0-9+/.]+)\$([A-Za-z0-9+/.]+)", re.ASCII)
LDAP = re.compile(
    r"\{PBKDF2(-SHA256|-SHA512|)\}([1-9][0-9]{0,9})\$([A-Za-z0-9+/.]+)\$([A-Za-z0-9+/.]+)",
    re.ASCII,
)
# What Django (argon2, bcrypt$), Spring ({argon2}, {bcrypt}) and LDAP ({CRYPT}) write before it.
BEFORE = re.compile(r"(?:argon2(?=\$argon2)|bcrypt\$(?=\$2)|\{(?:argon2|bcrypt|CRYPT)\}(?=\$(?:argon2|2)))", re.ASCII)


class Scheme(StrEnum):
    """How a hash was made. Ours are argon2 too."""

    ARGON2 = "argon2"
    BCRYPT = "bcrypt"
    PBKDF2 = "pbkdf2"


@dataclass(frozen=True, slots=True)
class Pbkdf2:
    """The parts of a PBKDF2 hash (RFC 8018 5.2): HMAC's digest, rounds, salt, and the output to compare with."""

    digest: str
    rounds: int
    salt: bytes
    output: bytes


def as_kept(text: str) -> str:
    """A hash as it is kept: without the name that some systems write before it."""
    found = BEFORE.match(text)
    return text[found.end() :] if found else text


def scheme_of(kept: str) -> Scheme | None:
    """How a kept hash was made, by its beginning; None for what is none of the three."""
    if kept.startswith("$argon2"):
        return Scheme.ARGON2
    if kept.startswith("$2"):
        return Scheme.BCRYPT
    return Scheme.PBKDF2 if kept.startswith(("pbkdf2", "$pbkdf2", "{PBKDF2")) else None


def hash_problem(kept: str) -> str | None:
    """Why a hash is not taken over (``hash.form`` or ``hash.cost``), or None."""
    scheme = scheme_of(kept)
    if scheme is None or len(kept) > LONGEST_KEPT:
        return "hash.form"
    return {Scheme.ARGON2: _argon2_problem, Scheme.BCRYPT: _bcrypt_problem, Scheme.PBKDF2: _pbkdf2_problem}[scheme](
        kept
    )


def read_pbkdf2(kept: str) -> Pbkdf2 | None:
    """The parts of a PBKDF2 hash as Django, Werkzeug, passlib or passlib for LDAP writes it, or None."""
    if found := DJANGO.fullmatch(kept):
        return _parts(found[1], found[2], found[3].encode(), _base64(found[4]))
    if found := WERKZEUG.fullmatch(kept):
        return _parts(found[1], found[2], found[3].encode(), _hexadecimal(found[4]))
    if found := PASSLIB.fullmatch(kept) or LDAP.fullmatch(kept):
        digest = found[1].removeprefix("-").lower() or "sha1"
        return _parts(digest, found[2], _adapted_base64(found[3]), _adapted_base64(found[4]))
    return None


def _parts(digest: str, rounds: str, salt: bytes | None, output: bytes | None) -> Pbkdf2 | None:
    if salt is None or output is None:
        return None
    if not (SHORTEST_SALT <= len(salt) <= LONGEST_SALT and SHORTEST_OUTPUT <= len(output) <= LONGEST_OUTPUT):
        return None
    return Pbkdf2(digest, int(rounds), salt, output)


def _pbkdf2_problem(kept: str) -> str | None:
    parts = read_pbkdf2(kept)
    if parts is None:
        return "hash.form"
    return "hash.cost" if parts.rounds > MOST_PBKDF2 else None


def _bcrypt_problem(kept: str) -> str | None:
    found = BCRYPT.fullmatch(kept)
    if found is None:
        return "hash.form"
    return None if LEAST_BCRYPT <= int(found[1]) <= MOST_BCRYPT else "hash.cost"


def _argon2_problem(kept: str) -> str | None:
    found = ARGON2.fullmatch(kept)
    if found is None:
        return "hash.form"
    memory, rounds, lanes = (int(number) for number in found.groups()[:3])
    salt, output = (_base64(part + "=" * (-len(part) % 4)) for part in found.groups()[3:])
    if _parts("", "1", salt, output) is None or memory < 8 * lanes:
        return "hash.form"
    fits = memory <= MOST_ARGON2_MEMORY_KIB and memory * rounds <= MOST_ARGON2_WORK_KIB and lanes <= MOST_ARGON2_LANES
    return None if fits else "hash.cost"


def _base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _adapted_base64(text: str) -> bytes | None:
    # passlib writes . for + and leaves the padding out.
    standard = text.replace(".", "+")
    return _base64(standard + "=" * (-len(standard) % 4))


def _hexadecimal(text: str) -> bytes | None:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None
