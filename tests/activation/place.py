"""Applying at the service ``ida`` and activating: the steps that its tests share."""

from typing import NamedTuple

from tests.harness.browser import Browser, Page
from tests.harness.mailbox import Mail, Mailbox
from tests.harness.people import PASSWORD, Town
from tests.registration.wizard import ADDRESS, PHONE, TICK, answers, number_of

IDA = "ida"


class Newcomer(NamedTuple):
    """Somebody who has applied and waits for her activation."""

    browser: Browser
    number: str
    case: str
    email: str
    tax_id: str
    mail: Mail


def to_company(browser: Browser, credential: str) -> Page:
    """P5, from the button of the sign-in page that names the kind of account."""
    page = browser.get("/register", params={"service": IDA, "credential": credential})
    assert page.path == "/register/terms", page
    return browser.submit(page, "next", agreed=TICK)


def name_company(browser: Browser, page: Page, tax_id: str, **changes: str) -> Page:
    """Fill in P5, looked up and whole."""
    page = browser.submit(page, "lookup", number=tax_id)
    typed = {
        "company_name": f"公司{tax_id}",
        "company_phone": PHONE,
        "company_address": ADDRESS,
        "responsible": "陳大文",
    }
    return browser.submit(page, "next", **typed | changes)


def person() -> dict[str, str]:
    """聯絡人, telephone and mailbox of somebody new."""
    said = answers()
    return {name: said[name] for name in ("name", "phone", "email")}


def apply_by_password(town: Town, mailbox: Mailbox, tax_id: str, browser: Browser | None = None) -> Newcomer:
    """Somebody applies for a 非憑證帳號 and finds the activation mail."""
    browser = browser or town.browser()
    page = name_company(browser, to_company(browser, "password"), tax_id)
    if page.path == "/register/verified":
        page = browser.submit(page, "next")
    said = person()
    page = browser.submit(page, "next", **said)
    assert page.path == "/register/check", page
    page = browser.submit(page, "submit")
    assert page.path == "/register/done", page
    return newcomer(town, mailbox, browser, page, said["email"], tax_id)


def newcomer(town: Town, mailbox: Mailbox, browser: Browser, done: Page, email: str, tax_id: str) -> Newcomer:
    """Who has just sent her application, with her mail."""
    case = number_of(done)
    [(number,)] = town.server.read(
        "SELECT a.username FROM accounts a JOIN cases c ON c.account_id = a.id WHERE c.number = :n", {"n": case}
    )
    return Newcomer(browser, number, case, email, tax_id, mailbox.newest(email))


def activate(browser: Browser, page: Page, tax_id: str, password: str = PASSWORD, again: str | None = None) -> Page:
    """Fill in P15."""
    repeated = password if again is None else again
    return browser.submit(page, "activate", tax_id=tax_id, password=password, password_again=repeated)


def status_of(town: Town, number: str) -> tuple[str, str]:
    """Status and role of the account of this number."""
    [row] = town.server.read("SELECT status, role FROM accounts WHERE username = :u", {"u": number})
    return row[0], row[1]
