"""Imports of the register that operators order at the console; `idp worker` carries them out, one at a time.

ordered -> running -> done | refused (the file) | failed (an accident) | stopped (by an operator) -> ordered ...

The rows of an order say how far it is. A worker that ends puts its order back, one that dies leaves it to the next:
the import itself goes on from where it stood (idp.services.registry_import).
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import or_, select, update

from idp.config import settings
from idp.db import now, one_at_a_time, session, transaction
from idp.errors import ChangedMeanwhile, ImportUnderWay, NotFound
from idp.models import RegisterOrder
from idp.policies.registry import OPEN_ORDERS, ImportPhase, OrderProblem, OrderState
from idp.services.audit import record
from idp.services.registry import register_state
from idp.services.registry_file import FileRefused
from idp.services.registry_import import import_register
from idp.services.registry_steps import ImportTakenOver

SUFFIXES = frozenset({".zip", ".csv"})
MOST_FILES = 50
TURN = b"register:order"
TOLD_EVERY_SECONDS = 0.5
# An import moves many times a second but while PostgreSQL gathers statistics; one that has not for this long is dead.
DEAD_AFTER = timedelta(seconds=90)
ORDERS_SHOWN = 10
RESUMABLE = (OrderState.STOPPED, OrderState.FAILED)

log = logging.getLogger(__name__)


class RegisterFile(NamedTuple):
    """A file that can be imported."""

    name: str
    size: int
    changed_at: datetime


class _Stopped(Exception):
    """An operator wants this import stopped, or its worker has to end."""


def register_files() -> list[RegisterFile]:
    """The files in the register's folder, the newest first; none where no folder is set or it is not there."""
    folder = settings().register_folder
    if folder is None or not folder.is_dir():
        return []
    found = []
    for file in folder.iterdir():
        # A link could lead anywhere.
        if file.suffix.lower() in SUFFIXES and file.is_file() and not file.is_symlink() and file.name.isprintable():
            told = file.stat()
            found.append(RegisterFile(file.name, told.st_size, datetime.fromtimestamp(told.st_mtime, now().tzinfo)))
    return sorted(found, key=lambda file: file.changed_at, reverse=True)[:MOST_FILES]


def orders() -> list[RegisterOrder]:
    """The last orders, the newest first."""
    return list(session.scalars(select(RegisterOrder).order_by(RegisterOrder.id.desc()).limit(ORDERS_SHOWN)))


def open_order() -> RegisterOrder | None:
    """The order that waits or is carried out."""
    return session.scalar(select(RegisterOrder).where(RegisterOrder.state.in_(OPEN_ORDERS)).limit(1))


def order_import(file_name: str, *, anyway: bool, ordered_by: str) -> RegisterOrder:
    """Have a file imported. Raises ImportUnderWay, and NotFound where it is not in the folder."""
    if file_name not in {file.name for file in register_files()}:
        raise NotFound(what="file")
    one_at_a_time(TURN)
    _nothing_under_way()
    moment = now()
    order = RegisterOrder(
        file_name=file_name,
        anyway=anyway,
        state=OrderState.ORDERED,
        ordered_by=ordered_by,
        ordered_at=moment,
        updated_at=moment,
        done=0,
    )
    session.add(order)
    session.flush()
    record("registry:import:ordered", order=order.id, file=file_name, anyway=anyway)
    return order


def stop_order(order_id: int, stopped_by: str) -> None:
    """Stop an import: at once where it waits, else within a second. Raises ChangedMeanwhile where it is over."""
    moment = now()
    waiting = {"state": OrderState.STOPPED, "finished_at": moment}
    # Of one that runs the worker's moment stays: by it others know that the worker lives.
    stopped = _change(order_id, (OrderState.ORDERED,), stop_asked_by=stopped_by, updated_at=moment, **waiting)
    if not stopped and not _change(order_id, (OrderState.RUNNING,), stop_asked_by=stopped_by):
        raise ChangedMeanwhile
    record("registry:import:stopped", order=order_id)


def resume_order(order_id: int) -> None:
    """Go on with an import that was stopped or had an accident, from where it stood.

    Raises ImportUnderWay, and ChangedMeanwhile where it goes on already.
    """
    one_at_a_time(TURN)
    _nothing_under_way()
    again: dict[str, Any] = {"state": OrderState.ORDERED, "stop_asked_by": None, "finished_at": None, "problem": None}
    if not _change(order_id, RESUMABLE, updated_at=now(), **again):
        raise ChangedMeanwhile
    record("registry:import:resumed", order=order_id)


def order_of_id(order_id: int) -> RegisterOrder:
    """One order. Raises NotFound."""
    found = session.get(RegisterOrder, order_id, populate_existing=True)
    if found is None:
        raise NotFound(what="order")
    return found


