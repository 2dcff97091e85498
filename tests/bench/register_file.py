"""A file like the Ministry of Finance's, with as many invented rows as are asked for.

`python -m tests.bench.register_file 1700000 register.zip`; a file whose name ends so is a zip. The rows come in no
order, as in the real file; some are branches, and some names are there many times.
"""

import csv
import io
import random
import sys
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from idp.policies.registry import COLUMNS, MONTHS
from idp.policies.tax_id import WEIGHTS

CITIES = ("臺北市中正區重慶南路一段", "新北市板橋區文化路二段", "臺中市西屯區臺灣大道三段", "高雄市苓雅區四維三路")
SYLLABLES = "宏泰富昌盛永安興隆金華新光聯成信義和平東亞南洋北辰中原大同日月山海天地玄黃宇宙"
TRADES = ("科技", "實業", "貿易", "工程", "食品", "電子", "營造", "物流", "餐飲", "資訊")
FORMS = (
    ("有限公司", "有限公司"),
    ("股份有限公司", "股份有限公司"),
    ("企業社", "獨資"),
    ("商行", "獨資"),
    ("工廠", "合夥"),
)
DIGITS = "０１２３４５６７８９"
STEP = 7_368_787  # prime to 10**7, so that every number comes once, in no order


def closing(seven: int) -> str:
    """A tax ID that begins with these seven digits."""
    text = f"{seven:07d}"
    total = sum(sum(divmod(int(d) * w, 10)) for d, w in zip(text, WEIGHTS[:7], strict=True))
    return f"{text}{-total % 5}"


def number_in_register(place: int) -> str:
    """The tax ID in a row of the file, by its place."""
    return closing(1 + place * STEP % 9_999_999)


def rows(count: int, seed: int = 1) -> Iterator[list[str]]:
    """Invented rows, each with a number of its own; the same for the same seed."""
    luck = random.Random(seed)
    for n in range(count):
        number = number_in_register(n)
        form, organisation = FORMS[min(int(luck.expovariate(1.2)), 4)]
        trade = luck.choice(TRADES)
        name = "".join(luck.choices(SYLLABLES, k=luck.randint(2, 4))) + trade + form
        street = luck.choice(CITIES) + "".join(luck.choices(DIGITS, k=3)).lstrip("０") + "號"
        head = closing(1 + luck.randrange(9_999_999)) if luck.random() < 0.05 else ""
        set_up = f"{luck.randint(60, 115):03d}{luck.randint(1, 12):02d}{luck.randint(1, 28):02d}"
        capital = str(luck.randint(1, 5000) * 10_000)
        yield [street, number, head, name, capital, set_up, organisation, "Y", "464915", trade, "", "", "", "", "", ""]


def head_rows(day: date) -> list[list[str]]:
    """The names of the columns, and the row of the file's date."""
    return [list(COLUMNS), [f"{day.day:02d}-{MONTHS[day.month - 1]}-{day.year % 100:02d}", *[""] * 15]]


def write_register(path: Path, count: int, *, day: date = date(2026, 9, 29), seed: int = 1) -> None:
    """Write a file of that many rows, a zip where its name ends so."""
    if path.suffix == ".zip":
        with (
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
            archive.open("BGMOPEN1.csv", "w", force_zip64=True) as member,
            io.TextIOWrapper(member, encoding="utf-8", newline="") as file,
        ):
            _write(file, count, day, seed)
        return
    with path.open("w", encoding="utf-8-sig", newline="") as plain:
        _write(plain, count, day, seed)


def _write(file: io.TextIOBase, count: int, day: date, seed: int) -> None:
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerows(head_rows(day))
    writer.writerows(rows(count, seed))
    file.flush()


if __name__ == "__main__":
    write_register(Path(sys.argv[2]), int(sys.argv[1]))
    print(f"{sys.argv[2]}: {sys.argv[1]} rows")
