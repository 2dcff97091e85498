"""Entering applications through a linked account: whom a token names, who chose it, and what ends it (tokens.md)."""

import time

import pytest

from tests.harness.browser import Browser
from tests.harness.linked import acting_client, an_agent, answer_of, bind, enter
from tests.harness.people import Town
from tests.harness.relying_party import Person, RelyingParty, Tokens
from tests.oidc.rounds import Round, sub_wish, switch

LEEWAY = 1.0


def test_a_token_names_the_seat_and_who_acts_in_it(around: Round, browser: Browser) -> None:
    """R-052, R-115: the same sub as the account's own; act always; the person's role as far as her company lets."""
    direct = around.app.sign_in(around.town.browser(), around.one)
    tokens = enter(around.app, browser, around.agent, around.binding_one)
    claims = tokens.claims
    assert claims["sub"] == direct.claims["sub"] == around.one.sub
    assert "act" not in direct.claims
    assert claims["act"] == {"iss": around.town.issuer, "sub": around.agent.sub, "name": around.agent.name}
    assert (claims["tenant"], claims["company_tax_id"]) == (around.company(around.one)["id"], "00000016")
    assert direct.claims["roles"] == ["group_admin"]
    assert claims["roles"] == ["staff"]
    assert "site.review" in direct.claims["entitlements"]
    assert "site.review" not in claims["entitlements"]
    assert claims["name"] == around.one.name
    assert tokens.answer["expires_in"] <= 300
    assert "offline_access" not in tokens.answer["scope"].split() or tokens.refresh_token
    told, introspected = around.app.person(tokens.access_token), around.app.introspect(tokens.access_token)
    for name in ("sub", "act", "tenant", "company_tax_id", "roles", "entitlements", "sid"):
        assert told[name] == introspected[name] == claims[name], name
    narrow = enter(around.app, browser, around.agent, around.binding_one, scope="openid")
    assert narrow.claims["act"] == {"iss": around.town.issuer, "sub": around.agent.sub}


def test_the_chooser_comes_first_and_switching_changes_nothing_that_exists(around: Round, browser: Browser) -> None:
    """Rules 3 to 5; keycloak #42836, #52001, #35830: two tabs, two companies, reload and second client."""
    asked = around.app.ask()
    page = around.app.open(browser, asked)
    page = around.app.step(browser, page, Person(around.agent.username, around.agent.password))
    assert "您要以哪一家公司進入" in page.text
    assert {f"seat-{around.binding_one}", f"seat-{around.binding_two}"} <= set(page.ids)
    first = around.app.tokens(answer_of(around.app, browser, around.agent, asked, around.binding_one))
    # The second company, in another tab: by the chooser, for a client can't have one silently that was never entered.
    assert switch(around, around.app, browser, around.two).error == "interaction_required"
    second = enter(around.app, browser, around.agent, around.binding_two, prompt="select_account")
    assert (first.claims["sub"], second.claims["sub"]) == (around.one.sub, around.two.sub)
    assert first.claims["sid"] != second.claims["sid"]
    # The first tab goes on as it was: userinfo, refresh, reload with its hint.
    assert around.app.person(first.access_token)["tenant"] == first.claims["tenant"]
    renewed = Tokens(around.app.refresh(first.refresh_token).json())
    assert around.app.verified(renewed.id_token)["tenant"] == first.claims["tenant"]
    reloaded = around.app.tokens(around.app.silently(browser, id_token_hint=first.id_token))
    assert (reloaded.claims["sub"], reloaded.claims["sid"]) == (around.one.sub, first.claims["sid"])
    # Two living sids and no wish: nobody can say which.
    assert around.app.silently(browser).error == "account_selection_required"
    back = around.app.tokens(switch(around, around.app, browser, around.two))
    assert (back.claims["sub"], back.claims["sid"]) == (around.two.sub, second.claims["sid"])
    # Another application knows nothing of it: it asks itself.
    assert around.other.silently(browser).error == "account_selection_required"
    elsewhere = enter(around.other, browser, around.agent, around.binding_two)
    assert elsewhere.claims["sub"] == around.two.sub
    assert elsewhere.claims["entitlements"] == ["port.pass"]
    assert around.other.tokens(around.other.silently(browser)).claims["sub"] == around.two.sub


