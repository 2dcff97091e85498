"""How a command runs: with the application, an actor for the audit log, and errors in sentences."""

import errno
import getpass
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import click
from click.core import Context
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from idp.cli.words import sentence
from idp.config import Settings, settings
from idp.db import session, transaction
from idp.errors import DatabaseBusy, Refused
from idp.services.audit import Circumstances, record, set_circumstances

P = ParamSpec("P")
R = TypeVar("R")

WRONG_SETTINGS = 2
LONGEST_SECRET = 4096


class IdpGroup(click.Group):
    """A group whose commands end in a sentence and a status: 1 refused or failed, 2 wrong use or settings."""

    def invoke(self, ctx: Context) -> Any:
        """Run the command; turn what went wrong into a sentence."""
        try:
            return super().invoke(ctx)
        except Refused as refusal:
            raise click.ClickException(sentence(refusal)) from refusal
        except ValidationError as error:
            raise WrongSettings(wrong_settings(error)) from error
        except DatabaseBusy as error:
            raise click.ClickException("The database is busy. Nothing was changed; try again.") from error
        except SQLAlchemyError as error:
            raise click.ClickException(_database_sentence(error)) from error
        except UnicodeError as error:
            raise click.ClickException("An argument is not valid UTF-8 text.") from error
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            raise click.ClickException(f"{error.strerror}: {error.filename}") from error


class WrongSettings(click.ClickException):
    """A setting is missing or wrong."""

    exit_code = WRONG_SETTINGS


def wrong_settings(error: ValidationError) -> str:
    """One sentence a wrong setting, each with the setting's name and never with its value."""
    sentences = []
    for problem in error.errors(include_input=False, include_url=False):
        text = str(problem["msg"]).removeprefix("Value error, ")
        name = "IDP_" + "_".join(str(part) for part in problem["loc"]).upper()
        sentences.append(text if "IDP_" in text else f"{name}: {text}")
    return "\n".join(sentences)


def current_settings() -> Settings:
    """This process's settings. Raises WrongSettings, naming each wrong one."""
    try:
        return settings()
    except ValidationError as error:
        raise WrongSettings(wrong_settings(error)) from error
    except ValueError as error:
        raise WrongSettings(str(error)) from error


def actor() -> str:
    """Who runs the command, as the audit log tells it."""
    return f"cli:{getpass.getuser()}"[:80]


def with_application(command: Callable[P, R]) -> Callable[P, R]:
    """Run a command inside the application, with its actor in the audit log."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        current_settings()
        from idp.app import create_app  # the whole provider: --help needs none of it

        with create_app().app_context():
            set_circumstances(Circumstances(actor=actor()))
            try:
                return command(*args, **kwargs)
            except Refused as refusal:
                with transaction():
                    asked = click.get_current_context().command_path
                    record("operator:command:refused", outcome="refused", command=asked, code=refusal.code)
                raise

    return run


@contextmanager
def changes() -> Iterator[None]:
    """One act that changes something, or nothing: on the command line a refusal leaves only its audit row."""
    with transaction(), session.begin_nested():
        yield


def looked_at(what: str, **details: Any) -> None:
    """Leave the audit row of a command that only reads."""
    with transaction():
        record(f"operator:{what}:shown", **details)


def show_json(value: object) -> None:
    """Print a value as JSON that people can read too."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def show_table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    """Print rows under the names of their columns."""
    cells = [[str(row[c]) if row[c] is not None else "-" for c in columns] for row in rows]
    widths = [max(len(line[i]) for line in [list(columns), *cells]) for i in range(len(columns))]
    for line in [list(columns), *cells]:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def show_fields(values: dict[str, Any]) -> None:
    """Print one thing, a line a field."""
    width = max(len(name) for name in values)
    for name, value in values.items():
        text = " ".join(map(str, value)) if isinstance(value, list) else "-" if value is None else str(value)
        click.echo(f"{name.ljust(width)}  {text}")


def secret_from_stdin(what: str) -> str:
    """The first line of standard input: secrets are never arguments, which `ps` shows (AD03)."""
    line = sys.stdin.buffer.readline(LONGEST_SECRET + 1)
    try:
        text = line.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise click.ClickException(f"The {what} on standard input is not UTF-8.") from error
    if not text or len(line) > LONGEST_SECRET:
        raise click.ClickException(f"Give the {what} as one line on standard input.")
    return text


def _database_sentence(error: SQLAlchemyError) -> str:
    reason = str(getattr(error, "orig", None) or error).splitlines()[0]
    if "no such table" in reason or "does not exist" in reason:
        return f"The database has no tables of this version yet: run `idp init`. ({reason})"
    return f"The database could not be used, nothing was changed: {reason}"
