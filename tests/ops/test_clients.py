"""「應用系統」 (P38): made, changed, given secrets, tried and removed at the console (AD03, AD04, AD05)."""

import json
import re
from typing import Any

import pytest
import requests

from tests.harness.browser import BOUNDED, Browser, Page
from tests.harness.operators import Operator, an_operator, audit_of, sign_in_operator, stamp_of
from tests.harness.people import Town
from tests.harness.processes import wait_until
from tests.harness.relying_party import Client, Person, RelyingParty

CALLBACK = "https://new.example/callback"
BAD = {
    "http://new.example/cb": "必須使用 https://",
    "https://new.example/cb#part": "不可有 # 與之後的部分。",
    "https://*.new.example/cb": "不可使用萬用字元 *",
    "https://user@new.example/cb": "不可在主機名稱前加上帳號或密碼",
    "javascript:alert(1)": "必須以 https:// 開頭，不接受 javascript: 等其他開頭。",
    "https://192.0.2.7/cb": "不可使用 IP 位址",
    "https://新.example/cb": "含有網址不可使用的字元",
}


def send(browser: Browser, page: Page, button: str, **values: str | list[str]) -> Page:
    """Press a button with these fields filled in; a list is what is ticked of several."""
    found = page.button(button)
    assert found is not None, f"no {button} on {page!r}"
    form, pressed = found
    data = [(name, value) for name, value in form.fields if name not in values]
    data += [(name, one) for name, given in values.items() for one in ([given] if isinstance(given, str) else given)]
    data.append((pressed.name or "", pressed.value))
    return browser.post(form.action, data, headers={"Origin": browser.origin, "Referer": page.url})


def shown(page: Page, identifier: str) -> str:
    """The text of an element of a page."""
    return page.html.partition(f'id="{identifier}">')[2].partition("<")[0]


def made(boss: Operator, **values: str | list[str]) -> tuple[str, str, Page]:
    """A client made in the console: id, secret, and the page that tells them."""
    form = boss.browser.get("/ops/clients/new")
    filled = {"name": "新系統", "redirect_uris": CALLBACK} | values
    page = send(boss.browser, form, "add", **filled)
    assert page.status == 200, page
    return shown(page, "client-id"), shown(page, "client-secret"), page


def party(town: Town, client_id: str, secret: str, **more: Any) -> RelyingParty:
    """The application, as its developer would set it up."""
    return RelyingParty(town.issuer, Client(client_id, CALLBACK, "openid profile company", secret=secret, **more))


def knows(app: RelyingParty) -> bool:
    """Whether the provider takes the application's secret (a token that there isn't is then simply not active)."""
    answer = app.post("introspection_endpoint", {"token": "x"})
    assert answer.status_code in {200, 401}
    return answer.status_code == 200


@pytest.fixture
def boss(provider: Town) -> Operator:
    """An operator who sets up."""
    return an_operator(provider, "configurator")


