"""The wizard that a policy gives, told by the wizard's own forms and words: steps, fields, who decides, mails."""

from typing import Any

from flask_babel import gettext, lazy_gettext

from idp.flows.ops.mail_words import template_label
from idp.flows.ops.service_policy_words import POLICY_WORDS
from idp.flows.registration_forms import AccountForm, CompanyForm
from idp.flows.registration_words import (
    AGREED_TITLES,
    NOTICE_LABEL,
    STEP_LABELS,
    TEXT_TITLES,
    Outlook,
    company_lead,
    explanation_of,
)
from idp.models import Service
from idp.policies.agreements import FIRST_SIGN_IN
from idp.policies.registration import Asked, CredentialSet, Proof, RegistrationPolicy, Reviewer, has_number_as_name
from idp.policies.registration_path import CompanyState, Step, proofs_to_give
from idp.policies.registration_preview import Applicant, Moment, Preview, preview_of
from idp.policies.registration_steps import steps_of
from idp.policies.standing import CompanyProof
from idp.services.service_texts import notice_of

APPLICANTS = {
    Applicant.FIRST: (
        lazy_gettext("公司的第一位申請人"),
        lazy_gettext("公司還沒有人申請過，申請人沒有工商憑證。"),
    ),
    Applicant.COLLEAGUE: (lazy_gettext("同公司的同事"), lazy_gettext("公司已經有人使用這項服務。")),
    Applicant.CARD: (lazy_gettext("持工商憑證的申請人"), lazy_gettext("公司第一次申請，申請人插卡驗證。")),
}
REVIEWERS = {
    Reviewer.GROUP_ADMIN: lazy_gettext("公司的群組管理員"),
    Reviewer.OPERATOR: lazy_gettext("服務單位（審核佇列）"),
    Reviewer.AUTO: lazy_gettext("不須審核，自動開通"),
}
MOMENTS = {
    Moment.SENT: lazy_gettext("送出申請後"),
    Moment.CONFIRMED: lazy_gettext("信箱驗證後"),
    Moment.WAITS: lazy_gettext("開始等候審核時，寄給群組管理員"),
    Moment.DOCUMENT_APPROVED: lazy_gettext("公司文件通過"),
    Moment.DOCUMENT_REJECTED: lazy_gettext("公司文件未通過"),
    Moment.APPROVED: lazy_gettext("申請核准"),
    Moment.REJECTED: lazy_gettext("申請不核准"),
}


def wizard_of(service: Service, policy: RegistrationPolicy) -> list[dict[str, Any]]:
    """What each kind of applicant meets under this policy."""
    found = ((applicant, preview_of(policy, applicant)) for applicant in Applicant)
    return [_told(service, policy, applicant, seen) for applicant, seen in found]


def _told(service: Service, policy: RegistrationPolicy, applicant: Applicant, seen: Preview | None) -> dict[str, Any]:
    heading, about = APPLICANTS[applicant]
    told = {"name": str(applicant), "heading": heading, "about": about, "steps": [], "reviewer": None, "mails": []}
    if seen is None:
        return told | {"why_not": gettext("這項服務不接受工商憑證。"), "outlook": [], "later": []}
    is_sent = seen.reviewer is not None
    return told | {
        "why_not": None if is_sent else gettext("沒有工商憑證就無法完成申請；插卡之後，同「持工商憑證的申請人」。"),
        "steps": [
            (_label(step, policy), _says(policy, seen, step), _holds(service, policy, seen, step))
            for step in steps_of(seen.path)
        ],
        "reviewer": REVIEWERS[seen.reviewer] if seen.reviewer is not None else None,
        "outlook": _outlook(policy, seen) if is_sent else [],
        "mails": [(MOMENTS[moment], template, template_label(template)) for moment, template in seen.mails],
        "later": _titles(policy, FIRST_SIGN_IN) if is_sent else [],
    }


def _label(step: Step, policy: RegistrationPolicy) -> Any:
    has_texts = any(text.when != FIRST_SIGN_IN for text in policy.consents)
    return NOTICE_LABEL if step is Step.TERMS and not has_texts else STEP_LABELS[step]


def _says(policy: RegistrationPolicy, seen: Preview, step: Step) -> str | None:
    """The sentence that a step's page begins with, where it depends on the policy."""
    if step is Step.COMPANY:
        return company_lead(policy)
    if step is Step.VERIFIED:
        return explanation_of(_proof_of(policy, seen.company), seen.company, seen.path)
    return None


def _holds(service: Service, policy: RegistrationPolicy, seen: Preview, step: Step) -> list[str]:
    """What stands on a step's page, in a few words each."""
    if step is Step.TERMS:
        return _texts(service, policy)
    if step is Step.COMPANY:
        return _company_fields(policy)
    if step in {Step.PROOF, Step.CARD, Step.DOCUMENT}:
        ways = {Step.CARD: (Proof.CARD,)}.get(step) or proofs_to_give(policy, seen.company)
        return [str(POLICY_WORDS["company_proof"].choices[proof]) for proof in ways]
    form = AccountForm(is_numbered=has_number_as_name(policy))
    return [str(field.label.text) for field in form] if step is Step.ACCOUNT else []


def _proof_of(policy: RegistrationPolicy, company: CompanyState) -> CompanyProof:
    if not company.is_proven:
        return CompanyProof.NONE
    return CompanyProof.CARD if Proof.CARD in policy.company_proof else CompanyProof.DOCUMENT


def _company_fields(policy: RegistrationPolicy) -> list[str]:
    confirms = policy.company_name == "registry_confirm"
    is_numbered = has_number_as_name(policy)
    form = CompanyForm(policy=policy, must_confirm=confirms, must_name=not confirms, names_business=is_numbered)
    optional = ({"company_name"} if confirms else {"confirmed"}) | (
        {"responsible"} if policy.responsible is Asked.OPTIONAL else set()
    )
    left_out = set() if confirms else {"confirmed"}
    return [
        gettext("%(field)s（選填）", field=field.label.text) if field.name in optional else str(field.label.text)
        for field in form
        if field.name not in left_out
    ]


def _texts(service: Service, policy: RegistrationPolicy) -> list[str]:
    asked = _titles(policy, "before_apply")
    if any(text.id == "privacy" and text.when == "before_apply" for text in policy.consents):
        return asked
    text_id, version = notice_of(service.id)
    return [*asked, gettext("%(title)s（第 %(version)s 版，不須同意）", title=TEXT_TITLES[text_id], version=version)]


def _titles(policy: RegistrationPolicy, when: str) -> list[str]:
    titles = AGREED_TITLES if when == FIRST_SIGN_IN else TEXT_TITLES
    return [
        gettext("%(title)s（第 %(version)s 版）", title=titles.get(text.id, text.id), version=text.version)
        for text in policy.consents
        if text.when == when
    ]


def _outlook(policy: RegistrationPolicy, seen: Preview) -> list[str]:
    """What her last page before sending tells her."""
    return Outlook(
        mail_check=policy.mail_check,
        reviewer=seen.path.reviewer,
        becomes_admin=seen.becomes_admin,
        admin_is_named=False,
        company_is_proven=seen.company.is_proven or seen.applicant is Applicant.CARD,
        by_card=seen.applicant is Applicant.CARD,
        credential=CredentialSet.COMPANY_CARD if seen.applicant is Applicant.CARD else CredentialSet.PASSWORD,
    ).sentences()
