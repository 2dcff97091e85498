"""Imports that operators order: one at a time, stopped and gone on with, whatever becomes of the worker."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from idp.config import settings, use_settings
from idp.db import now, session, transaction
from idp.errors import ChangedMeanwhile, ImportUnderWay, NotFound
from idp.models import AuditEntry, RegisterEntry, RegisterImport, RegisterOrder
from idp.policies.registry import ImportState, OrderProblem, OrderState
from idp.services import register_orders, registry_import, registry_steps
from idp.services.register_orders import (
    an_order_waits,
    carry_out_order,
    order_import,
    order_of_id,
    resume_order,
    stop_order,
)
from idp.services.registry import register_state
from tests.services.register_files import many, written

pytestmark = pytest.mark.both_databases

ROWS = 60


@pytest.fixture
def folder(database: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The register's folder with one file, imported in steps of ten rows each of which is told."""
    written(tmp_path / "BGMOPEN1.csv", many(ROWS))
    use_settings(settings().model_copy(update={"register_folder": tmp_path}))
    monkeypatch.setattr(register_orders, "TOLD_EVERY_SECONDS", 0.0)
    monkeypatch.setattr(registry_import, "BATCH", 10)
    monkeypatch.setattr(registry_steps, "PAUSE_SECONDS", 0.0)
    return tmp_path


def ordered(name: str = "BGMOPEN1.csv") -> int:
    with transaction():
        return order_import(name, anyway=False, ordered_by="op_x").id


def never() -> bool:
    return False


class AtCall:
    """Acts at the so-manyth time that the worker is asked whether it must end."""

    def __init__(self, number: int, act: object = None) -> None:
        self.number, self.act, self.calls = number, act, 0

    def __call__(self) -> bool:
        self.calls += 1
        if self.calls == self.number and callable(self.act):
            self.act()
        return self.act is None and self.calls >= self.number


def test_an_order_is_carried_out_once(folder: Path) -> None:
    assert (carry_out_order(never), an_order_waits()) == (0, False)
    number = ordered()
    assert an_order_waits()
    assert carry_out_order(never) == 1
    done = order_of_id(number)
    assert (done.state, done.done, done.of, done.problem) == (OrderState.DONE, ROWS, ROWS, None)
    assert register_state().serving.id == done.import_id
    assert carry_out_order(never) == 0
    again = ordered()
    carry_out_order(never)
    assert order_of_id(again).problem == OrderProblem.UNCHANGED


@pytest.mark.parametrize("call", [2, 4, 9, 13])
def test_one_that_is_stopped_goes_on_from_where_it_stood(folder: Path, call: int) -> None:
    number = ordered()

    def stop() -> None:
        with transaction():
            stop_order(number, "op_y")

    assert carry_out_order(AtCall(call, stop)) == 1
    stopped = order_of_id(number)
    assert (stopped.state, stopped.stop_asked_by) == (OrderState.STOPPED, "op_y")
    assert not an_order_waits()
    imported = session.scalar(select(RegisterImport.id).where(RegisterImport.state.in_(("working", "serving"))))
    with transaction():
        resume_order(number)
    assert carry_out_order(never) == 1
    done = order_of_id(number)
    assert (done.state, done.stop_asked_by) == (OrderState.DONE, None)
    assert done.import_id == imported
    assert len(session.scalars(select(RegisterEntry.tax_id)).all()) == ROWS


def test_a_worker_that_ends_puts_it_back_and_one_that_dies_is_followed(folder: Path) -> None:
    number = ordered()
    assert carry_out_order(AtCall(3)) == 1
    assert order_of_id(number).state is OrderState.ORDERED
    with transaction():
        session.execute(update(RegisterOrder).values(state=OrderState.RUNNING, updated_at=now()))
    assert not an_order_waits(), "its worker lives"
    with transaction():
        dead = now() - register_orders.DEAD_AFTER - timedelta(seconds=1)
        session.execute(update(RegisterOrder).values(updated_at=dead))
    assert carry_out_order(never) == 1
    assert order_of_id(number).state is OrderState.DONE


def test_there_is_one_at_a_time(folder: Path) -> None:
    number = ordered()
    with pytest.raises(ImportUnderWay):
        ordered()
    with pytest.raises(ImportUnderWay), transaction():
        resume_order(number)
    with transaction():
        stop_order(number, "op_x")
    with pytest.raises(ChangedMeanwhile), transaction():
        stop_order(number, "op_x")
    # A command imports another file.
    written(folder / "other.csv", many(ROWS + 1))
    with pytest.raises(KeyboardInterrupt):
        registry_import.import_register(folder / "other.csv", progress=_broken_off)
    with pytest.raises(ImportUnderWay):
        ordered()
    with transaction():
        session.execute(update(RegisterImport).values(updated_at=now() - timedelta(hours=1)))
    assert ordered()
    assert carry_out_order(never) == 1
    assert session.scalar(select(RegisterImport.state).order_by(RegisterImport.id).limit(1)) is ImportState.ABANDONED


def _broken_off(_phase: object, done: int, _of: object) -> None:
    raise KeyboardInterrupt


def test_what_goes_wrong_is_kept_with_the_order(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("nothing.csv", "../BGMOPEN1.csv", "/etc/passwd", ""):
        with pytest.raises(NotFound):
            ordered(name)
    number = ordered()
    (folder / "BGMOPEN1.csv").rename(folder / "gone")
    carry_out_order(never)
    assert (order_of_id(number).state, order_of_id(number).problem) == (OrderState.FAILED, OrderProblem.MISSING)
    (folder / "gone").rename(folder / "BGMOPEN1.csv")

    def accident(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    with transaction():
        resume_order(number)
    with monkeypatch.context() as patch:
        patch.setattr(register_orders, "import_register", accident)
        carry_out_order(never)
    assert order_of_id(number).problem == OrderProblem.ACCIDENT
    with transaction():
        resume_order(number)
    carry_out_order(never)
    assert order_of_id(number).state is OrderState.DONE
    (folder / "broken.csv").write_text("a,b\n")
    refused = ordered("broken.csv")
    carry_out_order(never)
    assert (order_of_id(refused).state, order_of_id(refused).problem) == (OrderState.REFUSED, "columns")
    ended = AuditEntry.action == "registry:import:ended"
    told = session.scalars(select(AuditEntry.outcome).where(ended).order_by(AuditEntry.id)).all()
    assert list(told) == ["refused", "refused", "done", "refused"]
