"""Rows of an import held against each other and against the database, and kept in order until they are written.

What was checked waits in a scratch file that only this process sees: whatever the size of the import, it is not held in
memory, it is written as it was checked even if the file is changed meanwhile, and it is gone however the process ends.
"""

import hashlib
import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy import select

from idp.db import session
from idp.models import Account, AuditEntry, Company, Service
from idp.policies.company_names import same_name
from idp.policies.names import email_key
from idp.policies.registration import RegistrationPolicy
from idp.policies.standing import USABLE_COMPANIES, AccountKind, CompanyStatus
from idp.services.account_import_rows import Cells, Problem, Row, cells_of, read_row
from idp.services.company_places import HOLDING
from idp.services.service_registry import registration_policy

IMPORTED = "account:imported"
NEW, ALREADY, BAD = "new", "already", "problem"
BATCH = 500
Told = Callable[[int], None]
Policies = dict[str, RegistrationPolicy]

TABLES = """
CREATE TABLE rows (line INTEGER PRIMARY KEY, username, company, outcome, hashed, row);
CREATE TABLE problems (line, username, column, problem, about);
CREATE TABLE names (name PRIMARY KEY, line) WITHOUT ROWID;
CREATE TABLE mailboxes (company, mailbox, line, PRIMARY KEY (company, mailbox)) WITHOUT ROWID;
CREATE TABLE companies (company PRIMARY KEY, name, line) WITHOUT ROWID;
CREATE TABLE filled (company PRIMARY KEY, line) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class KnownCompany:
    """A company that there is already."""

    id: str
    name: str
    status: CompanyStatus


@dataclass(frozen=True, slots=True)
class Known:
    """What the database has of the companies, names and mailboxes of some rows.

    ``accounts`` gives for an account name its company and whether it came by an import; ``mailboxes`` and ``peopled``
    are of accounts that count where a company may have only one.
    """

    companies: dict[tuple[str, str], KnownCompany]
    accounts: dict[str, tuple[str | None, bool]]
    mailboxes: set[tuple[str | None, str]]
    peopled: set[str]

    def is_here_already(self, row: Row) -> bool:
        """Whether an earlier import has brought in this row's account."""
        company = self.companies.get(row.company)
        company_id, imported = self.accounts.get(row.username_key, (None, False))
        return imported and company is not None and company.id == company_id


def policies() -> Policies:
    """The registration policy of each service."""
    return {service.id: registration_policy(service) for service in session.scalars(select(Service))}


def look_up(rows: list[Row], rules: Policies) -> Known:
    """What the database has of these rows' companies, names and mailboxes now."""
    companies = companies_of(rows)
    holds = (Account.kind == AccountKind.GENERAL, Account.status.in_(HOLDING))
    mailboxes = session.execute(
        select(Account.company_id, Account.email_canonical).where(
            *holds, Account.email_canonical.in_({email_key(row.email) for row in rows})
        )
    )
    alone = {companies[row.company].id for row in rows if row.company in companies and _one_account(row, rules)}
    peopled = session.scalars(select(Account.company_id).where(*holds, Account.company_id.in_(alone)).distinct())
    return Known(companies, _accounts(rows), {(c, m) for c, m in mailboxes}, {c for c in peopled if c})


def companies_of(rows: list[Row]) -> dict[tuple[str, str], KnownCompany]:
    """Those of these rows' companies that there are, by kind and number."""
    wanted = {row.company for row in rows}
    found = session.execute(
        select(Company.id_type, Company.tax_id, Company.id, Company.name, Company.status).where(
            Company.id_type.in_({kind for kind, _ in wanted}), Company.tax_id.in_({number for _, number in wanted})
        )
    )
    return {
        (kind, number): KnownCompany(company_id, name, status)
        for kind, number, company_id, name, status in found
        if (kind, number) in wanted
    }


def _accounts(rows: list[Row]) -> dict[str, tuple[str | None, bool]]:
    found = session.execute(
        select(Account.username_canonical, Account.id, Account.company_id).where(
            Account.username_canonical.in_([row.username_key for row in rows])
        )
    ).all()
    imported = set(
        session.scalars(
            select(AuditEntry.account_id).where(
                AuditEntry.action == IMPORTED, AuditEntry.account_id.in_([account_id for _, account_id, _ in found])
            )
        )
    )
    return {name: (company_id, account_id in imported) for name, account_id, company_id in found}


