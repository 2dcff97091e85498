"""Races between two workers, and workers killed at work: TK02, TK08, CR01, issue 2 "Done when" 4."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.conftest import address_of_new_database
from tests.harness.browser import BOUNDED, Browser, new_session
from tests.harness.databases import ON_EACH_DATABASE
from tests.harness.people import Town
from tests.harness.processes import wait_until
from tests.harness.relying_party import Person, RelyingParty
from tests.harness.server import Server

pytestmark = pytest.mark.both_databases

MANY = 20
ROUNDS = 3


def at_once(send: Callable[[], requests.Response], times: int = MANY) -> list[requests.Response]:
    """Send the same request so many times in the same moment."""
    gate = threading.Barrier(times)

    def one() -> requests.Response:
        gate.wait()
        return send()

    with ThreadPoolExecutor(times) as pool:
        return [future.result() for future in [pool.submit(one) for _ in range(times)]]


def sender(party: RelyingParty, form: dict[str, str]) -> Callable[[], requests.Response]:
    """A token request that each call sends by a connection of its own, so that both workers get some."""
    headers, body = party.authenticated(form)
    address = party.metadata["token_endpoint"]

    def send() -> requests.Response:
        with new_session() as session:
            return session.post(address, data=body, headers=headers, timeout=BOUNDED)

    return send


def race_of_a_code(app: RelyingParty, browser: Browser, person: Person | None, rounds: int) -> None:
    """Rounds of twenty redemptions of one code."""
    for _ in range(rounds):
        answer = app.authorize(browser, person)
        responses = at_once(sender(app, app.code_form(answer)))
        counted = Counter(response.status_code for response in responses)
        assert counted == {200: 1, 400: MANY - 1}, counted
        assert {r.json()["error"] for r in responses if r.status_code == 400} == {"invalid_grant"}


def test_one_code_sent_twenty_times_at_once_gives_exactly_one_token(
    app: RelyingParty, browser: Browser, staff: Person
) -> None:
    """TK02."""
    race_of_a_code(app, browser, staff, ROUNDS)


@pytest.mark.soak
def test_one_code_sent_twenty_times_at_once_for_fifty_rounds(
    app: RelyingParty, browser: Browser, staff: Person
) -> None:
    """TK02, all rounds."""
    race_of_a_code(app, browser, staff, 50)


def test_one_refresh_token_sent_twenty_times_at_once_is_one_success(
    app: RelyingParty, browser: Browser, staff: Person
) -> None:
    """TK08: all get the identical answer, which counts as one."""
    tokens = app.sign_in(browser, staff)
    form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
    responses = at_once(sender(app, form))
    assert Counter(response.status_code for response in responses) == {200: MANY}
    assert len({response.json()["refresh_token"] for response in responses}) == 1
    assert len({response.json()["access_token"] for response in responses}) == 1


def test_a_logout_beside_refreshes_leaves_nothing_alive(app: RelyingParty, browser: Browser, staff: Person) -> None:
    """RC05: whoever came first, afterwards the sign-in is over."""
    tokens = app.sign_in(browser, staff)
    page = browser.get(app.logout_address(id_token_hint=tokens.id_token))
    send = sender(app, {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token})
    with ThreadPoolExecutor(9) as pool:
        refreshes = [pool.submit(send) for _ in range(8)]
        pool.submit(browser.submit, page, "sign-out-everywhere").result()
    for answer in (future.result() for future in refreshes):
        if answer.status_code == 200:
            assert app.userinfo(answer.json()["access_token"]).status_code == 401
            assert app.refresh(answer.json()["refresh_token"]).status_code == 400
        else:
            assert answer.json()["error"] == "invalid_grant"


def test_many_sign_ins_of_one_person_at_once_all_succeed(app: RelyingParty, staff: Person, provider: Town) -> None:
    """No lost update and no deadlock on one account."""

    def sign_in() -> str:
        party = RelyingParty(provider.issuer, app.client)
        sid: str = party.sign_in(provider.browser(), staff).claims["sid"]
        return sid

    with ThreadPoolExecutor(8) as pool:
        sids = [future.result() for future in [pool.submit(sign_in) for _ in range(8)]]
    assert len(set(sids)) == 8


@pytest.fixture(params=ON_EACH_DATABASE)
def mortal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Town]:
    """A provider of its own, whose workers may be killed."""
    server = Server(tmp_path, address_of_new_database(request.param, tmp_path, request))
    try:
        server.start()
        yield Town(server)
    finally:
        server.close()


class Life:
    """People signing in again and again; what was acknowledged is written down."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.client = town.rp("app").client
        self.people = [town.person("staff") for _ in range(4)]
        self.used_codes: list[dict[str, str]] = []
        self.living: list[str] = []
        self.broken = 0
        self.wrong: list[str] = []
        self.done = threading.Event()

    def run(self, person: Person) -> None:
        """Sign in until told to stop. A connection cut by a killed worker is nobody's fault; a 5xx is."""
        while not self.done.is_set():
            try:
                self._once(person)
            except requests.RequestException:
                self.broken += 1
            except AssertionError as error:
                if not self.done.is_set():
                    self.wrong.append(str(error))

    def _once(self, person: Person) -> None:
        party = RelyingParty(self.town.issuer, self.client)
        answer = party.authorize(self.town.browser(), person)
        form = party.code_form(answer)
        response = party.post("token_endpoint", form)
        if response.status_code == 200:
            self.used_codes.append(form)
            self.living.append(response.json()["refresh_token"])
        else:
            self.wrong.append(response.text)


def test_killing_workers_during_sign_ins_loses_nothing_acknowledged(mortal: Town) -> None:
    """CR01, "Done when" 4: every answer given before a SIGKILL holds after it."""
    life = Life(mortal)
    threads = [threading.Thread(target=life.run, args=(person,)) for person in life.people]
    for thread in threads:
        thread.start()
    killed: set[int] = set()
    try:
        for _ in range(4):
            time.sleep(0.5)
            wait_until("two workers are there", lambda: len(mortal.server.workers()) == 2)
            killed.add(mortal.server.kill_a_worker())
        wait_until("enough people signed in all the same", lambda: len(life.living) >= 12)
    finally:
        life.done.set()
        for thread in threads:
            thread.join()
    assert len(killed) == 4
    assert wait_until("the provider is ready again", mortal.server.is_ready) < 5
    assert not life.wrong, life.wrong[:3]
    app = mortal.rp("app")
    for token in life.living:
        assert app.introspect(token)["active"] is True
    for form in life.used_codes[-10:]:
        again = app.post("token_endpoint", form)
        assert again.json()["error"] == "invalid_grant"
