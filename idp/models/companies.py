"""Companies: a group is all accounts of one company, so there is no other table for groups."""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from idp.db import Base
from idp.models.columns import ID_LENGTH, by_bytes, words
from idp.policies.company_names import LONGEST_NAME, name_key
from idp.policies.standing import CompanyProof, CompanyStatus


def _key(context: Any) -> str:
    return name_key(context.get_current_parameters()["name"])


class Company(Base):
    """A company, known by its number of one kind (``ubn`` is the 統一編號). The id is opaque: claim ``tenant``."""

    __tablename__ = "companies"
    __table_args__ = (
        Index("uq_companies_id_type_tax_id", "id_type", "tax_id", unique=True),
        # The lists of the console, each read in the order of its index.
        Index("ix_companies_name_folded_id", "name_folded", "id"),
        Index("ix_companies_status_id_type_tax_id", "status", "id_type", "tax_id"),
        Index("ix_companies_proof_id_type_tax_id", "proof", "id_type", "tax_id"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    id_type: Mapped[str] = mapped_column(String(16), default="ubn")
    tax_id: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(200))
    # The name as it is compared; whoever changes the name changes it too.
    name_folded: Mapped[str] = mapped_column(by_bytes(LONGEST_NAME), default=_key)
    address: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(String(40))
    status: Mapped[CompanyStatus] = mapped_column(words(CompanyStatus), default=CompanyStatus.ACTIVE)
    # Why it is suspended: its people read it (I-5).
    status_reason: Mapped[str | None] = mapped_column(String(500))
    proof: Mapped[CompanyProof] = mapped_column(words(CompanyProof), default=CompanyProof.NONE)
    verified_at: Mapped[datetime | None]
    responsible: Mapped[str | None] = mapped_column(String(50))
    # Who became its group admin first, once and for all: decided by one UPDATE where it is null (R-029, RC row of I6).
    first_admin_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    # Whom the operator who proved the company has named: nobody else becomes the first group admin.
    first_admin_email: Mapped[str | None] = mapped_column(String(254))
    digest_sent_at: Mapped[datetime | None]
    # The least a sign-in must have reached where somebody acts for this company at a client; None: nothing more.
    required_acr: Mapped[str | None] = mapped_column(String(64))
    required_by: Mapped[str | None] = mapped_column(String(16))
    linked_accounts: Mapped[str] = mapped_column(String(16), default="allowed")
    linked_admin: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
