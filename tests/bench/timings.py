"""How long operations took, one after another: as it was, and without the waiting for cores that other work had."""

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.bench.processes import share, undisturbed

SAMPLES_KEPT = 5
LEAST_OPERATIONS = 40
AT_MOST_TIMES = 10


@dataclass(slots=True)
class Timings:
    """The operations of one measurement, in ms, and what went wrong."""

    as_it_was: list[float] = field(default_factory=list)
    undisturbed: list[float] = field(default_factory=list)
    errors: int = 0
    samples: list[str] = field(default_factory=list)

    @contextmanager
    def one(self, pids: Sequence[int]) -> Iterator[None]:
        """Time what is in the block, for which these processes work; nothing is counted when it raises."""
        before = share(pids)
        began = time.perf_counter()
        yield
        took = (time.perf_counter() - began) * 1000
        self.as_it_was.append(round(took, 4))
        self.undisturbed.append(round(undisturbed(took, before, share(pids)), 4))

    def repeatedly(self, seconds: float) -> Iterator[None]:
        """So long, and until there are enough operations for a p95; on a busy machine up to ten times as long."""
        began = time.monotonic()
        while (took := time.monotonic() - began) < seconds * AT_MOST_TIMES:
            if took >= seconds and len(self.as_it_was) >= LEAST_OPERATIONS:
                return
            yield

    def failed(self, error: Exception) -> None:
        """Count an operation that did not get what it must."""
        self.errors += 1
        if len(self.samples) < SAMPLES_KEPT:
            self.samples.append(str(error)[:400])


@dataclass(frozen=True, slots=True)
class Round:
    """One measurement of one operation: CPU ms of server and database an operation, and times in ms."""

    cpu: float
    database_cpu: float
    p50: float
    p95: float
    p95_undisturbed: float
    operations: int


@dataclass(slots=True)
class Row:
    """Everything about one operation on one data set."""

    rounds: list[Round] = field(default_factory=list)
    errors: int = 0
    samples: list[str] = field(default_factory=list)

    def add(self, found: Timings, cpu: float, database_cpu: float) -> None:
        """Take in one measurement: the errors always, its figures when anything succeeded."""
        self.errors += found.errors
        self.samples = (self.samples + found.samples)[:SAMPLES_KEPT]
        count = len(found.as_it_was) + found.errors
        if found.as_it_was:
            self.rounds.append(
                Round(
                    cpu=round(cpu / count, 3),
                    database_cpu=round(database_cpu / count, 3),
                    p50=_quantile(found.as_it_was, 0.5),
                    p95=_quantile(found.as_it_was, 0.95),
                    p95_undisturbed=_quantile(found.undisturbed, 0.95),
                    operations=count,
                )
            )

    def median(self, name: str) -> float:
        """The median over the rounds of one figure."""
        return float(statistics.median(getattr(each, name) for each in self.rounds))


def _quantile(times: Sequence[float], part: float) -> float:
    ordered = sorted(times)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * part))], 3)
