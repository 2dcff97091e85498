"""Bindings that are made: who ends, holds and confirms them, what ends with them, and who is told."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from idp.db import now, session, transaction
from idp.errors import AlreadyBound, BindingRequestOver, ChangedMeanwhile, InvalidInput, NotFound
from idp.models import Account, Binding, Client, ClientSession, Company, Grant, Token
from idp.policies.bindings import EndedBy, HeldBecause, Shown
from idp.policies.roles import Role
from idp.policies.standing import BindingState
from idp.services.accounts import suspend_account
from idp.services.binding_decisions import (
    admin_approves,
    admin_unbinds,
    linked_unbinds,
    operator_unbinds,
    owner_agrees,
    owner_confirms,
    owner_keeps_password,
    owner_refuses,
    owner_unbinds,
)
from idp.services.binding_facts import (
    binding_facts,
    binding_of_company,
    binding_of_owner,
    bindings_of_account,
    bindings_of_company,
)
from idp.services.binding_requests import cancel_request
from idp.services.bindings import (
    bind_by_operator,
    end_bindings_of_account,
    end_bindings_of_company,
    hold_bindings,
    insert_binding,
    unbind,
)
from idp.services.companies import add_company
from idp.services.first_passwords import send_first_password, set_first_password
from idp.services.passwords import hash_password, set_password
from idp.services.seats import seat_of_binding
from idp.services.secrets import digest
from idp.services.uses import take_seat
from tests.services.applicants import a_service, token_mailed_to
from tests.services.binders import (
    CODED,
    Agent,
    acting,
    an_agent,
    change,
    mails_to,
    state_of,
    templates_to,
)
from tests.services.people import PASSWORD, a_client, actions, audit_rows, person, signed_in
from tests.services.races import at_once


@pytest.fixture
def ming(company: Company) -> Account:
    return person(company, password=PASSWORD)


@pytest.fixture
def agent(database: Flask) -> Agent:
    return an_agent()


def bound(agent: Agent, account: Account) -> str:
    """An operator has bound the two; the binding's id."""
    with transaction():
        return bind_by_operator(agent.account, account, "移轉既有資料").id


def enters(agent: Agent, account: Account, binding_id: str, client: Client) -> None:
    """The agent uses a client as this account."""
    sign_in_id = signed_in(account, client)
    with transaction():
        for table in (ClientSession, Grant, Token):
            for row in session.query(table).filter_by(account_id=account.id):
                row.linked_account_id, row.binding_id = agent.account.id, binding_id
    assert sign_in_id


def open_through(binding_id: str) -> list[str]:
    session.expire_all()
    ends = {ClientSession: "ended_at", Grant: "revoked_at", Token: "revoked_at"}
    return [
        table.__name__
        for table, end in ends.items()
        for row in session.query(table).filter_by(binding_id=binding_id)
        if getattr(row, end) is None
    ]


def test_each_side_ends_a_binding_and_what_runs_through_it_and_nothing_else(
    ming: Account, agent: Agent, company: Company
) -> None:
    """LK06: tokens of that binding end at once, others' go on; both sides are told by whom."""
    hua, client = person(company), a_client()
    first, other = bound(agent, ming), bound(agent, hua)
    enters(agent, ming, first, client)
    enters(agent, hua, other, client)
    stranger = person(company)
    for act in (owner_unbinds, owner_refuses, owner_confirms, owner_agrees, owner_keeps_password):
        with transaction(), pytest.raises(NotFound):
            act(acting(stranger), first)
    with transaction(), pytest.raises(NotFound):
        linked_unbinds(an_agent().acting, first)
    with transaction():
        owner_unbinds(acting(ming), first)
    assert (state_of(first), open_through(first)) == (BindingState.UNBOUND, [])
    assert (state_of(other), open_through(other)) == (BindingState.BOUND, ["ClientSession", "Grant", "Token"])
    assert templates_to(ming) == ["binding_bound", "binding_ended"]
    assert mails_to(agent.account, "binding_ended")[0].payload["context"]["ended_by"] == "owner"
    with transaction(), pytest.raises(NotFound):
        owner_unbinds(acting(ming), first)
    with transaction():
        linked_unbinds(agent.acting, other)
    assert mails_to(hua, "binding_ended")[0].payload["context"]["ended_by"] == "linked"
    again = bound(agent, ming)
    assert (again != first, open_through(again)) == (True, []), "nothing old comes back"


