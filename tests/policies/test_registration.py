"""A service's registration policy is data: read strictly, refused where it leads nowhere, and turned into a wizard."""

from dataclasses import asdict, fields, replace
from typing import Any

import pytest

from idp.policies.cards import CardRank
from idp.policies.registration import (
    BUILT_PROOFS,
    BUILT_TEXTS,
    PRESETS,
    READERS,
    Asked,
    ConsentText,
    FirstAdmin,
    MailCheck,
    Proof,
    RegistrationPolicy,
    Reviewer,
    as_data,
    policy_from,
    policy_problems,
    unreadable_keys,
)
from idp.policies.roles import Role
from tests.architecture.reading import DOCS, in_code, rows_of
from tests.harness.processes import ROOT

KEYS = [f.name for f in fields(RegistrationPolicy)]
ADMIN, OPERATOR, AUTO = Reviewer.GROUP_ADMIN, Reviewer.OPERATOR, Reviewer.AUTO
FIRST, NAMED = FirstAdmin.FIRST_VERIFIED, FirstAdmin.OPERATOR_NAMED
CONFIRM, PREFILL = "registry_confirm", "registry_prefill"
ROWS = {row[0].strip("`"): row for row in rows_of("registration-policy.md")}


@pytest.mark.parametrize(
    ("contradiction", "key", "dreams", "twport", "ida"),
    [
        ("C-1", "label_linked", "off", "鏈結帳號", "off"),
        ("C-2", "company_proof", (Proof.CARD,), (Proof.DOCUMENT, Proof.CARD), (Proof.CARD, Proof.NONE)),
        ("C-3", "member_approval", ADMIN, OPERATOR, AUTO),
        ("C-3", "escalate_after_days", 7, 7, 7),
        ("C-4", "mail_check", MailCheck.BEFORE_REVIEW, MailCheck.AFTER_REVIEW, MailCheck.ACTIVATION),
        ("C-5", "first_admin", FIRST, NAMED, FIRST),
        ("C-6", "accounts_per_company", "many", "many", "many"),
        ("C-7", "login_id", "username", "username", "electronic_id"),
        ("C-7", "ask_entity_id", False, False, True),
        ("C-8", "company_name", CONFIRM, PREFILL, PREFILL),
        ("C-9", "entity_types", ("ubn",), ("ubn", "agency", "foreign", "other"), ("ubn",)),
        ("C-10", "responsible", Asked.HIDDEN, Asked.REQUIRED, Asked.REQUIRED),
        ("C-13", "email_unique", "kind_and_company", "kind_and_company", "none"),
        ("C-15", "roles", tuple(Role), (Role.STAFF, Role.GROUP_ADMIN), (Role.STAFF,)),
        ("C-16", "menu_rights", True, True, False),
        ("C-16", "data_scope", False, True, False),
        ("C-18", "resubmit", "same_application", "same_application", "same_application"),
        ("C-20", "verify_hours", 24, 24, 24),
    ],
)
def test_the_presets_read_as_the_table_of_contradictions_says(
    contradiction: str, key: str, dreams: object, twport: object, ida: object
) -> None:
    assert [getattr(PRESETS[p], key) for p in ("dreams", "twport", "ida")] == [dreams, twport, ida], contradiction


def test_texts_are_agreed_to_when_the_table_says() -> None:
    """C-14: dreams and ida before applying; twport three at the first sign-in, each read to its end."""
    told = {name: [(c.when, c.must_scroll) for c in policy.consents] for name, policy in PRESETS.items()}
    assert told == {
        "dreams": [("before_apply", False)],
        "twport": [("first_login", True)] * 3,
        "ida": [("before_apply", False)],
    }


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_read_by_its_name_and_survives_being_written_down(preset: str) -> None:
    policy = policy_from({"preset": preset})
    assert policy == PRESETS[preset]
    assert policy_from(asdict(policy)) == policy


def test_a_row_without_a_preset_is_the_policy_that_new_services_have() -> None:
    assert policy_from({}) == policy_from({"preset": None}) == RegistrationPolicy()


def test_other_keys_change_the_preset() -> None:
    changed = policy_from({"preset": "dreams", "company_proof": ["operator"], "verify_hours": 48})
    assert changed == replace(PRESETS["dreams"], company_proof=(Proof.OPERATOR,), verify_hours=48)


