"""The browser in front of us: its id, its sign-in, its address. Shared by the pages and the protocol.

Three cookies: Flask's signed one holds the browser's id, the CSRF token and the language; the sign-in's is an opaque
token whose row decides everything (security.md §3 "Cookies"), and so is the console's.
"""

from collections.abc import Sequence

from flask import Response, g, request
from flask import session as browser_session

from idp.config import settings
from idp.services.secrets import new_secret
from idp.services.sign_ins import SignedIn, find_sign_in

BROWSER = "browser"
LANGUAGE = "language"
PAGE_LANGUAGES = {"zh": "zh-TW", "en": "en"}


def sign_in_cookie_name() -> str:
    """``__Host-`` with an https issuer; on http://localhost a plain name of its own, for cookies ignore ports."""
    return "__Host-idp_session" if settings().secure else "idp_session"


def browser_cookie_name() -> str:
    """The name of the cookie that knows the browser."""
    return "__Host-idp_browser" if settings().secure else "idp_browser"


def browser_id() -> str:
    """The secret id of this browser, made at first need."""
    known = browser_session.get(BROWSER)
    if not isinstance(known, str):
        known = browser_session[BROWSER] = new_secret()
    return known


def operator_cookie_name() -> str:
    """The console's: ``__Host-`` with an https issuer, a plain name of its own on http://localhost."""
    return "__Host-idp_ops" if settings().secure else "idp_ops"


def operator_token() -> str | None:
    """The console's cookie as it came."""
    return request.cookies.get(operator_cookie_name())


def sign_in_token() -> str | None:
    """The sign-in cookie as it came."""
    return request.cookies.get(sign_in_cookie_name())


def current_sign_in() -> SignedIn | None:
    """The living sign-in of this browser, read once a request."""
    if "sign_in" not in g:
        token = sign_in_token()
        g.sign_in = find_sign_in(token) if token else None
    signed_in: SignedIn | None = g.sign_in
    return signed_in


def forget_current_sign_in() -> None:
    """Read the sign-in anew, after it was begun or ended in this request."""
    g.pop("sign_in", None)


def use_sign_in(token: str) -> SignedIn | None:
    """Go on within this request with the sign-in of a token that was just made."""
    g.sign_in = find_sign_in(token)
    return current_sign_in()


def set_sign_in_cookie(response: Response, token: str, *, is_switch: bool = False) -> None:
    """Give the browser its sign-in, and a new CSRF token with it.

    After a mere switch of the account acted as the old one stays good: what was typed in other tabs is to reach the
    page that tells of the switch.
    """
    response.set_cookie(sign_in_cookie_name(), token, httponly=True, secure=settings().secure, samesite="Lax", path="/")
    if not is_switch:
        browser_session.pop("csrf_token", None)


def drop_sign_in_cookie(response: Response) -> None:
    """Take the sign-in's cookie away."""
    response.delete_cookie(sign_in_cookie_name(), httponly=True, secure=settings().secure, samesite="Lax", path="/")


def prefer_language(wanted: Sequence[str]) -> None:
    """Take the first language of ours that an application asks for (``ui_locales``), unless the person has chosen."""
    if LANGUAGE in browser_session:
        return
    for tag in wanted:
        main = tag.lower().partition("-")[0]
        if main in PAGE_LANGUAGES:
            browser_session[LANGUAGE] = PAGE_LANGUAGES[main]
            return


def peer_address() -> str:
    """The address the request came from: the peer's, or what as many trusted proxies as are set say."""
    return request.remote_addr or "unknown"