def test_group_admins_end_only_what_is_their_companys(ming: Account, agent: Agent, company: Company) -> None:
    with transaction():
        other = add_company(tax_id="00000022", name="測試二號有限公司")
    binding_id = bound(agent, ming)
    pending = an_agent().ask(ming).binding_id
    for act in (admin_unbinds, admin_approves, binding_of_company):
        with transaction(), pytest.raises(NotFound):
            act(other.id, binding_id)
        with transaction(), pytest.raises(NotFound):
            act(company.id, pending)
    with transaction(), pytest.raises(ChangedMeanwhile):
        admin_approves(company.id, binding_id)
    assert [fact.id for fact in bindings_of_company(company.id)] == [binding_id]
    assert bindings_of_company(other.id) == []
    with transaction():
        admin_unbinds(company.id, binding_id)
    assert session.get_one(Binding, binding_id, populate_existing=True).ended_by is EndedBy.GROUP_ADMIN
    with transaction(), pytest.raises(InvalidInput):
        operator_unbinds(pending, " ")
    with transaction():
        operator_unbinds(pending, "冒用他人名義")
    assert [(row.action, row.details.get("reason")) for row in audit_rows()][-1] == ("binding:unbound", "冒用他人名義")
    assert templates_to(ming)[-1] == "binding_refused"


def test_a_group_admin_approves_or_refuses_what_its_owner_agreed_to(ming: Account, company: Company) -> None:
    lead, wanted, unwanted = person(company, Role.GROUP_ADMIN), an_agent("陳志明"), an_agent("林雅婷")
    with transaction():
        session.get_one(Company, company.id).linked_accounts = "admin_approves"
    for one in (wanted, unwanted):
        asked = one.ask(ming)
        with transaction():
            assert owner_agrees(acting(ming), asked.binding_id).state is BindingState.AWAITS_ADMIN
    assert templates_to(lead) == ["binding_waits"] * 2
    facts = {fact.linked_name: fact for fact in bindings_of_company(company.id)}
    assert {fact.state for fact in facts.values()} == {Shown.AWAITS_ADMIN}
    with transaction():
        assert admin_approves(company.id, facts["陳志明"].id).state is BindingState.BOUND
        admin_unbinds(company.id, facts["林雅婷"].id)
    assert templates_to(wanted.account) == ["binding_bound"]
    assert templates_to(unwanted.account) == ["binding_refused"]
    assert templates_to(ming) == ["binding_asked"] * 2 + ["binding_bound", "binding_refused"]
    third = an_agent().ask(ming)
    with transaction():
        owner_agrees(acting(ming), third.binding_id)
        owner_refuses(acting(ming), third.binding_id)  # she takes her word back
    assert state_of(third.binding_id) is BindingState.UNBOUND


def test_an_owner_agrees_within_24_hours(ming: Account, agent: Agent) -> None:
    asked = agent.ask(ming)
    change(asked.binding_id, code_expires_at=now() - timedelta(milliseconds=1))
    with transaction(), pytest.raises(BindingRequestOver):
        owner_agrees(acting(ming), asked.binding_id)
    assert binding_of_owner(ming.id, asked.binding_id).state is Shown.CODE_EXPIRED


def test_a_new_password_or_mailbox_holds_bindings_until_the_owner_confirms(
    ming: Account, agent: Agent, company: Company
) -> None:
    client, hua = a_client(), person(company)
    binding_id, other = bound(agent, ming), bound(agent, hua)
    enters(agent, ming, binding_id, client)
    with transaction():
        assert hold_bindings(ming.id, HeldBecause.MAILBOX) == 1
    assert (state_of(binding_id), open_through(binding_id)) == (BindingState.NEEDS_CONFIRMATION, [])
    assert state_of(other) is BindingState.BOUND
    fact = binding_of_owner(ming.id, binding_id)
    assert (fact.state, fact.held_because, fact.held_at is not None) == (Shown.NEEDS_CONFIRMATION, "mailbox", True)
    assert mails_to(ming, "binding_held")[0].payload["context"]["held_because"] == "mailbox"
    assert mails_to(agent.account, "binding_held")[0].payload["context"]["held_because"] is None
    seat = seat_of_binding(agent.account.id, binding_id)
    assert seat is not None
    assert not seat.acting.is_able
    with transaction():
        assert hold_bindings(ming.id, "mailbox") == 0
    with transaction(), pytest.raises(ChangedMeanwhile):
        owner_agrees(acting(ming), binding_id)
    with transaction():
        assert owner_confirms(acting(ming), binding_id).held_at is None
    assert templates_to(agent.account)[-1] == "binding_confirmed"
    with transaction(), pytest.raises(ChangedMeanwhile):
        owner_confirms(acting(ming), binding_id)
    assert open_through(binding_id) == [], "nothing old comes back"
    with transaction():
        hold_bindings(ming.id, HeldBecause.PASSWORD)
        suspend_account(ming, "離職")
    with transaction(), pytest.raises(InvalidInput):
        owner_confirms(acting(ming), binding_id)
    with transaction():
        assert hold_bindings(agent.account.id, HeldBecause.MAILBOX) == 0, "a linked account owns no bindings"


