"""What was granted to a client: the grant with its authorization code, and the tokens made from it.

Account acted as, linked account and binding are written when the grant is made and never read from the person or the
browser afterwards (tokens.md).
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from idp.db import Base
from idp.models.columns import HASH_BYTES, ID_LENGTH, SECRET_LENGTH, index_where_named


class Grant(Base):
    """One answer to one authorization request; it is the family of its refresh tokens."""

    __tablename__ = "grants"
    __table_args__ = (
        Index("uq_grants_code_hash", "code_hash", unique=True),
        Index("ix_grants_sid", "sid"),
        Index("ix_grants_account_id", "account_id"),
        index_where_named("grants", "linked_account_id"),
        index_where_named("grants", "binding_id"),
        Index("ix_grants_sign_in_id", "sign_in_id"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    linked_account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    binding_id: Mapped[str | None] = mapped_column(ForeignKey("bindings.id"))
    sign_in_id: Mapped[str] = mapped_column(ForeignKey("sign_ins.id"))
    sid: Mapped[str] = mapped_column(String(SECRET_LENGTH), ForeignKey("client_sessions.sid"))
    scope: Mapped[str] = mapped_column(Text)
    claims: Mapped[dict[str, Any] | None]
    nonce: Mapped[str | None] = mapped_column(Text)
    auth_time: Mapped[datetime]
    methods: Mapped[list[str]]
    card_tax_id: Mapped[str | None] = mapped_column(String(8))
    session_expires_at: Mapped[datetime]
    redirect_uri: Mapped[str] = mapped_column(Text)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(HASH_BYTES))
    code_challenge: Mapped[str | None] = mapped_column(String(128))
    code_expires_at: Mapped[datetime]
    code_used_at: Mapped[datetime | None]
    is_offline: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_because: Mapped[str | None] = mapped_column(String(32))


class Token(Base):
    """An access or refresh token, by the hash of its value only."""

    __tablename__ = "tokens"
    __table_args__ = (
        Index("ix_tokens_grant_id", "grant_id"),
        Index("ix_tokens_expires_at", "expires_at"),
        index_where_named("tokens", "linked_account_id"),
        index_where_named("tokens", "binding_id"),
    )

    hash: Mapped[bytes] = mapped_column(LargeBinary(HASH_BYTES), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id"))
    grant_id: Mapped[str | None] = mapped_column(ForeignKey("grants.id"))
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    linked_account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    binding_id: Mapped[str | None] = mapped_column(ForeignKey("bindings.id"))
    scope: Mapped[str] = mapped_column(Text)
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    revoked_at: Mapped[datetime | None]


class UsedAssertion(Base):
    """The ``jti`` of a client assertion that was accepted: a second use is refused (RFC 7523 §3)."""

    __tablename__ = "used_assertions"

    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id"), primary_key=True)
    jti_hash: Mapped[bytes] = mapped_column(LargeBinary(HASH_BYTES), primary_key=True)
    expires_at: Mapped[datetime]
