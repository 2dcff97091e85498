"""Files of the register that the tests write: whole ones, and ones with something wrong."""

import csv
import io
import zipfile
from datetime import date
from pathlib import Path

from tests.bench.register_file import head_rows, rows

DAY = date(2026, 9, 29)
NEXT_DAY = date(2026, 9, 30)


def unit(tax_id: str, name: str, *, address: str = "高雄市測試路１號", head: str = "") -> list[str]:
    """A row of the file."""
    return [address, tax_id, head, name, "1000000", "1040413", "有限公司", "Y", "464915", "貿易", *[""] * 6]


def many(count: int) -> list[list[str]]:
    """Invented rows in no order."""
    return list(rows(count))


def as_csv(units: list[list[str]], *, day: date = DAY) -> str:
    """A file's text."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([*head_rows(day), *units])
    return text.getvalue()


def written(path: Path, units: list[list[str]], *, day: date = DAY, encoding: str = "utf-8") -> Path:
    """Write a csv, or a zip with one in it, and give its path."""
    content = as_csv(units, day=day).encode(encoding)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("BGMOPEN1.csv", content)
    else:
        path.write_bytes(content)
    return path