def test_codes_on_their_way_and_words_given_do_not_outlive_a_new_mailbox(company: Company, agent: Agent) -> None:
    hua = person(company, service_id=a_service(policy=CODED | {"company_proof": ["operator"]}).id, password=PASSWORD)
    asked = agent.ask(hua)
    with transaction():
        session.get_one(Company, company.id).linked_accounts = "admin_approves"
    waiting = an_agent().bind_or_wait(hua)
    with transaction():
        hold_bindings(hua.id, HeldBecause.MAILBOX)
    assert {fact.state for fact in bindings_of_account(hua.id)} == {Shown.CODE_EXPIRED}
    for binding_id in (asked.binding_id, waiting):
        assert state_of(binding_id) is BindingState.PENDING
    with transaction(), pytest.raises(NotFound):
        admin_approves(company.id, waiting)


def test_a_first_password_from_a_mail_holds_what_was_bound_before(company: Company, agent: Agent) -> None:
    hua = person(company)
    binding_id = bound(agent, hua)
    with transaction():
        send_first_password(hua)
    with transaction():
        set_first_password(digest(token_mailed_to(hua.id)), hash_password(PASSWORD))
    assert state_of(binding_id) is BindingState.NEEDS_CONFIRMATION


def test_a_company_that_forbids_linked_accounts_ends_all_of_them(ming: Account, agent: Agent, company: Company) -> None:
    made, asked, by_name = bound(agent, ming), an_agent("陳志明"), an_agent("林雅婷")
    pending = asked.ask(ming).binding_id
    by_name.ask_by_name(ming.username)
    with transaction():
        session.get_one(Company, company.id).linked_accounts = "forbidden"
        assert end_bindings_of_company(company.id) == 3
    assert {state_of(one) for one in (made, pending)} == {BindingState.UNBOUND}
    assert templates_to(agent.account)[-1] == "binding_ended"
    assert templates_to(asked.account) == ["binding_refused"]
    assert templates_to(by_name.account) == []
    with transaction(), pytest.raises(InvalidInput):
        bind_by_operator(agent.account, ming, "again")


def test_an_account_that_closes_ends_its_bindings_on_either_side(ming: Account, company: Company) -> None:
    agent, hua = an_agent(), person(company)
    first, second = bound(agent, ming), bound(agent, hua)
    with transaction():
        assert end_bindings_of_account(ming.id) == 1
        assert end_bindings_of_account(agent.account.id) == 1
    rows = [session.get_one(Binding, one, populate_existing=True) for one in (first, second)]
    assert [row.ended_by for row in rows] == [EndedBy.CLOSURE] * 2


def test_the_owner_is_told_of_the_first_use_and_sees_the_last_one(ming: Account, agent: Agent) -> None:
    binding_id, client = bound(agent, ming), a_client(name_en="Dreams")
    never_used = seat_of_binding(agent.account.id, binding_id)
    assert never_used is not None
    for client_id in (client.id, None, None):
        seat = seat_of_binding(agent.account.id, binding_id)
        assert seat is not None
        with transaction():
            assert take_seat(seat, client_id)
    with transaction():
        assert take_seat(never_used, None)  # the other one of two who were the first at once
    [mail] = mails_to(ming, "binding_first_used")
    assert (mail.payload["context"]["client_zh"], mail.payload["context"]["client_en"]) == ("DREAMS", "Dreams")
    assert actions().count("binding:used:first") == 1
    fact = binding_facts(binding_id)
    assert fact.first_used_at is not None
    assert (fact.last_client_id, fact.last_client) == (None, None)
    assert (fact.account_username, fact.linked_email) == (ming.username, agent.account.email)


