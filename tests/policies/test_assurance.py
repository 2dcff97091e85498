"""Authentication context classes and methods."""

from collections.abc import Sequence
from typing import Any

import pytest

from idp.policies.assurance import Acr, Method, Shortfall, acr_of, amr_of, known_classes, lacking_of, reached


@pytest.mark.parametrize(
    ("have", "want", "enough"),
    [
        (Acr.PASSWORD, Acr.PASSWORD, True),
        (Acr.PASSWORD, Acr.MFA, False),
        (Acr.MFA, Acr.PASSWORD, True),
        (Acr.MFA, Acr.CARD, False),
        (Acr.CARD, Acr.MFA, True),
    ],
)
def test_a_stronger_class_reaches_weaker_ones(have: Acr, want: Acr, enough: bool) -> None:
    assert reached(have, want) is enough


def test_a_password_gives_the_class_and_method_of_passwords() -> None:
    assert acr_of([Method.PASSWORD], card_tax_id=None, acting_tax_id="00000016") is Acr.PASSWORD
    assert amr_of([Method.PASSWORD, Method.PASSWORD]) == ["pwd"]


def test_unknown_classes_that_a_client_asks_for_are_passed_over() -> None:
    asked = ["urn:mace:incommon:iap:silver", "urn:company-idp:acr:mfa", "1"]
    assert known_classes(asked) == [Acr.MFA]


CARDS = [Method.CARD_AGENT, Method.CARD_HIPKI, Method.CARD_SOFTWARE]


@pytest.mark.parametrize("card", CARDS)
def test_a_card_of_the_company_acted_for_gives_the_strongest_class(card: Method) -> None:
    assert acr_of([card], card_tax_id="00000016", acting_tax_id="00000016") is Acr.CARD
    assert acr_of([Method.PASSWORD, card], card_tax_id="00000016", acting_tax_id="00000016") is Acr.CARD


@pytest.mark.parametrize("acting", ["00000022", None])
@pytest.mark.parametrize("card", CARDS)
def test_a_card_of_another_company_gives_no_more_than_a_second_factor(card: Method, acting: str | None) -> None:
    assert acr_of([card], card_tax_id="00000016", acting_tax_id=acting) is Acr.MFA


def test_a_card_whose_company_was_not_kept_gives_no_more_than_a_second_factor() -> None:
    assert acr_of([Method.CARD_AGENT], card_tax_id=None, acting_tax_id=None) is Acr.MFA


@pytest.mark.parametrize(
    ("methods", "amr"),
    [
        ([Method.CARD_AGENT], ["sc", "pin", "hwk"]),
        ([Method.CARD_HIPKI], ["sc", "pin"]),
        ([Method.CARD_SOFTWARE], ["sc", "pin", "swk"]),
        ([Method.PASSWORD, Method.CARD_AGENT], ["pwd", "sc", "pin", "hwk"]),
    ],
)
def test_methods_are_told_as_rfc_8176_names_them_in_their_order(methods: list[Method], amr: list[str]) -> None:
    assert amr_of(methods) == amr


ONE_OF_BOTH = [Acr.CARD, Acr.MFA]


def lacking(
    acr: Acr,
    *,
    demanded: Sequence[str] | None = None,
    wished: Sequence[Acr] = (),
    required: Acr | None = None,
    reachable: Acr = Acr.CARD,
) -> tuple[Shortfall, Acr | None]:
    found = lacking_of(acr, demanded=demanded, wished=wished, required=required, reachable=reachable)
    return found.shortfall, found.aim


NOTHING = (Shortfall.NONE, None)


