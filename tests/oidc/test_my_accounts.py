"""GET /me/accounts: whom a client may offer to switch to, and to which clients nothing is said (tokens.md, rule 7)."""

import json
from typing import Any

import pytest
import requests

from tests.harness.browser import Browser
from tests.harness.linked import an_agent, bind
from tests.harness.people import PASSWORD, Town
from tests.harness.processes import wait_until
from tests.harness.relying_party import Person, RelyingParty, Tokens

ACTING = ["--acting", "--backchannel-logout-uri", "http://127.0.0.1:9/never-asked"]
SCOPE = "openid profile company linked_accounts offline_access"


def ask(town: Town, access_token: str, **headers: str) -> requests.Response:
    """The endpoint's answer to a client that holds this token."""
    headers = {"Authorization": f"Bearer {access_token}"} | headers
    return requests.get(f"{town.issuer}/me/accounts", headers=headers, timeout=10)


def told(town: Town, tokens: Tokens) -> list[dict[str, Any]]:
    """The accounts of a good answer."""
    answer = ask(town, tokens.access_token)
    assert answer.status_code == 200, answer.text
    accounts: list[dict[str, Any]] = answer.json()["accounts"]
    return accounts


def audited(town: Town, client_id: str) -> int:
    """How often the audit log says that this client was told."""
    rows = town.server.read(
        "SELECT count(*) FROM audit_log WHERE action = :action AND client_id = :id",
        {"action": "linked:accounts:told", "id": client_id},
    )
    return int(rows[0][0])


@pytest.fixture
def party(provider: Town) -> RelyingParty:
    """A client that draws its own menu; for that alone people are asked."""
    return provider.new_rp(scope=SCOPE, consent=False, more=ACTING)


def test_a_client_learns_whom_the_person_can_act_as_there_and_switches_without_a_page(
    provider: Town, party: RelyingParty, browser: Browser
) -> None:
    agent = an_agent(provider)
    one, two = provider.person("group_admin"), provider.person("staff", tax_id="00000022")
    gone = provider.person("staff", tax_id="00000022")
    first, _second, _third = (bind(provider, agent, each) for each in (one, two, gone))
    provider.suspend(gone)
    asked = party.ask(scope=SCOPE.removesuffix(" offline_access"))
    page = party.step(browser, party.open(browser, asked), Person(agent.username, PASSWORD))
    page = browser.submit(page, f"seat-{first}")
    assert "可切換的公司帳號" in page.text
    assert "您能以鏈結帳號使用這個應用系統的其他公司與權限" in page.text
    answer = party.arrival(browser.submit(page, "consent-accept"), asked)
    assert answer is not None
    tokens = party.tokens(answer)
    accounts = told(provider, tokens)
    assert {each["sub"] for each in accounts} == {one.sub, two.sub}
    assert accounts[0] == {
        "sub": one.sub,
        "tenant": provider.company("00000016")["id"],
        "company_tax_id": "00000016",
        "company_name": "測試一號有限公司",
        "roles": ["staff"],  # through a linked account no more
        "current": True,
        "last_used_at": accounts[0]["last_used_at"],
    }
    assert "last_used_at" not in accounts[1]
    assert audited(provider, party.client.client_id) == 1
    # Agreed to linked_accounts there: the other company needs no page, and comes with its own list.
    wish = json.dumps({"id_token": {"sub": {"value": two.sub}}})
    other = party.tokens(party.silently(browser, scope=asked.parameters["scope"], claims=wish))
    assert other.claims["sub"] == two.sub
    assert [each["current"] for each in told(provider, other) if each["sub"] == two.sub] == [True]
    # What the client does not admit, it does not learn of.
    rule = ":rule" if provider.server.kind == "sqlite" else "CAST(:rule AS JSON)"
    values = {"rule": json.dumps({"proofs": ["card"]}), "id": party.client.client_id}
    assert provider.server.write(f"UPDATE clients SET admission = {rule} WHERE id = :id", values) == 1
    wait_until("the token is good for nothing there", lambda: ask(provider, tokens.access_token).status_code == 401)


def test_who_came_directly_is_the_only_one_named(provider: Town, party: RelyingParty, browser: Browser) -> None:
    person = provider.person("staff")
    tokens = party.sign_in(browser, person)
    assert [(each["sub"], each["current"]) for each in told(provider, tokens)] == [(person.sub, True)]
    answer = ask(provider, tokens.access_token, Origin="https://elsewhere.example")
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "no-store" in answer.headers["Cache-Control"]
    # Its offline access outlives the sign-in; what it says of others doesn't.
    browser.submit(browser.get("/account"), "sign-out")
    left = ask(provider, tokens.access_token)
    assert (left.status_code, left.json()["error"]) == (401, "invalid_token")


def test_the_scope_is_needed_and_refused_to_public_clients(provider: Town, browser: Browser) -> None:
    person = provider.person("staff")
    plain = provider.rp("app")
    tokens = plain.sign_in(browser, person)
    refused = ask(provider, tokens.access_token)
    assert (refused.status_code, refused.json()["error"]) == (403, "insufficient_scope")
    assert ask(provider, "made-up").status_code == 401
    assert requests.get(f"{provider.issuer}/me/accounts", timeout=10).headers["WWW-Authenticate"] == (
        'Bearer realm="accounts"'
    )
    in_address = requests.get(f"{provider.issuer}/me/accounts?access_token={tokens.access_token}", timeout=10)
    assert in_address.status_code == 400
    scope = "openid linked_accounts"
    command = ["client", "add", "--name", "x", "--scope", scope, "--redirect-uri", "https://x.example/cb"]
    code, _out, said = provider.idp.attempt(*command, "--auth-method", "none")
    assert code != 0
    assert "A public client gets no linked_accounts." in said
