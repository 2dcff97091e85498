"""A service's texts in versions: written once, never changed, and asked for from the moment they are published."""

from typing import Any

import pytest
from flask import Flask

from idp.db import session, transaction
from idp.errors import ChangedMeanwhile, InvalidInput, NotFound
from idp.models import Company, OutboxEntry, Service
from idp.policies.registration import PRESETS, Reviewer, policy_from
from idp.policies.registration_preview import Applicant, preview_of
from idp.policies.reviews import Outcome
from idp.policies.roles import Role
from idp.policies.standing import AccountStatus, Approval, CompanyProof
from idp.services.activations import activate
from idp.services.case_reviews import Decision, decide_case
from idp.services.company_standing import prove_company
from idp.services.secrets import digest
from idp.services.service_registry import registration_policy
from idp.services.service_texts import next_version, notice_of, one_version, publish_text, text_of, versions_of
from tests.services.applicants import OPERATOR, a_service, account_of, apply, confirm, token_mailed_to
from tests.services.people import actions, at_once, audit_rows, person


def published(text_id: str = "terms", zh: str = "甲", en: str = "A", *, seen: str = "1") -> str:
    with transaction():
        return publish_text("dreams", text_id, zh, en, seen=seen).version


def consents(service: Service) -> list[tuple[str, str, str]]:
    session.refresh(service)
    return [(text.id, text.version, text.when) for text in registration_policy(service).consents]


def test_a_new_version_follows_the_newest_and_is_asked_for(database: Flask) -> None:
    service = a_service(policy=OPERATOR | {"consents": [{"id": "hazard", "version": "1", "when": "first_login"}]})
    assert published("hazard", "一\r\n\r\n二 \t\n") == "2"
    assert consents(service) == [("hazard", "2", "first_login")]
    written = text_of("dreams", "hazard", "2")
    assert written is not None
    assert (written.zh, written.en, written.created_by) == ("一\n\n二", "A", "cli:tests")
    assert published("hazard", seen="2") == "3"
    assert [one.version for one in versions_of("dreams", "hazard")] == ["3", "2", "1"]
    assert [one.is_built_in for one in versions_of("dreams", "hazard")] == [False, False, True]
    assert actions()[1:] == ["service:text:published", "service:changed"] * 2
    assert audit_rows()[-1].details == {"service": "dreams", "changed": ["policy"], "keys": ["consents"]}
    assert one_version("dreams", "hazard", "3").created_by == "cli:tests"
    with pytest.raises(NotFound):
        one_version("dreams", "hazard", "4")


def test_a_text_that_nobody_is_asked_for_changes_no_policy(database: Flask) -> None:
    service = a_service()
    assert notice_of("dreams") == ("privacy", "1")
    assert published("privacy") == "2"
    assert consents(service) == [("terms", "1", "before_apply")]
    assert notice_of("dreams") == ("privacy", "2"), "who applies is told by the newest all the same"
    a_service("other")
    assert notice_of("other") == ("privacy", "1"), "another service has its own"


def test_what_can_not_be_a_text_is_refused_by_its_language(database: Flask) -> None:
    a_service()
    for changes, field in (({"zh": " "}, "zh"), ({"en": "{nobody}"}, "en")):
        with pytest.raises(InvalidInput) as refusal:
            published(**changes)
        assert refusal.value.details["field"] == field
    with pytest.raises(NotFound), transaction():
        publish_text("nowhere", "terms", "甲", "A", seen="1")


@pytest.mark.both_databases
def test_of_those_who_write_the_next_version_at_once_one_publishes_it(database: Flask) -> None:
    a_service()
    assert at_once(database, published) == ["2", "changed_meanwhile", "changed_meanwhile", "changed_meanwhile"]
    with pytest.raises(ChangedMeanwhile):
        published(seen="")


def test_versions_are_counted_by_their_numbers() -> None:
    assert next_version([]) == "1"
    assert next_version(["1", "9", "10", "2026.11", "³"]) == "11"


def mails_to(account_id: str) -> list[str]:
    rows = session.query(OutboxEntry).filter_by(account_id=account_id).order_by(OutboxEntry.id)
    return [str(row.template) for row in rows]


@pytest.mark.parametrize(
    ("policy", "applicant"),
    [
        (OPERATOR, Applicant.FIRST),
        (OPERATOR, Applicant.COLLEAGUE),
        (OPERATOR | {"member_approval": "operator"}, Applicant.COLLEAGUE),
        ({"preset": "twport"}, Applicant.COLLEAGUE),
        ({"preset": "twport", "company_proof": ["operator"]}, Applicant.FIRST),
        (
            {"company_proof": ["none"], "member_approval": "auto", "first_admin": "none"},
            Applicant.FIRST,
        ),
        ({"preset": "ida"}, Applicant.FIRST),
    ],
)
def test_the_preview_of_a_policy_tells_the_mails_that_are_sent(
    company: Company, policy: dict[str, Any], applicant: Applicant
) -> None:
    """The rule says what services do: each application is played through to its approval."""
    service = a_service(policy=policy)
    admin = None
    if applicant is Applicant.COLLEAGUE:
        with transaction():
            prove_company(company, CompanyProof.DOCUMENT, "seen")
        admin = person(company, Role.GROUP_ADMIN)
    seen = preview_of(policy_from(policy), applicant)
    assert seen is not None
    assert seen.reviewer is not None
    case = apply(service)
    if "verification" in mails_to(case.account_id):
        confirm(case)
    if "activation" in mails_to(case.account_id):
        with transaction():
            activate(digest(token_mailed_to(case.account_id)), None)
    if seen.reviewer is not Reviewer.AUTO:
        if applicant is Applicant.FIRST:
            with transaction():
                prove_company(company, CompanyProof.DOCUMENT, "seen", first_come=True)
        session.refresh(case)
        if account_of(case).status is AccountStatus.REVIEW_PENDING:
            assert case.reviewer is seen.reviewer
            with transaction():
                decide_case(
                    Decision(
                        case_id=case.id, seen_version=case.version, outcome=Outcome.APPROVED, role=Role.STAFF,
                        approval=Approval.GROUP_ADMIN, decided_by="ga_x",
                    )
                )  # fmt: skip
    told = [template for moment, template in seen.mails if moment not in {"waits", "rejected"}]
    assert mails_to(case.account_id) == told
    waits = [template for moment, template in seen.mails if moment == "waits"]
    assert [name for name in mails_to(admin.id) if name == "application_waits"] == waits if admin else not waits


def test_every_preset_can_be_previewed() -> None:
    assert all(preview_of(policy, Applicant.COLLEAGUE) for policy in PRESETS.values())