def trouble_here(row: Row, known: Known, rules: Policies) -> tuple[str, str] | None:
    """Why the database can't take this row: the column, and the problem (a key of the texts); None when it can."""
    return _of_company(row, known.companies.get(row.company)) or _of_service(row, rules) or _of_place(row, known, rules)


def _of_company(row: Row, company: KnownCompany | None) -> tuple[str, str] | None:
    if company is None:
        return None
    if row.company_name is not None and not same_name(row.company_name, company.name):
        # One typing error in seven still closes the check digit: the name is what tells it (domain.md 3.1).
        return "company_name", "company_name.differs"
    return None if company.status in USABLE_COMPANIES else ("tax_id", "company.not_active")


def _of_service(row: Row, rules: Policies) -> tuple[str, str] | None:
    if row.service is None:
        return None
    policy = rules.get(row.service)
    if policy is None:
        return "service", "service.unknown"
    if row.role not in policy.roles:
        return "role", "role.not_of_service"
    return None if row.company[0] in policy.entity_types else ("id_type", "id_type.not_of_service")


def _of_place(row: Row, known: Known, rules: Policies) -> tuple[str, str] | None:
    if row.username_key in known.accounts:
        return "username", "username.taken"
    company = known.companies.get(row.company)
    if company is None:
        return None
    if _one_account(row, rules) and company.id in known.peopled:
        return "tax_id", "company.has_account"
    taken = _own_mailbox(row, rules) and (company.id, email_key(row.email)) in known.mailboxes
    return ("email", "email.used") if taken else None


def _own_mailbox(row: Row, rules: Policies) -> bool:
    policy = rules.get(row.service or "", RegistrationPolicy())
    return policy.email_unique != "none"


def _one_account(row: Row, rules: Policies) -> bool:
    policy = rules.get(row.service or "", RegistrationPolicy())
    return policy.accounts_per_company == "one"


