"""Whoever leads a company through a linked account: only while the seat leads it, and never for herself."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import update

from idp.db import session, transaction
from idp.errors import InvalidInput, InvitationUnusable, Refused
from idp.mails.compose import unsealed
from idp.models import Account, Company, Invitation
from idp.policies.invitations import InvitationState
from idp.policies.roles import Role
from idp.policies.standing import CompanyProof
from idp.services.accounts import set_role, suspend_account
from idp.services.acting import Acting
from idp.services.binding_decisions import owner_confirms, owner_unbinds
from idp.services.bindings import bind_by_operator, hold_bindings
from idp.services.cases import PersonAnswers
from idp.services.company_standing import prove_company
from idp.services.group_changes import hold_leader
from idp.services.invitations import Wanted, invitation_of, invite, send_again
from idp.services.invited import Acceptance, accept_invitation
from idp.services.passwords import hash_password
from idp.services.seats import seat_of_binding
from idp.services.secrets import digest
from tests.services.applicants import a_service
from tests.services.binders import Agent, acting, an_agent
from tests.services.people import PASSWORD, mails, person

MAILBOX = "yating@example.test"


@pytest.fixture
def admin(company: Company) -> Account:
    """The group admin of a proven company that lets linked accounts lead it."""
    service = a_service()
    with transaction():
        prove_company(company, CompanyProof.CARD, "seen")
        company.linked_admin = True
    return person(company, Role.GROUP_ADMIN, service_id=service.id, name="陳美惠")


@pytest.fixture
def agent(database: Flask) -> Agent:
    return an_agent()


@pytest.fixture
def seat(admin: Account, agent: Agent) -> Acting:
    """The agent, who was let in as this group admin."""
    return a_seat(agent, admin)


def a_seat(agent: Agent, account: Account) -> Acting:
    with transaction():
        binding = bind_by_operator(agent.account, account, "a test")
    found = seat_of_binding(agent.account.id, binding.id)
    assert found is not None
    return found.acting


def wanted(email: str = MAILBOX, role: Role = Role.STAFF) -> Wanted:
    return Wanted(service_id="dreams", email=email, role=role, locale="zh-TW", menus={})


def invited(seat: Acting, email: str = MAILBOX) -> Invitation:
    with transaction():
        return invite(seat.account_id, wanted(email), via=seat.via)


def accept() -> Account:
    """By the link that was mailed last."""
    mail = [mail for mail in mails() if mail.payload["template"] == "invitation"][-1]
    answers = PersonAnswers(username="yating.lin", name="林雅婷", phone="+886922111333", email="", locale="en")
    with transaction():
        return accept_invitation(
            Acceptance(
                link_hash=digest(str(unsealed(mail.payload)).rpartition("/")[2]),
                person=answers,
                password_hash=hash_password(PASSWORD),
                texts=(("terms", "1"),),
                address="192.0.2.1",
            )
        )


def binding_of(seat: Acting) -> str:
    assert seat.via is not None
    return seat.via.binding_id


def lets_none_lead(company: Company) -> None:
    session.execute(update(Company).where(Company.id == company.id).values(linked_admin=False))


@pytest.mark.parametrize(
    "meanwhile",
    [
        pytest.param(lambda seat, admin, company: owner_unbinds(acting(admin), binding_of(seat)), id="unbound"),
        pytest.param(lambda seat, admin, company: hold_bindings(admin.id, "password"), id="held"),
        pytest.param(lambda seat, admin, company: lets_none_lead(company), id="staff through linked accounts"),
        pytest.param(
            lambda seat, admin, company: suspend_account(session.get_one(Account, seat.human_id), "out of order"),
            id="linked account suspended",
        ),
        pytest.param(lambda seat, admin, company: set_role(admin, Role.STAFF), id="staff herself"),
    ],
)
def test_who_leads_no_more_since_she_was_let_in_does_nothing(
    seat: Acting, admin: Account, company: Company, meanwhile: Callable[[Acting, Account, Company], object]
) -> None:
    """She was judged before she got hold of the company; what was decided about her in between counts."""
    person(company, Role.GROUP_ADMIN)
    with transaction():
        hold_leader(seat)
        hold_leader(acting(admin))
    with transaction():
        meanwhile(seat, admin, company)
    with transaction(), pytest.raises(Refused) as refused:
        hold_leader(seat)
    assert refused.value.code == "refused"


def test_an_agent_invites_neither_herself_nor_whom_she_acts_for(
    seat: Acting, agent: Agent, admin: Account, company: Company
) -> None:
    """Her own account there would outlive the binding."""
    other = a_seat(agent, person(company))
    for email in (agent.account.email.upper(), admin.email, other.email):
        with transaction(), pytest.raises(InvalidInput) as refused:
            invite(seat.account_id, wanted(email), via=seat.via)
        assert refused.value.details == {"field": "email", "problem": "invitation.own_mailbox"}
    assert all(mail.payload["template"] != "invitation" for mail in mails())
    # What her owner has sent there she does not send again either.
    with transaction():
        hers = invite(admin.id, wanted(agent.account.email))
    with transaction(), pytest.raises(InvalidInput):
        send_again(seat.account_id, hers.id, via=seat.via)


def test_an_agent_makes_nobody_a_group_admin(seat: Acting, admin: Account) -> None:
    """By a mailbox that nobody knows for hers it could be herself, and would outlive the binding."""
    with transaction(), pytest.raises(InvalidInput) as refused:
        invite(seat.account_id, wanted(role=Role.GROUP_ADMIN), via=seat.via)
    assert refused.value.details == {"field": "role", "problem": "invitation.leads_through_linked"}
    with transaction():
        hers = invite(admin.id, wanted(role=Role.GROUP_ADMIN))
    with transaction(), pytest.raises(InvalidInput):
        send_again(seat.account_id, hers.id, via=seat.via)


def test_what_an_agent_sent_stands_only_while_the_binding_does(seat: Acting, agent: Agent, admin: Account) -> None:
    """Held, it waits with the binding; unbound, it is void for ever, until somebody who leads sends it again."""

    def state() -> InvitationState:
        return invitation_of(admin.company_id or "", sent.id).state

    sent = invited(seat)
    assert sent.binding_id == binding_of(seat)
    assert state() is InvitationState.WAITING
    with transaction():
        hold_bindings(admin.id, "mailbox")
    assert state() is InvitationState.VOID
    with transaction():
        owner_confirms(acting(admin), binding_of(seat))
    assert state() is InvitationState.WAITING
    with transaction():
        owner_unbinds(acting(admin), binding_of(seat))
    a_seat(agent, admin)
    assert state() is InvitationState.VOID, "bound again, nothing old comes back"
    with pytest.raises(InvitationUnusable) as refused:
        accept()
    assert refused.value.details == {"because": "void"}
    with transaction():
        send_again(admin.id, sent.id)
    assert accept().role is Role.STAFF
