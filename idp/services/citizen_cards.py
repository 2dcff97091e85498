"""Citizen cards (自然人憑證): enrolled on accounts, given in applications, shown to raise a sign-in.

Such a card names a person and proves no company (R-187). Of her national ID nothing is kept: the certificate, which
bears its last four digits, stays in the evidence alone.
"""

from typing import Any

from sqlalchemy import update

from idp.certificates.subject import CitizenHolder
from idp.db import now, session
from idp.errors import AccountUnusable, CardEnrolledElsewhere, CitizenCardElsewhere, CitizenCardUnknown
from idp.models import Account, Card, CardEvidence, Case, Company
from idp.policies.cards import CITIZEN_GIVEN, CardKind, CardRank
from idp.policies.standing import AccountStatus
from idp.services.audit import record
from idp.services.card_answers import PresentedCitizen, citizen_in, keep_evidence
from idp.services.case_policies import citizen_evidence_of
from idp.services.company_claims import locked_company
from idp.services.enrolled_cards import card_of_key, holder_ids, insert_card, note_enrolled
from idp.services.secrets import new_id
from idp.services.trust import citizen_issuers

ENROLLED, MARK = "account:card:enrolled", "card:presented"


def takes_citizens() -> bool:
    """Whether an operator has pinned a CA whose citizen cards are taken."""
    return bool(citizen_issuers())


def enrol_own_citizen(card: PresentedCitizen, account_id: str) -> Card:
    """Enrol the card on this account, general or linked. Raises CitizenCardElsewhere, AccountUnusable."""
    account = _held(account_id)
    evidence_id = keep_evidence(card, account_id=account.id, company_id=account.company_id)
    try:
        return enrol_citizen(card.holder, account, evidence_id=evidence_id)
    except CitizenCardElsewhere:
        _note_refusal(account, evidence_id)
        raise


def enrol_citizen(holder: CitizenHolder, account: Account, *, evidence_id: str) -> Card:
    """Enrol a card that has just proven itself on an account; again is no harm.

    Raises CitizenCardElsewhere where another account has it: one card signs one account in.
    """
    company = session.get_one(Company, account.company_id) if account.company_id is not None else None
    there = card_of_key(holder.key_sha256)
    card = insert_card(_made(holder, account)) if there is None else None
    if card is None:
        # Also where somebody enrolled it in this very instant.
        kept = there or card_of_key(holder.key_sha256)
        if kept is None or kept.account_id != account.id:
            raise CitizenCardElsewhere
        return kept
    # Names are written in many ways: one that differs is told to who looks, and refuses nobody.
    note_enrolled(card, account, company, evidence_id=evidence_id, name_differs=holder.name != account.name)
    return card


def check_raises(card: PresentedCitizen, account_id: str) -> None:
    """Raise unless this card is enrolled on this account: whoever stole a password has a card of her own, too.

    Raises CitizenCardUnknown where it is enrolled nowhere, CardEnrolledElsewhere.
    """
    there = card_of_key(card.holder.key_sha256)
    if there is None:
        raise CitizenCardUnknown
    if there.account_id != account_id:
        raise CardEnrolledElsewhere


def give_in_application(card: PresentedCitizen, run_id: str) -> str:
    """Keep what a card has shown in an application; the id of the evidence, by which it is enrolled once she is let in.

    Raises CitizenCardElsewhere, told to the audit log.
    """
    told: dict[str, Any] = {"purpose": card.purpose.value, "transport": card.transport.value, "kind": CardKind.CITIZEN}
    if card_of_key(card.holder.key_sha256) is not None:
        record(MARK, outcome="refused", because=CitizenCardElsewhere.code, run=run_id, **told)
        raise CitizenCardElsewhere
    evidence_id = keep_evidence(card, purpose=CITIZEN_GIVEN)
    record(MARK, evidence=evidence_id, run=run_id, **told)
    return evidence_id


def claim_evidence(evidence_id: str | None, account: Account) -> None:
    """Let the evidence of an application that is sent name its account: what nobody sends is not kept."""
    if evidence_id is None:
        return
    session.execute(
        update(CardEvidence)
        .where(CardEvidence.id == evidence_id, CardEvidence.account_id.is_(None), CardEvidence.purpose == CITIZEN_GIVEN)
        .values(account_id=account.id)
        .execution_options(synchronize_session=False)
    )


def citizen_shown(evidence_id: str | None) -> CitizenHolder | None:
    """Whom the citizen card of this evidence names; None where there is no evidence."""
    evidence = session.get(CardEvidence, evidence_id) if evidence_id is not None else None
    return citizen_in(evidence) if evidence is not None else None


def will_sign_in(case: Case, account: Account) -> bool:
    """Whether the citizen card given in this application will sign its account in: nobody else has it by now."""
    holder = citizen_shown(citizen_evidence_of(case))
    if holder is None:
        return False
    there = card_of_key(holder.key_sha256)
    return there is None or there.account_id == account.id


def enrol_citizen_of_case(case: Case, account: Account) -> None:
    """Let the citizen card given in an application sign its account in, now that its person is let in.

    A card that another account has by now stays with that one: the account has its password.
    """
    evidence_id = citizen_evidence_of(case)
    holder = citizen_shown(evidence_id)
    if evidence_id is None or holder is None:
        return
    try:
        enrol_citizen(holder, account, evidence_id=evidence_id)
    except CitizenCardElsewhere:
        _note_refusal(account, evidence_id)


def _note_refusal(account: Account, evidence_id: str) -> None:
    told = {"because": CitizenCardElsewhere.code, "evidence": evidence_id}
    record(ENROLLED, outcome="refused", actor=account.id, **holder_ids(account), **told)


def _held(account_id: str) -> Account:
    """The account as it is now, its company held for this transaction where it has one. Raises AccountUnusable."""
    company_id = session.get_one(Account, account_id).company_id
    if company_id is not None:
        locked_company(company_id)
    account = session.get_one(Account, account_id, populate_existing=True)
    if account.status is not AccountStatus.ACTIVE:
        raise AccountUnusable
    return account


def _made(holder: CitizenHolder, account: Account) -> Card:
    return Card(
        id=new_id("cd_"),
        account_id=account.id,
        kind=CardKind.CITIZEN,
        company_id=None,
        key_sha256=holder.key_sha256,
        certificate_sha256=holder.certificate_sha256,
        # It bears the last four digits of her national ID.
        certificate=b"",
        serial=holder.serial,
        tax_id=None,
        name=holder.name,
        rank=CardRank.PRIMARY,
        not_before=holder.not_before,
        not_after=holder.not_after,
        enrolled_at=now(),
    )