class CheckedFile:
    """The rows of one file, each new, here already, or with its problems. ``digest`` is the file's SHA-256."""

    def __init__(self, path: Path, told: Told) -> None:
        self._path = path
        self._told = told
        self.rules = policies()
        self.digest = ""

    def __enter__(self) -> "CheckedFile":
        """Read and check the file. Raises ImportRefused."""
        with tempfile.TemporaryDirectory(prefix="idp-import-") as folder:
            self._scratch = sqlite3.connect(Path(folder) / "rows.db", isolation_level=None)
            for pragma in ("journal_mode=OFF", "synchronous=OFF", "temp_store=FILE"):
                self._scratch.execute(f"PRAGMA {pragma}")
            self._scratch.executescript(TABLES)
        try:
            self._check()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._scratch.close()

    def _check(self) -> None:
        self._scratch.execute("BEGIN")
        read, done = hashlib.sha256(), 0
        cells = cells_of(self._path, read)
        while batch := list(islice(cells, BATCH)):
            self._check_batch(batch)
            session.commit()  # ends the snapshot read so far
            done += len(batch)
            self._told(done)
        self._scratch.execute("COMMIT")
        self.digest = read.hexdigest()

    def _check_batch(self, batch: list[Cells]) -> None:
        good: list[Row] = []
        for cells in batch:
            row, problems = read_row(cells)
            if row is None:
                self._keep_bad(cells.line, cells.values.get("username", ""), problems)
            else:
                good.append(row)
        known = look_up(good, self.rules) if good else None
        for row in good:
            if known is not None:
                self._judge(row, known)

    def _judge(self, row: Row, known: Known) -> None:
        is_here = known.is_here_already(row)
        company = _text_of(row.company)
        twice = self._twice(row, company)
        there = None if is_here else trouble_here(row, known, self.rules)
        missing = self._name_problem(row, company, known.companies.get(row.company))
        # One problem a cell is enough, and of two the one with who is here already.
        found = {t[0]: Problem(row.line, row.username, *t) for t in (missing, twice, there) if t}
        if found:
            self._keep_bad(row.line, row.username, list(found.values()))
            return
        outcome = ALREADY if is_here else NEW
        self._scratch.execute(
            "INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?)",
            (row.line, row.username, company, outcome, row.password_hash is not None, json.dumps(row)),
        )

    def _twice(self, row: Row, company: str) -> tuple[str, str, str] | None:
        """What an earlier row has that this one wants too, with that row's line."""
        line = self._first("names", ("name",), (row.username_key,), row.line)
        if line is not None:
            return "username", "username.twice", str(line)
        line = self._first("filled", ("company",), (company,), row.line)
        if line is not None and _one_account(row, self.rules):
            return "tax_id", "company.twice", str(line)
        line = self._first("mailboxes", ("company", "mailbox"), (company, email_key(row.email)), row.line)
        if line is not None and _own_mailbox(row, self.rules):
            return "email", "email.twice", str(line)
        return None

    def _first(self, table: str, columns: tuple[str, ...], values: tuple[str, ...], line: int) -> int | None:
        """The line that had these values first; None where it is this one."""
        there = " AND ".join(f"{column} = ?" for column in columns)
        found = self._scratch.execute(f"SELECT line FROM {table} WHERE {there}", values).fetchone()  # noqa: S608  (our own names)
        if found is not None:
            return int(found[0])
        marks = ", ".join("?" * (len(columns) + 1))
        self._scratch.execute(f"INSERT INTO {table} VALUES ({marks})", (*values, line))  # noqa: S608  (our own names)
        return None

    def _name_problem(self, row: Row, company: str, known: KnownCompany | None) -> tuple[str, str, str | None] | None:
        """A company that nobody knows yet needs a name, and the same one in every row that gives one."""
        if known is not None:
            return None
        found = self._scratch.execute("SELECT name, line FROM companies WHERE company = ?", (company,)).fetchone()
        if found is not None:
            same = row.company_name is None or same_name(row.company_name, found[0])
            return None if same else ("company_name", "company_name.twice", str(found[1]))
        if row.company_name is None:
            return "company_name", "company_name.missing", None
        self._scratch.execute("INSERT INTO companies VALUES (?, ?, ?)", (company, row.company_name, row.line))
        return None

    def _keep_bad(self, line: int, username: str, problems: list[Problem]) -> None:
        self._scratch.execute("INSERT INTO rows VALUES (?, ?, '', ?, 0, NULL)", (line, username, BAD))
        self._scratch.executemany("INSERT INTO problems VALUES (?, ?, ?, ?, ?)", problems)

    def count(self, outcome: str) -> int:
        """How many rows there are of this outcome."""
        return int(self._scratch.execute("SELECT count(*) FROM rows WHERE outcome = ?", (outcome,)).fetchone()[0])

    def count_hashes(self) -> int:
        """How many new rows bring the hash of a password."""
        return int(self._scratch.execute("SELECT sum(hashed) FROM rows WHERE outcome = ?", (NEW,)).fetchone()[0] or 0)

    def count_companies(self) -> int:
        """How many companies of new rows nobody knows here yet."""
        return int(
            self._scratch.execute(
                "SELECT count(*) FROM companies WHERE company IN (SELECT company FROM rows WHERE outcome = ?)", (NEW,)
            ).fetchone()[0]
        )

    def company_name(self, company: tuple[str, str]) -> str | None:
        """The name that the file gives a company that nobody knows yet."""
        found = self._scratch.execute("SELECT name FROM companies WHERE company = ?", (_text_of(company),)).fetchone()
        return str(found[0]) if found is not None else None

    def problems(self) -> Iterator[Problem]:
        """Everything that is wrong, by line."""
        for found in self._scratch.execute("SELECT * FROM problems ORDER BY line, rowid"):
            yield Problem(*found)

    def outcomes(self) -> Iterator[tuple[int, str, str]]:
        """Line, account name and outcome of each row."""
        yield from self._scratch.execute("SELECT line, username, outcome FROM rows ORDER BY line")

    def new_rows(self, after: int, most: int) -> list[Row]:
        """The next rows that are to be written, by line."""
        found = self._scratch.execute(
            "SELECT row FROM rows WHERE outcome = ? AND line > ? ORDER BY line LIMIT ?", (NEW, after, most)
        )
        kept = [Row(*json.loads(text)) for (text,) in found]
        return [row._replace(company=(row.company[0], row.company[1])) for row in kept]

    def settle(self, line: int, outcome: str, problem: Problem | None = None) -> None:
        """Note what became of a row that was found different when it was to be written."""
        self._scratch.execute("UPDATE rows SET outcome = ? WHERE line = ?", (outcome, line))
        if problem is not None:
            self._scratch.execute("INSERT INTO problems VALUES (?, ?, ?, ?, ?)", problem)


def _text_of(company: tuple[str, str]) -> str:
    return ":".join(company)
