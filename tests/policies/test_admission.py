"""Which accounts a client admits."""

import dataclasses
from typing import Any

import pytest

from idp.policies.admission import Candidate, admission_problem
from idp.policies.roles import Role
from idp.policies.standing import Approval, CompanyProof

MING = Candidate(Role.STAFF, CompanyProof.DOCUMENT, Approval.GROUP_ADMIN, "dreams", through_linked=False)


def problem(
    admission: dict[str, Any], *, service: str | None = "dreams", acting: bool = False, **is_: Any
) -> str | None:
    candidate = dataclasses.replace(MING, **is_)
    return admission_problem(admission, candidate, client_service=service, acting_understood=acting)


def test_a_client_that_asks_nothing_admits_everybody_approved_by_people() -> None:
    assert problem({}) is None
    assert problem({}, service="portpass") is None
    assert problem({}, approval=None) is None


def test_somebody_approved_automatically_is_admitted_at_the_own_service_alone() -> None:
    assert problem({}, approval=Approval.AUTO) is None
    assert problem({}, approval=Approval.AUTO, service="portpass") == "admission.approval"
    assert problem({"approvals": ["auto"]}, approval=Approval.AUTO, service="portpass") is None


@pytest.mark.parametrize(
    ("admission", "reason"),
    [
        ({"proofs": ["card"]}, "admission.proof"),
        ({"roles": ["group_admin"]}, "admission.role"),
        ({"approvals": ["operator"]}, "admission.approval"),
        ({"proofs": ["document", "card"], "roles": ["staff"], "approvals": ["group_admin"]}, None),
    ],
)
def test_what_a_client_lists_is_asked(admission: dict[str, Any], reason: str | None) -> None:
    assert problem(admission) == reason


def test_acting_is_for_clients_that_understand_it() -> None:
    assert problem({}, through_linked=True) == "admission.linked"
    assert problem({}, through_linked=True, acting=True) is None
