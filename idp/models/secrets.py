"""Secrets that work once: links and codes, by hash, with their purpose as part of the key (EL05)."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from idp.db import Base
from idp.models.columns import HASH_BYTES


class OneTimeSecret(Base):
    """A link or code for one purpose; the newest voids older ones."""

    __tablename__ = "one_time_secrets"
    __table_args__ = (
        Index(
            "uq_one_time_secrets_live",
            "purpose",
            "account_id",
            unique=True,
            sqlite_where=text("used_at IS NULL AND replaced_at IS NULL"),
            postgresql_where=text("used_at IS NULL AND replaced_at IS NULL"),
        ),
        Index("ix_one_time_secrets_invitation_id", "invitation_id"),
    )

    purpose: Mapped[str] = mapped_column(String(32), primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(HASH_BYTES), primary_key=True)
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    flow_id: Mapped[str | None] = mapped_column(ForeignKey("flows.id"))
    operator_id: Mapped[str | None] = mapped_column(ForeignKey("operators.id"))
    invitation_id: Mapped[str | None] = mapped_column(ForeignKey("invitations.id"))
    address: Mapped[str | None] = mapped_column(String(254))
    browser_hash: Mapped[bytes | None] = mapped_column(LargeBinary(HASH_BYTES))
    tries: Mapped[int] = mapped_column(default=0)
    most_tries: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    replaced_at: Mapped[datetime | None]
