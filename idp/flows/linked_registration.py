"""Pages of the wizard for a linked account (鏈結帳號): both sections on one page, check (R-061 … R-076).

terms (or the notice of 個資法第8條) --> account and contact company --> check --> sent: linked_registration_done
"""

from flask import request, url_for
from flask_babel import gettext

from idp.browser import browser_id, peer_address
from idp.flows.forms import PlainForm
from idp.flows.registration_account import TypedPassword, judge_account
from idp.flows.registration_forms import LinkedForm, identity_of
from idp.flows.registration_kinds import linked_label
from idp.flows.registration_pages import Answer, account_answers, page_of, phone_answer, tell_trouble
from idp.flows.registration_run import finish_with_linked
from idp.flows.registration_steps import Outcome
from idp.flows.registration_submission import person_answers
from idp.flows.registration_visit import Visit
from idp.flows.registration_words import NUMBER_LABELS, NUMBER_RULES
from idp.policies.company_names import parse_phone
from idp.policies.entities import EntityKind
from idp.policies.limits import CASES_SENT_PER_ADDRESS
from idp.policies.registration_path import Step
from idp.services.company_claims import CompanyAnswers
from idp.services.limits import spend
from idp.services.linked_registration import LinkedSubmission, submit_linked


def linked_form(visit: Visit, *, is_sent: bool = False) -> LinkedForm:
    """The form as it was sent, or filled in with what was typed before."""
    kinds = visit.policy.entity_types
    return LinkedForm(
        request.form if is_sent else None,
        policy=visit.policy,
        keeps_password=visit.state.password_hash is not None,
        data={"id_type": kinds[0], **visit.state.typed},
    )


def linked_page(visit: Visit, form: PlainForm | None = None) -> str:
    """鏈結帳號申請: 帳號資料 and 公司資料, with the filling rules of each field (R-062 … R-074)."""
    sent = form if isinstance(form, LinkedForm) else linked_form(visit)
    tell_trouble(visit, sent)
    return page_of(
        visit,
        Step.ACCOUNT,
        sent,
        template="registration/linked.html",
        label=linked_label(visit.policy),
        has_password=visit.state.password_hash is not None,
        rules=[(NUMBER_LABELS[EntityKind(kind)], NUMBER_RULES[EntityKind(kind)]) for kind in visit.policy.entity_types],
    )


def take_linked(visit: Visit, typed: TypedPassword | None) -> Outcome:
    """Judge what was sent; the kind of a number that was recognised is kept with it."""
    outcome = judge_account(visit, linked_form(visit, is_sent=True), typed)
    identity = identity_of(visit.state.typed, visit.policy)
    if identity is not None:
        visit.state.typed["id_type"] = identity[0]
    return outcome


def linked_check_page(visit: Visit, form: PlainForm | None = None, *, refusal: str | None = None) -> str:
    """Everything once more, and what becomes of it (R-075, R-076)."""
    label = linked_label(visit.policy)
    lead = gettext("確定要送出申請？請確認以下資料；送出後，系統將自動發送驗證Email至所申請信箱。")
    sentences = [
        gettext("完成Email認證後，即可使用帳號與密碼登入，進行一般帳號綁定。"),
        gettext("%(label)s必須與一般帳號綁定後登入使用，若您還沒有一般帳號，請先完成一般帳號註冊。", label=label),
    ]
    return page_of(
        visit,
        Step.CHECK,
        company=_company_answers(visit),
        account=account_answers(visit),
        by_card=False,
        sentences=sentences,
        lead=lead,
        refusal=refusal,
    )


def send_linked(visit: Visit) -> Outcome:
    """Send the application. Raises AlreadyExists, TooManyRequests."""
    spend(CASES_SENT_PER_ADDRESS, peer_address())
    if visit.state.password_hash is None:
        raise ValueError("the account step does not hold")
    account = submit_linked(
        LinkedSubmission(
            service=visit.service,
            person=person_answers(visit.state),
            home=_home(visit),
            password_hash=visit.state.password_hash,
            texts=tuple(visit.texts),
            browser=browser_id(),
            address=peer_address(),
        )
    )
    finish_with_linked(visit.run_id, account.id)
    visit.is_sent = True
    return url_for("linked_registration_done.done", run=visit.run_id)


def _home(visit: Visit) -> CompanyAnswers:
    typed = {name: value.strip() for name, value in visit.state.typed.items()}
    identity = identity_of(typed, visit.policy)
    if identity is None:
        raise ValueError("the account step does not hold")
    return CompanyAnswers(
        id_type=identity[0],
        number=identity[1],
        name=typed["company_name"],
        register_name=None,
        address=typed["company_address"],
        phone=parse_phone(typed["company_phone"]) or "",
    )


def _company_answers(visit: Visit) -> list[Answer]:
    home = _home(visit)
    label = str(NUMBER_LABELS[EntityKind(home.id_type)])
    return [
        Answer(label, home.number, "num", Step.ACCOUNT, "number"),
        Answer(gettext("公司名稱"), home.name, "", Step.ACCOUNT, "company_name"),
        Answer(gettext("公司電話"), phone_answer(home.phone), "num", Step.ACCOUNT, "company_phone"),
        Answer(gettext("公司地址"), home.address, "", Step.ACCOUNT, "company_address"),
    ]
