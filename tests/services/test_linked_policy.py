"""What a company says to linked accounts, and what ends when it says something else."""

import pytest
from flask import Flask

from idp.db import session, transaction
from idp.errors import ChangedMeanwhile, InvalidInput
from idp.models import Account, ClientSession, Company, Grant
from idp.policies.bindings import LinkedAccounts
from idp.policies.registration import RegistrationPolicy
from idp.policies.roles import Role
from idp.policies.standing import BindingState
from idp.services.binding_facts import bindings_of_account
from idp.services.bindings import bind_by_operator
from idp.services.company_claims import CompanyAnswers, claim_company
from idp.services.linked_policy import LinkedPolicy, count_answered_bindings, linked_policy_of, set_linked_policy
from idp.services.seats import seat_of_binding
from tests.services.binders import Agent, an_agent, mails_to, state_of
from tests.services.people import a_client, audit_rows, mails, person, signed_in
from tests.services.races import at_once

pytestmark = pytest.mark.both_databases

ALLOWED = LinkedPolicy(LinkedAccounts.ALLOWED, linked_admin=False)
FORBIDDEN = LinkedPolicy(LinkedAccounts.FORBIDDEN, linked_admin=False)
LEADING = LinkedPolicy(LinkedAccounts.ALLOWED, linked_admin=True)


def bound(agent: Agent, account: Account) -> str:
    with transaction():
        return bind_by_operator(agent.account, account, "移轉既有資料").id


def says(company: Company, seen: LinkedPolicy, wanted: LinkedPolicy) -> int:
    with transaction():
        return set_linked_policy(company.id, seen=seen, wanted=wanted)


def open_sids(account: Account) -> set[str | None]:
    """Through whom the account has a session at a client that lives."""
    session.expire_all()
    rows = session.query(ClientSession).filter_by(account_id=account.id, ended_at=None)
    return {row.linked_account_id for row in rows}


def test_forbidding_ends_every_binding_and_request_and_tells_both_sides(company: Company) -> None:
    """tokens.md "Acting through a linked account"; LK06."""
    ming, admin, agent = person(company), person(company, Role.GROUP_ADMIN), an_agent()
    one, other = bound(agent, ming), bound(agent, admin)
    asked = person(company)
    agent.ask_by_name(asked.username)
    assert count_answered_bindings(company.id) == 2, "what its owner has not answered is hers alone"
    assert says(company, ALLOWED, FORBIDDEN) == 2
    assert {state_of(one), state_of(other)} == {BindingState.UNBOUND}
    assert bindings_of_account(asked.id) == [], "but it ends as well"
    assert count_answered_bindings(company.id) == 0
    assert len(mails_to(ming, "binding_ended")) == 1
    assert len(mails_to(agent.account, "binding_ended")) == 2
    with pytest.raises(InvalidInput):
        bound(agent, ming)
    [row] = [row for row in audit_rows() if row.action == "company:linked_accounts:changed"]
    assert row.company_id == company.id
    assert row.details == {
        "linked_accounts": "forbidden", "linked_admin": False, "before": "allowed", "admin_before": False
    }  # fmt: skip
    assert says(company, FORBIDDEN, FORBIDDEN) == 0, "the same again is no change"


def test_what_another_admin_has_said_meanwhile_is_not_said_over(company: Company) -> None:
    says(company, ALLOWED, FORBIDDEN)
    with pytest.raises(ChangedMeanwhile):
        says(company, ALLOWED, LEADING)
    assert linked_policy_of(company.id) == FORBIDDEN


def test_taking_the_lead_from_linked_accounts_ends_their_sessions_and_no_others(company: Company) -> None:
    """R-115: narrowing bites at once for who acts through a linked account; the admin herself works on."""
    admin, agent = person(company, Role.GROUP_ADMIN), an_agent()
    binding = bound(agent, admin)
    client = a_client(backchannel_logout_uri="https://app.example/end", acting_understood=True)
    says(company, ALLOWED, LEADING)
    seat = seat_of_binding(agent.account.id, binding)
    assert seat is not None
    assert (seat.acting.role, seat.acting.perm_ver) == (Role.GROUP_ADMIN, 2)
    signed_in(admin, client)
    through = signed_in(admin, client)
    with transaction():
        for table in (ClientSession, Grant):
            session.query(table).filter_by(sign_in_id=through).update(
                {"linked_account_id": agent.account.id, "binding_id": binding}
            )
    assert open_sids(admin) == {None, agent.account.id}
    says(company, LEADING, ALLOWED)
    assert open_sids(admin) == {None}
    [notice] = [mail for mail in mails() if mail.kind == "backchannel"]
    assert notice.payload["reason"] == "narrowed"
    seat = seat_of_binding(agent.account.id, binding)
    assert seat is not None
    assert (seat.acting.role, seat.acting.perm_ver) == (Role.STAFF, 3)


def test_no_binding_is_made_in_the_moment_in_which_they_are_forbidden(database: Flask, company: Company) -> None:
    """RC: whichever comes first, nothing is bound when both are done."""
    agent, account_id, company_id = an_agent(), person(company).id, company.id

    def bind() -> str:
        linked = session.get_one(Account, agent.acting.account_id)
        return str(bind_by_operator(linked, session.get_one(Account, account_id), "移轉既有資料").state)

    def forbid() -> str:
        return f"{set_linked_policy(company_id, seen=ALLOWED, wanted=FORBIDDEN)} ended"

    at_once(database, bind, forbid)
    assert count_answered_bindings(company.id) == 0
    assert linked_policy_of(company.id) == FORBIDDEN


@pytest.mark.parametrize("leads", [True, False])
def test_a_new_company_begins_with_what_the_services_policy_says(database: Flask, leads: bool) -> None:
    """R-115: on in the twport preset; a company that is known keeps its own."""
    answers = CompanyAnswers(
        id_type="ubn",
        number="00000037",
        name="測試三號有限公司",
        register_name=None,
        address="高雄市",
        phone="+88675213999",
    )
    with transaction():
        made = claim_company(answers, RegistrationPolicy(linked_admin=leads))
    assert made.linked_admin is leads
    with transaction():
        assert claim_company(answers, RegistrationPolicy(linked_admin=not leads)).linked_admin is leads
