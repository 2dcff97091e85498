"""Several people who act in the same instant, each with a transaction of her own."""

import threading
import time
from collections.abc import Callable

from flask import Flask

from idp.db import session, transaction
from idp.errors import Refused

Act = Callable[[], str]
ON_THE_WAY = 0.15  # seconds until an act has reached what it waits for


def at_once(database: Flask, *acts: Act) -> tuple[str, ...]:
    """How each of several acts ends that begin at the same moment: its answer or the code of its refusal."""
    session.commit()
    gate = threading.Barrier(len(acts))
    running = [_Run(database, act, gate.wait) for act in acts]
    for one in running:
        one.start()
    return _ends_of(running)


def in_turn(database: Flask, hold: Callable[[], object], *acts: Act) -> tuple[str, ...]:
    """How several acts end that come one after another and all wait for what is held here, before it is let go."""
    session.commit()
    hold()
    running = [_Run(database, act, lambda: None) for act in acts]
    for one in running:
        one.start()
        time.sleep(ON_THE_WAY)
    session.rollback()
    return _ends_of(running)


class _Run(threading.Thread):
    """One act in a transaction of its own; ``end`` is its answer, the code of its refusal, or an accident."""

    def __init__(self, database: Flask, act: Act, wait: Callable[[], object]) -> None:
        super().__init__()
        self.database, self.act, self.wait = database, act, wait
        self.end: str | BaseException | None = None

    def run(self) -> None:
        with self.database.app_context():
            self.wait()
            try:
                with transaction():
                    self.end = self.act()
            except Refused as refusal:
                self.end = refusal.code
            except BaseException as accident:
                self.end = accident


def _ends_of(running: list[_Run]) -> tuple[str, ...]:
    for one in running:
        one.join()
    session.expire_all()
    ends = tuple(one.end for one in running)
    assert all(isinstance(end, str) for end in ends), ends
    return tuple(str(end) for end in ends)
