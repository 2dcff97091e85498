"""The pages of the wizard's steps: what each shows of its run (P4 … P10)."""

from datetime import datetime, time
from typing import Any, NamedTuple

from flask import render_template
from flask_babel import gettext

from idp.config import settings
from idp.errors import CardUnknown
from idp.flows.account_fields import add_error
from idp.flows.forms import PlainForm
from idp.flows.messages import MESSAGES
from idp.flows.moments import TAIPEI, is_english, roc_date
from idp.flows.registration_account import account_form
from idp.flows.registration_company import Found, company_form, company_name, found_company
from idp.flows.registration_forms import AccountForm, CompanyForm, TermsForm
from idp.flows.registration_submission import trouble_sentence
from idp.flows.registration_visit import Visit
from idp.flows.registration_words import (
    NOTICE_LABEL,
    NUMBER_LABELS,
    NUMBER_RULES,
    REGISTER_LABELS,
    SOURCES,
    STEP_LABELS,
    Outlook,
    check_lead,
    company_lead,
    explanation_of,
)
from idp.flows.shown_texts import texts_before_applying
from idp.mails.words import CREDENTIAL_SET_LABELS
from idp.policies.cards import CardRank
from idp.policies.company_names import parse_phone, shown_phone
from idp.policies.entities import EntityKind
from idp.policies.names import canonical_email
from idp.policies.registration import FirstAdmin, Proof, Reviewer
from idp.policies.registration_path import Step, may_offer_card, proofs_to_give
from idp.policies.registry import Finding

# What a person is told or asked about each proof that can be given; by its template.
PROOF_PAGES = {
    Proof.CARD: "registration/proofs/card.html",
    Proof.DOCUMENT: "registration/proofs/document.html",
    Proof.OPERATOR: "registration/proofs/operator.html",
    Proof.NONE: "registration/proofs/none.html",
}


class Answer(NamedTuple):
    """One line of the check page: its change leads to the field of that name."""

    label: str
    value: str
    kind: str = ""
    step: Step | None = None
    field: str = ""
    picture: str | None = None


def page_of(visit: Visit, step: Step, form: PlainForm | None = None, **more: Any) -> str:
    """The page of a step, with what all of them show."""
    service = visit.service
    return render_template(
        more.pop("template", None) or f"registration/{step}.html",
        visit=visit,
        step=step,
        labels=STEP_LABELS if visit.texts else STEP_LABELS | {Step.TERMS: NOTICE_LABEL},
        form=form,
        service_name=service.name_en if is_english() else service.name_zh,
        mailbox=service.mail_reply_to or service.mail_from or settings().mail_sender,
        refusal=more.pop("refusal", None),
        refusal_heading=more.pop("refusal_heading", None) or gettext("申請沒有送出"),
        **more,
    )


def terms_page(visit: Visit, form: PlainForm | None = None) -> str:
    """P4: the texts to agree to, and the notice of 個資法第8條 where it is not among them (R-006, R-007)."""
    texts = texts_before_applying(visit.service, visit.texts)
    form = form or TermsForm(texts=visit.texts_stamp, agreed=Step.TERMS in visit.done)
    return page_of(visit, Step.TERMS, form, texts=texts, must_agree=bool(visit.texts))


def company_page(visit: Visit, form: PlainForm | None = None) -> str:
    """P5: the number, what the register says, and what the person adds."""
    found = found_company(visit)
    sent = form if isinstance(form, CompanyForm) else company_form(visit, found)
    tell_trouble(visit, sent)
    kinds = visit.policy.entity_types
    return page_of(
        visit,
        Step.COMPANY,
        sent,
        found=found,
        number_label=NUMBER_LABELS[EntityKind(found.id_type)] if found else "",
        look=_told(found),
        lead=company_lead(visit.policy),
        rules=[(NUMBER_LABELS[EntityKind(kind)], NUMBER_RULES[EntityKind(kind)]) for kind in kinds],
        confirms=visit.policy.company_name == "registry_confirm",
        responsible=visit.policy.responsible,
        brought=MESSAGES[CardUnknown.code]({}) if _is_brought(visit) else None,
    )


def _is_brought(visit: Visit) -> bool:
    """Whether number and name come from a card that is to be given yet (R-203)."""
    return visit.state.brought is not None and visit.state.brought == visit.state.number and visit.card is None


def _told(found: Found | None) -> dict[str, Any] | None:
    """The look-up in words; None for a number that no register has."""
    if found is None or found.look is None:
        return None
    look = found.look
    return {
        "name": found.name,
        "address": found.address,
        "status": REGISTER_LABELS[look.status],
        "status_code": str(look.status),
        "source": SOURCES[look.source] if look.source else None,
        "as_of": roc_date(datetime.combine(look.as_of, time(12), TAIPEI)) if look.as_of else "",
        "waits": found.waits,
        "is_unavailable": look.finding is Finding.UNAVAILABLE,
    }


def verified_page(visit: Visit, form: PlainForm | None = None) -> str:
    """P7: why no proof is asked for (R-014), and where nobody of the company can decide, who does."""
    if visit.company is None:
        raise ValueError("nothing is known of a company that is explained")
    state, path = visit.company_state, visit.path
    gap = path.reviewer is Reviewer.OPERATOR and visit.policy.member_approval is Reviewer.GROUP_ADMIN
    message = explanation_of(visit.company.proof, state, path)
    offers = offers_card(visit) and not state.has_admin
    return page_of(visit, Step.VERIFIED, message=message, has_gap=gap, offers_card=offers)


