"""Somebody walks through the wizard: what she fills in where, and the pages she sees."""

import secrets
from dataclasses import dataclass, field

from tests.harness.browser import Browser, Page, parameters_of
from tests.harness.people import PASSWORD

DREAMS = "dreams"
PHONE = "07-5213999#12"
ADDRESS = "804004高雄市鼓山區蓬萊路10號"
TICK = "y"


@dataclass(frozen=True)
class Unit:
    """A company as the register has it."""

    tax_id: str
    name: str


def answers(**changes: str) -> dict[str, str]:
    """What a person says of herself; nobody else has her account name and mailbox."""
    username = f"w{secrets.token_hex(5)}"
    return {
        "username": username,
        "name": "王小明",
        "phone": "0912345678",
        "email": f"{username}@example.test",
        "password": PASSWORD,
        "password_again": PASSWORD,
    } | changes


@dataclass
class Wizard:
    """One person in one tab: the browser she uses, and what she has said so far."""

    browser: Browser
    service: str = DREAMS
    person: dict[str, str] = field(default_factory=answers)

    def begin(self) -> Page:
        """The first page, P4; where the service has two kinds of account, a general one is chosen."""
        page = self.browser.get("/register", params={"service": self.service})
        if page.has("kind-general"):
            page = self.browser.get(next(link for link in page.links if "kind=general" in link))
        return page

    def to_company(self) -> Page:
        """P5, after the terms."""
        return self.browser.submit(self.begin(), "next", agreed=TICK)

    def to_found(self, tax_id: str) -> Page:
        """P5 with what was found of this number."""
        return self.browser.submit(self.to_company(), "lookup", number=tax_id)

    def name_company(self, page: Page, **changes: str) -> Page:
        """Fill in the rest of P5; a company that was found is confirmed."""
        typed = {"company_phone": PHONE, "company_address": ADDRESS}
        if "查到的公司是" in page.text and "confirmed" in page.html:
            typed["confirmed"] = TICK
        return self.browser.submit(page, "next", **typed | changes)

    def to_account(self, tax_id: str) -> Page:
        """P9, past whatever is explained on the way."""
        page = self.name_company(self.to_found(tax_id))
        while page.path in {"/register/verified", "/register/proof"}:
            page = self.browser.submit(page, "next")
        assert page.path == "/register/account", page
        return page

    def to_check(self, tax_id: str) -> Page:
        """P10."""
        page = self.browser.submit(self.to_account(tax_id), "next", **self.person)
        assert page.path == "/register/check", page
        return page

    def to_done(self, tax_id: str) -> Page:
        """P11."""
        page = self.browser.submit(self.to_check(tax_id), "submit")
        assert page.path == "/register/done", page
        return page


def run_of(page: Page) -> str:
    """The run that a page belongs to."""
    if "?" in page.url:
        return parameters_of(page.url)["run"]
    return next(run for form in page.forms if (run := form.value("run")))


def number_of(page: Page) -> str:
    """The case number on P11."""
    return page.html.split('id="case-number">')[1].split("<")[0]


def value_of(page: Page, name: str) -> str | None:
    """What a field of the page's form holds."""
    return next((value for form in page.forms for key, value in form.fields if key == name), None)
