"""Whom one enters as is what one chose, or a page asks: never another company (tokens.md "Asking for a company")."""

import json
from urllib.parse import urljoin

import pytest
import requests

from tests.harness.browser import Browser
from tests.harness.linked import acting_client, answer_of, bind, enter
from tests.harness.people import MENUS
from tests.harness.relying_party import Person, RelyingParty
from tests.oidc.rounds import Round, sub_wish, switch
from tests.security.doors import enter as sign_in

GONE = "您選擇的帳號現在無法代表，請重新選擇。"


def click(around: Round, browser: Browser, person: Person, app: RelyingParty) -> None:
    """At /linked, on the tile of an application, as one of the accounts."""
    page = browser.get("/linked", {"binding": around.binding_of(person)})
    browser.submit(page, f"open-{app.client.client_id}")


def test_a_chosen_company_that_is_unbound_meanwhile_is_never_another_one(around: Round, browser: Browser) -> None:
    """LK06, rule 4: chosen at the chooser, then by a click at /linked; unbound while the page of consent is open."""
    more = ["--acting", "--backchannel-logout-uri", "http://127.0.0.1:9/never-asked"]
    scope = "openid profile company"
    app = around.town.new_rp(scope=scope, consent=True, menus=MENUS, more=more)
    # She has agreed before for the company that is left, so that nothing else would stop it.
    enter(app, around.town.browser(), around.agent, around.binding_two)
    asked = app.ask()
    page = app.step(browser, app.open(browser, asked), Person(around.agent.username, around.agent.password))
    page = browser.submit(page, f"seat-{around.binding_one}")
    assert page.asks_for_consent
    around.unbind(around.one)
    page = browser.submit(page, "consent-accept")
    assert app.arrival(page, asked) is None
    assert GONE in page.text
    assert page.button(f"seat-{around.binding_two}") is not None
    assert page.button(f"seat-{around.binding_one}") is None
    page = browser.submit(page, f"seat-{around.binding_two}")
    answer = app.arrival(page, asked)
    assert answer is not None
    assert app.tokens(answer).claims["sub"] == around.two.sub
    # The same by a click, whose account is suspended before the application asks; another seat is left.
    bind(around.town, around.agent, around.one)
    click(around, browser, around.two, app)
    around.town.suspend(around.two)
    asked = app.ask()
    page = app.open(browser, asked)
    assert app.arrival(page, asked) is None
    assert GONE in page.text


@pytest.mark.requirement("R-118")
def test_a_strangers_link_changes_no_company_without_a_page(around: Round, browser: Browser) -> None:
    """Rules 5 and 6: one button names the company; what no page has asked for is not "entered by a page" after."""
    app, wish = around.app, {"tenant": around.company(around.two)["id"]}
    enter(app, browser, around.agent, around.binding_one, prompt="select_account")
    for more in ({}, {"prompt": "login"}):
        asked = app.ask(**wish, **more)
        page = app.open(browser, asked)
        if more:
            page = app.step(browser, page, Person(around.agent.username, around.agent.password))
        assert app.arrival(page, asked) is None, more
        assert "指定了公司" in page.text
        assert page.button(f"seat-{around.binding_two}") is not None
        assert page.button(f"seat-{around.binding_one}") is None
        # Whoever looks away has entered nothing.
        assert app.silently(browser, **wish).error == "interaction_required"
    page = browser.submit(page, f"seat-{around.binding_two}")
    answer = app.arrival(page, asked)
    assert answer is not None
    assert app.tokens(answer).claims["sub"] == around.two.sub
    # Entered by a page, it needs none any more where the application itself asks silently. By a link it does while
    # another company's session runs too: whoever works as one is not led to the other.
    assert app.tokens(app.silently(browser, **wish)).claims["sub"] == around.two.sub
    for person in (around.two, around.one):
        asked = app.ask(claims=sub_wish(person))
        page = app.open(browser, asked)
        assert app.arrival(page, asked) is None
        assert page.button(f"seat-{around.binding_of(person)}") is not None
    # A click at /linked is a page; no stranger's link uses it up.
    click(around, browser, around.one, app)
    stranger = app.ask(**wish)
    assert app.arrival(app.open(browser, stranger), stranger) is None
    clicked = app.authorize(browser, claims=sub_wish(around.one))
    assert app.tokens(clicked).claims["sub"] == around.one.sub
    # At an application where nothing runs: the first time a page asks, unless she has signed in for this very request.
    asked = around.other.ask(**wish)
    assert around.other.arrival(around.other.open(browser, asked), asked) is None
    fresh = enter(around.other, around.town.browser(), around.agent, **wish)
    assert fresh.claims["sub"] == around.two.sub
    assert around.other.tokens(around.other.authorize(browser, **wish)).claims["sub"] == around.two.sub


