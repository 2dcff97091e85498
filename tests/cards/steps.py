"""Steps and looks that the tests of this folder share."""

from dataclasses import dataclass
from typing import Any

from tests.harness.browser import Browser, Page
from tests.harness.people import Town
from tests.harness.relying_party import Asked, RelyingParty, Tokens

ACR = "urn:company-idp:acr:"
PASSWORD, CARD = ACR + "password", ACR + "card"
# How a card is reached: what is signed and told, whether as a PKCS#7 message, and the ``amr`` of it (tokens.md).
TRANSPORTS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "our agent": ({"via": "agent"}, ["sc", "pin", "hwk"]),
    "HiPKI": ({"via": "hipki"}, ["sc", "pin"]),
    "HiPKI, a signed message": ({"via": "hipki", "as_message": True}, ["sc", "pin"]),
    "a software card": ({"via": "software"}, ["sc", "pin", "swk"]),
}


@dataclass
class Visit:
    """A browser on the way to an application, at the page for cards."""

    browser: Browser
    asked: Asked
    page: Page


def at_card_page(party: RelyingParty, browser: Browser, **changes: str | None) -> Visit:
    """From an application to the sign-in page, and on by its link (R-200)."""
    asked = party.ask(**changes)
    page = party.open(browser, asked)
    assert page.asks_for_password, page
    assert "使用工商憑證登入" in page.text
    (link,) = [one for one in page.links if "/login/card" in one and "kind=citizen" not in one]
    return Visit(browser, asked, browser.get(link))


def tokens_of(party: RelyingParty, visit: Visit, page: Page) -> Tokens:
    """What the application has once the page has led back to it."""
    arrived = party.arrival(page, visit.asked)
    assert arrived is not None, f"still at the provider: {page!r}"
    return party.tokens(arrived)


def said(page: Page) -> str:
    """What the box of a refusal says."""
    assert page.has("summary"), f"no refusal on {page!r}"
    start = page.html.index('id="summary"')
    return page.html[start : page.html.index("</div>", start)]


def events(provider: Town, action: str, *, of: str = "", account: str = "", company: str = "") -> list[Any]:
    """Rows of the audit log with that action: (details, outcome), the newest last; ``of`` is in their details."""
    rows = provider.server.read(
        "SELECT details, outcome, account_id, company_id FROM audit_log WHERE action = :action ORDER BY id",
        {"action": action},
    )
    return [row[:2] for row in rows if of in str(row[0]) and account in {"", row[2]} and company in {"", row[3]}]


def evidence(provider: Town, *, of: str) -> list[tuple[str, str]]:
    """What was kept of cards for an account: (transport, purpose), in its order."""
    rows = provider.server.read(
        "SELECT transport, purpose FROM card_evidence WHERE account_id = :sub ORDER BY at", {"sub": of}
    )
    return [(row[0], row[1]) for row in rows]
