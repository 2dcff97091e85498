"""Sign-ins: their cookie, their end, and one human a browser (SS01-SS11, tokens.md "One browser, one human")."""

import time
from datetime import UTC, datetime, timedelta

import pytest
import requests

from tests.harness.browser import BOUNDED, Browser
from tests.harness.people import Town
from tests.harness.relying_party import Person, RelyingParty
from tests.security.conftest import NewServer
from tests.security.doors import SESSION, at_once, enter, is_in, is_signed_in, send_by_hand, sign_in


def moved(town: Town, person: Person, column: str, ago: timedelta) -> None:
    """As if a moment of this person's sign-ins were that long ago."""
    moment = datetime.now(UTC) - ago
    text = f"{moment:%Y-%m-%d %H:%M:%S.%f}" + ("" if town.server.kind == "sqlite" else "+00:00")
    statement = f"UPDATE sign_ins SET {column} = :t WHERE account_id = :id"
    assert town.server.write(statement, {"t": text, "id": person.sub})


def asks_everywhere(town: Town, cookies: dict[str, str], path: str) -> set[int]:
    """The statuses that both workers give to these cookies."""
    answers = [
        requests.get(town.issuer + path, cookies=cookies, allow_redirects=False, timeout=BOUNDED) for _ in range(12)
    ]
    return {answer.status_code for answer in answers}


# The cookie.


def test_a_cookie_set_before_the_sign_in_is_nobody_afterwards(provider: Town, browser: Browser, staff: Person) -> None:
    """SS01: a new id at sign-in."""
    browser.http.cookies.set(SESSION, "A" * 43, domain="localhost.local", path="/")
    sign_in(browser, staff)
    assert browser.cookie(SESSION) not in {None, "A" * 43}
    assert asks_everywhere(provider, {SESSION: "A" * 43}, "/account") == {303}


def test_signing_in_again_gives_a_new_cookie_and_kills_the_old(
    provider: Town, browser: Browser, app: RelyingParty, staff: Person
) -> None:
    """SS01: re-authentication is a new id too, on both workers, and the client's session goes on."""
    tokens = app.sign_in(browser, staff)
    old = browser.cookie(SESSION) or ""
    again = app.sign_in(browser, staff, prompt="login")
    assert browser.cookie(SESSION) != old
    assert asks_everywhere(provider, {SESSION: old}, "/account") == {303}
    assert again.claims["sid"] == tokens.claims["sid"]


def test_the_csrf_token_of_before_the_sign_in_is_worth_nothing_after_it(browser: Browser, staff: Person) -> None:
    """ASVS 7.2.4: what somebody else may have planted in the browser ends with the sign-in."""
    planted = browser.get("/login").forms[0].value("csrf_token")
    home = sign_in(browser, staff)
    stamp = next(form for form in home.forms if form.action.endswith("/sign-out")).value("account")
    answer = browser.post(
        "/sign-out", {"csrf_token": planted, "account": stamp}, headers={"Origin": browser.origin, "Referer": home.url}
    )
    assert answer.status == 403
    assert is_signed_in(browser)


def test_a_cookie_copied_before_the_sign_out_is_nobody_after_it(
    provider: Town, browser: Browser, staff: Person
) -> None:
    """SS02, by the header's own button."""
    page = sign_in(browser, staff)
    copied = dict(browser.http.cookies)
    page = browser.submit(page, "sign-out")
    assert page.asks_for_password
    assert browser.cookie(SESSION) is None
    assert asks_everywhere(provider, copied, "/account") == {303}


@pytest.mark.both_databases
def test_clicking_sign_out_twice_is_no_error(browser: Browser, staff: Person) -> None:
    """SS02: the second click, and the button on a page of a sign-in that has ended, lead to the sign-in page."""
    page = sign_in(browser, staff)
    answers = at_once([lambda: send_by_hand(browser, page, "sign-out")] * 2)
    late = send_by_hand(browser, page, "sign-out")
    for answer in [*answers, late]:
        assert answer.status_code == 303, answer.text[:300]
        assert answer.headers["Location"].startswith("/login")


# Ends.


def test_a_sign_in_that_nobody_used_for_half_an_hour_asks_again(
    provider: Town, browser: Browser, app: RelyingParty, staff: Person
) -> None:
    """SS07: 30 min idle."""
    sign_in(browser, staff)
    moved(provider, staff, "last_seen_at", timedelta(minutes=29))
    assert is_signed_in(browser)
    moved(provider, staff, "last_seen_at", timedelta(minutes=30, seconds=1))
    assert browser.get("/account").asks_for_password
    assert app.silently(browser).error == "login_required"
    assert app.authorize(browser, staff).asked_for_password


