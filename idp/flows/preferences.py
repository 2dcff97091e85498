"""Language and the applications' colours: what is the same for everybody and remembered in the browser."""

from flask import Blueprint, Response, redirect, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue

from idp.browser import LANGUAGE
from idp.errors import NotFound
from idp.flows.own_paths import own_path
from idp.flows.page_context import LANGUAGES, css_class
from idp.services.clients import all_clients

bp = Blueprint("preferences", __name__)


@bp.get("/language/<code>")
def language(code: str) -> ResponseReturnValue:
    """Take this language from here on, and go back to the page one was on."""
    if code not in LANGUAGES:
        raise NotFound
    browser_session[LANGUAGE] = code
    return redirect(own_path(request.args.get("next")) or url_for("account.overview"), 303)


@bp.get("/look/brands.css")
def brands() -> Response:
    """The colours of applications, from their registration: style attributes are forbidden by the CSP."""
    rules = [f".{css_class(c.id)}{{--app:{c.colour}}}" for c in all_clients()]
    response = Response("\n".join(rules) + "\n", mimetype="text/css")
    response.headers["Cache-Control"] = "public, max-age=60"
    return response
