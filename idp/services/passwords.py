"""Passwords: argon2id over the NFC form, few at a time, always the same work (security.md §3).

A hash brought from another system is judged as that system judged it, and ours takes its place at the first successful
sign-in (docs/decisions/0019). Until then a wrong password costs what that hash costs.
"""

import hashlib
import hmac
import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import bcrypt
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, exists, select, update

from idp.config import settings
from idp.db import now, session
from idp.errors import PasswordRefused
from idp.models import Account, Company, Password
from idp.policies import passwords as rules
from idp.policies.imported_hashes import BCRYPT_READS, Scheme, read_pbkdf2, scheme_of

# A hash that nobody's password has: unknown names cost the same work as known ones.
NOBODY = "nobody's password, hashed once per process"
# Its time grows with the square of the length and more: a crafted text of 63 takes 8 s, and stops every thread.
ZXCVBN_READS = 24


@cache
def _hasher() -> PasswordHasher:
    chosen = settings()
    return PasswordHasher(
        time_cost=chosen.argon2_time,
        memory_cost=chosen.argon2_memory_kib,
        parallelism=chosen.argon2_parallelism,
    )


@cache
def _hashing_threads() -> ThreadPoolExecutor:
    # Few threads of their own: each keeps the memory of one hash, and the threads of requests would each keep it too.
    return ThreadPoolExecutor(settings().argon2_concurrency, thread_name_prefix="argon2")


os.register_at_fork(after_in_child=_hashing_threads.cache_clear)


@cache
def _nobodys_hash() -> str:
    return _hasher().hash(NOBODY)


def warm_up() -> None:
    """Make what the first unknown name is judged by, so that it takes no longer than the second."""
    _nobodys_hash()


def has_password(account_id: str) -> bool:
    """Whether an account can sign in by a password."""
    return bool(
        session.scalar(select(exists().where(Password.account_id == account_id, Password.disabled_at.is_(None))))
    )


def hash_password(password: str) -> str:
    """The argon2id hash of a password, with its parameters and salt in it."""
    return _hashing_threads().submit(_hasher().hash, rules.normalized(password)).result()


def matches(stored: str | None, password: str) -> bool:
    """Whether a password fits a stored hash. None (no such account) costs the same work and never fits."""
    text = password if len(rules.normalized(password)) <= rules.LONGEST else ""
    try:
        fits = _hashing_threads().submit(_fits, stored or _nobodys_hash(), text).result()
    except (VerificationError, InvalidHashError, ValueError):
        return False
    return fits and stored is not None


def _fits(stored: str, text: str) -> bool:
    """Whether a password fits, by the hash's own scheme: others than ours hashed the letters as they were typed."""
    scheme = scheme_of(stored)
    if scheme is Scheme.BCRYPT:
        return bcrypt.checkpw(text.encode()[:BCRYPT_READS], stored.encode())
    if scheme is Scheme.PBKDF2:
        return _fits_pbkdf2(stored, text)
    return _hasher().verify(stored, rules.normalized(text))


def _fits_pbkdf2(stored: str, text: str) -> bool:
    parts = read_pbkdf2(stored)
    if parts is None:
        return False
    output = hashlib.pbkdf2_hmac(parts.digest, text.encode(), parts.salt, parts.rounds, len(parts.output))
    return hmac.compare_digest(output, parts.output)


def rehashed(stored: str, password: str) -> str | None:
    """A new hash of a password that just fitted, where the stored one is another system's or weaker; else None."""
    is_ours = scheme_of(stored) is Scheme.ARGON2 and not _hasher().check_needs_rehash(stored)
    return None if is_ours else hash_password(password)


def keep_rehashed(account_id: str, stored: str, fresh: str) -> None:
    """Put the new hash in place of the one it was made for; a password changed meanwhile stays as it is."""
    session.execute(
        update(Password).where(Password.account_id == account_id, Password.hash == stored).values(hash=fresh)
    )


def set_password(account: Account, password: str) -> None:
    """Give an account this password. Raises PasswordRefused, with the reason, when it breaks a rule."""
    check_password_rules(password, account)
    set_hashed_password(account.id, hash_password(password))


def set_hashed_password(account_id: str, hashed: str) -> None:
    """Give an account the password of this hash, which was checked and hashed when it was typed."""
    session.execute(delete(Password).where(Password.account_id == account_id))
    session.add(Password(account_id=account_id, hash=hashed, changed_at=now()))
    session.flush()


def check_password_rules(password: str, account: Account) -> None:
    """Raise PasswordRefused when a password breaks a rule.

    Its ``reason`` is one of unreadable, short, long, mixed, made_of, guessable.
    """
    check_password(password, _words_about(account))


def check_password(password: str, words: list[str]) -> None:
    """As check_password_rules, for a person who has no account yet; it must not be made of these words about her."""
    problem = rules.form_problem(password)
    if problem:
        raise PasswordRefused(reason=problem)
    if rules.made_of(password, words):
        raise PasswordRefused(reason="made_of")
    from zxcvbn import zxcvbn  # 10 MiB of word lists, needed only here

    # What is longer is not judged by its beginning alone: a long one may well begin with a common word.
    if len(password) <= ZXCVBN_READS and zxcvbn(password, user_inputs=words)["score"] <= rules.GUESSABLE:
        raise PasswordRefused(reason="guessable")


def _words_about(account: Account) -> list[str]:
    words = [account.username, account.name, account.email.partition("@")[0]]
    if account.company_id is not None:
        row = session.execute(select(Company.name, Company.tax_id).where(Company.id == account.company_id)).first()
        words.extend(row or ())
    if account.service_id is not None:
        words.append(account.service_id)
    return words
