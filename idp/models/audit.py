"""The audit log: appended in the transaction of the change, chained by `idp worker`, never secrets in it."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from idp.db import Base
from idp.models.columns import HASH_BYTES, words
from idp.policies.audit_checks import CheckState

BIG = BigInteger().with_variant(Integer, "sqlite")


# Word for word in every query that is to use the partial index.
NO_SIGN_IN = (
    "action NOT LIKE 'account:sign/_in:%' ESCAPE '/' AND action NOT LIKE 'account:client/_session:%' ESCAPE '/'"
    " AND action NOT LIKE 'account:consent:%' ESCAPE '/'"
)

# What a linked account had a part in: the owner and the group admin read it apart (LK10).
THROUGH_LINKED = "linked_account_id IS NOT NULL"

# What somebody did to another: the console searches by actor, and sign-ins need no third index.
BY_ANOTHER = "actor IS NOT NULL AND (account_id IS NULL OR actor <> account_id)"


class AuditEntry(Base):
    """Who did what, as whom, for which company, at which client, from where, with what outcome.

    No foreign keys: what is told here outlives what it tells of.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("ix_audit_log_account_id_id", "account_id", "id"),
        Index("ix_audit_log_company_id_id", "company_id", "id"),
        # What group admins read first: sign-ins are nearly all of the log.
        Index(
            "ix_audit_log_no_sign_in",
            "company_id",
            "id",
            sqlite_where=text(NO_SIGN_IN),
            postgresql_where=text(NO_SIGN_IN),
        ),
        Index(
            "ix_audit_log_through_linked_account",
            "account_id",
            "id",
            sqlite_where=text(THROUGH_LINKED),
            postgresql_where=text(THROUGH_LINKED),
        ),
        Index(
            "ix_audit_log_through_linked_company",
            "company_id",
            "id",
            sqlite_where=text(THROUGH_LINKED),
            postgresql_where=text(THROUGH_LINKED),
        ),
        Index(
            "ix_audit_log_actor_id",
            "actor",
            "id",
            sqlite_where=text(BY_ANOTHER),
            postgresql_where=text(BY_ANOTHER),
        ),
    )

    id: Mapped[int] = mapped_column(BIG, primary_key=True)
    at: Mapped[datetime]
    action: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(String(16), default="done")
    actor: Mapped[str | None] = mapped_column(String(80))
    account_id: Mapped[str | None] = mapped_column(String(40))
    linked_account_id: Mapped[str | None] = mapped_column(String(40))
    binding_id: Mapped[str | None] = mapped_column(String(40))
    company_id: Mapped[str | None] = mapped_column(String(40))
    client_id: Mapped[str | None] = mapped_column(String(64))
    sign_in_id: Mapped[str | None] = mapped_column(String(40))
    address: Mapped[str | None] = mapped_column(String(64))
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    hash: Mapped[bytes | None] = mapped_column(LargeBinary(HASH_BYTES))


class AuditHead(Base):
    """A signed head of the chain, to be kept off the machine as well."""

    __tablename__ = "audit_heads"

    entry_id: Mapped[int] = mapped_column(ForeignKey("audit_log.id"), primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(HASH_BYTES))
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    signed_at: Mapped[datetime]


class AuditCheck(Base):
    """A check of the chain that an operator asked for: how far it has come, by the worker's portions, and its end.

    Every row up to ``until`` has to be there and sealed; ``position`` is the last row that was found to fit, and
    ``previous`` its hash.
    """

    __tablename__ = "audit_checks"
    __table_args__ = (
        Index(
            "uq_audit_checks_state",
            "state",
            unique=True,
            sqlite_where=text("state = 'working'"),
            postgresql_where=text("state = 'working'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[CheckState] = mapped_column(words(CheckState))
    asked_by: Mapped[str] = mapped_column(String(80))
    asked_at: Mapped[datetime]
    until: Mapped[int] = mapped_column(BIG)
    position: Mapped[int] = mapped_column(BIG, default=0)
    previous: Mapped[bytes] = mapped_column(LargeBinary(HASH_BYTES))
    rows: Mapped[int] = mapped_column(default=0)
    heads: Mapped[int] = mapped_column(default=0)
    head: Mapped[str | None] = mapped_column(String(100))
    broken_at: Mapped[int | None] = mapped_column(BIG)
    problem: Mapped[str | None] = mapped_column(String(32))
    updated_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
