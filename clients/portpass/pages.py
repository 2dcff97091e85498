"""Applying for passes, looking them up and printing them. The guard has asked for the menu item before a view runs."""

import secrets
from collections.abc import Mapping
from typing import cast

from flask import Blueprint, current_app, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from clients.portpass.new_pass import CHOICES, FIELDS, PORTS, read_new_pass
from clients.portpass.passes import MOST_SHOWN, Pass, Passes
from clients.relying.addresses import here
from clients.relying.drafts import draft_waits, take_draft
from clients.relying.guard import anyone, held, keeps, menu
from clients.relying.moments import moment_of
from clients.relying.parts import parts
from clients.relying.sessions import Session

bp = Blueprint("pages", __name__)
ON_THE_HOME_PAGE = 4
LONGEST_SEARCH = 60


def all_passes() -> Passes:
    """The passes that this application keeps."""
    return cast(Passes, current_app.extensions["passes"])


@bp.get("/")
@anyone
def home() -> ResponseReturnValue:
    """What this is and the way in; for who is signed in, what one may do here and the passes that hold."""
    if g.held is None:
        return render_template("welcome.html")
    sees = parts().application.menus.may(held().facts, "pass.query")
    valid = all_passes().valid_for(held()) if sees else []
    return render_template(
        "home.html",
        valid=valid[:ON_THE_HOME_PAGE],
        count=len(valid),
        sees=sees,
        waits=draft_waits(held(), "/passes/new"),
    )


@bp.get("/passes")
@menu("pass.query")
def passes() -> ResponseReturnValue:
    """查詢: own passes, or the company's where ``data_scope`` says so."""
    text = request.args.get("text", "").strip()[:LONGEST_SEARCH]
    port = request.args.get("port", "")
    found = all_passes().seen_by(held(), text, port if port in PORTS else "")
    return render_template("passes.html", passes=found, text=text, port=port, ports=PORTS, most=MOST_SHOWN)


@bp.get("/passes/<number>")
@menu("pass.query")
def one_pass(number: str) -> ResponseReturnValue:
    """One pass and how it stands."""
    return render_template("pass.html", one=_found(number), just_sent=request.args.get("sent") == "1")


@bp.get("/passes/new")
@menu("pass.apply")
def new_pass() -> ResponseReturnValue:
    """申請通行證: the form, with a draft that waited for its writer to sign in again."""
    draft = take_draft(held())
    chosen = {name: request.args[name] for name in ("holder", "kind") if request.args.get(name) in CHOICES[name]}
    return new_pass_form(draft or {"holder": "person"} | chosen, {}, restored=bool(draft))


def _form_again(problem: str, opened: Session | None) -> str:
    return new_pass_form(request.form, {}, opened=opened, problem=problem)


@bp.post("/passes/new")
@menu("pass.apply")
@keeps(FIELDS, _form_again, preset=("holder", "kind"))
def send_new_pass() -> ResponseReturnValue:
    """Store the application for the company acted for, or show what is wrong beside each field."""
    new, errors = read_new_pass(request.form, all_passes().today)
    if new is None:
        return new_pass_form(request.form, errors), 422
    number = all_passes().apply(held(), new, request.form.get("once", "") or secrets.token_urlsafe(16))
    if parts().application.menus.may(held().facts, "pass.query"):
        return redirect(here(f"/passes/{number}?sent=1"))
    return render_template("sent.html", number=number)


@bp.get("/print")
@menu("pass.print")
def to_print() -> ResponseReturnValue:
    """列印: the passes of which a record can be printed."""
    return render_template("print.html", passes=all_passes().seen_by(held()), most=MOST_SHOWN)


@bp.get("/print/<number>")
@menu("pass.print")
def record(number: str) -> ResponseReturnValue:
    """The record of one pass on paper: who applied, for which company, through which linked account, when."""
    printed = moment_of(parts().clock()).strftime("%Y-%m-%d %H:%M")
    return render_template("record.html", one=_found(number), printed=printed)


def new_pass_form(
    values: Mapping[str, str],
    errors: dict[str, str],
    *,
    restored: bool = False,
    opened: Session | None = None,
    problem: str = "",
) -> str:
    """The form with what was written into it, and what stands in the way of storing it."""
    return render_template(
        "new_pass.html",
        values={field: values.get(field, "") for field in FIELDS},
        errors=errors,
        restored=restored,
        opened=opened,
        problem=problem,
        once=secrets.token_urlsafe(16),
        choices=CHOICES,
    )


def _found(number: str) -> Pass:
    found = all_passes().find(held(), number)
    if found is None:
        raise NotFound
    return found
