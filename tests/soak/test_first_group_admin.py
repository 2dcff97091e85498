"""Two become the first group admin at the same instant, over HTTP and two web workers, again and again (RC01)."""

import threading

import pytest

from tests.harness.applicants import an_applicant
from tests.harness.browser import Page
from tests.harness.mailbox import Mailbox
from tests.harness.people import Town, new_tax_id
from tests.security.doors import at_once

pytestmark = pytest.mark.both_databases

FIRST = "此帳號即為該公司之群組管理員。"
SECOND = "在您完成認證之前，貴公司已有另一位同仁成為群組管理員，您的申請因此由群組管理員審核。"
ROUNDS = 200
AT_ONCE = 20


def rounds(provider: Town, mailbox: Mailbox, times: int) -> None:
    """So many companies, each with two people who confirm their mailboxes at the same moment."""
    tax_ids = [new_tax_id() for _ in range(times)]
    pairs = []
    for tax_id in tax_ids:
        provider.idp.kept("company", "add", "--tax-id", tax_id, "--name", f"公司{tax_id}", "--proof", "document")
        browsers = [provider.browser() for _ in range(2)]
        pairs.append([(browser, an_applicant(provider, tax_id=tax_id, browser=browser)) for browser in browsers])
    mailbox.collect()
    for tax_id, pair in zip(tax_ids, pairs, strict=True):
        pages = [(browser, browser.get(mailbox.newest(person.email).link)) for browser, person in pair]
        gate = threading.Barrier(2)

        def confirm(browser: object, page: Page, gate: threading.Barrier = gate) -> Page:
            gate.wait()
            return browser.submit(page, "verify-confirm")  # type: ignore[attr-defined,no-any-return]

        done = at_once([lambda one=one: confirm(*one) for one in pages])  # type: ignore[misc]
        assert sorted((FIRST in page.text, SECOND in page.text) for page in done) == [(False, True), (True, False)], (
            done
        )
        led = provider.server.read(
            "SELECT a.status FROM accounts a JOIN companies c ON c.id = a.company_id"
            " WHERE c.tax_id = :tax_id AND a.role = 'group_admin'",
            {"tax_id": tax_id},
        )
        assert led == [("active",)]


@pytest.mark.soak
def test_two_become_first_at_once_for_two_hundred_rounds(provider: Town) -> None:
    mailbox = Mailbox(provider)
    for _ in range(ROUNDS // AT_ONCE):
        rounds(provider, mailbox, AT_ONCE)


def test_two_become_first_at_once_over_http(provider: Town) -> None:
    rounds(provider, Mailbox(provider), 3)