def test_a_client_is_made_and_people_sign_in_to_it_at_once(provider: Town, boss: Operator, staff: Person) -> None:
    browser = boss.browser
    form = browser.get("/ops/clients/new")
    page = send(browser, form, "add", name="", redirect_uris="\n".join(BAD))
    assert page.status == 400
    page = send(browser, form, "add", name="新系統", redirect_uris="\n".join([*BAD, CALLBACK]), auth_method="none")
    assert (page.status, "有 7 個網址不能登記" in page.text) == (400, True)
    for number, (address, sentence) in enumerate(BAD.items(), start=1):
        assert f"第 {number} 行 {address}：{sentence}" in page.text
    assert (dict(page.button("add")[0].fields)["redirect_uris"]).split()[-1] == CALLBACK, "nothing is lost"  # type: ignore[index]
    page = send(browser, page, "add", redirect_uris=CALLBACK, scopes=["openid", "offline_access"])
    assert "無法保密的程式不能使用「登出後仍可存取」。" in page.text
    page = send(
        browser, page, "add", auth_method="private_key_jwt", scopes=["openid"], jwks='{"keys": [{"kty": "oct"}]}'
    )
    assert "JWKS 應有 1 至 20 把" in page.text
    page = send(browser, page, "add", jwks="{", auth_method="private_key_jwt")
    assert "JWKS 不是正確的 JSON" in page.text
    provider.server.new_log()
    page = send(
        browser, page, "add", auth_method="client_secret_basic", jwks="", scopes=["openid", "profile", "company"],
        name_en="New system", grant_types=["authorization_code"],
    )  # fmt: skip
    client_id, secret = shown(page, "client-id"), shown(page, "client-secret")
    assert (page.status, "只在這裡顯示這一次" in page.text, len(secret) >= 43) == (200, True, True)
    # AD03: in that one answer and nowhere else.
    assert "no-store" in page.response.headers["Cache-Control"]
    kept = [page.url, str(browser.http.cookies), str(page.response.headers), provider.server.new_log()]
    kept += [str(row) for row in provider.server.read("SELECT action, details FROM audit_log", {})]
    kept += [str(row) for row in provider.server.read("SELECT * FROM clients WHERE id = :id", {"id": client_id})]
    for path in ("", "/sheet", "/secret"):
        kept.append(browser.get(f"/ops/clients/{client_id}{path}").html)
    assert not [text for text in kept if secret in text]
    assert ("client:added", "done") in audit_of(boss)
    # Sent twice it is made once.
    assert (
        "這個代號已經使用"
        in send(browser, form, "add", name="新系統", redirect_uris=CALLBACK, client_id=client_id).text
    )
    assert "找不到符合的應用系統。" in browser.get("/ops/clients", {"q": client_id, "service": "nowhere"}).text
    listed = browser.get("/ops/clients", {"q": client_id})
    assert (listed.has(f"client-{client_id}"), CALLBACK in listed.text) == (True, True)
    app = party(provider, client_id, secret)
    tokens = app.sign_in(provider.browser(), staff)
    assert (tokens.claims["sub"], tokens.claims["company_tax_id"]) == (staff.sub, "00000016")
    sheet = browser.get(f"/ops/clients/{client_id}/sheet")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "end_session_endpoint", "issuer"):
        assert app.metadata[name] in sheet.text
    assert f'client_id="{client_id}"' in sheet.text
    assert f'new URL("{provider.issuer}")' in sheet.text


def test_two_configurators_and_who_may_only_look(provider: Town, boss: Operator) -> None:
    client_id, _, _ = made(boss, name="甲")
    other, auditor = an_operator(provider, "configurator"), an_operator(provider, "auditor")
    stale = other.browser.get(f"/ops/clients/{client_id}")
    page = send(boss.browser, boss.browser.get(f"/ops/clients/{client_id}"), "save", name="乙", on_narrowing="poll",
                roles=["staff", "group_admin"])  # fmt: skip
    assert "已儲存。" in page.text
    row = provider.idp("client", "show", client_id, "--json")
    assert (row["name"], row["on_narrowing"], row["redirect_uris"]) == ("乙", "poll", [CALLBACK])
    page = send(other.browser, stale, "save", colour="#205060")
    assert (page.status, "資料在您開啟頁面後已經變更" in page.text) == (409, True)
    assert "名稱（中文）：乙" in page.text, "what the other has changed is told"
    page = send(other.browser, page, "save", name="乙", on_narrowing="poll", roles=["staff", "group_admin"])
    assert "已儲存。" in page.text
    assert provider.idp("client", "show", client_id, "--json")["colour"] == "#205060"
    page = auditor.browser.get(f"/ops/clients/{client_id}")
    assert (page.status, page.has("save"), page.has("to-secret"), page.has("to-sheet")) == (200, False, False, True)
    for path in ("/new", f"/{client_id}", f"/{client_id}/secret", f"/{client_id}/remove", f"/{client_id}/try"):
        sent = stamp_of(auditor.browser.get("/ops")) | {"name": "x", "version": "x"}
        assert auditor.browser.post(f"/ops/clients{path}", sent, headers={"Origin": provider.issuer}).status == 403


