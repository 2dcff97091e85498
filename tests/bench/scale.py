"""`make bench SCALE=1`: group console and register search on a big data set, beside the same on a small one."""

import argparse
import sys
from contextlib import ExitStack
from datetime import UTC, datetime

from tests.bench import databases, report, scale_report
from tests.bench.building import build
from tests.bench.databases import Database
from tests.bench.operations import Wrong
from tests.bench.output import LOG, keep, working_folder
from tests.bench.population import Population
from tests.bench.provider import CommandLine, ProviderFailed, free_port, settings
from tests.bench.scale_measure import DataSet, measure
from tests.bench.wire import Broken

SMALL = 0.001
LEAST, MOST = 0.002, 2.0


def main(chosen: argparse.Namespace) -> int:
    """Build both data sets, measure, show the table. 1 when --check finds a target missed, 2 on a failure."""
    with working_folder() as folder, ExitStack() as stack:
        try:
            server = stack.enter_context(databases.postgresql(folder, None))
            sets = [_built(chosen, server, name, scale) for name, scale in (("small", SMALL), ("full", chosen.scale))]
            print("measuring", file=sys.stderr, flush=True)
            measure(sets, server.pid, chosen.rounds, chosen.seconds, folder / LOG)
        except (ProviderFailed, Wrong, Broken) as error:
            print(f"{error}\nThe provider's log is var/bench/{LOG}", file=sys.stderr)
            return 2
    found = list(scale_report.verdicts(sets))
    print(scale_report.table(sets, server.version))
    print("\n".join(line for line in (report.judgement(found), report.busy(chosen.load)) if line))
    print(f"JSON: {keep(scale_report.document(sets, found, vars(chosen)), '-scale')}")
    return int(chosen.check and not all(verdict.holds for verdict in found))


def _built(chosen: argparse.Namespace, server: Database, name: str, scale: float) -> DataSet:
    database = databases.another(server, name)
    port = free_port()
    environment = settings(database.url, port, dict(each.split("=", 1) for each in chosen.set))
    people = Population(scale, datetime.now(UTC))

    def told(step: str) -> None:
        print(f"{name} data set: {step}", file=sys.stderr, flush=True)

    return DataSet(name, people, build(CommandLine(environment), database.url, people, told), environment, port)
