"""`python -m tests.bench`: start the provider, load it, print the table, keep the JSON."""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench import ceiling, databases, measure, report
from tests.bench.load import LoadFailed
from tests.bench.operations import OPERATIONS, Wrong
from tests.bench.provider import ROOT, CommandLine, ProviderFailed, ask, free_port, running, set_up, settings
from tests.bench.wire import Broken

OUTPUT = ROOT / "var" / "bench"
LOG = "provider.log"


def arguments(words: list[str] | None) -> argparse.Namespace:
    """The options of the command line, checked."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument(
        "--postgresql", metavar="URL", help="an empty database (postgresql+psycopg://…), not the wheel's"
    )
    parser.add_argument("--only", help="operations, separated by commas: " + ", ".join(OPERATIONS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0, help="per operation and round")
    parser.add_argument("--quick", action="store_true", help="1 round of 1 s")
    parser.add_argument("--users", type=int, default=8, help="virtual users")
    parser.add_argument("--processes", type=int, default=2, help="load processes")
    parser.add_argument(
        "--set", action="append", default=[], metavar="IDP_NAME=VALUE", help="a setting of the provider"
    )
    parser.add_argument("--check", action="store_true", help="exit 1 when a target is missed")
    parser.add_argument(
        "--base", metavar="URL", help="measure a provider that runs; its IDP_ settings are in the environment"
    )
    parser.add_argument("--pid", type=int, help="its parent process, with --base")
    parser.add_argument(
        "--database-pid", type=int, help="PostgreSQL's parent process, with --base or --postgresql"
    )
    parser.add_argument("--ceiling", action="store_true", help="only: what the load program itself can do")
    chosen = parser.parse_args(words)
    chosen.names = tuple(chosen.only.split(",")) if chosen.only else tuple(OPERATIONS)
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
    if bool(chosen.base) != bool(chosen.pid):
        parser.error("--base and --pid go together")
    if any("=" not in each or not each.startswith("IDP_") for each in chosen.set):
        parser.error("--set takes IDP_NAME=VALUE")


def main(words: list[str] | None = None) -> int:
    """Measure what was asked for. 1 when --check finds a target missed, 2 when nothing could be measured."""
    chosen = arguments(words)
    if chosen.ceiling:
        print(ceiling.report(chosen.seconds, chosen.users, chosen.processes))
        return 0
    try:
        campaigns = dict(_campaigns(chosen))
    except (ProviderFailed, LoadFailed, Wrong, Broken) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    found = [verdict for name, campaign in campaigns.items() for verdict in report.verdicts(name, campaign)]
    kept = OUTPUT / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    document = report.document(campaigns, found, vars(chosen))
    kept.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    print(report.judgement(found))
    print(f"JSON: {kept.relative_to(ROOT)}")
    return int(chosen.check and not all(verdict.holds for verdict in found))


def _campaigns(chosen: argparse.Namespace) -> Iterator[tuple[str, measure.Campaign]]:
    plan = measure.Plan(chosen.names, chosen.rounds, chosen.seconds, chosen.users, chosen.processes)
    if chosen.base:
        yield _shown("running", _running(chosen, plan))
        return
    for name in ("sqlite", "postgresql") if chosen.database == "both" else (chosen.database,):
        with _folder() as folder, ExitStack() as stack:
            print(f"{name}: setting up", file=sys.stderr, flush=True)
            if name == "sqlite":
                database = databases.sqlite(folder)
            else:
                database = stack.enter_context(databases.postgresql(folder, chosen.postgresql))
            yield _shown(name, _own(chosen, plan, database, folder))


def _shown(name: str, campaign: measure.Campaign) -> tuple[str, measure.Campaign]:
    print(report.table(name, campaign) + "\n", flush=True)
    return name, campaign


@contextmanager
def _folder() -> Iterator[Path]:
    """A place on the disk of the checkout: figures from a file system in memory would flatter."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=OUTPUT))
    try:
        yield folder
    finally:
        if (folder / LOG).exists():
            shutil.copy(folder / LOG, OUTPUT / LOG)
        shutil.rmtree(folder, ignore_errors=True)


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


if __name__ == "__main__":
    sys.exit(main())
