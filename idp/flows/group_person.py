"""修改使用者 (P33): one person of the company; role and state, or the decision about her application, saved at once.

look --> 修改 --> the list        refused, or changed meanwhile: the page as it is now, with what was chosen
"""

from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.errors import AlreadyDecided, ChangedMeanwhile, NotFound, Refused
from idp.flows.group_guard import group_admin, group_pages, leading, own_company
from idp.flows.group_person_form import CHOICES, PersonForm
from idp.flows.group_words import HINT_LABELS, STATES, explanations_for
from idp.flows.messages import OUTCOME_LABELS, sentence_for
from idp.flows.page_context import NOTICE
from idp.mails.words import REASON_SENTENCES
from idp.policies.company_names import shown_phone
from idp.policies.managing import Task
from idp.policies.registration import Reviewer
from idp.policies.reviews import Outcome, Reason
from idp.policies.roles import Permission, Role, permits
from idp.policies.standing import AccountStatus
from idp.services.group_people import SeenPerson, person_of
from idp.services.own_seats import check_not_own_seat

bp = group_pages("group_person")

ANSWERS = ("company_name", "register_name", "company_address", "responsible")


@bp.get("/users/<account_id>")
def user(account_id: str) -> ResponseReturnValue:
    """Show one person of the company."""
    seen = person_of(own_company(), account_id)
    form = PersonForm()
    form.offer(seen, fresh=True)
    return _page(seen, form)


@bp.post("/users/<account_id>")
def save(account_id: str) -> ResponseReturnValue:
    """Save role and state in one act (R-045)."""
    seen = person_of(own_company(), account_id)
    form = PersonForm(request.form)
    if not form.validate():
        form.offer(seen, fresh=False)
        return _page(seen, form, status=400)
    try:
        with leading():
            check_not_own_seat(group_admin(), account_id)
            notice = form.save(group_admin().account_id, account_id)
    except NotFound:
        raise
    except Refused as refused:
        seen = person_of(own_company(), account_id)
        form.offer(seen, fresh=isinstance(refused, ChangedMeanwhile | AlreadyDecided))
        return _page(seen, form, refused=refused, status=refused.status)
    browser_session[NOTICE] = notice
    return redirect(_next_page(account_id), 303)


def _next_page(account_id: str) -> str:
    # Who steps down has no console any more.
    own_role = Role(request.form["role"]) if request.form.get("role") in list(Role) else Role.GROUP_ADMIN
    leaves = account_id == group_admin().account_id and not permits(own_role, Permission.MANAGE_USERS)
    return url_for("account.overview") if leaves else url_for("group.users")


def _page(seen: SeenPerson, form: PersonForm, *, refused: Refused | None = None, status: int = 200) -> Response:
    label, tone, sign = STATES[seen.account.status]
    told_at = str(refused.details.get("field", "")) if refused else ""
    page = render_template(
        "group/person.html",
        seen=seen,
        form=form if seen.task else None,
        refusal=sentence_for(refused) if refused else None,
        refused_at={"role": form.role, "reason": form.reason_text}.get(told_at),
        kept_text=form.reason_text.data if not seen.task else None,
        state={"label": label, "tone": tone, "sign": sign},
        is_review=seen.task is Task.REVIEW,
        is_self=seen.account.id == group_admin().account_id,
        explanations=explanations_for(seen.service),
        state_details={name: words[1] for name, words in CHOICES.get(seen.task or Task.CHANGE, {}).items()},
        phone=shown_phone(seen.account.phone) if seen.account.phone else None,
        company_phone=shown_phone(str(phone)) if (phone := _answer(seen, "company_phone")) else None,
        answers={name: _answer(seen, name) for name in ANSWERS},
        hints=[HINT_LABELS[hint] for hint in (seen.case.hints if seen.case else []) if hint in HINT_LABELS],
        progress=_progress(seen),
    )
    return make_response(page, status)


def _answer(seen: SeenPerson, name: str) -> Any:
    return seen.case.answers.get(name) if seen.case else None


def _progress(seen: SeenPerson) -> list[dict[str, Any]]:
    """What has become of the application so far (案件進度)."""
    if seen.case is None:
        return []
    begun = seen.case.submitted_at
    steps: list[dict[str, Any]] = [{"css": "done", "text": gettext("送出申請"), "at": begun}]
    if seen.account.email_verified_at:
        steps.append({"css": "done", "text": gettext("已完成 Email 驗證"), "at": seen.account.email_verified_at})
    steps += [
        {
            "css": "bad" if review.outcome is Outcome.REJECTED else "done",
            "text": OUTCOME_LABELS[review.outcome],
            "at": review.decided_at,
            "by": None if review.outcome is Outcome.WITHDRAWN else (name or gettext("服務單位")),
            "why": _why(review.reason, review.reason_text),
        }
        for review, name in seen.reviews
    ]
    if seen.account.status is AccountStatus.REVIEW_PENDING:
        steps.append(_waits(seen))
    return sorted(steps, key=lambda step: (step.get("css") == "now", step.get("at") or begun))


def _waits(seen: SeenPerson) -> dict[str, Any]:
    by_group = seen.case is not None and seen.case.reviewer is Reviewer.GROUP_ADMIN
    days = seen.policy.escalate_after_days if seen.policy and by_group else None
    return {
        "css": "now",
        "text": gettext("待群組管理員審核") if by_group else gettext("待服務單位審核"),
        "at": None,
        "later": gettext("第 %(day)d 天起改由服務單位審核", day=days) if days else None,
    }


def _why(reason: str | None, text: str | None) -> str | None:
    if reason is None:
        return text
    sentence = REASON_SENTENCES.get(Reason(reason)) if reason in list(Reason) else None
    return " ".join(str(part) for part in (sentence, text) if part) or None
