"""The register is imported beside the one that serves: whole or not at all, from where it was broken off."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from flask import Flask
from sqlalchemy import func, select

from idp.db import now, session, table_of, transaction
from idp.models import Company, RegisterEntry, RegisterImport, RegisterName
from idp.policies.registry import Finding, ImportPhase, ImportState
from idp.policies.standing import CompanyStatus
from idp.policies.tax_id import TaxId
from idp.services.acting import acting_account
from idp.services.audit import record
from idp.services.companies import add_company, suspend_company
from idp.services.registry import look_up, search_by_name
from idp.services.registry_file import FileRefused
from idp.services.registry_import import ImportTakenOver, import_register
from tests.harness.processes import ROOT, wait_until
from tests.services.people import a_client, actions, audit_rows, person, signed_in, what_is_open
from tests.services.register_files import NEXT_DAY, as_csv, many, unit, written

ONE, TWO, THREE = TaxId("00000016"), TaxId("00000022"), TaxId("00000037")
BEFORE_IT_SERVES = (ImportPhase.READING, ImportPhase.ENTRIES, ImportPhase.NAMES)


class BrokenOff(BaseException):
    """What ends an import in the middle, as a signal does."""


def name_of(tax_id: TaxId) -> str | None:
    found = look_up(tax_id).name
    session.commit()
    return found


def imports() -> list[RegisterImport]:
    session.expire_all()
    found = list(session.scalars(select(RegisterImport).order_by(RegisterImport.id)))
    session.commit()
    return found


def kept_rows() -> tuple[int, int]:
    """How many rows there are of all generations: entries, names."""
    counts = [session.scalar(select(func.count()).select_from(table_of(t))) or 0 for t in (RegisterEntry, RegisterName)]
    session.commit()
    return counts[0], counts[1]


def broken_off_in(phase: ImportPhase, *, at: int = 0) -> Callable[[ImportPhase, int, int | None], None]:
    def progress(now_in: ImportPhase, done: int, _of: int | None) -> None:
        if now_in is phase and done >= at:
            raise BrokenOff

    return progress


def test_a_file_becomes_the_register(database: Flask, tmp_path: Path) -> None:
    branch = unit("00000011", "測試一號有限公司高雄分公司", head=ONE)
    done = import_register(written(tmp_path / "r.csv", [unit(TWO, "測試二號"), unit(ONE, "測試一號"), branch]))
    assert (done.rows, done.skipped, done.file_date, done.resumed, done.unchanged) == (3, 0, "2026-09-29", False, False)
    assert (name_of(ONE), name_of(TWO)) == ("測試一號", "測試二號")
    assert look_up(TaxId("00000011")).head_office_tax_id == ONE
    assert (look_up(ONE).capital, look_up(ONE).set_up_on) == (1000000, "2015-04-13")
    assert actions() == ["registry:import:started", "registry:import:serving"]


@pytest.mark.parametrize(("file", "encoding"), [("r.csv", "utf-8-sig"), ("r.zip", "utf-8"), ("r.zip", "utf-8-sig")])
def test_a_zip_and_a_byte_order_mark_make_no_difference(
    database: Flask, tmp_path: Path, file: str, encoding: str
) -> None:
    import_register(written(tmp_path / file, [unit(ONE, "測試一號")], encoding=encoding))
    assert name_of(ONE) == "測試一號"


def test_rows_without_a_number_or_of_a_number_again_are_left_out(database: Flask, tmp_path: Path) -> None:
    odd = [
        unit("1234567", "短"),
        unit(ONE, "測試一號"),
        unit(ONE, "又一次"),
        unit(TWO, " "),
        unit("１２３４５６７５", "全"),
    ]
    done = import_register(written(tmp_path / "r.csv", odd))
    assert (done.rows, done.skipped) == (1, 4)
    assert name_of(ONE) == "測試一號"


def test_the_rows_are_all_there_in_both_orders_whatever_the_order_of_the_file(database: Flask, tmp_path: Path) -> None:
    units = many(4501)
    import_register(written(tmp_path / "r.zip", units))
    assert kept_rows() == (4501, 4501)
    for row in (units[0], units[2250], units[-1]):
        assert name_of(TaxId(row[1])) == row[3]
        assert row[1] in [found.tax_id for found in search_by_name(row[3])]


def test_the_same_file_again_changes_nothing(database: Flask, tmp_path: Path) -> None:
    file = written(tmp_path / "r.csv", [unit(ONE, "測試一號")])
    import_register(file)
    before = audit_rows()
    again = import_register(file)
    assert again.unchanged
    assert len(imports()) == 1
    assert audit_rows() == before


def test_the_old_register_serves_until_the_new_one_is_whole(database: Flask, tmp_path: Path) -> None:
    import_register(written(tmp_path / "old.csv", [unit(ONE, "舊名"), *many(2500)]))
    seen: dict[ImportPhase, set[str | None]] = {}

    def look(phase: ImportPhase, _done: int, _of: int | None) -> None:
        seen.setdefault(phase, set()).add(name_of(ONE))

    with transaction():
        add_company(tax_id=TWO, name="測試二號")
    import_register(written(tmp_path / "new.csv", [unit(ONE, "新名"), *many(2500)], day=NEXT_DAY), progress=look)
    assert seen == {
        ImportPhase.ENTRIES: {"舊名"},
        ImportPhase.NAMES: {"舊名"},
        ImportPhase.COMPANIES: {"新名"},
        ImportPhase.CLEARING: {"新名"},
    }
    assert kept_rows() == (2501, 2501)
    assert [(i.state, i.phase) for i in imports()] == [
        (ImportState.REPLACED, ImportPhase.DONE),
        (ImportState.SERVING, ImportPhase.DONE),
    ]
    assert search_by_name("舊名") == []


def test_whoever_looks_while_it_switches_finds_the_company(database: Flask, tmp_path: Path) -> None:
    import_register(written(tmp_path / "old.csv", [unit(ONE, "舊名"), *many(1000)]))
    names: list[str | None] = []
    over = threading.Event()

    def look() -> None:
        with database.app_context():
            while not over.is_set():
                names.append(name_of(ONE))

    reader = threading.Thread(target=look)
    reader.start()
    try:
        import_register(written(tmp_path / "new.csv", [unit(ONE, "新名"), *many(1000)], day=NEXT_DAY))
    finally:
        over.set()
        reader.join()
    switched = names.index("新名") if "新名" in names else len(names)
    assert set(names[:switched]) <= {"舊名"}
    assert set(names[switched:]) <= {"新名"}
    assert name_of(ONE) == "新名"


@pytest.mark.parametrize("phase", list(ImportPhase)[:-1])
def test_an_import_broken_off_goes_on_where_it_stood(database: Flask, tmp_path: Path, phase: ImportPhase) -> None:
    units = [unit(ONE, "舊名"), unit(TWO, "測試二號"), *many(8_500)]
    import_register(written(tmp_path / "old.csv", units))
    with transaction():
        add_company(tax_id=TWO, name="測試二號")
    file = written(tmp_path / "new.csv", [unit(ONE, "新名"), *many(8_500)], day=NEXT_DAY)
    with pytest.raises(BrokenOff):
        import_register(file, progress=broken_off_in(phase, at=1))
    session.rollback()
    unfinished = imports()[-1]
    assert name_of(ONE) == ("舊名" if phase in BEFORE_IT_SERVES else "新名")
    again: list[tuple[ImportPhase, int]] = []
    done = import_register(file, progress=lambda phase, done, _of: again.append((phase, done)))
    assert (done.import_id, done.resumed, done.unchanged) == (unfinished.id, True, False)
    assert (done.rows, done.closed) == (8_501, 1)
    assert name_of(ONE) == "新名"
    assert kept_rows() == (8_501, 8_501)
    if phase in {ImportPhase.ENTRIES, ImportPhase.NAMES}:
        assert unfinished.done == 2000
        assert min(done for at, done in again if at is phase) == 4000
    assert actions().count("company:closed") == 1


def test_a_killed_process_is_followed_by_one_that_goes_on(database: Flask, tmp_path: Path) -> None:
    import_register(written(tmp_path / "old.csv", [unit(ONE, "舊名")]))
    file = written(tmp_path / "new.zip", [unit(ONE, "新名"), *many(30_000)], day=NEXT_DAY)
    chosen = database.config["IDP"]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "IDP_MODE": "test",
        "IDP_ISSUER": chosen.issuer,
        "IDP_DATABASE_URL": chosen.database_url,
        "IDP_SECRET_KEY": chosen.secret_key.get_secret_value(),
        "IDP_MASTER_KEY": chosen.master_key.get_secret_value(),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "idp.cli", "registry", "import", str(file)], env=environment, cwd=tmp_path
    )
    try:
        wait_until("rows are being written", lambda: imports()[-1].done > 0, seconds=60, pause=0.002)
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    unfinished = imports()[-1]
    assert (unfinished.state, name_of(ONE)) == (ImportState.WORKING, "舊名")
    done = import_register(file)
    assert (done.import_id, done.resumed, done.rows) == (unfinished.id, True, 30_001)
    assert name_of(ONE) == "新名"
    assert kept_rows() == (30_001, 30_001)


def test_another_file_takes_over_from_one_under_way_which_stops(database: Flask, tmp_path: Path) -> None:
    first = written(tmp_path / "first.csv", [unit(ONE, "第一"), *many(4500)])
    second = written(tmp_path / "second.csv", [unit(ONE, "第二"), *many(4500)], day=NEXT_DAY)
    begun: list[int] = []

    def interrupt(phase: ImportPhase, _done: int, _of: int | None) -> None:
        if phase is ImportPhase.NAMES and not begun:
            begun.append(1)
            import_register(second)

    with pytest.raises(ImportTakenOver):
        import_register(first, progress=interrupt)
    assert name_of(ONE) == "第二"
    assert kept_rows() == (4501, 4501)
    assert [i.state for i in imports()] == [ImportState.ABANDONED, ImportState.SERVING]


def test_two_processes_with_one_file_write_each_row_once(database: Flask, tmp_path: Path) -> None:
    file = written(tmp_path / "r.csv", many(20_000))
    gate = threading.Barrier(2)
    ends: list[Any] = []

    def work() -> None:
        with database.app_context():
            gate.wait()
            try:
                ends.append(import_register(file).rows)
            except ImportTakenOver:
                ends.append("stopped")

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 20_000 in ends or ends == ["stopped", "stopped"]
    import_register(file)
    assert kept_rows() == (20_000, 20_000)
    assert [i.state for i in imports() if i.state is ImportState.SERVING] == [ImportState.SERVING]


def test_a_writer_elsewhere_hardly_waits_for_an_import(database: Flask, tmp_path: Path) -> None:
    file = written(tmp_path / "r.csv", many(30_000))
    waits: list[float] = []
    over = threading.Event()

    def write() -> None:
        with database.app_context():
            while not over.is_set():
                began = time.monotonic()
                with transaction():
                    record("tests:writer:wrote")
                waits.append(time.monotonic() - began)
                time.sleep(0.005)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        import_register(file)
    finally:
        over.set()
        writer.join()
    waits.sort()
    assert len(waits) > 20
    assert waits[len(waits) // 2] < 0.15
    assert waits[-1] < 1.5


def test_an_import_of_many_rows_holds_only_some_of_them_in_memory(database: Flask, tmp_path: Path) -> None:
    file = written(tmp_path / "r.csv", many(30_000))
    import_register(written(tmp_path / "small.csv", [unit(ONE, "測試一號")]))
    before = psutil.Process().memory_info().rss
    import_register(file)
    assert psutil.Process().memory_info().rss - before < 100 * 1024 * 1024


@pytest.mark.parametrize(
    ("content", "problem", "line"),
    [
        (b"", "columns", 1),
        ("統一編號,名稱\n".encode(), "columns", 1),
        (as_csv([]).encode(), "empty", None),
        (as_csv([]).replace("29-SEP-26", "昨天").encode(), "date", 2),
        (as_csv([unit(ONE, "測試一號"), ["短", TWO]]).encode(), "columns", 4),
        (as_csv([unit(ONE, "測試一號")]).encode("big5", "replace"), "encoding", None),
        (as_csv([unit(ONE, "測試一號")]).encode()[:-25] + b"\xe6", "encoding", None),
        (as_csv([unit(ONE, '測試"一號')]).encode()[:-30], "columns", 3),
        (as_csv([unit("0", "無")] * 11 + [unit(ONE, "測試一號")]).encode(), "numbers", None),
        (b"\xff\xfe\x00\x01" * 100, "encoding", None),
    ],
    ids=["none", "header", "empty", "date", "row", "big5", "cut in a character", "cut in a row", "numbers", "bytes"],
)
def test_what_is_not_the_ministrys_file_is_refused_and_the_register_stays(
    database: Flask, tmp_path: Path, content: bytes, problem: str, line: int | None
) -> None:
    import_register(written(tmp_path / "good.csv", [unit(ONE, "測試一號")]))
    bad = tmp_path / "bad.csv"
    bad.write_bytes(content)
    with pytest.raises(FileRefused) as refusal:
        import_register(bad)
    assert (refusal.value.problem, refusal.value.line) == (problem, line)
    assert name_of(ONE) == "測試一號"
    assert kept_rows() == (1, 1)
    assert {i.state for i in imports()} <= {ImportState.SERVING, ImportState.REFUSED}
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


def test_an_older_or_far_shorter_file_is_taken_only_when_told_so(database: Flask, tmp_path: Path) -> None:
    import_register(written(tmp_path / "now.csv", [unit(ONE, "測試一號"), *many(200)], day=NEXT_DAY))
    older = written(tmp_path / "older.csv", [unit(ONE, "舊名"), *many(200)])
    shorter = written(tmp_path / "shorter.csv", [unit(ONE, "短的"), *many(190)], day=NEXT_DAY)
    serving: str | None = "測試一號"
    for file, problem in ((older, "older"), (shorter, "shorter")):
        with pytest.raises(FileRefused) as refusal:
            import_register(file)
        assert refusal.value.problem == problem
        assert name_of(ONE) == serving
        import_register(file, anyway=True)
        serving = name_of(ONE)
    assert serving == "短的"


def test_a_company_gone_from_the_register_is_closed_and_its_people_are_told_at_the_next_call(
    database: Flask, tmp_path: Path
) -> None:
    rest = many(150)
    with transaction():
        gone, stays = add_company(tax_id=ONE, name="測試一號"), add_company(tax_id=TWO, name="測試二號")
        never = add_company(tax_id=THREE, name="測試福利委員會")
    ming, hua, client = person(gone), person(stays), a_client()
    signed_in(ming, client)
    signed_in(hua, client)
    first = import_register(written(tmp_path / "1.csv", [unit(ONE, "測試一號"), unit(TWO, "測試二號"), *rest]))
    assert (first.closed, first.to_recheck) == (0, 0)
    second = import_register(written(tmp_path / "2.csv", [unit(TWO, "測試二號"), *rest], day=NEXT_DAY))
    assert (second.closed, second.to_recheck) == (1, 0)
    session.expire_all()
    assert [c.status.value for c in (gone, stays, never)] == ["closed", "active", "active"]
    seats = [acting_account(account.id) for account in (ming, hua)]
    assert [seat.is_able for seat in seats if seat] == [False, True]
    assert what_is_open(ming) == []
    assert "Token" in what_is_open(hua)
    told = next(row for row in audit_rows() if row.action == "company:closed")
    assert (told.company_id, told.details) == (gone.id, {"because": "register", "import_id": second.import_id})


def test_a_renamed_company_is_for_operators_to_see_and_goes_on_working(database: Flask, tmp_path: Path) -> None:
    with transaction():
        company = add_company(tax_id=ONE, name="測試一號有限公司")
        same = add_company(tax_id=TWO, name="台灣測試有限公司")
    ming = person(company)
    done = import_register(written(tmp_path / "1.csv", [unit(ONE, "改名有限公司"), unit(TWO, "臺灣測試有限公司")]))
    assert (done.closed, done.to_recheck) == (0, 1)
    session.expire_all()
    assert (company.status, same.status) == (CompanyStatus.NEEDS_RECHECK, CompanyStatus.ACTIVE)
    seat = acting_account(ming.id)
    assert seat is not None
    assert seat.is_able
    assert audit_rows()[-1].details["register_name"] == "改名有限公司"


def test_what_an_operator_has_accepted_is_not_asked_again(database: Flask, tmp_path: Path) -> None:
    with transaction():
        company = add_company(tax_id=ONE, name="測試一號有限公司")
    import_register(written(tmp_path / "1.csv", [unit(ONE, "改名有限公司")]))
    session.expire_all()
    with transaction():
        company.status = CompanyStatus.ACTIVE
    import_register(written(tmp_path / "2.csv", [unit(ONE, "改名有限公司"), unit(TWO, "新的")], day=NEXT_DAY))
    session.expire_all()
    assert company.status is CompanyStatus.ACTIVE


def test_a_suspended_company_that_is_gone_is_closed_too(database: Flask, tmp_path: Path) -> None:
    with transaction():
        company = add_company(tax_id=ONE, name="測試一號")
    import_register(written(tmp_path / "1.csv", [unit(ONE, "測試一號"), *many(100)]))
    with transaction():
        suspend_company(company, "查核中")
    import_register(written(tmp_path / "2.csv", many(100), day=NEXT_DAY))
    session.expire_all()
    assert company.status is CompanyStatus.CLOSED


def test_many_companies_are_held_against_the_register(database: Flask, tmp_path: Path) -> None:
    units = many(5000)
    with transaction():
        for row in units[:1100]:
            session.add(a_company(row[1], row[3]))
    import_register(written(tmp_path / "1.csv", units))
    done = import_register(written(tmp_path / "2.csv", units[60:], day=NEXT_DAY))
    assert (done.closed, done.to_recheck) == (60, 0)
    assert actions().count("company:closed") == 60


def a_company(tax_id: str, name: str) -> Company:
    return Company(id=f"co_{tax_id}", tax_id=tax_id, name=name, created_at=now(), updated_at=now())
