"""選單權限 (P34): what one person sees at each application, ticked by her group admin, and told in tokens."""

import json
import re
import time
from typing import Any

import pytest

from tests.group.conftest import House
from tests.harness.browser import Browser, Page
from tests.harness.people import EVERYTHING, MENUS, OTHER_MENUS
from tests.harness.relying_party import Person, RelyingParty

CARD = "urn:company-idp:acr:card"
LOCKED = [
    {
        "code": "sign",
        "label_zh": "簽署",
        "label_en": "Sign",
        "parent": None,
        "default_roles": ["guest", "staff"],
        "acr": CARD,
    },
    {
        "code": "sign.list",
        "label_zh": "簽署紀錄",
        "label_en": "Signed",
        "parent": "sign",
        "default_roles": ["staff"],
    },
]


def items(page: Page, client_id: str) -> dict[str, tuple[str, bool]]:
    """The items of an application on the page: code -> (its number, whether it is ticked)."""
    panel = re.search(rf'<fieldset class="panel" id="c-{client_id}">.*?</fieldset>', page.html, re.DOTALL)
    assert panel is not None, f"no panel of {client_id} on {page!r}"
    found = re.findall(r'name="menu" value="(\d+)"[^>]*?( checked)?><span>[^<]*<code>([^<]+)<', panel[0])
    return {code: (number, bool(checked)) for number, checked, code in found}


def ticked(page: Page, client_id: str) -> set[str]:
    """The codes that are ticked."""
    return {code for code, (_, on) in items(page, client_id).items() if on}


def send(
    browser: Browser, page: Page, button: str, *, tick: tuple[str, ...] = (), untick: tuple[str, ...] = ()
) -> Page:
    """Press a button of the form, with these item numbers ticked and unticked."""
    found = page.button(button)
    assert found is not None, f"no {button} on {page!r}"
    form, pressed = found
    fields = [(name, value) for name, value in form.fields if not (name == "menu" and value in untick)]
    fields += [("menu", number) for number in tick] + [(pressed.name or "", pressed.value)]
    action = page.url + "/preview" if button == "preview" else form.action
    return browser.post(action, fields, headers={"Origin": browser.origin})


def for_proven_by_card(house: House) -> RelyingParty:
    """An application that admits only companies proven by a card."""
    application = house.town.new_rp(scope="openid", consent=False, menus=OTHER_MENUS)
    statement, values = "UPDATE clients SET admission = :only WHERE id = :id", {"only": '{"proofs": ["card"]}'}
    assert house.town.server.write(statement, values | {"id": application.client.client_id}) == 1
    return application


def rights(house: House, person: Person) -> list[tuple[Any, ...]]:
    """What is kept of a person's rights, and how often they have changed."""
    rows = house.town.server.read(
        "SELECT m.code, r.allowed FROM menu_rights r JOIN menu_items m ON m.id = r.menu_item_id"
        " WHERE r.account_id = :id ORDER BY m.code",
        {"id": person.sub},
    )
    [(version,)] = house.town.server.read("SELECT perm_ver FROM accounts WHERE id = :id", {"id": person.sub})
    return [*((code, bool(allowed)) for code, allowed in rows), (version,)]


def import_menus(house: House, client_id: str) -> None:
    """The client's catalogue is now that of ``app`` alone: what was there beyond is retired, in every worker."""
    file = house.town.server.folder / f"{client_id}.json"
    file.write_text(json.dumps({"client_id": client_id, "menus": MENUS}))
    house.town.idp("menu", "import", str(file))
    time.sleep(3.2)  # services/menus.py CACHE_SECONDS