def test_a_wish_is_met_exactly_or_refused_in_one_word(around: Round, browser: Browser) -> None:
    """Rules 1 and 5; zitadel #8464, #11160, #11869: never a silent other one; the unknown looks like the rest."""
    stranger = around.town.person("staff")
    suspended = around.town.person("staff", tax_id="00000022")
    unusable = bind(around.town, around.agent, suspended)
    assert unusable
    enter(around.app, browser, around.agent, around.binding_one)
    enter(around.app, browser, around.agent, around.binding_two, prompt="select_account")
    around.town.suspend(suspended)
    for wish in (
        {"claims": sub_wish(stranger)},
        {"claims": sub_wish(suspended)},
        {"claims": sub_wish(Person("", "", "ga_nobody"))},
        {"claims": sub_wish(Person("", "", around.agent.sub))},
        {"tenant": "co_nobody"},
        {"scope": "openid company:04595252"},
    ):
        assert around.app.silently(browser, **wish).error == "interaction_required", wish
        page = around.app.open(browser, around.app.ask(**wish))
        assert page.left_to is None, wish
        assert "無法代表" in page.text, wish
    for wish in ({"tenant": around.company(around.two)["id"]}, {"scope": "openid company:00000022"}):
        assert around.app.tokens(around.app.silently(browser, **wish)).claims["sub"] == around.two.sub
    direct = around.app.sign_in(around.town.browser(), around.one)
    assert around.app.silently(browser, id_token_hint=direct.id_token).error == "login_required"


def test_a_seat_typed_into_the_form_is_refused(around: Round, browser: Browser) -> None:
    """LK01: the chooser takes one's own bindings alone, and the attempt is on record."""
    other_agent = an_agent(around.town)
    foreign = bind(around.town, other_agent, around.one)
    asked = around.app.ask()
    page = around.app.open(browser, asked)
    page = around.app.step(browser, page, Person(around.agent.username, around.agent.password))
    found = page.button(f"seat-{around.binding_one}")
    assert found is not None
    refused = browser.post(page.url, dict(found[0].fields) | {"seat": foreign})
    assert refused.status == 403
    assert refused.left_to is None
    rows = around.town.server.read(
        "SELECT outcome FROM audit_log WHERE action = :act AND linked_account_id = :id",
        {"act": "linked:choice:refused", "id": around.agent.sub},
    )
    assert [row[0] for row in rows] == ["refused"]


@pytest.mark.requirement("R-130")
def test_unbinding_ends_what_ran_through_it_within_a_second_and_nothing_else(around: Round, browser: Browser) -> None:
    """LK06, TK10; D-8: at the next call over two workers. A bound account signs in directly all the same."""
    first = enter(around.app, browser, around.agent, around.binding_one)
    second = enter(around.app, browser, around.agent, around.binding_two, prompt="select_account")
    owners = around.app.sign_in(around.town.browser(), around.two)
    waiting = switch(around, around.app, browser, around.two)
    around.unbind(around.two)
    began = time.monotonic()
    assert around.app.exchange(waiting).json()["error"] == "invalid_grant"
    assert around.app.userinfo(second.access_token).status_code == 401
    assert around.app.introspect(second.access_token) == {"active": False}
    assert around.app.refresh(second.refresh_token).json()["error"] == "invalid_grant"
    assert time.monotonic() - began < LEEWAY
    assert around.app.person(first.access_token)["sub"] == around.one.sub
    assert around.app.person(owners.access_token)["sub"] == around.two.sub
    assert switch(around, around.app, browser, around.two).error == "interaction_required"
    # Bound again it is another binding: nothing old comes back, and a page comes first again.
    again = bind(around.town, around.agent, around.two)
    assert around.app.introspect(second.access_token) == {"active": False}
    assert switch(around, around.app, browser, around.two).error == "interaction_required"
    fresh = enter(around.app, browser, around.agent, again, claims=sub_wish(around.two), prompt="select_account")
    assert fresh.claims["sid"] != second.claims["sid"]


def test_an_application_that_does_not_understand_act_lets_no_linked_account_in(
    around: Round, browser: Browser, app: RelyingParty
) -> None:
    """tokens.md: otherwise they are listed in the chooser with the reason."""
    page = app.open(browser, app.ask())
    page = app.step(browser, page, Person(around.agent.username, around.agent.password))
    assert "這個應用系統不接受經由鏈結帳號登入。" in page.text
    assert not any(one.startswith("seat-") for one in page.ids)
    assert app.silently(browser).error == "interaction_required"
    page = browser.submit(page, "choose-back")
    assert "error=access_denied" in (page.left_to or "")


def test_a_linked_account_without_companies_is_shown_the_way(provider: Town, browser: Browser) -> None:
    """R-054, R-094: it is nobody's subject, and what to do comes in three steps."""
    agent, party = an_agent(provider), acting_client(provider)
    page = party.open(browser, party.ask())
    page = party.step(browser, page, Person(agent.username, agent.password))
    assert "您還沒有綁定任何一般帳號。" in page.text
    assert "先為每一家公司申請一般帳號" in page.text
    page = browser.submit(page, "choose-back")
    assert "error=access_denied" in (page.left_to or "")
