"""The console's queue, and an application in review (P36); the documents of a company, as its group admin sees them."""

from tests.browser.place import Place
from tests.browser.scenes import Scenes
from tests.browser.scenes_of_documents import COMPANY, service_of
from tests.browser.scenes_of_the_operators import at_console
from tests.browser.visitor import Visitor
from tests.harness.browser import Browser
from tests.harness.documents import pdf
from tests.harness.people import new_tax_id
from tests.registration.wizard import ADDRESS, PHONE, Wizard, answers, number_of

REVIEWS = Scenes()
_sent: dict[str, str] = {}


def _number(place: Place) -> str:
    """An application that waits, one for each place."""
    if place.issuer not in _sent:
        wizard = Wizard(Browser(place.issuer), service_of(place), person=answers())
        browser = wizard.browser
        page = browser.submit(browser.submit(wizard.begin(), "next"), "lookup", number=new_tax_id())
        told = {"company_name": COMPANY, "company_phone": PHONE, "company_address": ADDRESS, "responsible": "王小明"}
        page = browser.submit(page, "next", **told)
        for name in ("營利事業登記證.pdf", "公司登記表.pdf"):
            page = browser.submit(page, "upload", files={"document": (name, pdf())})
        page = browser.submit(browser.submit(page, "next"), "next", **wizard.person)
        _sent[place.issuer] = number_of(browser.submit(page, "submit"))
    return _sent[place.issuer]


@REVIEWS.page()
def review_queue(window: Visitor) -> None:
    _number(window.place)
    at_console(window, "/ops/queue")


@REVIEWS.page(focus="summary")
def review_without_reason(window: Visitor) -> None:
    at_console(window, f"/ops/queue/{_number(window.place)}")
    window.page.click("label[for=acct_outcome-0]")
    window.page.click("label[for=doc_outcome-2]")
    window.click("doc-send")
