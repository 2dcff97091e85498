"""What the page of a review shows (P36)."""

from typing import Any

from flask import render_template
from flask import session as browser_session
from flask_babel import gettext

from idp.errors import Refused
from idp.flows.document_answers import size_of
from idp.flows.group_words import HINT_LABELS, STATES, explanations_for
from idp.flows.messages import PROOF_LABELS, ROLE_LABELS, sentence_for
from idp.flows.ops.companies import is_own
from idp.flows.ops.guard import operator
from idp.flows.ops.people_words import DOCUMENT_STATES
from idp.flows.ops.queue import name_of
from idp.flows.ops.queue_words import DECIDED_LABELS, LINE_LABELS, OUTCOMES, subject_of, waited, why_in_words
from idp.flows.ops.review_forms import AccountForm, DocumentForm, account_form, document_form
from idp.flows.page_context import NOTICE
from idp.flows.registration_words import NUMBER_LABELS, REGISTER_LABELS, SOURCES
from idp.mails.words import DOCUMENT_REASON_SENTENCES, REASON_SENTENCES
from idp.models import UploadedFile
from idp.policies.company_names import shown_phone
from idp.policies.comparing import Line
from idp.policies.documents import FileState
from idp.policies.duties import Power
from idp.policies.entities import EntityKind
from idp.policies.reviews import Reason
from idp.services.ops_review import Decided, Reviewed
from idp.services.uploaded_files import may_be_seen


def review_page(
    seen: Reviewed,
    *,
    document: DocumentForm | None = None,
    account: AccountForm | None = None,
    refused: Refused | None = None,
    told: str | None = None,
) -> str:
    """The page. ``document`` or ``account`` is the form that was sent and comes back; ``told`` a refusal's sentence."""
    queued = seen.queued
    sent = document if document is not None else account
    is_open = queued.waits_for_document if document is not None else queued.waits_for_account
    here = operator()
    is_held = queued.holder_id is not None and queued.holder_id != here.operator_id
    own = is_own(queued.company.id)
    may_decide = here.may(Power.DECIDE_CASES) and not own and not is_held
    return render_template(
        "ops/review.html",
        seen=seen,
        queued=queued,
        case=queued.case,
        company=queued.company,
        account=queued.account,
        number_label=NUMBER_LABELS[EntityKind(queued.company.id_type)],
        service=name_of(queued.service),
        waited=waited(_since(seen)) if _waits(seen) else None,
        is_own=own,
        is_held=is_held,
        is_mine=queued.holder_id == here.operator_id,
        may_take=may_decide and queued.holder_id is None and _waits(seen),
        document_form=(document or document_form(seen)) if may_decide and queued.waits_for_document else None,
        account_form=(account or account_form(seen)) if may_decide and queued.waits_for_account else None,
        sent=sent if sent is not None and may_decide and is_open else None,
        sent_text=sent.text.data if sent is not None else None,
        document_sentences={str(key): words for key, words in DOCUMENT_REASON_SENTENCES.items()},
        account_sentences={str(key): words for key, words in REASON_SENTENCES.items()},
        explanations=explanations_for(queued.service),
        outcome_details={name: words[1] for name, words in OUTCOMES.items() if words[1]},
        refusal=(told or sentence_for(refused)) if refused else None,
        file=_shown_file(seen.file),
        replaced=[_shown_file(file) for file in seen.replaced],
        document_state=DOCUMENT_STATES[queued.document.state] if queued.document else None,
        account_state=STATES[queued.account.status],
        lines=[(LINE_LABELS.get(one.line, ""), one, one.line == Line.NUMBER) for one in seen.lines],
        register=_register(seen),
        hints=[HINT_LABELS[hint] for hint in queued.case.hints if hint in HINT_LABELS],
        refused_before=[why_in_words(one.reasons, one.text) for one in seen.refused_before[:1]],
        phone=shown_phone(queued.account.phone) if queued.account.phone else None,
        company_phone=_company_phone(seen),
        proof=PROOF_LABELS[queued.company.proof],
        progress=[_step(one) for one in seen.decided],
        notice=browser_session.pop(NOTICE, None),
    )


def _waits(seen: Reviewed) -> bool:
    return seen.queued.waits_for_document or seen.queued.waits_for_account


def _since(seen: Reviewed) -> Any:
    document, case = seen.queued.document, seen.queued.case
    return document.queued_at if document and seen.queued.waits_for_document else case.waiting_since


def _shown_file(file: UploadedFile | None) -> dict[str, Any] | None:
    if file is None:
        return None
    is_gone = file.state is FileState.INFECTED or file.deleted_at is not None
    return {
        "id": file.id,
        "name": file.name,
        "pages": range(1, file.pages + 1),
        "size": size_of(file.size),
        "at": file.uploaded_at,
        "is_seen": may_be_seen(file),
        "is_gone": is_gone,
    }


def _register(seen: Reviewed) -> dict[str, Any] | None:
    look = seen.look
    if look is None or look.source is None:
        return None
    return {
        "status": REGISTER_LABELS[look.status],
        "is_operating": look.status == "operating",
        "source": SOURCES[look.source],
        "as_of": look.as_of,
    }


def _company_phone(seen: Reviewed) -> str | None:
    told = seen.queued.case.answers.get("company_phone")
    return shown_phone(str(told)) if told else None


def _step(one: Decided) -> dict[str, Any]:
    review = one.review
    label, tone, _ = DECIDED_LABELS[review.outcome]
    return {
        "css": {"ok": "done", "bad": "bad"}.get(tone, ""),
        "text": gettext("%(subject)s：%(outcome)s", subject=subject_of(is_document=one.is_of_document), outcome=label),
        "at": review.decided_at,
        "by": one.by,
        "role": ROLE_LABELS[role] if (role := getattr(review, "role", None)) else None,
        "why": _why(one),
    }


def _why(one: Decided) -> list[str]:
    review: Any = one.review
    if one.is_of_document:
        return why_in_words(review.reasons, review.text)
    known = Reason(review.reason) if review.reason in list(Reason) else None
    sentence = REASON_SENTENCES.get(known) if known is not None else None
    return [str(part) for part in (sentence, review.reason_text) if part]
