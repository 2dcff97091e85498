"""Accounts that are called by a number: their kinds (P3), the steps that differ, the activation (P15)."""

import secrets

from idp.services.secrets import digest
from tests.browser.place import Place
from tests.browser.scenes import Scenes
from tests.browser.visitor import Visitor
from tests.harness.people import PASSWORD, new_tax_id
from tests.registration.wizard import ADDRESS

ACTIVATION = Scenes()
SERVICE = "letters"
_prepared: set[str] = set()


def service_of(place: Place) -> str:
    """A service whose accounts are activated, added at its first use."""
    if place.issuer not in _prepared:
        words = ("--name", "免稅函線上申辦", "--name-en", "Duty-free letters", "--preset", "ida")
        place.server.idp("service", "add", "--id", SERVICE, *words)
        _prepared.add(place.issuer)
    return SERVICE


def to_account(window: Visitor) -> str:
    """The page of the contact person; the company's number."""
    tax_id = new_tax_id()
    window.open(f"/register?service={service_of(window.place)}&credential=password")
    window.page.check("#agreed")
    window.click("next")
    window.page.fill("#number", tax_id)
    window.click("lookup")
    typed = {"company_name": "測試一號有限公司", "company_phone": "07-5213999#12", "responsible": "王小明"}
    for name, value in (typed | {"company_address": ADDRESS}).items():
        window.page.fill(f"#{name}", value)
    window.click("next")
    return tax_id


def to_check(window: Visitor) -> str:
    """The check page; the company's number."""
    tax_id = to_account(window)
    email = f"l{secrets.token_hex(5)}@example.test"
    for name, value in {"name": "王小明", "phone": "0912345678", "email": email}.items():
        window.page.fill(f"#{name}", value)
    window.click("next")
    return tax_id


def to_activation(window: Visitor) -> str:
    """P15, by a link whose token is known here; the company's number."""
    tax_id = to_check(window)
    window.click("submit")
    token = secrets.token_urlsafe(32)
    known = (
        f"UPDATE one_time_secrets SET hash = X'{digest(token).hex()}' WHERE purpose = 'activation' AND account_id = "
        "(SELECT a.id FROM accounts a JOIN companies c ON c.id = a.company_id WHERE c.tax_id = :number)"
    )
    assert window.place.server.write(known, {"number": tax_id}) == 1
    window.open(f"/activate/{token}")
    return tax_id


@ACTIVATION.page()
def kinds_by_credential(window: Visitor) -> None:
    window.open(f"/register?service={service_of(window.place)}")


@ACTIVATION.page()
def numbered_account(window: Visitor) -> None:
    to_account(window)


@ACTIVATION.page()
def numbered_check(window: Visitor) -> None:
    to_check(window)


@ACTIVATION.page()
def numbered_done(window: Visitor) -> None:
    to_check(window)
    window.click("submit")


@ACTIVATION.page()
def activation(window: Visitor) -> None:
    to_activation(window)


@ACTIVATION.page(focus="summary")
def activation_wrong(window: Visitor) -> None:
    to_activation(window)
    window.page.fill("#tax_id", "00000016")
    window.page.fill("#password", "short")
    window.click("activate")


@ACTIVATION.page()
def activated(window: Visitor) -> None:
    tax_id = to_activation(window)
    for name, value in {"tax_id": tax_id, "password": PASSWORD, "password_again": PASSWORD}.items():
        window.page.fill(f"#{name}", value)
    window.click("activate")


@ACTIVATION.page()
def activation_link_unknown(window: Visitor) -> None:
    window.open("/activate")
