"""The home of a linked account: its list, binding and unbinding."""

from functools import cache

from tests.browser.place import Place
from tests.browser.scenes import Scenes
from tests.browser.scenes_of_acting import AGENT_NAME, agent_of
from tests.browser.visitor import Visitor
from tests.harness.linked import an_agent
from tests.harness.relying_party import Person

LINKED = Scenes()


@cache
def service_with_codes(place: Place) -> str:
    """A service whose accounts are bound by password and code."""
    place.town.idp.kept(
        "service",
        "add",
        "--id",
        "linked-scenes",
        "--name",
        "港區通行證系統",
        "--name-en",
        "Port pass",
        "--preset",
        "twport",
    )
    return "linked-scenes"


def come_home(window: Visitor, agent: Person | None = None) -> None:
    """Sign in with a linked account: it leads to its home."""
    window.open("/login")
    window.fill(agent or agent_of(window.place)[0]).click("sign-in")


def ask_for(window: Visitor, person: Person, password: str | None = None) -> None:
    """Ask for a general account by its password."""
    window.open("/linked/bind")
    window.fill(person, password).click("bind")


@LINKED.page()
def linked_first_steps(window: Visitor) -> None:
    agent = an_agent(window.place.town, AGENT_NAME)
    come_home(window, Person(agent.username, agent.password, agent.sub))


@LINKED.page()
def linked_home(window: Visitor) -> None:
    _, binding, _ = agent_of(window.place)
    window.place.server.write(
        "INSERT INTO consents (human_id, client_id, account_id, scopes, granted_at)"
        " SELECT linked_account_id, :client, account_id, '[\"linked_accounts\"]', bound_at FROM bindings"
        " WHERE id = :binding ON CONFLICT DO NOTHING",
        {"client": "dreams", "binding": binding},
    )
    come_home(window)
    window.page.evaluate("document.querySelector('#reminder').open = true")


@LINKED.page("staff")
def linked_for_others(window: Visitor) -> None:
    window.open("/linked")


@LINKED.page(focus="summary")
def linked_bind(window: Visitor) -> None:
    come_home(window)
    person = window.place.new_person("staff")
    ask_for(window, person, "wrong-Passw0rd-1")


@LINKED.page()
def linked_binding(window: Visitor) -> None:
    come_home(window)
    person = window.place.new_person("staff")
    of = {"service": service_with_codes(window.place), "id": person.sub}
    window.place.server.write("UPDATE accounts SET service_id = :service WHERE id = :id", of)
    ask_for(window, person)


@LINKED.page()
def linked_unbind(window: Visitor) -> None:
    come_home(window)
    window.click("unbind-this")
