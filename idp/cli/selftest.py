"""``idp client selftest``: which of the ten rules for switching companies an application keeps."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from urllib.parse import parse_qsl, urlsplit

import click

from idp.cli.companies import company_or_not_found, json_option
from idp.cli.running import changes, current_settings, show_json, with_application
from idp.cli.selftest_acts import Play
from idp.cli.selftest_answers import origin_of
from idp.cli.selftest_browser import Browser, Stuck
from idp.cli.selftest_cast import Cast, dismiss, engage, names_of_a_run
from idp.cli.selftest_rules import Report, Verdict
from idp.cli.selftest_stage import Application, Stage, Wanted
from idp.models import Client
from idp.policies.roles import Role
from idp.services.client_registry import client_to_see

ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ROLES = [Role.GUEST.value, Role.STAFF.value]


@click.command()
@click.argument("url")
@click.option("--company", "companies", multiple=True, required=True, help="A test company's 統一編號; give two.")
@click.option("--email", required=True, help="Your mailbox, to which the mails of the test go.")
@click.option("--role", type=click.Choice(ROLES), default="staff", show_default=True, help="The seats' role.")
@click.option("--form", "form", default="", help="The path of a page with a form of records.")
@click.option("--field", "fields", multiple=True, help="NAME=VALUE to fill that form in with. Repeatable.")
@click.option("--switch", default="", help="The id of the button that switches companies.")
@click.option("--wait", type=float, default=15.0, show_default=True, help="Seconds to wait for a logout token.")
@json_option
@with_application
def selftest(
    url: str,
    companies: tuple[str, ...],
    email: str,
    role: str,
    form: str,
    fields: tuple[str, ...],
    switch: str,
    wait: float,
    as_json: bool,
) -> None:
    """See which of the ten rules of docs/company-switching.md the application at URL keeps.

    URL is a page that only signed-in people see and that says for which company it is.
    """
    if len(set(companies)) != 2:
        raise click.BadParameter("give two companies, both for tests alone", param_hint="--company")
    wanted = Wanted(form, dict(_pair(one) for one in fields), switch, wait)
    both = (company_or_not_found(companies[0]), company_or_not_found(companies[1]))
    application = found_at(url)
    names = names_of_a_run()
    click.echo(f"The test's accounts at {both[0].name} and {both[1].name} are {', '.join(names)}.", err=True)
    click.echo("They are closed at its end.", err=True)
    with cleaned_up(names):
        cast = engage(names, both, Role(role), email)
        rows = played(application, cast, wanted)
    if as_json:
        show_json({"client_id": application.client_id, "url": url, "rules": rows})
    else:
        show(application, cast, rows)
    if any(row["verdict"] == Verdict.BROKEN for row in rows):
        sys.exit(1)


def found_at(url: str) -> Application:
    """The application at this address: its page sends the browser to the provider, and names its client.

    Raises ClickException, with what is in the way.
    """
    issuer = current_settings().issuer
    authorize = f"{issuer}/authorize"
    if origin_of(url) == origin_of(issuer):
        # What is the provider's gets the password of the test.
        raise click.ClickException(f"{url} is at the provider's own origin: the test can't tell the two apart.")
    try:
        page = Browser(issuer, authorize, url).get(url, stay=True)
    except Stuck as stuck:
        raise click.ClickException(str(stuck)) from stuck
    asked = dict(parse_qsl(urlsplit(page.left_to).query))
    if not asked.get("client_id"):
        raise click.ClickException(f"{url} does not send people to {issuer} to sign in: give a page that does.")
    with changes():
        client = client_to_see(asked["client_id"])
    _check(client, url)
    return Application(url, client.id, client.initiate_login_uri or "", issuer, authorize)


def _check(client: Client, url: str) -> None:
    if not client.acting_understood:
        raise click.ClickException(f"{client.id} is registered --no-acting: linked accounts never reach it.")
    if urlsplit(client.initiate_login_uri or url)[:2] != urlsplit(url)[:2]:
        raise click.ClickException(f"{client.id} is not at {url}: {client.initiate_login_uri} is its sign-in.")


def played(application: Application, cast: Cast, wanted: Wanted) -> list[dict[str, str | int]]:
    """Play all acts, and give what was found of each rule."""
    report = Report()
    Play(Stage(application, cast, wanted), report).run()
    return report.rows()


@contextmanager
def cleaned_up(names: tuple[str, str, str]) -> Iterator[None]:
    """Whatever happens inside, also SIGTERM, SIGHUP and Ctrl-C, the test's accounts are out of use afterwards."""
    before = {number: signal.getsignal(number) for number in ENDS}
    for number in ENDS:
        signal.signal(number, _interrupted)
    try:
        yield
    finally:
        # A second Ctrl-C must not leave people behind who can sign in.
        for number in ENDS:
            signal.signal(number, signal.SIG_IGN)
        try:
            dismiss(names)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def show(application: Application, cast: Cast, rows: list[dict[str, str | int]]) -> None:
    """Print what was found, a rule a paragraph."""
    click.echo(f"{application.client_id} at {application.address}")
    click.echo(f"as {cast.first.company} and {cast.second.company}, through one linked account\n")
    for row in rows:
        click.echo(f"{row['verdict']:<9} {row['rule']:>2}  {row['says']}")
        click.echo(f"{'':14}{row['seen']}")
        if "by_hand" in row:
            click.echo(f"{'':14}By hand: {row['by_hand']}")
    counted = [f"{sum(row['verdict'] == verdict for row in rows)} {verdict}" for verdict in Verdict]
    click.echo(f"\n{', '.join(counted)}. Not seen is not kept: docs/company-switching.md")


def _pair(given: str) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not name or not equals:
        raise click.BadParameter("is NAME=VALUE", param_hint="--field")
    return name, value
