"""What users of other systems report again and again, and what must not happen here: issue 6, "Bad input and faults".

Each test names the line of the study of the field (section 3, "What their users ask for most") and its reports. All of
it is about one person who serves several companies; who has one alone is in test_refresh.py and test_company_wishes.py.
"""

import json

from tests.harness.browser import Browser
from tests.harness.linked import acting_client, answer_of, enter
from tests.harness.relying_party import Person, RelyingParty, Tokens
from tests.oidc.rounds import Round, sub_wish, switch


def all_said(party: RelyingParty, tokens: Tokens) -> str:
    """Everything a client learns from one grant, as text to search in."""
    told = tokens.claims, party.person(tokens.access_token), party.introspect(tokens.access_token)
    return json.dumps(told, ensure_ascii=False)


def renewed(party: RelyingParty, tokens: Tokens) -> Tokens:
    """The grant after a refresh, its ID token checked."""
    answer = Tokens(party.refresh(tokens.refresh_token).json())
    return Tokens(answer.answer, party.verified(answer.id_token))


def both_entered(around: Round, browser: Browser) -> tuple[Tokens, Tokens]:
    """One application, entered as the one company and then, by the chooser, as the other."""
    one = enter(around.app, browser, around.agent, around.binding_one, prompt="select_account")
    return one, enter(around.app, browser, around.agent, around.binding_two, prompt="select_account")


def test_a_token_carries_the_role_of_the_company_acted_for_and_nothing_of_the_others(
    around: Round, browser: Browser
) -> None:
    """Line 3: keycloak #31438, #34275; p2-inc/keycloak-orgs #71, #127, #136; logto #7485; zitadel #1648."""
    around.town.set_role(around.two, "guest")
    for tokens, own, other in zip(
        both_entered(around, browser), (around.one, around.two), (around.two, around.one), strict=True
    ):
        said = all_said(around.app, tokens)
        company, foreign = around.company(own), around.company(other)
        assert tokens.claims["company"]["id"] == tokens.claims["tenant"] == company["id"]
        assert tokens.claims["roles"] == (["staff"] if own is around.one else ["guest"])
        assert ("site.new" in tokens.claims["entitlements"]) is (own is around.one)
        for word in (foreign["id"], other.tax_id, "測試二號" if own is around.one else "測試一號", other.sub):
            assert word not in said, word


def test_two_tabs_signed_in_at_once_for_two_companies_get_each_its_own(around: Round, browser: Browser) -> None:
    """Line 4: keycloak #42836, #35830, #35935: the second tab's choice must not become the first one's."""
    first, second = around.app.ask(), around.app.ask(prompt="select_account")
    page = around.app.step(
        browser, around.app.open(browser, first), Person(around.agent.username, around.agent.password)
    )
    other_page = around.app.open(browser, second)
    assert other_page.button(f"seat-{around.binding_two}") is not None
    # Both choosers are open in one browser; the second tab is answered first.
    answers = [
        around.app.arrival(browser.submit(opened, f"seat-{binding}"), asked)
        for opened, binding, asked in ((other_page, around.binding_two, second), (page, around.binding_one, first))
    ]
    assert answers[0] is not None
    assert answers[1] is not None
    two, one = (around.app.tokens(answer) for answer in answers if answer is not None)
    assert (one.claims["sub"], two.claims["sub"]) == (around.one.sub, around.two.sub)
    assert one.claims["sid"] != two.claims["sid"]
    for _ in range(2):
        one, two = renewed(around.app, one), renewed(around.app, two)
        assert around.app.person(one.access_token)["sub"] == one.claims["sub"] == around.one.sub
        assert around.app.person(two.access_token)["sub"] == two.claims["sub"] == around.two.sub


def test_a_reload_and_a_silent_renewal_keep_the_company(around: Round, browser: Browser) -> None:
    """Line 5: keycloak #52001; auth0.js has each application store the company itself so that it isn't lost."""
    tokens = enter(around.app, browser, around.agent, around.binding_two)
    elsewhere = enter(around.other, browser, around.agent, around.binding_one)
    for wish in ({}, {"id_token_hint": tokens.id_token}):
        again = around.app.tokens(around.app.silently(browser, **wish))
        assert (again.claims["sub"], again.claims["sid"]) == (around.two.sub, tokens.claims["sid"])
    assert renewed(around.app, tokens).claims["tenant"] == tokens.claims["tenant"]
    # The other application was entered since, as another company: that is its own affair.
    kept = around.other.tokens(around.other.silently(browser))
    assert (kept.claims["sub"], kept.claims["sid"]) == (around.one.sub, elsewhere.claims["sid"])


def test_whoever_has_several_accounts_chooses_among_them_without_signing_out(around: Round, browser: Browser) -> None:
    """Line 6: keycloak #42064; authentik #15095, #18375; node-oidc-provider #527; IdentityServer4 #717;
    kanidm #2824.

    There is one human in a browser: what she has several of is companies.
    """
    one = enter(around.app, browser, around.agent, around.binding_one)
    asked = around.app.ask(prompt="select_account")
    page = around.app.open(browser, asked)
    assert not page.asks_for_password
    assert {f"seat-{around.binding_one}", f"seat-{around.binding_two}"} <= set(page.ids)
    answer = answer_of(around.app, browser, around.agent, asked, around.binding_two)
    assert not answer.asked_for_password
    two = around.app.tokens(answer)
    for name in ("auth_time", "amr", "act"):
        assert two.claims[name] == one.claims[name], "one human, who signed in once"
    assert around.app.person(one.access_token)["sub"] == around.one.sub
    back = around.app.tokens(switch(around, around.app, browser, around.one))
    assert back.claims["sid"] == one.claims["sid"]