def test_a_secret_is_renewed_with_an_overlap_and_the_old_one_ended(provider: Town, boss: Operator) -> None:
    client_id, first, _ = made(boss)
    other_id, other, _ = made(boss)
    assert knows(party(provider, client_id, first))
    assert not knows(party(provider, client_id, other)), "AD05: another client's secret"
    address = f"/ops/clients/{client_id}/secret"
    stale = boss.browser.get(address)
    page = send(boss.browser, stale, "rotate", overlap="for ever")
    assert (page.status, "舊密鑰最多再使用 30 天。" in page.text) == (400, True)
    page = send(boss.browser, stale, "rotate", overlap="week")
    second = shown(page, "client-secret")
    assert ("no-store" in page.response.headers["Cache-Control"], second != first) == (True, True)
    assert knows(party(provider, client_id, first))
    assert all(knows(party(provider, client_id, second)) for _ in range(6)), "at once, in every worker"
    page = send(boss.browser, stale, "rotate", overlap="week")
    assert (page.status, "資料在您開啟頁面後已經變更" in page.text) == (409, True), "a double click renews once"
    page = boss.browser.get(address)
    foreign = boss.browser.get(f"/ops/clients/{other_id}/secret")
    assert not foreign.has("withdraw")
    sent = stamp_of(page) | {"version": dict(page.button("withdraw")[0].fields)["version"]}  # type: ignore[index]
    answer = boss.browser.post(f"/ops/clients/{other_id}/secret/withdraw", sent, headers={"Origin": provider.issuer})
    assert answer.status == 409, "AD05: one client's form at another"
    page = boss.browser.submit(page, "withdraw")
    assert ("舊密鑰已停止使用" in page.text, page.has("withdraw")) == (True, False)
    wait_until(
        "no worker takes the old secret", lambda: not any(knows(party(provider, client_id, first)) for _ in range(4))
    )
    assert knows(party(provider, client_id, second))
    page = send(boss.browser, page, "rotate", overlap="none")
    third = shown(page, "client-secret")
    wait_until("only the newest works", lambda: not any(knows(party(provider, client_id, second)) for _ in range(4)))
    assert knows(party(provider, client_id, third))
    done = [action for action, _ in audit_of(boss)]
    assert (done.count("client:secret:rotated"), done.count("client:secret:withdrawn")) == (2, 1)
    rows = str(provider.server.read("SELECT details FROM audit_log", {})) + provider.server.new_log()
    assert not [secret for secret in (first, second, third) if secret in rows]
    page = boss.browser.submit(boss.browser.get(f"/ops/clients/{client_id}/remove"), "remove")
    assert f"已移除應用系統 {client_id}" in page.text
    assert boss.browser.get(f"/ops/clients/{client_id}").status == 404
    wait_until("nobody knows it", lambda: not any(knows(party(provider, client_id, third)) for _ in range(4)))


# A try.


def with_cookies(provider: Town, **owners: Browser) -> Browser:
    """A browser with these cookies of others: ``idp_browser=…``."""
    browser = provider.browser()
    for name, owner in owners.items():
        for cookie in owner.http.cookies:
            if cookie.name == name:
                browser.http.cookies.set_cookie(cookie)
    return browser


def begin_try(boss: Operator, client_id: str, **values: str | list[str]) -> Page:
    page = boss.browser.get(f"/ops/clients/{client_id}/try")
    return send(boss.browser, page, "begin", **({"scopes": ["openid", "profile", "company"]} | values))


def sign_in_there(browser: Browser, page: Page, person: Person) -> Page:
    """Sign in on the page, and agree where asked."""
    page = browser.submit(page, "sign-in", username=person.username, password=person.password)
    return browser.submit(page, "consent-accept") if page.asks_for_consent else page


