"""The table with its targets, and the JSON beside it."""

import dataclasses
import os
import platform
import statistics
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.bench.measure import Campaign, Row
from tests.bench.operations import OPERATIONS

MOST_PSS_MIB = 250.0
MOST_READY_MS = 2000.0
MOST_P99_OF_P50 = 10.0


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """One target: what was found, what it may be, and whether it holds."""

    database: str
    what: str
    found: float
    most: float
    holds: bool


def verdicts(name: str, campaign: Campaign) -> Iterator[Verdict]:
    """Every target of this campaign. CPU has targets on SQLite only; the rest holds for both."""
    for key, row in campaign.rows.items():
        yield from _row_verdicts(name, key, row)
    yield _verdict(name, "PSS after load, MiB", campaign.after.pss, MOST_PSS_MIB)
    if campaign.ready_ms:
        yield _verdict(name, "time to ready, ms", statistics.median(campaign.ready_ms), MOST_READY_MS)


def _row_verdicts(name: str, key: str, row: Row) -> Iterator[Verdict]:
    operation = OPERATIONS[key]
    title = operation.title.strip()
    yield _verdict(name, f"{title}: errors", row.errors + (not row.rounds), 0)
    if not row.rounds:
        return
    if operation.most is not None and name != "postgresql":
        yield _verdict(name, f"{title}: CPU ms", row.median("cpu"), operation.most)
    if operation.writes:
        yield _verdict(name, f"{title}: p99 / p50", row.median("p99") / row.median("p50"), MOST_P99_OF_P50)


def _verdict(database: str, what: str, found: float, most: float) -> Verdict:
    # As the table shows it: a third digit is below what the clock of /proc can tell.
    found = round(found, 2)
    return Verdict(database, what, found, most, found <= most)


def table(name: str, campaign: Campaign) -> str:
    """The figures of one database, a row an operation."""
    head = (
        "operation",
        "CPU ms",
        "target",
        "",
        "DB ms",
        "op/s",
        "p50",
        "p95",
        "p99",
        "errors",
        "SQL",
        "load ms",
    )
    lines = [head, *(_line(name, key, row, campaign) for key, row in campaign.rows.items())]
    widths = [max(len(line[n]) for line in lines) for n in range(len(head))]
    text = [
        "  ".join(
            cell.ljust(width) if n == 0 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    ]
    title = f"{name} {campaign.version}".strip()
    return "\n".join([f"== {title}", text[0], "-" * len(text[0]), *text[1:], "", *_below(campaign)])


def _line(name: str, key: str, row: Row, campaign: Campaign) -> tuple[str, ...]:
    operation = OPERATIONS[key]
    counts = campaign.statements.get(key)
    sql = "+".join(str(count) for _, count in counts) if counts else "–"
    errors = f"{row.errors}" + (f" ({row.server_errors} 5xx)" if row.server_errors else "")
    if not row.rounds:
        return (operation.title, "–", "", "✗", "–", "–", "–", "–", "–", errors, sql, "–")
    has_target = operation.most is not None and name != "postgresql"
    good = all(verdict.holds for verdict in _row_verdicts(name, key, row))
    return (
        operation.title,
        f"{row.median('cpu'):.2f}",
        f"≤ {operation.most:g}" if has_target else "",
        ("✓" if good else "✗") if has_target or not good else "",
        f"{row.median('database_cpu'):.2f}" if name == "postgresql" else "–",
        f"{row.median('per_second'):.0f}",
        f"{row.median('p50'):.1f}",
        f"{row.median('p95'):.1f}",
        f"{row.median('p99'):.1f}",
        errors,
        sql,
        f"{row.median('client_cpu'):.2f}",
    )


def _below(campaign: Campaign) -> Iterator[str]:
    before, after = campaign.before, campaign.after
    yield (
        f"memory of {after.processes} processes, MiB: RSS {before.rss:.0f} -> {after.rss:.0f},"
        f" PSS {before.pss:.0f} -> {after.pss:.0f} (target ≤ {MOST_PSS_MIB:.0f} after)"
    )
    if campaign.ready_ms:
        starts = ", ".join(f"{each:.0f}" for each in campaign.ready_ms)
        yield f"start to the first 200 of /health, ms: {starts} (target ≤ {MOST_READY_MS:.0f})"
    for key, row in campaign.rows.items():
        for sample in dict.fromkeys(row.samples):
            yield f"  {OPERATIONS[key].title.strip()}: {sample}"


def judgement(found: list[Verdict]) -> str:
    """The targets that are missed, by name, or that all hold."""
    missed = [verdict for verdict in found if not verdict.holds]
    lines = [f"✗ {each.database}: {each.what} is {each.found:g}, may be {each.most:g}" for each in missed]
    return "\n".join(lines) or f"✓ all {len(found)} targets hold"


def document(campaigns: Mapping[str, Campaign], found: list[Verdict], options: Mapping[str, Any]) -> dict[str, Any]:
    """Everything as plain data for json.dumps."""
    return {
        "machine": machine(options["load"]),
        "options": dict(options),
        "campaigns": {name: _campaign(campaign) for name, campaign in campaigns.items()},
        "verdicts": [dataclasses.asdict(verdict) for verdict in found],
    }


def _campaign(campaign: Campaign) -> dict[str, Any]:
    data = dataclasses.asdict(campaign)
    for key, row in campaign.rows.items():
        names = [field.name for field in dataclasses.fields(row.rounds[0])] if row.rounds else []
        data["rows"][key]["medians"] = {name: row.median(name) for name in names}
    return data


def busy(load: float) -> str:
    """A warning where other work shared the cores, else nothing."""
    cores = len(os.sched_getaffinity(0))
    if load <= cores / 2:
        return ""
    return f"The machine was busy before (load {load:.1f} on {cores} cores): CPU a little high, latencies untrue."


def machine(load: float) -> dict[str, Any]:
    """What the figures were measured on; load is what it had to do before."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return {
        "cpu": model,
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_before": load,
        "commit": _commit(),
    }


def _commit() -> str:
    try:
        done = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip()
