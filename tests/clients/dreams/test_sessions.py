"""Sessions of DREAMS: what bites within five minutes, and what ends them."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask

from tests.clients.dreams.people import GUEST, HERE, SITE, STAFF, at_dreams
from tests.clients.issuer import EVENT, Clock, Person, SmallIssuer, form_keys


@pytest.mark.requirement("R-048")
def test_a_right_taken_away_bites_within_five_minutes(person: Person, issuer: SmallIssuer, clock: Clock) -> None:
    person.sign_in()
    keys = form_keys(person.get("/sites/new").text)
    issuer.person["entitlements"] = GUEST
    clock.ahead = 299
    assert person.post("/sites/new", keys | SITE).status_code == 403
    assert 'id="menu-site-new"' not in person.get("/sites").text


def test_rights_are_reread_with_the_refresh_token_once_the_access_token_is_over(
    person: Person, issuer: SmallIssuer, clock: Clock
) -> None:
    person.sign_in()
    issuer.access_tokens.clear()
    issuer.person["entitlements"] = [*STAFF, "group.users"]
    clock.ahead = 3000
    assert person.get("/group/users").status_code == 303


@pytest.mark.parametrize("change", [{"sub": "ga_other"}, {"sid": "sid-other"}, {"tenant": "co_two"}, {"auth_time": 1}])
def test_a_refresh_that_names_somebody_else_ends_the_session(
    person: Person, issuer: SmallIssuer, clock: Clock, change: dict[str, Any]
) -> None:
    person.sign_in()
    issuer.access_tokens.clear()
    issuer.faults = {"id_token": change}
    clock.ahead = 3000
    assert person.get("/sites").status_code == 401


def test_invalid_grant_ends_the_session(person: Person, issuer: SmallIssuer, clock: Clock) -> None:
    person.sign_in()
    issuer.access_tokens.clear()
    issuer.refresh_tokens.clear()
    clock.ahead = 250
    page = person.get("/sites")
    assert page.status_code == 401
    assert "您的登入已結束" in page.text
    assert person.get("/sites").status_code == 302


def test_an_unreachable_provider_is_waited_for_but_not_believed_for_ever(
    person: Person, issuer: SmallIssuer, clock: Clock
) -> None:
    person.sign_in()
    issuer.faults = {"userinfo_status": 503}
    clock.ahead = 270
    assert person.get("/sites").status_code == 200
    clock.ahead = 310
    page = person.get("/sites")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "10")
    issuer.faults = {}
    assert person.get("/sites").status_code == 200


def test_a_session_ends_at_session_expiry(person: Person, issuer: SmallIssuer, clock: Clock) -> None:
    issuer.person["session_expiry"] = int(time.time()) + 100
    person.sign_in()
    clock.ahead = 80  # the clock of the machine goes on meanwhile
    assert person.get("/sites").status_code == 200
    clock.ahead = 101
    assert person.get("/sites").status_code == 401


def test_signing_out_here_ends_it_here_and_gives_the_refresh_token_back(person: Person, issuer: SmallIssuer) -> None:
    person.sign_in()
    page = person.follow(person.send("/sign-out/here"))
    assert "您已登出 DREAMS" in page.text
    assert person.get("/sites").status_code == 302
    assert issuer.revoked[-1] in issuer.refresh_tokens


def test_signing_out_everywhere_goes_by_the_provider(person: Person, issuer: SmallIssuer) -> None:
    person.sign_in()
    leaving = person.send("/sign-out/everywhere")
    asked = dict(parse_qsl(urlsplit(leaving.headers["Location"]).query))
    assert asked["post_logout_redirect_uri"] == f"{HERE}/signed-out"
    assert asked["id_token_hint"].count(".") == 2
    assert "由企業帳號中心返回" in person.follow(leaving).text
    assert person.get("/sites").status_code == 302


def test_a_logout_token_ends_the_session_of_its_sid_and_no_other(
    app: Flask, person: Person, issuer: SmallIssuer
) -> None:
    person.sign_in()
    token = issuer.logout_token()
    issuer.be("staff1", "王小明", "staff", STAFF)
    elsewhere = at_dreams(app)
    elsewhere.sign_in()
    assert person.post("/backchannel-logout", {"logout_token": token}).status_code == 200
    assert person.get("/sites").status_code == 401
    assert elsewhere.get("/sites").status_code == 200
    assert person.post("/backchannel-logout", {"logout_token": token}).status_code == 400


def test_a_logout_token_without_sid_ends_all_sessions_of_the_seat(
    app: Flask, person: Person, issuer: SmallIssuer
) -> None:
    person.sign_in()
    issuer.be("staff1", "王小明", "staff", STAFF)
    elsewhere = at_dreams(app)
    elsewhere.sign_in()
    person.post("/backchannel-logout", {"logout_token": issuer.logout_token(sid=None)})
    assert [who.get("/sites").status_code for who in (person, elsewhere)] == [401, 401]


@pytest.mark.parametrize(
    "changes",
    [
        {"typ": "JWT"},
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": ["dreams", "another"]},
        {"exp": 1},
        {"iat": None},
        {"exp": int(time.time()) + 86400},
        {"events": {}},
        {"events": {EVENT: True}},
        {"events": "logout"},
        {"nonce": "n"},
        {"sub": None, "sid": None},
        {"jti": None},
        {"sid": 7},
    ],
)
def test_a_faulty_logout_token_ends_nothing(person: Person, issuer: SmallIssuer, changes: dict[str, Any]) -> None:
    person.sign_in()
    refused = person.post("/backchannel-logout", {"logout_token": issuer.logout_token(**changes)})
    assert (refused.status_code, refused.headers["Cache-Control"]) == (400, "no-store")
    assert person.get("/sites").status_code == 200


@pytest.mark.parametrize(
    "forge",
    [
        lambda token: "",
        lambda token: "not.a.token",
        lambda token: token[:-4] + "AAAA",
        lambda token: "eyJhbGciOiJub25lIn0." + token.split(".")[1] + ".",
        lambda token: "x" * 20000,
    ],
)
def test_an_unsigned_logout_token_ends_nothing(
    person: Person, issuer: SmallIssuer, forge: Callable[[str], str]
) -> None:
    person.sign_in()
    forged = forge(issuer.logout_token())
    assert person.post("/backchannel-logout", {"logout_token": forged}).status_code == 400
    assert person.get("/sites").status_code == 200


def test_a_sid_that_has_ended_is_never_used_again(person: Person, issuer: SmallIssuer) -> None:
    person.post("/backchannel-logout", {"logout_token": issuer.logout_token()})
    assert "ended_meanwhile" in person.sign_in().text
