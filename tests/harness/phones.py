"""People's phones: an authenticator app set up through the pages, and the codes that it shows.

phone = a_phone(provider, person, browser)   # the browser is signed in; the app is confirmed
phone.code()                                 # a code that was not used yet
phone.recovery_codes                         # ten
page = sign_in_with_code(browser, person, phone)
"""

import time
from dataclasses import dataclass, field

import pyotp

from tests.harness.browser import Browser, Page
from tests.harness.operators import ARRIVES_WITHIN, STEP, codes_on, key_on
from tests.harness.people import Town
from tests.harness.relying_party import Person
from tests.harness.server import Server

APP = "/account/credentials/app"


@dataclass
class Phone:
    """A phone with an authenticator app for one account."""

    server: Server
    account_id: str
    secret: str = ""
    recovery_codes: list[str] = field(default_factory=list)
    last_step: int = 0

    def code(self) -> str:
        """A code that is taken now and was not used before; where all were, the provider is made to forget that."""
        if self.last_step > int(time.time()) // STEP:
            self.server.write(
                "UPDATE authenticators SET last_step = 0 WHERE holder_id = :id AND removed_at IS NULL",
                {"id": self.account_id},
            )
            self.last_step = 0
        oldest = int(time.time() + ARRIVES_WITHIN) // STEP - 1
        self.last_step = max(self.last_step + 1, oldest)
        return pyotp.TOTP(self.secret).generate_otp(self.last_step)

    def used_code(self) -> str:
        """The code that was taken last."""
        return pyotp.TOTP(self.secret).generate_otp(self.last_step)


def a_phone(provider: Town, person: Person, browser: Browser) -> Phone:
    """Set an app up in a browser in which this person has just signed in."""
    phone, page = begun(provider, person, browser)
    page = browser.submit(page, "confirm-app", code=phone.code())
    phone.recovery_codes = codes_on(page)
    return phone


def begun(provider: Town, person: Person, browser: Browser) -> tuple[Phone, Page]:
    """The same up to the QR code: an app whose first code was not given yet."""
    page = browser.submit(browser.get(APP), "begin-app")
    return Phone(provider.server, person.sub, key_on(page)), page


def sign_in_with_code(browser: Browser, person: Person, phone: Phone) -> Page:
    """Sign in with password and code; where that leads."""
    page = browser.submit(browser.get("/login"), "sign-in", username=person.username, password=person.password)
    assert page.path == "/login/code", f"{page!r}"
    return browser.submit(page, "send-code", code=phone.code())
