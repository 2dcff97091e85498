"""How operators sign in: a try is counted before its password is looked at, and a second factor always follows (AD02).

Failures are counted apart from those of accounts that bear the same name; codes apart from passwords, for only who has
the password can try a code. Failures of strangers do not lock an operator out of a browser where she has signed in.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from idp.db import now, session
from idp.errors import BadCode, BadCredentials, TooManyTries
from idp.models import Operator, OperatorSession
from idp.policies.duties import OperatorStatus
from idp.policies.limits import FAILED_OPERATOR_SIGN_INS_PER_ADDRESS
from idp.policies.names import canonical_username
from idp.services import limits, passwords
from idp.services.audit import record
from idp.services.authenticators import check_code, use_recovery_code
from idp.services.secrets import digest

LONGEST_NAME = 256
BROWSERS_KNOWN = timedelta(days=90)
STRANGERS = b"operator".ljust(32, b"\0")
CODES = b"operator code".ljust(32, b"\0")


@dataclass(frozen=True, slots=True)
class OperatorTry:
    """A try that was counted: whose name, and the hash to judge by (None: never right)."""

    name: str
    address: str
    known_as: bytes
    operator_id: str | None
    version: int
    hash: str | None


@dataclass(frozen=True, slots=True)
class HalfSignedIn:
    """Whose password was right, who has yet to give a second factor; of no use once the operator was changed."""

    operator_id: str
    version: int


def open_operator_try(username: str, *, browser: str, address: str) -> OperatorTry:
    """Count a try before the password is looked at. Raises TooManyTries for an address with too many failures.

    A name that waits, is unknown or suspended gives a try that can't be right, with the work of any other.
    """
    limits.check(FAILED_OPERATOR_SIGN_INS_PER_ADDRESS, address)
    name = canonical_username(username)[:LONGEST_NAME]
    operator = session.scalar(select(Operator).where(Operator.username_canonical == name))
    known_as = _known_as(operator, browser)
    _, not_before = limits.failures_of(name, known_as)
    waits = not_before is not None and not_before > now()
    if not waits:
        limits.count_failure(name, known_as)
    if operator is None:
        return OperatorTry(name, address, known_as, None, 0, None)
    is_usable = operator.status is OperatorStatus.ACTIVE and not waits
    return OperatorTry(
        name, address, known_as, operator.id, operator.version, operator.password_hash if is_usable else None
    )


def judge_operator(attempt: OperatorTry, password: str) -> bool:
    """Whether the password is right, with the work of one hash in every case. Call it outside a transaction."""
    return passwords.matches(attempt.hash, password)


def settle_operator_try(attempt: OperatorTry, *, is_right: bool) -> HalfSignedIn:
    """Answer a try for the password alone: a second factor has yet to be given. Raises BadCredentials.

    The try stays counted until then.
    """
    if not is_right or attempt.operator_id is None:
        limits.count(FAILED_OPERATOR_SIGN_INS_PER_ADDRESS, attempt.address)
        record("operator:sign_in:failed", outcome="refused", operator=attempt.operator_id, because="password")
        raise BadCredentials
    return HalfSignedIn(attempt.operator_id, attempt.version)


def give_second_factor(half: HalfSignedIn, typed: str, *, browser: str, address: str) -> Operator:
    """Take a code of the authenticator app, or a recovery code: the operator, who may now come in.

    One try at a time for each operator, so that no two are judged before either is counted. Raises BadCode,
    TooManyTries while too many wrong codes make it wait, BadCredentials where the operator was changed meanwhile.
    """
    operator = session.execute(
        select(Operator)
        .where(Operator.id == half.operator_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()
    if operator.status is not OperatorStatus.ACTIVE or operator.version != half.version:
        raise BadCredentials
    limits.check(FAILED_OPERATOR_SIGN_INS_PER_ADDRESS, address)
    _check_may_try_now(operator)
    if not check_code(operator.id, typed) and not use_recovery_code(operator.id, typed):
        limits.count_failure(operator.username_canonical, CODES)
        limits.count(FAILED_OPERATOR_SIGN_INS_PER_ADDRESS, address)
        record("operator:sign_in:failed", outcome="refused", operator=operator.id, because="second_factor")
        raise BadCode
    for known_as in (CODES, _known_as(operator, browser)):
        limits.clear_failures(operator.username_canonical, known_as)
    return operator


def _check_may_try_now(operator: Operator) -> None:
    _, not_before = limits.failures_of(operator.username_canonical, CODES)
    moment = now()
    if not_before is not None and not_before > moment:
        raise TooManyTries(retry_at=not_before, retry_seconds=max(1, int((not_before - moment).total_seconds())))


def _known_as(operator: Operator | None, browser: str) -> bytes:
    if operator is None:
        return STRANGERS
    here = session.scalar(
        select(OperatorSession.operator_id)
        .where(
            OperatorSession.operator_id == operator.id,
            OperatorSession.browser_hash == digest(browser),
            OperatorSession.created_at > now() - BROWSERS_KNOWN,
        )
        .limit(1)
    )
    return digest(f"operator {browser}") if here is not None else STRANGERS