def _nothing_under_way() -> None:
    working = register_state().working
    by_command = working is not None and now() - working.updated_at < DEAD_AFTER and not _was_stopped(working)
    if open_order() is not None or by_command:
        raise ImportUnderWay


def _was_stopped(working: Any) -> bool:
    """Whether what seems under way is an import that an operator has just stopped, and no command's."""
    last = session.scalar(select(RegisterOrder).order_by(RegisterOrder.id.desc()).limit(1))
    return last is not None and last.state in RESUMABLE and last.updated_at >= working.updated_at


def _change(order_id: int, states: tuple[OrderState, ...], **values: Any) -> bool:
    changed = session.execute(
        update(RegisterOrder)
        .where(RegisterOrder.id == order_id, RegisterOrder.state.in_(states))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]  # of an UPDATE


def an_order_waits() -> bool:
    """Whether there is an import to begin, or one whose worker has died. Call it outside a transaction."""
    found = session.scalar(select(RegisterOrder.id).where(_due()).limit(1)) is not None
    session.commit()
    return found


def _due() -> Any:
    died = (RegisterOrder.state == OrderState.RUNNING) & (RegisterOrder.updated_at < now() - DEAD_AFTER)
    return or_(RegisterOrder.state == OrderState.ORDERED, died)


def carry_out_order(must_end: Callable[[], bool]) -> int:
    """Import what was ordered, to its end; 0 where there is nothing. Call it outside a transaction.

    It takes minutes. ``must_end`` says that the worker has to end: the order is then put back for another.
    """
    order = _claimed()
    if order is None:
        return 0
    telling = _Telling(order.id, must_end)
    try:
        done = import_register(_path_of(order.file_name), anyway=order.anyway, progress=telling)
    except _Stopped:
        _settle(order.id, OrderState.ORDERED if telling.is_put_back else OrderState.STOPPED)
    except FileRefused as refusal:
        _settle(order.id, OrderState.REFUSED, problem=refusal.problem, line=refusal.line)
    except ImportTakenOver:
        _settle(order.id, OrderState.FAILED, problem=OrderProblem.TAKEN_OVER)
    except OSError as error:
        log.exception("the file %s of the register can't be read", order.file_name)
        problem = OrderProblem.MISSING if isinstance(error, FileNotFoundError) else OrderProblem.UNREADABLE
        _settle(order.id, OrderState.FAILED, problem=problem)
    except Exception:
        session.rollback()
        log.exception("the import of %s came to an accident", order.file_name)
        _settle(order.id, OrderState.FAILED, problem=OrderProblem.ACCIDENT)
    else:
        told = {"import_id": done.import_id, "of": done.rows, "done": done.rows}
        _settle(order.id, OrderState.DONE, problem=OrderProblem.UNCHANGED if done.unchanged else None, **told)
    return 1


def _claimed() -> RegisterOrder | None:
    with transaction():
        due = select(RegisterOrder).where(_due()).limit(1).with_for_update(skip_locked=True)
        found = session.scalar(due.execution_options(populate_existing=True))
        if found is not None:
            found.state, found.updated_at = OrderState.RUNNING, now()
    return found


def _path_of(file_name: str) -> Path:
    folder = settings().register_folder
    if folder is None:
        raise FileNotFoundError(file_name)
    return folder / file_name


def _settle(order_id: int, state: OrderState, **values: Any) -> None:
    is_over = state is not OrderState.ORDERED
    with transaction():
        moment = now()
        finished = {"finished_at": moment if is_over else None, "updated_at": moment}
        if _change(order_id, (OrderState.RUNNING,), state=state, **finished, **values) and is_over:
            problem = values.get("problem")
            outcome = "refused" if state in {OrderState.REFUSED, OrderState.FAILED} else "done"
            record("registry:import:ended", outcome=outcome, order=order_id, state=str(state), problem=problem)


class _Telling:
    """Writes down how far the import is, twice a second, and stops it where that is wanted."""

    def __init__(self, order_id: int, must_end: Callable[[], bool]) -> None:
        self._order_id = order_id
        self._must_end = must_end
        self._next = 0.0
        self.is_put_back = False

    def __call__(self, phase: ImportPhase, done: int, of: int | None) -> None:
        if self._must_end():
            self.is_put_back = True
            raise _Stopped
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + TOLD_EVERY_SECONDS
        with transaction():
            told: dict[str, Any] = {"phase": phase, "done": done, "of": of, "updated_at": now()}
            goes_on = _change(self._order_id, (OrderState.RUNNING,), **told)
            asked = select(RegisterOrder.stop_asked_by).where(RegisterOrder.id == self._order_id)
            is_stopped = not goes_on or session.scalar(asked) is not None
        if is_stopped:
            raise _Stopped