def test_use_keeps_a_sign_in_from_idling_out(
    provider: Town, browser: Browser, app: RelyingParty, staff: Person
) -> None:
    """SS07: a page and a sign-in at a client are use; a refresh is none (tokens.md)."""
    tokens = app.sign_in(browser, staff)
    for use in (lambda: browser.get("/account"), lambda: app.silently(browser)):
        moved(provider, staff, "last_seen_at", timedelta(minutes=29))
        use()
        row = provider.server.write(
            "UPDATE sign_ins SET address = address WHERE account_id = :id AND last_seen_at > :t",
            {"id": staff.sub, "t": f"{datetime.now(UTC) - timedelta(minutes=1):%Y-%m-%d %H:%M:%S.%f}"},
        )
        assert row == 1
    moved(provider, staff, "last_seen_at", timedelta(minutes=29))
    refreshed = app.refresh(tokens.refresh_token)
    assert refreshed.status_code == 200
    moved(provider, staff, "last_seen_at", timedelta(minutes=31))
    assert browser.get("/account").asks_for_password


def test_a_sign_in_ends_after_twelve_hours_however_busy(
    provider: Town, browser: Browser, app: RelyingParty, staff: Person
) -> None:
    """SS07: 12 h absolute; what was granted in it ends with it (tokens.md)."""
    tokens = app.sign_in(browser, staff, scope="openid")
    moved(provider, staff, "expires_at", timedelta(seconds=-3))
    assert is_signed_in(browser)
    moved(provider, staff, "expires_at", timedelta(seconds=1))
    provider.server.write(
        "UPDATE grants SET session_expires_at = :t WHERE account_id = :id",
        {"t": "2020-01-01 00:00:00", "id": staff.sub},
    )
    assert browser.get("/account").asks_for_password
    assert app.silently(browser).error == "login_required"
    assert app.refresh(tokens.refresh_token).status_code == 400


def test_settings_make_sign_ins_as_short_as_they_say(new_server: NewServer) -> None:
    """SS07: a second provider whose sign-ins last seconds; use within the idle time keeps one alive."""
    town = Town(new_server(IDP_SIGN_IN_IDLE_MINUTES="0.05", IDP_SIGN_IN_HOURS="0.0018"))
    person, used, unused = town.person("staff"), town.browser(), town.browser()
    sign_in(unused, person)
    sign_in(used, person)
    began = time.monotonic()
    for _ in range(5):  # 3.5 s in all: longer than 3 s idle
        time.sleep(0.7)
        is_kept = is_signed_in(used)
    assert not is_signed_in(unused), "nobody used it"
    assert is_kept, "it was in use all the time"
    time.sleep(max(0, 6.6 - (time.monotonic() - began)))
    assert not is_signed_in(used), "nothing outlives the absolute end"


def test_a_sign_in_ended_from_the_list_is_dead_on_every_worker(
    provider: Town, browser: Browser, app: RelyingParty, staff: Person
) -> None:
    """SS11: at the very next request, with its tokens; one's own other sign-in lives on."""
    lost = provider.browser()
    tokens = app.sign_in(lost, staff)
    sign_in(browser, staff)
    page = browser.get("/account")
    found = [identifier for identifier in page.ids if identifier.startswith("end-")]
    assert len(found) == 2
    cookies = dict(lost.http.cookies)
    mine = {name: value for name, value in browser.http.cookies.items() if name == SESSION}
    buttons = {identifier: page.button(identifier) for identifier in found}
    current = [b for b in buttons if "這個裝置" in (buttons[b] or [None, None])[1].text]  # type: ignore[union-attr]
    other = next(b for b in found if b not in current)
    page = browser.submit(page, other)
    assert is_in(page)
    assert asks_everywhere(provider, cookies, "/account") == {303}
    assert asks_everywhere(provider, mine, "/account") == {200}
    assert app.userinfo(tokens.access_token).status_code == 401


def test_nobody_ends_the_sign_in_of_somebody_else(
    provider: Town, browser: Browser, staff: Person, other_staff: Person
) -> None:
    """SS11, PK09's sister: another's id is told as an unknown one is."""
    theirs = provider.browser()
    page = sign_in(theirs, other_staff)
    found = page.button("end-1")
    assert found is not None
    home = sign_in(browser, staff)
    answers = []
    own = home.button("end-1")
    assert own is not None
    for identifier in (found[1].value, "si_nothing", ""):
        form = dict(own[0].fields) | {"sign_in": identifier}
        answers.append(
            requests.post(
                own[0].action,
                data=form,
                headers={"Origin": browser.origin},
                cookies=dict(browser.http.cookies),
                allow_redirects=False,
                timeout=BOUNDED,
            )
        )
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert is_signed_in(theirs)


