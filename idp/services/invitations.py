"""Invitations (邀請) on the group admin's side: sent, sent again, cancelled, listed (issue 3, item 5).

Whatever changes an invitation holds its company first: of two who act at once the second sees what the first did.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from idp.db import now, session
from idp.errors import ChangedMeanwhile, CompanyNotProven, InvalidInput, NotFound
from idp.mails import cases as mails
from idp.models import Account, Binding, Case, Company, Invitation, Service
from idp.policies.admission import Candidate, admission_problem
from idp.policies.invitations import InvitationFacts, InvitationState, invitation_state, rights_differing
from idp.policies.limits import INVITATIONS_PER_COMPANY, MAILS_PER_MAILBOX
from idp.policies.menus import MenuItemRule
from idp.policies.names import canonical_email, email_key
from idp.policies.registration import Proof, RegistrationPolicy, Reviewer
from idp.policies.registration_path import is_proven
from idp.policies.roles import Permission, Role, permits
from idp.policies.standing import AccountStatus, Approval, BindingState, CompanyProof
from idp.services.acting import Via
from idp.services.audit import record
from idp.services.clients import ClientRecord, all_clients
from idp.services.company_places import check_place
from idp.services.group_changes import hold_company
from idp.services.limits import count, spend
from idp.services.mailbox_checks import check_mails_to
from idp.services.menus import menu_of
from idp.services.one_time_links import Purpose, make_link, void_links
from idp.services.own_seats import check_not_own_mailbox
from idp.services.secrets import new_id
from idp.services.service_registry import list_services, registration_policy

Menu = tuple[MenuItemRule, ...]
LIVE = (Invitation.used_at.is_(None), Invitation.cancelled_at.is_(None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whom a group admin invites, and to what. ``menus``: {item id: seen or not}, where it differs from the role."""

    service_id: str
    email: str
    role: str
    locale: str
    menus: Mapping[int, bool]


@dataclass(frozen=True, slots=True)
class ListedInvitation:
    """An invitation as its company's group admins see it; ``accepted_by`` is the name of who came by it."""

    invitation: Invitation
    state: InvitationState
    invited_by: str
    accepted_by: str | None


def leads(account: Account) -> bool:
    """Whether this account may invite people into its company: an active group admin."""
    is_active = account.status is AccountStatus.ACTIVE
    return is_active and account.role is not None and permits(account.role, Permission.MANAGE_USERS)


def services_to_invite_to(service_id: str | None) -> list[Service]:
    """The services that a group admin of this service (None: of none) may invite to.

    Where the service's own operators decide about every account, nobody is let in past them (C-3).
    """
    services = [one for one in list_services() if service_id in (None, one.id)]
    return [one for one in services if registration_policy(one).member_approval is not Reviewer.OPERATOR]


def roles_to_give(service: Service) -> list[Role]:
    """The roles of a service, the least first."""
    offered = registration_policy(service).roles
    return [role for role in Role if role in offered]


def has_menus(service: Service) -> bool:
    """Whether there are menu rights to set at all (C-16)."""
    return registration_policy(service).menu_rights and any(menu_of(one.id) for one in all_clients())


def menus_to_preset(service: Service, proof: CompanyProof, role: Role) -> list[tuple[ClientRecord, Menu]]:
    """The applications that will admit whom a company of this proof invites as this role, with their menu items.

    None where the service knows no menu rights (C-16).
    """
    if not registration_policy(service).menu_rights:
        return []
    invited = Candidate(
        role=role, proof=proof, approval=Approval.GROUP_ADMIN, service_id=service.id, through_linked=False
    )
    return [(one, items) for one in all_clients() if (items := menu_of(one.id)) and _admits(one, invited)]


def rights_chosen(service: Service, proof: CompanyProof, role: Role, ticked: Collection[int]) -> dict[int, bool]:
    """The menu rights that ticks are, beyond the role's defaults. Raises NotFound for an item that is not offered."""
    items = [item for _, items in menus_to_preset(service, proof, role) for item in items]
    if set(ticked) - {item.id for item in items}:
        raise NotFound(what="menu")
    return rights_differing(items, role, ticked)


