"""Company cards at a running provider, over HTTP and without a browser: what page, script and component do together.

    card = a_card(provider, "00000016")                  # trusted, good, of a key of its own; more= as Gpki.company
    page = answer(browser, browser.get("/login/card"), card)                  # by our agent
    page = answer(browser, page, card, via="hipki")                           # or "software"

    enrol(app, person, card)                             # on somebody's account, at an application (a RelyingParty)

Piece by piece, for who tampers: ``question = ask(browser, page)``, ``fields = signed(question, card, …)``,
``send(browser, page, fields)``.

The CA of the tests answers OCSP and CRLs on loopback, one for each process of the tests. ``ca().pki`` issues and
revokes; ``ca_is(provider, State.AWAY)`` is a time in which it gives nothing. What a provider has heard it keeps, so
revoke a card before its first use or call ``forget_answers``.
"""

import atexit
import base64
import hashlib
import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from clients.testca.authority import Card, new_key
from clients.testca.server import CaServer, State
from idp.cardbridge.statement import Asked, compose
from tests.harness.browser import BOUNDED, Browser, Form, Page
from tests.harness.people import Town
from tests.harness.relying_party import Answer as Answered
from tests.harness.relying_party import Person, RelyingParty
from tests.harness.signed_messages import signed_message

PANEL = re.compile(r'<section[^>]*\bid="card-panel"[^>]*>')
NAMES = {"00000016": "測試一號有限公司", "00000022": "測試二號有限公司"}


@cache
def ca() -> CaServer:
    """The CA with its server."""
    server = CaServer().start()
    atexit.register(server.close)
    return server


def settings_for_cards(*, software: bool) -> dict[str, str]:
    """What a provider needs to ask the CA of the tests; ``software`` says whether it takes cards made of files."""
    return {"IDP_CARD_HOSTS": ca().host, "IDP_CARD_SOFTWARE": str(software).lower()}


def trust_ca(provider: Town) -> None:
    """Let a provider trust the CAs of the tests, by its command; again is no harm."""
    if provider.issuer in _trusting:
        return
    _trusting.add(provider.issuer)
    with tempfile.TemporaryDirectory() as folder:
        for authority in (ca().pki.root, ca().pki.companies, ca().pki.citizens):
            file = Path(folder, "anchor.der")
            file.write_bytes(authority.der)
            issues = "citizen" if authority is ca().pki.citizens else "company"
            sha256 = hashlib.sha256(authority.der).hexdigest()
            provider.idp.kept("trust", "add", str(file), "--sha256", sha256, "--issues", issues)


_trusting: set[str] = set()


def a_card(provider: Town, tax_id: str = "00000016", name: str | None = None, **more: Any) -> Card:
    """A company's card with a key of its own, at a provider that trusts its issuer. ``more`` as Gpki.company takes."""
    trust_ca(provider)
    more.setdefault("key", new_key())
    return ca().pki.company(tax_id, name or NAMES.get(tax_id, f"公司{tax_id}"), **more)


def a_citizen(provider: Town, name: str = "測試人", **more: Any) -> Card:
    """A person's own card (自然人憑證) with a key of its own. ``more`` as Gpki.citizen takes."""
    trust_ca(provider)
    more.setdefault("key", new_key())
    return ca().pki.citizen(name, **more)


@contextmanager
def ca_is(provider: Town, state: State) -> Iterator[None]:
    """A time in which responder and lists are so, and in which the provider knows nothing from before."""
    server = ca()
    forget_answers(provider)
    server.ocsp = server.crl = state
    try:
        yield
    finally:
        server.ocsp = server.crl = State.UP
        forget_answers(provider)


def forget_answers(provider: Town) -> None:
    """Let a provider forget what it has heard about certificates."""
    provider.server.write("DELETE FROM revocation_answers", {})


@dataclass(frozen=True)
class Question:
    """What POST /card/challenge answered."""

    nonce: str
    purpose: str
    iat: int
    statement: str | None


