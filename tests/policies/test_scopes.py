"""Scopes, and the wish for a company among them."""

import pytest

from idp.policies.scopes import (
    CLAIMS_OF_SCOPE,
    SCOPES,
    USERINFO_ONLY,
    ContradictingWishes,
    ScopeWish,
    granted_scope,
    read_scope,
)


def test_scopes_keep_their_order_and_count_once() -> None:
    assert read_scope("openid  email openid") == ScopeWish(("openid", "email"), None)


def test_a_wish_for_a_company_is_read_and_implies_the_scope_company() -> None:
    assert read_scope("openid company:00000016") == ScopeWish(("openid", "company"), "00000016")
    assert read_scope("company company:co_x") == ScopeWish(("company",), "co_x")


def test_the_same_wish_twice_is_one_wish() -> None:
    assert read_scope("company:co_x company:co_x").company == "co_x"


def test_two_companies_cannot_be_wished_for() -> None:
    with pytest.raises(ContradictingWishes):
        read_scope("openid company:00000016 company:00000022")


def test_nothing_asked_is_nothing_read() -> None:
    assert read_scope("") == ScopeWish((), None)


def test_every_scope_that_brings_claims_is_a_scope() -> None:
    assert set(CLAIMS_OF_SCOPE) <= set(SCOPES)
    assert {c for claims in CLAIMS_OF_SCOPE.values() for c in claims} >= USERINFO_ONLY


REGISTERED = frozenset({"openid", "email", "company", "linked_accounts", "offline_access"})


def test_scopes_a_client_is_not_registered_for_are_left_out() -> None:
    assert granted_scope("openid email profile unknown", REGISTERED, is_public=False) == "openid email"


def test_a_wish_for_a_company_is_granted_as_company_or_refused_but_never_dropped() -> None:
    assert granted_scope("openid company:00000016", REGISTERED, is_public=False) == "openid company"
    assert granted_scope("openid company:00000016", frozenset({"openid"}), is_public=False) is None
    with pytest.raises(ContradictingWishes):
        granted_scope("openid company:co_x company:co_y", REGISTERED, is_public=False)


def test_a_sign_in_needs_the_scope_openid() -> None:
    assert granted_scope("email", REGISTERED, is_public=False) is None


@pytest.mark.parametrize("scope", ["offline_access", "linked_accounts"])
def test_a_public_client_gets_none_of_the_scopes_for_who_keeps_a_secret(scope: str) -> None:
    assert granted_scope(f"openid {scope}", REGISTERED, is_public=True) == "openid"
    assert granted_scope(f"openid {scope}", REGISTERED, is_public=False) == f"openid {scope}"
