"""Asking for a company, by somebody who signed in with a general account: tokens.md, rules 1 to 5."""

import json
import time
from typing import Any

import pytest

from tests.harness.browser import Browser
from tests.harness.people import Town
from tests.harness.relying_party import Person, RelyingParty

ACR = "urn:company-idp:acr:"


def claims(member: str = "id_token", **wanted: Any) -> str:
    """The ``claims`` parameter."""
    return json.dumps({member: wanted})


def wishes_for(company: dict[str, Any], person: Person) -> dict[str, dict[str, str]]:
    """Every way to ask hard for that company or account."""
    return {
        "tenant": {"tenant": company["id"]},
        "scope by tax id": {"scope": f"openid company:{company['tax_id']}"},
        "scope by company id": {"scope": f"openid company:{company['id']}"},
        "claims tenant": {"claims": claims(tenant={"value": company["id"]})},
        "claims tax id": {"claims": claims(company_tax_id={"value": company["tax_id"], "essential": True})},
        "claims userinfo": {"claims": claims("userinfo", tenant={"value": company["id"]})},
        "claims values": {"claims": claims(tenant={"values": ["co_none", company["id"]]})},
        "claims sub": {"claims": claims(sub={"value": person.sub})},
    }


WAYS = list(wishes_for({"id": "", "tax_id": ""}, Person("", "")))


@pytest.mark.parametrize("way", WAYS)
def test_who_asks_for_the_own_company_gets_exactly_that(
    app: RelyingParty, browser: Browser, staff: Person, provider: Town, way: str
) -> None:
    """Rule 1, also without a page."""
    wish = wishes_for(provider.company(staff.tax_id), staff)[way]
    tokens = app.sign_in(browser, staff, **wish)
    assert tokens.claims["sub"] == staff.sub
    assert app.person(tokens.access_token)["sub"] == staff.sub
    assert app.tokens(app.silently(browser, **wish)).claims["sub"] == staff.sub


@pytest.mark.parametrize("way", WAYS)
def test_who_asks_for_another_company_never_gets_the_own_one(
    app: RelyingParty, browser: Browser, staff: Person, other_staff: Person, provider: Town, way: str
) -> None:
    """Rule 1: exactly that, or an error or a page; never a silent other one."""
    wish = wishes_for(provider.company(other_staff.tax_id), other_staff)[way]
    app.sign_in(browser, staff)
    expected = "login_required" if way == "claims sub" else "interaction_required"
    assert app.silently(browser, **wish).error == expected
    page = app.open(browser, app.ask(**wish))
    assert page.left_to is None, page
    assert page.status == 200


@pytest.mark.parametrize("way", WAYS)
def test_signing_in_as_somebody_else_does_not_slip_past_a_wish(
    app: RelyingParty, browser: Browser, staff: Person, other_staff: Person, provider: Town, way: str
) -> None:
    """Rule 1: not through a typed account name either."""
    wish = wishes_for(provider.company(other_staff.tax_id), other_staff)[way]
    page = app.open(browser, app.ask(**wish, login_hint=staff.username))
    assert page.asks_for_password
    page = browser.submit(page, "sign-in", username=staff.username, password=staff.password)
    assert page.left_to is None or "code=" not in page.left_to


@pytest.mark.parametrize(
    "wish",
    [
        {"tenant": "co_nobody"},
        {"tenant": "x" * 4000},
        {"scope": "openid company:12345678"},
        {"scope": "openid company:co_nobody"},
        {"scope": "openid company:"},
        {"claims": claims(tenant={"value": "co_nobody"})},
        {"claims": claims(company_tax_id={"value": 16})},
    ],
)
def test_an_unknown_company_is_told_as_one_that_is_not_the_persons(
    app: RelyingParty, browser: Browser, staff: Person, wish: dict[str, str]
) -> None:
    """Rules 3 and 5: whether it exists here or not is not said."""
    app.sign_in(browser, staff)
    assert app.silently(browser, **wish).error in {"interaction_required", "invalid_request", "invalid_scope"}
    page = app.open(browser, app.ask(**wish))
    assert "code=" not in (page.left_to or "")


def test_wishes_that_contradict_are_refused(app: RelyingParty, browser: Browser, staff: Person, provider: Town) -> None:
    """Rule 1: ``invalid_request``."""
    app.sign_in(browser, staff)
    own, other = provider.company("00000016"), provider.company("00000022")
    for wish in (
        {"scope": "openid company:00000016 company:00000022"},
        {"scope": "openid company:00000016", "tenant": other["id"]},
        {"tenant": own["id"], "claims": claims(company_tax_id={"value": "00000022"})},
        {"scope": f"openid company:{own['id']}", "claims": claims("userinfo", tenant={"value": other["id"]})},
    ):
        assert app.silently(browser, **wish).error == "invalid_request", wish
        assert app.authorize(browser, **wish).error == "invalid_request", wish