def test_every_key_has_its_reader() -> None:
    assert sorted(READERS) == sorted(KEYS)


@pytest.mark.parametrize(
    ("key", "value", "read"),
    [
        ("company_proof", ["operator", "none"], (Proof.OPERATOR, Proof.NONE)),
        ("card_ranks", ["primary", "mobile"], (CardRank.PRIMARY, CardRank.MOBILE)),
        ("member_approval", "operator", OPERATOR),
        ("responsible", "optional", Asked.OPTIONAL),
        ("entity_types", ["ubn", "oid"], ("ubn", "oid")),
        ("roles", ["guest"], (Role.GUEST,)),
        ("consents", [{"id": "terms", "version": "2026.11"}], (ConsentText("terms", "2026.11"),)),
        ("consents", [], ()),
        ("escalate_after_days", 365, 365),
        ("label_linked", "共用帳號", "共用帳號"),
        ("data_scope", True, True),
    ],
)
def test_values_are_read_into_what_the_rules_use(key: str, value: Any, read: object) -> None:
    found = getattr(policy_from({key: value}), key)
    assert found == read
    assert type(found) is type(read)


@pytest.mark.parametrize("preset", [None, *PRESETS])
def test_a_policy_is_kept_as_what_differs_from_its_preset(preset: str | None) -> None:
    row = {"preset": preset} if preset else {}
    assert as_data(policy_from(row), preset) == row
    changed = policy_from(row | {"company_proof": ["operator", "card"], "consents": [], "verify_hours": 3})
    kept = as_data(changed, preset)
    assert kept == row | {"company_proof": ["operator", "card"], "consents": [], "verify_hours": 3}
    assert policy_from(kept) == changed


def test_all_keys_that_can_not_be_read_are_told_at_once() -> None:
    data = {"verify_hours": "一天", "roles": ["boss"], "label_linked": "off", "preset": "dreams", "colour": 1}
    assert unreadable_keys(data) == ["verify_hours", "roles"]


@pytest.mark.parametrize("key", ["colour", "Roles", "preset ", ""])
def test_unknown_keys_are_refused_by_name(key: str) -> None:
    with pytest.raises(ValueError, match=f"unknown keys: {key}"):
        policy_from({"preset": "dreams", key: 1})


