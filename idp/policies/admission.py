"""Whether a client admits an account: by proof of its company, role and way of approval (tokens.md)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idp.policies.roles import Role
from idp.policies.standing import Approval, CompanyProof


@dataclass(frozen=True, slots=True)
class Candidate:
    """What decides about an account's admission."""

    role: Role
    proof: CompanyProof
    approval: Approval | None
    service_id: str | None
    through_linked: bool


KEYS: dict[str, frozenset[str]] = {
    "proofs": frozenset(CompanyProof),
    "roles": frozenset(Role),
    "approvals": frozenset(Approval),
}


def admission_form_problem(admission: Mapping[str, Any]) -> str | None:
    """Why this is no rule of admission (a key of the texts), or None: known keys, each with what it knows."""
    for key, listed in admission.items():
        known = KEYS.get(key)
        if known is None or not isinstance(listed, list | tuple) or not listed or not set(listed) <= known:
            return "admission.form"
    return None


def admission_problem(
    admission: Mapping[str, Any], candidate: Candidate, *, client_service: str | None, acting_understood: bool
) -> str | None:
    """Why the client does not admit this account (a key of the texts), or None.

    ``admission`` may list ``proofs``, ``roles``, ``approvals``; what it does not list is not asked. An account that was
    approved automatically is admitted only at clients of its own service unless ``approvals`` says otherwise.
    """
    if candidate.through_linked and not acting_understood:
        return "admission.linked"
    if "proofs" in admission and candidate.proof not in admission["proofs"]:
        return "admission.proof"
    if "roles" in admission and candidate.role not in admission["roles"]:
        return "admission.role"
    return _approval_problem(admission, candidate, client_service)


def _approval_problem(admission: Mapping[str, Any], candidate: Candidate, client_service: str | None) -> str | None:
    if "approvals" in admission:
        return None if candidate.approval in admission["approvals"] else "admission.approval"
    if candidate.approval is Approval.AUTO and candidate.service_id != client_service:
        return "admission.approval"
    return None
