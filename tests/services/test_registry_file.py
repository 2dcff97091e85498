"""Which files are taken for the register of the Ministry of Finance, and which are refused."""

import zipfile
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from idp.db import session, table_of
from idp.models import RegisterEntry, RegisterImport
from idp.policies.registry import Finding, ImportState
from idp.policies.tax_id import TaxId
from idp.services.registry import look_up
from idp.services.registry_file import FileRefused
from idp.services.registry_import import import_register
from tests.services.people import audit_rows
from tests.services.register_files import NEXT_DAY, as_csv, many, unit, written

ONE, TWO = TaxId("00000016"), TaxId("00000022")


@pytest.mark.parametrize(
    ("content", "problem", "line"),
    [
        (b"", "columns", 1),
        ("統一編號,名稱\n".encode(), "columns", 1),
        (b"a,b\r\n1,2\r\n", "columns", 1),
        (as_csv([]).encode(), "empty", None),
        (as_csv([]).encode() + b'"', "columns", 3),
        (as_csv([]).replace("29-SEP-26", "昨天").encode(), "date", 2),
        (as_csv([unit(ONE, "測試一號"), ["短", TWO]]).encode(), "columns", 4),
        (as_csv([unit(ONE, "測試一號")]).encode("big5", "replace"), "encoding", None),
        (as_csv([unit(ONE, "測試一號")]).encode()[:-25] + b"\xe6", "encoding", None),
        (as_csv([unit(ONE, '測試"一號')]).encode()[:-30], "columns", 3),
        (as_csv([unit("0", "無")] * 11 + [unit(ONE, "測試一號")]).encode(), "numbers", None),
        (b"\xff\xfe\x00\x01" * 100, "encoding", None),
    ],
    ids=[
        "none", "no table", "header", "empty", "quote", "date", "row", "big5", "cut in a character", "cut in a row",
        "numbers", "bytes",
    ],
)  # fmt: skip
def test_what_is_not_the_ministrys_file_is_refused_and_the_register_stays(
    database: Flask, tmp_path: Path, content: bytes, problem: str, line: int | None
) -> None:
    import_register(written(tmp_path / "good.csv", [unit(ONE, "測試一號")]))
    bad = tmp_path / "bad.csv"
    bad.write_bytes(content)
    with pytest.raises(FileRefused) as refusal:
        import_register(bad)
    assert (refusal.value.problem, refusal.value.line) == (problem, line)
    assert look_up(ONE).name == "測試一號"
    assert session.scalar(select(func.count()).select_from(table_of(RegisterEntry))) == 1
    assert set(session.scalars(select(RegisterImport.state))) <= {ImportState.SERVING, ImportState.REFUSED}
    assert (audit_rows()[-1].action, audit_rows()[-1].outcome) == ("registry:import:refused", "refused")


def test_a_damaged_zip_is_refused(database: Flask, tmp_path: Path) -> None:
    whole = written(tmp_path / "r.zip", many(3000)).read_bytes()
    damaged = {"cut.zip": whole[: len(whole) // 2], "bad.zip": whole[:5000] + b"\0" * 500 + whole[5500:]}
    for name, content in damaged.items():
        file = tmp_path / name
        file.write_bytes(content)
        with pytest.raises(FileRefused):
            import_register(file)
    assert look_up(ONE).finding is Finding.NOT_FOUND


def test_a_zip_with_another_number_of_files_is_refused(database: Flask, tmp_path: Path) -> None:
    file = tmp_path / "r.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("one.csv", as_csv([unit(ONE, "測試一號")]))
        archive.writestr("two.csv", as_csv([unit(TWO, "測試二號")]))
    with pytest.raises(FileRefused) as refusal:
        import_register(file)
    assert refusal.value.problem == "zip"


def test_an_older_or_far_shorter_file_is_taken_only_when_told_so(database: Flask, tmp_path: Path) -> None:
    import_register(written(tmp_path / "now.csv", [unit(ONE, "測試一號"), *many(200)], day=NEXT_DAY))
    older = written(tmp_path / "older.csv", [unit(ONE, "舊名"), *many(200)])
    shorter = written(tmp_path / "shorter.csv", [unit(ONE, "短的"), *many(190)], day=NEXT_DAY)
    serving: str | None = "測試一號"
    for file, problem in ((older, "older"), (shorter, "shorter")):
        with pytest.raises(FileRefused) as refusal:
            import_register(file)
        assert refusal.value.problem == problem
        assert look_up(ONE).name == serving
        import_register(file, anyway=True)
        serving = look_up(ONE).name
    assert serving == "短的"
