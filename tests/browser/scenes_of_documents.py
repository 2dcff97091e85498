"""The wizard of a service that takes documents: the kind of account (P3), and the document (P8): asked for, refused,
uploaded by script and replaced."""

import json

from tests.browser.place import Place
from tests.browser.scenes import Scenes
from tests.browser.visitor import Visitor
from tests.harness.documents import javascript, pdf
from tests.harness.people import new_tax_id

DOCUMENTS = Scenes()
COMPANY = "測試一號有限公司"
# What these papers are called is the same in every language.
PAPER_NAMES = ("公司登記表", "商業登記證明文件", "營利事業登記證")
_prepared: set[str] = set()


def service_of(place: Place) -> str:
    """A service that takes documents, added at its first use."""
    if place.issuer not in _prepared:
        file = place.server.folder / "documents-policy.json"
        file.write_text(json.dumps({"preset": "twport"}))
        words = ("--name", "港區通行證系統", "--name-en", "Port pass", "--policy", str(file))
        place.server.idp("service", "add", "--id", "harbour", *words)
        _prepared.add(place.issuer)
    return "harbour"


def _at_the_step(window: Visitor) -> None:
    window.open(f"/register?service={service_of(window.place)}")
    window.click("kind-general")
    window.click("next")
    window.page.fill("#number", new_tax_id())
    window.click("lookup")
    typed = {"company_name": COMPANY, "company_phone": "07-5213999#12", "responsible": "王小明"}
    for name, value in (typed | {"company_address": "804004高雄市鼓山區蓬萊路10號"}).items():
        window.page.fill(f"#{name}", value)
    window.click("next")


def _choose(window: Visitor, name: str, content: bytes) -> None:
    file = {"name": name, "mimeType": "application/pdf", "buffer": content}
    window.page.set_input_files("#document", files=[file])  # type: ignore[list-item]  # as playwright takes it


@DOCUMENTS.page()
def kind_of_account(window: Visitor) -> None:
    window.open(f"/register?service={service_of(window.place)}")


@DOCUMENTS.page()
def document_asked_for(window: Visitor) -> None:
    _at_the_step(window)


@DOCUMENTS.page(focus="summary")
def document_refused(window: Visitor) -> None:
    _at_the_step(window)
    _choose(window, "proof.pdf", pdf(change=javascript))
    window.page.wait_for_selector("#summary")


@DOCUMENTS.page(focus="file")
def document_replaced(window: Visitor) -> None:
    _at_the_step(window)
    _choose(window, "first.pdf", pdf())
    window.page.wait_for_selector("#file-name")
    _choose(window, "second.pdf", pdf(pages=2))
    window.page.wait_for_selector("#replaced")
