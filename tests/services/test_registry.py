"""Looking into the register: by number, by name, and what the source over the network has answered."""

import threading
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from idp.config import use_settings
from idp.db import now, session, transaction
from idp.models import RegisterLookup
from idp.policies.registry import Finding, LookupState, RegisterStatus, Source
from idp.policies.tax_id import TaxId
from idp.services.audit import record
from idp.services.gcis import WAIT_SECONDS, answer_wanted, ask
from idp.services.registry import Look, look_up, look_up_soon, register_state, search_by_name
from idp.services.registry_import import import_register
from tests.harness.processes import ROOT
from tests.services.gcis_server import BRANCH, COMPANY, EXISTS, Gcis, company, three_rows
from tests.services.register_files import unit, written

SAMPLE = ROOT / "data" / "companies_sample.csv"
ONE, TWO, THREE, BRANCH_OF_ONE = TaxId("00000016"), TaxId("00000022"), TaxId("00000037"), TaxId("00000011")


@pytest.fixture
def gcis(database: Flask) -> Iterator[Gcis]:
    """The network source is on, and is this server."""
    server = Gcis()
    use_settings(database.config["IDP"].model_copy(update={"gcis_url": server.address}))
    yield server
    server.end()


def asked_for(tax_id: TaxId) -> Look:
    """What is known once the worker has asked."""
    with transaction():
        look_up_soon(tax_id)
    answer_wanted()
    return look_up(tax_id)


def test_the_sample_has_the_companies_that_the_demo_names(database: Flask) -> None:
    import_register(SAMPLE)
    found = look_up(ONE)
    assert (found.finding, found.name, found.source) == (Finding.FOUND, "測試一號有限公司", Source.TAX_REGISTER)
    assert (found.status, found.as_of) == (RegisterStatus.OPERATING, date(2026, 11, 2))
    assert found.address
    for number, name in (("00000022", "測試二號"), ("00000037", "測試三號"), ("00000058", "測試五號")):
        assert look_up(TaxId(number)).name == f"{name}有限公司"
    assert look_up(BRANCH_OF_ONE).head_office_tax_id == ONE
    assert look_up(TaxId("00000005")).name == "測試新制股份有限公司"
    (ended,) = search_by_name("測試歇業")
    (trader,) = search_by_name("測試商行")
    (agency,) = search_by_name("測試市政府環境")
    assert ended.status is RegisterStatus.ENDED
    assert (trader.organisation, agency.organisation) == ("獨資", "其他")


def test_a_number_that_is_not_there_is_not_found_and_no_more(database: Flask) -> None:
    assert look_up(ONE) == Look(Finding.NOT_FOUND, ONE)
    import_register(SAMPLE)
    assert look_up(TaxId("04595257")) == Look(Finding.NOT_FOUND, "04595257")
    with transaction():
        look_up_soon(TaxId("04595257"))
    assert session.scalars(select(RegisterLookup)).all() == []


@pytest.mark.both_databases
def test_a_name_is_found_by_how_it_begins_however_it_is_typed(database: Flask, tmp_path: Path) -> None:
    units = [unit(ONE, "臺灣測試有限公司"), unit(TWO, "台灣測試股份有限公司"), unit(THREE, "ＡＢＣ有限公司")]
    import_register(written(tmp_path / "r.csv", units))
    for text in ("台灣", "臺灣", "臺　灣測試"):
        assert {found.tax_id for found in search_by_name(text)} == {ONE, TWO}
    assert [found.name for found in search_by_name("abc")] == ["ＡＢＣ有限公司"]
    assert [found.tax_id for found in search_by_name("台灣測試有")] == [ONE]


@pytest.mark.both_databases
@pytest.mark.parametrize("text", ["", " ", "台", "%%", "測試\0", "\U0010ffff\U0010ffff", "x" * 10_000])
def test_a_text_that_begins_no_name_finds_nothing(database: Flask, tmp_path: Path, text: str) -> None:
    import_register(written(tmp_path / "r.csv", [unit(ONE, "台灣測試有限公司")]))
    assert search_by_name(text) == []


