"""Operators look at applications and decide: ``idp case`` and ``idp company prove``."""

import getpass

import pytest

from tests.harness.applicants import Applicant, an_applicant
from tests.harness.browser import Browser
from tests.harness.mailbox import Mailbox
from tests.harness.people import PASSWORD, Town
from tests.security.doors import enter, is_in

SERVICE = "decides"
OPERATOR = {"preset": "dreams", "company_proof": ["operator"], "member_approval": "operator", "first_admin": "none"}


def applied(provider: Town, tax_id: str, **more: str) -> Applicant:
    """Somebody applied and confirmed the mailbox."""
    browser = provider.browser()
    applicant = an_applicant(provider, tax_id=tax_id, browser=browser, service=SERVICE, policy=OPERATOR, **more)
    confirm(browser, provider, applicant)
    return applicant


def confirm(browser: Browser, provider: Town, applicant: Applicant) -> None:
    page = browser.get(Mailbox(provider).newest(applicant.email).link)
    browser.submit(page, "verify-confirm")


def refused(provider: Town, *words: str) -> str:
    status, shown, said = provider.idp.attempt(*words)
    assert (status, shown) == (1, ""), said
    return said


@pytest.fixture
def proven(provider: Town) -> str:
    """The tax ID of a company that an operator has proven."""
    tax_id: str = provider.new_company()["tax_id"]
    provider.idp("company", "prove", "--tax-id", tax_id, "--proof", "document", "--reason", "設立登記表")
    return tax_id


def test_an_application_is_listed_shown_and_approved(provider: Town, proven: str) -> None:
    applicant = applied(provider, proven)
    listed = provider.idp("case", "list", "--waiting", "operator", "--most", "10000", "--json")
    mine = next(row for row in listed if row["number"] == applicant.number)
    assert (mine["company_tax_id"], mine["name"], mine["waits_for"]) == (proven, "林小玉", "operator")
    assert applicant.number not in str(provider.idp("case", "list", "--waiting", "group_admin"))
    assert applicant.number in provider.idp("case", "list", "--most", "10000")
    shown = provider.idp("case", "show", applicant.number.lower().replace("-", " "), "--json")
    assert (shown["number"], shown["status"], shown["email_confirmed"]) == (applicant.number, "review_pending", True)
    assert (shown["company_proof"], shown["given_phone"], shown["version"]) == ("document", "+88677654321#12", 1)
    assert shown["look_at"] == ["hint.company_name_differs"]
    seen = ("--version", "1")
    told = provider.idp("case", "approve", applicant.number, "--role", "group_admin", *seen)
    assert (told["account_status"], told["role"], told["mail_to"]) == ("active", "group_admin", applicant.email)
    assert "審核通過" in Mailbox(provider).newest(applicant.email).text
    assert is_in(enter(provider.browser(), applicant.username, PASSWORD))
    by = f"cli:{getpass.getuser()}"
    review = provider.idp("case", "show", applicant.number, "--json")["reviews"][0]
    assert (review["outcome"], review["role"], review["decided_by"]) == ("approved", "group_admin", by)
    assert f"approved  group_admin  {by}" in provider.idp("case", "show", applicant.number)
    assert provider.idp("account", "show", "--username", applicant.username, "--json")["status"] == "active"
    again = refused(provider, "case", "reject", applicant.number, "--reason", "duplicate")
    assert "decided already: approved" in again


def test_an_application_is_rejected_with_a_reason_that_its_person_reads(provider: Town, proven: str) -> None:
    applicant = applied(provider, proven)
    number = applicant.number
    assert "in words" in refused(provider, "case", "reject", number, "--reason", "other")
    assert "has changed" in refused(provider, "case", "reject", number, "--reason", "duplicate", "--version", "7")
    words = "「營利事業登記證」自98年4月13日起停止使用"
    told = provider.idp("case", "reject", number, "--reason", "other", "--text", words)
    assert (told["outcome"], told["account_status"], told["role"]) == ("rejected", "rejected", None)
    assert words in Mailbox(provider).newest(applicant.email).text
    assert not is_in(enter(provider.browser(), applicant.username, PASSWORD))
    assert "decided already: rejected" in refused(provider, "case", "approve", number, "--role", "staff")
    assert "no such application" in refused(provider, "case", "show", "AAAA-BBBB-CCCC")


def test_nothing_is_decided_before_the_mailbox_is_confirmed(provider: Town, proven: str) -> None:
    applicant = an_applicant(provider, tax_id=proven, service=SERVICE, policy=OPERATOR)
    assert "not confirmed the mailbox" in refused(provider, "case", "approve", applicant.number, "--role", "staff")


def test_a_company_is_proven_first_and_the_applications_that_waited_are_settled(provider: Town) -> None:
    tax_id = provider.new_company()["tax_id"]
    browsers = [provider.browser() for _ in range(2)]
    people = [an_applicant(provider, tax_id=tax_id, browser=browser) for browser in browsers]
    for browser, person in zip(browsers, people, strict=True):
        confirm(browser, provider, person)
    boss, other = people[1], people[0]
    assert "company prove" in refused(provider, "case", "approve", other.number, "--role", "staff")
    given = ("company", "prove", "--tax-id", tax_id, "--proof", "card", "--reason", "工商憑證正卡")
    assert "mail address" in refused(provider, *given, "--admin-email", "nobody")
    assert "say --first-come" in refused(provider, *given)
    assert "1 to 200" in refused(provider, *given, "--name", " ", "--first-come")
    told = provider.idp(*given, "--name", "綠能股份有限公司", "--admin-email", boss.email.upper())
    assert (told["name"], told["proof"], told["first_admin_email"]) == ("綠能股份有限公司", "card", boss.email)
    became = {row["number"]: (row["became"], row["mail_to"]) for row in told["applications"]}
    assert became[boss.number] == ("first_admin", boss.email)
    assert other.number in became
    assert is_in(enter(provider.browser(), boss.username, PASSWORD))
    assert provider.idp("account", "show", "--username", boss.username, "--json")["role"] == "group_admin"
    assert "has let its applicant in" in refused(provider, "case", "approve", boss.number, "--role", "staff")
    approved = provider.idp("case", "approve", other.number, "--role", "guest")
    assert approved["account_status"] == "active"


def test_what_was_done_is_in_the_audit_log(provider: Town, proven: str) -> None:
    applicant = applied(provider, proven)
    provider.idp("case", "show", applicant.number)
    provider.idp("case", "approve", applicant.number, "--role", "staff")
    rows = provider.server.read(
        "SELECT action, actor FROM audit_log WHERE account_id = :id ORDER BY id", {"id": applicant.account_id}
    )
    by = f"cli:{getpass.getuser()}"
    assert [action for action, actor in rows if actor == by] == ["operator:case:shown", "case:approved"]
