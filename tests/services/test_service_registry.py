"""Services are set up with a brand, a mail sender and a registration policy that leads somewhere."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from idp.db import session, transaction
from idp.errors import AlreadyExists, ChangedMeanwhile, InvalidInput, NotFound
from idp.models import Service
from idp.policies.registration import PRESETS, Proof, RegistrationPolicy
from idp.services.client_registry import remove_client
from idp.services.service_registry import (
    ServiceProfile,
    add_service,
    change_service,
    clients_of_service,
    held_service,
    list_services,
    profile_of,
    registration_policy,
)
from tests.services.people import a_client, actions, at_once, audit_rows

PLAIN = ServiceProfile(name_zh="通行證")
TODAY = {"preset": "dreams", "company_proof": ["operator"]}


def added(profile: ServiceProfile = PLAIN, service_id: str = "portpass") -> Service:
    with transaction():
        return add_service(service_id, profile)


def refusal_of(**changes: Any) -> dict[str, object]:
    with pytest.raises(InvalidInput) as refusal:
        added(replace(PLAIN, **changes))
    session.rollback()
    assert list_services() == []
    return refusal.value.details


def test_a_service_needs_no_more_than_a_name(database: Flask) -> None:
    service = added()
    assert profile_of(service) == replace(PLAIN, name_en="通行證")
    assert registration_policy(service) == RegistrationPolicy()
    row = audit_rows()[-1]
    assert (row.action, row.details) == ("service:added", {"service": "portpass"})


def test_a_services_addresses_and_policy_are_kept_as_they_are_read(database: Flask) -> None:
    service = added(
        replace(
            PLAIN,
            mail_from=" No-Reply@EXAMPLE.test ",
            mail_reply_to="help@example.test",
            mail_footer=" 本信由系統寄出。\n客服 02-2345-6789 \n",
            policy=TODAY,
        )
    )
    session.expire_all()
    assert (service.mail_from, service.mail_reply_to) == ("No-Reply@example.test", "help@example.test")
    assert service.mail_footer == "本信由系統寄出。\n客服 02-2345-6789"
    assert service.policy == TODAY
    assert registration_policy(service) == replace(PRESETS["dreams"], company_proof=(Proof.OPERATOR,))


@pytest.mark.parametrize(
    ("field", "problem", "changes"),
    [
        ("name", "client_name.form", {"name_zh": " "}),
        ("name", "client_name.form", {"name_zh": "x" * 101}),
        ("name_en", "client_name.form", {"name_en": "a\u202eb"}),
        ("colour", "colour.form", {"colour": "red;}"}),
        ("colour", "colour.contrast", {"colour": "#ffcc00"}),
        ("mail_from", "email.form", {"mail_from": "nobody"}),
        ("mail_from", "email.form", {"mail_from": "a@example.test\r\nBcc: b@example.test"}),
        ("mail_from", "email.form", {"mail_from": "港務 <a@example.test>"}),
        ("mail_reply_to", "email.form", {"mail_reply_to": "a@example.test, b@example.test"}),
        ("mail_footer", "footer.form", {"mail_footer": "x" * 501}),
        ("mail_footer", "footer.form", {"mail_footer": "a\0b"}),
        ("policy", "policy.form", {"policy": {"preset": "nowhere"}}),
        ("policy", "policy.form", {"policy": {"colour": "red"}}),
        ("policy", "policy.form", {"policy": {"roles": "staff"}}),
    ],
)
def test_what_breaks_a_rule_is_refused_by_its_name(
    database: Flask, field: str, problem: str, changes: dict[str, Any]
) -> None:
    told = refusal_of(**changes)
    assert (told["field"], told["problem"]) == (field, problem)


def test_a_policy_that_leads_nowhere_is_refused_with_every_reason(database: Flask) -> None:
    told = refusal_of(policy={"preset": "twport", "roles": [], "entity_types": []})
    assert told["problems"] == ["policy.no_entity_type", "policy.no_role"]


@pytest.mark.parametrize("service_id", ["", "No Name", "1st", "x" * 41, "港務", "dreams\n", "new"])
def test_a_services_id_is_a_plain_word(database: Flask, service_id: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        added(service_id=service_id)
    assert refusal.value.details == {"field": "service", "problem": "service.form"}


def test_an_id_that_is_taken_is_refused(database: Flask) -> None:
    added()
    with pytest.raises(AlreadyExists) as refusal:
        added(replace(PLAIN, name_zh="又一個"))
    assert refusal.value.details == {"field": "service"}


def test_a_change_is_recorded_with_what_it_changed(database: Flask) -> None:
    service = added(replace(PLAIN, mail_from="a@example.test", mail_footer="x"))
    with transaction():
        change_service(service, replace(profile_of(service), mail_from="", mail_footer=" ", policy=TODAY))
    session.expire_all()
    assert (service.mail_from, service.mail_footer, service.policy) == (None, None, TODAY)
    changed = {"changed": ["mail_from", "mail_footer", "policy"], "keys": ["company_proof", "preset"]}
    assert audit_rows()[-1].details == {"service": "portpass", **changed}
    assert service.version == 2
    with transaction():
        change_service(service, profile_of(service))
    assert (service.version, actions()) == (2, ["service:added", "service:changed"]), "nothing was changed"


@pytest.mark.both_databases
def test_of_two_who_change_what_they_saw_the_second_is_told(database: Flask) -> None:
    service = added()
    with transaction():
        change_service(service, replace(PLAIN, name_zh="甲"), seen_version=1)
    with pytest.raises(ChangedMeanwhile), transaction():
        change_service(service, replace(PLAIN, name_zh="乙"), seen_version=1)
    session.expire_all()
    assert service.name_zh == "甲"

    def change() -> str:
        with transaction():
            change_service(session.get_one(Service, "portpass"), replace(PLAIN, name_zh="丙"), seen_version=2)
        return "done"

    assert at_once(database, change) == ["changed_meanwhile", "changed_meanwhile", "changed_meanwhile", "done"]


def test_who_holds_a_service_that_is_not_there_is_told(database: Flask) -> None:
    with pytest.raises(NotFound):
        held_service("nowhere")


def test_a_bad_change_changes_nothing(database: Flask) -> None:
    service = added()
    with pytest.raises(InvalidInput), transaction():
        change_service(service, replace(PLAIN, name_zh="新名", policy={"preset": "ida", "credentials": []}))
    session.expire_all()
    assert service.name_zh == "通行證"
    assert actions() == ["service:added"]


def test_services_are_listed_by_their_id(database: Flask) -> None:
    added(service_id="portpass")
    added(service_id="dreams")
    assert [service.id for service in list_services()] == ["dreams", "portpass"]


def test_a_services_applications_are_those_that_were_not_removed(database: Flask) -> None:
    added(service_id="dreams")
    there, gone = a_client("there", service_id="dreams"), a_client("gone", service_id="dreams")
    a_client("elsewhere")
    with transaction():
        remove_client(gone)
    assert [client.id for client in clients_of_service("dreams")] == [there.id]


@pytest.mark.both_databases
def test_operators_who_add_one_service_at_once_get_one_service(database: Flask) -> None:
    assert at_once(database, lambda: added().id) == ["already_exists", "already_exists", "already_exists", "portpass"]
