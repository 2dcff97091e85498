"""How many SQL statements each protocol request takes: a slow path is noticed at once (issue 2 §8)."""

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.agreements.test_first_sign_in import Port
from tests.harness.linked import bind, enter
from tests.harness.people import Town
from tests.oidc.rounds import a_round, switch

# BEGIN and COMMIT are not counted. A change that needs more has to say so here.
PINNED: dict[str, int] = {
    "/authorize (running sign-in, no consent)": 5,
    "/authorize (running sign-in, texts of the service agreed to)": 6,
    # Issue 6 "Speed": two more than a sign-in that switches nothing.
    "/authorize (a switch to another company without a page)": 7,
    "/token (code)": 5,
    "/token (refresh)": 6,
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
    around = a_round(counted)
    agents = counted.browser()
    for binding in (around.binding_one, around.binding_two):
        enter(around.app, agents, around.agent, binding, prompt="select_account")
    turns = itertools.cycle((around.one, around.two))
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
        "/authorize (a switch to another company without a page)": fewest(
            lambda: switch(around, around.app, agents, next(turns)).page.response
        ),
        "/token (code)": fewest(lambda: app.exchange(app.authorize(browser))),
        "/token (refresh)": fewest(refresh),
        "/token (client_credentials)": fewest(client_credentials),
        "/userinfo": fewest(lambda: app.userinfo(tokens.access_token)),
        "/introspect": fewest(introspect),
    }
    assert found == PINNED


def test_a_company_of_hers_takes_as_many_statements_to_refuse_as_one_that_is_not(counted: Town) -> None:
    """tokens.md rule 5: unknown, bound and never entered, several of them: one answer, in equal time."""
    around, browser = a_round(counted), counted.browser()
    third = counted.new_company()
    colleagues = [counted.person("staff", tax_id=third["tax_id"]) for _ in range(2)]
    for colleague in colleagues:
        bind(counted, around.agent, colleague)
    enter(around.app, browser, around.agent, around.binding_one)
    companies = {
        "bound": around.company(around.two)["id"],
        "several bound": third["id"],
        "not hers": counted.new_company()["id"],
        "nobody's": "co_nobody",
    }

    def refused(company: str) -> requests.Response:
        answer = around.app.silently(browser, tenant=company)
        assert answer.error == "interaction_required"
        return answer.page.response

    found = {name: fewest(lambda company=company: refused(company)) for name, company in companies.items()}
    assert len(set(found.values())) == 1, found


def test_a_server_that_was_not_told_to_count_does_not_tell(bent: Town) -> None:
    """The header is for tests."""
    assert "X-Statements" not in bent.browser().get("/login").response.headers


@pytest.mark.parametrize("path", ["/jwks", "/.well-known/openid-configuration"])
def test_documents_take_no_statement_on_a_warm_server(counted: Town, path: str) -> None:
    """Answered before Flask."""
    answer = counted.browser().get(path).response
    assert answer.headers.get("X-Statements", "0") == "0"
