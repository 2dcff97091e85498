"""Authentication context classes and methods."""

import pytest

from idp.policies.assurance import Acr, Method, acr_of, amr_of, known_classes, reached


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
    assert acr_of([Method.PASSWORD]) is Acr.PASSWORD
    assert amr_of([Method.PASSWORD, Method.PASSWORD]) == ["pwd"]


def test_unknown_classes_that_a_client_asks_for_are_passed_over() -> None:
    asked = ["urn:mace:incommon:iap:silver", "urn:company-idp:acr:mfa", "1"]
    assert known_classes(asked) == [Acr.MFA]
