"""The code of a binding: taken once, by whom it was asked for, within 24 hours, and not to be guessed."""

import logging
from datetime import timedelta

import pytest
from flask import Flask

from idp.app import create_app
from idp.db import now, session, transaction
from idp.errors import AlreadyBound, CodeExpired, CodeVoid, InvalidInput, NotFound, TooManyRequests, WrongCode
from idp.mails.render import rendered
from idp.models import Account, Binding, Company
from idp.policies.bindings import CODE_PAUSE
from idp.policies.limits import BINDING_CODES_PER_ACCOUNT, BINDING_TRIES_PER_ACCOUNT, WRONG_BINDING_CODES
from idp.policies.roles import Role
from idp.policies.standing import BindingState
from idp.services.accounts import suspend_account
from idp.services.binding_codes import EVERYBODY, enter_code
from idp.services.binding_requests import send_new_code
from idp.services.limits import count
from tests.services.applicants import a_service
from tests.services.binders import (
    CODED,
    Agent,
    an_agent,
    change,
    code_mailed_to,
    mails_to,
    state_of,
    templates_to,
    wrong,
)
from tests.services.people import PASSWORD, actions, audit_rows, person
from tests.services.races import at_once


@pytest.fixture
def ming(company: Company) -> Account:
    """王小明, whose service asks for a code."""
    return person(company, service_id=a_service(policy=CODED | {"company_proof": ["operator"]}).id, password=PASSWORD)


@pytest.fixture
def agent(database: Flask) -> Agent:
    return an_agent()


def test_the_code_binds_however_it_is_typed(ming: Account, agent: Agent) -> None:
    asked = agent.ask(ming)
    assert asked.how == "code"
    code = code_mailed_to(ming)
    [mail] = mails_to(ming, "binding_code")
    assert code not in str(mail.payload), "a dump of the database has no code that works"
    full_width = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    bound = agent.enter(asked.binding_id, f" {full_width[:3]}　{full_width[3:]} ")
    assert (bound.state, bound.code_hash, bound.bound_at is not None) == (BindingState.BOUND, None, True)
    assert templates_to(ming) == ["binding_code", "binding_bound"]
    assert templates_to(agent.account) == ["binding_bound"]
    assert mails_to(ming, "binding_bound")[0].payload["context"]["advises_password"] is False
    told = [(row.action, row.account_id, row.linked_account_id, row.company_id) for row in audit_rows()][-3:]
    ids = (ming.id, agent.account.id)
    assert told == [
        ("binding:asked", *ids, None),  # her company reads of what she has agreed to
        ("binding:code:sent", *ids, None),
        ("binding:bound", *ids, ming.company_id),
    ]
    assert code not in str([row.details for row in audit_rows()])
    with pytest.raises(AlreadyBound):
        agent.enter(asked.binding_id, code)
    with pytest.raises(AlreadyBound):
        agent.ask(ming)


def test_five_wrong_codes_make_it_void_and_its_owner_is_told(ming: Account, agent: Agent) -> None:
    """BC01, BC06: whatever is typed counts, also what can be no code."""
    asked = agent.ask(ming)
    code = code_mailed_to(ming)
    for left, typed in zip((4, 3, 2, 1), (wrong(code), code[:5], f"{code}0", "abc"), strict=True):
        with pytest.raises(WrongCode) as refused:
            agent.enter(asked.binding_id, typed)
        assert refused.value.details["left"] == left
    with pytest.raises(CodeVoid):
        agent.enter(asked.binding_id, wrong(code))
    with pytest.raises(CodeVoid):
        agent.enter(asked.binding_id, code)
    assert templates_to(ming) == ["binding_code", "binding_code_void"]
    assert actions().count("binding:code:refused") == 5
    change(asked.binding_id, code_sent_at=now() - CODE_PAUSE)
    with transaction():
        send_new_code(agent.acting, asked.binding_id)
    with pytest.raises(WrongCode):
        agent.enter(asked.binding_id, code)  # the old one is dead
    assert agent.enter(asked.binding_id, code_mailed_to(ming)).state is BindingState.BOUND


def test_a_code_fits_only_its_own_request(ming: Account, agent: Agent, company: Company) -> None:
    """BC02: the code of one request is wrong for another, and another's request is not to be found."""
    hua = person(company, service_id=ming.service_id, password=PASSWORD)
    first, second, stranger = agent.ask(ming), agent.ask(hua), an_agent("陳志明")
    code = code_mailed_to(ming)
    if code != code_mailed_to(hua):
        with pytest.raises(WrongCode):
            agent.enter(second.binding_id, code)
        assert session.get_one(Binding, second.binding_id, populate_existing=True).code_tries == 1
    for binding_id in (first.binding_id, "bi_unknown"):
        with pytest.raises(NotFound):
            stranger.enter(binding_id, code)
        with transaction(), pytest.raises(NotFound):
            send_new_code(stranger.acting, binding_id)
    assert state_of(first.binding_id) is BindingState.PENDING


def test_a_code_lasts_24_hours_to_the_second(ming: Account, agent: Agent) -> None:
    """BC03."""
    asked = agent.ask(ming)
    binding = session.get_one(Binding, asked.binding_id, populate_existing=True)
    assert binding.code_sent_at is not None
    assert binding.code_expires_at == binding.code_sent_at + timedelta(hours=24)
    change(asked.binding_id, code_expires_at=now() - timedelta(milliseconds=1))
    with pytest.raises(CodeExpired):
        agent.enter(asked.binding_id, code_mailed_to(ming))
    change(asked.binding_id, code_expires_at=now() + timedelta(seconds=30))
    assert agent.enter(asked.binding_id, code_mailed_to(ming)).state is BindingState.BOUND


