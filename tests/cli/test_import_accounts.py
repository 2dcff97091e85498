"""``idp import accounts``: what an operator is told, what is written, and that a killed import can be finished."""

import json
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from idp.cli.imports import REFUSALS
from idp.cli.words import PROBLEMS
from idp.services import account_import_check, account_import_rows
from tests.harness.command import Command
from tests.harness.processes import ROOT
from tests.policies.test_imported_hashes import BCRYPT

HEADER = "tax_id,company_name,username,name,email,role,password_hash"
GOOD = f"00000037,測試三號有限公司,ming{{n}},王小明,ming{{n}}@example.test,staff,{BCRYPT}"
BAD = "00000037,測試三號有限公司,x,=王,nobody,boss,secret"
MANY = 3000


def a_file(folder: Path, *rows: str) -> str:
    path = folder / "people.csv"
    path.write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
    return str(path)


def ask(database: Path, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(database, timeout=30)) as connection:
        return connection.execute(question).fetchall()


def accounts(database: Path, like: str) -> int:
    (found,) = ask(database, f"SELECT count(*) FROM accounts WHERE username LIKE '{like}'")[0]
    assert isinstance(found, int)
    return found


def test_a_dry_run_says_the_same_and_writes_nothing(idp: Command, database: Path, tmp_path: Path) -> None:
    file = a_file(tmp_path, GOOD.format(n=1), GOOD.format(n=2).replace(BCRYPT, ""))
    dry = idp("import", "accounts", file, "--dry-run", "--json")
    assert (dry["rows"], dry["new"], dry["already"], dry["with_problems"], dry["new_companies"]) == (2, 2, 0, 0, 1)
    assert (dry["with_password"], dry["without_password"], dry["written"]) == (1, 1, None)
    assert accounts(database, "ming%") == 0
    assert ask(database, "SELECT action FROM audit_log ORDER BY id DESC LIMIT 1") == [("operator:import:checked",)]
    wet = idp("import", "accounts", file, "--json", "--emails-confirmed", "--proof", "card", "--reason", "舊系統已驗證")
    assert wet["written"] == {"accounts": 2, "companies": 1, "passwords": 1, "invited": 1}
    assert {key: dry[key] for key in dry if key not in {"dry_run", "written"}} == {
        key: wet[key] for key in wet if key not in {"dry_run", "written"}
    }
    assert idp("company", "show", "--tax-id", "00000037", "--json")["proof"] == "card"
    assert idp("account", "show", "--username", "MING1", "--json")["role"] == "staff"
    again = idp("import", "accounts", file, "--each-row")
    assert re.search(r"^already +2$", again, re.MULTILINE)
    assert "line 2  ming1: already\nline 3  ming2: already\n" in again
    assert accounts(database, "ming%") == 2


def test_one_bad_row_leaves_all_unwritten_and_is_told_cell_by_cell(
    idp: Command, database: Path, tmp_path: Path
) -> None:
    file = a_file(tmp_path, GOOD.format(n=71), BAD, GOOD.format(n=72))
    status, shown, said = idp.attempt("import", "accounts", file)
    assert (status, said) == (1, "Error: Rows with problems: 1. Nothing was written.\n")
    for words in (
        "name: The cell begins as",
        "email: This is not one",
        "role: The role is",
        "password_hash: This is no",
    ):
        assert f"line 3  x  {words}" in shown
    assert accounts(database, "ming7%") == 0
    status, shown, said = idp.attempt("import", "accounts", file, "--json", "--dry-run", "--each-row")
    told = json.loads(shown)
    assert (status, said) == (1, "Error: Rows with problems: 1. Nothing would be written.\n")
    assert [p["column"] for p in told["problems"]] == ["username", "name", "email", "role", "password_hash"]
    assert "secret" not in shown
    assert [row["outcome"] for row in told["each_row"]] == ["new", "problem", "new"]
    status, shown, said = idp.attempt("import", "accounts", file, "--skip-bad", "--each-row")
    assert (status, said) == (1, "Error: Rows with problems, which were left out: 1. Accounts written: 2.\n")
    assert shown.index("line 2  ming71: new") < shown.index("line 3  x  username") < shown.index("line 4  ming72: new")
    assert accounts(database, "ming7%") == 2


