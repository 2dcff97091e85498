"""What an application is for: the kind of account it makes, and the policy as it is for that kind (R-187, R-206)."""

from idp.models import Case
from idp.policies.registration import CredentialSet, RegistrationPolicy
from idp.policies.registration_path import policy_for_credential
from idp.services.company_claims import policy_of

CREDENTIAL, CITIZEN_EVIDENCE = "credential", "citizen_evidence"


def credential_of(case: Case) -> CredentialSet:
    """What the account of this case is to sign in by. An invited person has answered nothing: by a password."""
    return CredentialSet(case.answers.get(CREDENTIAL, CredentialSet.PASSWORD))


def citizen_evidence_of(case: Case) -> str | None:
    """The evidence of the citizen card (自然人憑證) that was shown in this application, or None."""
    evidence_id = case.answers.get(CITIZEN_EVIDENCE)
    return str(evidence_id) if evidence_id else None


def policy_of_case(case: Case) -> RegistrationPolicy:
    """The policy under which this application is judged."""
    return policy_for_credential(policy_of(case.service_id), credential_of(case))