def test_who_gave_her_password_away_is_advised_until_she_sets_another_or_keeps_it(ming: Account, agent: Agent) -> None:
    ids = []
    for one in (agent, an_agent()):
        ids.append(one.ask(ming).binding_id)
        with transaction():
            owner_agrees(acting(ming), ids[-1])
    assert [binding_of_owner(ming.id, one).advises_password for one in ids] == [True, True]
    with transaction():
        owner_keeps_password(acting(ming), ids[0])
    assert [binding_of_owner(ming.id, one).advises_password for one in ids] == [False, True]
    with transaction():
        set_password(ming, f"{PASSWORD}-new")
    assert binding_of_owner(ming.id, ids[1]).advises_password is False


@pytest.mark.both_databases
def test_of_two_who_end_or_confirm_at_once_the_outcome_is_one_after_the_other(
    ming: Account, agent: Agent, database: Flask
) -> None:
    """RC05: unbinding wins over confirming in whatever order, and is done once."""
    owner, linked, company_id = acting(ming), agent.acting, ming.company_id
    assert company_id is not None
    for _ in range(5):
        binding_id = bound(agent, ming)
        with transaction():
            hold_bindings(ming.id, HeldBecause.PASSWORD)

        def confirm(one: str = binding_id) -> str:
            return str(owner_confirms(owner, one).state)

        def end(one: str = binding_id) -> str:
            owner_unbinds(owner, one)
            return "ended"

        def leave(one: str = binding_id) -> str:
            linked_unbinds(linked, one)
            return "ended"

        def throw_out(one: str = binding_id) -> str:
            admin_unbinds(company_id, one)
            return "ended"

        ends = at_once(database, confirm, end, leave, throw_out)
        assert ends[0] in {"bound", "not_found"}
        assert sorted(ends[1:]) == ["ended", "not_found", "not_found"]
        assert state_of(binding_id) is BindingState.UNBOUND
    assert actions().count("binding:unbound") == 5


@pytest.mark.both_databases
def test_a_request_that_is_taken_back_while_its_owner_agrees_is_bound_or_gone(
    ming: Account, agent: Agent, database: Flask
) -> None:
    """RC05."""
    owner, linked = acting(ming), agent.acting
    binding_id = agent.ask(ming).binding_id

    def agree() -> str:
        return str(owner_agrees(owner, binding_id).state)

    def cancel() -> str:
        cancel_request(linked, binding_id)
        return "cancelled"

    ends = at_once(database, agree, cancel, agree)
    told = sorted(ends)
    if "cancelled" in ends:
        assert told == ["cancelled", "not_found", "not_found"]
        assert state_of(binding_id) is BindingState.UNBOUND
    else:
        assert told == ["bound", "changed_meanwhile", "changed_meanwhile"]
        assert state_of(binding_id) is BindingState.BOUND


def test_an_operator_binds_two_that_can_be_bound_and_only_once(ming: Account, agent: Agent) -> None:
    """LK07: no linked account is bound to a linked one, to itself, or from a general one."""
    by_operator = bound(agent, ming)
    assert binding_of_owner(ming.id, by_operator).advises_password is False, "she gave no password away"
    with transaction(), pytest.raises(AlreadyBound):
        bind_by_operator(agent.account, ming, "again")
    for linked, target, field in (
        (ming, ming, "linked"),
        (agent.account, agent.account, "account"),
        (agent.account, an_agent().account, "account"),
    ):
        with transaction(), pytest.raises(InvalidInput) as refused:
            bind_by_operator(linked, target, "a chain")
        assert refused.value.details["field"] == field
    with pytest.raises(IntegrityError), transaction():
        insert_binding("la_nobody", ming.id, BindingState.BOUND)
    with transaction():
        assert hold_bindings("ga_nobody", HeldBecause.PASSWORD) == 0


def test_a_company_with_many_bindings_reads_them_by_the_page(ming: Account, company: Company) -> None:
    ids = {bound(an_agent(), ming) for _ in range(5)}
    first = bindings_of_company(company.id, most=3)
    rest = bindings_of_company(company.id, after=(first[-1].created_at, first[-1].id), most=3)
    assert {fact.id for fact in first + rest} == ids
    assert first + rest == sorted(first + rest, key=lambda fact: fact.created_at, reverse=True)
    assert bindings_of_account(ming.id, after=(first[-1].created_at, first[-1].id), most=1) == rest[:1]


def test_ending_twice_is_ending_once(ming: Account, agent: Agent) -> None:
    binding_id = bound(agent, ming)
    with transaction():
        assert unbind(binding_id, EndedBy.OPERATOR) is not None
        assert unbind(binding_id, EndedBy.OPERATOR) is None
