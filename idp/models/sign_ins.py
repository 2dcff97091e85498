"""Who is signed in, at which clients, and the requests and runs that wait for somebody."""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, LargeBinary, String, false, text
from sqlalchemy.orm import Mapped, mapped_column

from idp.db import Base
from idp.models.columns import HASH_BYTES, ID_LENGTH, SECRET_LENGTH, index_where_named


class SignIn(Base):
    """登入工作階段: who is signed in in one browser, since when, by which methods.

    ``account_id`` is the human at the keyboard (general or linked); ``acting_*`` is what that human acts as at our own
    pages only. Clients' choices are kept with their grants (tokens.md "What a choice is bound to").
    """

    __tablename__ = "sign_ins"
    __table_args__ = (
        Index("uq_sign_ins_token_hash", "token_hash", unique=True),
        Index("ix_sign_ins_account_id", "account_id"),
        Index("ix_sign_ins_browser_hash", "browser_hash"),
        index_where_named("sign_ins", "acting_account_id"),
        index_where_named("sign_ins", "acting_binding_id"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(HASH_BYTES))
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary(HASH_BYTES))
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    acting_account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    acting_binding_id: Mapped[str | None] = mapped_column(ForeignKey("bindings.id"))
    auth_time: Mapped[datetime]
    methods: Mapped[list[str]]
    # The company that the card of this sign-in names: `card` is reached for that one alone.
    card_tax_id: Mapped[str | None] = mapped_column(String(8))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str | None] = mapped_column(String(32))
    address: Mapped[str | None] = mapped_column(String(64))
    user_agent: Mapped[str | None] = mapped_column(String(300))


class ClientSession(Base):
    """A ``sid``: one per sign-in × client × account while it lives; once ended it is never used again."""

    __tablename__ = "client_sessions"
    __table_args__ = (
        Index(
            "uq_client_sessions_live",
            "sign_in_id",
            "client_id",
            "account_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_client_sessions_account_id", "account_id"),
        index_where_named("client_sessions", "linked_account_id"),
        index_where_named("client_sessions", "binding_id"),
        Index("ix_client_sessions_sign_in_id_client_id", "sign_in_id", "client_id"),
    )

    sid: Mapped[str] = mapped_column(String(SECRET_LENGTH), primary_key=True)
    sign_in_id: Mapped[str] = mapped_column(ForeignKey("sign_ins.id"))
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    linked_account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    binding_id: Mapped[str | None] = mapped_column(ForeignKey("bindings.id"))
    # A page has let a linked account in as this seat: without one, nothing is answered silently (tokens.md rule 5).
    by_page: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str | None] = mapped_column(String(32))


class Launch(Base):
    """The account clicked for a client at /linked: good once, for the minutes until that client asks (tokens.md)."""

    __tablename__ = "launches"

    sign_in_id: Mapped[str] = mapped_column(ForeignKey("sign_ins.id"), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    binding_id: Mapped[str] = mapped_column(ForeignKey("bindings.id"))
    expires_at: Mapped[datetime]


class AuthorizationRequest(Base):
    """授權請求 that waits for a page. What was asked is kept as it came and validated again at the end."""

    __tablename__ = "authorization_requests"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id"))
    parameters: Mapped[dict[str, Any]]
    browser_hash: Mapped[bytes | None] = mapped_column(LargeBinary(HASH_BYTES))
    # Begun by an operator at the console to see what the client would get: it ends there, never at the client.
    is_try: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    linked_account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    binding_id: Mapped[str | None] = mapped_column(ForeignKey("bindings.id"))
    signed_in_at: Mapped[datetime | None]
    # Went on without the stronger sign-in that the client would like to see (acr_values).
    went_on_at: Mapped[datetime | None]
    chosen_at: Mapped[datetime | None]
    consented_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class Flow(Base):
    """流程: one run of a multi-step flow, bound to a browser. Counters and challenges never live in the cookie."""

    __tablename__ = "flows"
    __table_args__ = (Index("ix_flows_authorization_request_id", "authorization_request_id"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    step: Mapped[str] = mapped_column(String(32))
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    browser_hash: Mapped[bytes | None] = mapped_column(LargeBinary(HASH_BYTES))
    authorization_request_id: Mapped[str | None] = mapped_column(ForeignKey("authorization_requests.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
