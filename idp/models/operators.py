"""Operators (營運人員): the people who run the provider. They are no accounts, and no client ever sees them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from idp.db import Base
from idp.models.columns import HASH_BYTES, ID_LENGTH, words
from idp.policies.duties import OperatorStatus

IS_IN_USE = text("removed_at IS NULL AND confirmed_at IS NOT NULL")


class Operator(Base):
    """An operator: signs in at /ops alone, by password and second factor, and may do what the duties say."""

    __tablename__ = "operators"
    __table_args__ = (Index("uq_operators_username_canonical", "username_canonical", unique=True),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    username: Mapped[str] = mapped_column(String(64))
    username_canonical: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(254))
    locale: Mapped[str] = mapped_column(String(16), default="zh-TW")
    # Names of policies.duties.Duty.
    duties: Mapped[list[str]]
    # The company an operator belongs to as well, if any: nobody decides about his own.
    own_tax_id: Mapped[str | None] = mapped_column(String(32))
    # None until the one-time set-up link was used, and after a reset.
    password_hash: Mapped[str | None] = mapped_column(String(255))
    status: Mapped[OperatorStatus] = mapped_column(words(OperatorStatus), default=OperatorStatus.INVITED)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class OperatorSession(Base):
    """A sign-in at the console: short, with a cookie of its own; it begins with the second factor, not before."""

    __tablename__ = "operator_sessions"
    __table_args__ = (Index("ix_operator_sessions_operator_id", "operator_id"),)

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(HASH_BYTES), primary_key=True)
    operator_id: Mapped[str] = mapped_column(ForeignKey("operators.id"))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str | None] = mapped_column(String(32))
    address: Mapped[str | None] = mapped_column(String(64))
    user_agent: Mapped[str | None] = mapped_column(String(300))
    # Where this operator has signed in is no stranger to the name: others' failures do not lock her out there.
    browser_hash: Mapped[bytes | None] = mapped_column(LargeBinary(HASH_BYTES))


class Authenticator(Base):
    """An authenticator app that makes one-time codes (RFC 6238), of an account or an operator: ``holder_id``.

    The secret must be had in the clear to check a code, so it is kept sealed. ``last_step`` is the time step of the
    last code taken: no code is taken twice. One confirmed app a holder; of several that are being set up, the last
    that is confirmed.
    """

    __tablename__ = "authenticators"
    __table_args__ = (
        Index(
            "uq_authenticators_holder_id",
            "holder_id",
            unique=True,
            sqlite_where=IS_IN_USE,
            postgresql_where=IS_IN_USE,
        ),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    holder_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    sealed_secret: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    # None until the first right code shows that the app has it.
    confirmed_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """A code for whoever has lost the authenticator app: ten are shown once, each works once."""

    __tablename__ = "recovery_codes"

    holder_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(HASH_BYTES), primary_key=True)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
