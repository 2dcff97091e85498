"""The figures of a small and a big data set side by side, with their target, and the JSON."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.bench import report
from tests.bench.report import Verdict
from tests.bench.scale_measure import DataSet, titles
from tests.bench.timings import Row

MOST_P95_MS = 100.0
MOST_BUILD_SECONDS = 600.0
FIGURES = ("CPU ms", "DB ms", "p50", "p95", "alone")
WIDTH = 9
SAMPLE_SHOWN = 120


def verdicts(sets: Sequence[DataSet]) -> Iterator[Verdict]:
    """Every target: each operation answers, within its time, and each data set is there in time."""
    for one in sets:
        name = f"{one.name} data set"
        for key, title in titles().items():
            row = one.rows[key]
            yield Verdict(
                name, f"{title}: errors", row.errors + (not row.rounds), 0, not row.errors and bool(row.rounds)
            )
            if row.rounds:
                p95 = round(row.median("p95_undisturbed"), 1)
                yield Verdict(name, f"{title}: p95 ms alone", p95, MOST_P95_MS, p95 <= MOST_P95_MS)
        took = one.built.took
        yield Verdict(name, "seconds to build it", took, MOST_BUILD_SECONDS, took < MOST_BUILD_SECONDS)


def table(sets: Sequence[DataSet], version: str) -> str:
    """A row an operation, and for each data set its figures."""
    names = titles()
    first = max(len(title) for title in names.values())
    head = "".ljust(first) + "".join(f"  | {one.name} data set".ljust(len(FIGURES) * WIDTH + 4) for one in sets)
    figures = "  | " + "".join(figure.rjust(WIDTH) for figure in FIGURES)
    lines = [f"== postgresql {version}", *(_about(one) for one in sets), "", head.rstrip()]
    lines.append("operation".ljust(first) + figures * len(sets) + "  target p95")
    lines.append("-" * len(lines[-1]))
    for key, title in names.items():
        rows = [one.rows[key] for one in sets]
        cells = "".join("  | " + "".join(cell.rjust(WIDTH) for cell in _cells(row)) for row in rows)
        good = all(row.rounds and not row.errors and row.median("p95_undisturbed") <= MOST_P95_MS for row in rows)
        lines.append(f"{title.ljust(first)}{cells}  ≤ {MOST_P95_MS:g} {'✓' if good else '✗'}")
    return "\n".join([*lines, "", *_samples(sets)])


def _about(one: DataSet) -> str:
    people, built = one.people, one.built
    steps = sorted(built.seconds.items(), key=lambda step: -step[1])[:3]
    longest = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in steps)
    return (
        f"{one.name}: {people.register:,} register rows, {people.companies:,} companies, {people.accounts:,} accounts"
        f" (SCALE={people.scale:g}), the biggest company has {people.sizes[people.big]:,}; {built.mebibytes} MiB;"
        f" built in {built.took:.0f} s (target < {MOST_BUILD_SECONDS:.0f}): {longest}, …"
    )


def _cells(row: Row) -> Sequence[str]:
    if not row.rounds:
        return ("–",) * len(FIGURES)
    return (
        f"{row.median('cpu'):.2f}",
        f"{row.median('database_cpu'):.2f}",
        f"{row.median('p50'):.1f}",
        f"{row.median('p95'):.1f}",
        f"{row.median('p95_undisturbed'):.1f}",
    )


def _samples(sets: Sequence[DataSet]) -> Iterator[str]:
    for one in sets:
        for key, title in titles().items():
            for sample in dict.fromkeys(one.rows[key].samples[:1]):
                yield f"  {one.name}: {title}: {sample[:SAMPLE_SHOWN]}"


def document(sets: Sequence[DataSet], found: Sequence[Verdict], options: Mapping[str, Any]) -> dict[str, Any]:
    """Everything as plain data for json.dumps."""
    return {
        "machine": report.machine(options["load"]),
        "options": dict(options),
        "sets": {one.name: _set(one) for one in sets},
        "verdicts": [dataclasses.asdict(verdict) for verdict in found],
    }


def _set(one: DataSet) -> dict[str, Any]:
    names = titles()
    return {
        "scale": one.people.scale,
        "built": dataclasses.asdict(one.built),
        "rows": {names[key]: dataclasses.asdict(row) for key, row in one.rows.items()},
    }
