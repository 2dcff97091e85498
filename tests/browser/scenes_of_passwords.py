"""Sign-in by number, and a forgotten password set anew."""

import secrets

from idp.services.secrets import digest
from tests.browser.scenes import Scenes
from tests.browser.scenes_of_activation import service_of
from tests.browser.scenes_of_second_factors import with_app
from tests.browser.visitor import Visitor
from tests.harness.relying_party import Person

PASSWORDS = Scenes()


def asks_for_link(window: Visitor, person: Person) -> None:
    window.open("/password/forgot")
    window.page.fill("#username", person.username)
    window.page.fill("#tax_id", person.tax_id)
    window.click("send-link")


def follow(window: Visitor, sub: str) -> None:
    """Open the link of the mail, in the language of the page before and not in the account's.

    Its token is in the mail alone: here one is put in place of it.
    """
    language = window.page.get_attribute("html", "lang")
    token = secrets.token_urlsafe(32)
    known = f"UPDATE one_time_secrets SET hash = X'{digest(token).hex()}' WHERE account_id = :sub AND used_at IS NULL"
    window.place.server.write(known, {"sub": sub})
    window.open(f"/password/reset/{token}")
    if language == "en":
        window.open("/language/en?next=/password/reset")


@PASSWORDS.page()
def sign_in_by_number(window: Visitor) -> None:
    window.open(f"/login?service={service_of(window.place)}")


@PASSWORDS.page(focus="summary", languages=("zh-TW",))
def sign_in_by_number_refused(window: Visitor) -> None:
    window.open(f"/login?service={service_of(window.place)}")
    window.page.fill("#tax_id", "00000016")
    window.page.fill("#username", "IC0000000000")
    window.page.fill("#password", "wrong-Passw0rd-0")
    window.click("sign-in")


@PASSWORDS.page()
def password_forgotten(window: Visitor) -> None:
    window.open("/password/forgot")


@PASSWORDS.page(languages=("en",))
def password_link_sent(window: Visitor) -> None:
    asks_for_link(window, window.place.new_person("staff"))


@PASSWORDS.page(focus="summary")
def password_reset_with_app(window: Visitor) -> None:
    phone = with_app(window)
    [(username, tax_id)] = window.place.server.read(
        "SELECT a.username, c.tax_id FROM accounts a JOIN companies c ON c.id = a.company_id WHERE a.id = :id",
        {"id": phone.account_id},
    )
    window.context.clear_cookies()
    asks_for_link(window, Person(username, "", tax_id=tax_id))
    follow(window, phone.account_id)
    window.click("reset-password")


@PASSWORDS.page(languages=("zh-TW",))
def password_reset_done(window: Visitor) -> None:
    person = window.place.new_person("staff")
    asks_for_link(window, person)
    follow(window, person.sub)
    window.page.fill("#password", "another-Passw0rd-17")
    window.page.fill("#password_again", "another-Passw0rd-17")
    window.click("reset-password")


@PASSWORDS.page()
def password_reset_trouble(window: Visitor) -> None:
    window.open("/password/reset")
