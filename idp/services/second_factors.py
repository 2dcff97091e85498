"""The second factor of an account after its password: an authenticator app, and recovery codes for who has lost it.

Only who has the password gets as far as a code, so nobody else can make an account wait; and in a browser where the
account has signed in before, wrong codes of elsewhere do not (security.md §3).
"""

from sqlalchemy import ColumnElement, select, update

from idp.db import now, session
from idp.errors import BadCode, InvalidInput, TooManyTries
from idp.mails import credentials as mails
from idp.models import Account, KnownBrowser, Passkey, Password
from idp.policies.assurance import Method
from idp.policies.limits import (
    CREDENTIALS_ADDED_PER_ACCOUNT,
    FAILED_SIGN_INS_PER_ADDRESS,
    WRONG_CODES_PER_ACCOUNT,
    WRONG_CODES_TOLD,
)
from idp.services import limits
from idp.services.access import end_access_of_accounts
from idp.services.audit import record
from idp.services.authenticators import (
    authenticator_of,
    check_code,
    confirm_authenticator,
    make_recovery_codes,
    recovery_codes_left,
    remove_authenticator,
    use_recovery_code,
)
from idp.services.companies import checked_reason
from idp.services.factors import factors_of, unproven_factors
from idp.services.secrets import digest
from idp.services.sign_ins import forget_browsers

STRANGERS = b"account code".ljust(32, b"\0")
RESET = "second_factor_reset"
PASSWORD_RESET = "password_reset"  # noqa: S105 - why a factor fell, not a secret


def asks_for_code(account_id: str) -> bool:
    """Whether the password alone does not sign this account in: it has an app."""
    return authenticator_of(account_id) is not None


def reset_asks_for_code(account_id: str) -> bool:
    """Whether who sets the password anew by a link gives a code too: not of an app that falls with the password."""
    app = authenticator_of(account_id)
    return app is not None and app not in unproven_factors(account_id)


def drop_unproven(account: Account) -> bool:
    """Take away what a thief of the password may have enrolled, app or passkeys, as it is set anew; whether any was.

    Why: policies/young_factors.py. The caller holds the account and tells its owner.
    """
    fallen = unproven_factors(account.id)
    app = authenticator_of(account.id)
    has_app = app is not None and app in fallen
    if has_app:
        remove_authenticator(account.id)
    passkeys = _remove_passkeys(account.id, PASSWORD_RESET, Passkey.id.in_(fallen))
    if not has_app and not passkeys:
        return False
    record(
        "account:second_factor:dropped",
        account_id=account.id,
        company_id=account.company_id,
        app=has_app,
        passkeys=passkeys,
    )
    return True


def password_mark(account_id: str) -> str:
    """What tells one password of an account from the next, or "": what was begun with the old one is over."""
    changed_at = session.scalar(select(Password.changed_at).where(Password.account_id == account_id))
    return changed_at.isoformat() if changed_at is not None else ""


def take_code(account_id: str, typed: str, browser: str, address: str, *, at_reset: bool = False) -> Method:
    """Take a code of the app, or use a recovery code up; which of them it was. The owner is told of the latter.

    One try at a time for each account, so that no two are judged before either is counted. Raises BadCode, and
    TooManyTries while wrong codes before make the account wait, or the address or (today) the account has failed too
    often. ``at_reset``: by the link of a mail instead of the password, which is counted apart: whoever has the password
    alone does not keep the owner from setting another one.
    """
    account = _held(account_id)
    limits.check(FAILED_SIGN_INS_PER_ADDRESS, address)
    known_as = _known_as(account.id, browser)
    _check_may_try_now(account, known_as)
    tries_of = f"{account.id} reset" if at_reset else account.id
    limits.check(WRONG_CODES_PER_ACCOUNT, tries_of)
    method = _method_of(account, typed)
    if method is None:
        limits.count_failure(account.username_canonical, known_as)
        limits.count(FAILED_SIGN_INS_PER_ADDRESS, address)
        if limits.count(WRONG_CODES_PER_ACCOUNT, tries_of) == WRONG_CODES_TOLD and not at_reset:
            mails.wrong_codes(account, WRONG_CODES_TOLD)
        record("account:sign_in:code_refused", outcome="refused", account_id=account.id, company_id=account.company_id)
        raise BadCode
    limits.clear_failures(account.username_canonical, known_as)
    return method


