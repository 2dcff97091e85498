"""What is measured on a big data set: one visitor at a time, so that nothing waits in a queue.

What is timed is the server's own time, and loopback.
"""

import os
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from tests.bench.building import Built
from tests.bench.load import drive
from tests.bench.operations import Steps, Target, Visitor, Wrong
from tests.bench.population import Population
from tests.bench.processes import cpu_milliseconds, database_processes, tree
from tests.bench.provider import HOST, REDIRECT_URI, running
from tests.bench.register_figures import OPERATIONS, register_process
from tests.bench.scale_pages import CONSOLE, WIZARD, begin_application, office_of, sign_in
from tests.bench.timings import Row, Timings
from tests.bench.wire import Answer, Broken, Connection

ERRORS_IN_A_ROW = 5
WARM_UP_SECONDS = 0.3

T = TypeVar("T")
# What is done, and in which company (nothing for the register).
Key = tuple[str, str]


@dataclass(slots=True)
class DataSet:
    """One column of the table: a data set in the database of its name, its provider's settings, what was measured."""

    name: str
    people: Population
    built: Built
    environment: dict[str, str]
    port: int
    rows: dict[Key, Row] = field(default_factory=dict)


def titles() -> dict[Key, str]:
    """Every row of the table, in order."""
    found: dict[Key, str] = {(name, ""): title for name, title in OPERATIONS.items()}
    found |= {(name, ""): name for name in WIZARD}
    return found | {(name, company): f"{name}; {company} company" for name in CONSOLE for company in ("small", "big")}


class Reader:
    """Somebody at a browser who opens one page after another."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._connection = Connection(visitor.target.host, visitor.target.port)
        self._luck = random.Random(3)

    def first(self, steps: Callable[[Visitor], Steps]) -> None:
        """What comes before all that is measured. Raises Wrong or Broken."""
        drive(steps(self._visitor), self._connection)

    def measure(
        self, steps: Callable[[Visitor, T, random.Random], Steps], place: T, seconds: float, pids: Sequence[int]
    ) -> Timings:
        """Do an operation again and again for so long; after a few failures in a row it is given up."""
        found = Timings()
        failed_in_a_row = 0
        for _ in found.repeatedly(seconds):
            try:
                self._do(steps(self._visitor, place, self._luck), found, [os.getpid(), *pids])
                failed_in_a_row = 0
            except (Wrong, Broken, ValueError) as error:
                found.failed(error)
                self._connection.close()
                failed_in_a_row += 1
                if failed_in_a_row == ERRORS_IN_A_ROW:
                    break
        return found

    def _do(self, steps: Steps, found: Timings, pids: Sequence[int]) -> None:
        """Do one operation; the last of its requests counts, once its answer was found right."""
        answer: Answer | None = None
        last = Timings()
        while True:
            try:
                request = steps.send(answer) if answer else next(steps)
            except StopIteration:
                break
            last = Timings()
            with last.one(pids):
                answer = self._answer(request)
        found.as_it_was += last.as_it_was
        found.undisturbed += last.undisturbed

    def _answer(self, request: bytes) -> Answer:
        self._connection.send(request)
        answer = None
        while answer is None:
            answer = self._connection.receive()
        return answer


@dataclass(frozen=True, slots=True)
class _Measured:
    """One row of one column: how to do it for some seconds, beside which processes, and whose CPU it takes."""

    row: Row
    act: Callable[[float, Sequence[int]], Timings]
    database: str
    pid: int


def measure(sets: Sequence[DataSet], database_pid: int | None, rounds: int, seconds: float, log: Path) -> None:
    """Fill the rows of all data sets: interleaved rounds, so that a disturbance falls on all.

    Raises Wrong, Broken, ProviderFailed.
    """
    with ExitStack() as stack:
        columns = [dict(_column(one, stack, log)) for one in sets]
        order = [column[key] for key in titles() for column in columns]
        for each in order:
            each.act(WARM_UP_SECONDS, ())
        for _ in range(rounds):
            for each in order:
                at_work = [*tree(each.pid), *database_processes(database_pid, each.database)]
                before = [cpu_milliseconds(pid) for pid in (each.pid, database_pid)]
                found = each.act(seconds, at_work)
                after = [cpu_milliseconds(pid) for pid in (each.pid, database_pid)]
                each.row.add(found, *(b - a for a, b in zip(before, after, strict=True)))


def _column(one: DataSet, stack: ExitStack, log: Path) -> Iterator[tuple[Key, _Measured]]:
    register = stack.enter_context(register_process(one.environment, one.people.register))
    for name in OPERATIONS:
        row = one.rows[name, ""] = Row()
        yield (name, ""), _Measured(row, partial(register.measure, name), one.name, register.pid)
    provider = stack.enter_context(running(one.environment, one.port, log))
    offices = {"small": office_of(one.people, one.people.small), "big": office_of(one.people, one.people.big)}
    admins = tuple(office.admin for office in offices.values())
    target = Target(HOST, one.port, one.environment["IDP_ISSUER"], REDIRECT_URI, one.people.password, admins, {})
    applicant = Reader(Visitor(target, len(offices)))
    applicant.first(begin_application)
    for name, wizard_page in WIZARD.items():
        row = one.rows[name, ""] = Row()
        yield (name, ""), _Measured(row, partial(applicant.measure, wizard_page, one.people), one.name, provider.pid)
    for number, (company, office) in enumerate(offices.items()):
        admin = Reader(Visitor(target, number))
        admin.first(sign_in)
        for name, page in CONSOLE.items():
            row = one.rows[name, company] = Row()
            yield (name, company), _Measured(row, partial(admin.measure, page, office), one.name, provider.pid)