def panel_of(page: Page) -> dict[str, str]:
    """The ``data-`` attributes of the page's card panel."""
    found = PANEL.search(page.html)
    assert found is not None, f"no card panel on {page!r}"
    return dict(re.findall(r'\bdata-([a-z-]+)="([^"]*)"', found.group()))


def form_of(page: Page) -> Form:
    """The form that carries a card's answer."""
    found = [form for form in page.forms if {"nonce", "via", "certificate", "signature"} <= dict(form.fields).keys()]
    assert len(found) == 1, f"{len(found)} forms for a card on {page!r}"
    return found[0]


def ask(browser: Browser, page: Page, *, purpose: str | None = None, run: str | None = None) -> Question:
    """Fetch the question as the page's script does."""
    response = ask_for(browser, page, purpose=purpose, run=run)
    assert response.status_code == 200, response.text
    told = response.json()
    assert told.keys() == {"nonce", "purpose", "iat", "statement"}, told
    return Question(**told)


def ask_for(browser: Browser, page: Page, *, purpose: str | None = None, run: str | None = None) -> Any:
    """The response to the script's request, whatever it is."""
    panel, form = panel_of(page), form_of(page)
    asked = {
        "csrf_token": form.value("csrf_token") or "",
        "purpose": panel["purpose"] if purpose is None else purpose,
        "run": panel.get("run", "") if run is None else run,
    }
    headers = {"Origin": browser.origin, "Referer": page.url, "Accept": "application/json"}
    return browser.http.post(browser.origin + panel["challenge"], data=asked, headers=headers, timeout=BOUNDED)


def signed(
    question: Question,
    card: Card,
    *,
    origin: str,
    via: str = "agent",
    tells: str | None = None,
    as_message: bool = False,
    **altered: Any,
) -> dict[str, str]:
    """What the component gives the page: the fields of the card's form.

    ``via`` is what is signed, ``tells`` what the form says instead. ``altered`` replaces nonce, purpose or iat in what
    is signed. ``as_message`` gives a PKCS#7 message.
    """
    told = replace(question, **altered)
    if via == "hipki" and not altered and question.statement is not None:
        statement = question.statement.encode()
    else:
        statement = compose(Asked(told.nonce, told.purpose, told.iat), origin=origin, via=via)
    fields = {"nonce": question.nonce, "via": tells or via, "certificate": "", "signature": ""}
    if as_message:
        return fields | {"message": _text(signed_message(card, statement.decode()))}
    return fields | {"certificate": _text(card.der), "signature": _text(card.sign(statement))}


def send(browser: Browser, page: Page, fields: dict[str, str], **more: str) -> Page:
    """Send the card's form of a page with these fields filled in."""
    form = form_of(page)
    data = dict(form.fields) | fields | more
    headers = {"Origin": browser.origin, "Referer": page.url}
    return browser.post(form.action, data, headers=headers)


def answer(browser: Browser, page: Page, card: Card, *, via: str = "agent", **tampering: Any) -> Page:
    """Put the card in, type the PIN, and send the page's form. ``tampering`` as ``signed`` takes it."""
    question = ask(browser, page)
    tampering.setdefault("origin", browser.origin)
    return send(browser, page, signed(question, card, via=via, **tampering))


CARD = "urn:company-idp:acr:card"
DEMANDED = json.dumps({"id_token": {"acr": {"essential": True, "value": CARD}}})


def enrol(party: RelyingParty, person: Person, card: Card, *, browser: Browser | None = None) -> Answered:
    """Put a card on somebody's account: she signs in by password at an application that demands one, and shows it.

    Her card may be there already. Gives what came back; ``browser`` is signed in by then.
    """
    browser, asked = browser or Browser(party.issuer), party.ask(claims=DEMANDED)
    page = party.open(browser, asked)
    if page.asks_for_password:
        page = browser.submit(page, "sign-in", username=person.username, password=person.password)
    arrived = party.arrival(answer(browser, page, card), asked)
    assert arrived is not None, f"the card was not taken: {page!r}"
    return arrived


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
