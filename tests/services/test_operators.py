"""Operators: added, set up by one link, given duties, suspended, reset; and somebody can always configure."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from idp.db import now, session, transaction
from idp.errors import (
    AlreadyExists,
    BadCredentials,
    ChangedMeanwhile,
    InvalidInput,
    LastConfigurator,
    LinkUnusable,
    NotFound,
    Refused,
)
from idp.models import AuditEntry, OneTimeSecret, Operator, OutboxEntry
from idp.policies.duties import OperatorStatus
from idp.services.audit import Circumstances, under
from idp.services.authenticators import begin_authenticator, confirm_authenticator, unconfirmed_secret
from idp.services.operator_sessions import begin_operator_session, on_duty, sessions_of
from idp.services.operator_sign_in import judge_operator, open_operator_try, settle_operator_try
from idp.services.operators import (
    NewOperator,
    activate,
    add_operator,
    awaited_operator,
    change_duties,
    change_own_password,
    hashed_operator_password,
    list_operators,
    operator_by_name,
    operator_of_id,
    reset_operator,
    suspend_operator,
)
from idp.services.secrets import digest
from tests.services.test_authenticators import code_of

pytestmark = pytest.mark.usefixtures("database")
PASSWORD = "operator-Passw0rd-71"
HERE = {"browser": "a browser", "address": "127.0.0.1"}


def new(username: str = "wenchieh", **more: Any) -> NewOperator:
    said = {"name": "周文傑", "email": f"{username}@example.test", "duties": ("configurator",)}
    return NewOperator(username=username, **{**said, **more})


def added(username: str = "wenchieh", **more: Any) -> tuple[Operator, bytes]:
    """An operator to be, and the hash of the link."""
    with transaction():
        operator, path = add_operator(new(username, **more))
    return operator, digest(path.rpartition("/")[2])


def ready(username: str, *duties: str) -> Operator:
    """An operator who can sign in."""
    operator, link = added(username, duties=duties or ("configurator",))
    hashed = hashed_operator_password(operator, PASSWORD)
    with transaction():
        app = begin_authenticator(operator.id)
        assert confirm_authenticator(operator.id, app, code_of(unconfirmed_secret(app) or "", -1))
        return activate(link, password_hash=hashed, authenticator_id=app)


def come_in(operator: Operator) -> str:
    with transaction():
        return begin_operator_session(operator, user_agent="tests", **HERE)


def password_is_right(username: str, password: str) -> bool:
    with transaction():
        attempt = open_operator_try(username, **HERE)
    is_right = judge_operator(attempt, password)
    try:
        with transaction():
            settle_operator_try(attempt, is_right=is_right)
    except BadCredentials:
        return False
    return True


@pytest.mark.parametrize(
    ("said", "field", "problem"),
    [
        ({"username": "x"}, "username", "username.form"),
        ({"username": "ops admin"}, "username", "username.form"),
        ({"name": " "}, "name", "name.form"),
        ({"name": "https://evil.example"}, "name", "name.address"),
        ({"email": "nobody"}, "email", "email.form"),
        ({"email": "a@b.example\nBcc: c@d.example"}, "email", "email.form"),
        ({"duties": ()}, "duties", "operator.duties"),
        ({"duties": ("reviewer", "god")}, "duties", "operator.duties"),
        ({"own_tax_id": "00000017"}, "own_tax_id", "tax_id.form"),
    ],
)
def test_what_is_said_of_an_operator_is_checked(said: dict[str, Any], field: str, problem: str) -> None:
    with pytest.raises(InvalidInput) as refused, transaction():
        add_operator(new(**said))
    assert (refused.value.details["field"], refused.value.details["problem"]) == (field, problem)
    assert list_operators() == []


def test_an_operator_is_added_once_and_told_by_mail() -> None:
    operator, _ = added("WenChieh", own_tax_id="００００００１６ ", locale="en")
    assert (operator.status, operator.own_tax_id, operator.password_hash) == (OperatorStatus.INVITED, "00000016", None)
    assert operator_by_name("ｗｅｎｃｈｉｅｈ") is operator
    [mail] = session.scalars(select(OutboxEntry))
    assert (mail.recipient, mail.payload["template"], mail.payload["locale"]) == (
        operator.email,
        "operator_set_up",
        "en",
    )
    with pytest.raises(AlreadyExists), transaction():
        add_operator(new("WENCHIEH"))
    assert not password_is_right("wenchieh", ""), "no password opens it yet"


def trouble(link: bytes) -> str:
    with pytest.raises(LinkUnusable) as refused:
        awaited_operator(link)
    return str(refused.value.details["because"])


def test_a_link_is_of_no_use_when_it_is_over() -> None:
    operator, link = added()
    assert awaited_operator(link).operator.id == operator.id
    assert trouble(digest("made up")) == "unknown"
    with transaction():
        session.execute(update(OneTimeSecret).values(expires_at=now() - timedelta(seconds=1)))
    assert trouble(link) == "expired"
    with transaction():
        _, path = reset_operator(operator.id, operator.version)
    assert trouble(link) == "replaced"
    newest = digest(path.rpartition("/")[2])
    assert awaited_operator(newest)
    with transaction():
        suspend_operator(operator.id, operator.version)
    assert trouble(newest) == "suspended"
    with pytest.raises(LinkUnusable), transaction():
        activate(newest, password_hash="x", authenticator_id="at_x")


def test_nobody_is_let_in_without_a_confirmed_app() -> None:
    """AD02: not even by the last step of the set-up alone."""
    operator, link = added()
    with transaction():
        app = begin_authenticator(operator.id)
    with pytest.raises(LinkUnusable) as refused, transaction():
        activate(link, password_hash="x", authenticator_id=app)
    assert refused.value.details["because"] == "elsewhere"
    assert awaited_operator(link), "the link is not used up by it"
    assert operator_of_id(operator.id).status is OperatorStatus.INVITED


def test_what_is_taken_away_is_gone_at_once() -> None:
    boss, operator = ready("boss"), ready("support", "support")
    token = come_in(operator)
    here = on_duty(token)
    assert here is not None
    assert (here.operator_id, here.duties) == (operator.id, ("support",))
    assert on_duty("made up") is None
    with transaction():
        change_duties(operator.id, operator.version, ["auditor"], None)
    told = on_duty(token)
    assert told is not None
    assert told.duties == ("auditor",)
    second = come_in(operator)
    assert [one.is_this for one in sessions_of(operator.id, token=token)] == [False, True]
    with transaction():
        change_own_password(operator.id, hashed_operator_password(operator, "another-Passw0rd-3"), token=second)
    assert (on_duty(token), on_duty(second) is not None) == (None, True)
    assert not password_is_right("support", PASSWORD)
    assert password_is_right("support", "another-Passw0rd-3")
    with transaction():
        suspend_operator(operator.id, operator.version)
    assert on_duty(second) is None
    assert not password_is_right("support", "another-Passw0rd-3")
    with transaction():
        reset_operator(operator.id, operator.version)
    assert operator.status is OperatorStatus.INVITED
    assert not password_is_right("support", "another-Passw0rd-3")
    assert on_duty(come_in(boss)) is not None
    details = "".join(str(row.details) for row in session.scalars(select(AuditEntry)))
    assert PASSWORD not in details
    assert "argon2" not in details


def test_a_change_is_about_what_was_seen() -> None:
    operator = ready("boss")
    for act in (
        lambda: change_duties(operator.id, operator.version - 1, ["auditor"], None),
        lambda: suspend_operator(operator.id, operator.version - 1),
        lambda: reset_operator(operator.id, operator.version + 1),
    ):
        with pytest.raises(ChangedMeanwhile), transaction():
            act()
    with pytest.raises(NotFound), transaction():
        suspend_operator("op_nobody", 1)
    with pytest.raises(NotFound):
        operator_of_id("op_nobody")
    with pytest.raises(InvalidInput), transaction():
        change_duties(operator.id, operator.version, [], None)


def test_somebody_can_always_configure() -> None:
    boss = ready("boss")
    invited, _ = added("invited")
    for act in (
        lambda: change_duties(boss.id, boss.version, ["auditor"], None),
        lambda: suspend_operator(boss.id, boss.version),
        lambda: reset_operator(boss.id, boss.version),
    ):
        with pytest.raises(LastConfigurator), transaction():
            act()
    with transaction():
        change_duties(boss.id, boss.version, ["configurator", "auditor"], "00000016")
        change_duties(invited.id, invited.version, ["auditor"], None)
        reset_operator(boss.id, boss.version, may_be_last=True)
    assert boss.status is OperatorStatus.INVITED


@pytest.mark.both_databases
def test_two_who_step_down_in_the_same_moment_leave_one(database: Flask) -> None:
    people = [ready("first"), ready("second")]
    seen = [(one.id, one.version) for one in people]
    session.rollback()

    def step_down(which: int) -> str:
        with database.app_context(), under(Circumstances(actor="cli:tests")):
            try:
                with transaction():
                    suspend_operator(*seen[which])
            except Refused as refused:
                return refused.code
            return "done"

    with ThreadPoolExecutor(2) as pool:
        told = sorted(pool.map(step_down, (0, 1)))
    assert told == ["done", "operator.last_configurator"]


def test_failures_are_counted_apart_from_an_accounts_and_of_strangers_apart_from_hers() -> None:
    operator = ready("boss")
    come_in(operator)
    elsewhere = {"browser": "another browser", "address": "127.0.0.2"}
    for _ in range(6):
        with transaction():
            attempt = open_operator_try("boss", **elsewhere)
    assert attempt.hash is None, "it waits"
    assert not judge_operator(attempt, PASSWORD)
    assert password_is_right("boss", PASSWORD)
    with transaction():
        unknown = open_operator_try("nobody-at-all", **elsewhere)
    assert (unknown.operator_id, unknown.hash) == (None, None)
    with transaction():
        long = open_operator_try("x" * 100_000, **elsewhere)
    assert len(long.name) == 256
