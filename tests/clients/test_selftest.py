"""`idp client selftest` at applications as they are run: ours keep the rules, a bent one hears which it breaks."""

import json
import os
import secrets
import signal
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.conftest import address_of_new_database
from tests.harness.databases import ON_EACH_DATABASE
from tests.harness.people import Town
from tests.harness.processes import ROOT, Adopted, Process, free_port, wait_until
from tests.harness.server import Server

COMPANIES = {"00000016": "測試一號有限公司", "00000022": "測試二號有限公司"}
SITE = ("name={mark}", "address=高雄市路竹區路科一路 1 號", "capacity_kw=499.5")
DAY = (date.today() + timedelta(days=2)).isoformat()
PASS = (
    *("holder=person", "kind=once", "name={mark}", "id_last4=6789", "port=KL", "area=西 16 號碼頭", "purpose=船舶補給"),
    *(f"first_day={DAY}", f"last_day={DAY}"),
)
AT_DREAMS = ("/sites", "/sites/new", SITE)
AT_PORTPASS = ("/passes", "/passes/new", PASS)


class Place:
    """A provider with its worker, and applications that are registered there."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder = folder
        self.server = Server(folder, database)
        self.server.start()
        self.town = Town(self.server)
        self.running: list[Process] = [self.server.start_worker(folder / "worker.log")]

    def close(self) -> None:
        for process in self.running:
            process.stop(kill=True)
        self.server.close()

    def application(self, client_id: str, module: str, key: str, **more: str) -> str:
        """Run an application, registered under this name; its address."""
        port, secret = free_port(), secrets.token_urlsafe(32)
        address = f"http://localhost:{port}"
        self.town.idp.kept(
            *("client", "add", "--client-id", client_id, "--secret-stdin", "--name", client_id, "--acting"),
            *("--redirect-uri", f"{address}/callback", "--initiate-login-uri", f"{address}/login"),
            *("--backchannel-logout-uri", f"{address}/backchannel-logout"),
            *("--grant-type", "authorization_code", "--grant-type", "refresh_token"),
            *("--scope", "openid profile email company menus linked_accounts"),
            stdin=secret,
        )
        menus = json.loads((ROOT / "clients" / key / "menus.json").read_text())
        file = self.folder / f"{client_id}.json"
        file.write_text(json.dumps(menus | {"client_id": client_id}))
        self.town.idp.kept("menu", "import", str(file))
        settings = {
            "ISSUER": self.server.issuer,
            "CLIENT_ID": client_id,
            "CLIENT_SECRET": secret,
            "DATA": str(self.folder / client_id),
            "PORT": str(port),
            "SECRET_KEY": secrets.token_urlsafe(32),
        }
        bare = {name: value for name, value in self.server.environment.items() if not name.startswith("IDP_")}
        environment = bare | {f"{key.upper()}_{name}": value for name, value in settings.items()} | more
        log = self.folder / f"{client_id}.log"
        self.running.append(Process([sys.executable, "-m", module], folder=ROOT, environment=environment, log=log))
        return address

    def selftest(self, address: str, of: tuple[str, str, tuple[str, ...]]) -> list[str]:
        """The command as an operator types it, for an application that answers."""
        page, form, fields = of
        wait_until(f"{address} answers", lambda: _answers(f"{address}/health"))
        words = ["client", "selftest", address + page, "--email", "ops@example.test"]
        words += [word for tax_id in COMPANIES for word in ("--company", tax_id)]
        return [*words, "--form", form, "--json", *(word for field in fields for word in ("--field", field))]

    def begin(self, name: str, words: list[str]) -> Process:
        """Begin the command, and let it go on by itself; what it says is in its log."""
        log = self.folder / f"{name}.said"
        return Adopted(self.server.idp.start(*words, log=log, environment=self.server.environment), log)

    def left_over(self) -> list[Any]:
        """What of a test is still in use: accounts and bindings."""
        accounts = "SELECT username FROM accounts WHERE username LIKE :name AND status <> 'closed'"
        bindings = "SELECT id FROM bindings WHERE state <> 'unbound'"
        return self.server.read(accounts, {"name": "selftest-%"}) + self.server.read(bindings, {})


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).ok
    except requests.RequestException:
        return False


@pytest.fixture(params=ON_EACH_DATABASE)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    there = Place(tmp_path, address_of_new_database(request.param, tmp_path, request))
    yield there
    there.close()


def said_by(run: Process) -> str:
    """All that a command said, once it has ended."""
    wait_until("the test has ended", lambda: not run.is_running(), seconds=120)
    return run.log.read_text()


def verdicts(said: str) -> dict[int, str]:
    """What was found of each rule."""
    assert "{" in said, said
    return {row["rule"]: row["verdict"] for row in json.loads(said[said.index("{") :])["rules"]}


def test_our_applications_keep_the_rules_a_bent_one_hears_which_it_breaks_and_nobody_is_left(place: Place) -> None:
    companies = ",".join(f"{tax_id}={name}" for tax_id, name in COMPANIES.items())
    bent = {"BENT_RULES": "1 2 3 4 6 8 9 10", "BENT_COMPANIES": companies}
    at_dreams = (place.application("dreams", "clients.dreams", "dreams"), AT_DREAMS)
    at_portpass = (place.application("portpass", "clients.portpass", "portpass"), AT_PORTPASS)
    at_bent = (place.application("bent", "tests.clients.bent", "dreams", **bent), AT_DREAMS)
    stopped = place.begin("stopped", place.selftest(*at_dreams))
    wait_until("its people are there", lambda: len(place.left_over()) == 5)
    os.kill(stopped.pid, signal.SIGTERM)
    assert "They are closed at its end." in said_by(stopped)
    assert "Aborted!" in stopped.log.read_text()
    assert place.left_over() == []

    good = [place.begin("dreams", place.selftest(*at_dreams)), place.begin("portpass", place.selftest(*at_portpass))]
    status, said, _ = place.server.idp.attempt(*place.selftest(*at_bent))
    assert verdicts(said) == dict.fromkeys(range(1, 11), "broken") | {7: "not seen"}, said
    assert status == 1
    for run in good:
        assert verdicts(said_by(run)) == dict.fromkeys(range(1, 11), "kept"), run.log.read_text()
    assert place.left_over() == []
    made = "SELECT DISTINCT action FROM audit_log WHERE action LIKE :which AND actor LIKE :whose"
    rows = place.server.read(made, {"which": "operator:selftest:%", "whose": "cli:%"})
    assert {action.rpartition(":")[2] for (action,) in rows} == {"begun", "shortened", "ended", "over"}
    assert place.server.accidents() is None

    place.town.idp("client", "set", "dreams", "--no-acting")
    status, _, said = place.server.idp.attempt(*place.selftest(*at_dreams))
    assert (status, "dreams is registered --no-acting: linked accounts never reach it." in said) == (1, True)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"companies": ["00000016"]}, "give two companies, both for tests alone"),
        ({"companies": ["00000016", "00000016"]}, "give two companies, both for tests alone"),
        ({"companies": ["00000016", "00000031"]}, "There is no such company."),
        ({"field": "name"}, "is NAME=VALUE"),
        ({"host": "127.0.0.1"}, "does not send people to"),
        ({}, "is at the provider's own origin"),
    ],
    ids=str,
)
def test_it_begins_only_with_what_it_can_use(provider: Town, changes: dict[str, Any], sentence: str) -> None:
    url = f"{provider.issuer}/health".replace("localhost", changes.get("host", "localhost"))
    words = ["client", "selftest", url, "--email", "ops@example.test"]
    words += [word for tax_id in changes.get("companies", COMPANIES) for word in ("--company", tax_id)]
    status, _, said = provider.idp.attempt(*words, "--field", changes.get("field", "a=b"))
    assert status in (1, 2)
    assert sentence in said
    assert "closed" not in said
