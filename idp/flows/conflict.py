"""A form that was opened as one seat and sent as another: nothing was done; back to that seat, or on as this one.

sent as B, opened as A --> this page --> switch to A (flows/acting.py) --> sent as A
                                     --> sent as B
"""

from dataclasses import dataclass

from flask import Response, render_template, request
from flask_babel import gettext

from idp.browser import current_sign_in
from idp.flows.forms import sent_stamp
from idp.flows.kept_fields import kept_of_request
from idp.policies.standing import AccountKind
from idp.services.acting import Acting
from idp.services.seats import seat_of_binding
from idp.services.sign_ins import SignedIn


@dataclass(frozen=True, slots=True)
class Opened:
    """As whom a form was opened; ``binding_id`` leads back there ("" to act for nobody)."""

    seat: Acting
    binding_id: str


def conflict_page(status: int) -> Response | None:
    """The page with both choices; None where the form was somebody else's, of whom nothing is told."""
    signed_in = current_sign_in()
    if signed_in is None or signed_in.human.kind is not AccountKind.LINKED:
        return None
    if sent_stamp().human_id != signed_in.human.account_id:
        return None
    opened = _opened(signed_in)
    page = render_template(
        "acting/conflict.html",
        opened=title_of(opened.seat, besides=signed_in.seat) if opened else None,
        current=title_of(signed_in.seat, besides=opened.seat if opened else None),
        binding_id=opened.binding_id if opened and opened.seat.is_able else None,
        path=request.full_path.rstrip("?"),
        kept=kept_of_request(),
    )
    return Response(page, status)


def _opened(signed_in: SignedIn) -> Opened | None:
    """None where the binding has been ended since."""
    stamp = sent_stamp()
    if not stamp.binding_id:
        return Opened(signed_in.human, "")
    bound = seat_of_binding(signed_in.human.account_id, stamp.binding_id)
    return Opened(bound.acting, bound.binding_id) if bound is not None else None


def title_of(seat: Acting, *, besides: Acting | None = None) -> str:
    """What a page calls a seat: its company; with the account's name beside another of the same company."""
    if seat.company is None:
        return str(gettext("鏈結帳號 %(name)s，尚未選擇公司", name=seat.name))
    if besides is not None and besides.company is not None and besides.company.name == seat.company.name:
        return str(gettext("%(company)s，帳號 %(username)s", company=seat.company.name, username=seat.username))
    return seat.company.name
