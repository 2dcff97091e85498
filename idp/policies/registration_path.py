"""The wizard that a service's policy and a company's state make: its steps, its proofs, and who will decide."""

from dataclasses import dataclass, replace
from enum import StrEnum

from idp.policies.cards import CardRank, may_succeed
from idp.policies.entities import EntityKind
from idp.policies.registration import CredentialSet, FirstAdmin, Proof, RegistrationPolicy, Reviewer, offers_credentials
from idp.policies.roles import Role
from idp.policies.standing import CompanyProof


class Step(StrEnum):
    """A page of the wizard, by its path."""

    TERMS = "terms"
    COMPANY = "company"
    VERIFIED = "verified"
    PROOF = "proof"
    CARD = "card"
    CITIZEN = "citizen"
    DOCUMENT = "document"
    ACCOUNT = "account"
    CHECK = "check"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class CompanyState:
    """What the wizard must know of the company named: known here, proven, has a group admin, once had one or people.

    It is proven by a proof that the service takes; ``none`` proves nothing, also where the service takes it (C-5).
    """

    is_known: bool = False
    is_proven: bool = False
    has_admin: bool = False
    had_admin: bool = False


@dataclass(frozen=True, slots=True)
class Path:
    """How an application goes on: the steps, and what becomes of it."""

    steps: tuple[Step, ...]
    becomes_admin: bool
    reviewer: Reviewer
    explains_review: bool = False


def path_of(
    policy: RegistrationPolicy,
    company: CompanyState,
    *,
    card: CardRank | None = None,
    wants_card: bool = False,
    wants_document: bool = False,
    wants_citizen: bool = False,
) -> Path:
    """The wizard for this policy and company: needless steps are left out (R-014), and who will decide is known.

    ``card``: the company's card was given in this application, and is of this rank. ``wants_card``, ``wants_document``:
    its person has chosen to give it. ``wants_citizen``: she shows her own card, which proves no company (R-187).
    """
    given = card if card is not None and takes_card(policy, card) else None
    is_proven_now = company.is_proven or given is not None
    # A company whose last group admin left is led by whom an operator names, or by the bearer of its 正卡; not by the
    # next stranger (domain.md §2).
    led = company.has_admin or company.had_admin
    succeeds = given is not None and may_succeed(given, has_working_admin=company.has_admin)
    first = is_proven_now and (succeeds or not led) and policy.first_admin is FirstAdmin.FIRST_VERIFIED
    reviewer = _reviewer(policy, company, first)
    explains = (is_proven_now or company.has_admin) and reviewer is not Reviewer.AUTO
    by_card = wants_card or given is not None
    steps = [Step.TERMS, Step.COMPANY, *_proof_step(policy, company, explains, by_card, wants_document)]
    steps += [*([Step.CITIZEN] if wants_citizen else []), Step.ACCOUNT, Step.CHECK, Step.DONE]
    return Path(tuple(steps), becomes_admin=first, reviewer=reviewer, explains_review=explains)


def _proof_step(
    policy: RegistrationPolicy, company: CompanyState, explains: bool, by_card: bool, by_document: bool
) -> list[Step]:
    """The one page on which the company is proven, or on which is told why it need not be."""
    proofs = proofs_to_give(policy, company)
    if by_card and Proof.CARD in policy.company_proof:
        return [Step.CARD]
    if explains:
        return [Step.VERIFIED]
    if proofs == (Proof.CARD,):
        return [Step.CARD]
    # The page of the document offers the card beside it; among other ways it is one to be chosen.
    if Proof.DOCUMENT in proofs and (by_document or set(proofs) <= {Proof.DOCUMENT, Proof.CARD}):
        return [Step.DOCUMENT]
    return [Step.PROOF] if proofs else []


def policy_for(policy: RegistrationPolicy, kind: str | None) -> RegistrationPolicy:
    """The policy as it is for organisations of this kind of number: a company with a 統一編號 alone has a 工商憑證."""
    if kind is None or kind == EntityKind.UBN:
        return policy
    return replace(policy, company_proof=tuple(proof for proof in policy.company_proof if proof is not Proof.CARD))


def policy_for_credential(policy: RegistrationPolicy, credential: CredentialSet) -> RegistrationPolicy:
    """The policy as it is for accounts that sign in by this: a certificate account shows the company's card (R-180),
    another kind beside it is no way to a company by card (R-207). With one kind for all it is as it stands.
    """
    if credential is CredentialSet.COMPANY_CARD:
        numbers = tuple(kind for kind in policy.entity_types if kind == EntityKind.UBN)
        return replace(policy, company_proof=(Proof.CARD,), entity_types=numbers or policy.entity_types)
    others = tuple(proof for proof in policy.company_proof if proof is not Proof.CARD)
    return replace(policy, company_proof=others) if offers_credentials(policy) and others else policy


def takes_card(policy: RegistrationPolicy, rank: CardRank) -> bool:
    """Whether a card of this rank proves a company to this service (C-2)."""
    return Proof.CARD in policy.company_proof and rank in policy.card_ranks


def may_offer_card(policy: RegistrationPolicy, company: CompanyState) -> bool:
    """Whether a card would change what becomes of an application: it proves the company, or its bearer leads it."""
    leads = policy.first_admin is FirstAdmin.FIRST_VERIFIED and not company.has_admin and company.had_admin
    return Proof.CARD in policy.company_proof and (leads or bool(proofs_to_give(policy, company)))


def proofs_to_give(policy: RegistrationPolicy, company: CompanyState) -> tuple[Proof, ...]:
    """The proofs of which an applicant of this company gives one, in the policy's order; none where none is needed.

    Where a card or nothing is taken, she chooses: without it the account is for less (R-180, R-207).
    """
    if company.is_proven or (Proof.NONE in policy.company_proof and Proof.CARD not in policy.company_proof):
        return ()
    return policy.company_proof


def is_proven(policy: RegistrationPolicy, proof: CompanyProof) -> bool:
    """Whether a company of this proof counts as proven here. An operator's word is kept as the proof he has seen."""
    taken = {CompanyProof.CARD: Proof.CARD, CompanyProof.DOCUMENT: Proof.DOCUMENT}
    if proof not in taken:
        return False
    return taken[proof] in policy.company_proof or Proof.OPERATOR in policy.company_proof


def first_role(policy: RegistrationPolicy) -> Role:
    """The role of an account that nobody has given one yet: the least that the service has."""
    return next(role for role in Role if role in policy.roles)


def _reviewer(policy: RegistrationPolicy, company: CompanyState, first: bool) -> Reviewer:
    if first:
        return Reviewer.AUTO
    if policy.member_approval is Reviewer.AUTO and company.has_admin:
        return Reviewer.GROUP_ADMIN  # C-3: automatic only while the company has no group admin
    if policy.member_approval is Reviewer.GROUP_ADMIN and not company.has_admin:
        return Reviewer.OPERATOR  # with nobody to decide, it goes to the operators
    return policy.member_approval