@pytest.mark.requirement("R-047", "R-048", "R-049")
def test_each_menu_item_is_given_or_taken_for_one_account(house: House, app: RelyingParty) -> None:
    """The icon 選單, a tick for each item with its role's default, 修改; the token says so at the next call."""
    staff, browser, client = house.person("staff"), house.town.browser(), app.client.client_id
    tokens = app.sign_in(browser, staff)
    assert tokens.claims["entitlements"] == ["site.list", "site.new"]
    page = house.open("/users")
    assert re.search(
        rf'id="menus-{staff.sub}" href="[^"]*/menus" aria-label="王小明的選單權限" title="選單"', page.html
    )
    page = house.open(f"/users/{staff.sub}/menus")
    assert "可編輯此帳號之權限：可設定此帳號每個選項是否有觀看權限。" in page.text
    assert "權限為「一般人員」，勾選與角色預設不同處會標示。" in page.text
    assert ticked(page, client) == {"site.list", "site.new"}
    assert "申請新案場site.new與預設不同預設可看" in page.text
    assert "審核site.review與預設不同預設不可看" in page.text
    of = {code: number for code, (number, _) in items(page, client).items()}
    done = send(house.browser, page, "save", tick=(of["site.review"],), untick=(of["site.new"],))
    assert "已修改「王小明」的選單權限。" in done.text
    assert rights(house, staff) == [("site.new", False), ("site.review", True), (2,)]
    assert app.person(tokens.access_token)["entitlements"] == ["site.list", "site.review"]
    refreshed = app.refresh(tokens.refresh_token).json()
    claims = app.verified(refreshed["id_token"])
    assert (claims["entitlements"], claims["perm_ver"]) == (["site.list", "site.review"], 2)
    assert [m.subject for m in house.mailbox.all(staff.email)] == ["企業帳號中心：您的選單權限已變更"]
    [(actor, details)] = house.recorded("account:menus:changed", staff.sub)
    assert actor == house.admin.sub
    assert re.search(r"added.*site\.review.*removed.*site\.new", details)
    page = house.open(f"/users/{staff.sub}/menus")
    assert "沒有變更。" in send(house.browser, page, "save").text
    assert rights(house, staff)[-1] == (2,)
    assert len(house.mailbox.all(staff.email)) == 1


def test_all_defaults_and_preview_save_nothing_and_lose_no_tick(house: House, app: RelyingParty) -> None:
    """全選 and 恢復預設 keep the other applications' ticks; the preview leads back to them, or saves them."""
    staff, client = house.person("staff"), app.client.client_id
    other = house.town.rp("other").client.client_id
    page = house.open(f"/users/{staff.sub}/menus")
    port = items(page, other)["port.pass"][0]
    page = send(house.browser, page, f"all-{client}", untick=(port,))
    assert "勾選尚未儲存，請按「修改」儲存。" in page.text
    assert (ticked(page, client), ticked(page, other)) == ({m["code"] for m in MENUS}, set())
    preview = send(house.browser, page, "preview")
    assert preview.path.endswith("/preview")
    assert "以「王小明」檢視" in preview.text
    assert "site.review" in preview.text
    # Other tests' applications are shown too: what is asked is what this one's part says.
    part = re.search(rf'<section class="panel" aria-labelledby="h-{other}">.*?</section>', preview.html, re.DOTALL)
    assert part is not None
    assert OTHER_MENUS[0]["code"] not in part[0]
    assert "看不到任何選單。" in part[0]
    page = house.browser.submit(preview, "back")
    assert (ticked(page, client), ticked(page, other)) == ({m["code"] for m in MENUS}, set())
    page = send(house.browser, page, f"reset-{client}")
    assert (ticked(page, client), ticked(page, other)) == ({"site.list", "site.new"}, set())
    assert rights(house, staff) == [(1,)]
    house.browser.submit(send(house.browser, page, "preview"), "save")
    assert rights(house, staff) == [("port.pass", False), (2,)]
    saved = house.open(f"/users/{staff.sub}/menus/preview")
    assert "site.new" in saved.text
    assert "勾選尚未儲存" not in saved.text


def test_an_application_that_wants_to_know_is_told_of_what_was_taken_away(house: House) -> None:
    """on_narrowing logout: one notice, for the client where something was taken; a gift tells nobody."""
    told = ["--backchannel-logout-uri", "http://127.0.0.1:9/logout", "--on-narrowing", "logout"]
    told_app = house.town.new_rp(scope=EVERYTHING, consent=False, menus=MENUS, more=told)
    silent = house.town.new_rp(scope=EVERYTHING, consent=False, menus=MENUS, more=told)
    staff, browser = house.person("staff"), house.town.browser()
    told_app.sign_in(browser, staff)
    silent.sign_in(browser)
    notices = "SELECT client_id FROM outbox WHERE kind <> 'mail' AND account_id = :id"
    page = house.open(f"/users/{staff.sub}/menus")
    of = {code: number for code, (number, _) in items(page, told_app.client.client_id).items()}
    send(house.browser, page, "save", tick=(of["site.review"],))
    assert house.town.server.read(notices, {"id": staff.sub}) == []
    page = house.open(f"/users/{staff.sub}/menus")
    send(house.browser, page, "save", untick=(of["site.list"],))
    assert house.town.server.read(notices, {"id": staff.sub}) == [(told_app.client.client_id,)]
    assert rights(house, staff)[-1] == (3,)


