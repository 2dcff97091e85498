"""Applying, on paper or all-electronically, and looking cases up. The guard asks for the menu item before a view."""

import secrets
from collections.abc import Mapping
from typing import cast

from flask import Blueprint, current_app, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from clients.ida.authorisations import Authorisations
from clients.ida.cases import MOST_SHOWN, Cases
from clients.ida.new_case import FIELDS, KINDS, WAYS, read_new_case
from clients.relying.addresses import here
from clients.relying.drafts import draft_waits, take_draft
from clients.relying.guard import anyone, held, keeps, menu
from clients.relying.parts import parts
from clients.relying.sessions import Session

bp = Blueprint("pages", __name__)
ON_THE_HOME_PAGE = 3


def all_cases() -> Cases:
    """The cases that this application keeps."""
    return cast(Cases, current_app.extensions["cases"])


def authorisations() -> Authorisations:
    """Who may see which of them beside their own company."""
    return cast(Authorisations, current_app.extensions["authorisations"])


@bp.get("/")
@anyone
def home() -> ResponseReturnValue:
    """What this is and the way in; for who is signed in, both ways of applying and the newest cases."""
    if g.held is None:
        return render_template("welcome.html")
    sees = parts().application.menus.may(held().facts, "case.query")
    waiting = [way for way in WAYS if draft_waits(held(), f"/cases/new/{way}")]
    return render_template(
        "home.html",
        sees=sees,
        cases=all_cases().of(held())[:ON_THE_HOME_PAGE] if sees else [],
        seen=authorisations().seen_by(held())[:ON_THE_HOME_PAGE] if sees else [],
        waiting=waiting,
    )


@bp.get("/cases")
@menu("case.query")
def cases() -> ResponseReturnValue:
    """案件查詢: own cases, and those that others let this account see (R-191)."""
    seen = authorisations().seen_by(held())
    return render_template("cases.html", cases=all_cases().of(held()), seen=seen, most=MOST_SHOWN)


@bp.get("/cases/<number>")
@menu("case.query")
def one_case(number: str) -> ResponseReturnValue:
    """One case: an own one with who else may see it, or another's to read while it may be seen."""
    case = all_cases().find(held(), number)
    if case is not None:
        given = authorisations().given_by(held(), case)
        return render_template("case.html", case=case, given=given, just_sent=request.args.get("sent") == "1")
    seen = authorisations().seen_by(held(), number)
    if not seen:
        raise NotFound
    return render_template("case.html", case=seen[0][0], until=seen[0][1])


@bp.get("/cases/new/paper")
@menu("case.paper")
def new_paper_case() -> ResponseReturnValue:
    """紙本申辦: the form, with a draft that waited for its writer to sign in again."""
    return _new_case("paper")


@bp.get("/cases/new/electronic")
@menu("case.electronic")
def new_electronic_case() -> ResponseReturnValue:
    """全電子申辦: the same form; nobody gets here without the company's card in this sign-in (R-207)."""
    return _new_case("electronic")


def _paper_again(problem: str, opened: Session | None) -> str:
    return new_case_form("paper", request.form, {}, opened=opened, problem=problem)


def _electronic_again(problem: str, opened: Session | None) -> str:
    return new_case_form("electronic", request.form, {}, opened=opened, problem=problem)


@bp.post("/cases/new/paper")
@menu("case.paper")
@keeps(FIELDS, _paper_again)
def send_paper_case() -> ResponseReturnValue:
    """Store the application, or show what is wrong beside each field."""
    return _send("paper")


@bp.post("/cases/new/electronic")
@menu("case.electronic")
@keeps(FIELDS, _electronic_again)
def send_electronic_case() -> ResponseReturnValue:
    """The same, without paper."""
    return _send("electronic")


@bp.get("/self/profile")
@menu("self.profile")
def profile() -> ResponseReturnValue:
    """修改基本資料: the provider's own page (R-196, R-219)."""
    return redirect(parts().settings.at_the_provider("/account/profile"), 303)


@bp.get("/self/password")
@menu("self.password")
def password() -> ResponseReturnValue:
    """更改密碼: the provider's own page (R-221)."""
    return redirect(parts().settings.at_the_provider("/account/password"), 303)


def _new_case(way: str) -> ResponseReturnValue:
    draft = take_draft(held())
    return new_case_form(way, draft, {}, restored=bool(draft))


def _send(way: str) -> ResponseReturnValue:
    new, errors = read_new_case(request.form)
    if new is None:
        return new_case_form(way, request.form, errors), 422
    number = all_cases().apply(held(), new, way, request.form.get("once", "") or secrets.token_urlsafe(16))
    return redirect(here(f"/cases/{number}?sent=1"))


def new_case_form(
    way: str,
    values: Mapping[str, str],
    errors: dict[str, str],
    *,
    restored: bool = False,
    opened: Session | None = None,
    problem: str = "",
) -> str:
    """The form with what was written into it, and what stands in the way of storing it."""
    return render_template(
        "new_case.html",
        way=way,
        values={field: values.get(field, "") for field in FIELDS},
        errors=errors,
        restored=restored,
        opened=opened,
        problem=problem,
        once=secrets.token_urlsafe(16),
        kinds=KINDS,
    )
