"""The demo's data: companies, people, the application; loaded by the public command, each part once."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner, Result

from idp.cli.demo_cards import CITIZENS_CA, NoCards, anchors, anchors_there
from idp.cli.demo_case import make_case
from idp.cli.demo_numbers import make_numbered
from idp.cli.demo_operator import app_file, make_operator
from idp.cli.demo_processes import ROOT
from idp.policies.cards import CardKind
from idp.policies.mail_texts import MAIL_TEXTS

FIRST_PORT = 5100
AGENT_PORT = 61171


@dataclass(frozen=True)
class Ports:
    """The ports of the demo, all counted from the first."""

    provider: int

    @property
    def dreams(self) -> int:
        return self.provider + 1

    @property
    def portpass(self) -> int:
        return self.provider + 2

    @property
    def ida(self) -> int:
        return self.provider + 3

    @property
    def mailbox(self) -> int:
        return self.provider + 25

    @property
    def smtp(self) -> int:
        return self.provider + 26

    @property
    def agent(self) -> int:
        # Where pages look for an agent that a person has installed; a second demo has its own.
        return AGENT_PORT if self.provider == FIRST_PORT else self.provider + 71

    @property
    def ca(self) -> int:
        return self.provider + 72

    def uses(self) -> dict[int, str]:
        """What each port is for, in words."""
        return {
            self.provider: "the identity provider",
            self.dreams: "DREAMS",
            self.portpass: "the port pass application",
            self.ida: "the application for duty-free letters",
            self.mailbox: "the mailbox page",
            self.smtp: "the mail sink",
            self.agent: "the card agent",
            self.ca: "the test CA",
        }


@dataclass(frozen=True)
class Person:
    """One of the people to sign in as."""

    username: str
    name: str
    role: str
    role_zh: str
    tax_id: str
    service: str = "dreams"


@dataclass(frozen=True)
class Agent:
    """A person with a linked account, and the accounts bound to it: several companies by one sign-in."""

    username: str
    name: str
    accounts: tuple[str, ...]


COMPANIES = {"00000016": ("測試一號有限公司", "card"), "00000022": ("測試二號有限公司", "document")}
NEW_COMPANY = ("00000037", "測試三號有限公司")
PROVEN_COMPANY = ("00000058", "測試五號有限公司")


@dataclass(frozen=True)
class Application:
    """A demo application with the service that owns it: the preset of its policy, and how both look."""

    id: str
    preset: str
    name: str
    name_en: str
    colour: str
    scope: str = "openid profile email company menus linked_accounts"
    grants: tuple[str, ...] = ("authorization_code", "refresh_token")


APPLICATIONS = (
    Application(
        "dreams", "dreams", "DREAMS 案場申請", "DREAMS sites", "#12462a",
        scope="openid profile email company menus linked_accounts offline_access",
    ),
    Application("portpass", "twport", "港區通行證系統", "Port pass", "#0b3f63"),
    Application(
        "ida", "ida", "免稅函線上申辦", "Duty-free letters", "#7a2230",
        scope="openid profile email company menus linked_accounts electronic_id electronic_id.lookup",
        grants=("authorization_code", "refresh_token", "client_credentials"),
    ),
)  # fmt: skip
PEOPLE = (
    Person("guest1", "林小玉", "guest", "訪客", "00000016"),
    Person("staff1", "王小明", "staff", "一般人員", "00000016"),
    Person("admin1", "陳美惠", "group_admin", "群組管理員", "00000016"),
    Person("staff2", "李大華", "staff", "一般人員", "00000022"),
    Person("port1", "張家豪", "staff", "一般人員", "00000022", "twport"),
    Person("port2", "吳海倫", "group_admin", "群組管理員", "00000022", "twport"),
)
AGENTS = (Agent("agent1", "錢大明", ("staff1", "staff2", "port1")),)


@dataclass(frozen=True)
class Step:
    """One call of the public command that loads a part of the data, and the one that tells it is there."""

    arguments: tuple[str, ...]
    stdin: str = ""
    present: tuple[str, ...] = ()
    change: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Names this step among those done. What is read from files counts, what is secret does not."""
        files = [Path(text).read_bytes() for text in self.arguments if text.endswith(".json")]
        return hashlib.sha256(b"\0".join([*(text.encode() for text in self.arguments), *files])).hexdigest()


