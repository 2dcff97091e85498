"""GET /accounts/by-electronic-id/<number>: whose account a number is, and what is not told (R-191; security.md §3)."""

import pytest
import requests

from idp.policies.electronic_id import electronic_id
from tests.harness.linked import an_agent
from tests.harness.people import Town
from tests.harness.relying_party import RelyingParty

SCOPE = "electronic_id.lookup"
MISSES = 60


def a_machine(town: Town, scope: str = SCOPE) -> RelyingParty:
    """A client by itself, registered for that."""
    return town.new_rp(scope=scope, grants=["client_credentials"], redirect=False)


def own_token(party: RelyingParty, scope: str = SCOPE) -> str:
    """A token that the client gets for itself."""
    answer = party.post("token_endpoint", {"grant_type": "client_credentials", "scope": scope})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def ask(town: Town, number: str, token: str | None, **headers: str) -> requests.Response:
    """The answer to a client that holds this token."""
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return requests.get(f"{town.issuer}/accounts/by-electronic-id/{number}", headers=headers, timeout=10)


def number_of(town: Town, username: str) -> str:
    return str(town.idp.kept("account", "show", "--username", username, "--json")["electronic_id"])


@pytest.mark.requirement("R-191")
def test_a_client_learns_who_a_number_is_and_nothing_of_those_it_could_not_let_in(provider: Town) -> None:
    party = a_machine(provider)
    token = own_token(party)
    person, gone = provider.person("staff", name="王小明"), provider.person("staff")
    number = number_of(provider, person.username)
    answer = ask(provider, number.lower(), token, Origin="https://elsewhere.example")
    assert answer.json() == {
        "electronic_id": number,
        "name": "王○明",
        "company_name": "測試一號有限公司",
        "company_tax_id": "00000016",
    }
    assert "no-store" in answer.headers["Cache-Control"]
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    provider.suspend(gone)
    agent = an_agent(provider)
    nobody = electronic_id(999_999_999)
    told = {
        (found.status_code, found.text)
        for one in (nobody, number_of(provider, gone.username), number_of(provider, agent.username))
        if (found := ask(provider, one, token))
    } | {(found.status_code, found.text) for one in (nobody,) for found in [ask(provider, one, token)]}
    assert [status for status, _text in told] == [404], told
    for malformed in (number[:-1] + str((int(number[-1]) + 1) % 10), "IC1", "A123456789", number + "0"):
        assert ask(provider, malformed, token).status_code == 400, malformed
    rows = provider.server.read(
        "SELECT action, account_id FROM audit_log WHERE client_id = :id AND action LIKE 'client:account:%'",
        {"id": party.client.client_id},
    )
    assert [tuple(row) for row in rows].count(("client:account:looked_up", person.sub)) == 1
    assert ("client:account:sought", None) in [tuple(row) for row in rows]


def test_only_a_client_with_a_token_of_its_own_for_that_scope_is_answered(provider: Town) -> None:
    person = provider.person("staff")
    number = number_of(provider, person.username)
    assert ask(provider, number, None).headers["WWW-Authenticate"] == 'Bearer realm="accounts"'
    assert ask(provider, number, "nonsense").status_code == 401
    other = ask(provider, number, own_token(a_machine(provider, "sites.read"), "sites.read"))
    assert (other.status_code, other.json()["error"]) == (403, "insufficient_scope")
    # A person's token is no client's own, whatever the client may do by itself.
    both = provider.new_rp(scope=f"openid {SCOPE}", grants=["authorization_code", "client_credentials"], consent=False)
    tokens = both.sign_in(provider.browser(), person, scope="openid")
    assert ask(provider, number, tokens.access_token).status_code == 401
    assert ask(provider, number, own_token(both)).status_code == 200
    for method in ("POST", "DELETE"):
        answer = requests.request(method, f"{provider.issuer}/accounts/by-electronic-id/{number}", timeout=10)
        assert (answer.status_code, answer.headers["Content-Type"][:16]) == (405, "application/json")


@pytest.mark.both_databases
def test_who_tries_numbers_is_stopped_for_the_rest_of_the_hour(provider: Town) -> None:
    token = own_token(a_machine(provider))
    number = number_of(provider, provider.person("staff").username)
    answers = [ask(provider, electronic_id(900_000_000 + n), token).status_code for n in range(MISSES)]
    assert set(answers) == {404}
    stopped = ask(provider, number, token)
    assert (stopped.status_code, stopped.json()["error"]) == (429, "too_many_requests")
    assert 0 < int(stopped.headers["Retry-After"]) <= 3600
    assert ask(provider, number, own_token(a_machine(provider))).status_code == 200, "others are not stopped by it"
