"""Kinds of organisations and the forms of their numbers; 機關代碼 and OIDs as the government lists them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policies.entities import LONGEST, EntityKind, entity_problem, is_named, parse_entity, recognised_kind

EVERY = tuple(EntityKind)


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("ubn", "　００００００１６", "00000016"),
        ("agency", "376610000A", None),
        ("agency", "A21010000I", None),
        ("agency", "ａ２１０１００００ｉ", "A21010000I"),
        ("oid", "2.16.886.101.20003.20065.20021", None),
        ("oid", "２．１６．８８６．１０１．２０００３．２０００４", "2.16.886.101.20003.20004"),
        ("foreign", "jp-0104-01-056795", "JP-0104-01-056795"),
        ("foreign", "DE-HRB12345", None),
        ("other", " a11111111 ", "A11111111"),
        ("other", "X", None),
    ],
)
def test_a_number_is_kept_in_one_form(kind: str, typed: str, kept: str | None) -> None:
    assert parse_entity(EntityKind(kind), typed) == (kept or typed)
    assert entity_problem(kind, typed, EVERY) is None


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("ubn", "12345678"),
        ("ubn", "1234567"),
        ("ubn", "A11111111"),
        ("agency", "976610000A"),
        ("agency", "376610000B8"),
        ("agency", "3766100004"),
        ("agency", "37661000A"),
        ("oid", "2.16.886.101"),
        ("oid", "2.16.886.101.020003"),
        ("oid", "1.2.3.4"),
        ("oid", "2.16.886.101.20003.20065.20021.20001"),
        ("foreign", "TW-12345675"),
        ("foreign", "JP"),
        ("foreign", "JP-"),
        ("foreign", "日本-123"),
        ("other", ""),
        ("other", "-A"),
        ("other", "編號一"),
        ("other", "A\0B"),
        ("other", "A" * (LONGEST + 1)),
    ],
)
def test_another_form_is_refused_by_the_name_of_its_kind(kind: str, typed: str) -> None:
    assert parse_entity(EntityKind(kind), typed) is None
    assert entity_problem(kind, typed, EVERY) == f"entity.{kind}"


def test_a_service_takes_only_the_kinds_of_its_policy() -> None:
    assert entity_problem("agency", "376610000A", ["ubn"]) == "entity.kind"
    assert entity_problem("ubn", "00000016", ["ubn"]) is None
    assert entity_problem("made_up", "00000016", ["made_up"]) == "entity.kind"


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("００００００１６", "ubn"),
        ("376610000a", "agency"),
        ("2.16.886.101.20003.20004", "oid"),
        ("JP-1", "foreign"),
        ("12345678", None),
        ("anything", None),
    ],
)
def test_one_field_for_several_kinds_knows_the_kind_by_its_form(typed: str, kind: str | None) -> None:
    assert recognised_kind(typed, EVERY) == kind


def test_a_kind_that_is_not_taken_is_not_recognised() -> None:
    assert recognised_kind("376610000A", ["ubn", "foreign"]) is None


@given(st.sampled_from(EVERY), st.text())
def test_whatever_is_typed_the_kept_form_is_ascii_and_its_own_form(kind: EntityKind, text: str) -> None:
    kept = parse_entity(kind, text)
    assert kept is None or (kept.isascii() and kept.isprintable() and parse_entity(kind, kept) == kept)


@pytest.mark.parametrize(
    ("typed", "kind", "number", "fits"),
    [
        (None, "ubn", "00000016", True),
        (None, None, None, True),
        (" ００００００１６ ", "ubn", "00000016", True),
        ("00000022", "ubn", "00000016", False),
        ("", "ubn", "00000016", False),
        ("00000016x", "ubn", "00000016", False),
        ("a21010000i", "agency", "A21010000I", True),
        ("", None, None, True),
        ("00000016", None, None, False),
    ],
)
def test_a_company_is_named_by_its_own_number_alone(
    typed: str | None, kind: str | None, number: str | None, fits: bool
) -> None:
    """R-227: what is asked must fit; who has no company names none."""
    assert is_named(typed, kind, number) is fits
