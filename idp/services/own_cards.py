"""What who is signed in does with a card: enrols it on her account, proves her company, takes over its lead.

The company is held first, then what the card showed is kept; the audit row names it, that of a refusal too.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from idp.certificates.refusals import WrongRank
from idp.db import session
from idp.errors import AccountUnusable, NotFound, Refused
from idp.models import Account, Card, Company
from idp.policies.cards import CardRank, is_to_prove
from idp.policies.limits import CREDENTIALS_ADDED_PER_ACCOUNT
from idp.policies.roles import Permission, permits
from idp.policies.standing import AccountStatus
from idp.services.audit import record
from idp.services.card_answers import AnyPresented, PresentedCard, PresentedCitizen, keep_evidence
from idp.services.card_proofs import check_names, lead_by_card, prove_by_card
from idp.services.case_standing import settle_waiting_cases
from idp.services.citizen_cards import enrol_own_citizen
from idp.services.company_claims import check_usable, locked_company, policy_of
from idp.services.enrolled_cards import enrol_card, remove_card
from idp.services.limits import spend


def enrol_own(card: AnyPresented, account_id: str) -> Card:
    """Enrol the card on this account. Raises as enrol_card or enrol_own_citizen, AccountUnusable, TooManyRequests."""
    spend(CREDENTIALS_ADDED_PER_ACCOUNT, account_id)
    if isinstance(card, PresentedCitizen):
        return enrol_own_citizen(card, account_id)
    account, company = _held(account_id)
    evidence_id = keep_evidence(card, account_id=account.id, company_id=company.id)
    with _telling("account:card:enrolled", account, evidence_id):
        return enrol_card(card.holder, card.certificate, account, evidence_id=evidence_id)


def remove_own(card_id: str, account_id: str) -> None:
    """Take a card off this account. Raises as remove_card."""
    remove_card(card_id, session.get_one(Account, account_id))


def prove_own_company(card: PresentedCard, account_id: str) -> None:
    """Let a group admin prove her company by its card; what waited for that is judged anew.

    The card is of a rank that her service takes; without a service it is the 正卡. Raises CardMismatch, CompanyClosed,
    WrongRank, AccountUnusable, and NotFound for who leads nothing.
    """
    account, company = _held(account_id)
    if account.role is None or not permits(account.role, Permission.MANAGE_USERS):
        raise NotFound
    evidence_id = keep_evidence(card, account_id=account.id, company_id=company.id)
    with _telling("company:proven", account, evidence_id):
        check_names(card.holder, company)
        check_usable(company)
        if card.holder.rank not in _ranks_taken(account):
            raise WrongRank(rank=card.holder.rank)
    _prove(card, company, account, evidence_id)
    settle_waiting_cases(company)


def succeed(card: PresentedCard, account_id: str) -> None:
    """Make this account the group admin of its company, which nobody leads, by its 正卡; that proves the company too.

    What waited with the operators because nobody led the company is judged anew. Raises as lead_by_card, and
    AccountUnusable.
    """
    account, company = _held(account_id)
    evidence_id = keep_evidence(card, account_id=account.id, company_id=company.id)
    with _telling("company:group_admin:by_card", account, evidence_id):
        lead_by_card(company, card.holder, account, evidence_id=evidence_id)
    _prove(card, company, account, evidence_id)
    settle_waiting_cases(company)


def _prove(card: PresentedCard, company: Company, account: Account, evidence_id: str) -> None:
    if is_to_prove(company.proof, company.status, company.id_type):
        prove_by_card(company, card.holder, account_id=account.id, evidence_id=evidence_id)


def _held(account_id: str) -> tuple[Account, Company]:
    """The account as it is now, with its company held for this transaction. Raises AccountUnusable, NotFound."""
    company_id = session.get_one(Account, account_id).company_id
    if company_id is None:
        raise NotFound
    company = locked_company(company_id)
    account = session.get_one(Account, account_id, populate_existing=True)
    if account.status is not AccountStatus.ACTIVE:
        raise AccountUnusable
    return account, company


def _ranks_taken(account: Account) -> tuple[CardRank, ...]:
    taken = policy_of(account.service_id).card_ranks if account.service_id is not None else ()
    return taken or (CardRank.PRIMARY,)


@contextmanager
def _telling(action: str, account: Account, evidence_id: str) -> Iterator[None]:
    """Tell the audit log what was refused, and by which evidence."""
    try:
        yield
    except Refused as refused:
        record(
            action,
            outcome="refused",
            actor=account.id,
            account_id=account.id,
            company_id=account.company_id,
            because=refused.code,
            evidence=evidence_id,
        )
        raise