def test_a_wish_said_twice_alike_is_one_wish(
    app: RelyingParty, browser: Browser, staff: Person, provider: Town
) -> None:
    """The same company by two ways is no contradiction."""
    own = provider.company("00000016")
    wish = {"scope": "openid company:00000016", "tenant": own["id"]}
    assert app.sign_in(browser, staff, **wish).claims["tenant"] == own["id"]


def test_a_wish_in_the_scope_is_answered_as_the_scope_company(
    app: RelyingParty, browser: Browser, staff: Person
) -> None:
    """Rule 1: answer and introspection say ``company``; it implies that scope."""
    tokens = app.sign_in(browser, staff, scope="openid company:00000016")
    assert set(tokens.answer["scope"].split()) == {"openid", "company"}
    assert set(app.introspect(tokens.access_token)["scope"].split()) == {"openid", "company"}
    assert tokens.claims["company_tax_id"] == "00000016"


def test_a_client_without_the_scope_company_may_not_wish(provider: Town, browser: Browser, staff: Person) -> None:
    """Rule 1: ``invalid_scope``, never dropped."""
    party = provider.rp("plain")
    assert party.authorize(browser, staff, scope="openid company:00000016").error == "invalid_scope"


def test_essential_without_a_value_is_never_an_error(app: RelyingParty, browser: Browser, staff: Person) -> None:
    """Rule 1."""
    wish = claims(tenant={"essential": True}, phone_number={"essential": True}, nonsense={"essential": True})
    assert app.sign_in(browser, staff, claims=wish).claims["sub"] == staff.sub


def test_a_soft_hint_never_changes_the_company(
    app: RelyingParty, browser: Browser, staff: Person, other_staff: Person
) -> None:
    """Rule 2."""
    app.sign_in(browser, staff)
    for hint in (other_staff.sub, other_staff.username, "00000022", "nobody", "x" * 2000, "\u202e"):
        assert app.tokens(app.silently(browser, login_hint=hint)).claims["sub"] == staff.sub


def test_a_hint_by_id_token_means_that_subject(
    app: RelyingParty, browser: Browser, staff: Person, other_staff: Person, provider: Town
) -> None:
    """Rule 1: same ``sub``, or ``login_required``; it signs nobody in."""
    own = app.sign_in(browser, staff)
    theirs = app.sign_in(provider.browser(), other_staff)
    assert app.tokens(app.silently(browser, id_token_hint=own.id_token)).claims["sub"] == staff.sub
    assert app.silently(browser, id_token_hint=theirs.id_token).error == "login_required"
    assert app.silently(provider.browser(), id_token_hint=own.id_token).error == "login_required"
    page = app.open(browser, app.ask(id_token_hint=theirs.id_token))
    assert page.left_to is None


def test_a_hint_fills_no_form(app: RelyingParty, browser: Browser, staff: Person, provider: Town) -> None:
    """Rule 1."""
    own = app.sign_in(browser, staff)
    page = app.open(provider.browser(), app.ask(id_token_hint=own.id_token))
    found = page.button("sign-in")
    assert found is not None
    assert not found[0].value("username")
    assert staff.username not in page.html


def test_a_hint_for_another_client_or_by_another_key_is_refused(
    app: RelyingParty, browser: Browser, staff: Person, provider: Town
) -> None:
    """Rule 1: ours by signature, ``aud`` this client."""
    app.sign_in(browser, staff)
    foreign = provider.rp("other").sign_in(browser).id_token
    for hint in (foreign, "x.y.z", "e30.e30.", "", "a" * 5000):
        answer = app.silently(browser, id_token_hint=hint) if hint else None
        if answer is not None:
            assert answer.error in {"login_required", "invalid_request"}, hint[:20]


def test_a_hint_of_any_age_is_taken(hasty: Town) -> None:
    """Rule 1: the ID token lives 1 s here; as a hint it lives on."""
    app, browser, person = hasty.rp("app"), hasty.browser(), hasty.person("staff")
    own = app.sign_in(browser, person)
    time.sleep(1.2)
    assert own.claims["exp"] < time.time()
    assert app.silently(browser, id_token_hint=own.id_token).code


def test_a_wish_and_a_hint_that_disagree_give_no_code(
    app: RelyingParty, browser: Browser, staff: Person, provider: Town
) -> None:
    """Rule 1: wishes that contradict."""
    own = app.sign_in(browser, staff)
    answer = app.silently(browser, id_token_hint=own.id_token, tenant=provider.company("00000022")["id"])
    assert answer.error in {"invalid_request", "interaction_required", "login_required"}


