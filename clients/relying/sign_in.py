"""Signing in at the provider and out again.

/login, /apply --> provider --> /callback --> the page asked for
/sign-out/everywhere --> provider --> /signed-out
                         provider --> /backchannel-logout
"""

import logging
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from clients.relying.addresses import bare_path
from clients.relying.guard import anywhere, held, outside, signed_in
from clients.relying.logout_token import LogoutTokenRefused
from clients.relying.parts import parts
from clients.relying.provider import Arrival, ProviderUnreachable, SignInFailed
from clients.relying.sessions import Arrived, Session
from clients.relying.switching import again_with_a_page

bp = Blueprint("sign_in", __name__, template_folder="templates")
log = logging.getLogger(__name__)
NO_TARGETS = (
    *("/login", "/apply", "/callback", "/sign-out", "/signed-out", "/backchannel-logout", "/switch", "/step-up"),
    "/api/",
)
WISHES = {
    "tenant": 100,
    "login_hint": 254,
}  # what the provider may send along (Core §4), and how long at most


class ForeignIssuer(BadRequest):
    """Somebody asks us to sign in at a provider that is not ours (Core §4: ``iss``)."""


def own_path(target: str | None, address: str) -> str:
    """The path of a wished-for page if it is one of ours, else the home page: never an address elsewhere."""
    if not target or len(target) > 2000 or not target.isprintable() or "\\" in target:
        return "/"
    path = bare_path(target.removeprefix(address) if target.startswith(address + "/") else target)
    parts_of_path = urlsplit(path)
    if not path.startswith("/") or path.startswith("//") or parts_of_path.netloc or parts_of_path.scheme:
        return "/"
    return "/" if parts_of_path.path.startswith(NO_TARGETS) else path


@bp.get("/login")
@outside
def login() -> ResponseReturnValue:
    """Begin a sign-in: from our own link, or by the provider's (third-party initiated login, Core §4)."""
    settings = parts().settings
    issuer = request.args.get("iss")
    if issuer is not None and issuer != settings.issuer:
        raise ForeignIssuer
    target = own_path(request.args.get("target_link_uri"), settings.address)
    wishes = {
        name: request.args[name]
        for name, longest in WISHES.items()
        if request.args.get(name) and len(request.args[name]) <= longest
    }
    return parts().provider.begin(target, g.language, None, **wishes)


@bp.get("/apply")
@outside
def apply() -> ResponseReturnValue:
    """申請新帳號: the provider's registration (Initiating User Registration 1.0), then back here."""
    return parts().provider.begin("/", g.language, prompt="create")


@bp.get("/callback")
@outside
def callback() -> ResponseReturnValue:
    """Take the provider's answer, start the session, go on to the page asked for."""
    try:
        arrival = parts().provider.finish(request.args)
    except SignInFailed as failure:
        again = again_with_a_page(failure.code, failure.under_way) or _back(failure)
        if again is None:
            raise
        return again
    started = parts().sessions.start(
        Arrived(parts().settings.issuer, arrival.claims, arrival.userinfo, arrival.tokens, arrival.accounts),
        browser=request.cookies.get(parts().application.cookie),
        leaves=arrival.under_way.get("leaves"),
    )
    if started is None:
        raise SignInFailed("ended_meanwhile")
    parts().welcome({**arrival.claims, **arrival.userinfo})
    cookie, seat = started
    answer = make_response(redirect(_arrives_at(arrival, parts().sessions.find(cookie, seat))))
    answer.set_cookie(
        parts().application.cookie, cookie, httponly=True, samesite="Lax", secure=parts().settings.is_https
    )
    return answer


def _back(failure: SignInFailed) -> ResponseReturnValue | None:
    """Who changed her mind about switching is where she was; None for any other failure."""
    origin = failure.under_way.get("origin")
    if failure.code != "access_denied" or not origin:
        return None
    before = parts().sessions.find(request.cookies.get(parts().application.cookie, ""), str(origin))
    if before is None or before.ended_at is not None:
        return None
    return redirect(before.root + own_path(failure.under_way.get("back"), parts().settings.address))


def _arrives_at(arrival: Arrival, started: Session | None) -> str:
    asked = arrival.under_way
    target = own_path(asked.get("target"), parts().settings.address)
    if started is None:
        return target
    left = asked.get("leaves") if asked.get("leaves") != started.id and asked.get("drafted") else None
    return started.root + target + (f"{'&' if '?' in target else '?'}from={left}" if left else "")


@bp.post("/sign-out/here")
@signed_in
def sign_out_here() -> ResponseReturnValue:
    """End the browser's sessions here only; the sign-in at the provider lives on."""
    for seat in parts().sessions.of_browser(request.cookies.get(parts().application.cookie, "")):
        parts().provider.give_back(seat.tokens)
    parts().sessions.end_browser(held())
    return _without_cookie(redirect("/signed-out"))


@bp.post("/sign-out/everywhere")
@signed_in
def sign_out_everywhere() -> ResponseReturnValue:
    """End the browser's sessions here, then send it to the provider's sign-out."""
    parts().sessions.end_browser(held())
    try:
        answer = parts().provider.sign_out(held().tokens.id_token, g.language)
    except ProviderUnreachable:
        return _without_cookie(make_response(render_template("signed_out.html", how="unreachable"), 503))
    return _without_cookie(answer)


@bp.get("/signed-out")
@anywhere
def signed_out() -> ResponseReturnValue:
    """Where people arrive after signing out here, or from the provider's sign-out (with our ``state``)."""
    how = "provider" if "state" in request.args and parts().provider.returned_from_sign_out() else "here"
    return render_template("signed_out.html", how=how)


@bp.post("/backchannel-logout")
@outside
def backchannel_logout() -> ResponseReturnValue:
    """End sessions at the provider's word (OpenID Connect Back-Channel Logout 1.0 §2.5 – §2.8)."""
    try:
        token = parts().provider.logout_token(request.form.get("logout_token", ""))
    except LogoutTokenRefused as refusal:
        return _refused_logout(str(refusal))
    except ProviderUnreachable:
        return _told({"error": "temporarily_unavailable"}, 503)
    ended = parts().sessions.end_by_logout_token(
        jti=token.jti,
        expires_at=token.expires_at,
        iss=parts().settings.issuer,
        sub=token.sub,
        sid=token.sid,
    )
    if ended is None:
        return _refused_logout("jti has been used before")
    log.info("back-channel logout ended %d sessions", ended)
    return _told({}, 200)


def _refused_logout(reason: str) -> Response:
    log.warning("logout token refused: %s", reason)
    return _told({"error": "invalid_request", "error_description": reason}, 400)


def _told(body: dict[str, str], status: int) -> Response:
    answer = make_response(body, status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _without_cookie(answer: ResponseReturnValue) -> Response:
    response = make_response(answer)
    response.delete_cookie(parts().application.cookie, httponly=True, samesite="Lax")
    return response