def test_who_waits_gets_her_menus_before_she_is_approved(house: House, app: RelyingParty) -> None:
    """A guest with two menus (issue 3): kept for the approval, no mail beforehand; locked items say what they need."""
    locked = house.town.new_rp(scope="openid menus", consent=False, menus=LOCKED)
    plain = house.town.new_rp(scope="openid", consent=False)
    closed = for_proven_by_card(house)
    applicant, client = house.applicant(), app.client.client_id
    page = house.open(f"/users/{applicant.account_id}/menus")
    assert "這個帳號待審核" in page.text
    assert "須以工商憑證登入" in page.text
    assert set(items(page, locked.client.client_id)) == {"sign", "sign.list"}
    assert f"應用程式 {plain.client.client_id}" in page.text
    assert "不分選單權限的應用系統" in page.text
    assert "這個應用系統只接受已通過指定驗證的公司，此帳號無法進入。" in page.text
    assert not page.has(f"c-{closed.client.client_id}")
    of = {code: number for code, (number, _) in items(page, client).items()}
    send(house.browser, page, "save", tick=(of["site.new"],))
    assert not [mail for mail in house.mailbox.all(applicant.email) if "選單" in mail.subject]
    page = house.open(f"/users/{applicant.account_id}")
    house.browser.submit(page, "save", role="guest", state="approve")
    browser = house.town.browser()
    browser.submit(browser.get("/login"), "sign-in", username=applicant.username, password=applicant.password)
    assert app.sign_in(browser).claims["entitlements"] == ["site.list", "site.new"]


def test_items_that_are_not_hers_to_give_are_refused(house: House, app: RelyingParty) -> None:
    """GA04: of an application that does not admit the account, of none, of no form of ours; a retired one is told."""
    closed = for_proven_by_card(house)
    leaving = house.town.new_rp(scope="openid", consent=False, menus=[*MENUS, LOCKED[0]])
    staff = house.person("staff")
    page = house.open(f"/users/{staff.sub}/menus")
    of = {code: number for code, (number, _) in items(page, app.client.client_id).items()}
    [(foreign,)] = house.town.server.read(
        "SELECT id FROM menu_items WHERE client_id = :id", {"id": closed.client.client_id}
    )
    found = page.button("save")
    assert found is not None
    base = [(name, value) for name, value in found[0].fields if name not in {"shown", "menu"}] + [("do", "save")]
    review = of["site.review"]
    for forged in (
        [("shown", str(foreign)), ("menu", str(foreign))],
        [("menu", review)],
        [("shown", "999999"), ("shown", review), ("menu", review)],
        [("shown", "x")],
        [("menu", "1e3"), ("shown", "1e3")],
    ):
        answer = house.browser.post(page.url, base + forged, headers={"Origin": house.browser.origin})
        assert answer.status == 404, forged
    stale = [("version", "77") if name == "version" else (name, value) for name, value in base]
    answer = house.browser.post(page.url, [*stale, ("shown", review), ("menu", review)], headers={"Origin": page.url})
    assert answer.status == 403, "a foreign origin"
    answer = house.browser.post(
        page.url, [*stale, ("shown", review), ("menu", review)], headers={"Origin": house.browser.origin}
    )
    assert answer.status == 409
    assert "資料在您開啟頁面後已經變更" in answer.text
    assert "site.review" in ticked(answer, app.client.client_id)
    import_menus(house, leaving.client.client_id)
    late = send(house.browser, page, "save", tick=(review,))
    assert late.status == 409
    assert rights(house, staff) == [(1,)]


def test_the_menus_of_a_suspended_account_are_not_changed(house: House) -> None:
    """The page says why there is nothing to tick, and a form of before is refused."""
    staff = house.person("staff")
    page = house.open(f"/users/{staff.sub}/menus")
    house.town.suspend(staff)
    closed = house.open(f"/users/{staff.sub}/menus")
    assert "帳號使用中或待審核時，才能設定選單權限。" in closed.text
    assert closed.button("save") is None
    assert send(house.browser, page, "save").status == 409
