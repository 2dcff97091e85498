"""The Ministry of Finance's open-data file, read in a stream: 16 columns, zip or csv (domain.md 3.4)."""

import csv
import hashlib
import io
import re
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple

from idp.models.registry import LONGEST_FOLDED
from idp.policies.company_names import folded_name
from idp.policies.registry import COLUMNS, parse_file_date, parse_roc_date

EIGHT_DIGITS = re.compile(r"[0-9]{8}", re.ASCII)
CONTROL = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)])
LONGEST_CAPITAL = 15
# One row in a thousand may hold a number that is none; more, and it is another file.
MOST_SKIPPED_OF = 1000
SKIPPED_IN_ANY_CASE = 10
FIRST_LINE = 3
TOLD_EVERY = 20_000
SORT_MEMORY_KIB = 48_000


class FileRefused(Exception):
    """The file is not one to import.

    ``problem`` is one of columns, date, encoding, zip, numbers, empty, older, shorter; ``line`` says where.
    """

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(problem if line is None else f"{problem} (line {line})")
        self.problem = problem
        self.line = line


class Entry(NamedTuple):
    """A row of the file as it is kept."""

    tax_id: str
    name: str
    address: str
    head_office_tax_id: str | None
    organisation: str | None
    capital: int | None
    set_up_on: str | None


@dataclass(slots=True)
class Counted:
    """How many rows were taken, and how many left out because their number is none or was there before."""

    rows: int = 0
    skipped: int = 0


def file_digest(path: Path) -> str:
    """The SHA-256 of a file, by which an import broken off knows its file again."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_file_date(path: Path) -> date:
    """The date in the file's second row. Raises FileRefused where it does not begin as the ministry's file does."""
    with _lines(path) as lines:
        return _head(csv.reader(lines, strict=True))


def entries_of(path: Path, counted: Counted) -> Iterator[Entry]:
    """The entries of a file, counted as they come; of a number that is there twice, the first.

    Raises FileRefused: another number of columns (a file cut short), bytes that are no UTF-8, too many bad numbers.
    """
    seen = bytearray(10**8 // 8)
    with _lines(path) as lines:
        reader = csv.reader(lines, strict=True)
        _head(reader)
        for cells in _checked(reader):
            number = cells[1].strip()
            if not EIGHT_DIGITS.fullmatch(number) or not cells[3].strip() or _is_there(seen, int(number)):
                counted.skipped += 1
                continue
            counted.rows += 1
            yield _entry(number, cells)
    if counted.skipped > max(SKIPPED_IN_ANY_CASE, counted.rows // MOST_SKIPPED_OF):
        raise FileRefused("numbers")
    if not counted.rows:
        raise FileRefused("empty")


def _is_there(seen: bytearray, number: int) -> bool:
    place, bit = number >> 3, 1 << (number & 7)
    before = seen[place] & bit
    seen[place] |= bit
    return bool(before)


@contextmanager
def _lines(path: Path) -> Iterator[io.TextIOBase]:
    try:
        with _opened(path) as binary, io.TextIOWrapper(binary, encoding="utf-8-sig", newline="") as text:
            yield text
    except UnicodeDecodeError as error:
        raise FileRefused("encoding") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise FileRefused("zip") from error


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            yield file
        return
    with zipfile.ZipFile(path) as archive:
        members = [m for m in archive.infolist() if m.filename.lower().endswith(".csv")]
        if len(members) != 1:
            raise FileRefused("zip")
        with archive.open(members[0]) as member:
            yield member


def _head(reader: Iterator[list[str]]) -> date:
    try:
        first, second = next(reader), next(reader)
    except (StopIteration, csv.Error) as error:
        raise FileRefused("columns", 1) from error
    names = [cell.strip() for cell in first]
    # Some editions write 設立日期(民國), and repeat 行業代號 and 名稱 without a number.
    same = len(names) == len(COLUMNS) and all(
        a.startswith(b.rstrip("123")) for a, b in zip(names, COLUMNS, strict=True)
    )
    if not same:
        raise FileRefused("columns", 1)
    told = parse_file_date(second[0]) if second and not any(second[1:]) else None
    if told is None:
        raise FileRefused("date", 2)
    return told


def _checked(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    line = FIRST_LINE
    try:
        for cells in reader:
            if len(cells) != len(COLUMNS):
                raise FileRefused("columns", line)
            yield cells
            line += 1
    except csv.Error as error:
        raise FileRefused("columns", line) from error


def _entry(number: str, cells: list[str]) -> Entry:
    head = cells[2].strip()
    capital = cells[4].strip()
    set_up = parse_roc_date(cells[5])
    return Entry(
        number,
        _clean(cells[3]),
        _clean(cells[0]),
        head if EIGHT_DIGITS.fullmatch(head) else None,
        _clean(cells[6]) or None,
        int(capital) if capital.isdecimal() and len(capital) <= LONGEST_CAPITAL else None,
        set_up.isoformat() if set_up else None,
    )


def _clean(text: str) -> str:
    return (text if text.isprintable() else text.translate(CONTROL)).strip()


class SortedEntries:
    """The entries of one file in the order of numbers and of names: a scratch file that only this process sees.

    Rows that come in the order of their keys cost the register a fifth of what they cost in the file's own order.
    """

    def __init__(self, path: Path, told: Callable[[int], None]) -> None:
        self.counted = Counted()
        self._file = path
        self._told = told

    def __enter__(self) -> "SortedEntries":
        """Read the file. Raises FileRefused."""
        with tempfile.TemporaryDirectory(prefix="idp-register-") as folder:
            self._scratch = sqlite3.connect(Path(folder) / "sorted.db", isolation_level=None)
            self._scratch.execute("PRAGMA journal_mode=OFF")
            self._scratch.execute(
                "CREATE TABLE entries (tax_id, name, address, head, organisation, capital, set_up, folded)"
            )
        # The file has no name any more, so it is gone however this process ends.
        try:
            self._fill()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._scratch.close()

    def _fill(self) -> None:
        for pragma in ("synchronous=OFF", "temp_store=FILE", f"cache_size=-{SORT_MEMORY_KIB}"):
            self._scratch.execute(f"PRAGMA {pragma}")
        self._scratch.execute("BEGIN")
        self._scratch.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)", self._with_folded_names())
        self._scratch.execute("COMMIT")
        self._told(self.counted.rows)

    def _with_folded_names(self) -> Iterator[tuple[str | int | None, ...]]:
        for entry in entries_of(self._file, self.counted):
            if self.counted.rows % TOLD_EVERY == 0:
                self._told(self.counted.rows)
            yield (*entry, folded_name(entry.name)[:LONGEST_FOLDED])

    def by_number(self, after: str) -> Iterator[tuple[str, ...]]:
        """The entries whose number is greater, in order."""
        return iter(
            self._scratch.execute(
                "SELECT tax_id, name, address, head, organisation, capital, set_up FROM entries"
                " WHERE tax_id > ? ORDER BY tax_id",
                (after,),
            )
        )

    def by_name(self, after: tuple[str, str]) -> Iterator[tuple[str, ...]]:
        """Folded names with their numbers, greater than these two, in the order of their bytes."""
        return iter(
            self._scratch.execute(
                "SELECT folded, tax_id FROM entries WHERE (folded, tax_id) > (?, ?) ORDER BY folded, tax_id", after
            )
        )


def batches(rows: Iterator[tuple[str, ...]], size: int) -> Iterator[list[tuple[str, ...]]]:
    """Lists of that many rows; the last may be shorter."""
    while batch := list(islice(rows, size)):
        yield batch
