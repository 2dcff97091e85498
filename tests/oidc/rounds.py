"""Agents who act for two companies at two applications, and how those ask for one."""

import json
from dataclasses import dataclass
from typing import Any

from tests.harness.browser import Browser
from tests.harness.linked import Agent, acting_client, an_agent, bind
from tests.harness.people import OTHER_MENUS, Town
from tests.harness.relying_party import Answer, Person, RelyingParty


@dataclass(frozen=True)
class Round:
    """An agent with two companies, and two applications that understand `act`."""

    town: Town
    agent: Agent
    one: Person
    two: Person
    binding_one: str
    binding_two: str
    app: RelyingParty
    other: RelyingParty

    def company(self, person: Person) -> dict[str, Any]:
        return self.town.company(person.tax_id)

    def binding_of(self, person: Person) -> str:
        return self.binding_one if person is self.one else self.binding_two

    def unbind(self, person: Person) -> None:
        """By suspension's stronger sister, at the linked account's own page."""
        browser = self.town.browser()
        page = browser.get("/linked")
        page = browser.submit(page, "sign-in", username=self.agent.username, password=self.agent.password)
        page = browser.get(f"/linked/bindings/{self.binding_of(person)}/unbind")
        browser.submit(page, "unbind")


def a_round(town: Town) -> Round:
    """An agent with a group admin of one company and a staff of another, and two applications."""
    agent = an_agent(town)
    one, two = town.person("group_admin"), town.person("staff", tax_id="00000022")
    first, second = bind(town, agent, one), bind(town, agent, two)
    app, other = acting_client(town), acting_client(town, menus=OTHER_MENUS)
    return Round(town, agent, one, two, first, second, app, other)


def sub_wish(person: Person) -> str:
    """The ``claims`` parameter that asks hard for an account."""
    return json.dumps({"id_token": {"sub": {"value": person.sub}}})


def switch(around: Round, party: RelyingParty, browser: Browser, person: Person) -> Answer:
    """As an application's own menu does: silently, by ``sub``."""
    return party.silently(browser, claims=sub_wish(person))
