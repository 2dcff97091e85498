"""Passwords: argon2id over the NFC form, few at a time, always the same work (security.md §3)."""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, select, update

from idp.config import settings
from idp.db import now, session
from idp.errors import PasswordRefused
from idp.models import Account, Company, Password
from idp.policies import passwords as rules

# A hash that nobody's password has: unknown names cost the same work as known ones.
NOBODY = "nobody's password, hashed once per process"
ZXCVBN_READS = 72


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


def hash_password(password: str) -> str:
    """The argon2id hash of a password, with its parameters and salt in it."""
    return _hashing_threads().submit(_hasher().hash, rules.normalized(password)).result()


def matches(stored: str | None, password: str) -> bool:
    """Whether a password fits a stored hash. None (no such account) costs the same work and never fits."""
    text = rules.normalized(password)
    text = text if len(text) <= rules.LONGEST else ""
    try:
        fits = _hashing_threads().submit(_hasher().verify, stored or _nobodys_hash(), text).result()
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
    return fits and stored is not None


def rehashed(stored: str, password: str) -> str | None:
    """A new hash of a password that just fitted, where the stored one was made with other parameters; else None."""
    return hash_password(password) if _hasher().check_needs_rehash(stored) else None


def keep_rehashed(account_id: str, stored: str, fresh: str) -> None:
    """Put the new hash in place of the one it was made for; a password changed meanwhile stays as it is."""
    session.execute(
        update(Password).where(Password.account_id == account_id, Password.hash == stored).values(hash=fresh)
    )


def set_password(account: Account, password: str) -> None:
    """Give an account this password. Raises PasswordRefused, with the reason, when it breaks a rule."""
    check_password_rules(password, account)
    session.execute(delete(Password).where(Password.account_id == account.id))
    session.add(Password(account_id=account.id, hash=hash_password(password), changed_at=now()))
    session.flush()


def check_password_rules(password: str, account: Account) -> None:
    """Raise PasswordRefused when a password breaks a rule.

    Its ``reason`` is one of unreadable, short, long, mixed, made_of, guessable.
    """
    problem = rules.form_problem(password)
    if problem:
        raise PasswordRefused(reason=problem)
    words = _words_about(account)
    if rules.made_of(password, words):
        raise PasswordRefused(reason="made_of")
    from zxcvbn import zxcvbn  # 10 MiB of word lists, needed only here

    # zxcvbn refuses more than 72 characters; what is that long is not judged by its first 72 alone.
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
