"""Whether a client admits somebody who acts (policies/admission.py over our records)."""

from idp.policies.admission import Candidate, admission_problem
from idp.services.acting import Acting
from idp.services.clients import ClientRecord


def admission_of(acting: Acting, client: ClientRecord) -> str | None:
    """Why this client does not admit this account (a key of the texts), or None."""
    if acting.role is None or acting.company is None:
        return "admission.no_company"
    candidate = Candidate(
        role=acting.role,
        proof=acting.company.proof,
        approval=acting.approval,
        service_id=acting.service_id,
        through_linked=acting.via is not None,
    )
    return admission_problem(
        client.admission,
        candidate,
        client_service=client.service_id,
        acting_understood=client.acting_understood,
    )