def counted(provider: Town, client_id: str) -> list[int]:
    """How many grants, sessions and tokens a client has."""
    tables = ("grants", "client_sessions", "tokens")
    return [
        provider.server.read(f"SELECT count(*) FROM {table} WHERE client_id = :id", {"id": client_id})[0][0]
        for table in tables
    ]


def test_a_try_shows_what_the_client_would_be_told_and_makes_nothing(
    provider: Town, boss: Operator, staff: Person
) -> None:
    client_id, secret, _ = made(boss)
    page = begin_try(boss, client_id)
    assert (page.asks_for_password, "這是營運人員的測試登入，請使用測試帳號" in page.text) == (True, True)
    page = sign_in_there(boss.browser, page, staff)
    assert re.fullmatch(rf"/ops/clients/{client_id}/try/fl_[\w-]+", page.path), page
    assert not page.response.request.url.partition("?")[2], "nothing is carried in the address"  # type: ignore[union-attr]
    assert "no-store" in page.response.headers["Cache-Control"]
    assert f"以 {staff.username} 登入成功。" in page.text
    for told in (staff.sub, "測試一號有限公司", "公司的統一編號。", "urn:company-idp:acr:password", "RS256"):
        assert told in page.text
    assert counted(provider, client_id) == [0, 0, 0]
    assert {("client:try:begun", "done"), ("client:try:answered", "done")} <= set(audit_of(boss))
    # As the application itself would hear it.
    real = party(provider, client_id, secret)
    tokens = real.sign_in(provider.browser(), staff)
    parts = [json.loads(text) for text in re.findall(r"<pre[^>]*>([^<]*)</pre>", page.html.replace("&#34;", '"'))]
    assert parts[0] == real.header(tokens.id_token) or parts[0].items() <= real.header(tokens.id_token).items()
    assert parts[1].keys() == tokens.claims.keys()
    moving = {"sid", "auth_time", "session_expiry"}
    told, heard = parts[3], real.person(tokens.access_token)
    assert {k: v for k, v in told.items() if k not in moving} == {k: v for k, v in heard.items() if k not in moving}
    assert parts[2].keys() == real.introspect(tokens.access_token).keys()
    assert real.userinfo(parts[1]["at_hash"]).status_code == 401
    # It is looked at again while it lasts, by that session in that browser alone (AD05).
    assert boss.browser.get(page.path).status == 200
    other_id, _, _ = made(boss)
    assert boss.browser.get(page.path.replace(client_id, other_id)).status == 404
    colleague = an_operator(provider, "configurator")
    mixed = with_cookies(provider, idp_browser=boss.browser, idp_ops=colleague.browser)
    assert (mixed.get("/ops/clients").status, mixed.get(page.path).status) == (200, 404)
    elsewhere = provider.browser()
    boss.forget_last_code()
    sign_in_operator(boss, elsewhere)
    assert elsewhere.get(page.path).status == 404
    # Refused consent is told as the error that the client would hear.
    page = begin_try(boss, client_id, asks_anew="1")
    page = boss.browser.submit(page, "sign-in", password=staff.password)
    page = boss.browser.submit(page, "consent-refuse")
    assert (shown(page, "error"), "使用者不同意提供資料" in page.text) == ("access_denied", True)
    # So is one that the client would hear at once.
    page = begin_try(boss, client_id)
    request = {"id": dict(page.button("sign-in")[0].fields)["request_id"]}  # type: ignore[index]
    [[kept]] = provider.server.read("SELECT parameters FROM authorization_requests WHERE id = :id", request)
    wrong = (kept if isinstance(kept, dict) else json.loads(kept)) | {"prompt": "nonsense"}
    request["wrong"] = json.dumps(wrong)
    provider.server.write("UPDATE authorization_requests SET parameters = :wrong WHERE id = :id", request)
    assert shown(boss.browser.get(f"/authorize/{request['id']}"), "error") == "invalid_request"
    # A client that takes nobody in is told so.
    machine, _, _ = made(boss, grant_types=["client_credentials"], scopes=[], own_scopes="sites.read")
    page = boss.browser.get(f"/ops/clients/{machine}/try")
    sent = stamp_of(page)
    answer = boss.browser.post(f"/ops/clients/{machine}/try", sent, headers={"Origin": provider.issuer})
    assert (answer.status, "沒有開放讓人登入" in answer.text) == (400, True)