# Signing out at the wish of a client.


def test_a_logout_by_link_from_another_site_only_asks(browser: Browser, staff: Person) -> None:
    """SS03: no hint, by GET, from elsewhere."""
    sign_in(browser, staff)
    page = browser.get("/logout", headers={"Referer": "https://evil.example/", "Origin": "null"})
    assert page.has("sign-out-everywhere")
    assert is_signed_in(browser)


def test_an_unregistered_address_is_not_followed_and_the_person_may_sign_out_all_the_same(
    browser: Browser, app: RelyingParty, provider: Town, staff: Person
) -> None:
    """SS04: unknown, of another client, or nearly right: signed out, and nowhere sent."""
    after = app.client.post_logout_redirect_uri
    foreign = provider.rp("other").client.post_logout_redirect_uri
    tokens = app.sign_in(browser, staff)
    for bad in ("https://evil.example/", foreign, after + "/", after + "?x=1", after.upper(), "javascript:alert(1)"):
        address = app.logout_address(id_token_hint=tokens.id_token, post_logout_redirect_uri=bad, state="s")
        page = browser.get(address)
        assert page.left_to is None, bad
        assert not page.leads_to("evil.example"), bad
    if page.has("sign-out-everywhere"):
        page = browser.submit(page, "sign-out-everywhere")
    else:
        page = browser.submit(page, "sign-out")
    assert page.left_to is None
    assert not is_signed_in(browser)


def test_a_logout_posted_by_a_client_does_not_leave_the_person_signed_in(
    browser: Browser, app: RelyingParty, staff: Person
) -> None:
    """RP-Initiated Logout 1.0 §2 wants POST; a cross-site POST comes without SameSite=Lax cookies.

    As at the authorization endpoint (security.md §1.9-7) it has to go on by GET, where they are seen: sent straight
    back to the client, the person would believe to be signed out.
    """
    tokens = app.sign_in(browser, staff)
    answer = requests.post(
        app.metadata["end_session_endpoint"],
        data={
            "id_token_hint": tokens.id_token,
            "post_logout_redirect_uri": app.client.post_logout_redirect_uri,
            "state": "posted",
        },
        headers={"Origin": "https://rp.example"},
        allow_redirects=False,
        timeout=BOUNDED,
    )
    assert answer.status_code == 303
    page = browser.get(answer.headers["Location"]) if answer.headers["Location"].startswith("/") else None
    assert page is not None, f"sent to {answer.headers['Location']} without a look at the browser's cookies"
    assert page.has("sign-out-everywhere")
    page = browser.submit(page, "sign-out-everywhere")
    assert page.left_to == app.client.post_logout_redirect_uri + "?state=posted"
    assert not is_signed_in(browser)


# One browser, one human.


def test_signing_in_again_is_fixed_to_the_person_signed_in(
    browser: Browser, app: RelyingParty, staff: Person, other_staff: Person
) -> None:
    """Tokens.md: prompt=login asks for the same person's password, whatever name is sent."""
    app.sign_in(browser, staff)
    page = app.open(browser, app.ask(prompt="login"))
    assert page.asks_for_password
    found = page.button("sign-in")
    assert found is not None
    assert found[0].value("username") == staff.username
    page = browser.submit(page, "sign-in", username=other_staff.username, password=other_staff.password)
    assert page.asks_for_password, "the other person got in by a form that was fixed"
    assert other_staff.name not in page.text or staff.name == other_staff.name
    page = browser.submit(browser.get("/account"), "sign-out")
    assert page.asks_for_password


def test_another_account_ends_the_sign_in_of_before_after_a_page_that_says_so(
    provider: Town, browser: Browser, app: RelyingParty, staff: Person
) -> None:
    """Tokens.md: with its sids and what was granted in it."""
    second = provider.person("staff", tax_id="00000022", name="李大華")
    tokens = app.sign_in(browser, staff, scope="openid")
    old = dict(browser.http.cookies)
    asked = app.ask(prompt="login")
    page = app.open(browser, asked)
    other = next(address for address in page.links if "other=1" in address)
    page = browser.get(other)
    assert staff.name in page.text
    assert "會結束" in page.text
    assert is_signed_in(browser), "opening the page ends nothing"
    page = browser.get(other)
    page = browser.submit(page, "sign-in", username=second.username, password=second.password)
    answer = app.finish(browser, page, asked, second)
    assert app.tokens(answer).claims["sub"] == second.sub
    assert asks_everywhere(provider, old, "/account") == {303}
    assert app.refresh(tokens.refresh_token).status_code == 400
    assert app.userinfo(tokens.access_token).status_code == 401