def proof_page(visit: Visit, form: PlainForm | None = None) -> str:
    """The proofs that can be given here, each in its words."""
    given = proofs_to_give(visit.policy_here, visit.company_state)
    proofs = [PROOF_PAGES[proof] for proof in given if proof in PROOF_PAGES]
    first = visit.policy.first_admin is FirstAdmin.FIRST_VERIFIED and not visit.company_state.had_admin
    return page_of(visit, Step.PROOF, proofs=proofs, name=company_name(visit.state), makes_admin=first)


def offers_card(visit: Visit) -> bool:
    """Whether the page before may lead to the card step."""
    return settings().offers_cards and may_offer_card(visit.policy_here, visit.company_state)


def account_page(visit: Visit, form: PlainForm | None = None) -> str:
    """P9: who she is and how she signs in."""
    sent = form if isinstance(form, AccountForm) else account_form(visit.state, is_numbered=visit.is_numbered)
    tell_trouble(visit, sent)
    return page_of(visit, Step.ACCOUNT, sent, has_password=visit.state.password_hash is not None)


def check_page(visit: Visit, form: PlainForm | None = None, *, refusal: str | None = None) -> str:
    """P10: everything once more, and what becomes of it."""
    company, card = visit.company, visit.card
    leads = card is not None and CardRank(card.rank) is CardRank.PRIMARY
    outlook = Outlook(
        mail_check=visit.policy.mail_check,
        reviewer=visit.path.reviewer,
        becomes_admin=visit.path.becomes_admin,
        admin_is_named=company is not None and company.first_admin_email is not None and not leads,
        company_is_proven=visit.company_state.is_proven or card is not None,
        by_card=card is not None and card.signs_in,
        credential=visit.credential,
    )
    return page_of(
        visit,
        Step.CHECK,
        company=_company_answers(visit),
        account=account_answers(visit),
        by_card=card is not None,
        sentences=outlook.sentences(),
        lead=check_lead(visit.policy, is_correction=visit.is_correction),
        refusal=refusal,
    )


def _company_answers(visit: Visit) -> list[Answer]:
    state, typed = visit.state, visit.state.typed
    by_card = visit.card is not None
    fixed = None if visit.is_correction or by_card else Step.COMPANY
    label = str(NUMBER_LABELS[EntityKind(state.id_type)]) if state.id_type else ""
    named = _business_labels() if visit.is_numbered else _company_labels()
    answers = [
        Answer(label, state.number or "", "num", fixed, "number"),
        Answer(named["company_name"], company_name(state), "", None if by_card else Step.COMPANY, "company_name"),
        Answer(named["company_phone"], phone_answer(typed["company_phone"]), "num", Step.COMPANY, "company_phone"),
        Answer(named["company_address"], typed["company_address"], "", Step.COMPANY, "company_address"),
    ]
    if typed.get("responsible"):
        answers.append(Answer(named["responsible"], typed["responsible"], "", Step.COMPANY, "responsible"))
    if visit.file is not None and Step.DOCUMENT in visit.steps:
        label, picture = gettext("公司證明文件"), visit.preview_address
        answers.append(Answer(label, visit.file.name, "", Step.DOCUMENT, "document", picture))
    return answers


def _company_labels() -> dict[str, str]:
    return {
        "company_name": gettext("公司名稱"),
        "company_phone": gettext("公司聯絡電話"),
        "company_address": gettext("公司地址"),
        "responsible": gettext("公司負責人"),
    }


def _business_labels() -> dict[str, str]:
    """The fields in the words of manual 004 (R-209)."""
    return {
        "company_name": gettext("營利事業名稱"),
        "company_phone": gettext("電話"),
        "company_address": gettext("地址"),
        "responsible": gettext("負責人"),
    }


def _numbered_answers(visit: Visit) -> list[Answer]:
    """Of an account whose name and password come later: its kind, and the person to talk to (R-184, R-209)."""
    typed = visit.state.typed
    given = visit.state.corrects.username if visit.state.corrects else gettext("由系統產生，隨啟用信告知")
    return [
        Answer(gettext("帳號種類"), str(CREDENTIAL_SET_LABELS[visit.credential])),
        Answer(gettext("帳號識別碼（IC）"), given),
        Answer(gettext("聯絡人"), typed["name"], "", Step.ACCOUNT, "name"),
        Answer(gettext("手機電話"), phone_answer(typed["phone"]), "num", Step.ACCOUNT, "phone"),
        Answer(gettext("電子郵件"), canonical_email(typed["email"]) or typed["email"], "", Step.ACCOUNT, "email"),
    ]


def account_answers(visit: Visit) -> list[Answer]:
    """What the check page says of the account."""
    if visit.is_numbered:
        return _numbered_answers(visit)
    typed = visit.state.typed
    fixed = None if visit.is_correction else Step.ACCOUNT
    is_set = visit.state.password_hash is not None
    password = gettext("已設定（不顯示）") if is_set else gettext("不變更")
    return [
        Answer(gettext("帳號"), typed["username"], "", fixed, "username"),
        Answer(gettext("姓名"), typed["name"], "", Step.ACCOUNT, "name"),
        Answer(gettext("手機電話"), phone_answer(typed["phone"]), "num", Step.ACCOUNT, "phone"),
        Answer("Email", canonical_email(typed["email"]) or typed["email"], "", Step.ACCOUNT, "email"),
        Answer(gettext("密碼"), password, "", Step.ACCOUNT, "password"),
    ]


def phone_answer(text: str) -> str:
    """A telephone number as the check page shows it."""
    return shown_phone(parse_phone(text) or text)


def tell_trouble(visit: Visit, form: PlainForm) -> None:
    """Tell a refusal of the whole application beside the field it is about."""
    trouble = visit.state.trouble
    if trouble is None:
        return
    add_error(form, trouble.about if trouble.about in form else "company_name", trouble_sentence(trouble))