def steps(folder: Path, ports: Ports, known: dict[str, str]) -> Iterator[Step]:
    """What the demo data is: the register, services, companies, people, applications with their menus, anchors."""
    yield Step(("registry", "import", str(ROOT / "data" / "companies_sample.csv")))
    yield from (_service(application) for application in APPLICATIONS)
    for tax_id, (name, proof) in COMPANIES.items():
        yield Step(
            ("company", "add", "--tax-id", tax_id, "--name", name, "--proof", proof),
            present=("company", "show", "--tax-id", tax_id),
        )
    for person in PEOPLE:
        named = ("--tax-id", person.tax_id, "--username", person.username)
        told = ("--name", person.name, "--email", f"{person.username}@example.test", "--role", person.role)
        yield Step(
            ("account", "add", *named, *told, "--service", person.service, "--password-stdin"),
            stdin=known["password"],
            present=("account", "show", "--username", person.username),
        )
    yield from _agents(known["password"])
    yield from _a_company_to_come_in()
    for application, port in zip(APPLICATIONS, (ports.dreams, ports.portpass, ports.ida), strict=True):
        yield _client(application, f"http://localhost:{port}", known[f"{application.id}_client_secret"])
        yield Step(("menu", "import", str(ROOT / "clients" / application.id / "menus.json")))
    yield from _anchors(folder)


def _agents(password: str) -> Iterator[Step]:
    """The linked accounts, and what is bound to them: bound again it would be refused, so that says it is there."""
    for agent in AGENTS:
        named = ("--username", agent.username)
        told = ("--name", agent.name, "--email", f"{agent.username}@example.test")
        yield Step(
            ("linked", "add", *named, *told, "--password-stdin"),
            stdin=password,
            present=("account", "show", *named),
        )
        for account in agent.accounts:
            yield Step(
                ("linked", "bind", *named, "--account", account, "--reason", "demo: agreed on paper"),
                present=("account", "show", *named),
            )


def _a_company_to_come_in() -> Iterator[Step]:
    """A company that an operator has proven and that has nobody yet: who registers first becomes its group admin."""
    named = ("--tax-id", PROVEN_COMPANY[0])
    yield Step(("company", "add", *named, "--name", PROVEN_COMPANY[1]), present=("company", "show", *named))
    yield Step(("company", "prove", *named, "--proof", "document", "--reason", "demo: seen at the counter"))


def _anchors(folder: Path) -> Iterator[Step]:
    """Trust in the CAs whose cards are in the drawer, the root first. What is pinned already is no step."""
    pinned = idp("trust", "list", "--json").stdout
    for path, sha256 in anchors(folder):
        if sha256 not in pinned:
            issues = CardKind.CITIZEN if path.stem == CITIZENS_CA else CardKind.COMPANY
            yield Step(("trust", "add", str(path), "--sha256", sha256, "--issues", issues.value))


def _service(application: Application) -> Step:
    mailbox = f"{application.preset}@example.test"
    told = (
        "--id", application.preset,
        "--name", application.name,
        "--name-en", application.name_en,
        "--colour", application.colour,
        "--mail-from", mailbox,
        # Where its mails ask people not to answer, there is nowhere to answer to.
        "--reply-to", "" if application.preset in MAIL_TEXTS else mailbox,
        "--policy", str(ROOT / "docs" / "examples" / f"{application.preset}-policy.json"),
    )  # fmt: skip
    there = ("service", "show", "--id", application.preset)
    return Step(("service", "add", *told), present=there, change=("service", "set", *told))


