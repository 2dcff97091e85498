"""An application sends somebody to register: ``prompt=create`` of Initiating User Registration 1.0."""

import pytest

from tests.harness.browser import Browser
from tests.harness.mailbox import Mailbox
from tests.harness.people import EVERYTHING, PASSWORD, Town
from tests.harness.relying_party import Person, RelyingParty
from tests.registration.conftest import NewCompany
from tests.registration.wizard import TICK, Wizard, run_of


@pytest.fixture
def party(town: Town) -> RelyingParty:
    """An application of the service ``dreams``."""
    return town.new_rp(scope=EVERYTHING, consent=False, more=["--service", "dreams"])


def test_from_the_application_through_the_wizard_and_back(
    town: Town, browser: Browser, party: RelyingParty, mailbox: Mailbox, new_company: NewCompany
) -> None:
    unit = new_company("card")
    asked = party.ask(prompt="create")
    page = party.open(browser, asked)
    # Which service is meant, the client says.
    assert page.path == "/register/terms"
    assert party.client.client_id in page.html.split("<main")[0]
    run = run_of(page)
    wizard = Wizard(browser)
    page = browser.submit(page, "next", agreed=TICK)
    # Back at the application and here again: the same run, at its step.
    again = browser.get(next(link for link in party_links(page)))
    assert again.asks_for_password
    page = browser.get(next(link for link in again.links if "/register?request_id=" in link))
    assert (page.path, run_of(page)) == ("/register/company", run)
    page = wizard.name_company(browser.submit(page, "lookup", number=unit.tax_id))
    page = browser.submit(page, "next", **wizard.person)
    page = browser.submit(page, "submit")
    assert page.has("back-to-application")
    confirm = browser.get(mailbox.newest(wizard.person["email"]).link)
    browser.submit(confirm, "verify-confirm")
    page = browser.get(page.url)
    assert page.has("go-sign-in")
    page = browser.get(next(link for link in page.links if "/authorize/" in link))
    # She has applied: it asks her to sign in, and does not begin anew.
    assert page.asks_for_password
    assert "剛送出申請時，請先點選驗證信中的連結" in page.text
    person = Person(
        wizard.person["username"], PASSWORD, "", unit.tax_id, "王小明", wizard.person["email"], "group_admin"
    )
    tokens = party.tokens(party.finish(browser, page, asked, person))
    assert (tokens.claims["roles"], tokens.claims["company_tax_id"]) == (["group_admin"], unit.tax_id)
    rows = town.server.read(
        "SELECT c.client_id FROM cases c JOIN accounts a ON a.id = c.account_id WHERE a.username = :name",
        {"name": wizard.person["username"]},
    )
    assert rows == [(party.client.client_id,)]


def party_links(page: object) -> list[str]:
    """The ways from a page of the wizard to the sign-in page of the same request."""
    return [link for link in page.links if "/login?request_id=" in link]  # type: ignore[attr-defined]


def test_who_has_an_account_signs_in_instead(town: Town, browser: Browser, party: RelyingParty, staff: Person) -> None:
    asked = party.ask(prompt="create")
    page = party.open(browser, asked)
    assert "已有帳號？登入" in page.text
    page = browser.get(party_links(page)[0])
    assert party.tokens(party.finish(browser, page, asked, staff)).claims["sub"] == staff.sub
    # Somebody signed in is sent to register all the same, until she signs in for this request.
    asked = party.ask(prompt="create")
    page = party.open(browser, asked)
    assert page.path == "/register/terms"
    page = browser.get(party_links(page)[0])
    assert page.asks_for_password
    assert party.tokens(party.finish(browser, page, asked, staff)).claims["sub"] == staff.sub


def test_a_client_without_a_service_has_nobody_to_apply_to(town: Town, browser: Browser, app: RelyingParty) -> None:
    page = app.open(browser, app.ask(prompt="create"))
    assert page.asks_for_password
    assert "這個應用系統不提供線上申請帳號。" in page.text


def test_silence_and_create_contradict_each_other(town: Town, browser: Browser, party: RelyingParty) -> None:
    answer = party.authorize(browser, None, asked=party.ask(prompt="none create"))
    assert answer.error == "invalid_request"


def test_the_login_page_leads_to_the_wizard_of_its_request(town: Town, browser: Browser, party: RelyingParty) -> None:
    page = party.open(browser, party.ask())
    assert page.asks_for_password
    page = browser.get(next(link for link in page.links if "/register?request_id=" in link))
    assert page.path == "/register/terms"
    # A request of another browser is nobody's to register for.
    other = town.browser()
    stolen = other.get(page.hops[0].url)
    assert stolen.path == "/register"
