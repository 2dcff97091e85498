"""The outbox: what is to be sent is written in the transaction of what it tells; `idp worker` delivers."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from idp.db import Base
from idp.models.columns import index_where_named


class OutboxEntry(Base):
    """A mail, or the intent of a logout token, that waits, is being sent, was sent, or is dead.

    An operator may give a dead one up. ``template`` is a mail's; a notice has none.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_state_next_attempt_at", "state", "next_attempt_at"),
        index_where_named("outbox", "account_id"),
        # The operators' list, the newest first.
        Index("ix_outbox_kind_state_id", "kind", "state", "id"),
        Index("ix_outbox_template_id", "template", "id"),
        Index("ix_outbox_recipient_id", "recipient", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16), default="waiting")
    template: Mapped[str | None] = mapped_column(String(40))
    recipient: Mapped[str] = mapped_column(Text)
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    client_id: Mapped[str | None] = mapped_column(ForeignKey("clients.id"))
    payload: Mapped[dict[str, Any]]
    message_id: Mapped[str] = mapped_column(String(120), unique=True)
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    next_attempt_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