def confirm_app(account_id: str, authenticator_id: str, code: str, *, browser: str) -> list[str] | None:
    """Take the first code of a new app: ten recovery codes, to be shown once; None where the code is wrong.

    From now on this app is the account's one, and recovery codes of before are void. Its owner is told. No browser but
    this one is known any more: each would have tries of its own. Raises TooManyRequests.
    """
    account = _held(account_id)
    limits.check_left(CREDENTIALS_ADDED_PER_ACCOUNT, account_id)
    if not confirm_authenticator(account_id, authenticator_id, code):
        return None
    limits.count(CREDENTIALS_ADDED_PER_ACCOUNT, account_id)
    forget_browsers(account_id, besides=browser)
    codes = make_recovery_codes(account_id)
    mails.credential_added(account, "app", "")
    return codes


def renew_recovery_codes(account_id: str) -> list[str]:
    """Ten other recovery codes, to be shown once; those of before are void, and the owner is told.

    Raises InvalidInput where the account has no app; TooManyRequests.
    """
    account = _held(account_id)
    _must_have_app(account_id)
    limits.spend(CREDENTIALS_ADDED_PER_ACCOUNT, account_id)
    codes = make_recovery_codes(account_id)
    mails.recovery_codes_made(account)
    return codes


def remove_app(account_id: str) -> None:
    """Take app and recovery codes away, once, and tell the owner: her password signs in alone again.

    Raises InvalidInput where the account has no app.
    """
    account = _held(account_id)
    _must_have_app(account_id)
    remove_authenticator(account_id)
    mails.credential_removed(account, "app", "")


def can_reset(account_id: str) -> bool:
    """Whether there is anything that a reset would take away."""
    factors = factors_of(account_id)
    return factors.has_app or factors.passkeys > 0


def reset_second_factor(account: Account, reason: str) -> None:
    """Take app, recovery codes and passkeys away, for who has lost them all; end every sign-in, and tell the owner.

    Raises InvalidInput where there are none, or the reason can't be one. The password stays: who helps has to be sure
    of the person by other means (NIST SP 800-63B-4 §4.2.3).
    """
    told = checked_reason(reason)
    held = _held(account.id)
    if not can_reset(held.id):
        raise InvalidInput(field="account", problem="account.no_second_factor")
    if asks_for_code(held.id):
        remove_authenticator(held.id)
    _remove_passkeys(held.id, RESET)
    end_access_of_accounts(select(Account.id).where(Account.id == held.id), RESET)
    record("account:second_factor:reset", account_id=held.id, company_id=held.company_id, reason=told)
    mails.second_factor_reset(held, told)


def _remove_passkeys(account_id: str, because: str, *which: ColumnElement[bool]) -> int:
    removed = session.execute(
        update(Passkey)
        .where(Passkey.account_id == account_id, Passkey.removed_at.is_(None), *which)
        .values(removed_at=now(), removed_because=because)
        .returning(Passkey.id)
        .execution_options(synchronize_session=False)
    )
    return len(removed.all())


def _held(account_id: str) -> Account:
    return session.execute(
        select(Account)
        .where(Account.id == account_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).scalar_one()


def _must_have_app(account_id: str) -> None:
    if not asks_for_code(account_id):
        raise InvalidInput(field="app", problem="account.no_app")


def _method_of(account: Account, typed: str) -> Method | None:
    if check_code(account.id, typed):
        return Method.ONE_TIME_CODE
    if not use_recovery_code(account.id, typed):
        return None
    mails.recovery_code_used(account, left=recovery_codes_left(account.id))
    return Method.RECOVERY_CODE


def _known_as(account_id: str, browser: str) -> bytes:
    known = session.get(KnownBrowser, (account_id, digest(browser)))
    return digest(f"code {browser}") if known is not None else STRANGERS


def _check_may_try_now(account: Account, known_as: bytes) -> None:
    _, not_before = limits.failures_of(account.username_canonical, known_as)
    moment = now()
    if not_before is not None and not_before > moment:
        raise TooManyTries(retry_at=not_before, retry_seconds=max(1, int((not_before - moment).total_seconds())))
