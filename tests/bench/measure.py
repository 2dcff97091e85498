"""A campaign on one database: statements, then interleaved rounds of every operation, and their medians."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.bench.load import Load, LoadFailed, Tally, drive
from tests.bench.operations import OPERATIONS, Target, Visitor
from tests.bench.processes import Memory, cpu_milliseconds, memory
from tests.bench.wire import Connection

WARM_UP_SECONDS = 0.3
STATEMENT_RUNS = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    names: Sequence[str]
    rounds: int
    seconds: float
    users: int
    processes: int


@dataclass(frozen=True, slots=True)
class Round:
    """One measurement of one operation. Milliseconds each; CPU an operation."""

    cpu: float
    database_cpu: float
    client_cpu: float
    per_second: float
    p50: float
    p95: float
    p99: float
    operations: int


@dataclass(slots=True)
class Row:
    """Everything about one operation."""

    rounds: list[Round] = field(default_factory=list)
    errors: int = 0
    server_errors: int = 0
    dropped: int = 0
    samples: list[str] = field(default_factory=list)

    def median(self, name: str) -> float:
        """The median over the rounds of one figure."""
        return float(statistics.median(getattr(each, name) for each in self.rounds))

    def add(self, tally: Tally, cpu: float, database_cpu: float) -> None:
        """Take in one measurement: the errors always, its figures when anything succeeded."""
        self.errors += tally.errors
        self.server_errors += tally.server_errors
        self.dropped += tally.dropped
        self.samples = (self.samples + tally.samples)[:5]
        count, times = tally.operations, sorted(tally.milliseconds)
        if times:
            self.rounds.append(
                Round(
                    cpu=round(cpu / count, 4),
                    database_cpu=round(database_cpu / count, 4),
                    client_cpu=round(tally.client_cpu / count, 4),
                    per_second=round(len(times) / tally.seconds, 1),
                    p50=_quantile(times, 0.5),
                    p95=_quantile(times, 0.95),
                    p99=_quantile(times, 0.99),
                    operations=count,
                )
            )


def _quantile(times: Sequence[float], part: float) -> float:
    return round(times[min(len(times) - 1, int(len(times) * part))], 3)


@dataclass(slots=True)
class Campaign:
    """What was found on one database."""

    rows: dict[str, Row]
    before: Memory
    after: Memory
    statements: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    ready_ms: list[float] = field(default_factory=list)
    version: str = ""


def run(target: Target, plan: Plan, pid: int, database_pid: int | None) -> Campaign:
    """Measure a provider that runs: a short pass that does not count, then the rounds. Raises LoadFailed."""
    before = memory(pid)
    rows = {name: Row() for name in plan.names}
    with Load(target, plan.users, plan.processes) as load:
        for name in plan.names:
            _measured(load, name, WARM_UP_SECONDS, Row(), (pid, database_pid))
        for _ in range(plan.rounds):
            for name in plan.names:
                _measured(load, name, plan.seconds, rows[name], (pid, database_pid))
    return Campaign(rows, before, memory(pid))


def _measured(load: Load, name: str, seconds: float, row: Row, pids: tuple[int, int | None]) -> None:
    try:
        load.prepare(name)
    except LoadFailed as error:
        row.errors += 1
        row.samples.append(str(error))
        return
    before = [cpu_milliseconds(pid) for pid in pids]
    tally = load.run(name, seconds)
    row.add(tally, *(cpu_milliseconds(pid) - then for pid, then in zip(pids, before, strict=True)))


def statements(target: Target, names: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
    """SQL statements of each request of each operation, as the header X-Statements tells them; {} without it.

    One user, one operation after another; the last of a few, so that caches are warm. Raises Wrong or Broken.
    """
    visitor = Visitor(target, 0)
    connection = Connection(target.host, target.port)
    found: dict[str, list[tuple[str, int]]] = {}
    for name in names:
        operation = OPERATIONS[name]
        if operation.prepare:
            drive(operation.prepare(visitor), connection)
        for _ in range(STATEMENT_RUNS):
            answers = drive(operation.steps(visitor), connection)
        counts = [(label, answer.header("x-statements")) for label, answer in answers]
        if all(count is not None for _, count in counts):
            found[name] = [(label, int(count or 0)) for label, count in counts]
    connection.close()
    return found