@pytest.mark.parametrize(
    ("acr", "asked", "lacks"),
    [
        (Acr.PASSWORD, {}, NOTHING),
        (Acr.PASSWORD, {"demanded": [Acr.PASSWORD]}, NOTHING),
        (Acr.PASSWORD, {"demanded": [Acr.CARD]}, (Shortfall.DEMANDED, Acr.CARD)),
        (Acr.PASSWORD, {"demanded": [Acr.CARD, Acr.PASSWORD]}, NOTHING),
        (Acr.PASSWORD, {"demanded": [Acr.MFA]}, (Shortfall.DEMANDED, Acr.MFA)),
        (Acr.PASSWORD, {"demanded": ONE_OF_BOTH}, (Shortfall.DEMANDED, Acr.MFA)),
        (Acr.MFA, {"demanded": [Acr.CARD]}, (Shortfall.DEMANDED, Acr.CARD)),
        (Acr.CARD, {"demanded": [Acr.CARD]}, NOTHING),
        (Acr.CARD, {"demanded": [Acr.MFA]}, NOTHING),
        (Acr.CARD, {"demanded": ["urn:mace:incommon:iap:silver"]}, (Shortfall.BEYOND_REACH, None)),
        (Acr.PASSWORD, {"required": Acr.CARD}, (Shortfall.DEMANDED, Acr.CARD)),
        (Acr.PASSWORD, {"required": Acr.MFA}, (Shortfall.DEMANDED, Acr.MFA)),
        (Acr.MFA, {"required": Acr.CARD}, (Shortfall.DEMANDED, Acr.CARD)),
        (Acr.CARD, {"required": Acr.CARD}, NOTHING),
        (Acr.PASSWORD, {"required": Acr.MFA, "demanded": [Acr.CARD]}, (Shortfall.DEMANDED, Acr.CARD)),
        (Acr.MFA, {"required": Acr.MFA, "demanded": [Acr.CARD]}, (Shortfall.DEMANDED, Acr.CARD)),
        (Acr.PASSWORD, {"wished": [Acr.CARD]}, (Shortfall.WISHED, Acr.CARD)),
        (Acr.PASSWORD, {"wished": ONE_OF_BOTH}, (Shortfall.WISHED, Acr.MFA)),
        (Acr.PASSWORD, {"wished": [Acr.CARD, Acr.PASSWORD]}, NOTHING),
        (Acr.CARD, {"wished": [Acr.MFA]}, NOTHING),
        (Acr.PASSWORD, {"wished": [Acr.CARD], "required": Acr.CARD}, (Shortfall.DEMANDED, Acr.CARD)),
        (Acr.PASSWORD, {"wished": [Acr.CARD], "demanded": [Acr.PASSWORD]}, (Shortfall.WISHED, Acr.CARD)),
    ],
)
def test_what_is_demanded_must_be_had_and_what_is_wished_for_may_be_declined(
    acr: Acr, asked: dict[str, Any], lacks: tuple[Shortfall, Acr | None]
) -> None:
    assert lacking(acr, **asked) == lacks


@pytest.mark.parametrize(
    ("asked", "lacks"),
    [
        ({"demanded": [Acr.CARD]}, (Shortfall.BEYOND_REACH, Acr.CARD)),
        ({"required": Acr.CARD}, (Shortfall.BEYOND_REACH, Acr.CARD)),
        ({"required": Acr.CARD, "demanded": [Acr.MFA]}, (Shortfall.BEYOND_REACH, Acr.CARD)),
        ({"demanded": ONE_OF_BOTH}, (Shortfall.DEMANDED, Acr.MFA)),
        ({"required": Acr.MFA}, (Shortfall.DEMANDED, Acr.MFA)),
        ({"wished": [Acr.CARD]}, NOTHING),
        ({"wished": ONE_OF_BOTH}, (Shortfall.WISHED, Acr.MFA)),
        ({}, NOTHING),
    ],
)
def test_where_no_card_can_be_used_demanding_it_is_beyond_reach_and_wishing_for_it_is_passed_over(
    asked: dict[str, Any], lacks: tuple[Shortfall, Acr | None]
) -> None:
    assert lacking(Acr.PASSWORD, reachable=Acr.MFA, **asked) == lacks
