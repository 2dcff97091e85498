"""Applications for an account (申請): the case, what was decided about it, invitations, texts agreed to."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from idp.db import Base
from idp.models.columns import ID_LENGTH, index_where_named, words
from idp.policies.registration import Reviewer
from idp.policies.reviews import Outcome
from idp.policies.roles import Role

NUMBER_LENGTH = 16
# Decisions by operators are few among those of group admins, and are listed at the console.
OF_OPERATORS = text("substr(decided_by, 1, 3) = 'op_'")


class Case(Base):
    """申請: one person's application for one account; where it stands is the account's status (domain.md §2).

    ``answers`` is what was filled in beside the account's own data, ``hints`` what a reviewer should look at. The
    version counts every edit and every decision: a decision is about the version that was seen.
    """

    __tablename__ = "cases"
    __table_args__ = (
        Index("uq_cases_number", "number", unique=True),
        Index("uq_cases_account_id", "account_id", unique=True),
        Index("ix_cases_company_id_waiting_since", "company_id", "waiting_since"),
        Index("ix_cases_reviewer_waiting_since", "reviewer", "waiting_since"),
        index_where_named("cases", "invitation_id"),
        index_where_named("cases", "card_evidence_id"),
        index_where_named("cases", "more_info_until"),
        index_where_named("cases", "taken_by"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    number: Mapped[str] = mapped_column(String(NUMBER_LENGTH))
    service_id: Mapped[str] = mapped_column(ForeignKey("services.id"))
    company_id: Mapped[str] = mapped_column(ForeignKey("companies.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    invitation_id: Mapped[str | None] = mapped_column(ForeignKey("invitations.id"))
    client_id: Mapped[str | None] = mapped_column(ForeignKey("clients.id"))
    # What the company's card proved in this application; it counts when the mailbox is confirmed.
    card_evidence_id: Mapped[str | None] = mapped_column(ForeignKey("card_evidence.id"))
    reviewer: Mapped[Reviewer] = mapped_column(words(Reviewer))
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    hints: Mapped[list[str]] = mapped_column(default=list)
    submitted_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    # Since when somebody has to decide; None while nobody has (mailbox not confirmed, decided, withdrawn).
    waiting_since: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    # The operator who works on it, and until when what is missing is waited for (P36).
    taken_by: Mapped[str | None] = mapped_column(ForeignKey("operators.id"))
    taken_at: Mapped[datetime | None]
    more_info_until: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class Review(Base):
    """審核: a decision about one version of a case, by whom and why. One version is decided once."""

    __tablename__ = "reviews"
    __table_args__ = (
        Index("uq_reviews_case_id_case_version", "case_id", "case_version", unique=True),
        Index("ix_reviews_of_operators", "id", sqlite_where=OF_OPERATORS, postgresql_where=OF_OPERATORS),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    case_version: Mapped[int]
    outcome: Mapped[Outcome] = mapped_column(words(Outcome))
    role: Mapped[Role | None] = mapped_column(words(Role))
    reason: Mapped[str | None] = mapped_column(String(40))
    reason_text: Mapped[str | None] = mapped_column(String(500))
    decided_by: Mapped[str] = mapped_column(String(80))
    decided_at: Mapped[datetime]


class Invitation(Base):
    """邀請: a group admin lets a person in by one link to her mailbox, with role and menu rights chosen beforehand."""

    __tablename__ = "invitations"
    __table_args__ = (
        Index(
            "uq_invitations_live",
            "company_id",
            "email",
            unique=True,
            sqlite_where=text("used_at IS NULL AND cancelled_at IS NULL"),
            postgresql_where=text("used_at IS NULL AND cancelled_at IS NULL"),
        ),
        Index("ix_invitations_company_id_created_at", "company_id", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    company_id: Mapped[str] = mapped_column(ForeignKey("companies.id"))
    service_id: Mapped[str] = mapped_column(ForeignKey("services.id"))
    email: Mapped[str] = mapped_column(String(254))
    locale: Mapped[str] = mapped_column(String(16), default="zh-TW")
    role: Mapped[Role] = mapped_column(words(Role))
    # {menu item id as text: whether it may be seen}, where that differs from the role's default.
    menus: Mapped[dict[str, Any]] = mapped_column(default=dict)
    invited_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    # Sent through a linked account: by this binding, and it stands only while the binding does.
    binding_id: Mapped[str | None] = mapped_column(ForeignKey("bindings.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]


class TextAgreement(Base):
    """A text of a service (terms, notices) in one version, agreed to by one human, once (C-14, R-006, R-090)."""

    __tablename__ = "text_agreements"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    service_id: Mapped[str] = mapped_column(ForeignKey("services.id"), primary_key=True)
    text_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[str] = mapped_column(String(40), primary_key=True)
    agreed_at: Mapped[datetime]
    address: Mapped[str | None] = mapped_column(String(64))