@pytest.mark.parametrize("preset", ["", "DREAMS", 1, ["dreams"], {}])
def test_an_unknown_preset_is_refused(preset: Any) -> None:
    with pytest.raises(ValueError, match="preset"):
        policy_from({"preset": preset})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("company_proof", "card"),
        ("company_proof", ["paper"]),
        ("company_proof", ["card", "card"]),
        ("company_proof", [["card"]]),
        ("company_proof", None),
        ("card_ranks", ["正卡"]),
        ("member_approval", "nobody"),
        ("mail_check", ["activation"]),
        ("first_admin", None),
        ("accounts_per_company", 1),
        ("login_id", "email"),
        ("ask_entity_id", "yes"),
        ("menu_rights", 1),
        ("data_scope", None),
        ("company_name", ""),
        ("entity_types", "ubn"),
        ("entity_types", ["UBN"]),
        ("responsible", True),
        ("email_unique", "all"),
        ("roles", ["operator"]),
        ("resubmit", "never"),
        ("escalate_after_days", 0),
        ("escalate_after_days", 366),
        ("escalate_after_days", True),
        ("verify_hours", "24"),
        ("verify_hours", 24.0),
        ("invitation_days", -1),
        ("second_reviewer", 1),
        ("label_linked", ""),
        ("label_linked", " "),
        ("label_linked", "x" * 21),
        ("label_linked", "a\u202eb"),
        ("label_linked", None),
        ("consents", {"id": "terms"}),
        ("consents", ["terms"]),
        ("consents", [{"id": "terms"}]),
        ("consents", [{"id": "terms", "version": 1}]),
        ("consents", [{"id": "../terms", "version": "1"}]),
        ("consents", [{"id": "terms", "version": "1", "when": "later"}]),
        ("consents", [{"id": "terms", "version": "1", "must_scroll": "no"}]),
        ("consents", [{"id": "terms", "version": "1", "colour": "red"}]),
        ("consents", [{"id": "terms", "version": "1"}, {"id": "terms", "version": "1"}]),
    ],
)
def test_a_value_that_there_is_not_is_refused_with_its_key(key: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{key}: "):
        policy_from({key: value})


def test_a_service_that_says_nothing_has_a_policy_that_can_be_taken() -> None:
    assert policy_problems(RegistrationPolicy()) == []


def test_proofs_that_are_not_built_are_refused_each_by_name() -> None:
    assert policy_problems(PRESETS["dreams"]) == []
    assert policy_problems(PRESETS["twport"]) == []
    without = frozenset(Proof) - {Proof.DOCUMENT}
    assert policy_problems(PRESETS["twport"], built=without) == ["policy.proof_not_built:document"]
    assert policy_problems(PRESETS["ida"]) == []
    assert frozenset(Proof) == BUILT_PROOFS


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_can_be_taken_today_with_an_operators_word(preset: str) -> None:
    policy = policy_from({"preset": preset, "company_proof": ["operator"]})
    # A certificate account shows its company's card, so a service of such accounts takes cards.
    expected = ["policy.card_account_without_card"] if preset == "ida" else []
    assert policy_problems(policy) == expected


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({"company_proof": []}, ["no_proof"]),
        ({"company_proof": ["card", "operator"], "card_ranks": []}, ["no_card_rank"]),
        ({"card_ranks": []}, []),
        ({"company_proof": ["none"]}, ["first_admin_unproven"]),
        ({"company_proof": ["none"], "first_admin": "operator_named"}, []),
        ({"company_proof": ["none"], "first_admin": "none", "member_approval": "auto"}, []),
        ({"company_proof": ["operator", "none"]}, []),
        ({"first_admin": "none"}, ["nobody_approves"]),
        ({"first_admin": "none", "member_approval": "operator"}, []),
        ({"company_proof": ["none"], "first_admin": "none"}, ["nobody_approves"]),
        ({"entity_types": []}, ["no_entity_type"]),
        ({"roles": []}, ["no_role"]),
        ({"credentials": []}, ["no_credential"]),
        ({"credentials": ["company_card", "password"]}, ["card_account_without_card"]),
        ({"credentials": ["company_card", "password"], "company_proof": ["card", "operator"]}, []),
        ({"login_id": "electronic_id"}, ["number_without_activation"]),
        ({"mail_check": "activation"}, ["activation_without_number"]),
        ({"mail_check": "activation", "login_id": "electronic_id"}, []),
        ({"consents": [{"id": "terms", "version": "2"}]}, ["text_not_built:terms 2"]),
        ({"consents": [{"id": "rules", "version": "1"}]}, ["text_not_built:rules 1"]),
        ({"consents": [{"id": "hazard", "version": "1", "when": "first_login"}]}, []),
        ({"consents": [{"id": "hazard", "version": "2", "when": "first_login"}]}, ["text_not_built:hazard 2"]),
        ({"company_proof": [], "first_admin": "none", "roles": []}, ["no_proof", "nobody_approves", "no_role"]),
    ],
)
def test_a_mix_that_leads_nowhere_is_refused_with_every_reason(changes: dict[str, Any], problems: list[str]) -> None:
    assert policy_problems(policy_from(changes)) == [f"policy.{problem}" for problem in problems]


def test_the_page_about_policies_explains_every_key_and_no_other() -> None:
    assert list(ROWS) == KEYS


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("key", KEYS)
def test_the_page_gives_each_key_its_value_in_each_preset(preset: str, key: str) -> None:
    value = getattr(PRESETS[preset], key)
    listed = value if isinstance(value, tuple) else (value,)
    expected = [v.id if isinstance(v, ConsentText) else str(v).lower() for v in listed]
    assert in_code(ROWS[key][3 + list(PRESETS).index(preset)]) == expected


@pytest.mark.parametrize("language", ["zh-Hant-TW", "en"])
def test_every_text_to_agree_to_is_there_in_both_languages(language: str) -> None:
    texts = ROOT / "idp" / "templates" / "texts"
    assert {path.name for path in texts.glob(f"*.{language}.html")} == {
        f"{t}.{v}.{language}.html" for t, v in BUILT_TEXTS
    }


def test_the_page_names_every_value_that_can_be_chosen() -> None:
    page = (DOCS / "registration-policy.md").read_text()
    kinds = (Proof, CardRank, Reviewer, MailCheck, FirstAdmin, Asked, Role)
    assert [value for kind in kinds for value in kind if f"`{value}`" not in page] == []
