"""Companies are added once, suspended and restored."""

import pytest
from flask import Flask

from idp.db import transaction
from idp.errors import AlreadyExists, InvalidInput
from idp.models import Company
from idp.policies.assurance import Acr
from idp.policies.standing import CompanyProof, CompanyStatus
from idp.services.companies import add_company, company_by_tax_id, demand_acr, restore_company, suspend_company
from tests.services.people import a_client, actions, at_once, audit_rows, person, signed_in, what_is_open

pytestmark = pytest.mark.both_databases


def test_a_company_is_found_by_its_number_however_it_is_typed(company: Company) -> None:
    found = company_by_tax_id("　００００００１６")
    assert found is not None
    assert (found.id, found.tax_id, found.status) == (company.id, "00000016", CompanyStatus.ACTIVE)
    assert company.id.startswith("co_")
    assert actions() == ["company:added"]
    assert audit_rows()[0].actor == "cli:tests"


@pytest.mark.parametrize("text", ["12345678", "", "\ud800", "0\0", "x" * 10_000])
def test_a_number_that_is_none_finds_no_company_and_adds_none(database: Flask, text: str) -> None:
    assert company_by_tax_id(text) is None
    with pytest.raises(InvalidInput) as refusal, transaction():
        add_company(tax_id=text, name="測試")
    assert refusal.value.details == {"field": "tax_id", "problem": "tax_id.form"}


@pytest.mark.parametrize("name", ["", " ", "x" * 201, "測\0試", "測\u202e試"])
def test_a_company_has_a_name_one_can_see(database: Flask, name: str) -> None:
    with pytest.raises(InvalidInput) as refusal, transaction():
        add_company(tax_id="00000022", name=name)
    assert refusal.value.details["field"] == "name"


def test_the_same_number_is_refused_the_second_time(company: Company) -> None:
    with pytest.raises(AlreadyExists) as refusal, transaction():
        add_company(tax_id="００００００１６", name="另一家")
    assert refusal.value.details == {"field": "tax_id"}


@pytest.mark.requirement("R-143")
def test_a_number_of_another_kind_is_another_company(company: Company) -> None:
    with transaction():
        other = add_company(tax_id="00000016", name="某機關", id_type="agency")
    assert company_by_tax_id("00000016", "agency") == other
    with pytest.raises(InvalidInput), transaction():
        add_company(tax_id="不是代碼", name="某機關", id_type="agency")


def test_operators_who_add_one_number_at_once_get_one_company(database: Flask) -> None:
    def add() -> str:
        with transaction():
            return add_company(tax_id="00000037", name="測試三號").id[:3]

    assert at_once(database, add) == ["already_exists", "already_exists", "already_exists", "co_"]


def test_a_proven_company_says_since_when(database: Flask) -> None:
    with transaction():
        proven = add_company(tax_id="00000022", name="測試二號有限公司", proof=CompanyProof.CARD)
        plain = add_company(tax_id="00000037", name="測試三號有限公司")
    assert proven.verified_at is not None
    assert plain.verified_at is None


def test_suspending_a_company_ends_what_its_people_have_open_and_nobody_elses(company: Company) -> None:
    with transaction():
        other = add_company(tax_id="00000022", name="測試二號有限公司")
    ming, hua, client = person(company), person(other), a_client()
    signed_in(ming, client)
    signed_in(hua, client)
    with transaction():
        suspend_company(company, "歇業")
    assert company.status is CompanyStatus.SUSPENDED
    assert what_is_open(ming) == []
    assert what_is_open(hua) == ["SignIn", "ClientSession", "Grant", "Token"]
    assert audit_rows()[-1].details == {"reason": "歇業"}


def test_a_suspended_company_is_restored_once(company: Company) -> None:
    with pytest.raises(InvalidInput), transaction():
        restore_company(company)
    with transaction():
        suspend_company(company, "歇業")
    with pytest.raises(InvalidInput), transaction():
        suspend_company(company, "歇業")
    with transaction():
        restore_company(company)
    assert company.status is CompanyStatus.ACTIVE
    assert actions()[-2:] == ["company:suspended", "company:restored"]


def test_a_company_demands_a_stronger_sign_in_once_and_gives_it_up_once(company: Company) -> None:
    version = company.version
    for acr in (Acr.CARD, Acr.CARD, None, None):
        with transaction():
            demand_acr(company, acr)
        assert company.required_acr == acr
    assert company.version == version + 2
    assert actions()[-2:] == ["company:acr:demanded", "company:acr:waived"]
    assert actions()[-3] != "company:acr:demanded"


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501, "\0", "\ud800"])
def test_a_suspension_needs_a_reason(company: Company, reason: str) -> None:
    with pytest.raises(InvalidInput) as refusal, transaction():
        suspend_company(company, reason)
    assert refusal.value.details["field"] == "reason"
    assert company.status is CompanyStatus.ACTIVE
