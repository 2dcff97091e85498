"""Services, their clients (relying parties), the clients' menus, and what people agreed to."""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from idp.db import Base
from idp.models.columns import HASH_BYTES, ID_LENGTH


class Service(Base):
    """服務: brand, mail sender and registration policy; owns clients. Never called tenant: that is the company."""

    __tablename__ = "services"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    name_zh: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str] = mapped_column(String(100))
    colour: Mapped[str] = mapped_column(String(7), default="#43505c")
    mail_from: Mapped[str | None] = mapped_column(String(254))
    mail_reply_to: Mapped[str | None] = mapped_column(String(254))
    mail_footer: Mapped[str | None] = mapped_column(Text)
    policy: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # The least a sign-in must have reached for who was registered here, and at the service's applications.
    required_acr: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    # Counts every change: who changes it says which version was seen.
    version: Mapped[int] = mapped_column(default=1)


class ServiceText(Base):
    """A text of a service that people agree to, in one version, in the markup of policies/text_markup.py.

    A version is never changed: people have agreed to it as it is.
    """

    __tablename__ = "service_texts"

    service_id: Mapped[str] = mapped_column(ForeignKey("services.id"), primary_key=True)
    text_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[str] = mapped_column(String(40), primary_key=True)
    zh: Mapped[str] = mapped_column(Text)
    en: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(80))


class Client(Base):
    """依賴方: an application that signs people in here. Metadata as in tokens.md."""

    __tablename__ = "clients"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    service_id: Mapped[str | None] = mapped_column(ForeignKey("services.id"))
    company_id: Mapped[str | None] = mapped_column(ForeignKey("companies.id"))
    name_zh: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str] = mapped_column(String(100))
    colour: Mapped[str] = mapped_column(String(7), default="#43505c")
    icon: Mapped[str] = mapped_column(String(40), default="app")
    auth_method: Mapped[str] = mapped_column(String(32))
    secret_hash: Mapped[bytes | None] = mapped_column(LargeBinary(HASH_BYTES))
    previous_secret_hash: Mapped[bytes | None] = mapped_column(LargeBinary(HASH_BYTES))
    previous_secret_expires_at: Mapped[datetime | None]
    jwks: Mapped[dict[str, Any] | None]
    redirect_uris: Mapped[list[str]] = mapped_column(default=list)
    post_logout_redirect_uris: Mapped[list[str]] = mapped_column(default=list)
    grant_types: Mapped[list[str]] = mapped_column(default=list)
    scopes: Mapped[list[str]] = mapped_column(default=list)
    id_token_alg: Mapped[str] = mapped_column(String(8), default="RS256")
    require_pkce: Mapped[bool] = mapped_column(Boolean, default=True)
    asks_consent: Mapped[bool] = mapped_column(Boolean, default=True)
    initiate_login_uri: Mapped[str | None] = mapped_column(Text)
    policy_uri: Mapped[str | None] = mapped_column(Text)
    tos_uri: Mapped[str | None] = mapped_column(Text)
    backchannel_logout_uri: Mapped[str | None] = mapped_column(Text)
    backchannel_logout_session_required: Mapped[bool] = mapped_column(Boolean, default=False)
    acting_understood: Mapped[bool] = mapped_column(Boolean, default=False)
    on_narrowing: Mapped[str] = mapped_column(String(16), default="logout")
    admission: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class MenuItem(Base):
    """A menu item of a client: what a menu right is given for."""

    __tablename__ = "menu_items"
    __table_args__ = (Index("uq_menu_items_client_id_code", "client_id", "code", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id"))
    code: Mapped[str] = mapped_column(String(64))
    label_zh: Mapped[str] = mapped_column(String(100))
    label_en: Mapped[str] = mapped_column(String(100))
    parent: Mapped[str | None] = mapped_column(String(64))
    default_roles: Mapped[list[str]] = mapped_column(default=list)
    acr: Mapped[str | None] = mapped_column(String(64))
    position: Mapped[int] = mapped_column(default=0)
    retired_at: Mapped[datetime | None]


class MenuRight(Base):
    """選單權限: whether an account may see a menu item, where that differs from its role's default (R-048)."""

    __tablename__ = "menu_rights"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    menu_item_id: Mapped[int] = mapped_column(ForeignKey("menu_items.id"), primary_key=True)
    allowed: Mapped[bool] = mapped_column(Boolean)
    changed_at: Mapped[datetime]


class Consent(Base):
    """同意: kept per human × client × account acted as; the owner's does not speak for the agent (tokens.md)."""

    __tablename__ = "consents"

    human_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    scopes: Mapped[list[str]]
    granted_at: Mapped[datetime]