def test_a_company_asked_for_is_the_one_answered_and_asking_signs_nobody_out(around: Round, browser: Browser) -> None:
    """Line 7: zitadel #8588, #8464, #11160, #11869 (a company and prompt=none at once); logto #6639."""
    one, two = both_entered(around, browser)
    for person, tokens in ((around.two, two), (around.one, one), (around.two, two)):
        for wish in (
            {"tenant": around.company(person)["id"]},
            {"scope": f"{around.app.client.scope} company:{person.tax_id}"},
            {"claims": sub_wish(person)},
        ):
            answered = around.app.tokens(around.app.silently(browser, **wish))
            assert (answered.claims["sub"], answered.claims["sid"]) == (person.sub, tokens.claims["sid"]), wish
    # One that is not hers is refused, and neither ends her sign-in nor gives the company she has instead.
    assert around.app.silently(browser, tenant="co_nobody").error == "interaction_required"
    page = around.app.open(browser, around.app.ask(tenant="co_nobody"))
    assert page.left_to is None
    assert around.app.tokens(switch(around, around.app, browser, around.one)).claims["sid"] == one.claims["sid"]
    assert around.app.person(two.access_token)["sub"] == around.two.sub


def test_a_person_of_many_companies_has_the_company_in_every_token_and_none_is_guessed(
    around: Round, browser: Browser
) -> None:
    """Line 8: keycloak #30747, #33556, #35025, #44981 (no claim where there are several), #37169 (guessed from the
    domain of the e-mail), #37107; zitadel #9411."""
    mailbox = {"id": around.two.sub, "email": around.one.email}
    around.town.server.write("UPDATE accounts SET email = :email, email_canonical = :email WHERE id = :id", mailbox)
    both = both_entered(around, browser)
    for person, tokens in zip((around.one, around.two), both, strict=True):
        company = around.company(person)
        for said in (tokens.claims, around.app.person(tokens.access_token), renewed(around.app, tokens).claims):
            assert said["email"] == around.one.email, "one mailbox behind accounts of two companies"
            assert {name: said["company"][name] for name in ("id", "tax_id", "name")} == {
                "id": company["id"],
                "tax_id": person.tax_id,
                "name": company["name"],
            }
    for hint in (around.one.email, "@example.test", "example.test"):
        assert around.other.silently(browser, login_hint=hint).error == "account_selection_required"
        page = around.other.open(browser, around.other.ask(login_hint=hint))
        assert {f"seat-{around.binding_one}", f"seat-{around.binding_two}"} <= set(page.ids), "she is asked"


def test_a_refresh_whose_answer_was_lost_may_be_repeated_and_keeps_company_and_actor(
    around: Round, browser: Browser
) -> None:
    """Line 11: hydra #1831, open from 2020 until PR #3860 in 2024."""
    one, two = both_entered(around, browser)
    lost = around.app.refresh(one.refresh_token)
    other = renewed(around.app, two)
    repeated = around.app.refresh(one.refresh_token)
    assert (lost.status_code, repeated.status_code) == (200, 200)
    for name in ("access_token", "refresh_token", "id_token"):
        assert lost.json()[name] == repeated.json()[name], name
    claims = around.app.verified(repeated.json()["id_token"])
    for name in ("sub", "act", "tenant", "sid"):
        assert claims[name] == one.claims[name], name
    again = renewed(around.app, Tokens(repeated.json()))
    assert again.claims["sub"] == around.one.sub
    # Two companies are two families: what ends the one leaves the other.
    around.app.revoke(again.refresh_token)
    assert around.app.refresh(again.refresh_token).json()["error"] == "invalid_grant"
    assert renewed(around.app, other).claims["sub"] == around.two.sub


def test_a_role_taken_away_is_seen_in_running_sessions_of_that_company_alone(around: Round, browser: Browser) -> None:
    """Line 12: zitadel #8288 (never seen), wso2 PR #2323 (revoked too much)."""
    asks = acting_client(around.town, more=["--on-narrowing", "poll"])
    told, ended = both_entered(around, browser)
    two = enter(asks, browser, around.agent, around.binding_two)
    one = enter(asks, browser, around.agent, around.binding_one, prompt="select_account")
    around.town.set_role(around.two, "guest")
    for said in (asks.person(two.access_token), asks.introspect(two.access_token), renewed(asks, two).claims):
        assert (said["roles"], said["entitlements"]) == (["guest"], ["site.list"])
    assert around.app.introspect(ended.access_token) == {"active": False}, "the other application wants a new sign-in"
    around.town.suspend(around.two)
    assert asks.userinfo(two.access_token).status_code == 401
    assert asks.introspect(two.access_token) == {"active": False}
    for party, tokens in ((around.app, told), (asks, one)):
        assert party.person(tokens.access_token)["roles"] == ["staff"]
        assert renewed(party, tokens).claims["perm_ver"] == tokens.claims["perm_ver"]