# prompt and acr.


def test_select_account_always_shows_a_page(app: RelyingParty, browser: Browser, staff: Person) -> None:
    """Rule 3."""
    app.sign_in(browser, staff)
    page = app.open(browser, app.ask(prompt="select_account"))
    assert page.left_to is None
    assert page.status == 200


def test_consent_is_asked_once_for_client_account_and_scopes(provider: Town, browser: Browser, staff: Person) -> None:
    """Issue 2, 5."""
    party = provider.rp("first")
    first = party.authorize(browser, staff, scope="openid profile")
    assert first.asked_for_consent
    assert not party.authorize(browser, scope="openid profile").asked_for_consent
    assert not party.authorize(browser, scope="openid").asked_for_consent
    assert party.silently(browser, scope="openid email").error == "consent_required"
    assert party.authorize(browser, scope="openid email").asked_for_consent
    assert party.authorize(browser, prompt="consent", scope="openid").asked_for_consent


def test_consent_names_client_person_and_company(provider: Town, browser: Browser, staff: Person) -> None:
    """P19 of domain.md."""
    party = provider.rp("second")
    page = party.open(browser, party.ask())
    page = browser.submit(page, "sign-in", username=staff.username, password=staff.password)
    assert page.asks_for_consent
    for words in (party.client.client_id, "測試一號有限公司", staff.name):
        assert words in page.text


def test_a_client_without_consent_asks_only_for_prompt_consent(
    app: RelyingParty, browser: Browser, staff: Person
) -> None:
    """Issue 2, 5: ``--no-consent``."""
    assert not app.authorize(browser, staff).asked_for_consent
    assert app.authorize(browser, prompt="consent").asked_for_consent


def test_consent_of_one_person_is_none_of_another(
    provider: Town, browser: Browser, staff: Person, guest: Person
) -> None:
    """tokens.md: consent is kept per human."""
    party = provider.rp("first")
    assert party.authorize(browser, staff).asked_for_consent
    assert party.authorize(provider.browser(), guest).asked_for_consent


def test_an_acr_that_must_be_and_cannot_be_is_told_to_the_client(
    app: RelyingParty, browser: Browser, staff: Person
) -> None:
    """OpenID Connect Core 5.5.1.1: essential ``acr``; ``unmet_authentication_requirements``."""
    app.sign_in(browser, staff)
    wish = claims(acr={"essential": True, "values": [ACR + "card"]})
    assert app.silently(browser, claims=wish).error == "unmet_authentication_requirements"
    assert app.tokens(app.silently(browser, acr_values=ACR + "card")).claims["acr"] == ACR + "password"
    easy = claims(acr={"essential": True, "values": [ACR + "card", ACR + "password"]})
    assert app.tokens(app.silently(browser, claims=easy)).claims["acr"] == ACR + "password"


def test_an_old_sign_in_is_login_required_under_prompt_none(app: RelyingParty, browser: Browser, staff: Person) -> None:
    """Rule 5: too old."""
    app.sign_in(browser, staff)
    time.sleep(1.1)
    assert app.silently(browser, max_age="0").error == "login_required"


def test_another_account_at_prompt_login_does_not_take_over_silently(
    app: RelyingParty, browser: Browser, staff: Person, other_staff: Person
) -> None:
    """tokens.md, "One browser, one human": re-authentication is fixed to the person signed in."""
    app.sign_in(browser, staff)
    page = app.open(browser, app.ask(prompt="login"))
    assert page.asks_for_password
    page = browser.submit(page, "sign-in", password=other_staff.password)
    found = page.left_to
    assert found is not None
    page = app.open(browser, app.ask(prompt="login"))
    form = page.button("sign-in")
    assert form is not None
    if form[0].kinds.get("username") not in {None, "hidden"}:
        page = browser.submit(page, "sign-in", username=other_staff.username, password=other_staff.password)
        assert page.left_to is None or "code=" not in page.left_to


def test_a_sid_lives_with_its_sign_in_client_and_account(
    app: RelyingParty, browser: Browser, staff: Person, provider: Town
) -> None:
    """tokens.md, "What a choice is bound to"."""
    one = app.sign_in(browser, staff).claims["sid"]
    assert app.tokens(app.silently(browser)).claims["sid"] == one
    elsewhere = app.sign_in(provider.browser(), staff).claims["sid"]
    assert elsewhere != one
    assert provider.rp("other").sign_in(browser).claims["sid"] != one
