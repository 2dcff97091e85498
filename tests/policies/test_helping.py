"""What operators can do for companies and accounts, by where these stand (P37)."""

from typing import Any

import pytest

from idp.policies.data_scope import DataScope, scope_of
from idp.policies.helping import AccountFacts, acts_for_account, acts_for_company, proof_by_word
from idp.policies.managing import Task, is_of_operators, task_for
from idp.policies.standing import AccountKind, AccountStatus, CompanyProof, CompanyStatus


def acts(**changes: Any) -> str:
    facts: dict[str, Any] = {
        "kind": AccountKind.GENERAL,
        "status": AccountStatus.ACTIVE,
        "company": CompanyStatus.ACTIVE,
        "has_case": True,
        "has_password": True,
        "password_is_disabled": False,
        "is_locked": False,
        "keeps_scope": False,
        "has_second_factor": False,
    }
    return " ".join(acts_for_account(AccountFacts(**facts | changes)))


@pytest.mark.parametrize(
    ("changes", "possible"),
    [
        ({}, "end-sessions suspend close"),
        ({"status": AccountStatus.SUSPENDED, "keeps_scope": True, "has_password": False}, "restore close"),
        ({"status": AccountStatus.EMAIL_PENDING}, "resend"),
        ({"status": AccountStatus.EMAIL_EXPIRED}, "resend"),
        ({"status": AccountStatus.EMAIL_EXPIRED, "has_case": False}, ""),
        ({"status": AccountStatus.REVIEW_PENDING}, ""),
        ({"status": AccountStatus.CLOSED}, ""),
        ({"has_password": False}, "first-password end-sessions suspend close"),
        ({"has_password": False, "company": CompanyStatus.CLOSED}, "end-sessions suspend close"),
        ({"is_locked": True}, "unlock end-sessions suspend close"),
        ({"is_locked": True, "password_is_disabled": True}, "new-password end-sessions suspend close"),
        ({"has_second_factor": True}, "end-sessions reset-second-factor suspend close"),
        ({"has_second_factor": True, "status": AccountStatus.CLOSED}, ""),
        ({"keeps_scope": True}, "scope end-sessions suspend close"),
        ({"kind": AccountKind.LINKED, "company": None, "keeps_scope": True}, "end-sessions suspend close"),
    ],
)
def test_an_account_is_helped_by_where_it_stands(changes: dict[str, Any], possible: str) -> None:
    assert acts(**changes) == possible


@pytest.mark.parametrize(
    ("status", "people", "possible"),
    [
        (CompanyStatus.ACTIVE, 3, "prove admin suspend"),
        (CompanyStatus.NEEDS_RECHECK, 0, "prove suspend"),
        (CompanyStatus.SUSPENDED, 3, "restore"),
        (CompanyStatus.CLOSED, 3, ""),
    ],
)
def test_a_company_is_helped_by_where_it_stands(status: CompanyStatus, people: int, possible: str) -> None:
    assert " ".join(acts_for_company(status, people=people)) == possible


def test_an_operators_word_never_lessens_a_proof() -> None:
    assert proof_by_word(CompanyProof.NONE) is CompanyProof.DOCUMENT
    assert [proof_by_word(proof) for proof in (CompanyProof.DOCUMENT, CompanyProof.CARD)] == ["document", "card"]


@pytest.mark.parametrize(
    ("by", "is_theirs"),
    [("op_1", True), ("cli:root", True), ("ga_1", False), ("la_1", False), (None, False)],
)
def test_what_operators_suspended_no_group_admin_restores(by: str | None, is_theirs: bool) -> None:
    assert is_of_operators(by) is is_theirs
    expected = None if is_theirs else Task.CHANGE
    assert task_for(AccountStatus.SUSPENDED, None, suspended_by=by) is expected


def test_who_has_no_scope_sees_the_own_data() -> None:
    assert [scope_of(kept) for kept in (None, "", "all", "own", "company")] == [DataScope.OWN] * 4 + [DataScope.COMPANY]