def test_a_form_opened_as_one_person_and_sent_as_another_is_refused(
    provider: Town, browser: Browser, staff: Person
) -> None:
    """Tokens.md "What a choice is bound to", security.md §5-8: 409 and no effect, for every form of ours."""
    second = provider.person("staff", tax_id="00000022", name="李大華")
    party = provider.new_rp(scope="openid profile")
    first = sign_in(browser, staff)
    asked = party.ask(prompt="consent select_account")
    chooser = party.open(browser, asked)
    consent = party.open(browser, party.ask(prompt="consent"))
    asks = browser.get("/logout")
    opened = {"sign-out": first, "end-1": first, "sign-out-everywhere": asks, "consent-accept": consent}
    opened |= {button: chooser for button in chooser.ids if button.startswith(("choose", "account-", "use-"))}
    assert all(page.button(button) for button, page in opened.items() if button in page.ids)
    page = browser.get("/login?other=1")
    assert is_in(browser.submit(page, "sign-in", username=second.username, password=second.password))
    fresh = next(form.value("csrf_token") for form in browser.get("/account").forms if form.value("csrf_token"))
    for button, page in opened.items():
        if page.button(button) is None:
            continue
        answer = send_by_hand(browser, page, button, csrf_token=fresh or "")
        assert answer.status_code == 409, f"{button}: {answer.status_code} {answer.headers.get('Location')}"
        assert "另一個帳號" in answer.text
    assert is_signed_in(browser)
    assert second.name in browser.get("/account").text


@pytest.mark.both_databases
def test_a_double_click_on_sign_in_signs_in(provider: Town, browser: Browser, app: RelyingParty, staff: Person) -> None:
    """The form is sent twice with the same cookies; the later of the two sign-ins is good, and the person is in."""
    asked = app.ask()
    page = app.open(browser, asked)
    name = {"username": staff.username, "password": staff.password}
    answers = at_once([lambda: send_by_hand(browser, page, "sign-in", **name)] * 2)
    assert [answer.status_code for answer in answers] == [303, 303]
    for answer in answers:
        assert answer.headers["Location"].startswith("/authorize/")
    for answer in answers:
        browser.http.cookies.update(answer.cookies)
        if is_in(browser.get("/account")):
            break
    back = app.finish(browser, browser.get(answers[1].headers["Location"]), asked, None)
    assert app.tokens(back).claims["sub"] == staff.sub


@pytest.mark.both_databases
def test_a_double_click_on_sign_in_leaves_one_sign_in(browser: Browser, staff: Person) -> None:
    """Tokens.md: a browser holds one sign-in; the list at /account shows no device that nobody has."""
    page = browser.get("/login")
    name = {"username": staff.username, "password": staff.password}
    answers = at_once([lambda: send_by_hand(browser, page, "sign-in", **name)] * 2)
    browser.http.cookies.update(answers[1].cookies)
    home = browser.get("/account")
    if not is_in(home):
        browser.http.cookies.update(answers[0].cookies)
        home = browser.get("/account")
    assert is_in(home)
    assert len([identifier for identifier in home.ids if identifier.startswith("end-")]) == 1


def test_a_suspended_person_is_out_at_the_next_request(provider: Town, browser: Browser, staff: Person) -> None:
    """ASVS 7.4.2: on both workers."""
    sign_in(browser, staff)
    provider.suspend(staff)
    assert asks_everywhere(provider, dict(browser.http.cookies), "/account") == {303}


@pytest.mark.parametrize("value", ["", "A" * 43, "A" * 1500, "'; DROP TABLE sign_ins; --", "%00", '"', "a b", "=" * 44])
def test_a_made_up_cookie_is_nobody(provider: Town, value: str) -> None:
    """SS01, UN05: whatever it holds."""
    answer = requests.get(
        provider.issuer + "/account",
        headers={"Cookie": f"{SESSION}={value}; idp_browser={value}"},
        allow_redirects=False,
        timeout=BOUNDED,
    )
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/login"
    assert enter(provider.browser(), "nobody-at-all", "nothing-1").asks_for_password
