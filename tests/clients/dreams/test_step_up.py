"""Step-up at an application: locked menu items, and an API that asks for more in its challenge (RFC 9470)."""

import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask import Flask
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from clients.dreams.app import create_app
from clients.relying.api import challenge_in
from clients.relying.settings import Settings
from clients.relying.strength import CARD, MFA, PASSWORD, Needed, needed_from, reaches
from tests.clients.dreams.people import STAFF, at_dreams
from tests.clients.issuer import Clock, Person, SmallIssuer
from tests.harness.processes import free_port

FIELD = re.compile(r'name="([a-z_]+)" value="([^"]*)"')


def raised(issuer: SmallIssuer, acr: str, **changes: Any) -> None:
    """From now on the provider signs this person in so, when the application asks for her again."""
    changes = {"entitlements": STAFF, "auth_time": int(time.time())} | changes
    strong = {name: value for name, value in issuer.person.items() if name != "entitlements_locked"}
    issuer.seats = {issuer.person["sub"]: strong | {"acr": acr} | changes}


def step_up(person: Person, page: TestResponse, **changes: str) -> TestResponse:
    """Press the button of a page."""
    form = page.text.partition('action="/step-up"')[2].partition("</form>")[0]
    return person.post("/step-up", dict(FIELD.findall(form)) | changes)


def test_a_locked_item_says_why_and_opens_after_the_card(app: Flask, person: Person, issuer: SmallIssuer) -> None:
    """R-207: also where its address is typed; the answer must be as strong as was asked; declined is back there."""
    issuer.person["entitlements"] = [code for code in STAFF if code != "site.new"]
    issuer.person["entitlements_locked"] = {"site.new": CARD}
    person.sign_in()
    page = person.get("/sites/new")
    assert page.status_code == 403
    assert "「申請新案場」須以工商憑證登入；這次登入沒有使用代表這家公司的工商憑證。" in page.text
    assert "改用工商憑證登入" in page.text
    answer = step_up(person, page)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}
    claims = {"sub": {"value": issuer.person["sub"]}, "acr": {"essential": True, "values": [CARD]}}
    assert (asked["acr_values"], json.loads(asked["claims"])["id_token"]) == (CARD, claims)
    assert asked["tenant"] == issuer.person["tenant"]
    assert "回覆的登入強度低於所要求的，因此沒有採用。" in person.follow(answer).text
    issuer.faults["answer"] = {"code": None, "error": "access_denied"}
    assert person.follow(step_up(person, page)).status_code == 403
    issuer.faults.clear()
    raised(issuer, CARD)
    form = person.follow(step_up(person, page))
    assert (form.status_code, form.request.path) == (200, "/sites/new")
    for broken in ({"acr": "", "max_age": ""}, {"acr": "urn:other", "max_age": "1e3"}, {"csrf_token": "x"}):
        assert step_up(person, page, **broken).status_code == 400
    assert person.follow(step_up(person, page, target="https://evil.example/")).request.path == "/"
    issuer.seats.clear()
    issuer.be("staff1", "王小明", "staff", [])
    issuer.person["entitlements_locked"] = {"site.new": CARD}
    issuer.person["act"] = {"iss": issuer.address, "sub": "la_1", "name": "錢大明"}
    agent = at_dreams(app)
    agent.sign_in()
    page = agent.get("/sites/new")
    assert "您經由鏈結帳號進入，無法以這家公司的工商憑證登入。" in page.text
    assert "/step-up" not in page.text, "the card is beyond her reach"


@pytest.fixture
def served(issuer: SmallIssuer, clock: Clock, tmp_path: Path) -> Iterator[Flask]:
    """DREAMS at a real port: its own pages call its API."""
    port = free_port()
    here = f"http://localhost:{port}"
    app = create_app(Settings(issuer.address, "dreams", "secret", "x" * 32, tmp_path, port, here), clock)
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield app
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_api_asks_for_a_second_factor_and_the_page_leads_to_one(served: Flask, issuer: SmallIssuer) -> None:
    """RFC 9470 §3 and §4; RFC 6750 §3: each answer says what is missing, and the person comes back to the file."""
    person = at_dreams(served)

    def call(token: str | None) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        answer = requests.get(f"{person.here}/api/sites", headers=headers, timeout=5)
        return answer.status_code, answer.headers.get("WWW-Authenticate", "")

    before = set(issuer.access_tokens)
    person.sign_in()
    [weak] = issuer.access_tokens - before
    assert call(None) == (401, "Bearer")
    assert call("unknown") == (401, 'Bearer error="invalid_token"')
    status, challenge = call(weak)
    assert challenge.startswith('Bearer error="insufficient_user_authentication"')
    assert challenge_in(status, {"WWW-Authenticate": challenge}) == Needed((MFA,))
    for told, refusal in (
        ({"entitlements": ["site.list"]}, (403, 'Bearer error="insufficient_scope"')),
        ({"client_id": "another"}, (401, 'Bearer error="invalid_token"')),
        ({"token_type": "refresh_token"}, (401, 'Bearer error="invalid_token"')),
    ):
        issuer.faults["introspection"] = told
        assert call(weak) == refusal
    issuer.faults.clear()
    page = person.get("/reports/sites.json")
    assert page.status_code == 403
    assert "這項作業須以第二因素登入：驗證器、通行密鑰或憑證。" in page.text
    raised(issuer, MFA)
    answer = step_up(person, page)
    assert parse_qs(urlsplit(answer.headers["Location"]).query)["acr_values"] == [MFA]
    file = person.follow(answer)
    assert file.headers["Content-Disposition"] == 'attachment; filename="dreams-sites.json"'
    assert [site["name"] for site in file.get_json()["sites"]], "the company's samples"


@pytest.mark.parametrize(
    ("acr", "wanted", "enough"),
    [
        (CARD, MFA, True),
        (MFA, CARD, False),
        (PASSWORD, PASSWORD, True),
        (None, PASSWORD, False),
        ("urn:x", "urn:x", True),
        ("urn:x", PASSWORD, False),
    ],
)
def test_a_class_reaches_those_below_it(acr: Any, wanted: str, enough: bool) -> None:
    assert reaches(acr, wanted) is enough


@pytest.mark.parametrize(
    ("header", "needed"),
    [
        (f'Bearer error="insufficient_user_authentication", acr_values="{MFA} urn:x", max_age="5"', Needed((MFA,), 5)),
        ('Bearer error="insufficient_user_authentication", max_age="0"', Needed((), 0)),
        ('Bearer error="insufficient_user_authentication"', None),
        ('Bearer error="insufficient_user_authentication", max_age="-1", acr_values="urn:x"', None),
        ('Bearer error="invalid_token"', None),
        ('Basic realm="x"', None),
        ("", None),
    ],
)
def test_a_challenge_is_read_as_rfc_9470_writes_it(header: str, needed: Needed | None) -> None:
    assert challenge_in(401, {"WWW-Authenticate": header} if header else {}) == needed
    assert challenge_in(403, {"WWW-Authenticate": header}) is None


def test_an_old_sign_in_is_not_young_enough() -> None:
    needed = needed_from("", "60")
    assert needed is not None
    assert needed.is_met_by({"auth_time": 1000}, 1060)
    assert not needed.is_met_by({"auth_time": 1000}, 1200)
    assert not needed.is_met_by({}, 1000)
