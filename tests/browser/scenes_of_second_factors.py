"""Authenticator app and recovery codes, the second step of a sign-in, and who demands it."""

from tests.browser.scenes import Scenes
from tests.browser.scenes_of_services import at_service
from tests.browser.visitor import Visitor
from tests.harness.phones import Phone
from tests.harness.relying_party import Person

SECOND_FACTORS = Scenes()
APP = "/account/credentials/app"


def newcomer(window: Visitor) -> Person:
    """Somebody who has just signed in, with a password and nothing else."""
    person = window.place.new_person("staff")
    window.open("/login")
    window.sign_in(person)
    return person


def begin(window: Visitor) -> Phone:
    """The page with the QR code."""
    person = newcomer(window)
    window.open(APP)
    window.click("begin-app")
    secret = (window.page.text_content("#setup-key") or "").replace(" ", "")
    return Phone(window.place.server, person.sub, secret)


def with_app(window: Visitor) -> Phone:
    """The page of the recovery codes: the app is there."""
    phone = begin(window)
    window.page.fill("#code", phone.code())
    window.click("confirm-app")
    return phone


@SECOND_FACTORS.page()
def app_prepare(window: Visitor) -> None:
    newcomer(window)
    window.open(APP)


@SECOND_FACTORS.page(focus="summary")
def app_wrong_code(window: Visitor) -> None:
    begin(window)
    window.page.fill("#code", "000000")
    window.click("confirm-app")


@SECOND_FACTORS.page()
def app_recovery_codes(window: Visitor) -> None:
    with_app(window)


@SECOND_FACTORS.page()
def credentials_with_app(window: Visitor) -> None:
    with_app(window)
    window.click("saved")


@SECOND_FACTORS.page(languages=("zh-TW",))
def app_new_codes(window: Visitor) -> None:
    with_app(window)
    window.open("/account/credentials/codes")


@SECOND_FACTORS.page(languages=("en",))
def app_remove(window: Visitor) -> None:
    with_app(window)
    window.open(f"{APP}/remove")


@SECOND_FACTORS.page(focus="summary")
def second_step_wrong_code(window: Visitor) -> None:
    person = newcomer(window)
    window.open(APP)
    window.click("begin-app")
    phone = Phone(window.place.server, person.sub, (window.page.text_content("#setup-key") or "").replace(" ", ""))
    window.page.fill("#code", phone.code())
    window.click("confirm-app")
    window.context.clear_cookies(name="idp_session")
    window.open("/login")
    window.fill(person).click("sign-in")
    window.page.fill("#code", "000000")
    window.click("send-code")


@SECOND_FACTORS.page("group_admin")
def group_demand(window: Visitor) -> None:
    window.open("/group/sign-in")


@SECOND_FACTORS.page()
def service_demand(window: Visitor) -> None:
    at_service(window, "/demand")