def invite(inviter_id: str, wanted: Wanted, *, via: Via | None = None) -> Invitation:
    """Invite the person of a mailbox into the inviter's company: one link by mail; an earlier one works no more.

    ``via``: the inviter is acted as through this; she invites nobody that she is herself and makes nobody a group
    admin, and what she sends stands only while the binding does. Raises Refused for who is no active group admin,
    CompanyClosed, CompanyNotProven, NotFound (a service or a menu item that is not offered), InvalidInput (``field``
    email or role), AlreadyExists (``field`` email), OneAccountOnly and TooManyRequests.
    """
    company, inviter = _hold(inviter_id)
    service = _service_offered(inviter, wanted.service_id)
    policy = registration_policy(service)
    email, role = _mailbox(wanted.email), _role(policy, wanted.role)
    _check_not_leading(via, role)
    check_not_own_mailbox(via, email)
    menus = _rights(service, company, role, wanted.menus)
    _check_room(policy, company, email)
    spend(INVITATIONS_PER_COMPANY, company.id)
    for earlier in session.scalars(
        select(Invitation).where(Invitation.company_id == company.id, Invitation.email == email, *LIVE)
    ):
        _void(earlier)
    invitation = Invitation(
        id=new_id("in_"),
        company_id=company.id,
        service_id=service.id,
        email=email,
        locale=wanted.locale,
        role=role,
        menus=menus,
        invited_by=inviter.id,
        binding_id=_binding_of(via),
        created_at=now(),
        expires_at=now(),
    )
    session.add(invitation)
    session.flush()
    _send(invitation, company, inviter, policy)
    record(
        "invitation:sent", actor=inviter.id, company_id=company.id, invitation=invitation.id, role=str(role),
        menus=len(menus),
    )  # fmt: skip
    return invitation


def send_again(inviter_id: str, invitation_id: str, *, via: Via | None = None) -> Invitation:
    """Send a new link for an invitation that waits, is void or has expired; who sends it vouches for it from now on.

    Raises NotFound, ChangedMeanwhile (accepted or cancelled meanwhile) and what ``invite`` raises.
    """
    company, inviter = _hold(inviter_id)
    invitation = _live(company, invitation_id)
    policy = registration_policy(_service_offered(inviter, invitation.service_id))
    _check_not_leading(via, _role(policy, invitation.role))
    check_not_own_mailbox(via, invitation.email)
    _check_room(policy, company, invitation.email)
    spend(INVITATIONS_PER_COMPANY, company.id)
    invitation.invited_by, invitation.binding_id = inviter.id, _binding_of(via)
    _send(invitation, company, inviter, policy)
    record("invitation:sent:again", actor=inviter.id, company_id=company.id, invitation=invitation.id)
    return invitation


def cancel_invitation(inviter_id: str, invitation_id: str) -> Invitation:
    """Take an invitation back; its link works no more. Raises NotFound and ChangedMeanwhile as ``send_again``."""
    company, inviter = _hold(inviter_id)
    invitation = _live(company, invitation_id)
    _void(invitation)
    record("invitation:cancelled", actor=inviter.id, company_id=company.id, invitation=invitation.id)
    return invitation


def invitation_of(company_id: str, invitation_id: str) -> ListedInvitation:
    """One invitation of this company. Raises NotFound, for another company's too."""
    found = _listed(Invitation.company_id == company_id, Invitation.id == invitation_id)
    if not found:
        raise NotFound(what="invitation")
    return found[0]


def invitations_of(company_id: str, *, first: int = 0, most: int = 20) -> tuple[list[ListedInvitation], int]:
    """A page of a company's invitations, those that wait first and the newest first; and how many there are."""
    total = session.scalar(select(func.count()).select_from(Invitation).where(Invitation.company_id == company_id))
    return _listed(Invitation.company_id == company_id, first=first, most=most), total or 0


def seat_leads() -> ColumnElement[bool]:
    """A condition: an invitation was sent by nobody who acted through a linked account, or that seat leads as then."""
    linked, company = aliased(Account), aliased(Company)
    through = exists().where(
        Binding.id == Invitation.binding_id,
        Binding.state == BindingState.BOUND,
        linked.id == Binding.linked_account_id,
        linked.status == AccountStatus.ACTIVE,
        company.id == Invitation.company_id,
        company.linked_admin,
    )
    return or_(Invitation.binding_id.is_(None), through)


def stands(invitation: Invitation, inviter: Account, service: Service, *, seat_leads: bool) -> bool:
    """Whether an invitation is still its company's word: its sender leads it, and the service still has its role."""
    policy = registration_policy(service)
    is_of_service = invitation.role in policy.roles and policy.member_approval is not Reviewer.OPERATOR
    return leads(inviter) and seat_leads and is_of_service


