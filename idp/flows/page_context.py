"""What every page knows: who one is, for which company, on the way to which application, in which language."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from flask import g, request
from flask import session as browser_session
from flask_babel import gettext

from idp.browser import LANGUAGE, current_sign_in
from idp.config import settings
from idp.flows.card_component_words import card_components
from idp.flows.forms import Stamp
from idp.flows.messages import ROLE_LABELS
from idp.flows.moments import is_english
from idp.flows.ops.shell import console_context, is_console
from idp.policies.roles import Permission, permits
from idp.policies.standing import AccountKind
from idp.services.acting import Acting
from idp.services.citizen_cards import takes_citizens
from idp.services.clients import ClientRecord
from idp.services.document_files import has_documents
from idp.services.factors import factors_of
from idp.services.group_people import count_waiting
from idp.services.linked_home import home_company_name
from idp.services.passkey_answers import offers_passkeys

HUES = 12
# Pages that there are by now; links to the others are left out of the templates.
OFFERS = dict.fromkeys(
    (
        "register",
        "resend",
        "forgot",
        "credentials",
        "profile",
        "password",
        "group",
        "group_users",
        "group_invitations",
        "group_documents",
        "bindings",
        "group_bindings",
        "group_audit",
        "group_sign_in",
        "privacy",
        "accessibility",
        "export",
        "close",
    ),
    True,
)
NOTICE = "notice"  # an outcome, told on the next page
STATIC = Path(__file__).parent.parent / "static"
LANGUAGES = {"zh-TW": "zh_Hant_TW", "en": "en"}


@dataclass(frozen=True, slots=True)
class Person:
    """Who one is, in the header and the acting bar."""

    account_id: str
    name: str
    username: str
    role_label: str
    company_name: str | None
    company_tax_id: str | None
    last3: str
    seal: str
    seal2: str
    hue: str
    linked_name: str | None
    home_company: str | None  # of a linked account that acts as none
    is_group_admin: bool
    is_linked: bool  # at the keyboard is a linked account, acting as this account or as none
    stamp: str


@dataclass(frozen=True, slots=True)
class Application:
    """A client as pages show it."""

    client_id: str
    name: str
    host: str
    css: str
    icon: str


def hue_of(company_id: str) -> str:
    """The colour class of a company: one of twelve, by the hash of its id."""
    return f"co-{hashlib.sha256(company_id.encode()).digest()[0] % HUES + 1}"


def person_of(acting: Acting) -> Person:
    """How pages show this account and its company."""
    company = acting.company
    name = company.name if company else ""
    return Person(
        account_id=acting.account_id,
        name=acting.name,
        username=acting.username,
        role_label=str(ROLE_LABELS[acting.role]) if acting.role else "",
        company_name=company.name if company else None,
        company_tax_id=company.tax_id if company else None,
        last3=company.tax_id[-3:] if company else "",
        seal=name[:1],
        seal2=name[:2],
        hue=hue_of(company.id) if company else "none",
        linked_name=acting.via.name if acting.via else None,
        home_company=home_company_name(acting.account_id) if acting.kind is AccountKind.LINKED else None,
        is_group_admin=acting.role is not None and permits(acting.role, Permission.MANAGE_USERS),
        is_linked=acting.via is not None or acting.kind is AccountKind.LINKED,
        stamp=str(Stamp.of(acting)),
    )


def application_of(client: ClientRecord) -> Application:
    """How pages show this client."""
    address = client.initiate_login_uri or next(iter(client.redirect_uris), "")
    icon = f"icons/app-{client.icon}.svg"
    return Application(
        client_id=client.id,
        name=client.name("en" if is_english() else "zh-TW"),
        host=urlsplit(address).netloc,
        css=css_class(client.id),
        icon=asset(icon if (STATIC / icon).is_file() else "icons/app.svg"),
    )


def css_class(client_id: str) -> str:
    """The class that carries a client's colour in /look/brands.css."""
    return "app-" + "".join(c if c.isalnum() or c in "-_" else "-" for c in client_id)


@cache
def asset(name: str) -> str:
    """The address of a static file, with a hash of its content so that it may be cached for long."""
    content = (STATIC / name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"


def on_the_way_to(client: ClientRecord | None) -> None:
    """Say which application this page leads to: shown in the header and at the door."""
    g.application = application_of(client) if client is not None else None


def entering_as(seat: Acting | None) -> None:
    """Say whom an application is entered as on this page, whatever one acts as at our own pages."""
    g.entering = seat


def chosen_language() -> str:
    """The locale of this page: what was chosen, else the browser's wish, else Chinese."""
    chosen = browser_session.get(LANGUAGE)
    if chosen in LANGUAGES:
        return LANGUAGES[chosen]
    for wanted, _ in request.accept_languages:
        if wanted.lower().startswith("zh"):
            return LANGUAGES["zh-TW"]
        if wanted.lower().startswith("en"):
            return LANGUAGES["en"]
    return LANGUAGES["zh-TW"]


def _applications_waiting() -> int:
    """How many applications wait for the group admin at the keyboard; asked where it is shown, once a page."""
    if "applications_waiting" not in g:
        signed_in = current_sign_in()
        company = signed_in.seat.company if signed_in else None
        g.applications_waiting = count_waiting(company.id) if company else 0
    count: int = g.applications_waiting
    return count


def _company_has_documents() -> bool:
    """Whether there are documents of the company that the group admin at the keyboard leads."""
    signed_in = current_sign_in()
    company = signed_in.seat.company if signed_in else None
    return company is not None and has_documents(company.id)


def _has_own_passkeys() -> bool:
    """Whether the human at the keyboard has a passkey, so that she can show again that it is she."""
    signed_in = current_sign_in()
    return signed_in is not None and factors_of(signed_in.human.account_id).passkeys > 0


def common_context() -> dict[str, Any]:
    """The variables of every template (idp/templates/base.html)."""
    # An account that is signed in in the same browser is nobody at the console.
    signed_in = None if g.get("without_database") or is_console() else current_sign_in()
    english = is_english()
    here = g.get("here") or (request.full_path.rstrip("?") if request.method == "GET" else request.path)
    other = ("zh-TW", "中文", "中文（臺灣）") if english else ("en", "EN", "English")
    return {
        "product": gettext("企業帳號中心"),
        "lang": "en" if english else "zh-Hant-TW",
        "other_language": {
            "code": "zh-Hant-TW" if english else "en",
            "label": other[1],
            "title": other[2],
            "href": f"/language/{other[0]}?next={quote(here)}",
        },
        "person": person_of(g.get("entering") or signed_in.seat) if signed_in else None,
        # Switching there would change what one acts as at our own pages, not what an application is entered as.
        "is_entering": "entering" in g,
        "switch_href": f"/linked/switch?back={quote(here)}",
        "application": g.get("application"),
        "support": settings().support_en if english else settings().support,
        "card_component": {"agent": settings().card_agent, "hipki": settings().card_hipki},
        "offers": OFFERS | {"card": settings().offers_cards, "passkey": offers_passkeys()},
        "has_own_passkeys": _has_own_passkeys,
        "takes_citizen_cards": takes_citizens,
        "applications_waiting": _applications_waiting,
        "company_has_documents": _company_has_documents,
        "card_components": card_components,
        "nonce": g.get("nonce", ""),
        "asset": asset,
        **console_context(),
    }
