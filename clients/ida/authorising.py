"""授權其他廠商 (R-191): a number --> whose it is --> which case, to which day --> seen there, until taken back."""

import secrets
from collections.abc import Mapping

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from clients.ida.authorisations import Authorised
from clients.ida.looking_up import NotToBeAuthorised, look_up
from clients.ida.new_authorisation import read_new_authorisation, read_number
from clients.ida.pages import all_cases, authorisations
from clients.relying.addresses import here
from clients.relying.guard import held, menu

bp = Blueprint("authorising", __name__)


@bp.get("/authorisations")
@menu("auth.grant")
def overview() -> ResponseReturnValue:
    """Whom the person's cases are shown to, and the form for one more."""
    return _overview({"number": ""}, {})


@bp.get("/authorisations/number")
@menu("auth.grant")
def number_again() -> ResponseReturnValue:
    """The page of an answer, asked for once more (in the other language, perhaps): begun anew."""
    return redirect(here("/authorisations"), 303)


@bp.post("/authorisations/number")
@menu("auth.grant")
def name_account() -> ResponseReturnValue:
    """Show whose number it is, and ask for the case and the last day."""
    found = _account(request.form)
    return found if not isinstance(found, Authorised) else _confirm(found, {}, {})


@bp.post("/authorisations")
@menu("auth.grant")
def grant() -> ResponseReturnValue:
    """Let the account see the case, or show what is wrong beside each field."""
    found = _account(request.form)
    if not isinstance(found, Authorised):
        return found
    own = {case.number: case for case in all_cases().of(held())}
    new, errors = read_new_authorisation(request.form, own, authorisations().today)
    if new is None:
        return _confirm(found, request.form, errors), 422
    once = request.form.get("once", "") or secrets.token_urlsafe(16)
    done = authorisations().grant(held(), own[new.case], found, new.last_day, once)
    return redirect(here(f"/authorisations?done={'granted' if done else 'there'}"), 303)


@bp.post("/authorisations/<int:authorisation_id>/end")
@menu("auth.grant")
def take_back(authorisation_id: int) -> ResponseReturnValue:
    """收回授權: gone at once for whoever had it."""
    if not authorisations().take_back(held(), authorisation_id):
        raise NotFound
    return redirect(here("/authorisations?done=ended"), 303)


def _account(form: Mapping[str, str]) -> Authorised | tuple[str, int]:
    """The account of the number in the form; or the page that says why there is none."""
    number, wrong = read_number(form.get("number", ""), str(held().userinfo.get("electronic_id", "")))
    if wrong is None:
        try:
            return look_up(held(), number)
        except NotToBeAuthorised as nobody:
            wrong = nobody.sentence
    return _overview({"number": form.get("number", "")}, {"number": wrong}), 422


def _overview(values: Mapping[str, str], errors: dict[str, str]) -> str:
    return render_template(
        "authorisations.html",
        given=authorisations().given_by(held()),
        has_cases=bool(all_cases().of(held())),
        own=held().userinfo.get("electronic_id", ""),
        done=request.args.get("done", ""),
        values=values,
        errors=errors,
        restored=False,
        opened=None,
        problem="",
    )


def _confirm(found: Authorised, values: Mapping[str, str], errors: dict[str, str]) -> str:
    return render_template(
        "confirm.html",
        found=found,
        cases=all_cases().of(held()),
        values={name: values.get(name, "") for name in ("case", "last_day")},
        errors=errors,
        restored=False,
        opened=None,
        problem="",
        once=values.get("once") or secrets.token_urlsafe(16),
    )
