"""The file that brings an existing system's people: CSV read in a stream, each row held against the product's rules."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from idp.errors import InvalidInput
from idp.policies.company_names import parse_phone
from idp.policies.entities import EntityKind, parse_entity
from idp.policies.imported_hashes import as_kept, hash_problem
from idp.policies.names import canonical_email, canonical_username, has_control, person_name_problem, username_problem
from idp.policies.roles import Role
from idp.policies.spreadsheets import BEGINS_FORMULA
from idp.policies.standing import AccountStatus
from idp.policies.tax_id import LENGTH, fold_digits, parse_tax_id
from idp.services.companies import checked_name, checked_reason

if TYPE_CHECKING:
    import hashlib

REQUIRED = ("tax_id", "username", "name", "email", "role")
OPTIONAL = (
    "id_type", "company_name", "phone", "status", "status_reason", "password_hash", "service", "locale",
)  # fmt: skip
COLUMNS = (*REQUIRED, *OPTIONAL)
STATUSES = (AccountStatus.ACTIVE, AccountStatus.SUSPENDED)
LOCALES = ("zh-TW", "en")
LONGEST_CELL = 1000
LONGEST_LINE = 64 * 1024
UTF_8_MARK = b"\xef\xbb\xbf"


class ImportRefused(Exception):
    """The file can't be read as a whole.

    ``problem`` is one of empty, no_rows, encoding, csv, line_long, column_unknown, column_twice, column_missing,
    column_nameless, changed; ``line`` says where, ``value`` names the column.
    """

    def __init__(self, problem: str, *, line: int | None = None, value: str | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line
        self.value = value


class Row(NamedTuple):
    """A row in its one form, as it will be kept. ``company`` is kind and number, by which companies are known."""

    line: int
    company: tuple[str, str]
    company_name: str | None
    username: str
    username_key: str
    name: str
    email: str
    phone: str | None
    role: str
    status: str
    status_reason: str | None
    password_hash: str | None
    service: str | None
    locale: str


class Problem(NamedTuple):
    """What is wrong with one cell: a key of the texts. ``about`` is the line or the name that it has to do with."""

    line: int
    username: str
    column: str
    problem: str
    about: str | None = None


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a line by column, spaces around them left out; ``misfit``: there are more or fewer than columns."""

    line: int
    values: dict[str, str]
    misfit: bool = False


def cells_of(path: Path, digest: "hashlib._Hash") -> Iterator[Cells]:
    """The rows of a file, empty ones left out; ``digest`` gets the bytes as they are read. Raises ImportRefused."""
    with path.open("rb") as file:
        reader = csv.reader(_lines(file, digest), strict=True)
        try:
            yield from _cells(reader)
        except csv.Error as error:
            raise ImportRefused("csv", line=reader.line_num) from error


def _cells(reader: Any) -> Iterator[Cells]:
    columns = _header(next(reader, None))
    empty = True
    for row in reader:
        values = [cell.strip() for cell in row]
        if not any(values):
            continue
        empty = False
        misfit = len(values) != len(columns)
        yield Cells(reader.line_num, {} if misfit else dict(zip(columns, values, strict=True)), misfit)
    if empty:
        raise ImportRefused("no_rows")


def _lines(file: IO[bytes], digest: "hashlib._Hash") -> Iterator[str]:
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise ImportRefused("line_long", line=number)
        digest.update(line)
        try:
            yield (line.removeprefix(UTF_8_MARK) if number == 1 else line).decode("utf-8")
        except UnicodeDecodeError as error:
            raise ImportRefused("encoding", line=number) from error


def _header(names: list[str] | None) -> list[str]:
    if not names:
        raise ImportRefused("empty")
    columns = [name.strip() for name in names]
    for number, name in enumerate(columns, 1):
        if not name:
            raise ImportRefused("column_nameless", line=1, value=str(number))
        _refuse("column_unknown", name, name in COLUMNS)
        _refuse("column_twice", name, columns.count(name) == 1)
    for name in REQUIRED:
        _refuse("column_missing", name, name in columns)
    return columns


def _refuse(problem: str, column: str, is_good: bool) -> None:
    if not is_good:
        raise ImportRefused(problem, line=1, value=column[:LONGEST_CELL])


