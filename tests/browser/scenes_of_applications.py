"""Every page of DREAMS and of the mailbox, with how one gets there."""

import json

from tests.browser.place import OTHER_COMPANY
from tests.browser.scenes import Scenes
from tests.browser.scenes_of_acting import agent_of
from tests.browser.visitor import Visitor
from tests.harness.processes import ROOT

APPLICATIONS = Scenes()
SAMPLES = json.loads((ROOT / "clients" / "dreams" / "samples.json").read_text(encoding="utf-8"))
SITE = "路竹一期屋頂型"
# What is Chinese in an English page of DREAMS too: the sites of the companies, and the examples in the form.
SITE_NAMES = (
    *(site[part] for sites in SAMPLES.values() for site in sites for part in ("name", "address")),
    *("路竹二期屋頂型", "高雄市路竹區路科一路 1 號"),
)


# DREAMS.


def at_dreams(window: Visitor, path: str) -> None:
    """Open a page of DREAMS, in the window's language and with a session there."""
    window.open(window.place.dreams + "/login")
    window.open(window.place.dreams + path)


@APPLICATIONS.page()
def dreams_welcome(window: Visitor) -> None:
    window.open(window.place.dreams)


@APPLICATIONS.page("staff")
def dreams_home(window: Visitor) -> None:
    at_dreams(window, "/")


@APPLICATIONS.page("group_admin", focus="none")
def dreams_menu_open(window: Visitor) -> None:
    at_dreams(window, "/")
    window.unfold("#who")


@APPLICATIONS.page("staff")
def dreams_sites(window: Visitor) -> None:
    at_dreams(window, "/sites")


@APPLICATIONS.page("staff")
def dreams_site(window: Visitor) -> None:
    at_dreams(window, "/sites")
    window.click(f"a:has-text('{SITE}')")


@APPLICATIONS.page("staff")
def dreams_new_site(window: Visitor) -> None:
    at_dreams(window, "/sites/new")


@APPLICATIONS.page("staff")
def dreams_new_site_wrong(window: Visitor) -> None:
    at_dreams(window, "/sites/new")
    window.click("submit-site")


@APPLICATIONS.page("staff")
def dreams_progress(window: Visitor) -> None:
    at_dreams(window, "/cases")


@APPLICATIONS.page("staff")
def dreams_reports(window: Visitor) -> None:
    at_dreams(window, "/reports")


@APPLICATIONS.page("staff")
def dreams_claims(window: Visitor) -> None:
    at_dreams(window, "/claims")


@APPLICATIONS.page("guest")
def dreams_forbidden(window: Visitor) -> None:
    at_dreams(window, "/sites/new")


@APPLICATIONS.page("staff")
def dreams_not_found(window: Visitor) -> None:
    at_dreams(window, "/nowhere")


@APPLICATIONS.page("staff")
def dreams_sign_in_given_up(window: Visitor) -> None:
    window.open(f"{window.place.dreams}/login?tenant={window.place.town.company(OTHER_COMPANY)['id']}")
    window.click("choose-back")


@APPLICATIONS.page()
def dreams_sign_in_unknown(window: Visitor) -> None:
    window.open(window.place.dreams + "/callback?code=x&state=x")


@APPLICATIONS.page(focus="none")
def dreams_sign_in_ended(window: Visitor) -> None:
    person = window.place.new_person("staff")
    window.open(window.place.dreams + "/login")
    window.sign_in(person)
    window.place.town.suspend(person)
    window.page.wait_for_timeout(1100)
    window.open(window.place.dreams + "/sites")


@APPLICATIONS.page()
def dreams_signed_out(window: Visitor) -> None:
    window.open(window.place.dreams + "/signed-out")


# DREAMS for an agent, whose tabs each have their company.


def at_dreams_as_an_agent(window: Visitor, path: str) -> None:
    """Be at a page of DREAMS for the first of an agent's companies; the menu for going over to the other is open."""
    agent, first, _second = agent_of(window.place)
    window.open(f"{window.place.dreams}/login?target_link_uri={path}")
    window.sign_in(agent)
    window.click(f"seat-{first}")
    if window.path.startswith("/consent/"):  # asked once, for all her companies
        window.click("consent-accept")
    window.unfold("#who")


@APPLICATIONS.page(focus="none")
def dreams_agent_menu_open(window: Visitor) -> None:
    at_dreams_as_an_agent(window, "/")


@APPLICATIONS.page(focus="none")
def dreams_tab_of_a_company_that_was_left(window: Visitor) -> None:
    at_dreams_as_an_agent(window, "/sites")
    before = window.page.url
    window.click(".seats button:not(.beside)")
    window.open(before)


@APPLICATIONS.page(focus="none")
def dreams_form_of_a_company_that_was_left(window: Visitor) -> None:
    at_dreams_as_an_agent(window, "/sites/new")
    old = window.context.new_page()
    old.goto(window.page.url)
    window.click(".seats button:not(.beside)")
    window.page.close()
    window.page = old
    window.click("submit-site")


# The mailbox, which speaks Chinese alone.


@APPLICATIONS.page(languages=("zh-TW",))
def mailbox(window: Visitor) -> None:
    window.place.send_a_mail("staff1@example.test")
    window.open(window.place.mailbox)


@APPLICATIONS.page(languages=("zh-TW",))
def mailbox_nothing_found(window: Visitor) -> None:
    window.open(window.place.mailbox + "/?q=nothing-of-the-kind")


@APPLICATIONS.page(languages=("zh-TW",))
def mailbox_mail(window: Visitor) -> None:
    window.place.send_a_mail("staff1@example.test")
    window.open(window.place.mailbox)
    window.click(".mails a")


@APPLICATIONS.page(languages=("zh-TW",))
def mailbox_missing(window: Visitor) -> None:
    window.open(window.place.mailbox + "/mail/none")