def facts_of(invitation: Invitation, inviter: Account, service: Service, *, seat_leads: bool) -> InvitationFacts:
    """What decides about an invitation; ``seat_leads`` as the condition of this name said."""
    return InvitationFacts(
        used_at=invitation.used_at,
        cancelled_at=invitation.cancelled_at,
        expires_at=invitation.expires_at,
        stands=stands(invitation, inviter, service, seat_leads=seat_leads),
    )


def check_proven(policy: RegistrationPolicy, company: Company) -> None:
    """Raise CompanyNotProven where nobody could be approved either: an invitation is no way around the proof."""
    if Proof.NONE not in policy.company_proof and not is_proven(policy, company.proof):
        raise CompanyNotProven


def _listed(*where: ColumnElement[bool], first: int = 0, most: int = 1) -> list[ListedInvitation]:
    inviter, invited = aliased(Account), aliased(Account)
    rows = session.execute(
        select(Invitation, inviter, Service, seat_leads(), invited.name)
        .join(inviter, inviter.id == Invitation.invited_by)
        .join(Service, Service.id == Invitation.service_id)
        .outerjoin(Case, (Case.company_id == Invitation.company_id) & (Case.invitation_id == Invitation.id))
        .outerjoin(invited, invited.id == Case.account_id)
        .where(*where)
        .order_by(*(condition.desc() for condition in LIVE), Invitation.created_at.desc(), Invitation.id)
        .offset(first)
        .limit(most)
    ).all()
    moment = now()
    return [
        ListedInvitation(
            one, invitation_state(facts_of(one, by, service, seat_leads=seat), moment), by.name, accepted_by
        )
        for one, by, service, seat, accepted_by in rows
    ]


def _hold(inviter_id: str) -> tuple[Company, Account]:
    return hold_company(inviter_id), session.get_one(Account, inviter_id)


def _binding_of(via: Via | None) -> str | None:
    return via.binding_id if via is not None else None


def _live(company: Company, invitation_id: str) -> Invitation:
    invitation = session.scalar(
        select(Invitation)
        .where(Invitation.company_id == company.id, Invitation.id == invitation_id)
        .execution_options(populate_existing=True)
    )
    if invitation is None:
        raise NotFound(what="invitation")
    if invitation.used_at is not None or invitation.cancelled_at is not None:
        raise ChangedMeanwhile
    return invitation


def _service_offered(inviter: Account, service_id: str) -> Service:
    service = next((one for one in services_to_invite_to(inviter.service_id) if one.id == service_id), None)
    if service is None:
        raise NotFound(what="service")
    return service


def _mailbox(text: str) -> str:
    address = canonical_email(text)
    if address is None:
        raise InvalidInput(field="email", problem="email.form")
    return email_key(address)


def _role(policy: RegistrationPolicy, role: str) -> Role:
    if role not in policy.roles:
        raise InvalidInput(field="role", problem="review.role")
    return Role(role)


def _check_not_leading(via: Via | None, role: Role) -> None:
    # By another mailbox of hers it might be herself: she would lead on when the binding has ended.
    if via is not None and permits(role, Permission.MANAGE_USERS):
        raise InvalidInput(field="role", problem="invitation.leads_through_linked")


def _rights(service: Service, company: Company, role: Role, menus: Mapping[int, bool]) -> dict[str, bool]:
    offered = {item.id for _, items in menus_to_preset(service, company.proof, role) for item in items}
    if set(menus) - offered:
        raise NotFound(what="menu")
    return {str(item): allowed for item, allowed in menus.items()}


def _admits(client: ClientRecord, invited: Candidate) -> bool:
    problem = admission_problem(
        client.admission, invited, client_service=client.service_id, acting_understood=client.acting_understood
    )
    return problem is None


def _check_room(policy: RegistrationPolicy, company: Company, email: str) -> None:
    check_proven(policy, company)
    check_place(policy, company, email)
    check_mails_to(email)


def _void(invitation: Invitation) -> None:
    session.execute(update(Invitation).where(Invitation.id == invitation.id, *LIVE).values(cancelled_at=now()))
    void_links(Purpose.INVITATION, invitation_id=invitation.id)


def _send(invitation: Invitation, company: Company, inviter: Account, policy: RegistrationPolicy) -> None:
    count(MAILS_PER_MAILBOX, invitation.email)
    token, end = make_link(
        Purpose.INVITATION,
        invitation_id=invitation.id,
        address=invitation.email,
        lasts=timedelta(days=policy.invitation_days),
    )
    invitation.expires_at = end
    session.flush()
    mails.invitation(invitation, company, inviter, token=token)
