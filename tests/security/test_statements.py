"""How many SQL statements each protocol request takes: a slow path is noticed at once (issue 2 §8)."""

from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.agreements.test_first_sign_in import Port
from tests.harness.people import Town

# BEGIN and COMMIT are not counted. A change that needs more has to say so here.
PINNED: dict[str, int] = {
    "/authorize (running sign-in, no consent)": 5,
    "/authorize (running sign-in, texts of the service agreed to)": 6,
    "/token (code)": 5,
    "/token (refresh)": 5,
    "/token (client_credentials)": 2,
    "/userinfo": 3,
    "/introspect": 3,
}


def fewest(act: Callable[[], requests.Response], *, times: int = 5) -> int:
    """The statements of a warm answer: caches of a few seconds may run out in one of several."""
    answers = [act() for _ in range(times)]
    assert all("X-Statements" in answer.headers for answer in answers), "the server does not count"
    return min(int(answer.headers["X-Statements"]) for answer in answers)


def test_each_protocol_request_takes_no_more_statements_than_before(counted: Town, tmp_path: Path) -> None:
    """Issue 2 §8."""
    app, machine = counted.rp("app"), counted.rp("machine")
    browser, person = counted.browser(), counted.person("staff")
    tokens = app.sign_in(browser, person)
    newest = [tokens.refresh_token]
    port = Port(counted, tmp_path)
    port.ask_for(hazard="1")
    browser.submit(port.app.open(browser, port.app.ask()), "agree-all", **{"agree-hazard": "1"})

    def refresh() -> requests.Response:
        answer = app.refresh(newest[-1])
        newest.append(answer.json()["refresh_token"])
        return answer

    def introspect() -> requests.Response:
        return app.post("introspection_endpoint", {"token": tokens.access_token})

    def client_credentials() -> requests.Response:
        return machine.post("token_endpoint", {"grant_type": "client_credentials", "scope": "sites.read"})

    found = {
        "/authorize (running sign-in, no consent)": fewest(lambda: app.silently(browser).page.response),
        "/authorize (running sign-in, texts of the service agreed to)": fewest(
            lambda: port.app.silently(browser).page.response
        ),
        "/token (code)": fewest(lambda: app.exchange(app.authorize(browser))),
        "/token (refresh)": fewest(refresh),
        "/token (client_credentials)": fewest(client_credentials),
        "/userinfo": fewest(lambda: app.userinfo(tokens.access_token)),
        "/introspect": fewest(introspect),
    }
    assert found == PINNED


def test_a_server_that_was_not_told_to_count_does_not_tell(bent: Town) -> None:
    """The header is for tests."""
    assert "X-Statements" not in bent.browser().get("/login").response.headers


@pytest.mark.parametrize("path", ["/jwks", "/.well-known/openid-configuration"])
def test_documents_take_no_statement_on_a_warm_server(counted: Town, path: str) -> None:
    """Answered before Flask."""
    answer = counted.browser().get(path).response
    assert answer.headers.get("X-Statements", "0") == "0"
