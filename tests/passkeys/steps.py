"""Steps that the tests of this folder share: a passkey of software put on an account, and used at a page."""

from typing import Any

from tests.harness.authenticator import SoftPasskey
from tests.harness.browser import Browser, Page
from tests.harness.people import Town
from tests.harness.relying_party import Person
from tests.security.doors import enter

LIST, NEW = "/account/credentials", "/account/credentials/passkeys/new"


def panel_form(page: Page) -> dict[str, str]:
    """The fields of the panel's form."""
    [form] = [form for form in page.forms if form.id == "passkey-form"]
    return dict(form.fields) | {"": form.action}


def question(browser: Browser, page: Page, purpose: str, **changes: str) -> dict[str, Any]:
    """What the page's script would fetch for the authenticator."""
    fields = panel_form(page)
    asked = {name: fields.get(name, "") for name in ("csrf_token", "account", "other")} | {"purpose": purpose} | changes
    answer = browser.post("/passkey/challenge", asked, headers={"Origin": browser.origin, "Accept": "application/json"})
    assert answer.status == 200, answer
    told: dict[str, Any] = answer.response.json()
    return told


def send(browser: Browser, page: Page, answer: dict[str, str], *, to: str = "", **changes: str) -> Page:
    """Send an answer by the panel's form, as its script would."""
    fields = panel_form(page) | answer | changes
    action = fields.pop("")
    return browser.post(to or action, fields, headers={"Origin": browser.origin})


def use(browser: Browser, page: Page, passkey: SoftPasskey, **lies: Any) -> Page:
    """Answer at a page of the door."""
    return send(browser, page, passkey.use(question(browser, page, "sign-in"), **lies))


def enrolled(provider: Town, person: Person, passkey: SoftPasskey | None = None, **lies: Any) -> SoftPasskey:
    """A passkey on a person's account, made in a browser of its own."""
    browser = provider.browser()
    enter(browser, person.username, person.password)
    passkey = passkey or SoftPasskey(provider.issuer)
    page = browser.get(NEW)
    made = passkey.make(question(browser, page, "enrol"), **lies)
    page = send(browser, page, made, name="手機")
    assert page.path == LIST, page
    return passkey
