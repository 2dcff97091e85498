"""An operator imports the register, looks into it, and gives a word for a company."""

import csv
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.bench.register_file import head_rows, write_register
from tests.harness.command import Command
from tests.harness.processes import ROOT

SAMPLE = str(ROOT / "data" / "companies_sample.csv")


@pytest.fixture(scope="module")
def imported(idp: Command) -> Any:
    """The sample is the register."""
    return idp("registry", "import", SAMPLE)


def refused(idp: Command, *arguments: str) -> str:
    status, shown, said = idp.attempt(*arguments)
    assert (status, shown) == (1, "")
    assert "Traceback" not in said
    return said


def test_the_sample_is_imported(imported: Any, idp: Command) -> None:
    assert (imported["rows"], imported["file_date"], imported["unchanged"]) == (200, "2026-11-02", False)
    again = idp("registry", "import", SAMPLE)
    assert again == {**imported, "unchanged": True}


def test_a_number_is_shown_as_the_register_has_it(imported: Any, idp: Command) -> None:
    shown = idp("registry", "show", "００００００１６", "--json")
    assert (shown["finding"], shown["name"], shown["source"]) == ("found", "測試一號有限公司", "tax_register")
    assert (shown["status"], shown["as_of"]) == ("operating", "2026-11-02")
    assert "測試二號有限公司" in idp("registry", "show", "00000022")
    assert idp("registry", "show", "04595257", "--json")["finding"] == "not_found"
    assert "not a tax ID" in refused(idp, "registry", "show", "12345678")


def test_the_status_tells_what_serves(imported: Any, idp: Command) -> None:
    told = idp("registry", "status", "--json")
    assert (told["serving_import"], told["serving_file"]) == (imported["import_id"], "companies_sample.csv")
    assert (told["serving_rows"], told["serving_phase"], told["serving_broken_off"]) == (200, "done", False)
    assert told["working_import"] is None
    assert "2026-11-02" in idp("registry", "status")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "16 columns"),
        ("a,b\n1,2\n", "16 columns"),
        ("date", "29-SEP-26"),
        ("short", "line 3"),
        ("older", "--anyway"),
        ("shorter", "--anyway"),
    ],
)
def test_a_wrong_file_gets_a_sentence(imported: Any, idp: Command, tmp_path: Path, content: str, told: str) -> None:
    head, dated = head_rows(date(2026, 11, 3))
    unit = ["高雄市", "00000016", "", "測試一號有限公司", "1", "1040413", "有限公司", "Y", *[""] * 8]
    files = {
        "date": [head, ["昨天", *dated[1:]], unit],
        "short": [head, dated, unit[:-1]],
        "older": [head, head_rows(date(2026, 11, 1))[1], unit],
        "shorter": [head, dated, unit],
    }
    text = io.StringIO()
    csv.writer(text).writerows(files.get(content, []))
    file = tmp_path / "register.csv"
    file.write_text(text.getvalue() or content, encoding="utf-8")
    assert told in refused(idp, "registry", "import", str(file))
    assert idp("registry", "show", "00000016", "--json")["as_of"] == "2026-11-02"


def test_a_file_that_is_not_there_is_wrong_use(idp: Command, tmp_path: Path) -> None:
    assert idp.attempt("registry", "import", str(tmp_path / "nowhere.zip"))[0] == 2


def test_progress_is_told_beside_the_answer(imported: Any, idp: Command, tmp_path: Path) -> None:
    file = tmp_path / "BGMOPEN1.zip"
    write_register(file, 25_000, day=date(2026, 11, 4))
    status, shown, said = idp.attempt("registry", "import", str(file), "--progress")
    assert status == 0
    assert json.loads(shown)["rows"] == 25_000
    phases = [line.split(":")[0] for line in said.splitlines()]
    assert list(dict.fromkeys(phases)) == ["reading", "entries", "names", "companies", "clearing"]
    assert " of 25,000" in said
    idp("registry", "import", SAMPLE, "--anyway")


def test_an_operators_word_proves_a_company(idp: Command) -> None:
    idp("company", "add", "--tax-id", "00000043", "--name", "測試四號有限公司")
    words = ("company", "prove", "--tax-id", "00000043", "--proof", "document")
    assert idp.attempt(*words)[0] == 2
    assert "reason" in refused(idp, *words, "--reason", " ")
    proven = idp(*words, "--reason", "已核對登記表")
    assert (proven["proof"], proven["status"]) == ("document", "active")
    assert proven["verified_at"]
    assert idp.attempt("company", "prove", "--tax-id", "00000043", "--proof", "none", "--reason", "x")[0] == 2
    assert "no such company" in refused(
        idp, "company", "prove", "--tax-id", "00000037", "--proof", "card", "--reason", "x"
    )
