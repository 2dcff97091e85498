"""Scopes, and the wish for a company among them."""

import pytest

from idp.policies.scopes import (
    CLAIMS_OF_SCOPE,
    SCOPES,
    USERINFO_ONLY,
    ContradictingWishes,
    ScopeWish,
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