def test_nobody_but_the_operator_who_began_it_ends_a_try(provider: Town, boss: Operator, staff: Person) -> None:
    client_id, secret, _ = made(boss)
    app = party(provider, client_id, secret)
    answer_page = f"{provider.issuer}/ops/clients/{client_id}/try/answer"
    # No request makes itself a try, nor may it name the console as its address (open redirect).
    asked = app.ask(redirect_uri=answer_page)
    page = app.open(provider.browser(), asked)
    assert (page.status, "invalid_redirect_uri" in page.text, page.left_to) == (400, True, None)
    assert app.authorize(provider.browser(), staff, asked=app.ask(is_try="1", **{"try": "1"})).code
    assert "try" not in json.dumps(app.metadata)
    # Another site can't begin one (CSRF), nor can an account.
    for headers in ({"Origin": "https://evil.example"}, {"Origin": provider.issuer}):
        answer = boss.browser.post(f"/ops/clients/{client_id}/try", {"operator": boss.id}, headers=headers)
        assert answer.status == 403
    visitor = provider.browser()
    assert visitor.get(f"/ops/clients/{client_id}/try").path == "/ops/login"
    # Its request is this browser's alone: another can neither go on with it nor see it.
    page = begin_try(boss, client_id)
    request_id = dict(page.button("sign-in")[0].fields)["request_id"]  # type: ignore[index]
    assert visitor.get(f"/authorize/{request_id}").status == 400
    # The browser's own cookie is not enough (fixed on a victim's browser): the console's session has to be there too.
    victim = with_cookies(provider, idp_browser=boss.browser)
    page = victim.get("/login", {"request_id": request_id})
    assert page.asks_for_password
    page = sign_in_there(victim, page, staff)
    assert (page.status, "/ops" in page.path, page.left_to) == (400, False, None), page
    assert staff.sub not in page.text
    assert counted(provider, client_id)[2] == 0
    # Another operator's session in the same browser, and one that has ended meanwhile, get nothing.
    page = begin_try(boss, client_id)
    colleague = an_operator(provider, "configurator")
    mixed = with_cookies(provider, idp_browser=boss.browser, idp_ops=colleague.browser)
    page = sign_in_there(mixed, page, staff)
    assert (page.status, "/ops" in page.path) == (400, False), page
    page = begin_try(colleague, client_id)
    provider.server.write(
        "UPDATE operator_sessions SET ended_at = created_at WHERE operator_id = :id", {"id": colleague.id}
    )
    page = sign_in_there(colleague.browser, page, staff)
    assert (page.status, "/ops" in page.path) == (400, False), page
    # It is answered once, and not when its ten minutes are over.
    sign_in_there(boss.browser, begin_try(boss, client_id), staff)
    page = begin_try(boss, client_id)
    done = boss.browser.submit(page, "sign-in", password=staff.password)
    assert "登入成功" in done.text
    request_id = dict(page.button("sign-in")[0].fields)["request_id"]  # type: ignore[index]
    assert boss.browser.get(f"/authorize/{request_id}").status == 400
    provider.server.write(
        "UPDATE flows SET expires_at = created_at WHERE id = :id", {"id": done.path.rpartition("/")[2]}
    )
    assert boss.browser.get(done.path).status == 404
    page = begin_try(boss, client_id)
    provider.server.write("UPDATE flows SET expires_at = created_at WHERE kind = :kind", {"kind": "client_try"})
    page = boss.browser.submit(page, "sign-in", password=staff.password)
    assert (page.status, "/ops" in page.path) == (400, False)
    outside = requests.get(answer_page, timeout=BOUNDED, allow_redirects=False)
    assert outside.headers["Location"].startswith("/ops/login")
