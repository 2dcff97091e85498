"""Sign-in and step-up by card: the one account that the card is enrolled on, or what its bearer may do instead.

A card alone never takes an existing account over: who has one signs in once and enrols the card (issue of cards).
"""

from typing import Any

from idp.certificates.subject import CardHolder
from idp.db import session
from idp.errors import (
    AccountRejected,
    AccountUnusable,
    AccountUnverified,
    AccountWithdrawn,
    CardEnrolledElsewhere,
    CardUnknown,
    CitizenCardUnknown,
)
from idp.models import Account, Card, Company
from idp.policies.assurance import CARD_METHODS, Method
from idp.policies.cards import CardKind, CardRank, CardSituation
from idp.policies.standing import AccountKind, AccountStatus, CompanyProof
from idp.services.acting import Acting, acting_account
from idp.services.audit import record
from idp.services.card_answers import AnyPresented, PresentedCard, PresentedCitizen, keep_evidence
from idp.services.card_proofs import check_names
from idp.services.case_queue import account_pending
from idp.services.citizen_cards import check_raises
from idp.services.companies import company_by_tax_id
from idp.services.enrolled_cards import card_of_key, enrol_card, note_use
from idp.services.group_admins import group_admins_of, people_of
from idp.services.sign_ins import SignedIn
from idp.services.suspensions import reason_of_suspension

REFUSALS = {
    AccountStatus.EMAIL_PENDING: AccountUnverified,
    AccountStatus.EMAIL_EXPIRED: AccountUnverified,
    AccountStatus.WITHDRAWN: AccountWithdrawn,
    AccountStatus.REJECTED: AccountRejected,
}


def account_of_card(card: AnyPresented, *, only: str | None = None) -> Acting:
    """Who signs in by a card, noted with its evidence (R-202). ``only`` is the one account that it may be.

    Raises CardUnknown where it is enrolled nowhere (R-203), CardEnrolledElsewhere where it is another's, and as
    sign-in by password does where the account may not.
    """
    enrolled = card_of_key(card.holder.key_sha256)
    account = acting_account(enrolled.account_id) if enrolled is not None else None
    if enrolled is None or account is None:
        raise CitizenCardUnknown if isinstance(card, PresentedCitizen) else CardUnknown
    if only is not None and account.account_id != only:
        raise CardEnrolledElsewhere
    check_standing(account)
    _note_use(card, enrolled, account, keep_evidence(card, **_whose(account)))
    return account


def account_raised_by_citizen(card: PresentedCitizen, account_id: str) -> Acting:
    """The account whose sign-in a citizen card raises, noted with its evidence. The card was enrolled on it before.

    Raises CitizenCardUnknown, CardEnrolledElsewhere, and where the account may not sign in.
    """
    check_raises(card, account_id)
    return account_of_card(card, only=account_id)


def account_raised_by_card(card: PresentedCard, account_id: str) -> Acting:
    """The account whose sign-in a card raises, noted with its evidence; a card that is enrolled nowhere is enrolled.

    Raises CardEnrolledElsewhere, CardMismatch where it names another company, CardUnknown for a linked account (it is
    of none), and where the account may not sign in.
    """
    if card_of_key(card.holder.key_sha256) is not None:
        return account_of_card(card, only=account_id)
    person = session.get_one(Account, account_id)
    account = acting_account(account_id)
    if account is None:
        raise AccountUnusable
    check_standing(account)
    if person.company_id is None:
        raise CardUnknown(tax_id=str(card.holder.tax_id))
    check_names(card.holder, session.get_one(Company, person.company_id))
    evidence_id = keep_evidence(card, **_whose(account))
    enrolled = enrol_card(card.holder, card.certificate, person, evidence_id=evidence_id)
    _note_use(card, enrolled, account, evidence_id)
    return account


def enrols(card: AnyPresented) -> bool:
    """Whether raising a sign-in by this card would enrol it, which is for a fresh sign-in as at P30."""
    return isinstance(card, PresentedCard) and card_of_key(card.holder.key_sha256) is None


def note_unknown_citizen(card: PresentedCitizen) -> None:
    """Note that a good citizen card was shown that signs nobody in. Of who is a stranger here nothing is kept."""
    told = {"kind": CardKind.CITIZEN.value, "transport": card.transport.value, "key_sha256": card.holder.key_sha256}
    record("card:unknown", **told)


def note_unknown_card(card: PresentedCard) -> CardSituation:
    """Note that a good card was shown that signs nobody in, with its evidence; what decides where its bearer goes."""
    company = company_of(card.holder)
    # One that nobody has proven may be purged with its last application.
    proven = company if company is not None and company.proof is not CompanyProof.NONE else None
    company_id = proven.id if proven is not None else None
    record(
        "card:unknown",
        company_id=company_id,
        tax_id=str(card.holder.tax_id),
        transport=card.transport.value,
        evidence=keep_evidence(card, company_id=company_id),
    )
    return situation_of(card.holder.tax_id, card.holder.rank)


def methods_with_card(card: AnyPresented, signed_in: SignedIn | None, account: Acting) -> list[Method]:
    """How a sign-in stands once a card is added: what its person did before in it counts on (step-up)."""
    if signed_in is None or signed_in.human.account_id != account.account_id or signed_in.is_idle:
        return [card.method]
    return [*(m for m in signed_in.methods if m not in CARD_METHODS), card.method]


def situation_of(tax_id: str, rank: CardRank) -> CardSituation:
    """What decides where the bearer of a card of this company and rank goes that signs nobody in."""
    company = company_by_tax_id(tax_id)
    return CardSituation(
        rank=rank,
        company_is_known=company is not None,
        has_people=company is not None and session.scalar(people_of(company.id).limit(1)) is not None,
        has_working_admin=company is not None and bool(group_admins_of(company.id)),
    )


def company_of(holder: CardHolder) -> Company | None:
    """The company that a card names, where it is known here."""
    return company_by_tax_id(str(holder.tax_id))


def _whose(account: Acting) -> dict[str, Any]:
    return {"account_id": account.account_id, "company_id": account.company.id if account.company else None}


def _ids(account: Acting) -> dict[str, Any]:
    return {"linked_account_id": account.account_id} if account.kind is AccountKind.LINKED else _whose(account)


def _note_use(card: AnyPresented, enrolled: Card, account: Acting, evidence_id: str) -> None:
    note_use(enrolled)
    record(
        "account:sign_in:card_used",
        actor=account.account_id,
        card=enrolled.id,
        purpose=card.purpose.value,
        transport=card.transport.value,
        evidence=evidence_id,
        **_ids(account),
    )


def check_standing(account: Acting) -> None:
    """Raise, as sign-in by password does, where this account may not sign in."""
    if account.is_able:
        return
    if account.status is AccountStatus.REVIEW_PENDING:
        raise account_pending(account.account_id)
    if account.status in REFUSALS:
        raise REFUSALS[account.status]
    raise AccountUnusable(reason=reason_of_suspension(account.account_id))
