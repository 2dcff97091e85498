"""忘記密碼: a password set anew by a link of a mail (P16, P17; R-215 … R-218 as D-1 has it).

asked --> a link for half an hour, once --> a new password: every sign-in, grant and link of the account ends
      --> no password to be set anew: a mail that says so          --> unknown, waiting, suspended: nothing

Until the new password is set the old one works: who asks for somebody else locks nobody out.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update

from idp.db import now, session
from idp.errors import LinkUnusable, TooManyRequests
from idp.mails import own_changes as mails
from idp.models import Account, Company, Password
from idp.policies.bindings import HeldBecause
from idp.policies.entities import is_named
from idp.policies.limits import RESETS_ASKED_PER_NAME, RESETS_PER_MAILBOX
from idp.policies.names import canonical_username
from idp.policies.standing import USABLE_COMPANIES, AccountKind, AccountStatus
from idp.services.access import end_access_of_accounts
from idp.services.audit import record
from idp.services.bindings import hold_bindings
from idp.services.company_claims import locked_company
from idp.services.factors import factors_of
from idp.services.first_passwords import send_first_password
from idp.services.limits import clear_all_failures, count
from idp.services.one_time_links import Link, Purpose, link_of_hash, live_link, make_link, use_link, void_links
from idp.services.password_changes import advise_no_more, keep_former
from idp.services.password_sign_in import whose_name
from idp.services.second_factors import drop_unproven
from idp.services.sign_ins import forget_browsers

LASTS = timedelta(minutes=30)
PAUSE = timedelta(minutes=2)
BECAUSE = "password_reset"


@dataclass(frozen=True, slots=True)
class Awaited:
    """Who is to set her password anew, and by which link."""

    link: Link
    account: Account


def ask_reset(name: str, number: str) -> None:
    """Mail a link to whoever this is. Says nothing and raises nothing: the page tells everybody the same (PW10).

    ``name`` is an account's name or number, ``number`` that of its company; a linked account has none, whatever is
    typed. Five times in half an hour for a name, whether there is such an account or not. A link of the last two
    minutes stays the one. Who has nothing at all to sign in by is sent the way to a first password.
    """
    typed = canonical_username(name)
    account = _whose(typed, number)
    if account is not None and _has_new_link(account.id):
        return
    if count(RESETS_ASKED_PER_NAME, typed) > RESETS_ASKED_PER_NAME.most or account is None:
        return
    if count(RESETS_PER_MAILBOX, account.email_canonical) > RESETS_PER_MAILBOX.most:
        return
    # A password that too many failures have ended is one to be set anew (PW01).
    has_password = session.get(Password, account.id, populate_existing=True) is not None
    if has_password:
        token, end = make_link(Purpose.PASSWORD_RESET, address=account.email, lasts=LASTS, account_id=account.id)
        mails.password_reset(account, token=token, end=end)
    elif account.company_id is not None and factors_of(account.id).sign_in == 0:
        # Her passkeys were taken off, perhaps, for she had lost them.
        with suppress(TooManyRequests):
            send_first_password(account)
    else:
        mails.no_password(account)
    record(
        "account:password:reset_asked",
        account_id=account.id,
        company_id=account.company_id,
        has_password=has_password,
    )


def awaited_reset(link_hash: bytes) -> Awaited:
    """Who is to set her password anew by the link of this hash. Uses nothing up.

    Raises LinkUnusable (``because`` unknown, used, replaced, expired; suspended where nobody could sign in by it).
    """
    link = link_of_hash(Purpose.PASSWORD_RESET, link_hash)
    if link is None:
        raise LinkUnusable(because="unknown")
    if link.trouble is not None:
        raise LinkUnusable(because=link.trouble)
    row = session.execute(
        select(Account, Company, Password.account_id)
        .outerjoin(Company, Company.id == Account.company_id)
        .outerjoin(Password, Password.account_id == Account.id)
        .where(Account.id == link.account_id, Account.email == link.address)
        .execution_options(populate_existing=True)
    ).first()
    if row is None or row[2] is None:
        raise LinkUnusable(because="replaced")
    account, company, _ = row
    if not _is_in_use(account, company):
        raise LinkUnusable(because="suspended")
    return Awaited(link, account)


def reset_password(link_hash: bytes, password_hash: str) -> Account:
    """Use the link up and give its account the password, which was checked and hashed outside of any transaction.

    Who had the old one is out: every sign-in, grant and token ends, offline ones too, and those who act through it;
    the bindings of a general account wait for its owner's word (tokens.md). Every other link of the account is void.
    Its authenticator app and passkeys stay: a mailbox alone must not be enough; but those fall that a thief of the
    password may have enrolled these days (policies/young_factors.py). Raises LinkUnusable: of two who try at once one
    succeeds.
    """
    account = _held(awaited_reset(link_hash).account)
    awaited_reset(link_hash)
    use_link(Purpose.PASSWORD_RESET, link_hash)
    former = session.scalars(select(Password.hash).where(Password.account_id == account.id)).one()
    keep_former(account.id, former)
    session.execute(
        update(Password)
        .where(Password.account_id == account.id)
        .values(hash=password_hash, changed_at=now(), disabled_at=None)
        .execution_options(synchronize_session=False)
    )
    clear_all_failures(account.username_canonical)
    forget_browsers(account.id)
    advise_no_more(account.id)
    has_cancelled = live_link(Purpose.MAILBOX_CHANGE, account_id=account.id) is not None
    for purpose in Purpose:
        void_links(purpose, account_id=account.id)
    end_access_of_accounts(select(Account.id).where(Account.id == account.id), BECAUSE)
    if account.kind is AccountKind.GENERAL:
        hold_bindings(account.id, HeldBecause.PASSWORD)
    has_dropped = drop_unproven(account)
    mails.password_was_reset(account, has_cancelled_mailbox=has_cancelled, has_dropped_factors=has_dropped)
    record("account:password:reset", actor=account.id, account_id=account.id, company_id=account.company_id)
    return account


def _whose(typed: str, number: str) -> Account | None:
    """The account that may be sent a link, kept for this transaction: it has one live link."""
    row = session.execute(
        select(Account, Company).outerjoin(Company, Company.id == Account.company_id).where(whose_name(typed))
    ).first()
    if row is None:
        return None
    account, company = row
    named = company is None or is_named(number, company.id_type, company.tax_id)
    return _locked(account.id) if named and _is_in_use(account, company) else None


def _has_new_link(account_id: str) -> bool:
    """Whether a link was mailed in this very moment: whoever asks again would only make it void."""
    link = live_link(Purpose.PASSWORD_RESET, account_id=account_id)
    return link is not None and link.created_at > now() - PAUSE


def _is_in_use(account: Account, company: Company | None) -> bool:
    is_usable = company is None or company.status in USABLE_COMPANIES
    return account.status is AccountStatus.ACTIVE and is_usable


def _held(account: Account) -> Account:
    """The account, kept for this transaction after its company: bindings are changed in that order."""
    if account.company_id is not None:
        locked_company(account.company_id)
    return _locked(account.id)


def _locked(account_id: str) -> Account:
    return session.execute(
        select(Account).where(Account.id == account_id).with_for_update().execution_options(populate_existing=True)
    ).scalar_one()
