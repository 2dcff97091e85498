"""``idp demo``: the whole product on one machine, with people to sign in as, stopped again by one Ctrl-C."""

import json
import os
import secrets
import shutil
import socket
import time
import unicodedata
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from pathlib import Path

import click

from idp.cli.demo_cards import (
    BACKENDS,
    NoCards,
    agent_words,
    ca_folder,
    drawer_of,
    environment_for_cards,
    pin_of,
    reader_service_is_there,
)
from idp.cli.demo_case import COMPANY as WAITING
from idp.cli.demo_data import (
    AGENT_PORT,
    AGENTS,
    APPLICATIONS,
    COMPANIES,
    FIRST_PORT,
    NEW_COMPANY,
    PEOPLE,
    PROVEN_COMPANY,
    Ports,
    prepare,
)  # fmt: skip
from idp.cli.demo_numbers import NUMBERED
from idp.cli.demo_operator import NAME, USERNAME, app_file
from idp.cli.demo_processes import ROOT, Processes, Stopped, loopback_addresses, told_to_end

PASSWORD = "demo-Passw0rd"  # noqa: S105  (printed for everyone to use)
SECRETS_OF_AN_APPLICATION = ("client_secret", "secret_key")
GENERATED = (
    "secret_key",
    "master_key",
    *(f"{one.id}_{kind}" for one in APPLICATIONS for kind in SECRETS_OF_AN_APPLICATION),
)


def check_ports(ports: Ports) -> None:
    """Raise ClickException, naming the port and what to do, when one of them is taken."""
    for port, use in ports.uses().items():
        for address in loopback_addresses():
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((address, port))
                except OSError as error:
                    raise click.ClickException(
                        f"Port {port} is needed for {use} and can't be used ({error.strerror}): stop the "
                        f"program that listens there (ss -ltnp 'sport = :{port}' names it), or choose other "
                        f"ports, as in: make demo PORT={ports.provider + 100}"
                    ) from error


def new_key() -> str:
    """32 random bytes as the settings take them."""
    return urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")


def read_secrets(folder: Path) -> dict[str, str]:
    """The demo's generated secrets, each made at the first run that needs it, and readable by their owner alone."""
    path = folder / "secrets.json"
    if path.exists():
        kept: dict[str, str] = json.loads(path.read_text())
    else:
        kept = {"password": os.environ.get("IDP_DEMO_PASSWORD") or PASSWORD}
    made = {name: new_key() for name in GENERATED} | kept
    if made != kept:
        unfinished = path.with_suffix(".new")
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(made, file, indent=1)
        unfinished.rename(path)
    return made