def _client(application: Application, home: str, secret: str) -> Step:
    registration = (
        "--name", application.name,
        "--name-en", application.name_en,
        "--service", application.preset,
        "--colour", application.colour,
        "--icon", application.id,
        "--redirect-uri", f"{home}/callback",
        "--post-logout-redirect-uri", f"{home}/signed-out",
        "--initiate-login-uri", f"{home}/login",
        "--backchannel-logout-uri", f"{home}/backchannel-logout",
        "--auth-method", "client_secret_basic",
        *(word for grant in application.grants for word in ("--grant-type", grant)),
        "--scope", application.scope,
        "--acting",
    )  # fmt: skip
    return Step(
        ("client", "add", "--client-id", application.id, "--secret-stdin", *registration),
        stdin=secret,
        present=("client", "show", application.id),
        change=("client", "set", application.id, *registration),
    )


def load(wanted: Iterable[Step], folder: Path) -> None:
    """Take each step once: what an earlier run has done is written down, and stays as people changed it.

    Raises NotLoaded with what the command said.
    """
    ledger = folder / "loaded.json"
    done: list[str] = json.loads(ledger.read_text()) if ledger.exists() else []
    for step in wanted:
        if step.digest not in done:
            _take(step)
            done.append(step.digest)
            unfinished = ledger.with_suffix(".new")
            unfinished.write_text(json.dumps(done, indent=1))
            unfinished.rename(ledger)


class NotLoaded(Exception):
    """A command refused; the text is what it said."""


def _take(step: Step) -> None:
    answer = idp(*step.arguments, stdin=step.stdin)
    if answer.exit_code and step.present and idp(*step.present).exit_code == 0:
        # It is there: from an older version of this data, or from a run broken off before the note of it.
        if not step.change:
            return
        answer = idp(*step.change)
    _check(answer, *step.arguments[:2])


def _check(answer: Result, *command: str) -> None:
    if answer.exit_code == 0:
        return
    if answer.exception and not isinstance(answer.exception, SystemExit):
        raise answer.exception
    raise NotLoaded(f"idp {' '.join(command)}: {answer.stderr.strip()}")


def idp(*arguments: str, stdin: str = "") -> Result:
    """Call the public command in this process: a process for each would take a second for each."""
    from idp.cli import main  # which itself imports the demo

    return CliRunner().invoke(main, arguments, input=stdin)


def prepare(folder: Path, port: int, environment: dict[str, str], known: dict[str, str]) -> str:
    """Migrate and load in a process of its own, with the demo's settings. Gives a sentence when that fails.

    Where neither the program nor the data wanted has changed since, there is nothing to do, and a start is quick.
    """
    note = folder / "prepared"
    is_whole = (folder / "idp.db").exists() and app_file(folder).exists()
    if is_whole and note.exists() and note.read_text() == _state(folder, port):
        return ""
    answer = subprocess.run(  # noqa: S603  (our own program with our own words)
        [sys.executable, "-m", "idp.cli.demo_data", str(folder), str(port)],
        cwd=ROOT,
        env=environment,
        input=json.dumps(known),
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if answer.returncode:
        return answer.stderr.strip()
    note.write_text(_state(folder, port))
    return ""


def _state(folder: Path, port: int) -> str:
    menus = [ROOT / "clients" / application.id / "menus.json" for application in APPLICATIONS]
    programs = [*sorted((ROOT / "idp").rglob("*.py")), *menus]
    found = [f"{path}:{path.stat().st_size}:{path.stat().st_mtime_ns}" for path in programs]
    return hashlib.sha256("\n".join([str(port), *found, *anchors_there(folder)]).encode()).hexdigest()


if __name__ == "__main__":
    try:
        _check(idp("init"), "init")
        told = json.load(sys.stdin)
        load(steps(Path(sys.argv[1]), Ports(int(sys.argv[2])), told), Path(sys.argv[1]))
        make_operator(Path(sys.argv[1]), told["password"])
        make_case(told["password"])
        make_numbered(told["password"])
    except (NotLoaded, NoCards) as error:
        sys.exit(str(error))
