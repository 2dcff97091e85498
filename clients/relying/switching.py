"""切換公司: from one seat to another, by the provider's chooser or by our own menu (tokens.md, asking rules 3, 5, 7).

POST /switch --> provider: prompt=select_account                               --> /callback --> the other seat
            \\-> provider: sub and prompt=none --(a page is needed)--> provider --> /callback --> the other seat
"""

import json
from dataclasses import dataclass

from flask import Blueprint, g, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from clients.relying.addresses import bare_path
from clients.relying.drafts import keep_draft
from clients.relying.guard import held, signed_in
from clients.relying.parts import parts
from clients.relying.sessions import Session

bp = Blueprint("switching", __name__)
LONGEST_HINT = 4000  # a longer address may be cut on its way
# What prompt=none answers where a page could do what it may not (OpenID Connect Core §3.1.2.6).
NEEDS_A_PAGE = frozenset(
    {
        *("login_required", "account_selection_required", "consent_required", "interaction_required"),
        "unmet_authentication_requirements",
    }
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The seat somebody wants to go over to; ``id_token`` where this browser has been there."""

    sub: str
    tenant: str
    human: str
    id_token: str
    is_known: bool


@bp.post("/switch")
@signed_in
def switch() -> ResponseReturnValue:
    """Go over to another account (``to``), open it beside this one (``open``), or let the provider ask which.

    It asks within a company where one was chosen that several accounts are of (``company``, ``beside``).
    """
    current, form = held(), request.form
    leaves = not {"open", "beside"} & set(form)
    drafted = leaves and keep_draft(form.get("draft_of", ""))
    kept = {"origin": current.id, "back": bare_path(form.get("draft_of") or "/")}
    kept |= {"leaves": current.id if leaves else "", "drafted": "yes" if drafted else ""}
    sub = form.get("to") or form.get("open")
    if not sub:
        within = _company_chosen(current)
        return parts().provider.begin(
            "/", g.language, {"human": current.human, **kept}, prompt="select_account", **within
        )
    target = bare_path(form.get("target") or "/")
    wanted = _wanted(current, sub)
    if living := _living(wanted):
        if living.id != current.id and kept["leaves"]:
            parts().sessions.leave(current)
        return redirect(living.root + target)
    return begin_as(wanted, target, kept, silent=wanted.is_known and wanted.human == current.human)


def begin_as(wanted: Wanted, target: str, kept: dict[str, str], *, silent: bool) -> ResponseReturnValue:
    """Ask the provider for exactly this account; ``silent`` without a page, and with one where that is not enough."""
    kept |= {"sub": wanted.sub, "human": wanted.human}
    wishes = {"tenant": wanted.tenant, "claims": json.dumps({"id_token": {"sub": {"value": wanted.sub}}})}
    if silent:
        wishes["prompt"] = "none"
        kept["silent"] = "yes"
        if wanted.id_token and len(wanted.id_token) <= LONGEST_HINT:
            wishes["id_token_hint"] = wanted.id_token
    return parts().provider.begin(target, g.language, kept, **wishes)


def again_with_a_page(code: str, under_way: dict[str, str]) -> ResponseReturnValue | None:
    """The same once more with a page, where the provider could not answer without one; None for any other error."""
    if not under_way.get("silent") or code not in NEEDS_A_PAGE:
        return None
    kept = {name: str(under_way.get(name) or "") for name in ("origin", "back", "leaves", "drafted")}
    wanted = Wanted(str(under_way["sub"]), str(under_way["tenant"]), str(under_way["human"]), "", True)
    return begin_as(wanted, str(under_way.get("target") or "/"), kept, silent=False)


def _company_chosen(current: Session) -> dict[str, str]:
    """The wish for a company, which must be one that the provider listed; none where no company was chosen."""
    tenant = request.form.get("company") or request.form.get("beside")
    if tenant and tenant not in {account["tenant"] for account in current.accounts}:
        raise BadRequest
    return {"tenant": tenant} if tenant else {}


def _wanted(current: Session, sub: str) -> Wanted:
    """The account of that ``sub``: one that the provider listed, or one this browser had a form of."""
    been = [seat for seat in _of_browser() if seat.sub == sub]
    for account in current.accounts:
        if account["sub"] == sub:
            hints = [seat.tokens.id_token for seat in been if seat.human == current.human]
            return Wanted(sub, account["tenant"], current.human, next(iter(hints), ""), True)
    for seat in been:
        return Wanted(sub, seat.tenant, seat.human, seat.tokens.id_token, seat.human == current.human)
    raise BadRequest


def _living(wanted: Wanted) -> Session | None:
    for seat in _of_browser():
        if seat.ended_at is None and (seat.sub, seat.human) == (wanted.sub, wanted.human):
            return seat
    return None


def _of_browser() -> list[Session]:
    return parts().sessions.of_browser(request.cookies.get(parts().application.cookie, ""))
