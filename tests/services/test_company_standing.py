"""An operator's word for a company, and what the register makes of one."""

import pytest
from flask import Flask

from idp.db import session, transaction
from idp.errors import InvalidInput
from idp.models import Company
from idp.policies.standing import CompanyProof, CompanyStatus
from idp.services.companies import suspend_company
from idp.services.company_standing import close_company, prove_company, recheck_company
from tests.services.people import actions, audit_rows


def test_an_operators_word_proves_a_company_and_is_written_down(company: Company) -> None:
    with transaction():
        prove_company(company, CompanyProof.DOCUMENT, " 已核對登記表 ")
    assert (company.proof, company.status) == (CompanyProof.DOCUMENT, CompanyStatus.ACTIVE)
    assert company.verified_at is not None
    told = audit_rows()[-1]
    assert (told.action, told.actor, told.company_id) == ("company:proven", "cli:tests", company.id)
    assert told.details == {"proof": "document", "reason": "已核對登記表", "before": "active"}


def test_it_ends_a_recheck(company: Company) -> None:
    with transaction():
        assert recheck_company(company.id, name="改名有限公司", import_id=1)
        assert not recheck_company(company.id, name="改名有限公司", import_id=1)
    session.expire_all()
    with transaction():
        prove_company(company, CompanyProof.CARD, "已查證")
    assert (company.status, company.proof) == (CompanyStatus.ACTIVE, CompanyProof.CARD)
    assert actions().count("company:recheck:needed") == 1


@pytest.mark.parametrize("reason", ["", " ", "x" * 501, "\0"])
def test_it_needs_a_reason(company: Company, reason: str) -> None:
    with pytest.raises(InvalidInput) as refusal, transaction():
        prove_company(company, CompanyProof.DOCUMENT, reason)
    assert refusal.value.details["field"] == "reason"
    assert company.proof is CompanyProof.NONE


def test_no_proof_is_no_proof(company: Company) -> None:
    with pytest.raises(ValueError, match="proof"), transaction():
        prove_company(company, CompanyProof.NONE, "無")


def test_a_suspended_or_closed_company_is_not_proven(company: Company, database: Flask) -> None:
    with transaction():
        suspend_company(company, "查核中")
    with pytest.raises(InvalidInput), transaction():
        prove_company(company, CompanyProof.DOCUMENT, "已核對")
    with transaction():
        assert close_company(company.id, import_id=1)
        assert not close_company(company.id, import_id=1)
    session.expire_all()
    with pytest.raises(InvalidInput) as refusal, transaction():
        prove_company(company, CompanyProof.DOCUMENT, "已核對")
    assert refusal.value.details == {"field": "status", "problem": "company.not_active"}
    assert company.status is CompanyStatus.CLOSED