def read_row(cells: Cells) -> tuple[Row | None, list[Problem]]:
    """A row in its one form, or every problem of its own that it has."""
    username = cells.values.get("username", "")
    if cells.misfit:
        return None, [Problem(cells.line, "", "", "row.cells")]
    found = [
        Problem(cells.line, username, column, problem)
        for column, value in cells.values.items()
        if (problem := _problem(column, value, cells.values))
    ]
    return (None, found) if found else (_row(cells.line, cells.values), [])


def _problem(column: str, value: str, cells: dict[str, str]) -> str | None:
    if not value:
        return "cell.empty" if column in REQUIRED else _missing(column, cells)
    if len(value) > LONGEST_CELL:
        return "cell.long"
    if has_control(value):
        return "cell.control"
    return CHECKS[column](value, cells)


def _missing(column: str, cells: dict[str, str]) -> str | None:
    return "status.reason" if column == "status_reason" and cells.get("status") == AccountStatus.SUSPENDED else None


def _tax_id_problem(text: str, cells: dict[str, str]) -> str | None:
    kind = cells.get("id_type") or EntityKind.UBN
    if kind not in list(EntityKind) or parse_entity(EntityKind(kind), text):
        return None
    if kind != EntityKind.UBN:
        return "entity.form"
    digits = fold_digits(text)
    cut = digits.isdigit() and len(digits) < LENGTH and parse_tax_id(digits.zfill(LENGTH))
    return "tax_id.zeros" if cut else "tax_id.form"


def _name_problem(text: str) -> str | None:
    return "cell.formula" if text.startswith(BEGINS_FORMULA) else person_name_problem(text)


def _company_name_problem(text: str) -> str | None:
    return "cell.formula" if text.startswith(BEGINS_FORMULA) else _raised(checked_name, text)


def _phone_problem(text: str) -> str | None:
    if parse_phone(text):
        return None
    return "phone.zero" if parse_phone(f"0{text}") else "phone.form"


def _raised(check: Callable[[str], object], text: str) -> str | None:
    try:
        check(text)
    except InvalidInput as refusal:
        return str(refusal.details["problem"])
    return None


def _one_of(words: tuple[str, ...], problem: str) -> Callable[[str, dict[str, str]], str | None]:
    return lambda text, _: None if text in words else problem


Check = Callable[[str, dict[str, str]], str | None]
CHECKS: dict[str, Check] = {
    "tax_id": _tax_id_problem,
    "username": lambda text, _: username_problem(text),
    "name": lambda text, _: _name_problem(text),
    "email": lambda text, _: None if canonical_email(text) else "email.form",
    "role": _one_of(tuple(Role), "role.unknown"),
    "id_type": _one_of(tuple(EntityKind), "id_type.unknown"),
    "company_name": lambda text, _: _company_name_problem(text),
    "phone": lambda text, _: _phone_problem(text),
    "status": lambda text, cells: _status_problem(text, cells),
    "status_reason": lambda text, _: _raised(checked_reason, text),
    "password_hash": lambda text, _: hash_problem(as_kept(text)),
    "service": lambda text, _: None,  # whether there is such a service is asked of the database
    "locale": _one_of(LOCALES, "locale.unknown"),
}


def _status_problem(text: str, cells: dict[str, str]) -> str | None:
    if text not in STATUSES:
        return "status.unknown"
    return "status.reason" if text == AccountStatus.SUSPENDED and "status_reason" not in cells else None


def _row(line: int, cells: dict[str, str]) -> Row:
    kind = EntityKind(cells.get("id_type") or EntityKind.UBN)
    status = cells.get("status") or AccountStatus.ACTIVE
    return Row(
        line=line,
        company=(kind.value, str(parse_entity(kind, cells["tax_id"]))),
        company_name=cells.get("company_name") or None,
        username=cells["username"],
        username_key=canonical_username(cells["username"]),
        name=cells["name"],
        email=str(canonical_email(cells["email"])),
        phone=parse_phone(cells.get("phone", "")),
        role=cells["role"],
        status=status,
        status_reason=cells.get("status_reason") if status == AccountStatus.SUSPENDED else None,
        password_hash=as_kept(cells["password_hash"]) if cells.get("password_hash") else None,
        service=cells.get("service") or None,
        locale=cells.get("locale") or LOCALES[0],
    )