@pytest.mark.both_databases
def test_no_more_than_a_page_of_names_is_given(database: Flask) -> None:
    import_register(SAMPLE)
    assert len(search_by_name("範例")) == 20
    assert len(search_by_name("範例", most=3)) == 3


def test_the_state_tells_which_file_serves(database: Flask) -> None:
    assert (register_state().serving, register_state().working) == (None, None)
    import_register(SAMPLE)
    assert register_state().serving.file_name == "companies_sample.csv"
    assert register_state().serving.rows == 200


def test_what_the_register_knows_is_never_asked_over_the_network(gcis: Gcis) -> None:
    import_register(SAMPLE)
    assert asked_for(ONE).source is Source.TAX_REGISTER
    assert gcis.asked == []


def test_a_number_is_asked_for_by_the_worker_and_found_afterwards(gcis: Gcis) -> None:
    gcis.answers = {(EXISTS, ONE): three_rows("Y", "N", "N"), (COMPANY, ONE): company()}
    assert look_up(ONE).finding is Finding.UNASKED
    with transaction():
        look_up_soon(ONE)
    assert look_up(ONE).finding is Finding.WAITING
    assert gcis.asked == []
    assert answer_wanted() == 1
    found = look_up(ONE)
    assert (found.finding, found.name, found.address) == (Finding.FOUND, "測試一號有限公司", "高雄市測試路1號")
    assert (found.status, found.source, found.organisation) == (RegisterStatus.OPERATING, Source.GCIS, "公司")
    assert found.as_of == now().date()


def test_an_answer_is_kept_for_a_day(gcis: Gcis) -> None:
    gcis.answers = {(EXISTS, ONE): three_rows("Y", "N", "N"), (COMPANY, ONE): company()}
    asked_for(ONE)
    asked_for(ONE)
    assert len(gcis.asked) == 2
    (kept,) = session.scalars(select(RegisterLookup))
    assert timedelta(hours=23) < kept.expires_at - now() <= timedelta(hours=24)
    with transaction():
        session.execute(update(RegisterLookup).values(expires_at=now() - timedelta(seconds=1)))
    assert look_up(ONE).finding is Finding.UNASKED
    gcis.answers[COMPANY, ONE] = company("改名有限公司")
    assert asked_for(ONE).name == "改名有限公司"


def test_old_answers_are_forgotten(gcis: Gcis) -> None:
    asked_for(ONE)
    with transaction():
        session.execute(update(RegisterLookup).values(expires_at=now() - timedelta(days=1)))
    asked_for(TWO)
    assert session.scalars(select(RegisterLookup.tax_id)).all() == [TWO]


@pytest.mark.both_databases
def test_a_number_wanted_twice_at_once_is_asked_once(gcis: Gcis) -> None:
    with transaction():
        look_up_soon(ONE)
        look_up_soon(ONE)
    assert answer_wanted() == 1
    assert answer_wanted() == 0
    assert gcis.asked == [(EXISTS, ONE)]


def test_a_company_that_was_dissolved_is_told_so(gcis: Gcis) -> None:
    gcis.answers = {(EXISTS, ONE): three_rows("Y", "N", "N"), (COMPANY, ONE): company(status="解散")}
    assert asked_for(ONE).status is RegisterStatus.ENDED


def test_a_branch_is_asked_for_where_branches_are(gcis: Gcis) -> None:
    row = b'[{"Branch_Office_Name": "\xe5\x88\x86\xe5\x85\xac\xe5\x8f\xb8", "Branch_Office_Status_Desc": 1}]'
    gcis.answers = {(EXISTS, ONE): three_rows("N", "Y", "N"), (BRANCH, ONE): row}
    found = asked_for(ONE)
    assert (found.name, found.address, found.status) == ("分公司", None, RegisterStatus.UNKNOWN)


def test_of_a_business_only_that_it_exists_is_known(gcis: Gcis) -> None:
    gcis.answers = {(EXISTS, ONE): three_rows("N", "N", "Y")}
    found = asked_for(ONE)
    assert (found.finding, found.organisation, found.name) == (Finding.FOUND, "商業", None)


