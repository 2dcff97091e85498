"""What an authentication request asks for, and what can't be taken."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policies.asking import BadParameter, read_asked, scopes_to_agree
from idp.policies.assurance import Acr

REGISTERED = frozenset({"openid", "profile", "email", "company"})


def asked(**parameters: str) -> Any:
    return read_asked(parameters, registered_scopes=REGISTERED)


def claims(**places: Any) -> Any:
    return asked(claims=json.dumps(places))


def test_nothing_asked_is_the_plain_request() -> None:
    plain = asked()
    assert plain.response_mode == "query"
    assert plain.max_age is None
    assert not plain.is_silent
    assert plain.wanted_claims == {}
    assert plain.essential_acr is None


def test_every_parameter_is_read() -> None:
    full = asked(
        response_mode="form_post", prompt="login consent", max_age="0", login_hint="ming", id_token_hint="x",
        tenant="co_x", nonce="n", acr_values="urn:company-idp:acr:mfa other", code_challenge="c", ui_locales="en zh-TW",
    )  # fmt: skip
    assert full.prompts == {"login", "consent"}
    assert (full.max_age, full.login_hint, full.id_token_hint) == (0, "ming", "x")
    assert (full.tenant, full.nonce, full.code_challenge) == ("co_x", "n", "c")
    assert full.acr == (Acr.MFA,)
    assert full.ui_locales == ("en", "zh-TW")


def test_empty_parameters_count_as_absent() -> None:
    assert asked(max_age="", nonce="", login_hint="", prompt="", claims="") == asked()


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
        ("registration", "registration_not_supported"),
    ],
)
def test_what_is_not_supported_has_its_own_error(name: str, error: str) -> None:
    with pytest.raises(BadParameter) as refusal:
        asked(**{name: "x"})
    assert refusal.value.code == error


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("response_mode", "fragment"),
        ("prompt", "none login"),
        ("prompt", "nothing"),
        ("max_age", "-1"),
        ("max_age", "1.5"),
        ("max_age", "１０"),
        ("max_age", "1" * 11),
        ("claims", "{"),
        ("claims", "[]"),
        ("claims", "null"),
        ("claims", '{"id_token": []}'),
        ("claims", '{"userinfo": {"sub": "x"}}'),
        ("claims", '{"id_token": ' * 300),
        ("claims", '{"id_token": {"acr": {"essential": true, "values": "x"}}}'),
        ("claims", '{"id_token": {"acr": {"essential": true, "value": 1}}}'),
    ],
)
def test_a_parameter_of_the_wrong_form_is_an_invalid_request(name: str, value: str) -> None:
    with pytest.raises(BadParameter) as refusal:
        asked(**{name: value})
    assert refusal.value.code == "invalid_request"
    assert str(refusal.value).isascii()


def test_a_very_old_max_age_is_only_a_long_time() -> None:
    assert asked(max_age="9999999999").max_age == 10**9


def test_no_page_is_shown_only_under_prompt_none() -> None:
    assert asked(prompt="none").is_silent
    assert not asked(prompt="login").is_silent


def test_claims_are_wanted_one_by_one_where_the_client_is_registered_for_their_scope() -> None:
    request = claims(id_token={"email": None, "phone_number": None, "nonsense": None}, userinfo={"name": {}})
    assert request.wanted_claims == {"id_token": ("email",), "userinfo": ("name",)}
    assert request.scopes_of_claims == {"email", "profile"}
    assert scopes_to_agree("openid company", request) == {"openid", "company", "email", "profile"}


@pytest.mark.parametrize(
    ("member", "values"),
    [
        (None, None),
        ({"essential": False, "value": "a"}, None),
        ({"essential": True}, None),
        ({"essential": True, "value": "a"}, ("a",)),
        ({"essential": True, "values": ["a", "b"]}, ("a", "b")),
    ],
)
def test_an_acr_is_essential_only_when_it_says_so_and_names_values(member: Any, values: Any) -> None:
    assert claims(id_token={"acr": member}).essential_acr == values


def test_an_acr_that_is_asked_for_without_being_essential_is_a_wish_beside_acr_values() -> None:
    """Core §5.5.1.1; §3.1.2.1."""
    assert claims(id_token={"acr": {"value": str(Acr.MFA)}}).acr == (Acr.MFA,)
    assert claims(id_token={"acr": {"values": ["a", str(Acr.CARD)]}}).acr == (Acr.CARD,)
    assert claims(id_token={"acr": {"essential": True, "value": str(Acr.MFA)}}).acr == ()
    both = asked(acr_values=str(Acr.CARD), claims=json.dumps({"id_token": {"acr": {"value": str(Acr.MFA)}}}))
    assert both.acr == (Acr.CARD, Acr.MFA)


@given(
    st.recursive(st.none() | st.booleans() | st.text(max_size=5), lambda s: st.lists(s) | st.dictionaries(st.text(), s))
)
def test_whatever_json_is_sent_the_answer_is_a_request_or_a_bad_parameter(value: Any) -> None:
    for content in (value, {"id_token": value}, {"id_token": {"acr": value}}, {"userinfo": {"sub": value}}):
        assert refused_as(json.dumps(content)) in {None, "invalid_request"}


def refused_as(text: str) -> str | None:
    try:
        asked(claims=text)
    except BadParameter as refusal:
        return refusal.code
    return None
