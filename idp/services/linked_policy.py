"""What a company says to linked accounts: whether they bind to its accounts, whether they lead (tokens.md; R-115)."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select, update

from idp.db import now, session
from idp.errors import ChangedMeanwhile
from idp.models import Account, Binding, Client, ClientSession, Company
from idp.policies.bindings import LinkedAccounts
from idp.policies.roles import Role
from idp.policies.standing import BindingState
from idp.services.access import NARROWED, end_client_sessions
from idp.services.audit import record
from idp.services.bindings import end_bindings_of_company
from idp.services.company_claims import locked_company


@dataclass(frozen=True, slots=True)
class LinkedPolicy:
    """``linked_admin``: a group admin's account is group admin through a linked account too, else staff."""

    linked_accounts: LinkedAccounts
    linked_admin: bool

    @classmethod
    def of(cls, company: Company) -> "LinkedPolicy":
        """What a company says now."""
        return cls(LinkedAccounts(company.linked_accounts), company.linked_admin)


def linked_policy_of(company_id: str) -> LinkedPolicy:
    """What this company says now."""
    return LinkedPolicy.of(session.get_one(Company, company_id, populate_existing=True))


def count_answered_bindings(company_id: str) -> int:
    """How many bindings and requests a company's accounts have that end where it forbids linked accounts.

    What an owner has yet to answer ends as well, and is hers alone: it is not counted.
    """
    counted = (
        select(func.count())
        .select_from(Binding)
        .join(Account, Account.id == Binding.account_id)
        .where(Account.company_id == company_id, Binding.state.not_in((BindingState.UNBOUND, BindingState.PENDING)))
    )
    return session.scalar(counted) or 0


def set_linked_policy(company_id: str, *, seen: LinkedPolicy, wanted: LinkedPolicy) -> int:
    """Change what a company says; gives how many answered bindings and requests ended by it.

    Forbidding ends all, at once, and tells both sides of each. Without ``linked_admin`` who acts as a group admin is
    staff from now on: her clients are told, and the owners' own sign-ins go on. Raises ChangedMeanwhile where it says
    something else than was seen.
    """
    company = locked_company(company_id)
    before = LinkedPolicy.of(company)
    if before != seen:
        raise ChangedMeanwhile
    if before == wanted:
        return 0
    company.linked_accounts = str(wanted.linked_accounts)
    company.linked_admin = wanted.linked_admin
    company.updated_at = now()
    session.flush()
    record(
        "company:linked_accounts:changed",
        company_id=company_id,
        linked_accounts=str(wanted.linked_accounts),
        linked_admin=wanted.linked_admin,
        before=str(before.linked_accounts),
        admin_before=before.linked_admin,
    )
    ended = 0
    if before.linked_admin != wanted.linked_admin:
        # Accounts before bindings, as whoever enters through one holds them.
        _change_role_through_linked(company_id)
    if wanted.linked_accounts is LinkedAccounts.FORBIDDEN:
        ended = count_answered_bindings(company_id)
        end_bindings_of_company(company_id)
    if before.linked_admin and not wanted.linked_admin:
        _narrow_access_through_linked(company_id)
    return ended


def _change_role_through_linked(company_id: str) -> None:
    session.execute(
        update(Account)
        .where(*_leads(company_id))
        .values(perm_ver=Account.perm_ver + 1)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()


def _narrow_access_through_linked(company_id: str) -> None:
    told = select(Client.id).where(Client.on_narrowing == "logout", Client.backchannel_logout_uri.is_not(None))
    end_client_sessions(
        ClientSession.account_id.in_(select(Account.id).where(*_leads(company_id))),
        ClientSession.linked_account_id.is_not(None),
        ClientSession.client_id.in_(told),
        because=NARROWED,
    )


def _leads(company_id: str) -> tuple[ColumnElement[bool], ...]:
    return Account.company_id == company_id, Account.role == Role.GROUP_ADMIN