def test_a_company_whose_own_row_is_missing_is_known_to_exist(gcis: Gcis) -> None:
    gcis.answers = {(EXISTS, ONE): three_rows("Y", "N", "N")}
    found = asked_for(ONE)
    assert (found.finding, found.name) == (Finding.FOUND, None)


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (b"", "not_found"),
        (b" \r\n", "not_found"),
        (three_rows("N", "N", "N"), "not_found"),
        ("您的IP非授權介接之IP".encode(), "blocked"),
        (403, "blocked"),
        (429, "blocked"),
        (500, "unavailable"),
        (302, "unavailable"),
        ("系統維護中".encode(), "unavailable"),
        (b"<html></html>", "unavailable"),
        (b'{"error": "x"}', "unavailable"),
        (b"[1, 2, 3]", "unavailable"),
        (b"[" * 50_000, "unavailable"),
        (b"\xff\xfe\xfd", "unavailable"),
        ("endless", "unavailable"),
    ],
)
def test_each_quirk_of_the_source_has_its_meaning(gcis: Gcis, answer: bytes | int | str, state: str) -> None:
    gcis.answers = {(EXISTS, ONE): answer}
    assert ask(ONE, gcis.address).state is LookupState(state)
    assert asked_for(ONE).finding is (Finding.NOT_FOUND if state == "not_found" else Finding.UNAVAILABLE)


@pytest.mark.parametrize("name", ["\u202e測試", "", " ", None])
def test_a_name_one_cannot_see_is_none(gcis: Gcis, name: str) -> None:
    gcis.answers = {(EXISTS, ONE): three_rows("Y", "N", "N"), (COMPANY, ONE): company(name)}
    assert asked_for(ONE).name is None


@pytest.mark.parametrize("answer", ["hang", "drip"])
def test_a_source_that_hangs_or_drips_is_left_after_three_seconds(gcis: Gcis, answer: str) -> None:
    gcis.answers = {(EXISTS, ONE): answer}
    began = time.monotonic()
    assert ask(ONE, gcis.address).state is LookupState.UNAVAILABLE
    assert WAIT_SECONDS - 0.5 < time.monotonic() - began < WAIT_SECONDS + 6


@pytest.mark.both_databases
def test_nobody_waits_while_the_source_hangs(gcis: Gcis, database: Flask) -> None:
    gcis.answers = {(EXISTS, ONE): "hang"}
    with transaction():
        look_up_soon(ONE)

    def work() -> None:
        with database.app_context():
            answer_wanted()

    worker = threading.Thread(target=work)
    worker.start()
    while not gcis.asked:
        time.sleep(0.01)
    began = time.monotonic()
    with transaction():
        record("tests:writer:wrote")
    assert look_up(ONE).finding is Finding.WAITING
    session.commit()
    assert time.monotonic() - began < WAIT_SECONDS - 0.5
    worker.join()
    assert look_up(ONE).finding is Finding.UNAVAILABLE


def test_a_source_that_is_away_is_asked_again_after_minutes(gcis: Gcis, database: Flask) -> None:
    gcis.end()
    assert asked_for(ONE).finding is Finding.UNAVAILABLE
    session.commit()
    (kept,) = session.scalars(select(RegisterLookup))
    assert kept.expires_at - now() <= timedelta(minutes=5)


@pytest.mark.both_databases
def test_what_a_dead_worker_had_claimed_another_asks(gcis: Gcis) -> None:
    with transaction():
        look_up_soon(ONE)
        session.execute(update(RegisterLookup).values(leased_until=now() + timedelta(seconds=30)))
    assert answer_wanted() == 0
    with transaction():
        session.execute(update(RegisterLookup).values(leased_until=now() - timedelta(seconds=1)))
    assert answer_wanted() == 1


def test_off_means_that_nothing_is_asked(database: Flask) -> None:
    with transaction():
        look_up_soon(ONE)
    assert answer_wanted() == 0
    assert look_up(ONE).finding is Finding.NOT_FOUND
