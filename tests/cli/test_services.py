"""An operator sets up services; a policy that this version can not keep is refused in words."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from idp.cli.words import PROBLEMS
from idp.policies.registration import (
    PRESETS,
    ConsentText,
    FirstAdmin,
    MailCheck,
    Proof,
    RegistrationPolicy,
    Reviewer,
    policy_problems,
)
from tests.harness.command import Command


def refused(idp: Command, *arguments: str, status: int = 1) -> str:
    ended, shown, said = idp.attempt(*arguments)
    assert (ended, shown) == (status, ""), said
    assert "Traceback" not in said
    return said


def add(idp: Command, service_id: str, *more: str) -> Any:
    return idp("service", "add", "--id", service_id, "--name", "測試服務", *more)


def policy_file(folder: Path, content: object) -> str:
    file = folder / "policy.json"
    file.write_text(json.dumps(content))
    return str(file)


def test_a_service_is_added_shown_and_listed(idp: Command) -> None:
    added = add(
        idp, "branded", "--name-en", "Branded", "--colour", "#12462a", "--mail-from", "no-reply@EXAMPLE.test",
        "--reply-to", "help@example.test", "--footer", "客服 02-2345-6789",
    )  # fmt: skip
    assert (added["name"], added["name_en"], added["colour"]) == ("測試服務", "Branded", "#12462a")
    assert (added["mail_from"], added["reply_to"]) == ("no-reply@example.test", "help@example.test")
    assert (added["footer"], added["preset"], added["changed_keys"]) == ("客服 02-2345-6789", None, [])
    assert added["policy"]["company_proof"] == ["operator"]
    assert idp("service", "show", "--id", "branded", "--json") == added
    shown = idp("service", "show", "--id", "branded")
    assert "測試服務" in shown
    assert any(line.split() == ["policy.member_approval", "group_admin"] for line in shown.splitlines())
    assert added in idp("service", "list", "--json")
    assert "branded" in idp("service", "list")


def test_every_preset_makes_a_service(idp: Command) -> None:
    added = add(idp, "letters", "--preset", "ida")["policy"]
    assert (added["login_id"], added["mail_check"]) == ("electronic_id", "activation")
    assert added["credentials"] == ["company_card", "citizen_card", "password"]
    assert add(idp, "harbour", "--preset", "twport")["policy"]["company_proof"] == ["document", "card"]
    assert "no such service" in refused(idp, "service", "show", "--id", "later")
    assert refused(idp, "service", "add", "--id", "later", "--name", "x", "--preset", "nowhere", status=2)


def test_an_operators_word_makes_dreams_possible(idp: Command, tmp_path: Path) -> None:
    file = policy_file(tmp_path, {"company_proof": ["operator"]})
    added = add(idp, "word", "--preset", "dreams", "--policy", file)
    assert (added["preset"], added["changed_keys"]) == ("dreams", ["company_proof"])
    assert (added["policy"]["company_proof"], added["policy"]["first_admin"]) == (["operator"], "first_verified")


def test_a_service_is_changed_and_what_is_not_given_stays(idp: Command, tmp_path: Path) -> None:
    file = policy_file(tmp_path, {"company_proof": ["operator"], "verify_hours": 48})
    before = add(idp, "changing", "--preset", "dreams", "--policy", file, "--mail-from", "a@example.test")
    changed = idp("service", "set", "--id", "changing", "--name", "新名", "--mail-from", "")
    assert changed == {**before, "name": "新名", "mail_from": None}
    other = idp("service", "set", "--id", "changing", "--preset", "twport")
    assert (other["preset"], other["changed_keys"]) == ("twport", ["company_proof", "verify_hours"])
    assert other["policy"]["member_approval"] == "operator"
    again = idp(
        "service", "set", "--id", "changing", "--policy", policy_file(tmp_path, {"company_proof": ["operator"]})
    )
    assert (again["preset"], again["policy"]["verify_hours"]) == ("twport", 24)


def test_a_policy_file_may_name_its_preset(idp: Command, tmp_path: Path) -> None:
    file = policy_file(tmp_path, {"preset": "twport", "company_proof": ["none", "operator"]})
    assert add(idp, "named", "--policy", file)["preset"] == "twport"
    assert idp("service", "set", "--id", "named", "--policy", file, "--preset", "dreams")["preset"] == "dreams"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[]", "JSON object"),
        ("{", "not readable as JSON"),
        ('{"colour": 1}', "unknown keys: colour"),
        ('{"preset": "nowhere"}', "preset: 'nowhere' is none of dreams, twport, ida"),
        ('{"verify_hours": 0}', "verify_hours: 0 is no number from 1 to 168"),
        ('{"company_proof": []}', "nobody could register"),
        ('{"company_proof": ["none"]}', "must not become group admin"),
        ('{"first_admin": "none"}', "there never is one"),
        ('{"entity_types": []}', "nobody could register"),
        ('{"roles": []}', "no role"),
    ],
)
def test_a_policy_that_can_not_be_taken_gets_a_sentence(idp: Command, tmp_path: Path, content: str, told: str) -> None:
    file = tmp_path / "policy.json"
    file.write_text(content)
    assert told in refused(idp, "service", "add", "--id", "bad-policy", "--name", "x", "--policy", str(file))
    assert "no such service" in refused(idp, "service", "show", "--id", "bad-policy")


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--id", "No Name", "1 to 40"),
        ("--name", " ", "visible characters"),
        ("--colour", "#ffcc00", "darker"),
        ("--colour", "red", "hexadecimal"),
        ("--mail-from", "nobody", "mail address"),
        ("--reply-to", "a@example.test\nb", "mail address"),
        ("--footer", "x" * 501, "500"),
    ],
)
def test_a_bad_value_is_refused_in_words(idp: Command, option: str, value: str, told: str) -> None:
    given = {"--id": "bad-value", "--name": "x", option: value}
    assert told in refused(idp, "service", "add", *(word for pair in given.items() for word in pair))


def test_an_id_that_is_taken_or_unknown_is_told(idp: Command, tmp_path: Path) -> None:
    add(idp, "taken")
    assert "taken already" in refused(idp, "service", "add", "--id", "taken", "--name", "x")
    assert "no such service" in refused(idp, "service", "set", "--id", "nobody", "--name", "x")
    refused(idp, "service", "set", "--id", "taken", "--policy", str(tmp_path / "nowhere.json"), status=2)


def test_every_problem_of_a_policy_has_its_sentence() -> None:
    bad = [
        RegistrationPolicy(company_proof=(), entity_types=(), roles=()),
        RegistrationPolicy(first_admin=FirstAdmin.NONE, member_approval=Reviewer.GROUP_ADMIN),
        RegistrationPolicy(consents=(ConsentText("nowhere", "1"),)),
        RegistrationPolicy(company_proof=(Proof.CARD,), card_ranks=()),
        PRESETS["ida"],
        replace(PRESETS["ida"], mail_check=MailCheck.BEFORE_REVIEW, company_proof=(Proof.NONE,)),
        replace(PRESETS["dreams"], mail_check=MailCheck.ACTIVATION, credentials=()),
    ]
    met = {problem.partition(":")[0] for policy in bad for problem in policy_problems(policy, built=frozenset())}
    assert met - PROBLEMS.keys() == set()
    asked_for = {key for key in PROBLEMS if key.startswith("policy.")}
    # What a policy alone does not tell: whether there is a folder, is the settings' business.
    of_settings = {"policy.no_documents_folder"}
    assert asked_for == met | of_settings | {"policy.form", "policy.refused", "policy.first_admin_unproven"}
