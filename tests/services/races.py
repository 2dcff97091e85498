"""Several people who act in the same instant, each with a transaction of her own."""

import threading
from collections.abc import Callable

from flask import Flask

from idp.db import session, transaction
from idp.errors import Refused

Act = Callable[[], str]


def at_once(database: Flask, *acts: Act) -> tuple[str, ...]:
    """How each of several acts ends that begin at the same moment: its answer or the code of its refusal."""
    session.commit()
    gate = threading.Barrier(len(acts))
    ends: dict[int, str | BaseException] = {}

    def run(number: int, act: Act) -> None:
        with database.app_context():
            gate.wait()
            try:
                with transaction():
                    ends[number] = act()
            except Refused as refusal:
                ends[number] = refusal.code
            except BaseException as accident:
                ends[number] = accident

    threads = [threading.Thread(target=run, args=one) for one in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session.expire_all()
    told = tuple(ends[number] for number in range(len(acts)))
    assert all(isinstance(end, str) for end in told), told
    return tuple(str(end) for end in told)
