"""Agents: people with a linked account, and what is bound to it, made by the ``idp`` command."""

import secrets
from dataclasses import dataclass
from typing import Any

from tests.harness.browser import Browser
from tests.harness.people import EVERYTHING, MENUS, PASSWORD, Town
from tests.harness.relying_party import Answer, Asked, Person, RelyingParty, Tokens


@dataclass(frozen=True, slots=True)
class Agent:
    """A person with a linked account."""

    username: str
    password: str
    sub: str
    name: str
    email: str


def an_agent(town: Town, name: str = "錢大明") -> Agent:
    """A new person with a linked account to which nothing is bound."""
    username = f"agent-{secrets.token_hex(5)}"
    email = f"{username}@example.test"
    answer = town.idp.kept(
        "linked", "add", "--username", username, "--name", name, "--email", email, "--password-stdin", stdin=PASSWORD
    )
    return Agent(username, PASSWORD, answer["sub"], name, email)


def bind(town: Town, agent: Agent, person: Person) -> str:
    """Bind a person's general account to an agent's; the binding's id."""
    answer = town.idp.kept(
        "linked", "bind", "--username", agent.username, "--account", person.username, "--reason", "a test"
    )
    return str(answer["id"])


def acting_client(town: Town, *, menus: list[dict[str, Any]] | None = None, **registration: Any) -> RelyingParty:
    """A relying party that understands `act`, as its registration says."""
    more = ["--acting", "--backchannel-logout-uri", "http://127.0.0.1:9/never-asked", *registration.pop("more", [])]
    scope = registration.pop("scope", EVERYTHING)
    return town.new_rp(scope=scope, consent=False, menus=menus or MENUS, more=more, **registration)


def enter(
    party: RelyingParty, browser: Browser, agent: Agent, seat: str | None = None, **changes: str | None
) -> Tokens:
    """Enter an application as an agent: through its password, and the chooser where it asks; checked tokens."""
    return party.tokens(answer_of(party, browser, agent, party.ask(**changes), seat))


def answer_of(party: RelyingParty, browser: Browser, agent: Agent, asked: Asked, seat: str | None = None) -> Answer:
    """The same, up to what comes back to the application. ``seat`` is the binding to choose."""
    page = party.open(browser, asked)
    for _ in range(4):
        answer = party.arrival(page, asked)
        if answer is not None:
            return answer
        if page.asks_for_password:
            page = party.step(browser, page, Person(agent.username, agent.password))
        elif page.asks_for_consent:
            page = browser.submit(page, "consent-accept")
        else:
            assert seat is not None, f"asked to choose: {page!r}"
            page = browser.submit(page, f"seat-{seat}")
    raise AssertionError(f"four pages and still not back: {page!r}")
