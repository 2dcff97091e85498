"""Operators of a provider under test: added by the ``idp`` command, set up and signed in through the pages.

    boss = an_operator(provider, "configurator")       # one duty or several; none: all four
    boss.browser                                       # signed in at /ops
    boss.id, boss.username, boss.name, boss.email, boss.password
    boss.code()                                        # a code that was not used yet, for one more sign-in
    boss.recovery_codes                                # ten, for as many more
    page = sign_in_operator(boss, provider.browser())  # in another browser
    stamp_of(page)                                     # the two hidden fields of every form of the console

An app's clock is taken within 30 s of the provider's: of three codes in a row all are good now, each once and in their
order. Nobody waits for the next here: when the three are used up, ``code()`` makes the provider forget them, behind its
back, as ``boss.forget_last_code()`` does at any time.
"""

import json
import secrets
import time
from dataclasses import dataclass, field

import pyotp

from tests.harness.browser import Browser, Page
from tests.harness.people import Town
from tests.harness.server import Server

OPERATOR_PASSWORD = "operator-Passw0rd-71"
DUTIES = ("reviewer", "support", "configurator", "auditor")
STEP = 30
ARRIVES_WITHIN = 5


@dataclass
class Operator:
    """One operator, with her app and her browser."""

    server: Server
    id: str
    username: str
    name: str
    email: str
    browser: Browser
    password: str = OPERATOR_PASSWORD
    secret: str = ""
    recovery_codes: list[str] = field(default_factory=list)
    last_step: int = 0

    def code(self) -> str:
        """A code that is taken now and was not used before; where all were, the provider is made to forget that."""
        if self.last_step > int(time.time()) // STEP:
            self.forget_last_code()
        # The oldest that will still be good when it arrives.
        oldest = int(time.time() + ARRIVES_WITHIN) // STEP - 1
        self.last_step = max(self.last_step + 1, oldest)
        return pyotp.TOTP(self.secret).generate_otp(self.last_step)

    def forget_last_code(self) -> None:
        """Let the provider take any code of now again."""
        self.server.write("UPDATE authenticators SET last_step = 0 WHERE holder_id = :id", {"id": self.id})
        self.last_step = 0


def an_operator(
    provider: Town | Server,
    *duties: str,
    name: str = "周文傑",
    own_tax_id: str | None = None,
    browser: Browser | None = None,
) -> Operator:
    """An operator of these duties (none: all four), set up and signed in."""
    found, link = an_invited_operator(provider, *duties, name=name, own_tax_id=own_tax_id, browser=browser)
    set_up(found, link)
    sign_in_operator(found)
    return found


def an_invited_operator(
    provider: Town | Server,
    *duties: str,
    name: str = "周文傑",
    own_tax_id: str | None = None,
    browser: Browser | None = None,
) -> tuple[Operator, str]:
    """An operator who has not been here yet, and the link."""
    server = provider.server if isinstance(provider, Town) else provider
    username = f"op-{secrets.token_hex(5)}"
    email = f"{username}@example.test"
    words = ["--username", username, "--name", name, "--email", email]
    words += [word for duty in duties or DUTIES for word in ("--duty", duty)]
    words += ["--own-tax-id", own_tax_id] if own_tax_id else []
    added = server.idp.kept("operator", "add", *words)
    found = Operator(server, added["id"], username, name, email, browser or Browser(server.issuer))
    return found, added["set_up_link"]


def set_up(operator: Operator, link: str) -> Page:
    """Follow the link to its end: password, app, recovery codes; the sign-in page."""
    browser = operator.browser
    page = browser.get(link)
    page = browser.submit(page, "setup-password", password=operator.password, password_again=operator.password)
    operator.secret = key_on(page)
    operator.last_step = 0
    page = browser.submit(page, "setup-app", code=operator.code())
    operator.recovery_codes = codes_on(page)
    page = browser.submit(page, "setup-done", saved="y")
    assert page.path == "/ops/login", f"{page!r}"
    return page


def sign_in_operator(operator: Operator, browser: Browser | None = None) -> Page:
    """Sign in with both factors; the first page of the console."""
    browser = browser or operator.browser
    page = give_password(operator, browser)
    page = browser.submit(page, "ops-code", code=operator.code())
    assert is_on_duty(page), f"{page!r}"
    return page


def give_password(operator: Operator, browser: Browser, password: str | None = None) -> Page:
    """The first form of the sign-in; the second, or the first with a sentence."""
    page = browser.get("/ops/login")
    typed = password if password is not None else operator.password
    return browser.submit(page, "ops-sign-in", username=operator.username, password=typed)


def is_on_duty(page: Page) -> bool:
    """Whether the page is one of the console, with somebody there."""
    return page.status == 200 and page.path.startswith("/ops") and page.has("sign-out")


def stamp_of(page: Page) -> dict[str, str]:
    """What every form of the console sends along, for a request that is made by hand."""
    form = page.forms[0]
    return {name: form.value(name) or "" for name in ("csrf_token", "operator")}


def key_on(page: Page) -> str:
    """The secret that the page of the app shows as letters."""
    shown = page.html.partition('id="setup-key">')[2].partition("<")[0]
    assert shown, f"{page!r}"
    return shown.replace(" ", "")


def codes_on(page: Page) -> list[str]:
    """The recovery codes that the page shows."""
    listed = page.html.partition('id="recovery-codes">')[2].partition("</ol>")[0]
    codes = [line.partition("<li>")[2].partition("<")[0] for line in listed.splitlines() if "<li>" in line]
    assert len(codes) == 10, f"{page!r}"
    return codes


def audit_of(operator: Operator) -> list[tuple[str, str]]:
    """What this operator did, as the audit log has it: (action, outcome)."""
    return operator.server.read(
        "SELECT action, outcome FROM audit_log WHERE actor = :id ORDER BY id", {"id": operator.id}
    )  # type: ignore[return-value]


def details_of(operator: Operator, action: str) -> list[dict[str, object]]:
    """The details of the audit rows of this action about this operator."""
    rows = operator.server.read("SELECT details FROM audit_log WHERE action = :action ORDER BY id", {"action": action})
    read = [row[0] if isinstance(row[0], dict) else json.loads(row[0]) for row in rows]
    return [details for details in read if details.get("operator") == operator.id]
