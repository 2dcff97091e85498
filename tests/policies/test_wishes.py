"""Which account a client wishes for, and whether an account is it."""

from typing import Any

import pytest

from idp.policies.wishes import ContradictingWish, MalformedWish, Seat, Wish, read_wish

ACME = Seat("ga_acme", "co_acme", "00000016", None)
THROUGH = Seat("ga_acme", "co_acme", "00000016", "la_agent")
BETA = Seat("ga_beta", "co_beta", "00000022", None)


def wish(tenant: str | None = None, company: str | None = None, hinted: Any = None, **claims: Any) -> Wish:
    return read_wish(tenant=tenant, company=company, claims=claims, hinted=hinted)


def test_no_wish_is_met_by_everybody() -> None:
    assert not wish()
    assert wish().is_met_by(ACME)
    assert not wish().is_for_somebody


@pytest.mark.parametrize(
    "wished",
    [
        wish(tenant="co_acme"),
        wish(company="00000016"),
        wish(company="co_acme"),
        wish(hinted=("ga_acme", None)),
        wish(id_token={"tenant": {"value": "co_acme"}}),
        wish(id_token={"company_tax_id": {"values": ["00000016", "00000037"]}}),
        wish(userinfo={"sub": {"value": "ga_acme"}}),
        wish(tenant="co_acme", company="00000016", id_token={"sub": {"value": "ga_acme"}}),
    ],
)
def test_a_hard_wish_is_met_by_that_company_and_no_other(wished: Wish) -> None:
    assert wished
    assert wished.is_met_by(ACME)
    assert not wished.is_met_by(BETA)


def test_a_hint_means_the_same_actor_too() -> None:
    assert not wish(hinted=("ga_acme", None)).is_met_by(THROUGH)
    assert wish(hinted=("ga_acme", "la_agent")).is_met_by(THROUGH)
    assert not wish(hinted=("ga_acme", "la_agent")).is_met_by(ACME)


def test_only_a_sub_or_a_hint_wishes_for_one_certain_account() -> None:
    assert wish(id_token={"sub": {"value": "ga_acme"}}).is_for_somebody
    assert wish(hinted=("ga_acme", None)).is_for_somebody
    assert not wish(tenant="co_acme").is_for_somebody


@pytest.mark.parametrize("member", [None, {}, {"essential": True}])
def test_essential_without_a_value_is_no_condition(member: Any) -> None:
    assert not wish(id_token={"tenant": member})


@pytest.mark.parametrize(
    "wishes",
    [
        {"tenant": "co_acme", "id_token": {"tenant": {"value": "co_beta"}}},
        {"id_token": {"tenant": {"value": "co_acme"}}, "userinfo": {"tenant": {"value": "co_beta"}}},
        {"id_token": {"tenant": {"value": "co_acme", "values": ["co_beta"]}}},
        {"id_token": {"tenant": {"values": []}}},
        {"company": "co_beta", "tenant": "co_acme"},
        {"company": "00000022", "id_token": {"company_tax_id": {"value": "00000016"}}},
        {"hinted": ("ga_acme", None), "id_token": {"sub": {"value": "ga_beta"}}},
    ],
)
def test_wishes_that_nobody_can_meet_contradict(wishes: dict[str, Any]) -> None:
    with pytest.raises(ContradictingWish):
        wish(**wishes)


@pytest.mark.parametrize(
    "member",
    [
        {"value": 1},
        {"value": None},
        {"value": ["co_acme"]},
        {"values": "co_acme"},
        {"values": [1]},
        {"values": [["co_acme"]]},
        {"values": ["co_acme"], "value": ["co_acme"]},
    ],
)
def test_a_wish_without_readable_form_is_malformed(member: dict[str, Any]) -> None:
    with pytest.raises((MalformedWish, ContradictingWish)):
        wish(id_token={"tenant": member})
