"""Accounts, their passwords, and the bindings between linked and general accounts."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from idp.db import Base, now
from idp.models.columns import HASH_BYTES, ID_LENGTH, by_bytes, words
from idp.policies.bindings import BindingProof, EndedBy
from idp.policies.reminders import Reminders
from idp.policies.roles import Role
from idp.policies.standing import AccountKind, AccountStatus, Approval, BindingState

# Word for word in every query that is to use the partial index.
NOT_LET_IN = "status IN ('email_pending', 'email_expired', 'withdrawn')"
LEADS = "role = 'group_admin' AND status = 'active'"
IS_ACTIVE = "status = 'active'"
IS_CLOSED = "status = 'closed' AND email <> ''"
NOT_UNBOUND = "state <> 'unbound'"


class Account(Base):
    """What one signs in with. Its id is the ``sub``: random, stable for ever, never reused."""

    __tablename__ = "accounts"
    __table_args__ = (
        CheckConstraint("(kind = 'linked') = (company_id IS NULL)", name="general_has_company"),
        CheckConstraint("(kind = 'linked') = (role IS NULL)", name="general_has_role"),
        Index("uq_accounts_username_canonical", "username_canonical", unique=True),
        Index("uq_accounts_electronic_id", "electronic_id", unique=True),
        # In the order of the list that group admins look at, which is read from the index alone.
        Index("ix_accounts_company_id_status_created_at_id", "company_id", "status", "created_at", "id"),
        Index("ix_accounts_email_canonical", "email_canonical"),
        Index("ix_accounts_name_id", "name", "id"),
        # Which companies are led: those that are not are listed to operators (I-6). With role and status, or SQLite
        # would take the index of the list.
        Index(
            "ix_accounts_leads",
            "company_id",
            "role",
            "status",
            sqlite_where=text(LEADS),
            postgresql_where=text(LEADS),
        ),
        # What the worker's deadlines are for: few rows of many.
        Index(
            "ix_accounts_not_let_in",
            "status",
            "updated_at",
            sqlite_where=text(NOT_LET_IN),
            postgresql_where=text(NOT_LET_IN),
        ),
        # What the worker asks for: who has idled, the longest first.
        Index(
            "ix_accounts_idle",
            "last_used_at",
            sqlite_where=text(IS_ACTIVE),
            postgresql_where=text(IS_ACTIVE),
        ),
        # Whose contact data is still kept after closing.
        Index(
            "ix_accounts_closed",
            "updated_at",
            sqlite_where=text(IS_CLOSED),
            postgresql_where=text(IS_CLOSED),
        ),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    kind: Mapped[AccountKind] = mapped_column(words(AccountKind), default=AccountKind.GENERAL)
    company_id: Mapped[str | None] = mapped_column(ForeignKey("companies.id"))
    service_id: Mapped[str | None] = mapped_column(ForeignKey("services.id"))
    electronic_id: Mapped[str] = mapped_column(String(16))
    username: Mapped[str] = mapped_column(String(64))
    username_canonical: Mapped[str] = mapped_column(by_bytes(64))
    name: Mapped[str] = mapped_column(by_bytes(100))
    email: Mapped[str] = mapped_column(String(254))
    email_canonical: Mapped[str] = mapped_column(by_bytes(254))
    email_verified_at: Mapped[datetime | None]
    phone: Mapped[str | None] = mapped_column(String(20))
    locale: Mapped[str] = mapped_column(String(16), default="zh-TW")
    role: Mapped[Role | None] = mapped_column(words(Role))
    data_scope: Mapped[str | None] = mapped_column(String(16))
    approval: Mapped[Approval | None] = mapped_column(words(Approval))
    status: Mapped[AccountStatus] = mapped_column(words(AccountStatus))
    status_reason: Mapped[str | None] = mapped_column(String(500))
    # Who suspended it, as in the audit log: what an operator has suspended only an operator restores.
    suspended_by: Mapped[str | None] = mapped_column(String(80))
    reminders: Mapped[Reminders] = mapped_column(words(Reminders), default=Reminders.EACH)
    perm_ver: Mapped[int] = mapped_column(default=1)
    # The last sign-in, or the last use through a binding, to the day: an account that idles for long is suspended.
    # It counts from the moment the account was made.
    last_used_at: Mapped[datetime | None] = mapped_column(default=now)
    idle_warned_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class Password(Base):
    """The password of an account: a credential, as certificates and passkeys are."""

    __tablename__ = "passwords"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    hash: Mapped[str] = mapped_column(String(255))
    changed_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class FormerPassword(Base):
    """A password that an account had before, for as long as it is not to be taken again."""

    __tablename__ = "former_passwords"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    replaced_at: Mapped[datetime] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(String(255))


class KnownBrowser(Base):
    """A browser in which an account has signed in: a stranger's failures do not lock it out there (PW02)."""

    __tablename__ = "known_browsers"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary(HASH_BYTES), primary_key=True)
    last_seen_at: Mapped[datetime]


class HomeCompany(Base):
    """聯絡公司: what a linked account says of the company its person works for (C-11). Contact data, never a claim."""

    __tablename__ = "home_companies"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    id_type: Mapped[str] = mapped_column(String(16))
    tax_id: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str] = mapped_column(String(40))
    address: Mapped[str] = mapped_column(Text)


class Binding(Base):
    """A linked account bound to a general account; binding again is a new row (tokens.md).

    The one live code of a pending binding stands here by its keyed hash: judged, counted and used in one statement.
    """

    __tablename__ = "bindings"
    __table_args__ = (
        Index(
            "uq_bindings_live",
            "linked_account_id",
            "account_id",
            unique=True,
            sqlite_where=text(NOT_UNBOUND),
            postgresql_where=text(NOT_UNBOUND),
        ),
        Index("ix_bindings_account_id", "account_id"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    linked_account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    state: Mapped[BindingState] = mapped_column(words(BindingState))
    proof: Mapped[BindingProof] = mapped_column(
        words(BindingProof), default=BindingProof.PASSWORD_AND_CODE, server_default=BindingProof.PASSWORD_AND_CODE
    )
    # Asked for by an account's name alone: the linked side is shown nothing of it until the owner has agreed, or it
    # would learn which names there are.
    asked_by_name: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Where the owner agrees by herself there is no code; the request ends at the same moment as a code would.
    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary(HASH_BYTES))
    code_sent_at: Mapped[datetime | None]
    code_expires_at: Mapped[datetime | None]
    code_tries: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime]
    bound_at: Mapped[datetime | None]
    # Why the owner has to confirm it, and since when.
    held_at: Mapped[datetime | None]
    held_because: Mapped[str | None] = mapped_column(String(32))
    first_used_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    last_client_id: Mapped[str | None] = mapped_column(String(64))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[EndedBy | None] = mapped_column(words(EndedBy))
    # The owner set a new password after it was bound by hers, or said that she will not (tokens.md).
    password_advised_at: Mapped[datetime | None]
