"""A company of its own for each test, with its group admin at the keyboard."""

from dataclasses import dataclass

import pytest

from tests.harness.applicants import Applicant, an_applicant
from tests.harness.browser import Browser, Page
from tests.harness.mailbox import Mailbox
from tests.harness.people import Town, new_tax_id
from tests.harness.relying_party import Person
from tests.security.doors import sign_in


@dataclass(frozen=True)
class House:
    """A proven company, one of its group admins, and her browser."""

    town: Town
    tax_id: str
    company_id: str
    name: str
    admin: Person
    browser: Browser
    mailbox: Mailbox

    def person(self, role: str, name: str = "王小明") -> Person:
        """Another person of the company."""
        return self.town.person(role, tax_id=self.tax_id, name=name)

    def another_admin(self, name: str = "張志豪") -> tuple[Person, Browser]:
        """A second group admin, signed in."""
        person, browser = self.person("group_admin", name), self.town.browser()
        sign_in(browser, person)
        return person, browser

    def applicant(self, name: str = "林雅婷", *, confirmed: bool = True) -> Applicant:
        """Somebody who applies; her mailbox is confirmed, so that she waits for a group admin."""
        browser = self.town.browser()
        applicant = an_applicant(self.town, tax_id=self.tax_id, company_name=self.name, name=name, browser=browser)
        if confirmed:
            page = browser.submit(browser.get(self.mailbox.newest(applicant.email).link), "verify-confirm")
            assert page.status == 200
        return applicant

    def open(self, path: str) -> Page:
        """A page of the console."""
        return self.browser.get(f"/group{path}")

    def status_of(self, account_id: str) -> str:
        """Where an account stands."""
        [(status,)] = self.town.server.read("SELECT status FROM accounts WHERE id = :id", {"id": account_id})
        return str(status)

    def recorded(self, action: str, account_id: str) -> list[tuple[str, str]]:
        """Who did this to an account, and with which details, as the audit log has it."""
        rows = self.town.server.read(
            "SELECT actor, details FROM audit_log WHERE action = :action AND account_id = :id ORDER BY id",
            {"action": action, "id": account_id},
        )
        return [(str(actor), str(details)) for actor, details in rows]


@pytest.fixture
def house(provider: Town) -> House:
    """A company that no other test knows."""
    tax_id = new_tax_id()
    name = f"綠能{tax_id}有限公司"
    company = provider.idp.kept("company", "add", "--tax-id", tax_id, "--name", name, "--proof", "document")
    admin = provider.person("group_admin", tax_id=tax_id, name="陳美惠")
    browser = provider.browser()
    sign_in(browser, admin)
    return House(provider, tax_id, company["id"], name, admin, browser, Mailbox(provider))
