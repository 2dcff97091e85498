"""The wizard that follows from a policy and a company's state: its steps, its proofs, and who will decide."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from idp.policies.cards import CardRank
from idp.policies.registration import (
    PRESETS,
    CredentialSet,
    FirstAdmin,
    Proof,
    RegistrationPolicy,
    Reviewer,
    policy_from,
)
from idp.policies.registration_path import (
    CompanyState,
    Step,
    first_role,
    is_proven,
    may_offer_card,
    path_of,
    policy_for,
    policy_for_credential,
    proofs_to_give,
    takes_card,
)
from idp.policies.roles import Role
from idp.policies.standing import CompanyProof

ADMIN, OPERATOR, AUTO = Reviewer.GROUP_ADMIN, Reviewer.OPERATOR, Reviewer.AUTO
FIRST = FirstAdmin.FIRST_VERIFIED
FRESH = CompanyState()
PROVEN = CompanyState(is_known=True, is_proven=True)
LED = CompanyState(is_known=True, is_proven=True, has_admin=True)
LED_UNPROVEN = CompanyState(is_known=True, has_admin=True)
LEFT = CompanyState(is_known=True, is_proven=True, had_admin=True)
UNPROVEN_LEFT = CompanyState(is_known=True, had_admin=True)
PRIMARY, SECONDARY = CardRank.PRIMARY, CardRank.SECONDARY
WHOLE = (Step.TERMS, Step.COMPANY, Step.ACCOUNT, Step.CHECK, Step.DONE)
PROVED = (Step.TERMS, Step.COMPANY, Step.PROOF, Step.ACCOUNT, Step.CHECK, Step.DONE)
BY_CARD = (Step.TERMS, Step.COMPANY, Step.CARD, Step.ACCOUNT, Step.CHECK, Step.DONE)
BY_DOCUMENT = (Step.TERMS, Step.COMPANY, Step.DOCUMENT, Step.ACCOUNT, Step.CHECK, Step.DONE)
EXPLAINED = (Step.TERMS, Step.COMPANY, Step.VERIFIED, Step.ACCOUNT, Step.CHECK, Step.DONE)


@pytest.mark.parametrize(
    ("preset", "company", "steps", "becomes_admin", "reviewer"),
    [
        ("dreams", FRESH, BY_CARD, False, OPERATOR),
        ("dreams", PROVEN, WHOLE, True, AUTO),
        ("dreams", LEFT, EXPLAINED, False, OPERATOR),
        ("dreams", LED, EXPLAINED, False, ADMIN),
        ("dreams", LED_UNPROVEN, EXPLAINED, False, ADMIN),
        ("twport", FRESH, BY_DOCUMENT, False, OPERATOR),
        ("twport", PROVEN, EXPLAINED, False, OPERATOR),
        ("twport", LED, EXPLAINED, False, OPERATOR),
        ("twport", LED_UNPROVEN, EXPLAINED, False, OPERATOR),
        ("ida", FRESH, PROVED, False, AUTO),
        ("ida", PROVEN, WHOLE, True, AUTO),
        ("ida", LED, EXPLAINED, False, ADMIN),
        ("ida", LED_UNPROVEN, EXPLAINED, False, ADMIN),
    ],
)
def test_the_way_follows_from_the_policy_and_the_company(
    preset: str, company: CompanyState, steps: tuple[Step, ...], becomes_admin: bool, reviewer: Reviewer
) -> None:
    path = path_of(PRESETS[preset], company)
    assert path.steps == steps
    assert (path.becomes_admin, path.reviewer) == (becomes_admin, reviewer)
    assert path.explains_review is (Step.VERIFIED in steps)


BY_COMPANY_CARD, BY_CITIZEN_CARD, BY_PASSWORD = (
    CredentialSet.COMPANY_CARD,
    CredentialSet.CITIZEN_CARD,
    CredentialSet.PASSWORD,
)
WITH_CITIZEN = (Step.TERMS, Step.COMPANY, Step.CITIZEN, Step.ACCOUNT, Step.CHECK, Step.DONE)


@pytest.mark.parametrize(
    ("credential", "company", "steps", "becomes_admin", "reviewer"),
    [
        # a certificate account shows its company's card, whatever is known of the company.
        (BY_COMPANY_CARD, FRESH, BY_CARD, True, AUTO),
        (BY_COMPANY_CARD, PROVEN, BY_CARD, True, AUTO),
        (BY_COMPANY_CARD, LED, BY_CARD, False, ADMIN),
        # the two others prove no company, and nobody leads one by them.
        (BY_CITIZEN_CARD, FRESH, WITH_CITIZEN, False, AUTO),
        (BY_PASSWORD, FRESH, WHOLE, False, AUTO),
        (BY_PASSWORD, LEFT, WHOLE, False, AUTO),
        (BY_PASSWORD, LED, EXPLAINED, False, ADMIN),
    ],
)
def test_what_an_account_signs_in_by_decides_what_is_shown(
    credential: CredentialSet, company: CompanyState, steps: tuple[Step, ...], becomes_admin: bool, reviewer: Reviewer
) -> None:
    policy = policy_for_credential(PRESETS["ida"], credential)
    # As services ask it: what proves a company is asked under the policy of this kind.
    known = replace(company, is_proven=company.is_proven and credential is BY_COMPANY_CARD)
    path = path_of(
        policy,
        known,
        card=PRIMARY if credential is BY_COMPANY_CARD else None,
        wants_card=credential is BY_COMPANY_CARD,
        wants_citizen=credential is BY_CITIZEN_CARD,
    )
    assert (path.steps, path.becomes_admin, path.reviewer) == (steps, becomes_admin, reviewer)


def test_where_there_is_one_kind_of_account_the_policy_stays_as_it_is() -> None:
    assert policy_for_credential(PRESETS["dreams"], BY_PASSWORD) == PRESETS["dreams"]
    assert policy_for_credential(PRESETS["ida"], BY_COMPANY_CARD).company_proof == (Proof.CARD,)
    assert policy_for_credential(PRESETS["ida"], BY_PASSWORD).company_proof == (Proof.NONE,)
    only_card = policy_from({"preset": "ida", "company_proof": ["card"]})
    assert policy_for_credential(only_card, BY_PASSWORD).company_proof == (Proof.CARD,), "no other proof is left"


@pytest.mark.parametrize(
    ("changes", "company", "proofs"),
    [
        ({}, FRESH, (Proof.OPERATOR,)),
        ({}, PROVEN, ()),
        ({}, LED_UNPROVEN, (Proof.OPERATOR,)),
        ({"company_proof": ["none"], "first_admin": "none", "member_approval": "auto"}, FRESH, ()),
        ({"company_proof": ["operator", "none"]}, FRESH, ()),
        ({"company_proof": ["document", "card"]}, FRESH, (Proof.DOCUMENT, Proof.CARD)),
        ({"company_proof": ["card", "none"]}, FRESH, (Proof.CARD, Proof.NONE)),
        ({"company_proof": ["card", "none"]}, PROVEN, ()),
    ],
)
def test_a_proof_is_asked_for_where_one_is_needed(
    changes: dict[str, Any], company: CompanyState, proofs: tuple[Proof, ...]
) -> None:
    policy = policy_from(changes)
    assert proofs_to_give(policy, company) == proofs
    is_asked = bool({Step.PROOF, Step.DOCUMENT} & set(path_of(policy, company).steps))
    assert is_asked is (bool(proofs) and not path_of(policy, company).explains_review)


@pytest.mark.parametrize(
    ("taken", "wanted", "steps"),
    [
        (["document"], {}, BY_DOCUMENT),
        (["document", "card"], {}, BY_DOCUMENT),
        # The page of the document offers the card beside it.
        (["document", "card"], {"wants_card": True}, BY_CARD),
        (["operator", "document"], {}, PROVED),
        (["operator", "document"], {"wants_document": True}, BY_DOCUMENT),
        (["card", "none", "document"], {"wants_document": True}, BY_DOCUMENT),
        (["card", "operator"], {"wants_document": True}, PROVED),
    ],
)
def test_the_document_is_the_way_or_one_to_be_chosen(
    taken: list[str], wanted: dict[str, bool], steps: tuple[Step, ...]
) -> None:
    policy = policy_from({"company_proof": taken})
    path = path_of(policy, FRESH, **wanted)
    assert (path.steps, path.becomes_admin) == (steps, False)
    # Where the company is proven there is nothing to prove.
    assert Step.DOCUMENT not in path_of(policy, PROVEN, wants_document=True).steps


@pytest.mark.parametrize(
    ("company", "rank", "becomes_admin", "reviewer"),
    [
        (FRESH, PRIMARY, True, AUTO),
        (PROVEN, PRIMARY, True, AUTO),
        # Nobody leads it any more: the bearer of the 正卡 does.
        (LEFT, PRIMARY, True, AUTO),
        (UNPROVEN_LEFT, PRIMARY, True, AUTO),
        (LED, PRIMARY, False, ADMIN),
        (LED_UNPROVEN, PRIMARY, False, ADMIN),
        # An 附卡 proves the company where it is taken, and its bearer leads nobody who was there before.
        (FRESH, SECONDARY, True, AUTO),
        (LEFT, SECONDARY, False, OPERATOR),
        (UNPROVEN_LEFT, CardRank.MOBILE, False, OPERATOR),
        (LED, SECONDARY, False, ADMIN),
    ],
)
def test_a_card_proves_its_company_and_the_primary_one_leads_it(
    company: CompanyState, rank: CardRank, becomes_admin: bool, reviewer: Reviewer
) -> None:
    policy = policy_from({"company_proof": ["card", "operator"], "card_ranks": [str(one) for one in CardRank]})
    path = path_of(policy, company, card=rank)
    assert (path.steps, path.becomes_admin, path.reviewer) == (BY_CARD, becomes_admin, reviewer)


def test_a_card_of_a_rank_that_is_not_taken_changes_nothing() -> None:
    policy = policy_from({"company_proof": ["card", "operator"]})
    assert not takes_card(policy, SECONDARY)
    assert path_of(policy, FRESH, card=SECONDARY) == path_of(policy, FRESH)
    without = policy_from({"company_proof": ["operator"]})
    assert not takes_card(without, PRIMARY)
    assert path_of(without, FRESH, card=PRIMARY, wants_card=True) == path_of(without, FRESH)


@pytest.mark.parametrize(
    ("taken", "company", "is_offered", "steps"),
    [
        (["card"], FRESH, True, BY_CARD),
        (["card", "operator"], FRESH, True, PROVED),
        (["card", "none"], FRESH, True, PROVED),
        (["card", "none"], PROVEN, False, WHOLE),
        (["card"], LEFT, True, EXPLAINED),
        (["card"], LED, False, EXPLAINED),
        (["operator"], FRESH, False, PROVED),
        (["operator"], LEFT, False, EXPLAINED),
    ],
)
def test_a_card_is_offered_where_it_changes_something_and_chosen_by_its_person(
    taken: list[str], company: CompanyState, is_offered: bool, steps: tuple[Step, ...]
) -> None:
    policy = policy_from({"company_proof": taken, "first_admin": "first_verified"})
    assert may_offer_card(policy, company) is is_offered
    assert path_of(policy, company).steps == steps
    chosen = path_of(policy, company, wants_card=True).steps
    assert chosen == (BY_CARD if "card" in taken else steps)


def test_only_a_company_with_a_tax_id_has_a_card() -> None:
    policy = policy_from({"company_proof": ["card", "operator"]})
    assert policy_for(policy, "ubn") == policy_for(policy, None) == policy
    assert policy_for(policy, "agency").company_proof == (Proof.OPERATOR,)
    assert path_of(policy_for(policy, "agency"), FRESH, wants_card=True).steps == PROVED


@pytest.mark.parametrize(
    ("taken", "proven_by"),
    [
        (["card"], {CompanyProof.CARD}),
        (["document"], {CompanyProof.DOCUMENT}),
        (["operator"], {CompanyProof.CARD, CompanyProof.DOCUMENT}),
        (["none"], set()),
    ],
)
def test_a_company_counts_as_proven_by_what_its_service_takes(taken: list[str], proven_by: set[CompanyProof]) -> None:
    policy = policy_from({"company_proof": taken})
    assert {proof for proof in CompanyProof if is_proven(policy, proof)} == proven_by


@pytest.mark.parametrize(("preset", "role"), [("dreams", Role.GUEST), ("twport", Role.STAFF), ("ida", Role.STAFF)])
def test_an_account_begins_with_the_least_role_of_its_service(preset: str, role: Role) -> None:
    assert first_role(PRESETS[preset]) is role


@pytest.mark.parametrize("flags", list(product((False, True), repeat=4)))
@pytest.mark.parametrize("first_admin", FirstAdmin)
@pytest.mark.parametrize("approval", Reviewer)
def test_no_way_gives_a_company_away(
    flags: tuple[bool, bool, bool, bool], first_admin: FirstAdmin, approval: Reviewer
) -> None:
    """Only the first person of a proven company becomes its group admin, and nobody is reviewed by one who is not."""
    company = CompanyState(*flags)
    path = path_of(RegistrationPolicy(first_admin=first_admin, member_approval=approval), company)
    if path.becomes_admin:
        assert company.is_proven
        assert not company.has_admin
        assert not company.had_admin
        assert first_admin is FIRST
    if path.reviewer is ADMIN:
        assert company.has_admin
    if path.reviewer is AUTO:
        assert not company.has_admin
        assert not path.explains_review
