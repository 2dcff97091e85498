"""The preview of a policy: what the wizard's own rules say of people who are not there yet."""

from dataclasses import replace
from typing import Any

import pytest

from idp.policies.cards import CardRank
from idp.policies.registration import PRESETS, FirstAdmin, MailCheck, Proof, RegistrationPolicy, Reviewer
from idp.policies.registration_path import Step
from idp.policies.registration_preview import Applicant, Moment, preview_of

DREAMS, TWPORT = PRESETS["dreams"], PRESETS["twport"]
FIRST, COLLEAGUE, CARD = Applicant
NAMED = FirstAdmin.OPERATOR_NAMED
OPERATORS_WORD = RegistrationPolicy()
OPEN_TO_ALL = replace(
    OPERATORS_WORD, company_proof=(Proof.NONE,), first_admin=FirstAdmin.NONE, member_approval=Reviewer.AUTO
)


@pytest.mark.parametrize(
    ("policy", "applicant", "reviewer", "becomes_admin", "proof"),
    [
        (DREAMS, FIRST, None, False, Step.CARD),
        (DREAMS, COLLEAGUE, Reviewer.GROUP_ADMIN, False, Step.VERIFIED),
        (DREAMS, CARD, Reviewer.AUTO, True, Step.CARD),
        (TWPORT, FIRST, Reviewer.OPERATOR, False, Step.DOCUMENT),
        (TWPORT, COLLEAGUE, Reviewer.OPERATOR, False, Step.VERIFIED),
        (TWPORT, CARD, Reviewer.OPERATOR, False, Step.CARD),
        (replace(TWPORT, first_admin=FirstAdmin.FIRST_VERIFIED), CARD, Reviewer.OPERATOR, False, Step.CARD),
        (OPERATORS_WORD, FIRST, Reviewer.OPERATOR, False, Step.PROOF),
        (replace(DREAMS, company_proof=(Proof.CARD, Proof.NONE)), FIRST, Reviewer.OPERATOR, False, Step.PROOF),
        (replace(DREAMS, member_approval=Reviewer.AUTO), COLLEAGUE, Reviewer.GROUP_ADMIN, False, Step.VERIFIED),
        (OPEN_TO_ALL, COLLEAGUE, Reviewer.AUTO, False, None),
    ],
)  # fmt: skip
def test_who_decides_and_what_proves_the_company(
    policy: RegistrationPolicy, applicant: Applicant, reviewer: Any, becomes_admin: bool, proof: Step | None
) -> None:
    seen = preview_of(policy, applicant)
    assert seen is not None
    assert (seen.reviewer, seen.becomes_admin) == (reviewer, becomes_admin)
    shown = set(seen.path.steps) & {Step.CARD, Step.DOCUMENT, Step.PROOF, Step.VERIFIED}
    assert shown == ({proof} if proof else set())


def test_there_is_no_bearer_of_a_card_where_none_is_taken() -> None:
    assert preview_of(OPERATORS_WORD, CARD) is None


def test_a_card_that_makes_nobody_group_admin_is_told_so() -> None:
    seen = preview_of(replace(DREAMS, card_ranks=(CardRank.SECONDARY,), first_admin=NAMED), CARD)
    assert seen is not None
    assert (seen.becomes_admin, seen.reviewer) == (False, Reviewer.OPERATOR)


@pytest.mark.parametrize(
    ("policy", "applicant", "mails"),
    [
        (DREAMS, FIRST, []),
        (DREAMS, CARD, [("sent", "verification"), ("confirmed", "application_approved")]),
        (
            DREAMS,
            COLLEAGUE,
            [
                ("sent", "verification"),
                ("confirmed", "application_received"),
                ("waits", "application_waits"),
                ("approved", "application_approved"),
                ("rejected", "application_rejected"),
            ],
        ),
        (
            TWPORT,
            FIRST,
            [
                ("sent", "application_received"),
                ("document_approved", "document_approved"),
                ("document_rejected", "document_rejected"),
                ("approved", "application_approved_verify"),
                ("rejected", "application_rejected"),
            ],
        ),
        (
            replace(TWPORT, mail_check=MailCheck.BEFORE_REVIEW, member_approval=Reviewer.GROUP_ADMIN),
            FIRST,
            [
                ("sent", "verification"),
                ("confirmed", "application_received"),
                ("document_approved", "document_approved"),
                ("document_rejected", "document_rejected"),
                ("approved", "application_approved"),
                ("rejected", "application_rejected"),
            ],
        ),
    ],
)
def test_which_mails_are_sent(policy: RegistrationPolicy, applicant: Applicant, mails: list[tuple[str, str]]) -> None:
    seen = preview_of(policy, applicant)
    assert seen is not None
    assert list(seen.mails) == [(Moment(moment), template) for moment, template in mails]
