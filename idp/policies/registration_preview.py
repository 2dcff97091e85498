"""What a policy makes of three people who apply: the wizard's own rules, asked about people who are not there yet.

Which mails an application sends follows services/cases, case_standing and case_reviews; a test plays each of these
applications through and compares.
"""

from dataclasses import dataclass
from enum import StrEnum

from idp.policies.cards import CardRank
from idp.policies.registration import CredentialSet, FirstAdmin, MailCheck, Proof, RegistrationPolicy, Reviewer
from idp.policies.registration_path import CompanyState, Path, Step, path_of, policy_for_credential


class Applicant(StrEnum):
    """Who applies: the first of a company without its card, a colleague, or the bearer of a new company's card."""

    FIRST = "first"
    COLLEAGUE = "colleague"
    CARD = "card"


class Moment(StrEnum):
    """When a mail is sent."""

    SENT = "sent"
    CONFIRMED = "confirmed"
    WAITS = "waits"
    DOCUMENT_APPROVED = "document_approved"
    DOCUMENT_REJECTED = "document_rejected"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Preview:
    """An application as it would go; ``reviewer`` is None, and there are no mails, where it can't be sent at all."""

    applicant: Applicant
    company: CompanyState
    path: Path
    reviewer: Reviewer | None
    becomes_admin: bool = False
    mails: tuple[tuple[Moment, str], ...] = ()


def preview_of(policy: RegistrationPolicy, applicant: Applicant) -> Preview | None:
    """How this applicant's application would go, or None where the service has no such applicants."""
    policy = policy_for_credential(policy, _credential_of(policy, applicant))
    if applicant is Applicant.CARD:
        if Proof.CARD not in policy.company_proof:
            return None
        rank = CardRank.PRIMARY if CardRank.PRIMARY in policy.card_ranks else policy.card_ranks[0]
        company = CompanyState()
        path = path_of(policy, company, card=rank, wants_card=True)
    else:
        company = CompanyState() if applicant is Applicant.FIRST else _led(policy)
        path = path_of(policy, company)
        if Step.CARD in path.steps:  # her company's card is the only way on
            return Preview(applicant, company, path, None)
    # Where the mailbox is confirmed after the review there is always one.
    later = policy.mail_check is MailCheck.AFTER_REVIEW
    reviewer = Reviewer.OPERATOR if later and path.reviewer is Reviewer.AUTO else path.reviewer
    becomes_admin = path.becomes_admin and not later
    mails = _mails(path, reviewer, policy.mail_check)
    return Preview(applicant, company, path, reviewer, becomes_admin, tuple(mails))


def _credential_of(policy: RegistrationPolicy, applicant: Applicant) -> CredentialSet:
    """What her account signs in by: where there are certificate accounts, the bearer of a card applies for one."""
    by_card = CredentialSet.COMPANY_CARD
    if applicant is Applicant.CARD and by_card in policy.credentials:
        return by_card
    return next((one for one in reversed(policy.credentials) if one is not by_card), by_card)


def _led(policy: RegistrationPolicy) -> CompanyState:
    """A company that colleagues of hers are in already."""
    has_admin = policy.first_admin is not FirstAdmin.NONE
    is_proven = any(proof is not Proof.NONE for proof in policy.company_proof)
    return CompanyState(is_known=True, is_proven=is_proven, has_admin=has_admin, had_admin=has_admin)


def _mails(path: Path, reviewer: Reviewer, mail_check: MailCheck) -> list[tuple[Moment, str]]:
    later = mail_check is MailCheck.AFTER_REVIEW
    asks = "activation" if mail_check is MailCheck.ACTIVATION else "verification"
    asked = [] if later else [(Moment.SENT, asks)]
    if reviewer is Reviewer.AUTO:
        return [*asked, (Moment.CONFIRMED, "application_approved")]
    received = (Moment.SENT if later else Moment.CONFIRMED, "application_received")
    waits = [(Moment.WAITS, "application_waits")] if reviewer is Reviewer.GROUP_ADMIN else []
    document = [(Moment.DOCUMENT_APPROVED, "document_approved"), (Moment.DOCUMENT_REJECTED, "document_rejected")]
    approved = (Moment.APPROVED, "application_approved_verify" if later else "application_approved")
    return [
        *asked,
        received,
        *waits,
        *(document if Step.DOCUMENT in path.steps else []),
        approved,
        (Moment.REJECTED, "application_rejected"),
    ]
