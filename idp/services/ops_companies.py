"""Companies as operators find and see them (P37): listed, found by number or by how the name begins, looked at."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, text

from idp.db import session
from idp.errors import NotFound
from idp.models import Account, AuditEntry, Case, Company, CompanyDocument, Operator, UploadedFile
from idp.models.accounts import LEADS
from idp.models.audit import NO_SIGN_IN
from idp.policies.company_names import name_key, same_name
from idp.policies.entities import EntityKind, parse_entity
from idp.policies.registry import Finding, RegisterStatus
from idp.policies.standing import USABLE_COMPANIES, AccountStatus, CompanyProof, CompanyStatus
from idp.policies.tax_id import parse_tax_id
from idp.services.group_admins import group_admins_of
from idp.services.ops_people import LONGEST_SEARCH, Page, begins_with, page_of
from idp.services.registry import Look, look_up, register_state

MOST_DOCUMENTS = 20


class CompanyTab(StrEnum):
    """What is listed; ``gap`` are companies that are proven and led by nobody (I-6)."""

    ALL = "all"
    RECHECK = "recheck"
    GAP = "gap"
    UNPROVEN = "unproven"
    SUSPENDED = "suspended"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class ProofSource:
    """Where a proof is from: ``kind`` is card, document or word; ``by`` and ``reason`` are of an operator's word."""

    kind: str
    by: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class SeenDocument:
    """A document of a company, with the name of its file."""

    document: CompanyDocument
    file_name: str


@dataclass(frozen=True, slots=True)
class SeenCompany:
    """A company with everything that an operator helps by. ``look`` is None for a number that no register has."""

    company: Company
    source: ProofSource | None
    look: Look | None
    admins: list[Account]
    people: dict[AccountStatus, int]
    waiting: int
    documents: list[SeenDocument]
    register_serves: bool

    @property
    def differences(self) -> tuple[str, ...]:
        """What the register tells otherwise: ``name``, ``gone``, or ``missing`` where it has no such number."""
        look = self.look
        if look is None or look.finding in {Finding.WAITING, Finding.UNASKED, Finding.UNAVAILABLE}:
            return ()
        if look.finding is Finding.NOT_FOUND:
            return ("missing",) if self.register_serves else ()
        name = () if look.name is None or same_name(look.name, self.company.name) else ("name",)
        return (*name, "gone") if look.status is RegisterStatus.ENDED else name

    @property
    def is_unled(self) -> bool:
        """Whether it is proven, in use and led by nobody (I-6)."""
        is_proven = self.company.proof is not CompanyProof.NONE
        return is_proven and self.company.status in USABLE_COMPANIES and not self.admins


def companies_in(tab: CompanyTab, after: str | None) -> Page[Company]:
    """A page of the companies of a tab, by their numbers."""
    found = select(Company).where(*_conditions(tab))
    return page_of(found, Company, (Company.id_type, Company.tax_id), after)


def find_companies(words: str, after: str | None) -> Page[Company]:
    """The company of this number, or else a page of those whose name begins so, by name."""
    words = words[:LONGEST_SEARCH]
    of_number = list(session.scalars(_of_number(words)))
    if of_number:
        return Page(of_number, None)
    key = name_key(words)
    if not key or not key.isprintable():
        return Page([], None)
    return page_of(_named(key), Company, (Company.name_folded, Company.id), after)


def look_up_unknown(words: str) -> Look | None:
    """What the register says of a number that no company here has (R-010); None where the text is no 統一編號."""
    number = parse_tax_id(words)
    return look_up(number) if number else None


def company_of_key(key: str) -> Company:
    """The company of this id, or of this number where one alone has it. Raises NotFound."""
    fresh = {"populate_existing": True}
    found = list(session.scalars(select(Company).where(Company.id == key).execution_options(**fresh)))
    found = found or list(session.scalars(_of_number(key).execution_options(**fresh)))
    if len(found) != 1:
        raise NotFound(what="company")
    return found[0]


def seen_company(company: Company) -> SeenCompany:
    """A company as its page shows it."""
    tax_id = parse_tax_id(company.tax_id) if company.id_type == EntityKind.UBN else None
    counted = select(Account.status, func.count()).where(Account.company_id == company.id).group_by(Account.status)
    waits = (Case.company_id == company.id, Case.waiting_since.is_not(None))
    return SeenCompany(
        company=company,
        source=_source(company),
        look=look_up(tax_id) if tax_id else None,
        admins=group_admins_of(company.id),
        people={row[0]: row[1] for row in session.execute(counted)},
        waiting=session.scalar(select(func.count()).select_from(Case).where(*waits)) or 0,
        documents=_documents(company.id),
        register_serves=register_state().serving is not None,
    )


def _conditions(tab: CompanyTab) -> list[ColumnElement[bool]]:
    if tab is CompanyTab.UNPROVEN:
        return [Company.proof == CompanyProof.NONE]
    if tab is CompanyTab.GAP:
        # Word for word as the partial index has it, or SQLite would not take it.
        leads: Any = select(Account.id).where(Account.company_id == Company.id, text(LEADS))
        return [Company.proof != CompanyProof.NONE, Company.status.in_(USABLE_COMPANIES), ~leads.exists()]
    statuses = {
        CompanyTab.RECHECK: CompanyStatus.NEEDS_RECHECK,
        CompanyTab.SUSPENDED: CompanyStatus.SUSPENDED,
        CompanyTab.CLOSED: CompanyStatus.CLOSED,
    }
    return [Company.status == statuses[tab]] if tab in statuses else []


def _named(key: str) -> Select[Company]:
    return select(Company).where(begins_with(Company.name_folded, key))


def _of_number(words: str) -> Select[Company]:
    meant = {kind: number for kind in EntityKind if (number := parse_entity(kind, words))}
    either = [and_(Company.id_type == str(kind), Company.tax_id == number) for kind, number in meant.items()]
    return select(Company).where(or_(*either) if either else text("1 = 0")).order_by(Company.id_type)


def _source(company: Company) -> ProofSource | None:
    """What the last proof in the audit log rests on; None where there is no proof, or nothing tells of it."""
    if company.proof is CompanyProof.NONE:
        return None
    entry = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.company_id == company.id, text(NO_SIGN_IN), AuditEntry.action == "company:proven")
        .order_by(AuditEntry.id.desc())
        .limit(1)
    ).first()
    if entry is None:
        return None
    for kind, name in (("card", "evidence"), ("document", "document")):
        if entry.details.get(name):
            return ProofSource(kind)
    return ProofSource("word", by=_name_of(entry.actor), reason=entry.details.get("reason"))


def _name_of(actor: str | None) -> str | None:
    return session.scalar(select(Operator.name).where(Operator.id == actor)) or actor


def _documents(company_id: str) -> list[SeenDocument]:
    rows = session.execute(
        select(CompanyDocument, UploadedFile.name)
        .outerjoin(UploadedFile, UploadedFile.id == CompanyDocument.file_id)
        .where(CompanyDocument.company_id == company_id)
        .order_by(CompanyDocument.queued_at.desc(), CompanyDocument.id)
        .limit(MOST_DOCUMENTS)
    )
    return [SeenDocument(document, name or "") for document, name in rows]
