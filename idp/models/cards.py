"""Cards (憑證卡) enrolled on accounts, the questions put to cards, what they proved, and whom we trust about them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from idp.db import Base
from idp.models.columns import HASH_BYTES, ID_LENGTH, index_where_named, words
from idp.policies.cards import CardKind, CardRank

HEX_LENGTH = 64
CODE_LENGTH = 40
UNSENT = "account_id IS NULL AND purpose = 'citizen'"


class Card(Base):
    """A card that signs an account in, known by its public key: serials and certificates change when it is renewed.

    A citizen card (自然人憑證) names a person and no company: ``company_id`` and ``tax_id`` are empty then.
    """

    __tablename__ = "cards"
    __table_args__ = (
        Index(
            "uq_cards_key_sha256",
            "key_sha256",
            unique=True,
            sqlite_where=text("removed_at IS NULL"),
            postgresql_where=text("removed_at IS NULL"),
        ),
        Index("ix_cards_account_id", "account_id"),
        Index("ix_cards_company_id", "company_id"),
        # What the worker tells holders about: cards that end, each once.
        Index(
            "ix_cards_to_notify",
            "not_after",
            sqlite_where=text("removed_at IS NULL AND notified_at IS NULL"),
            postgresql_where=text("removed_at IS NULL AND notified_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    kind: Mapped[CardKind] = mapped_column(words(CardKind), default=CardKind.COMPANY, server_default=CardKind.COMPANY)
    company_id: Mapped[str | None] = mapped_column(ForeignKey("companies.id"))
    key_sha256: Mapped[str] = mapped_column(String(HEX_LENGTH))
    certificate_sha256: Mapped[str] = mapped_column(String(HEX_LENGTH))
    certificate: Mapped[bytes] = mapped_column(LargeBinary)
    serial: Mapped[str] = mapped_column(String(HEX_LENGTH))
    tax_id: Mapped[str | None] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(200))
    rank: Mapped[CardRank] = mapped_column(words(CardRank))
    not_before: Mapped[datetime]
    not_after: Mapped[datetime]
    enrolled_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    notified_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    removed_because: Mapped[str | None] = mapped_column(String(32))


class CardChallenge(Base):
    """A question put to a card: for one purpose, one browser and one subject (a run, an account), answered once.

    The nonce is kept by its hash; with ``created_at`` it makes the statement that must have been signed.
    """

    __tablename__ = "card_challenges"
    __table_args__ = (Index("ix_card_challenges_expires_at", "expires_at"),)

    nonce_hash: Mapped[bytes] = mapped_column(LargeBinary(HASH_BYTES), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16))
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary(HASH_BYTES))
    subject: Mapped[str] = mapped_column(String(ID_LENGTH), default="")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class CardEvidence(Base):
    """What a card proved, as it can be judged again by anybody: statement, signature, certificate, revocation answer.

    A row is written once; the audit row of the act names it. That of a citizen card in an application (``purpose``
    citizen) names its account once the application is sent, and goes where it never is: it is a person's.
    """

    __tablename__ = "card_evidence"
    __table_args__ = (
        index_where_named("card_evidence", "account_id"),
        index_where_named("card_evidence", "company_id"),
        Index(
            "ix_card_evidence_unsent",
            "at",
            sqlite_where=text(UNSENT),
            postgresql_where=text(UNSENT),
        ),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    at: Mapped[datetime]
    purpose: Mapped[str] = mapped_column(String(16))
    transport: Mapped[str] = mapped_column(String(16))
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    company_id: Mapped[str | None] = mapped_column(ForeignKey("companies.id"))
    key_sha256: Mapped[str] = mapped_column(String(HEX_LENGTH))
    statement: Mapped[str] = mapped_column(String(600))
    certificate: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    # An OCSP answer is kept as it came; of a list (CRL), which may be megabytes, what names it.
    revocation: Mapped[dict[str, Any]] = mapped_column(default=dict)


class TrustAnchor(Base):
    """A certificate of a CA that the operator has pinned: a root, or a CA under it that issues cards.

    ``issues`` is whose cards are taken from it: the companies' CA names no person and the citizens' no company.
    """

    __tablename__ = "trust_anchors"

    sha256: Mapped[str] = mapped_column(String(HEX_LENGTH), primary_key=True)
    certificate: Mapped[bytes] = mapped_column(LargeBinary)
    subject: Mapped[str] = mapped_column(String(500))
    is_root: Mapped[bool]
    is_test: Mapped[bool]
    issues: Mapped[CardKind] = mapped_column(words(CardKind), default=CardKind.COMPANY, server_default=CardKind.COMPANY)
    not_after: Mapped[datetime]
    added_at: Mapped[datetime]
    added_by: Mapped[str | None] = mapped_column(String(80))


class RevocationAnswer(Base):
    """What an OCSP responder or a CRL address answered, kept until it is over and fetched anew at ``refresh_at``.

    ``source_hash`` is of the address and the question. ``trouble`` is why the last try gave nothing. ``certificate`` is
    of the card that asks (OCSP) or that asked first (CRL): an answer is judged by it. A row of the kind "address" holds
    only that an address could not be reached.
    """

    __tablename__ = "revocation_answers"
    __table_args__ = (Index("ix_revocation_answers_refresh_at", "refresh_at"),)

    source_hash: Mapped[bytes] = mapped_column(LargeBinary(HASH_BYTES), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    url: Mapped[str] = mapped_column(String(500))
    certificate: Mapped[bytes | None] = mapped_column(LargeBinary)
    is_revoked: Mapped[bool] = mapped_column(default=False)
    this_update: Mapped[datetime | None]
    next_update: Mapped[datetime | None]
    fetched_at: Mapped[datetime | None]
    refresh_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime]
    tried_at: Mapped[datetime | None]
    trouble: Mapped[str | None] = mapped_column(String(200))
    leased_until: Mapped[datetime | None]
    # The last column: SQLite reads through what stands before a column, and a list has megabytes.
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
