"""Sign-in by account name and password: a try is counted before the password is looked at.

Three acts, so that hashing never holds the write lock: open the try, judge the password, settle the try. Guesses sent
in parallel are therefore all counted, and a right password takes its own try back.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, select, update

from idp.db import now, session
from idp.errors import (
    AccountRejected,
    AccountUnusable,
    AccountUnverified,
    AccountWithdrawn,
    BadCredentials,
)
from idp.models import Account, Company, KnownBrowser, Password
from idp.policies.entities import is_named
from idp.policies.limits import (
    FAILED_SIGN_INS_PER_ADDRESS,
    FAILED_SIGN_INS_PER_COMPANY,
    FAILED_SIGN_INS_PER_NAME_AND_ADDRESS,
)
from idp.policies.names import canonical_username, number_of_name
from idp.policies.passwords import is_disabled
from idp.policies.standing import AccountStatus
from idp.services import limits, passwords
from idp.services.acting import Acting, acting_account
from idp.services.audit import record
from idp.services.case_queue import account_pending
from idp.services.secrets import digest
from idp.services.suspensions import reason_of_suspension

STRANGER = bytes(32)
LONGEST_NAME = 256


@dataclass(frozen=True, slots=True)
class Try:
    """A try that was counted: whose name, what was typed for it, from where, and the hash to judge by (None: never
    right)."""

    name: str
    typed: str
    address: str
    browser: bytes
    account_id: str | None
    company_id: str | None
    hash: str | None
    failures: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the password was right, and its hash with today's parameters where the stored one is older."""

    is_right: bool
    fresh_hash: str | None


def open_try(username: str, *, browser: str, address: str, company: str | None = None) -> Try:
    """Count a try for this name. Raises TooManyTries when too many from this address failed, whoever was asked for.

    ``company`` is the number of her company where the form asks for it (R-227), "" where the form is for those who
    have none; None where nothing of the kind is asked. A name that waits after failures, is unknown, has its password
    disabled or is of another company gives a try that can't be right: its answer and its work are those of a wrong
    password (PW08, R-229).
    """
    limits.check(FAILED_SIGN_INS_PER_ADDRESS, address)
    typed = canonical_username(username)[:LONGEST_NAME]
    # By what was typed: counted by the name, it would say whose a number is.
    limits.check(FAILED_SIGN_INS_PER_NAME_AND_ADDRESS, f"{typed} {address}")
    row = session.execute(
        select(
            Account.username_canonical,
            Account.id,
            Account.company_id,
            Password.hash,
            Password.disabled_at,
            Company.id_type,
            Company.tax_id,
        )
        .outerjoin(Password, Password.account_id == Account.id)
        .outerjoin(Company, Company.id == Account.company_id)
        .where(whose_name(typed))
    ).first()
    # Counted by the one name of the account, whether that or its number was typed.
    name: str = row[0] if row is not None else typed
    account_id, company_id, stored, disabled_at, *entity = row[1:] if row is not None else [None] * 6
    known_as = digest(browser) if account_id and _knows(account_id, browser) else STRANGER
    _, not_before = limits.failures_of(name, known_as)
    waits = not_before is not None and not_before > now()
    # Who has signed in from this browser before is no stranger to the company (PW02).
    waits = waits or (known_as == STRANGER and _company_is_under_attack(company_id))
    failures = 0 if waits else limits.count_failure(name, known_as)
    # This try is among the failures until it proves right.
    is_off = waits or disabled_at is not None or is_disabled(failures - 1)
    usable = None if is_off or not is_named(company, *entity) else stored
    return Try(name, typed, address, known_as, account_id, company_id, usable, failures)


def whose_name(typed: str) -> ColumnElement[bool]:
    """Which account a canonical name means: its name, or its number, by which anybody may sign in (R-191, R-227)."""
    number = number_of_name(typed)
    return Account.username_canonical == typed if number is None else Account.electronic_id == number


def _company_is_under_attack(company_id: str | None) -> bool:
    # Told apart from other wrong answers, this limit would say which names belong to the company.
    return company_id is not None and limits.is_reached(FAILED_SIGN_INS_PER_COMPANY, company_id)


def _knows(account_id: str, browser: str) -> bool:
    return session.get(KnownBrowser, (account_id, digest(browser))) is not None


def _disable_password(account_id: str) -> None:
    disabled = session.execute(
        update(Password)
        .where(Password.account_id == account_id, Password.disabled_at.is_(None))
        .values(disabled_at=now())
        .returning(Password.account_id)
    ).all()
    if not disabled:
        return
    record("account:password:disabled", account_id=account_id, because="failures")


def settle_try(attempt: Try, verdict: Verdict) -> Acting:
    """Answer a try: who signed in.

    Raises BadCredentials for anything but the right password; AccountPending, AccountUnverified or AccountUnusable
    only after the right one (security.md PW08).
    """
    account = acting_account(settle_password(attempt, verdict))
    if account is None:
        raise BadCredentials
    if account.status in {AccountStatus.EMAIL_PENDING, AccountStatus.EMAIL_EXPIRED}:
        raise AccountUnverified
    if account.status is AccountStatus.REVIEW_PENDING:
        raise account_pending(account.account_id)
    if account.status is AccountStatus.WITHDRAWN:
        raise AccountWithdrawn
    if account.status is AccountStatus.REJECTED:
        raise AccountRejected
    if not account.is_able:
        raise AccountUnusable(reason=reason_of_suspension(account.account_id))
    return account


def settle_password(attempt: Try, verdict: Verdict) -> str:
    """Answer a try for the password alone, wherever its account stands: the account's id. Raises BadCredentials.

    For pages that ask for a password without signing anybody in (R-085, the applicant's own case).
    """
    if not verdict.is_right or attempt.account_id is None:
        _count_failure(attempt)
        if attempt.account_id is not None and is_disabled(attempt.failures):
            _disable_password(attempt.account_id)
        raise BadCredentials
    limits.clear_failures(attempt.name, attempt.browser)
    if verdict.fresh_hash is not None and attempt.hash is not None:
        passwords.keep_rehashed(attempt.account_id, attempt.hash, verdict.fresh_hash)
    return attempt.account_id


def _count_failure(attempt: Try) -> None:
    limits.count(FAILED_SIGN_INS_PER_ADDRESS, attempt.address)
    limits.count(FAILED_SIGN_INS_PER_NAME_AND_ADDRESS, f"{attempt.typed} {attempt.address}")
    if attempt.company_id is not None:
        limits.count(FAILED_SIGN_INS_PER_COMPANY, attempt.company_id)
    record(
        "account:sign_in:failed",
        outcome="refused",
        account_id=attempt.account_id,
        company_id=attempt.company_id,
    )


def judge(attempt: Try, password: str) -> Verdict:
    """Judge the password, with the work of one hash in every case. Writes nothing: call it outside a write."""
    is_right = passwords.matches(attempt.hash, password)
    return Verdict(is_right, passwords.rehashed(attempt.hash, password) if is_right and attempt.hash else None)