def test_an_applications_own_menu_needs_no_page_where_it_knows_the_accounts(around: Round, browser: Browser) -> None:
    """Rules 5 and 7; the hint that goes with every ``prompt=none`` is one of the seat asked for, however old."""
    app = acting_client(around.town, scope="openid profile company linked_accounts")
    first = enter(app, browser, around.agent, around.binding_one)
    assert "linked_accounts" in first.answer["scope"]
    second = app.tokens(switch(around, app, browser, around.two))
    assert second.claims["sub"] == around.two.sub
    hinted = app.silently(browser, claims=sub_wish(around.one), id_token_hint=first.id_token)
    assert app.tokens(hinted).claims["sub"] == around.one.sub
    crossed = app.silently(browser, claims=sub_wish(around.two), id_token_hint=first.id_token)
    assert crossed.error == "invalid_request"
    # Taken back at /linked, also while she acts as one of them, it knows no account any more, nor one bound anew.
    page = browser.get("/linked", {"binding": around.binding_two})
    page = browser.submit(page, "act")
    page = browser.get("/linked")
    assert "可得知您所有綁定帳號的應用系統" in page.text
    page = browser.submit(page, f"forget-{app.client.client_id}")
    assert "已撤回授權，該應用系統下次登入時會再詢問您。" in page.text
    assert page.button(f"forget-{app.client.client_id}") is None
    assert app.userinfo(second.access_token).status_code == 401
    assert switch(around, app, browser, around.two).error == "interaction_required"


def test_a_silent_wish_tells_of_no_company_that_was_never_entered(around: Round, browser: Browser) -> None:
    """Rule 5: two accounts at one company, none entered, sound like none; entered both, they are told apart."""
    app, company = around.app, around.company(around.two)
    colleague = around.town.person("staff", tax_id=company["tax_id"])
    third = bind(around.town, around.agent, colleague)
    enter(app, browser, around.agent, around.binding_one)
    wishes = ({"tenant": company["id"]}, {"scope": f"openid company:{company['tax_id']}"})
    several = (
        {"company_tax_id": {"values": [company["tax_id"], around.one.tax_id]}},
        {"tenant": {"values": [company["id"], around.company(around.one)["id"]]}},
        {"sub": {"values": [around.two.sub, around.one.sub]}},
        {"sub": {"values": [around.town.person("staff", tax_id=company["tax_id"]).sub, around.one.sub]}},
    )
    listed = [{"claims": json.dumps({"id_token": one})} for one in several]
    assert [app.silently(browser, **wish).error for wish in wishes] == ["interaction_required"] * 2
    # Of several values the one that was entered is the answer, whether another is hers or not.
    assert {app.tokens(app.silently(browser, **wish)).claims["sub"] for wish in listed} == {around.one.sub}
    enter(app, browser, around.agent, around.binding_two, prompt="select_account")
    assert app.tokens(app.silently(browser, **wishes[0])).claims["sub"] == around.two.sub
    enter(app, browser, around.agent, third, prompt="select_account")
    both = [*wishes, *listed[:3]]
    assert [app.silently(browser, **wish).error for wish in both] == ["account_selection_required"] * 5


def test_a_request_that_somebody_planted_is_no_sign_in_for_it(around: Round, browser: Browser) -> None:
    """Rules 5 and 6: sent by anybody, it waits; whoever signs in at the provider meanwhile did so for herself."""
    app, wish = around.app, {"tenant": around.company(around.two)["id"]}
    planted = app.ask(**wish)
    endpoint = app.metadata["authorization_endpoint"]
    sent = requests.post(endpoint, data=planted.parameters, allow_redirects=False, timeout=10)
    sign_in(browser, around.agent.username, around.agent.password)
    page = browser.get(urljoin(endpoint, sent.headers["Location"]))
    assert app.arrival(page, planted) is None
    assert page.button(f"seat-{around.binding_two}") is not None
    assert app.silently(browser, **wish).error == "interaction_required"


def test_a_click_at_linked_survives_signing_in_again(around: Round, browser: Browser) -> None:
    """Rules 4 and 6: the same human is who clicked; the click is on record, with both accounts."""
    sign_in(browser, around.agent.username, around.agent.password)
    click(around, browser, around.two, around.app)
    answer = answer_of(around.app, browser, around.agent, around.app.ask(prompt="login"))
    assert around.app.tokens(answer).claims["sub"] == around.two.sub
    rows = around.town.server.read(
        "SELECT account_id, binding_id, company_id, client_id FROM audit_log"
        " WHERE action = 'linked:launched' AND linked_account_id = :id",
        {"id": around.agent.sub},
    )
    company = around.company(around.two)["id"]
    assert [tuple(row) for row in rows] == [(around.two.sub, around.binding_two, company, around.app.client.client_id)]
