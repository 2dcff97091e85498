"""Counters of limits: in the database, so that all workers share them and a restart forgets nothing."""

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from idp.db import Base
from idp.models.columns import HASH_BYTES


class LimitCounter(Base):
    """How often something happened in one window."""

    __tablename__ = "limit_counters"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject_hash: Mapped[bytes] = mapped_column(LargeBinary(HASH_BYTES), primary_key=True)
    window_starts_at: Mapped[datetime] = mapped_column(primary_key=True)
    window_ends_at: Mapped[datetime]
    count: Mapped[int]


class NameFailures(Base):
    """Failures in a row for one account name (known or not), apart for browsers it has signed in from."""

    __tablename__ = "name_failures"

    name_hash: Mapped[bytes] = mapped_column(LargeBinary(HASH_BYTES), primary_key=True)
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary(HASH_BYTES), primary_key=True)
    failures: Mapped[int]
    last_failed_at: Mapped[datetime]
    not_before: Mapped[datetime]
