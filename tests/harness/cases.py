"""Applications with a document, as the console's tests need them: sent through the wizard, looked at by operators.

sent = an_application(town, unit)                    # manual 002's: a company of the register and its paper
sent.number, sent.unit, sent.email, sent.browser     # what the applicant knows, and the browser she applied in
review(boss, sent)                                   # the page of its review
decide(boss, sent, "doc", "reject", doc_text="…")    # one of the two decisions, by a form that is opened now
"""

import hashlib
import secrets
from dataclasses import dataclass

from tests.harness.browser import Browser, Page
from tests.harness.documents import image, pdf
from tests.harness.operators import Operator
from tests.harness.people import Town
from tests.registration.wizard import ADDRESS, PHONE, Unit, Wizard, number_of

SERVICE = "harbour"
FILE_NAME = "商業登記證明文件.pdf"


@dataclass(frozen=True)
class Sent:
    """An application that was sent."""

    number: str
    unit: Unit
    username: str
    email: str
    browser: Browser

    @property
    def page(self) -> str:
        """Where its review is."""
        return f"/ops/queue/{self.number}"


def an_application(
    town: Town, unit: Unit, *, files: tuple[tuple[str, bytes], ...] = (), service: str = SERVICE
) -> Sent:
    """Apply with a document; of several files each replaces the one before."""
    wizard = Wizard(town.browser(), service)
    browser = wizard.browser
    page = browser.submit(browser.submit(wizard.begin(), "next"), "lookup", number=unit.tax_id)
    page = browser.submit(page, "next", company_phone=PHONE, company_address=ADDRESS, responsible="陳小美")
    for file in files or ((FILE_NAME, pdf()),):
        page = browser.submit(page, "upload", files={"document": file})
    page = browser.submit(browser.submit(page, "next"), "next", **wizard.person)
    page = browser.submit(page, "submit")
    assert page.path == "/register/done", f"{page!r}"
    return Sent(number_of(page), unit, wizard.person["username"], wizard.person["email"], browser)


def review(operator: Operator, sent: Sent) -> Page:
    """The page of its review."""
    return operator.browser.get(sent.page)


def decide(operator: Operator, sent: Sent, subject: str, outcome: str, **values: str) -> Page:
    """Decide about document (``doc``) or account (``acct``)."""
    return operator.browser.submit(
        review(operator, sent), f"{subject}-send", **{f"{subject}_outcome": outcome, **values}
    )


def a_document_of(town: Town, tax_id: str, service: str = "dreams") -> str:
    """A file of an approved document of this company, put there behind the provider's back; its id."""
    name, content = secrets.token_hex(20), image()
    folder = town.server.folder / "documents" / "files" / name[:2]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    values = {"document": f"do_{name[:22]}", "file": f"uf_{name[:22]}", "name": name, "at": "2026-01-01 00:00:00+00:00"}
    values |= {"tax_id": tax_id, "service": service, "sha256": hashlib.sha256(content).hexdigest()}
    town.server.write(
        "INSERT INTO company_documents (id, company_id, service_id, file_id, state, queued_at, updated_at, version)"
        " SELECT :document, id, :service, :file, 'approved', :at, :at, 2 FROM companies WHERE tax_id = :tax_id",
        values,
    )
    town.server.write(
        "INSERT INTO uploaded_files (id, document_id, name, stored_name, kind, size, pages, sha256, state, uploaded_at)"
        f" VALUES (:file, :document, 'proof.png', :name, 'png', {len(content)}, 1, :sha256, 'ready', :at)",
        values,
    )
    return values["file"]
