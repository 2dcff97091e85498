"""The register is imported beside the one that serves: whole or not at all, from where it was broken off."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from flask import Flask
from sqlalchemy import func, select

from idp.db import session, table_of, transaction
from idp.models import RegisterEntry, RegisterImport, RegisterName
from idp.policies.registry import ImportPhase, ImportState
from idp.policies.tax_id import TaxId
from idp.services.audit import record
from idp.services.companies import add_company
from idp.services.registry import look_up, search_by_name
from idp.services.registry_import import import_register
from idp.services.registry_steps import ImportTakenOver
from tests.harness.processes import ROOT, wait_until
from tests.services.people import actions, audit_rows
from tests.services.register_files import NEXT_DAY, many, unit, written

pytestmark = pytest.mark.both_databases

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
        ImportPhase.READING: {"舊名"},
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
    units = [unit(ONE, "舊名"), unit(TWO, "測試二號"), *many(4_500)]
    import_register(written(tmp_path / "old.csv", units))
    with transaction():
        add_company(tax_id=TWO, name="測試二號")
    file = written(tmp_path / "new.csv", [unit(ONE, "新名"), *many(4_500)], day=NEXT_DAY)
    with pytest.raises(BrokenOff):
        import_register(file, progress=broken_off_in(phase, at=1))
    session.rollback()
    unfinished = imports()[-1]
    assert name_of(ONE) == ("舊名" if phase in BEFORE_IT_SERVES else "新名")
    again: list[tuple[ImportPhase, int]] = []
    done = import_register(file, progress=lambda phase, done, _of: again.append((phase, done)))
    assert (done.import_id, done.resumed, done.unchanged) == (unfinished.id, True, False)
    assert (done.rows, done.closed) == (4_501, 1)
    assert name_of(ONE) == "新名"
    assert kept_rows() == (4_501, 4_501)
    if phase in {ImportPhase.ENTRIES, ImportPhase.NAMES}:
        assert unfinished.done == 2000
        assert min(done for at, done in again if at is phase) == 4000
    assert actions().count("company:closed") == 1


def test_a_killed_process_is_followed_by_one_that_goes_on(database: Flask, tmp_path: Path) -> None:
    import_register(written(tmp_path / "old.csv", [unit(ONE, "舊名")]))
    file = written(tmp_path / "new.zip", [unit(ONE, "新名"), *many(12_000)], day=NEXT_DAY)
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
    assert (done.import_id, done.resumed, done.rows) == (unfinished.id, True, 12_001)
    assert name_of(ONE) == "新名"
    assert kept_rows() == (12_001, 12_001)


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
    assert waits[len(waits) // 2] < 0.3
    assert waits[-1] < 3


def test_an_import_of_many_rows_holds_only_some_of_them_in_memory(database: Flask, tmp_path: Path) -> None:
    file = written(tmp_path / "r.csv", many(30_000))
    import_register(written(tmp_path / "small.csv", [unit(ONE, "測試一號")]))
    before = psutil.Process().memory_info().rss
    import_register(file)
    assert psutil.Process().memory_info().rss - before < 100 * 1024 * 1024


def test_an_import_waits_while_somebody_writes_for_long(database: Flask, tmp_path: Path) -> None:
    begun = threading.Event()

    def write() -> None:
        with database.app_context(), transaction():
            record("tests:writer:wrote")
            begun.set()
            time.sleep(4)

    writer = threading.Thread(target=write)
    writer.start()
    begun.wait()
    assert import_register(written(tmp_path / "r.csv", [unit(ONE, "測試一號")])).rows == 1
    writer.join()


@contextmanager
def no_statistics(address: str) -> Iterator[None]:
    """While this lasts nobody gathers statistics of the register in PostgreSQL; SQLite has none."""
    if address.startswith("sqlite"):
        yield
        return
    with psycopg.connect(address.replace("+psycopg", "")) as connection:
        connection.execute("LOCK TABLE register_names IN SHARE UPDATE EXCLUSIVE MODE")
        yield


def test_an_import_does_without_statistics_that_cannot_be_gathered(database: Flask, tmp_path: Path) -> None:
    with no_statistics(database.config["IDP"].database_url):
        import_register(written(tmp_path / "r.csv", [unit(ONE, "測試一號")]))
    assert name_of(ONE) == "測試一號"
