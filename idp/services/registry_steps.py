"""The steps of an import of the register: small transactions, each of which knows from where it goes on."""

import logging
import time
from collections.abc import Callable
from typing import Any, ParamSpec

from sqlalchemy import select, update

from idp.db import db, now, run, session, table_of, transaction
from idp.errors import DatabaseBusy
from idp.models import RegisterEntry, RegisterImport, RegisterName
from idp.policies.registry import ImportPhase, ImportState

IMPORTS = table_of(RegisterImport)
ENTRIES = table_of(RegisterEntry)
NAMES = table_of(RegisterName)
BATCH = 2000
# Several times as long as who waits for the writers' lock naps (idp/db.py), so that it is had in between.
PAUSE_SECONDS = 0.002

log = logging.getLogger(__name__)

P = ParamSpec("P")
Progress = Callable[[ImportPhase, int, int | None], None]


class ImportTakenOver(Exception):
    """Another process imports now, this file or another: this one has stopped."""


def step(act: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """One small transaction; while others hold the lock for long it waits its turn, for nothing was written."""
    while True:
        try:
            with transaction():
                act(*args, **kwargs)
            break
        except DatabaseBusy:
            log.warning("the database is busy, and the import of the register waits")
    if db.engine.dialect.name == "sqlite":
        time.sleep(PAUSE_SECONDS)


def import_row(import_id: int) -> Any:
    """How an import stands now."""
    found = run(select(IMPORTS).where(IMPORTS.c.id == import_id)).one()
    session.commit()
    return found


def move(import_id: int, at: tuple[ImportPhase, str], **values: Any) -> None:
    """Take the import on from this phase and position. Raises ImportTakenOver if it stands elsewhere."""
    stands = (IMPORTS.c.id == import_id, IMPORTS.c.phase == at[0], IMPORTS.c.position == at[1])
    going = IMPORTS.c.state.in_((ImportState.WORKING, ImportState.SERVING))
    if run(update(IMPORTS).where(*stands, going).values(updated_at=now(), **values)).rowcount != 1:
        raise ImportTakenOver


def next_phase(import_id: int, phase: ImportPhase, following: ImportPhase, **values: Any) -> None:
    """Go on to the next phase, from its beginning."""
    position = import_row(import_id).position
    told = {"phase": following, "position": "", "done": 0, **values}
    step(move, import_id, (phase, position), **told)
