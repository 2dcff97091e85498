"""Our own pages for an agent who acts: the account, 切換公司, and the form that was opened as somebody else."""

from functools import cache

from tests.browser.place import OTHER_COMPANY, Place
from tests.browser.scenes import Scenes
from tests.browser.visitor import Visitor
from tests.harness.linked import an_agent, bind
from tests.harness.relying_party import Person

ACTING = Scenes()
AGENT_NAME = "錢大明"


@cache
def agent_of(place: Place) -> tuple[Person, str, str]:
    """An agent, and through which bindings she is group admin of the one company and of the other one."""
    agent = an_agent(place.town, AGENT_NAME)
    town = place.town
    town.server.write("UPDATE companies SET linked_admin = true", {})
    bindings = [
        bind(town, agent, place.new_person("group_admin", tax_id=tax_id)) for tax_id in ("00000016", OTHER_COMPANY)
    ]
    return Person(agent.username, agent.password, agent.sub), bindings[0], bindings[1]


def act_as(window: Visitor, which: int) -> None:
    """Choose one of the two companies, signing in first where nobody is."""
    agent, *bindings = agent_of(window.place)
    window.open("/linked/switch")
    if window.path == "/login":
        window.fill(agent).click("sign-in")
        window.open("/linked/switch")
    window.click(f"act-{bindings[which]}")


def send_as_another(window: Visitor) -> None:
    """Fill in a form of the first company, switch in a second tab, and send it."""
    act_as(window, 0)
    window.open("/group/invitations/new")
    window.page.fill("#email", "new-colleague@example.test")
    window.page.check("input[name=role][value=guest]")
    other_tab = Visitor(window.context, window.place)
    act_as(other_tab, 1)
    other_tab.page.close()
    window.click("send")


@ACTING.page()
def acting_account(window: Visitor) -> None:
    act_as(window, 0)


@ACTING.page()
def acting_choose(window: Visitor) -> None:
    act_as(window, 0)
    window.click("switch")


@ACTING.page()
def acting_conflict(window: Visitor) -> None:
    send_as_another(window)


@ACTING.page()
def acting_resend(window: Visitor) -> None:
    send_as_another(window)
    window.click("conflict-switch")
