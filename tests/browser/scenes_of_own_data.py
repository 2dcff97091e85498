"""The pages about one's own data: profile, mailbox and password."""

import secrets

from idp.services.secrets import digest
from tests.browser.scenes import Scenes
from tests.browser.scenes_of_acting import AGENT_NAME
from tests.browser.visitor import Visitor
from tests.harness.linked import an_agent
from tests.harness.relying_party import Person

OWN_DATA = Scenes()
HOME = (
    "INSERT INTO home_companies (account_id, id_type, tax_id, name, phone, address)"
    " VALUES (:sub, 'ubn', '00000016', '測試一號有限公司', '+88671234567', '804004高雄市鼓山區蓬萊路10號')"
)


def an_agent_comes(window: Visitor) -> Person:
    """A new agent, who has said which company she works for, signs in."""
    agent = an_agent(window.place.town, AGENT_NAME)
    window.place.server.write(HOME, {"sub": agent.sub})
    window.open("/login")
    person = Person(agent.username, agent.password, agent.sub)
    window.fill(person).click("sign-in")
    return person


def ask_for_a_mailbox(window: Visitor) -> Person:
    """She asks for another mailbox."""
    person = an_agent_comes(window)
    window.open("/account/email")
    window.page.fill("#email", f"new-{secrets.token_hex(4)}@example.test")
    window.click("change-email")
    return person


@OWN_DATA.page("long")
def profile(window: Visitor) -> None:
    window.open("/account/profile")


@OWN_DATA.page(focus="summary", languages=("zh-TW",))
def profile_of_an_agent(window: Visitor) -> None:
    an_agent_comes(window)
    window.open("/account/profile?clear=1")
    window.click("save")


@OWN_DATA.page()
def profile_check(window: Visitor) -> None:
    an_agent_comes(window)
    window.open("/account/profile")
    window.page.fill("#name", "測試一號有限公司")
    window.page.fill("#phone", "0912345678")
    window.click("save")


@OWN_DATA.page()
def mailbox_waits(window: Visitor) -> None:
    ask_for_a_mailbox(window)


@OWN_DATA.page(languages=("zh-TW",))
def mailbox_confirm(window: Visitor) -> None:
    person = ask_for_a_mailbox(window)
    # The token is in a mail alone: here it is put in place of it.
    token = secrets.token_urlsafe(32)
    known = f"UPDATE one_time_secrets SET hash = X'{digest(token).hex()}' WHERE account_id = :sub"
    window.place.server.write(known, {"sub": person.sub})
    window.context.clear_cookies()
    window.open(f"/mailbox/{token}")


@OWN_DATA.page()
def mailbox_trouble(window: Visitor) -> None:
    window.open("/mailbox")


@OWN_DATA.page("staff", focus="summary", languages=("zh-TW",))
def password_change(window: Visitor) -> None:
    window.open("/account/password")
    window.click("change-password")
