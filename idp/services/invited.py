"""Invitations (邀請) on the invited person's side: what a link invites to, and the account that is made by it.

The link was sent to one mailbox: who has it has that mailbox, so nothing else is confirmed and nobody reviews again.
"""

from dataclasses import dataclass, replace

from sqlalchemy import exists, insert, select

from idp.db import now, session
from idp.errors import AlreadyExists, InvitationUnusable
from idp.mails import cases as mails
from idp.models import Account, Case, Company, Invitation, MenuItem, MenuRight, Password, Review, Service
from idp.policies.company_names import looks_like_company
from idp.policies.invitations import InvitationFacts, invitation_trouble
from idp.policies.registration import Reviewer, has_number_as_name
from idp.policies.reviews import Outcome
from idp.policies.roles import Role
from idp.policies.standing import USABLE_COMPANIES, AccountStatus, Approval
from idp.services.accounts import insert_account
from idp.services.agreements import keep_agreements
from idp.services.audit import record
from idp.services.cases import (
    PersonAnswers,
    insert_case,
    new_account,
    new_case,
    username_is_free,
)
from idp.services.company_claims import locked_company
from idp.services.company_places import check_place
from idp.services.group_admins import note_group_admin
from idp.services.invitations import LIVE, check_proven, facts_of, seat_leads
from idp.services.one_time_links import Link, Purpose, link_of_hash, use_link
from idp.services.passwords import check_password
from idp.services.service_registry import registration_policy


@dataclass(frozen=True, slots=True)
class OpenedInvitation:
    """What a link invites to. ``trouble``: why it lets nobody in (policies/invitations.py), or None."""

    invitation: Invitation
    company: Company
    inviter: Account
    service: Service
    trouble: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """An invited person's answers; her mailbox is the invited one. ``texts``: (id, version) of what she agreed to."""

    link_hash: bytes
    person: PersonAnswers
    password_hash: str
    texts: tuple[tuple[str, str], ...]
    address: str | None


def opened_invitation(link_hash: bytes) -> OpenedInvitation | None:
    """What the link of this hash invites to, whatever became of it; None when there never was one. Uses nothing up."""
    link = link_of_hash(Purpose.INVITATION, link_hash)
    if link is None:
        return None
    row = session.execute(
        select(Invitation, Company, Account, Service, seat_leads())
        .join(Company, Company.id == Invitation.company_id)
        .join(Account, Account.id == Invitation.invited_by)
        .join(Service, Service.id == Invitation.service_id)
        .where(Invitation.id == link.invitation_id)
        .execution_options(populate_existing=True)
    ).first()
    if row is None:
        return None
    invitation, company, inviter, service, seat = row
    facts = facts_of(invitation, inviter, service, seat_leads=seat)
    return OpenedInvitation(invitation, company, inviter, service, _trouble(link, invitation, company, facts))


def texts_to_agree(service: Service) -> tuple[tuple[str, str], ...]:
    """The texts of a service that are agreed to with the application, as (id, version) (R-006, C-14)."""
    texts = registration_policy(service).consents
    return tuple((text.id, text.version) for text in texts if text.when == "before_apply")


def gives_number(service: Service) -> bool:
    """Whether an invited person is given a number as her account's name, and chooses none (C-7)."""
    return has_number_as_name(registration_policy(service))


def check_new_password(opened: OpenedInvitation, person: PersonAnswers, password: str) -> None:
    """Raise PasswordRefused where a password that an invited person chose breaks a rule."""
    company, mailbox = opened.company, opened.invitation.email.partition("@")[0]
    words = [person.username, person.name, mailbox, company.name, company.tax_id, opened.service.id]
    check_password(password, [word for word in words if word])


def accept_invitation(sent: Acceptance) -> Account:
    """Use an invitation's link: the account is made, active, with the role and the menu rights chosen beforehand.

    Raises InvitationUnusable (``because`` says why; of two who use one link at once the second hears used),
    AlreadyExists (``field`` username or email), OneAccountOnly, CompanyNotProven.
    """
    opened = _held(sent.link_hash)
    invitation, company, service = opened.invitation, opened.company, opened.service
    policy = registration_policy(service)
    person = replace(sent.person, email=invitation.email)
    is_numbered = has_number_as_name(policy)
    if not is_numbered and not username_is_free(person.username):
        raise AlreadyExists(field="username")
    check_proven(policy, company)
    check_place(policy, company, person.email)
    account = new_account(service, company, person)
    account.role, account.approval, account.status = invitation.role, Approval.GROUP_ADMIN, AccountStatus.ACTIVE
    account.email_verified_at = now()
    # A refusal is committed: where the name was taken in this very moment, the link must stay unused.
    with session.begin_nested():
        use_link(Purpose.INVITATION, sent.link_hash)
        insert_account(account, number_is_name=is_numbered)
    invitation.used_at = now()
    session.add(Password(account_id=account.id, hash=sent.password_hash, changed_at=now()))
    keep_agreements(account.id, service.id, sent.texts, sent.address)
    _give_rights(account, invitation)
    case = _write_case(account, opened)
    if account.role is Role.GROUP_ADMIN:
        note_group_admin(company.id, account.id)
    about = {"account_id": account.id, "company_id": company.id, "role": str(account.role)}
    record("invitation:accepted", actor=account.id, invitation=invitation.id, **about)
    record("case:approved", actor=account.id, case=case.number, by=opened.inviter.id, **about)
    mails.application_approved(account, company)
    return account


def _held(link_hash: bytes) -> OpenedInvitation:
    opened = opened_invitation(link_hash)
    if opened is None:
        raise InvitationUnusable(because="unknown")
    # Whoever sends it again, cancels it or suspends its sender holds the company too.
    locked_company(opened.company.id)
    opened = opened_invitation(link_hash)
    if opened is None or opened.trouble is not None:
        raise InvitationUnusable(because=opened.trouble if opened else "unknown")
    return opened


def _trouble(link: Link, invitation: Invitation, company: Company, facts: InvitationFacts) -> str | None:
    newer = exists().where(
        Invitation.company_id == invitation.company_id,
        Invitation.email == invitation.email,
        Invitation.id != invitation.id,
        *LIVE,
    )
    return invitation_trouble(
        facts,
        link.trouble,
        now(),
        has_newer=bool(session.scalar(select(newer))),
        company_usable=company.status in USABLE_COMPANIES,
    )


def _give_rights(account: Account, invitation: Invitation) -> None:
    chosen = {int(item): bool(allowed) for item, allowed in invitation.menus.items()}
    still_there = session.scalars(select(MenuItem.id).where(MenuItem.id.in_(chosen), MenuItem.retired_at.is_(None)))
    for item in still_there:
        session.execute(
            insert(MenuRight).values(account_id=account.id, menu_item_id=item, allowed=chosen[item], changed_at=now())
        )


def _write_case(account: Account, opened: OpenedInvitation) -> Case:
    case = new_case(account, opened.service, opened.company, client_id=None)
    case.invitation_id = opened.invitation.id
    case.reviewer = Reviewer.GROUP_ADMIN
    case.hints = ["hint.name_of_company"] if looks_like_company(account.name) else []
    case.version, case.decided_at = 2, now()
    insert_case(case)
    session.add(
        Review(
            case_id=case.id,
            case_version=1,
            outcome=Outcome.APPROVED,
            role=account.role,
            decided_by=opened.inviter.id,
            decided_at=now(),
        )
    )
    session.flush()
    return case
