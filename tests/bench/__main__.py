"""`python -m tests.bench`: start the provider, load it, print the table, keep the JSON."""

import argparse
import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench import ceiling, databases, measure, report, scale
from tests.bench.load import LoadFailed
from tests.bench.operations import OPERATIONS, Wrong
from tests.bench.output import LOG, keep, working_folder
from tests.bench.provider import CommandLine, ProviderFailed, ask, free_port, running, set_up, settings
from tests.bench.wire import Broken

DATABASES = ("sqlite", "postgresql")


def arguments(words: list[str] | None) -> argparse.Namespace:
    """The options of the command line, checked."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument(
        "--postgresql", metavar="URL", help="an empty database (postgresql+psycopg://…), not the wheel's"
    )
    parser.add_argument("--only", help="operations, separated by commas: " + ", ".join(OPERATIONS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, help="per operation and round (3; with --scale 1)")
    parser.add_argument("--quick", action="store_true", help="1 round of 1 s")
    parser.add_argument("--users", type=int, default=8, help="virtual users")
    parser.add_argument("--processes", type=int, default=2, help="load processes")
    parser.add_argument(
        "--set", action="append", default=[], metavar="IDP_NAME=VALUE", help="a setting of the provider"
    )
    parser.add_argument("--check", action="store_true", help="exit 1 when a target is missed")
    parser.add_argument(
        "--scale",
        type=float,
        metavar="1",
        help="group console and register search on a big data set, and nothing else; 1 is the full one",
    )
    parser.add_argument(
        "--base", metavar="URL", help="measure a provider that runs; its IDP_ settings are in the environment"
    )
    parser.add_argument("--pid", type=int, help="its parent process, with --base")
    parser.add_argument("--database-pid", type=int, help="PostgreSQL's parent process, with --base or --postgresql")
    parser.add_argument("--ceiling", action="store_true", help="only: what the load program itself can do")
    chosen = parser.parse_args(words)
    chosen.names = tuple(chosen.only.split(",")) if chosen.only else tuple(OPERATIONS)
    if chosen.seconds is None:
        chosen.seconds = 1.0 if chosen.scale else 3.0
    if chosen.quick:
        chosen.rounds, chosen.seconds = 1, 1.0
    _refuse_nonsense(parser, chosen)
    return chosen


def _refuse_nonsense(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> None:
    unknown = [name for name in chosen.names if name not in OPERATIONS]
    if unknown:
        parser.error(f"unknown operations: {', '.join(unknown)}")
    if not (1 <= chosen.rounds <= 100 and 0.2 <= chosen.seconds <= 600):
        parser.error("--rounds is 1 to 100, --seconds 0.2 to 600")
    if not 1 <= chosen.processes <= chosen.users <= 200:
        parser.error("--processes is at least 1 and at most --users, which is at most 200")
    if chosen.scale is not None:
        _refuse_nonsense_at_scale(parser, chosen)
    if bool(chosen.base) != bool(chosen.pid):
        parser.error("--base and --pid go together")
    if any("=" not in each or not each.startswith("IDP_") for each in chosen.set):
        parser.error("--set takes IDP_NAME=VALUE")


def _refuse_nonsense_at_scale(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> None:
    if not scale.LEAST <= chosen.scale <= scale.MOST:
        parser.error(f"--scale is {scale.LEAST:g} to {scale.MOST:g}")
    if chosen.base or chosen.postgresql or chosen.only or chosen.ceiling:
        parser.error("--scale makes its own PostgreSQL and measures operations of its own")


def main(words: list[str] | None = None) -> int:
    """Measure what was asked for. 1 when --check finds a target missed, 2 when nothing could be measured."""
    chosen = arguments(words)
    if chosen.ceiling:
        print(ceiling.report(chosen.seconds, chosen.users, chosen.processes))
        return 0
    chosen.load = round(os.getloadavg()[0], 2)
    if chosen.scale:
        return scale.main(chosen)
    names = ("running",) if chosen.base else DATABASES if chosen.database == "both" else (chosen.database,)
    campaigns = {name: campaign for name in names if (campaign := _campaign(chosen, name)) is not None}
    found = [verdict for name, campaign in campaigns.items() for verdict in report.verdicts(name, campaign)]
    if campaigns:
        _keep(chosen, campaigns, found)
    if len(campaigns) < len(names):
        return 2
    return int(chosen.check and not all(verdict.holds for verdict in found))


def _keep(chosen: argparse.Namespace, campaigns: dict[str, measure.Campaign], found: list[report.Verdict]) -> None:
    kept = keep(report.document(campaigns, found, vars(chosen)))
    print("\n".join(line for line in (report.judgement(found), report.busy(chosen.load)) if line))
    print(f"JSON: {kept}")


def _campaign(chosen: argparse.Namespace, name: str) -> measure.Campaign | None:
    """Measure one database and show its table; None, with the reason told, when that can't be done."""
    plan = measure.Plan(chosen.names, chosen.rounds, chosen.seconds, chosen.users, chosen.processes)
    print(f"{name}: setting up", file=sys.stderr, flush=True)
    try:
        campaign = _running(chosen, plan) if chosen.base else _on(chosen, plan, name)
    except (ProviderFailed, LoadFailed, Wrong, Broken) as error:
        print(f"{name}: {error}\nThe provider's log is var/bench/{LOG}", file=sys.stderr)
        return None
    print(report.table(name, campaign) + "\n", flush=True)
    return campaign


def _on(chosen: argparse.Namespace, plan: measure.Plan, name: str) -> measure.Campaign:
    with working_folder() as folder, ExitStack() as stack:
        if name == "sqlite":
            return _own(chosen, plan, databases.sqlite(folder), folder)
        database = stack.enter_context(databases.postgresql(folder, chosen.postgresql))
        return _own(chosen, plan, database, folder)


def _own(
    chosen: argparse.Namespace, plan: measure.Plan, database: databases.Database, folder: Path
) -> measure.Campaign:
    port = free_port()
    environment = settings(database.url, port, dict(each.split("=", 1) for each in chosen.set))
    log = folder / LOG
    target = set_up(CommandLine(environment), ("127.0.0.1", port, environment["IDP_ISSUER"]), plan.users)
    with running(environment | {"IDP_COUNT_STATEMENTS": "1"}, port, log):
        counted = measure.statements(target, plan.names)
    ready = []
    for _ in range(plan.rounds - 1):
        with running(environment, port, log) as provider:
            ready.append(provider.ready_ms)
    with running(environment, port, log) as provider:
        ready.append(provider.ready_ms)
        campaign = measure.run(target, plan, provider.pid, database.pid or chosen.database_pid)
    campaign.statements, campaign.ready_ms, campaign.version = counted, ready, database.version
    return campaign


def _running(chosen: argparse.Namespace, plan: measure.Plan) -> measure.Campaign:
    address = urlsplit(chosen.base)
    host, port = address.hostname or "127.0.0.1", address.port or 80
    issuer = os.environ.get("IDP_ISSUER", chosen.base.rstrip("/"))
    if ask(host, port, issuer, "/.well-known/openid-configuration") is None:
        raise ProviderFailed(f"nobody answers at {chosen.base}")
    target = set_up(CommandLine(os.environ), (host, port, issuer), plan.users)
    return measure.run(target, plan, chosen.pid, chosen.database_pid)


def _told_to_end(number: int, _frame: object) -> None:
    # By way of an exception, so that every server that was started is ended first.
    sys.exit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, _told_to_end)
    signal.signal(signal.SIGTERM, _told_to_end)
    sys.exit(main())
