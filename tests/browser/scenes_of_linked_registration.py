"""Registering a linked account: the page with both sections, its mistakes, check, sent, confirmed, the first texts."""

import secrets

from idp.services.secrets import digest
from tests.browser.scenes import Scenes
from tests.browser.scenes_of_acting import AGENT_NAME
from tests.browser.scenes_of_documents import COMPANY, service_of
from tests.browser.visitor import Visitor
from tests.harness.people import PASSWORD
from tests.registration.wizard import ADDRESS

LINKED_REGISTRATION = Scenes()


def to_empty_form(window: Visitor) -> None:
    """The page with both sections."""
    window.open(f"/register?service={service_of(window.place)}")
    window.click("kind-linked")
    window.click("next")


def to_form(window: Visitor) -> str:
    """The page with both sections, filled in; the account name typed."""
    to_empty_form(window)
    username = f"agent-{secrets.token_hex(5)}"
    typed = {"username": username, "name": AGENT_NAME, "phone": "0912345678", "email": f"{username}@example.test"}
    typed |= {"password": PASSWORD, "password_again": PASSWORD, "number": "00000016", "company_name": COMPANY}
    for name, value in (typed | {"company_phone": "07-5213999#12", "company_address": ADDRESS}).items():
        window.page.fill(f"#{name}", value)
    return username


def to_done(window: Visitor) -> str:
    """The application is sent; its account name."""
    username = to_form(window)
    window.click("next")
    window.click("submit")
    return username


def open_link(window: Visitor, username: str) -> None:
    """Open a link of her mail: one whose token is known here."""
    token = secrets.token_urlsafe(32)
    known = (
        f"UPDATE one_time_secrets SET hash = X'{digest(token).hex()}' "
        "WHERE account_id = (SELECT id FROM accounts WHERE username = :name)"
    )
    assert window.place.server.write(known, {"name": username}) == 1
    window.open(f"/verify/{token}")


@LINKED_REGISTRATION.page()
def linked_account_asked_for(window: Visitor) -> None:
    to_empty_form(window)


@LINKED_REGISTRATION.page(focus="summary")
def linked_account_wrong(window: Visitor) -> None:
    to_form(window)
    window.page.fill("#number", "12345678")
    window.page.fill("#name", "")
    window.click("next")


@LINKED_REGISTRATION.page()
def linked_account_check(window: Visitor) -> None:
    to_form(window)
    window.click("next")


@LINKED_REGISTRATION.page()
def linked_account_sent(window: Visitor) -> None:
    to_done(window)


@LINKED_REGISTRATION.page()
def linked_account_confirming(window: Visitor) -> None:
    open_link(window, to_done(window))


@LINKED_REGISTRATION.page()
def linked_account_confirmed(window: Visitor) -> None:
    open_link(window, to_done(window))
    window.click("verify-confirm")


@LINKED_REGISTRATION.page()
def linked_account_texts(window: Visitor) -> None:
    username = to_done(window)
    open_link(window, username)
    window.click("verify-confirm")
    window.open("/login")
    window.page.fill("#username", username)
    window.page.fill("#password", PASSWORD)
    window.click("sign-in")