def provider_environment(folder: Path, ports: Ports, known: dict[str, str]) -> dict[str, str]:
    """The environment of the provider's processes. IDP_ settings of the caller's shell do not reach them."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("IDP_")}
    bind = ",".join(
        f"[{address}]:{ports.provider}" if ":" in address else f"{address}:{ports.provider}"
        for address in loopback_addresses()
    )
    return outside | {
        "IDP_MODE": "demo",
        "IDP_ISSUER": f"http://localhost:{ports.provider}",
        "IDP_DATABASE_URL": f"sqlite:///{folder / 'idp.db'}",
        "IDP_SECRET_KEY": known["secret_key"],
        "IDP_MASTER_KEY": known["master_key"],
        "IDP_BIND": bind,
        "IDP_MAIL_SERVER": "localhost",
        "IDP_MAIL_PORT": str(ports.smtp),
        "IDP_MAIL_TLS": "none",
        "IDP_MAIL_SENDER": "idp@example.test",
        **environment_for_cards(ports.agent, ports.ca),
        "PYTHONUNBUFFERED": "1",
    }


def application_environment(folder: Path, issuer: str, key: str, port: int, known: dict[str, str]) -> dict[str, str]:
    """What a demo application is told: its provider, how it is registered there, and where its data lies."""
    told = {
        "ISSUER": issuer,
        "CLIENT_ID": key,
        "CLIENT_SECRET": known[f"{key}_client_secret"],
        "DATA": str(folder / key),
        "PORT": str(port),
        "SECRET_KEY": known[f"{key}_secret_key"],
    }
    return {f"{key.upper()}_{name}": value for name, value in told.items()}


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as columns that stand under each other, a Chinese character being two columns wide."""
    widths = [max(_width(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join(
        (
            "  " + "   ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def about_cards(folder: Path, ports: Ports, backend: str) -> list[str]:
    """Where the cards are, what opens them, and how a company comes in with one and without."""
    port = "" if ports.provider == FIRST_PORT else f" PORT={ports.provider}"
    if backend == "software":
        drawer, card = drawer_of(folder).relative_to(ROOT), f"the card of {' '.join(reversed(NEW_COMPANY))}"
        lines = [f"Cards: the card agent offers those in {drawer}; PIN {pin_of(folder)}."]
    else:
        card = "a card in your reader"
        lines = [f"Cards: the card agent ({backend}) offers those in your reader; idp trust add pins who issued them."]
    if backend == "software" and reader_service_is_there():
        lines.append(
            f"A service for card readers runs here: make demo{port} CARD=piv, or CARD=pkcs11, uses the reader."
        )
    return [
        *lines,
        f"Register a company: 申請新帳號 in DREAMS, with {card},",
        f"or without a card {' '.join(reversed(PROVEN_COMPANY))}, which an operator has proven.",
        "Who comes first becomes its group admin. Every mail is in the mailbox.",
    ]


def announcement(folder: Path, ports: Ports, password: str, seconds: float, backend: str) -> str:
    """What is printed when all answer: where to go and who to be."""
    addresses = [
        ("Open", "Address"),
        ("DREAMS 案場申請, an application: begin here", f"http://localhost:{ports.dreams}"),
        ("Port pass 港區通行證系統, a second one", f"http://localhost:{ports.portpass}"),
        ("Duty-free letters 免稅函線上申辦, a third one", f"http://localhost:{ports.ida}"),
        ("Identity provider: one's own account", f"http://localhost:{ports.provider}/account"),
        ("Mailbox: every mail that is sent", f"http://localhost:{ports.mailbox}"),
        ("Software cards (工商憑證): what each is for", f"http://localhost:{ports.ca}"),
    ]
    people = [("Sign in as", "Password", "Name", "Role", "Company")] + [
        (
            each.username,
            password,
            each.name,
            f"{each.role} {each.role_zh}",
            f"{COMPANIES[each.tax_id][0]} {each.tax_id}",
        )
        for each in PEOPLE
    ]
    people += [
        (agent.username, password, agent.name, "linked account 鏈結帳號", f"acts for {len(agent.accounts)} accounts")
        for agent in AGENTS
    ]
    people += [
        (one.electronic_id, password, one.name, "staff 一般人員", f"{COMPANIES[one.tax_id][0]} {one.tax_id}")
        for one in NUMBERED
    ]
    where = folder.relative_to(ROOT)
    return "\n".join(
        [
            f"The demo is ready after {seconds:.1f} s.",
            "",
            table(addresses),
            "",
            table(people),
            "",
            "Duty-free letters ask for 統一編號 (the company's eight digits), then the number IC…, then the password.",
            *about_cards(folder, ports, backend),
            f"Operators (營運人員): http://localhost:{ports.provider}/ops as {USERNAME} ({NAME}), the same password;",
            f"the code of the phone: http://localhost:{ports.mailbox}/authenticator",
            f"{WAITING.name} {WAITING.number} has applied at the port pass with a document, and waits there.",
            "",
            f"Data in {where}, logs in {where}/log. Ctrl-C stops everything; FRESH=1 begins anew.",
        ]
    )


@click.command()
@click.option("--fresh", is_flag=True, help="Delete the data of earlier runs and begin anew.")
@click.option(
    "--port",
    type=click.IntRange(1024, 65000),
    default=FIRST_PORT,
    show_default=True,
    help="The provider's port; DREAMS is on the next, the port pass 2, duty-free letters 3, the mailbox 25, its SMTP "
    f"26, the test CA 72 further on; the card agent 71, but on {AGENT_PORT} where this is {FIRST_PORT}.",
)
@click.option(
    "--card",
    "backend",
    type=click.Choice(BACKENDS),
    default=BACKENDS[0],
    show_default=True,
    help="The cards that the agent offers: software cards of the test CA, or those in a reader.",
)
def demo(fresh: bool, port: int, backend: str) -> None:
    """Run provider, mail worker, three applications, mailbox, test CA and card agent, with people to sign in as."""
    began = time.monotonic()
    ports = Ports(port)
    folder = ROOT / "var" / ("demo" if port == FIRST_PORT else f"demo-{port}")
    if not (ROOT / "clients" / "mailbox").is_dir():
        raise click.ClickException("idp demo runs in a checkout of the project, where the folder clients/ is.")
    check_ports(ports)
    if fresh:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    known = read_secrets(folder)
    if os.environ.get("IDP_DEMO_PASSWORD", known["password"]) != known["password"]:
        click.echo("IDP_DEMO_PASSWORD counts for fresh data only: the people keep the password they have.")
    try:
        with told_to_end(), Processes(folder) as processes:
            start(processes, folder, ports, known, backend)
            click.echo(announcement(folder, ports, known["password"], time.monotonic() - began, backend))
            processes.watch()
    except (Stopped, NoCards) as error:
        raise click.ClickException(str(error)) from error


def start(processes: Processes, folder: Path, ports: Ports, known: dict[str, str], backend: str) -> None:
    """Start all, load the data on the way, and return when all answer."""
    environment = provider_environment(folder, ports, known)
    bare = {name: value for name, value in environment.items() if not name.startswith("IDP_")}
    processes.start("test CA", ["clients.testca"], bare | {
        "TESTCA_FOLDER": str(ca_folder(folder)),
        "TESTCA_PORT": str(ports.ca),
    })  # fmt: skip
    issuer = environment["IDP_ISSUER"]
    processes.start("card agent", agent_words(folder, issuer, ports.agent, backend), bare)
    processes.start("mailbox", ["clients.mailbox"], bare | {
        "MAILBOX_FOLDER": str(folder / "mails"),
        "MAILBOX_AUTHENTICATOR": str(app_file(folder)),
        "MAILBOX_PORT": str(ports.mailbox),
        "MAILBOX_SMTP_PORT": str(ports.smtp),
    })  # fmt: skip
    for name, key, port in (
        ("DREAMS", "dreams", ports.dreams),
        ("port pass", "portpass", ports.portpass),
        ("duty-free letters", "ida", ports.ida),
    ):
        processes.start(name, [f"clients.{key}"], bare | application_environment(folder, issuer, key, port, known))
    problem = prepare(folder, ports.provider, environment, known)
    if problem:
        raise click.ClickException(f"The database could not be prepared. {problem}")
    processes.start("provider", ["idp.cli", "serve"], environment)
    processes.start("mail worker", ["idp.cli", "worker"], environment)
    processes.wait_for(
        [
            ("mailbox", ports.mailbox, "/newest"),
            ("mailbox", ports.smtp, ""),
            ("provider", ports.provider, "/health"),
            ("DREAMS", ports.dreams, "/"),
            ("port pass", ports.portpass, "/"),
            ("duty-free letters", ports.ida, "/"),
            ("test CA", ports.ca, "/"),
            ("card agent", ports.agent, "/agent.css"),
        ]
    )
