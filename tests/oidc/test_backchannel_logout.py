"""The back-channel logout plan of conformance.md, by name, and what else holds: SS05, tokens.md.

A provider, a worker as a process of its own, and small real applications.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt

from tests.harness.browser import Browser
from tests.harness.listener import Heard, Listener
from tests.harness.people import Town
from tests.harness.processes import Process, wait_until
from tests.harness.relying_party import Person, RelyingParty, Tokens
from tests.harness.server import Server

EVENT = "http://schemas.openid.net/event/backchannel-logout"
FULL = "openid profile email company menus offline_access"


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    with Listener() as listening:
        yield listening


def start_worker(server: Server) -> Process:
    return server.start_worker(server.folder / "worker.log")


@pytest.fixture(scope="module")
def worker(server: Server) -> Iterator[Process]:
    running = start_worker(server)
    yield running
    assert running.is_running()
    running.stop()
    assert "accident" not in (server.folder / "worker.log").read_text()


class Application:
    """A client with a back-channel logout address of its own at the listener."""

    def __init__(self, provider: Town, listener: Listener, *more: str, **registration: Any) -> None:
        self.listener = listener
        self.path = f"/end/{time.monotonic_ns()}"
        address = listener.address + self.path
        words = ["--backchannel-logout-uri", address, *more]
        given = {"scope": FULL, "consent": False, **registration}
        self.party: RelyingParty = provider.new_rp(more=words, **given)
        self.server = provider.server

    @property
    def heard(self) -> list[Heard]:
        return self.listener.of(self.path)

    def is_told(self, times: int = 1, seconds: float = 20.0) -> list[Heard]:
        wait_until(f"{self.path} is told {times} times", lambda: len(self.heard) >= times, seconds)
        return self.heard

    def sids(self) -> list[str]:
        return [jwt.decode(h.token, self.party.keys()).claims["sid"] for h in self.heard]

    def states(self) -> list[tuple[str, int, str]]:
        return [(row[0], row[1], row[2] or "") for row in self.server.read(
            "SELECT state, attempts, last_error FROM outbox WHERE client_id = :id ORDER BY id",
            {"id": self.party.client.client_id},
        )]  # fmt: skip

    def ends_as(self, state: str, seconds: float = 20.0) -> tuple[int, str]:
        """Wait until its one notice has been tried and is in that state; gives the attempts and the error."""
        wait_until(
            f"its notice is {state}: {self.states()}",
            lambda: [(s, n > 0) for s, n, _ in self.states()] == [(state, True)],
            seconds,
        )
        return self.states()[0][1:]

    def let_the_pause_pass(self) -> None:
        self.server.write(
            "UPDATE outbox SET next_attempt_at = created_at WHERE client_id = :id AND state = 'waiting'",
            {"id": self.party.client.client_id},
        )


def sign_out(party: RelyingParty, browser: Browser, tokens: Tokens, which: str = "sign-out-everywhere") -> str | None:
    """Ask for the sign-out as the application does, and press a button; where the browser is sent."""
    address = party.logout_address(
        id_token_hint=tokens.id_token, post_logout_redirect_uri=party.client.post_logout_redirect_uri
    )
    return browser.submit(browser.get(address), which).left_to


def test_oidcc_backchannel_logout_discovery_endpoint_verification(app: RelyingParty) -> None:
    assert app.metadata["backchannel_logout_supported"] is True
    assert app.metadata["backchannel_logout_session_supported"] is True
    assert app.metadata["end_session_endpoint"].startswith(app.issuer + "/")


@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA"])
def test_oidcc_backchannel_rp_initiated_logout(
    provider: Town, browser: Browser, staff: Person, listener: Listener, worker: Process, alg: str
) -> None:
    application = Application(provider, listener, alg=alg)
    party = application.party
    tokens = party.sign_in(browser, staff)
    assert sign_out(party, browser, tokens) == party.client.post_logout_redirect_uri
    assert party.silently(browser).error == "login_required"
    [heard] = application.is_told()
    header = party.header(heard.token)
    assert (header["typ"], header["alg"]) == ("logout+jwt", party.header(tokens.id_token)["alg"])
    claims = party.verified(heard.token)
    assert claims.keys() == {"iss", "aud", "iat", "exp", "jti", "events", "sub", "sid"}
    assert claims["events"] == {EVENT: {}}
    assert (claims["sub"], claims["sid"]) == (tokens.claims["sub"], tokens.claims["sid"])
    assert 0 < claims["exp"] - claims["iat"] <= 120
    assert len(claims["jti"]) >= 16
    assert application.ends_as("sent") == (1, "")


def test_a_logout_token_is_nothing_but_that(
    provider: Town, browser: Browser, staff: Person, listener: Listener, worker: Process
) -> None:
    """UI03, and no id_token_hint; the outbox keeps the intent and never the token."""
    application = Application(provider, listener)
    party = application.party
    sign_out(party, browser, party.sign_in(browser, staff))
    [heard] = application.is_told()
    assert party.userinfo(heard.token).status_code == 401
    assert browser.get(party.logout_address(id_token_hint=heard.token)).status == 400
    assert heard.token.encode() not in provider.server.dump()


def test_everywhere_tells_all_applications_of_this_sign_in_and_of_no_other(
    provider: Town, browser: Browser, staff: Person, listener: Listener, worker: Process
) -> None:
    first, second = Application(provider, listener), Application(provider, listener)
    tokens = first.party.sign_in(browser, staff)
    second.party.sign_in(browser)
    elsewhere = first.party.sign_in(provider.browser(), staff)
    sign_out(first.party, browser, tokens)
    first.is_told()
    second.is_told()
    assert first.sids() == [tokens.claims["sid"]]
    assert first.party.userinfo(elsewhere.access_token).status_code == 200


def test_this_application_tells_it_alone(
    provider: Town, browser: Browser, staff: Person, listener: Listener, worker: Process
) -> None:
    leaving, staying = Application(provider, listener), Application(provider, listener)
    tokens = leaving.party.sign_in(browser, staff)
    staying.party.sign_in(browser)
    sign_out(leaving.party, browser, tokens, "sign-out-application")
    leaving.is_told()
    assert leaving.sids() == [tokens.claims["sid"]]
    assert staying.states() == []
    assert staying.party.silently(browser).code


def test_two_sign_ins_are_two_sids_and_one_ends_without_the_other(
    provider: Town, browser: Browser, staff: Person, listener: Listener, worker: Process
) -> None:
    application = Application(provider, listener)
    party, other = application.party, provider.browser()
    here, there = party.sign_in(browser, staff), party.sign_in(other, staff)
    assert here.claims["sid"] != there.claims["sid"]
    sign_out(party, other, there)
    application.is_told()
    assert application.sids() == [there.claims["sid"]]
    sign_out(party, browser, here)
    application.is_told(2)
    assert application.sids() == [there.claims["sid"], here.claims["sid"]]


def test_with_one_application_down_the_others_are_told_and_the_person_does_not_wait(
    provider: Town, browser: Browser, staff: Person, listener: Listener, worker: Process
) -> None:
    """SS05."""
    hanging, failing, well = (Application(provider, listener) for _ in range(3))
    refusing = Application(provider, Listener())  # where nobody listens
    listener.behaviour |= {hanging.path: "hang", failing.path: 503}
    tokens = well.party.sign_in(browser, staff)
    for application in (hanging, failing, refusing):
        application.party.sign_in(browser)
    began = time.monotonic()
    sign_out(well.party, browser, tokens)
    assert time.monotonic() - began < 4.5
    [told] = well.is_told()
    [asked] = hanging.is_told()
    # The one that hangs was not waited for, and was given five seconds in all.
    assert told.at - asked.at < 4.5
    wait_until("the hanging one is left", lambda: len(listener.cut_off) > 0)
    assert listener.cut_off[-1] < 9
    assert "TimeoutError" in hanging.ends_as("waiting")[1]
    assert "answered 503" in failing.ends_as("waiting")[1]
    assert "refused" in refusing.ends_as("waiting")[1]
    listener.behaviour.clear()
    refusing.listener.open()
    try:
        for application in (hanging, failing, refusing):
            application.let_the_pause_pass()
            assert application.ends_as("sent")[0] == 2
    finally:
        refusing.listener.close()
    # Signed anew at each attempt.
    first, second = (jwt.decode(h.token, failing.party.keys()).claims for h in failing.heard)
    assert first["jti"] != second["jti"]
    assert (first["sid"], first["sub"]) == (second["sid"], second["sub"])


def test_an_application_that_is_down_is_asked_once_and_not_for_every_session(
    provider: Town, staff: Person, listener: Listener, worker: Process
) -> None:
    application = Application(provider, Listener())
    for _ in range(3):
        application.party.sign_in(provider.browser(), staff)
    provider.suspend(staff)
    wait_until("it was tried", lambda: any(n for _, n, _ in application.states()))
    time.sleep(1.5)
    assert sorted((state, attempts) for state, attempts, _ in application.states()) == [
        ("waiting", 0),
        ("waiting", 0),
        ("waiting", 1),
    ]


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [("redirect", "answered 307"), ("large", "answered 500"), ("drip", "TimeoutError"), (404, "answered 404")],
)
def test_an_application_that_answers_badly_is_asked_again_later(
    provider: Town, browser: Browser, staff: Person, listener: Listener, worker: Process, behaviour: Any, error: str
) -> None:
    application = Application(provider, listener)
    listener.behaviour[application.path] = behaviour
    sign_out(application.party, browser, application.party.sign_in(browser, staff))
    attempts, said = application.ends_as("waiting")
    assert attempts == 1
    assert error in said
    assert len(said) <= 500
    assert listener.of("/elsewhere") == []


@pytest.mark.parametrize("status", [200, 204])
def test_an_application_that_has_ended_the_session_says_so(
    provider: Town, browser: Browser, staff: Person, listener: Listener, worker: Process, status: int
) -> None:
    application = Application(provider, listener)
    listener.behaviour[application.path] = status
    sign_out(application.party, browser, application.party.sign_in(browser, staff))
    assert application.ends_as("sent") == (1, "")


def test_an_application_that_declines_is_not_asked_again_and_operators_see_it(
    provider: Town, browser: Browser, staff: Person, listener: Listener, worker: Process
) -> None:
    """Back-Channel Logout §2.8: 400."""
    application = Application(provider, listener)
    listener.behaviour[application.path] = 400
    sign_out(application.party, browser, application.party.sign_in(browser, staff))
    assert "answered 400" in application.ends_as("dead")[1]


def test_a_machine_of_the_private_network_is_never_asked(
    provider: Town, browser: Browser, staff: Person, listener: Listener, worker: Process
) -> None:
    application = Application(provider, listener)
    tokens = application.party.sign_in(browser, staff)
    for number in ("10.0.0.1", "169.254.169.254", "[fe80::1]"):
        provider.server.write(
            "UPDATE clients SET backchannel_logout_uri = :address WHERE id = :id",
            {"address": f"http://{number}/latest/meta-data", "id": application.party.client.client_id},
        )
        sign_out(application.party, browser, tokens)
        wait_until("it was tried", lambda: all(n for _, n, _ in application.states()))
        assert {error for _, _, error in application.states()} == {
            "Unreachable: the name leads to no number that may be called"
        }
        tokens = application.party.sign_in(browser, staff)


def test_a_suspended_account_ends_in_every_application(
    provider: Town, browser: Browser, staff: Person, listener: Listener, worker: Process
) -> None:
    application = Application(provider, listener)
    tokens = application.party.sign_in(browser, staff)
    provider.suspend(staff)
    application.is_told()
    assert application.sids() == [tokens.claims["sid"]]


def test_who_loses_rights_ends_where_the_application_wants_it_and_is_seen_elsewhere(
    provider: Town, browser: Browser, staff: Person, listener: Listener, worker: Process
) -> None:
    """tokens.md: ``on_narrowing``. The next entry is silent, with what is left."""
    ends = Application(provider, listener)
    polls = Application(provider, listener, "--on-narrowing", "poll")
    before = ends.party.sign_in(browser, staff)
    polling = polls.party.sign_in(browser)
    provider.set_role(staff, "guest")
    ends.is_told()
    assert ends.sids() == [before.claims["sid"]]
    assert ends.party.userinfo(before.access_token).status_code == 401
    assert ends.party.refresh(before.refresh_token).json()["error"] == "invalid_grant"
    after = ends.party.tokens(ends.party.silently(browser))
    assert after.claims["roles"] == ["guest"]
    assert after.claims["sid"] != before.claims["sid"]
    assert polls.party.person(polling.access_token)["roles"] == ["guest"]
    assert polls.states() == []


def test_who_gains_rights_goes_on(
    provider: Town, browser: Browser, guest: Person, listener: Listener, worker: Process
) -> None:
    application = Application(provider, listener)
    tokens = application.party.sign_in(browser, guest)
    provider.set_role(guest, "staff")
    assert application.party.person(tokens.access_token)["roles"] == ["staff"]
    assert application.states() == []


def test_a_replayed_code_or_refresh_token_ends_no_sid(
    provider: Town, browser: Browser, staff: Person, listener: Listener, worker: Process
) -> None:
    application = Application(provider, listener)
    party = application.party
    answer = party.authorize(browser, staff)
    tokens = party.tokens(answer)
    assert party.exchange(answer).status_code == 400
    assert party.userinfo(tokens.access_token).status_code == 401
    again = party.tokens(party.silently(browser))
    assert again.claims["sid"] == tokens.claims["sid"]
    assert application.states() == []


@pytest.fixture
def without_worker(tmp_path: Path) -> Iterator[Town]:
    """A provider of this test's own, with no worker beside it."""
    server = Server(tmp_path, f"sqlite:///{tmp_path / 'idp.db'}")
    try:
        server.start()
        yield Town(server)
    finally:
        server.close()


def test_a_worker_that_is_killed_loses_nothing(without_worker: Town, listener: Listener) -> None:
    """Between commit and delivery, and while an application is asked."""
    town = without_worker
    application, browser = Application(town, listener), town.browser()
    sign_out(application.party, browser, application.party.sign_in(browser, town.person("staff")))
    assert application.states() == [("waiting", 0, "")]
    listener.behaviour[application.path] = "hang"
    first = start_worker(town.server)
    try:
        application.is_told()
    finally:
        first.stop(kill=True)
    assert application.states() == [("sending", 0, "")]
    listener.behaviour.clear()
    client = {"id": application.party.client.client_id}
    town.server.write("UPDATE outbox SET leased_until = created_at WHERE client_id = :id", client)
    second = start_worker(town.server)
    try:
        application.is_told(2)
        assert application.ends_as("sent") == (1, "")
    finally:
        second.stop()
