"""Signing keys of ID tokens: published before first use, kept after last use, encrypted at rest."""

from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from idp.db import Base


class SigningKey(Base):
    """A key pair; ``private`` is a PKCS#8 key under AES-256-GCM with the master key of the settings."""

    __tablename__ = "signing_keys"

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    alg: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(8))
    public: Mapped[dict[str, Any]]
    private: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]
