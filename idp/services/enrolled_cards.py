"""Cards enrolled on accounts: put on, taken off, found by their key, and their holders told before they end."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, select, update
from sqlalchemy.exc import IntegrityError

from idp.certificates.subject import CardHolder
from idp.db import now, one_at_a_time, session, transaction
from idp.errors import CardEnrolledElsewhere, CardMismatch, LastCredential, NotFound
from idp.mails import cards as mails
from idp.models import Account, Card, Company
from idp.policies.cards import NOTICE_BEFORE, CardKind, CardRank
from idp.policies.entities import EntityKind
from idp.policies.standing import AccountKind, AccountStatus
from idp.services.audit import record
from idp.services.constraints import breaks_unique
from idp.services.factors import factors_of
from idp.services.passwords import has_password
from idp.services.secrets import digest, new_id

NOTICES_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class EnrolledCard:
    """A card as its holder sees it at /account/credentials."""

    id: str
    kind: CardKind
    name: str
    tax_id: str | None
    serial: str
    rank: CardRank
    not_before: datetime
    not_after: datetime
    enrolled_at: datetime
    last_used_at: datetime | None


def enrol_card(holder: CardHolder, certificate: bytes, account: Account, *, evidence_id: str) -> Card:
    """Enrol a card that has just proven itself on an account of its company; again is no harm.

    Raises CardMismatch where the card names another company, CardEnrolledElsewhere where another account has it.
    """
    company = session.get_one(Company, account.company_id)
    if company.id_type != EntityKind.UBN or company.tax_id != holder.tax_id:
        raise CardMismatch(card=str(holder.tax_id), entered=company.tax_id)
    there = card_of_key(holder.key_sha256)
    card = insert_card(_made(holder, certificate, account, company)) if there is None else None
    if card is None:
        # Also where somebody enrolled it in this very instant.
        return _own(there or card_of_key(holder.key_sha256), account)
    note_enrolled(card, account, company, evidence_id=evidence_id, rank=str(card.rank))
    return card


def note_enrolled(card: Card, account: Account, company: Company | None, *, evidence_id: str, **told: Any) -> None:
    """Note that a card was put on an account, and tell its holder."""
    record(
        "account:card:enrolled",
        actor=account.id,
        **holder_ids(account),
        card=card.id,
        kind=str(card.kind),
        serial=card.serial,
        evidence=evidence_id,
        **told,
    )
    mails.card_enrolled(account, company, card)


def holder_ids(account: Account) -> dict[str, Any]:
    """How an audit row names the holder of a card: a general account with its company, or a linked one."""
    if account.kind is AccountKind.LINKED:
        return {"linked_account_id": account.id}
    return {"account_id": account.id, "company_id": account.company_id}


def card_of_key(key_sha256: str) -> Card | None:
    """The live card of this public key, or None."""
    return session.scalar(select(Card).where(Card.key_sha256 == key_sha256, Card.removed_at.is_(None)))


def cards_of(account_id: str) -> list[EnrolledCard]:
    """The cards that sign an account in, the newest first."""
    rows = session.execute(
        select(
            Card.id,
            Card.kind,
            Card.name,
            Card.tax_id,
            Card.serial,
            Card.rank,
            Card.not_before,
            Card.not_after,
            Card.enrolled_at,
            Card.last_used_at,
        )
        .where(Card.account_id == account_id, Card.removed_at.is_(None))
        .order_by(Card.enrolled_at.desc(), Card.id)
    )
    return [EnrolledCard(**row) for row in rows.mappings()]


def remove_card(card_id: str, account: Account, *, because: str = "owner") -> None:
    """Take a card off an account: it signs nobody in any more.

    Raises NotFound for a card that is not this account's, LastCredential where nothing else would sign it in.
    """
    # Two cards taken off at once would each count on the other.
    one_at_a_time(digest(account.id))
    if is_last_credential(account.id, card_id):
        raise LastCredential
    removed = session.execute(
        update(Card)
        .where(Card.id == card_id, Card.account_id == account.id, Card.removed_at.is_(None))
        .values(removed_at=now(), removed_because=because)
        .returning(Card.serial)
        .execution_options(synchronize_session=False)
    ).scalar()
    if removed is None:
        raise NotFound
    record("account:card:removed", **holder_ids(account), card=card_id, serial=removed, because=because)
    mails.card_removed(account, _company_of(account), session.get_one(Card, card_id))


def note_use(card: Card) -> None:
    """Note that a card has signed its account in."""
    card.last_used_at = now()
    session.flush()


def is_last_credential(account_id: str, card_id: str) -> bool:
    """Whether an account would have nothing to sign in by without this card."""
    others = exists().where(Card.account_id == account_id, Card.id != card_id, Card.removed_at.is_(None))
    signs_in = has_password(account_id) or session.scalar(select(others)) or factors_of(account_id).passkeys
    return not signs_in


def tell_of_ending_cards() -> int:
    """Mail the holders of cards that end within 60 days, each card once and in a transaction of its own; how many.

    Of several workers one tells: a row is theirs by the UPDATE that notes it.
    """
    due = session.scalars(_ending(now())).all()
    session.commit()
    told = 0
    for card_id in due:
        with transaction():
            told += _tell(card_id, now())
    return told


def _ending(moment: datetime) -> Select[str]:
    return (
        select(Card.id)
        .join(Account, Account.id == Card.account_id)
        .where(
            Card.removed_at.is_(None),
            Card.notified_at.is_(None),
            Card.not_after > moment,
            Card.not_after <= moment + NOTICE_BEFORE,
            Account.status == AccountStatus.ACTIVE,
        )
        .order_by(Card.not_after)
        .limit(NOTICES_AT_ONCE)
    )


def _tell(card_id: str, moment: datetime) -> bool:
    told = session.execute(
        update(Card)
        .where(Card.id == card_id, Card.notified_at.is_(None), Card.removed_at.is_(None))
        .values(notified_at=moment)
        .returning(Card.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    if told is None:
        return False
    card = session.get_one(Card, card_id, populate_existing=True)
    account = session.get_one(Account, card.account_id)
    record("account:card:ending:told", **holder_ids(account), card=card.id)
    mails.card_ends(account, _company_of(account), card)
    return True


def _company_of(account: Account) -> Company | None:
    return session.get_one(Company, account.company_id) if account.company_id is not None else None


def _own(card: Card | None, account: Account) -> Card:
    if card is None or card.account_id != account.id:
        raise CardEnrolledElsewhere
    return card


def _made(holder: CardHolder, certificate: bytes, account: Account, company: Company) -> Card:
    return Card(
        id=new_id("cd_"),
        account_id=account.id,
        kind=CardKind.COMPANY,
        company_id=company.id,
        key_sha256=holder.key_sha256,
        certificate_sha256=holder.certificate_sha256,
        certificate=certificate,
        serial=holder.serial,
        tax_id=str(holder.tax_id),
        name=holder.name,
        rank=holder.rank,
        not_before=holder.not_before,
        not_after=holder.not_after,
        enrolled_at=now(),
    )


def insert_card(card: Card) -> Card | None:
    """The card as a new row, or None where its key is enrolled by now: the index decides."""
    try:
        with session.begin_nested():
            session.add(card)
            session.flush()
    except IntegrityError as error:
        if not breaks_unique(error, "cards", "key_sha256"):
            raise
        return None
    return card
