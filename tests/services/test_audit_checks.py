"""A check of the audit log in portions finds what the whole check finds, and goes on where another left it."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import delete, insert, select, update

from idp.db import now, session, transaction
from idp.models import AuditCheck, AuditEntry, AuditHead
from idp.policies.audit_checks import ChainProblem, CheckState
from idp.services import audit_checks
from idp.services.audit import record
from idp.services.audit_chain import seal, verify
from idp.services.audit_checks import ask_for_check, check_more, latest_check

pytestmark = pytest.mark.both_databases


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_checks, "PORTION", 3)


def a_sealed_log(rows: int = 8) -> list[int]:
    with transaction():
        for number in range(rows):
            record("account:tested", account_id="ga_x", number=number, who="王小明")
    while seal():
        pass
    return list(session.scalars(select(AuditEntry.id).order_by(AuditEntry.id)))


def checked() -> AuditCheck:
    with transaction():
        ask_for_check("op_x")
    while check_more():
        pass
    found = latest_check()
    assert found is not None
    session.refresh(found)
    return found


def test_a_whole_log_is_found_whole_in_portions(database: Flask) -> None:
    assert check_more() == 0
    assert checked().state is CheckState.INTACT, "an empty one"
    ids = a_sealed_log()
    with transaction():
        record("account:tested", number=99)
    with transaction():
        asked = ask_for_check("op_x")
        assert ask_for_check("op_y").id == asked.id, "one at a time"
    assert check_more() == 3
    with transaction():
        record("account:tested", number=100)
    seal()
    found = checked()
    assert (found.state, found.heads) == (CheckState.INTACT, len(list(session.scalars(select(AuditHead)))) - 0)
    assert found.rows >= len(ids)
    assert found.head == verify().head
    assert session.scalar(select(AuditEntry.outcome).where(AuditEntry.action == "audit:checked").limit(1)) == "done"


def _changed(ids: list[int]) -> None:
    session.execute(update(AuditEntry).where(AuditEntry.id == ids[4]).values(actor="forged"))


def _taken_away(ids: list[int]) -> None:
    session.execute(delete(AuditEntry).where(AuditEntry.id == ids[4]))


def _put_between(ids: list[int]) -> None:
    _taken_away(ids)
    session.execute(insert(AuditEntry).values(id=ids[4], at=now(), action="forged", details={}))


def _head_forged(_ids: list[int]) -> None:
    session.execute(update(AuditHead).values(signature=b"forged"))


def _end_cut_off(ids: list[int]) -> None:
    session.execute(delete(AuditHead))
    session.execute(insert(AuditHead).values(entry_id=ids[-1], hash=b"\0" * 32, signed_at=now(), signature=b"x"))
    session.execute(update(AuditEntry).where(AuditEntry.id == ids[-1]).values(hash=None))


@pytest.mark.parametrize(
    ("forge", "place", "problem"),
    [
        (_changed, 4, ChainProblem.CHANGED),
        (_taken_away, 5, ChainProblem.CHANGED),
        (_put_between, 4, ChainProblem.UNSEALED),
        (_head_forged, 7, ChainProblem.HEAD),
        (_end_cut_off, 7, ChainProblem.UNSEALED),
    ],
)
def test_what_was_forged_is_found_at_its_row(
    database: Flask, forge: Callable[[list[int]], None], place: int, problem: ChainProblem
) -> None:
    ids = a_sealed_log()
    with transaction():
        forge(ids)
    found = checked()
    assert (found.state, found.broken_at, found.problem) == (CheckState.BROKEN, ids[place], problem)
    assert not verify().is_intact
    told = session.scalar(select(AuditEntry).where(AuditEntry.action == "audit:checked"))
    assert told is not None
    assert (told.outcome, told.details["broken_at"]) == ("refused", ids[place])


def test_two_workers_at_the_same_portion_count_it_once(database: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    a_sealed_log()
    with transaction():
        ask_for_check("op_x")
    portion = audit_checks._portion
    another: list[int] = []

    def overtaken(check: AuditCheck) -> object:
        found = portion(check)
        if not another:
            another.append(1)
            another[0] = check_more()
        return found

    monkeypatch.setattr(audit_checks, "_portion", overtaken)
    check_more()
    found = latest_check()
    assert found is not None
    session.refresh(found)
    assert (another, found.rows) == ([3], 3)
