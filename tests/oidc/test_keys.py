"""Signing keys under rotation: security.md §2, row KR01."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import address_of_new_database
from tests.harness.databases import ON_EACH_DATABASE
from tests.harness.people import Town
from tests.harness.processes import wait_until
from tests.harness.relying_party import RelyingParty
from tests.harness.server import Server


@pytest.fixture(params=ON_EACH_DATABASE)
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Town]:
    """A provider of its own: rotation concerns everybody on it."""
    server = Server(tmp_path, address_of_new_database(request.param, tmp_path, request))
    try:
        server.start()
        yield Town(server)
        assert server.accidents() is None
    finally:
        server.close()


def published(party: RelyingParty) -> set[str]:
    """The key ids that both workers publish."""
    found = [{key.kid or "" for key in party.keys().keys} for _ in range(6)]
    return set.intersection(*found)


@pytest.mark.both_databases
def test_a_new_key_is_published_before_its_first_use_and_no_token_fails(town: Town) -> None:
    """KR01: rotated under load; every token verifies by keys fetched before it was made."""
    app, person = town.rp("app"), town.person("staff")
    browser = town.browser()
    known = published(app)
    before = app.sign_in(browser, person)
    done = threading.Event()
    failures: list[str] = []

    def load() -> None:
        mine = town.browser()
        party = RelyingParty(town.issuer, app.client)
        party.sign_in(mine, person)
        while not done.is_set():
            seen = published(party)
            tokens = party.sign_in(mine)
            kid = party.header(tokens.id_token)["kid"]
            if kid not in seen:
                failures.append(f"{kid} was not among {seen}")

    loads = [threading.Thread(target=load) for _ in range(2)]
    for thread in loads:
        thread.start()
    old = app.header(before.id_token)["kid"]
    try:
        town.idp("keys", "rotate")
        wait_until(
            "tokens are signed by the new key",
            lambda: app.header(app.sign_in(browser).id_token)["kid"] != old,
            seconds=15,
            pause=0.3,
        )
    finally:
        done.set()
        for thread in loads:
            thread.join()
    assert not failures
    new = app.header(app.sign_in(browser).id_token)["kid"]
    assert new in known, "the key now in use was published before the rotation"
    assert old in published(app), "tokens signed by the old key still have to verify"
    assert app.verified(before.id_token)["sub"] == person.sub
    assert app.silently(browser, id_token_hint=before.id_token).code


def test_an_id_token_of_a_retired_key_still_serves_as_a_hint(town: Town) -> None:
    """tokens.md: ours by signature, retired keys included."""
    app, browser = town.rp("app"), town.browser()
    hint = app.sign_in(browser, town.person("staff")).id_token
    town.idp("keys", "rotate")
    states = {row["kid"]: row["state"] for row in town.idp("keys", "list", "--json")}
    assert states[app.header(hint)["kid"]] == "retired"
    assert app.silently(browser, id_token_hint=hint).code


def test_the_list_of_keys_shows_states_and_no_private_parts(town: Town) -> None:
    """Issue 2, 4: next, active, retired."""
    rows = town.idp("keys", "list", "--json")
    assert {row["state"] for row in rows} >= {"next", "active"}
    assert "PRIVATE" not in str(rows)
    assert {row["kid"] for row in rows} >= published(town.rp("app"))
