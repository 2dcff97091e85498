"""``idp init``, ``idp serve`` and ``idp worker``: what is run to have a provider."""

import os
import sys
from pathlib import Path

import click
from alembic.util.exc import CommandError

from idp.cli.running import WrongSettings, current_settings, with_application
from idp.db import db, transaction
from idp.migrations import migrate
from idp.services import signing_keys
from idp.services.audit import record

TOP = Path(__file__).resolve().parents[2]


@click.command()
def init() -> None:
    """Make or update the tables, and make the first signing keys. Harmless when run again."""
    chosen = current_settings()
    if chosen.sqlite_path is not None:
        chosen.sqlite_path.parent.mkdir(parents=True, exist_ok=True)
        chosen.sqlite_path.touch(mode=0o600)
    try:
        migrate(chosen.database_url)
    except CommandError as error:
        raise click.ClickException(f"The database was made by another version of this program: {error}") from error
    _first_keys()


@with_application
def _first_keys() -> None:
    with transaction():
        signing_keys.ensure_keys()
        record("operator:provider:initialized")
    click.echo("The database is ready, and there are signing keys.")


@click.command()
@with_application
def serve() -> None:
    """Run the server (gunicorn) until it is told to end; the settings say where and how many workers."""
    configuration = TOP / "gunicorn.conf.py"
    if not configuration.is_file():
        raise WrongSettings(f"gunicorn.conf.py is not beside the package: {configuration}")
    with transaction():
        record("operator:server:started")
    db.engine.dispose()
    sys.stdout.flush()
    os.chdir(TOP)
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", "-c", str(configuration), "wsgi:app"])  # noqa: S606 - our own program, no shell


@click.command()
@click.option("--once", is_flag=True, help="Do what is due now, and end.")
def worker(once: bool) -> None:
    """Deliver mails, seal the audit log and delete what has run out, until told to end (SIGTERM, Ctrl-C)."""
    current_settings()
    from idp.cli.worker import run

    run(once=once)