def test_another_code_is_sent_once_a_minute_and_five_times_a_day(ming: Account, agent: Agent) -> None:
    asked = agent.ask(ming)
    with transaction(), pytest.raises(TooManyRequests) as refused:
        send_new_code(agent.acting, asked.binding_id)
    assert 55 <= refused.value.retry_seconds <= 60
    for _ in range(BINDING_CODES_PER_ACCOUNT.most - 1):
        change(asked.binding_id, code_sent_at=now() - CODE_PAUSE)
        with transaction():
            assert send_new_code(agent.acting, asked.binding_id).how == "code"
    change(asked.binding_id, code_sent_at=now() - CODE_PAUSE)
    with transaction(), pytest.raises(TooManyRequests):
        send_new_code(agent.acting, asked.binding_id)
    with pytest.raises(TooManyRequests):
        an_agent("陳志明").ask(ming)  # the cap is the account's, whoever asks
    assert len(mails_to(ming, "binding_code")) == 5


def test_guesses_are_capped_for_an_account_and_for_the_system(
    ming: Account, agent: Agent, caplog: pytest.LogCaptureFixture
) -> None:
    """security.md §3: 25 tries for an account a day, 2,000 wrong codes a day for all, a warning at 200."""
    asked = agent.ask(ming)
    code = code_mailed_to(ming)
    with transaction():
        for _ in range(BINDING_TRIES_PER_ACCOUNT.most - 1):
            count(BINDING_TRIES_PER_ACCOUNT, ming.id)
        for _ in range(199):
            count(WRONG_BINDING_CODES, EVERYBODY)
    with caplog.at_level(logging.WARNING), pytest.raises(WrongCode):
        agent.enter(asked.binding_id, wrong(code))
    assert "binding codes: 200 wrong ones today" in caplog.text
    with pytest.raises(TooManyRequests):
        agent.enter(asked.binding_id, code)
    other = person(session.get_one(Company, ming.company_id), service_id=ming.service_id, password=PASSWORD)
    second = agent.ask(other)
    with transaction():
        for _ in range(WRONG_BINDING_CODES.most - 200):
            count(WRONG_BINDING_CODES, EVERYBODY)
    with pytest.raises(TooManyRequests):
        agent.enter(second.binding_id, code_mailed_to(other))


def test_what_can_no_longer_be_bound_is_refused_with_the_right_code_too(ming: Account, agent: Agent) -> None:
    asked = agent.ask(ming)
    code = code_mailed_to(ming)
    with transaction():
        suspend_account(ming, "離職")
    with pytest.raises(InvalidInput) as refused:
        agent.enter(asked.binding_id, code)
    assert refused.value.details["problem"] == "account.not_active"
    assert state_of(asked.binding_id) is BindingState.PENDING


def test_where_the_company_wants_to_be_asked_its_group_admins_decide(
    ming: Account, agent: Agent, company: Company
) -> None:
    lead = person(company, Role.GROUP_ADMIN)
    with transaction():
        session.get_one(Company, company.id).linked_accounts = "admin_approves"
    asked = agent.ask(ming)
    waiting = agent.enter(asked.binding_id, code_mailed_to(ming))
    assert (waiting.state, waiting.bound_at) == (BindingState.AWAITS_ADMIN, None)
    assert templates_to(lead) == ["binding_waits"]
    assert "binding_bound" not in templates_to(ming)
    with pytest.raises(AlreadyBound):
        agent.enter(asked.binding_id, "000000")


@pytest.mark.both_databases
def test_of_twenty_right_codes_at_once_one_binds(ming: Account, agent: Agent, database: Flask) -> None:
    """BC07."""
    asked = agent.ask(ming)
    code = code_mailed_to(ming)
    acting = agent.acting

    def enter() -> str:
        return str(enter_code(acting, asked.binding_id, code).state)

    assert sorted(at_once(database, *[enter] * 20)) == ["binding.there"] * 19 + ["bound"]
    assert actions().count("binding:bound") == 1
    assert templates_to(ming).count("binding_bound") == 1


@pytest.mark.both_databases
def test_of_twenty_wrong_codes_at_once_five_are_looked_at(ming: Account, agent: Agent, database: Flask) -> None:
    asked = agent.ask(ming)
    code = wrong(code_mailed_to(ming))
    acting = agent.acting

    def guess() -> str:
        enter_code(acting, asked.binding_id, code)
        return "bound"

    ends = at_once(database, *[guess] * 20)
    assert (ends.count("binding.code_wrong"), ends.count("binding.code_void")) == (4, 16)
    assert templates_to(ming).count("binding_code_void") == 1


@pytest.mark.requirement("R-101", "R-102", "R-109", "R-110")
def test_the_mail_asks_its_reader_to_hand_the_code_on_only_if_she_agrees(
    storage: Flask, ming: Account, agent: Agent
) -> None:
    agent.ask(ming)
    [mail] = mails_to(ming, "binding_code")
    code = code_mailed_to(ming)
    with create_app(storage.config["IDP"]).app_context():
        message, masked = rendered(mail), rendered(mail, link="https://idp.test/x")
    assert message.subject == "鏈結帳號綁定驗證碼通知"
    for form in (message.body, message.html):
        assert code in form
        assert (
            f"鏈結帳號 {agent.account.username}（錢大明）要求綁定您的帳號 {ming.username}（測試一號有限公司）。" in form
        )
        assert "若這不是您同意的，請勿提供驗證碼，並至「被綁定資訊」取消" in form
        assert "驗證碼等同您的密碼：提供後，對方即可以您的身分為 測試一號有限公司 辦理業務。" in form
        assert "請將下列驗證碼提供給 錢大明：" in form
        assert "驗證碼有效時限為 24 小時" in form
        assert "/account/bindings" in form
    assert code not in masked.body + masked.html
