"""An existing system's people brought in: everything is checked first, then written in small transactions (issue 3).

An account is written whole, with its company, password or invitation and audit row, or not at all. An import that was
broken off is finished by running it again: what is here already is left as it is, so that nothing is there twice.
"""

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError

from idp.db import db, now, session, transaction
from idp.errors import DatabaseBusy
from idp.models import Account, Company, Password
from idp.policies.electronic_id import DIGITS, electronic_id
from idp.policies.imported_hashes import scheme_of
from idp.policies.names import email_key
from idp.policies.roles import Role
from idp.policies.standing import AccountKind, AccountStatus, Approval, CompanyProof, CompanyStatus
from idp.services.account_import_check import (
    ALREADY,
    BAD,
    IMPORTED,
    CheckedFile,
    KnownCompany,
    companies_of,
    look_up,
    trouble_here,
)
from idp.services.account_import_rows import Problem, Row
from idp.services.audit import record_each
from idp.services.first_passwords import send_first_passwords
from idp.services.group_admins import note_group_admin
from idp.services.secrets import new_id

# So few that a sign-in that comes between hardly waits for them.
BATCH = 250
# Several times as long as who waits for the writers' lock naps (idp/db.py), so that it is had in between.
PAUSE_SECONDS = 0.002
TRIES = 10

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the operator says about the whole file.

    ``proof`` is for companies that this import makes: an operator's word, with its reason.
    """

    emails_confirmed: bool = False
    proof: CompanyProof = CompanyProof.NONE
    reason: str | None = None


@dataclass(slots=True)
class Written:
    """What was written."""

    accounts: int = 0
    companies: int = 0
    passwords: int = 0
    invited: int = 0


@dataclass(slots=True)
class _Batch:
    """What one transaction has written, told only when it has committed."""

    written: Written = field(default_factory=Written)
    settled: list[tuple[int, str, Problem | None]] = field(default_factory=list)


def write_accounts(checked: CheckedFile, chosen: Chosen, told: Callable[[int], None]) -> Written:
    """Write every new row of a file, some hundred at a time.

    A row whose name, mailbox or company was taken or closed since it was checked is left out, and its problem told.
    """
    whole, after, done = Written(), 0, 0
    while rows := checked.new_rows(after, BATCH):
        batch = _in_one_transaction(rows, checked, chosen)
        for settled in batch.settled:
            checked.settle(*settled)
        for name in Written.__slots__:
            setattr(whole, name, getattr(whole, name) + getattr(batch.written, name))
        after, done = rows[-1].line, done + len(rows)
        told(done)
    return whole


def _in_one_transaction(rows: list[Row], checked: CheckedFile, chosen: Chosen) -> _Batch:
    conflicts = 0
    while True:
        try:
            with transaction():
                batch = _write(rows, checked, chosen)
            break
        except DatabaseBusy:
            log.warning("the database is busy, and the import waits")
        except IntegrityError:
            # Somebody took a name or a number between look and leap (PostgreSQL); the next look sees it.
            conflicts += 1
            if conflicts == TRIES:
                raise
    if db.engine.dialect.name == "sqlite":
        time.sleep(PAUSE_SECONDS)
    return batch


def _write(rows: list[Row], checked: CheckedFile, chosen: Chosen) -> _Batch:
    batch = _Batch()
    good = _still_good(rows, checked, batch)
    companies = _companies(good, checked, chosen, batch.written)
    moment = now()
    free = iter(_free_electronic_ids(len(good)))
    accounts = {row.line: _account(row, companies[row.company].id, next(free), chosen) for row in good}
    if good:
        session.execute(insert(Account), list(accounts.values()))
    kept = [
        {"account_id": accounts[row.line]["id"], "hash": row.password_hash, "changed_at": moment, "disabled_at": None}
        for row in good
        if row.password_hash is not None
    ]
    if kept:
        session.execute(insert(Password), kept)
    record_each(IMPORTED, [_told(row, accounts[row.line], checked.digest) for row in good])
    _note_group_admins(good, accounts)
    to_invite = [
        accounts[row.line]["id"] for row in good if row.password_hash is None and row.status == AccountStatus.ACTIVE
    ]
    send_first_passwords(to_invite)
    batch.written.accounts, batch.written.passwords, batch.written.invited = len(good), len(kept), len(to_invite)
    return batch


def _still_good(rows: list[Row], checked: CheckedFile, batch: _Batch) -> list[Row]:
    known = look_up(rows, checked.rules)
    if any(trouble_here(row, known, checked.rules) for row in rows if not known.is_here_already(row)):
        # Another import of these rows may have committed between two questions of this look.
        known = look_up(rows, checked.rules)
    good = []
    for row in rows:
        if known.is_here_already(row):
            batch.settled.append((row.line, ALREADY, None))
        elif trouble := trouble_here(row, known, checked.rules):
            batch.settled.append((row.line, BAD, Problem(row.line, row.username, *trouble)))
        else:
            good.append(row)
    return good


def _companies(
    rows: list[Row], checked: CheckedFile, chosen: Chosen, written: Written
) -> dict[tuple[str, str], KnownCompany]:
    there = companies_of(rows)
    missing = {row.company for row in rows} - there.keys()
    if not missing:
        return there
    made = [_company(company, str(checked.company_name(company)), chosen) for company in sorted(missing)]
    dialect_insert = sqlite_insert if db.engine.dialect.name == "sqlite" else postgresql_insert
    session.execute(dialect_insert(Company).on_conflict_do_nothing(index_elements=["id_type", "tax_id"]), made)
    there = companies_of(rows)
    ours = [company for company in made if there[company["id_type"], company["tax_id"]].id == company["id"]]
    proof = str(chosen.proof)
    record_each("company:added", [(None, c["id"], {"tax_id": c["tax_id"], "proof": proof}) for c in ours])
    if chosen.proof is not CompanyProof.NONE:
        record_each("company:proven", [(None, c["id"], {"proof": proof, "reason": chosen.reason}) for c in ours])
    written.companies = len(ours)
    return there


def _company(company: tuple[str, str], name: str, chosen: Chosen) -> dict[str, Any]:
    moment = now()
    return {
        "id": new_id("co_"),
        "id_type": company[0],
        "tax_id": company[1],
        "name": name,
        "status": CompanyStatus.ACTIVE,
        "proof": chosen.proof,
        "verified_at": None if chosen.proof is CompanyProof.NONE else moment,
        "created_at": moment,
        "updated_at": moment,
    }


def _account(row: Row, company_id: str, number: str, chosen: Chosen) -> dict[str, Any]:
    moment = now()
    return {
        "id": new_id("ga_"),
        "kind": AccountKind.GENERAL,
        "company_id": company_id,
        "service_id": row.service,
        "electronic_id": number,
        "username": row.username,
        "username_canonical": row.username_key,
        "name": row.name,
        "email": row.email,
        "email_canonical": email_key(row.email),
        "email_verified_at": moment if chosen.emails_confirmed else None,
        "phone": row.phone,
        "locale": row.locale,
        "role": Role(row.role),
        "approval": Approval.OPERATOR,
        "status": AccountStatus(row.status),
        "status_reason": row.status_reason,
        "created_at": moment,
        "updated_at": moment,
    }


def _free_electronic_ids(many: int) -> list[str]:
    free: set[str] = set()
    while len(free) < many:
        drawn = {electronic_id(secrets.randbelow(10**DIGITS)) for _ in range(many - len(free))}
        free |= drawn - set(session.scalars(select(Account.electronic_id).where(Account.electronic_id.in_(drawn))))
    return list(free)


def _told(row: Row, account: dict[str, Any], digest: str) -> tuple[str, str, dict[str, Any]]:
    scheme = scheme_of(row.password_hash) if row.password_hash else None
    details = {"role": row.role, "status": row.status, "password": scheme or "none", "file": digest}
    return account["id"], account["company_id"], details


def _note_group_admins(rows: list[Row], accounts: dict[int, dict[str, Any]]) -> None:
    leading = [
        accounts[row.line] for row in rows if row.role == Role.GROUP_ADMIN and row.status == AccountStatus.ACTIVE
    ]
    # In one order: two imports that lock the same companies would otherwise wait for each other in a circle.
    for account in sorted(leading, key=lambda account: str(account["company_id"])):
        note_group_admin(account["company_id"], account["id"])
