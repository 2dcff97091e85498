"""The application is sent (P11): its number, the mailbox that was written to, and what comes next.

    shown --> resend: another link, once a minute --> shown
          --> another mailbox, while this one is not confirmed --> shown

It is found by the finished run alone, so in the browser that sent it; elsewhere the status page tells (P12).
"""

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from wtforms import Field, StringField
from wtforms.validators import InputRequired

from idp.browser import browser_id, peer_address
from idp.db import transaction
from idp.errors import AlreadyExists, ChangedMeanwhile, FormOfAnotherRun, Refused, TooManyRequests
from idp.flows.account_fields import LONGEST_TYPED, AtMost, add_error, refuse_problem
from idp.flows.forms import PlainForm
from idp.flows.messages import PROBLEMS, sentence_for
from idp.flows.page_context import NOTICE, on_the_way_to
from idp.flows.registration_run import find_run
from idp.flows.registration_sent import Sent, facts_of, outlook_of, sent_by
from idp.policies.limits import LINKS_ASKED_PER_ADDRESS
from idp.policies.names import canonical_email
from idp.services.case_standing import hold_case
from idp.services.cases import PersonAnswers, correct_case
from idp.services.clients import client_by_id
from idp.services.company_claims import CompanyAnswers
from idp.services.limits import spend
from idp.services.mailbox_checks import RESEND_PAUSE, WAITING, resend_verification

bp = Blueprint("registration_done", __name__)


class MailboxForm(PlainForm):
    """Another mailbox for the link (P11 「變更信箱」)."""

    email = StringField(
        lazy_gettext("新的 Email"),
        [InputRequired(lazy_gettext("請輸入 Email。")), AtMost(LONGEST_TYPED, PROBLEMS["email.form"])],
    )

    def validate_email(self, field: Field) -> None:
        """One mailbox (RG13)."""
        refuse_problem(None if canonical_email(field.data) else "email.form")


@bp.get("/register/done")
def done() -> ResponseReturnValue:
    """Show what was sent."""
    kept = find_run(request.args.get("run", ""))
    if kept is not None and not kept.is_finished:
        return redirect(url_for("registration.check", run=kept.id), 303)
    sent = sent_by(request.args.get("run", ""))
    if sent is None:
        browser_session[NOTICE] = gettext("這次申請已經完成或逾時，請重新開始。")
        return redirect(url_for("registration.begin"), 303)
    return _page(sent, MailboxForm())


@bp.post("/register/done/resend")
def resend() -> ResponseReturnValue:
    """Send the link again (R-083)."""
    sent = _sent_or_gone()
    try:
        with transaction():
            spend(LINKS_ASKED_PER_ADDRESS, peer_address())
            resend_verification(sent.account, sent.case, browser=browser_id())
    except Refused as refused:
        return _page(sent, MailboxForm(), refused=refused)
    again = gettext("已補發啟用信，先前信件中的連結已失效。")
    browser_session[NOTICE] = again if _activates(sent) else gettext("已補發驗證信，先前信件中的連結已失效。")
    return redirect(url_for("registration_done.done", run=sent.run_id), 303)


@bp.post("/register/done/mailbox")
def change_mailbox() -> ResponseReturnValue:
    """Send the link to another mailbox; the application is the same."""
    sent = _sent_or_gone()
    form = MailboxForm(request.form)
    if not form.validate():
        return _page(sent, form, status=400)
    try:
        with transaction():
            spend(LINKS_ASKED_PER_ADDRESS, peer_address())
            _check_still_waits(sent)
            correct_case(
                sent.case.id,
                _seen_version(),
                _person(sent, canonical_email(form.email.data or "") or ""),
                _company(sent),
                browser=browser_id(),
            )
    except AlreadyExists:
        add_error(form, "email", str(PROBLEMS["email.used"]))
        return _page(sent, form, status=AlreadyExists.status)
    except Refused as refused:
        return _page(sent, form, refused=refused)
    moved = gettext("啟用信已寄到新的信箱，先前信件中的連結已失效。")
    browser_session[NOTICE] = moved if _activates(sent) else gettext("驗證信已寄到新的信箱，先前信件中的連結已失效。")
    return redirect(url_for("registration_done.done", run=sent.run_id), 303)


def _sent_or_gone() -> Sent:
    sent = sent_by(request.form.get("run", ""))
    if sent is None:
        raise FormOfAnotherRun
    return sent


def _activates(sent: Sent) -> bool:
    return outlook_of(sent).activates


def _check_still_waits(sent: Sent) -> None:
    """A mailbox that is confirmed by now is corrected with the whole application, which asks for the password."""
    _, _, account = hold_case(sent.case.id)
    if account.status not in WAITING:
        raise ChangedMeanwhile


def _seen_version() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _person(sent: Sent, email: str) -> PersonAnswers:
    account = sent.account
    return PersonAnswers(
        username=account.username, name=account.name, phone=account.phone or "", email=email, locale=account.locale
    )


def _company(sent: Sent) -> CompanyAnswers:
    answers = sent.case.answers
    return CompanyAnswers(
        id_type=sent.company.id_type,
        number=sent.company.tax_id,
        name=str(answers["company_name"]),
        register_name=answers.get("register_name"),
        address=str(answers["company_address"]),
        phone=str(answers["company_phone"]),
        responsible=answers.get("responsible"),
    )


def _page(sent: Sent, form: MailboxForm, *, refused: Refused | None = None, status: int = 200) -> Response:
    if refused is not None:
        refreshed = sent_by(sent.run_id)
        sent = refreshed or sent
    on_the_way_to(client_by_id(sent.case.client_id) if sent.case.client_id else None)
    g.here = url_for("registration_done.done", run=sent.run_id)
    response = make_response(
        render_template(
            "registration/done.html",
            run=sent.run_id,
            service=sent.service,
            case=sent.case,
            form=form,
            refusal=resend_sentence(refused) if refused else None,
            notice=browser_session.pop(NOTICE, None) if request.method == "GET" else None,
            **facts_of(sent),
        ),
        refused.status if refused else status,
    )
    retry = getattr(refused, "retry_seconds", None)
    if retry is not None:
        response.headers["Retry-After"] = str(retry)
    return response


def resend_sentence(refused: Refused) -> str:
    """Why no link was sent; within the pause how long it lasts."""
    if isinstance(refused, TooManyRequests) and refused.retry_seconds <= RESEND_PAUSE.total_seconds():
        return str(gettext("請於 %(seconds)d 秒後再補發驗證信。", seconds=refused.retry_seconds))
    return sentence_for(refused)
