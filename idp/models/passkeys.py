"""Passkeys (WebAuthn credentials) enrolled on accounts, and the challenges put to authenticators."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from idp.db import Base
from idp.models.columns import HASH_BYTES, ID_LENGTH

LONGEST_CREDENTIAL_ID = 1023  # WebAuthn L3 §4 "Credential ID"
NAME_LENGTH = 60


class Passkey(Base):
    """A passkey that signs an account in; its user handle is the account's id, which says nothing of the person.

    ``is_synced``: its provider may copy it to other devices (backup eligible), so that it is told as ``swk``.
    """

    __tablename__ = "passkeys"
    __table_args__ = (
        Index(
            "uq_passkeys_credential_id",
            "credential_id",
            unique=True,
            sqlite_where=text("removed_at IS NULL"),
            postgresql_where=text("removed_at IS NULL"),
        ),
        Index("ix_passkeys_account_id", "account_id"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(LONGEST_CREDENTIAL_ID))
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    aaguid: Mapped[str] = mapped_column(String(36))
    transports: Mapped[list[str]]
    is_synced: Mapped[bool]
    enrolled_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    removed_because: Mapped[str | None] = mapped_column(String(32))


class PasskeyChallenge(Base):
    """A challenge put to an authenticator: for one purpose, one browser and one subject, answered once, 5 minutes."""

    __tablename__ = "passkey_challenges"
    __table_args__ = (Index("ix_passkey_challenges_expires_at", "expires_at"),)

    challenge_hash: Mapped[bytes] = mapped_column(LargeBinary(HASH_BYTES), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16))
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary(HASH_BYTES))
    subject: Mapped[str] = mapped_column(String(ID_LENGTH), default="")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
