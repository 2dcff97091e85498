"""Cards enrolled on accounts: put on, taken off, found by their key, and their holders told before they end."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, exists, select, update
from sqlalchemy.exc import IntegrityError

from idp.certificates.subject import CardHolder
from idp.db import now, one_at_a_time, session, transaction
from idp.errors import CardEnrolledElsewhere, CardMismatch, LastCredential, NotFound
from idp.mails import cards as mails
from idp.models import Account, Card, Company
from idp.policies.cards import NOTICE_BEFORE, CardRank
from idp.policies.entities import EntityKind
from idp.policies.standing import AccountStatus
from idp.services.audit import record
from idp.services.constraints import breaks_unique
from idp.services.passwords import has_password
from idp.services.secrets import digest, new_id

NOTICES_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class EnrolledCard:
    """A card as its holder sees it at /account/credentials."""

    id: str
    name: str
    tax_id: str
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
    card = _made(holder, certificate, account, company) if there is None else None
    if card is None:
        # Also where somebody enrolled it in this very instant.
        return _own(there or card_of_key(holder.key_sha256), account)
    record(
        "account:card:enrolled",
        actor=account.id,
        account_id=account.id,
        company_id=company.id,
        card=card.id,
        serial=card.serial,
        rank=str(card.rank),
        evidence=evidence_id,
    )
    mails.card_enrolled(account, company, card)
    return card


def card_of_key(key_sha256: str) -> Card | None:
    """The live card of this public key, or None."""
    return session.scalar(select(Card).where(Card.key_sha256 == key_sha256, Card.removed_at.is_(None)))


def cards_of(account_id: str) -> list[EnrolledCard]:
    """The cards that sign an account in, the newest first."""
    rows = session.execute(
        select(
            Card.id,
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
    return [EnrolledCard(*row) for row in rows]


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
    record(
        "account:card:removed",
        account_id=account.id,
        company_id=account.company_id,
        card=card_id,
        serial=removed,
        because=because,
    )
    mails.card_removed(account, session.get_one(Company, account.company_id), session.get_one(Card, card_id))


def note_use(card: Card) -> None:
    """Note that a card has signed its account in."""
    card.last_used_at = now()
    session.flush()


def is_last_credential(account_id: str, card_id: str) -> bool:
    """Whether an account would have nothing to sign in by without this card."""
    others = exists().where(Card.account_id == account_id, Card.id != card_id, Card.removed_at.is_(None))
    return not has_password(account_id) and not session.scalar(select(others))


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
    account, company = session.get_one(Account, card.account_id), session.get_one(Company, card.company_id)
    record("account:card:ending:told", account_id=account.id, company_id=company.id, card=card.id)
    mails.card_ends(account, company, card)
    return True


def _own(card: Card | None, account: Account) -> Card:
    if card is None or card.account_id != account.id:
        raise CardEnrolledElsewhere
    return card


def _made(holder: CardHolder, certificate: bytes, account: Account, company: Company) -> Card | None:
    """The new row, or None where the key is enrolled by now."""
    card = Card(
        id=new_id("cd_"),
        account_id=account.id,
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
    try:
        with session.begin_nested():
            session.add(card)
            session.flush()
    except IntegrityError as error:
        if not breaks_unique(error, "cards", "key_sha256"):
            raise
        return None
    return card
