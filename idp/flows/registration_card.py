"""The card step (P6): the company is proven by its card (R-015 … R-020).

    asked --> refused: why, and the ways on --> asked
          --> good: 「成功」 --> 下一步
          --> another way, where there is one --> the page that offers them

Number and name come from the certificate, never from a form (CD07). What was proven counts for that number, in this
run, for two hours; the application takes its evidence along.
"""

from dataclasses import replace
from datetime import UTC, datetime

from flask import g, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.certificates.refusals import WrongRank
from idp.certificates.statement import CardPurpose
from idp.config import settings
from idp.db import now
from idp.errors import CardMismatch, Refused
from idp.flows.card_answers import present
from idp.flows.card_words import RANK_LABELS
from idp.flows.forms import PlainForm
from idp.flows.messages import sentence_for
from idp.flows.registration_company import company_name
from idp.flows.registration_pages import page_of
from idp.flows.registration_run import GivenCard, find_run
from idp.flows.registration_steps import Outcome, take
from idp.flows.registration_visit import Visit, visit_of
from idp.flows.registration_words import company_lead, explanation_of
from idp.policies.cards import CardRank
from idp.policies.registration_path import Step, path_of, takes_card
from idp.policies.standing import CompanyProof
from idp.services.audit import record
from idp.services.card_answers import PresentedCard, keep_evidence
from idp.services.enrolled_cards import card_of_key

MARK = "card:presented"


def card_page(visit: Visit, form: PlainForm | None = None, *, refused: Refused | None = None) -> str:
    """P6: what is needed, the card's panel, and once it was good what it has proven."""
    given = visit.card if refused is None else None
    return page_of(
        visit,
        Step.CARD,
        given=given,
        rank=RANK_LABELS[CardRank(given.rank)] if given else "",
        until=datetime.fromtimestamp(given.until, UTC) if given else None,
        name=company_name(visit.state),
        lead=_outcome(visit) if given else company_lead(visit.policy),
        is_over=refused is None and given is None and visit.state.card is not None,
        was_brought=visit.state.brought == visit.state.number,
        other_way=_other_way(visit),
        is_offered=settings().offers_cards,
        refusal=sentence_for(refused) if refused else None,
        refusal_heading=_heading(refused) if refused else None,
        is_mismatch=isinstance(refused, CardMismatch),
    )


def take_card() -> ResponseReturnValue:
    """What is sent from P6: a card's answer, or which way the person goes."""
    if request.form.get("do") in {"next", "other"}:
        return take(Step.CARD, card_page, _go_on)
    try:
        card = present(CardPurpose.PROVE)
        return take(Step.CARD, card_page, lambda visit: _accept(visit, card))
    except Refused as refused:
        return _refused(refused)


def _accept(visit: Visit, card: PresentedCard) -> Outcome:
    """Raises CardMismatch and WrongRank, told to the audit log."""
    _check(visit, card)
    # One that nobody has proven may be purged with its last application: evidence is found by the case alone then.
    company = visit.company if visit.company is not None and visit.company.proof is not CompanyProof.NONE else None
    evidence_id = keep_evidence(card, company_id=company.id if company is not None else None)
    holder, there = card.holder, card_of_key(card.holder.key_sha256)
    visit.state.card = GivenCard(
        evidence_id=evidence_id,
        tax_id=str(holder.tax_id),
        name=holder.name,
        rank=str(holder.rank),
        until=holder.not_after.timestamp(),
        at=now().timestamp(),
        signs_in=there is None,
    )
    record(MARK, purpose=card.purpose.value, transport=card.transport.value, evidence=evidence_id, run=visit.run_id)
    return visit.address(Step.CARD)


def _check(visit: Visit, card: PresentedCard) -> None:
    holder = card.holder
    refused: Refused | None = None
    if str(holder.tax_id) != visit.state.number:
        refused = CardMismatch(card=str(holder.tax_id), entered=visit.state.number)
    elif not takes_card(visit.policy_here, holder.rank):
        refused = WrongRank(rank=holder.rank)
    if refused is not None:
        record(
            MARK,
            outcome="refused",
            purpose=card.purpose.value,
            transport=card.transport.value,
            because=refused.code,
            sha256=holder.certificate_sha256,
        )
        raise refused


def _go_on(visit: Visit) -> Outcome:
    """To what comes next, which a good card alone opens; or back to the page that offers other ways."""
    if request.form.get("do") != "other" or visit.must_show_card:
        return None if visit.card is not None else visit.address(Step.CARD)
    visit.state.wants_card, visit.state.card = False, None
    offers = next((step for step in visit.steps if step in {Step.PROOF, Step.VERIFIED}), None)
    return visit.address(offers) if offers is not None else None


def _refused(refused: Refused) -> ResponseReturnValue:
    kept = find_run(request.form.get("run", ""))
    if kept is None or kept.is_finished or kept.has_expired:
        return take(Step.CARD, card_page, _go_on)
    visit = visit_of(kept)
    if not visit.has_reached(Step.CARD):
        return redirect(visit.address(), 303)
    # The language link leads by GET to the step.
    g.here = visit.address(Step.CARD)
    return card_page(visit, refused=refused), refused.status


def _other_way(visit: Visit) -> bool:
    """Whether the application can go on without a card."""
    return not visit.must_show_card and Step.CARD not in path_of(visit.policy_here, visit.company_state).steps


def _outcome(visit: Visit) -> str:
    """What the card has changed: its bearer leads the company, or is reviewed as its colleagues are (R-014)."""
    path = visit.path
    if path.becomes_admin and visit.company_state.had_admin:
        return str(gettext("貴公司目前沒有群組管理員：完成Email認證後，此帳號即為該公司之群組管理員。"))
    if path.becomes_admin:
        return str(gettext("完成Email認證後，此帳號即為該公司之群組管理員。"))
    proven = replace(visit.company_state, is_proven=True)
    return explanation_of(CompanyProof.CARD, proven, path) if path.explains_review else ""


def _heading(refused: Refused) -> str:
    if isinstance(refused, CardMismatch):
        return str(gettext("卡片與填寫的公司不同"))
    if isinstance(refused, WrongRank):
        return str(gettext("附卡不適用"))
    return str(gettext("憑證驗證結果：失敗"))