def test_a_file_is_refused_with_the_name_of_its_column_and_what_to_do(idp: Command, tmp_path: Path) -> None:
    for header, words in (
        ("tax_id,username,name,email,role,passwd", "line 1: there is no such column as “passwd”"),
        ("tax_id,username,name,email", "line 1: the column “role” is missing"),
        ("tax_id,username,name,email,role,\x1b[2J", "no such column as “\N{REPLACEMENT CHARACTER}[2J”"),
    ):
        path = tmp_path / "people.csv"
        path.write_text(f"{header}\n", encoding="utf-8")
        status, shown, said = idp.attempt("import", "accounts", str(path))
        assert (status, shown) == (1, "")
        assert words in said
    path.write_bytes(f"{HEADER}\n{GOOD.format(n=9)}\n".encode("big5"))
    assert "CSV UTF-8" in idp.attempt("import", "accounts", str(path))[2]
    assert idp.attempt("import", "accounts", str(tmp_path))[0] == 2
    assert idp.attempt("import", "accounts", str(tmp_path / "none.csv"))[0] == 2
    status, _, said = idp.attempt("import", "accounts", str(path), "--proof", "card")
    assert (status, "--proof and --reason go together" in said) == (2, True)


def test_a_link_to_a_file_and_a_pipe_are_read_as_files_are(idp: Command, tmp_path: Path) -> None:
    link = tmp_path / "link.csv"
    link.symlink_to(a_file(tmp_path, GOOD.format(n=81)))
    assert idp("import", "accounts", str(link), "--dry-run", "--json")["new"] == 1
    assert "64 KiB" in idp.attempt("import", "accounts", "/dev/zero")[2]
    assert "it is empty" in idp.attempt("import", "accounts", "/dev/null")[2]


def test_an_import_killed_in_the_middle_is_finished_by_another(
    idp: Command, surroundings: dict[str, str], database: Path, tmp_path: Path
) -> None:
    file = a_file(
        tmp_path, *(GOOD.format(n=f"kill{n:04d}").replace(BCRYPT, BCRYPT if n % 2 else "") for n in range(MANY))
    )
    words = [sys.executable, "-m", "idp.cli", "import", "accounts", file]
    process = subprocess.Popen(words, env=surroundings, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not 0 < accounts(database, "mingkill%") < MANY:
        assert process.poll() is None, "it was done before it was killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait(30) == -signal.SIGKILL
    first = accounts(database, "mingkill%")
    assert 0 < first < MANY
    finished = idp("import", "accounts", file, "--json")
    assert (finished["already"], finished["written"]["accounts"]) == (first, MANY - first)
    assert accounts(database, "mingkill%") == MANY
    for whole in (
        "SELECT count(*) FROM passwords p JOIN accounts a ON a.id = p.account_id WHERE a.username LIKE 'mingkill%'",
        "SELECT count(*) FROM outbox WHERE recipient LIKE 'mingkill%'",
        "SELECT count(DISTINCT recipient) FROM outbox WHERE recipient LIKE 'mingkill%'",
        "SELECT count(*) FROM one_time_secrets WHERE purpose = 'first_password' AND address LIKE 'mingkill%'",
    ):
        assert ask(database, whole) == [(MANY // 2,)]
    told = "SELECT count(*) FROM audit_log JOIN accounts a ON a.id = account_id WHERE action = 'account:imported'"
    assert ask(database, f"{told} AND a.username LIKE 'mingkill%'") == [(MANY,)]
    assert BCRYPT not in str(ask(database, "SELECT details FROM audit_log WHERE action LIKE '%import%'"))


def test_a_link_to_choose_a_password_is_sent_again_but_to_none_who_has_one(idp: Command, tmp_path: Path) -> None:
    idp("import", "accounts", a_file(tmp_path, GOOD.format(n=91).replace(BCRYPT, ""), GOOD.format(n=92)))
    assert idp("account", "send-first-password", "--username", "ming91")["mail_to"] == "ming91@example.test"
    refused = idp.attempt("account", "send-first-password", "--username", "ming92")
    assert (refused[0], "has a password already" in refused[2]) == (1, True)
    for _ in range(4):
        idp("account", "send-first-password", "--username", "ming91")
    refused = idp.attempt("account", "send-first-password", "--username", "ming91")
    assert (refused[0], "too often" in refused[2]) == (1, True)


def test_everything_that_can_be_wrong_has_its_words() -> None:
    code = re.compile(r'"([a-z_]+\.[a-z_]+)"')
    read = [Path(module.__file__).read_text() for module in (account_import_rows, account_import_check)]
    assert {found for text in read for found in code.findall(text)} - PROBLEMS.keys() - {"rows.db"} == set()
    refusals = {found for text in read for found in re.findall(r'(?:ImportRefused|_refuse)\("([a-z_]+)"', text)}
    assert refusals == REFUSALS.keys()
