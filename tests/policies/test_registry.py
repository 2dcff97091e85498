"""Rules of the company register: its dates, its statuses, and what an import makes of a company."""

from datetime import date

import pytest

from idp.policies.registry import (
    RegisterStatus,
    fate,
    is_cut_short,
    parse_file_date,
    parse_roc_date,
    status_in_name,
    status_of,
)
from idp.policies.standing import CompanyStatus

ACTIVE, RECHECK, CLOSED = CompanyStatus.ACTIVE, CompanyStatus.NEEDS_RECHECK, CompanyStatus.CLOSED


def test_the_files_date_is_read_as_it_is_written() -> None:
    assert parse_file_date("29-SEP-26") == date(2026, 9, 29)
    assert parse_file_date(" 09-May-26 ") == date(2026, 5, 9)


@pytest.mark.parametrize("text", ["", "29-SEP-2026", "31-FEB-26", "29-ABC-26", "2026-09-29", "測試"])
def test_other_texts_are_no_file_date(text: str) -> None:
    assert parse_file_date(text) is None


def test_dates_in_years_of_the_republic_have_six_or_seven_digits() -> None:
    assert parse_roc_date("1040413") == date(2015, 4, 13)
    assert parse_roc_date("860515") == date(1997, 5, 15)
    assert parse_roc_date("1040230") is None
    assert parse_roc_date("1") is None


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("核准設立", "operating"),
        ("核准設立，但已命令解散", "ended"),
        ("解散", "ended"),
        ("撤銷", "ended"),
        ("廢止", "ended"),
        ("停業", "paused"),
        ("", "unknown"),
        ("其他", "unknown"),
    ],
)
def test_a_status_in_words_is_understood(words: str, status: str) -> None:
    assert status_of(words) == status


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("測試有限公司", "operating"),
        ("測試歇業有限公司（清算中）", "ended"),
        ("測試有限公司(停業中)", "paused"),
        ("測試解散有限公司", "operating"),
        ("測試（台灣）", "operating"),
    ],
)
def test_only_a_remark_after_the_name_tells_that_a_listed_company_does_not_operate(name: str, status: str) -> None:
    assert status_in_name(name) is RegisterStatus(status)


def test_a_file_with_a_fiftieth_less_is_thought_cut_short() -> None:
    assert is_cut_short(979, 1000)
    assert not is_cut_short(980, 1000)
    assert not is_cut_short(2000, 1000)


@pytest.mark.parametrize(
    ("status", "before", "after", "becomes"),
    [
        (ACTIVE, "測試", "測試", None),
        (ACTIVE, "測試", None, CLOSED),
        (RECHECK, "測試", None, CLOSED),
        (CompanyStatus.SUSPENDED, "測試", None, CLOSED),
        (CLOSED, "測試", None, None),
        (ACTIVE, None, None, None),
        (ACTIVE, "測試", "改名", RECHECK),
        (ACTIVE, None, "改名", RECHECK),
        (ACTIVE, "改名", "改名", None),
        (ACTIVE, "別名", "測試", None),
        (ACTIVE, None, "測　試", None),
        (RECHECK, "測試", "改名", None),
        (CLOSED, None, "測試", None),
    ],
)
def test_what_an_import_makes_of_a_company(
    status: CompanyStatus, before: str | None, after: str | None, becomes: CompanyStatus | None
) -> None:
    assert fate(status, "測試", before, after) is becomes
