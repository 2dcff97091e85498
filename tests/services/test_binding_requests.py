"""A linked account asks for a general one: by its password, or of its owner by name, and learns nothing else."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from idp.db import now, session, transaction
from idp.errors import AlreadyBound, BadCredentials, ChangedMeanwhile, InvalidInput, NotFound, TooManyRequests
from idp.models import Account, Binding, Company, Password
from idp.policies.bindings import CODE_PAUSE, REQUESTS_KEPT, BindingProof, Shown
from idp.policies.limits import MAILS_PER_MAILBOX
from idp.policies.standing import BindingState
from idp.services.accounts import suspend_account
from idp.services.binding_decisions import linked_unbinds, owner_agrees, owner_refuses
from idp.services.binding_facts import binding_of_owner, bindings_of_account, bindings_of_company
from idp.services.binding_requests import ask_owner, ask_with_password, cancel_request, check_may_ask, send_new_code
from idp.services.companies import suspend_company
from idp.services.housekeeping import tidy
from idp.services.limits import is_reached
from idp.services.password_sign_in import judge, open_try
from idp.services.seats import seats_of
from tests.services.applicants import a_service
from tests.services.binders import (
    CODED,
    Agent,
    acting,
    an_agent,
    change,
    code_mailed_to,
    mails_to,
    state_of,
    templates_to,
)
from tests.services.people import PASSWORD, actions, mails, person
from tests.services.races import at_once


@pytest.fixture
def ming(company: Company) -> Account:
    """王小明, whose service has no code: she is to agree herself."""
    return person(company, password=PASSWORD)


@pytest.fixture
def agent(database: Flask) -> Agent:
    return an_agent()


def a_minute_later() -> None:
    """What was sent so far lies longer back than the pause."""
    with transaction():
        for binding in session.scalars(select(Binding).where(Binding.code_sent_at.is_not(None))):
            binding.code_sent_at = now() - CODE_PAUSE


def how_many() -> int:
    return session.scalar(select(func.count()).select_from(Binding)) or 0


def test_with_the_right_password_the_owner_is_asked_and_agrees(ming: Account, agent: Agent) -> None:
    asked = agent.ask(ming)
    assert asked.how == "owner"
    [mail] = mails_to(ming, "binding_asked")
    assert mail.payload["context"]["gave_password"] is True
    assert "sealed_code" not in mail.payload
    with pytest.raises(NotFound):
        agent.enter(asked.binding_id, "000000")
    with transaction():
        assert owner_agrees(acting(ming), asked.binding_id).state is BindingState.BOUND
    assert mails_to(ming, "binding_bound")[0].payload["context"]["advises_password"] is True
    assert binding_of_owner(ming.id, asked.binding_id).advises_password is True
    assert templates_to(agent.account) == ["binding_bound"]


def test_a_wrong_password_an_unknown_name_and_a_suspended_account_are_told_alike(
    ming: Account, agent: Agent, company: Company
) -> None:
    """LK07: clearer words only for who knows the password."""
    gone, other, closed = person(company, password=PASSWORD), an_agent("陳志明"), person(company, password=PASSWORD)
    with transaction():
        suspend_account(gone, "離職")
    for target in (ming, gone, other.account, agent.account):
        with pytest.raises(BadCredentials):
            agent.ask(target, "wrong-Passw0rd-1")
    ghost = Account(username="nobody-here")
    with pytest.raises(BadCredentials):
        agent.ask(ghost)
    purged = person(company, password=PASSWORD)
    with transaction():
        attempt = open_try(purged.username, browser="b", address="192.0.2.7")
    verdict = judge(attempt, PASSWORD)
    with transaction():
        session.query(Password).filter_by(account_id=purged.id).delete()
        session.query(Account).filter_by(id=purged.id).delete()
    with transaction(), pytest.raises(BadCredentials):
        ask_with_password(agent.acting, attempt, verdict)
    told = []
    for target in (gone, other.account, agent.account):
        with pytest.raises(InvalidInput) as refused:
            an_agent().ask(target) if target is not agent.account else agent.ask(target)
        told.append(refused.value.details["problem"])
    assert told == ["account.not_active", "binding.not_general", "binding.not_general"]
    with transaction():
        session.get_one(Company, company.id).linked_accounts = "forbidden"
    with pytest.raises(InvalidInput) as forbidden:
        an_agent().ask(closed)
    with transaction():
        suspend_company(session.get_one(Company, company.id), "歇業")
    with pytest.raises(InvalidInput) as suspended:
        an_agent().ask(closed)
    assert [one.value.details["problem"] for one in (forbidden, suspended)] == [
        "binding.forbidden",
        "company.not_active",
    ]
    assert how_many() == 0
    assert actions().count("account:sign_in:failed") == 5, "they count as tries to sign in to the account"


def test_who_asks_by_name_alone_learns_nothing_until_the_owner_agrees(ming: Account, agent: Agent) -> None:
    for name in (ming.username.upper(), "nobody-here", agent.account.username):
        agent.ask_by_name(name)
    agent.ask_by_name(ming.username)  # at once: nobody is mailed again, and nobody is told
    assert templates_to(ming) == ["binding_asked"]
    a_minute_later()
    agent.ask_by_name(ming.username)  # again: the one request gives way to the new one
    [first, mail] = mails_to(ming)
    assert [one.template for one in (first, mail)] == ["binding_asked"] * 2
    assert mail.payload["context"]["gave_password"] is False
    assert not mails_to(agent.account)
    [fact] = bindings_of_account(ming.id)
    assert (fact.state, fact.asked_by_name, fact.linked_name) == (Shown.PENDING, True, "錢大明")
    assert bindings_of_account(agent.account.id) == seats_of(agent.account.id) == []
    for act in (cancel_request, send_new_code):
        with transaction(), pytest.raises(NotFound):
            act(agent.acting, fact.id)
    with pytest.raises(NotFound):
        agent.enter(fact.id, "000000")
    with transaction():
        owner_refuses(acting(ming), fact.id)
    assert not mails_to(agent.account), "a refusal would tell that there is such an account"
    a_minute_later()
    agent.ask_by_name(ming.username)
    [fact] = bindings_of_account(ming.id)
    with transaction():
        owner_agrees(acting(ming), fact.id)
    assert [seat.acting.account_id for seat in seats_of(agent.account.id)] == [ming.id]
    assert templates_to(agent.account) == ["binding_bound"]
    assert binding_of_owner(ming.id, fact.id).advises_password is False
    agent.ask_by_name(ming.username)
    assert how_many() == 3


def test_the_password_takes_the_place_of_a_request_by_name(ming: Account, agent: Agent) -> None:
    agent.ask_by_name(ming.username)
    asked = agent.ask(ming)
    assert [(fact.id, fact.asked_by_name) for fact in bindings_of_account(ming.id)] == [(asked.binding_id, False)]
    with pytest.raises(AlreadyBound):
        agent.ask(ming)


def test_ten_accounts_a_day_are_asked_for_and_no_more(ming: Account, agent: Agent, company: Company) -> None:
    """security.md §3: guesses on many targets are stopped, whether the names exist or not."""
    others = [f"nobody-{number}" for number in range(9)]
    for name in (*others, ming.username):
        agent.ask_by_name(name)
    with pytest.raises(TooManyRequests):
        check_may_ask(agent.acting)
    check_may_ask(agent.acting, ming.username.upper())
    agent.ask(ming)  # an account that was asked for today is no other one
    eleventh = person(company, password=PASSWORD)
    for _ in range(2):
        with pytest.raises(TooManyRequests):
            agent.ask(eleventh)
        with pytest.raises(TooManyRequests):
            agent.ask_by_name("nobody-11")
    assert not mails_to(eleventh)
    check_may_ask(an_agent().acting)


def test_whoever_asks_by_name_alone_uses_up_nothing_that_others_need(ming: Account, company: Company) -> None:
    """A mailbox is asked three times a day so; who knows the password, and every other mail to it, is not hindered."""
    namesake = person(company, email=ming.email)
    for _ in range(3):
        for account in (ming, namesake):
            an_agent().ask_by_name(account.username)
    asked = templates_to(ming) + templates_to(namesake)
    assert asked == ["binding_asked"] * 3
    assert how_many() == 3
    assert not is_reached(replace(MAILS_PER_MAILBOX, most=1), ming.email_canonical)
    for _ in range(5):
        an_agent().ask(ming)
    with pytest.raises(TooManyRequests):
        an_agent().ask(ming)


def test_a_minute_lies_between_two_requests_for_one_account(ming: Account, agent: Agent) -> None:
    """Also where the first was taken back, refused or ended: else each would be a mail at once."""
    asked = agent.ask(ming)
    with transaction():
        cancel_request(agent.acting, asked.binding_id)
    with pytest.raises(TooManyRequests) as refused:
        agent.ask(ming)
    assert 0 < refused.value.retry_seconds <= CODE_PAUSE.total_seconds()
    assert len(mails_to(ming)) == 1
    agent.ask_by_name(ming.username)  # goes its own way
    a_minute_later()
    assert agent.ask(ming).how == "owner"


def test_a_request_is_taken_back_and_its_code_with_it(company: Company, agent: Agent) -> None:
    hua = person(company, service_id=a_service(policy=CODED | {"company_proof": ["operator"]}).id, password=PASSWORD)
    asked = agent.ask(hua)
    with transaction(), pytest.raises(NotFound):
        cancel_request(an_agent().acting, asked.binding_id)
    with transaction(), pytest.raises(ChangedMeanwhile):
        linked_unbinds(agent.acting, asked.binding_id)
    with transaction():
        cancel_request(agent.acting, asked.binding_id)
    with pytest.raises(NotFound):
        agent.enter(asked.binding_id, code_mailed_to(hua))
    assert templates_to(hua) == ["binding_code"]
    a_minute_later()
    assert state_of(agent.bind(hua)) is BindingState.BOUND
    with transaction(), pytest.raises(ChangedMeanwhile):
        cancel_request(agent.acting, bindings_of_account(hua.id)[0].id)
    assert [fact.proof for fact in bindings_of_company(company.id)] == [BindingProof.PASSWORD_AND_CODE]


def test_what_came_to_nothing_is_forgotten_after_thirty_days(ming: Account, agent: Agent) -> None:
    over = now() - REQUESTS_KEPT - timedelta(seconds=1)
    kept, lapsed, refused = (an_agent() for _ in range(3))
    fresh = kept.ask(ming).binding_id
    old, taken_back = lapsed.ask(ming).binding_id, refused.ask(ming).binding_id
    with transaction():
        owner_refuses(acting(ming), taken_back)
    bound = agent.ask(ming).binding_id
    with transaction():
        owner_agrees(acting(ming), bound)
    for binding_id in (old, taken_back, bound):
        change(binding_id, code_expires_at=over)
    assert tidy() == 2
    assert set(session.scalars(select(Binding.id))) == {fresh, bound}


@pytest.mark.both_databases
def test_of_several_requests_at_once_one_is_made(ming: Account, agent: Agent, database: Flask) -> None:
    linked, name = agent.acting, ming.username

    def ask() -> str:
        ask_owner(linked, name)
        return "asked"

    assert at_once(database, *[ask] * 6) == ("asked",) * 6
    living = select(func.count()).select_from(Binding).where(Binding.state != BindingState.UNBOUND)
    assert session.scalar(living) == 1
    assert len({mail.recipient for mail in mails()}) == 1
