"""The audit log is chained in order, its heads are signed, and whatever is changed afterwards is found."""

import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, insert, select, update

from idp.db import db, now, session, transaction
from idp.models import AuditEntry, AuditHead
from idp.services.audit import record
from idp.services.audit_chain import seal, verify

pytestmark = pytest.mark.both_databases


def happen(times: int = 1) -> None:
    with transaction():
        for number in range(times):
            record("account:tested", account_id="ga_x", number=number, who="王小明 \u2028 𠮷")


def ids() -> list[int]:
    return list(session.scalars(select(AuditEntry.id).order_by(AuditEntry.id)))


def seal_all() -> int:
    total = 0
    while sealed := seal():
        total += sealed
    return total


def test_an_empty_log_is_whole(database: Flask) -> None:
    assert seal() == 0
    assert verify().is_intact


def test_rows_are_sealed_once_and_the_log_is_whole_before_and_after(database: Flask) -> None:
    happen(3)
    assert verify().is_intact
    assert seal_all() == 3
    happen(2)
    report = verify()
    assert (report.rows, report.sealed, report.heads, report.is_intact) == (5, 3, 1, True)
    assert seal_all() == 2
    assert verify().is_intact
    assert seal() == 0


def test_a_head_is_signed_every_hundred_rows_and_every_five_minutes(database: Flask) -> None:
    happen(1)
    seal_all()
    happen(50)
    seal_all()
    assert verify().heads == 1
    happen(60)
    seal_all()
    assert verify().heads == 2
    with transaction():
        session.execute(update(AuditHead).values(signed_at=now() - timedelta(minutes=6)))
    happen(1)
    seal_all()
    assert verify().heads == 3


@pytest.mark.parametrize("column", ["action", "actor", "account_id", "outcome", "details", "at"])
def test_a_row_changed_afterwards_is_found(database: Flask, column: str) -> None:
    happen(3)
    seal_all()
    second = ids()[1]
    value = {"details": {"number": 9}, "at": now() + timedelta(seconds=1)}.get(column, "forged")
    with transaction():
        session.execute(update(AuditEntry).where(AuditEntry.id == second).values({column: value}))
    report = verify()
    assert (report.broken_at, report.is_intact) == (second, False)


def test_a_row_taken_away_is_found(database: Flask) -> None:
    happen(3)
    seal_all()
    _, second, third = ids()
    with transaction():
        session.execute(delete(AuditEntry).where(AuditEntry.id == second))
    assert verify().broken_at == third


def test_a_row_put_between_is_found(database: Flask) -> None:
    happen(3)
    seal_all()
    _, second, third = ids()
    with transaction():
        session.execute(delete(AuditEntry).where(AuditEntry.id == second))
        session.execute(insert(AuditEntry).values(id=second, at=now(), action="forged", details={}))
    assert verify().broken_at == third


def test_a_chain_written_anew_without_the_key_does_not_fit_the_heads(database: Flask) -> None:
    happen(3)
    seal_all()
    head = session.scalars(select(AuditHead)).one().entry_id
    with transaction():
        session.execute(update(AuditEntry).values(hash=None, actor="forged"))
        session.execute(update(AuditHead).values(signature=b"forged"))
    seal_all()
    assert verify().broken_at == head


def test_sealed_rows_that_lose_their_hash_are_found_by_the_head(database: Flask) -> None:
    happen(3)
    seal_all()
    with transaction():
        session.execute(update(AuditEntry).values(hash=None))
    assert not verify().is_intact


def test_writers_and_sealers_at_once_leave_one_whole_chain(database: Flask) -> None:
    def write() -> None:
        with database.app_context():
            for _ in range(20):
                happen()

    def work() -> None:
        with database.app_context():
            for _ in range(20):
                seal()

    threads = [threading.Thread(target=act) for act in (write, write, write, work, work)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seal_all()
    report = verify()
    assert (report.rows, report.sealed, report.problem) == (60, 60, None)


def test_a_row_whose_writer_is_slow_is_not_passed_over(database: Flask) -> None:
    if db.engine.dialect.name == "sqlite":
        return  # one writer at a time: no row appears behind another
    with db.engine.connect() as slow:
        slow.execute(insert(AuditEntry).values(at=now(), action="slow", details={}))
        happen(2)
        assert seal() == 0
        slow.commit()
    assert seal_all() == 3
    assert verify().is_intact
