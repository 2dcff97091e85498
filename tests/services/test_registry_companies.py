"""What an import of the register makes of our companies: closed, for operators to see, or nothing."""

from pathlib import Path

import pytest
from flask import Flask

from idp.db import now, session, transaction
from idp.models import Company
from idp.policies.standing import CompanyStatus
from idp.policies.tax_id import TaxId
from idp.services.acting import acting_account
from idp.services.companies import add_company, suspend_company
from idp.services.registry_import import import_register
from tests.services.people import a_client, actions, audit_rows, person, signed_in, what_is_open
from tests.services.register_files import NEXT_DAY, many, unit, written

pytestmark = pytest.mark.both_databases

ONE, TWO, THREE = TaxId("00000016"), TaxId("00000022"), TaxId("00000037")


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
