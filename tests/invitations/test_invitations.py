"""A group admin invites: one link by mail, role and menus preset, and the invited person only fills in herself."""

import re
from collections.abc import Callable

import pytest

from tests.harness.browser import Browser, Page
from tests.harness.mailbox import Mailbox
from tests.harness.people import PASSWORD, Town
from tests.harness.relying_party import Person, RelyingParty
from tests.invitations.place import (
    LIST,
    NEW,
    SERVICE,
    House,
    accounts_of,
    fill_in,
    id_of,
    invited,
    new_house,
    new_mailbox,
    new_username,
    press,
    send_invitation,
    stamp_of,
)
from tests.security.doors import at_once, enter, is_in, is_signed_in, sign_in

GONE = 410


@pytest.fixture
def house(provider: Town) -> House:
    """A company of this test's own."""
    return new_house(provider)


def test_who_is_invited_fills_in_herself_and_sees_what_was_chosen(house: House, app: RelyingParty) -> None:
    """From 邀請同仁 to a token whose entitlements are the menus that were ticked."""
    admin = house.browser
    assert "還沒有寄出任何邀請。" in admin.get(LIST).text
    page = admin.get(NEW)
    for words in (
        "訪客僅有觀看權限。",
        "一般人員可申請新案場加入再生能源管理系統。",
        "群組管理員則有最高權限，可管理群組內使用者。",
    ):
        assert words in page.text
    email = new_mailbox()
    page = press(admin, page, "menus", {"role": ["guest"]}, email=f" {email.upper()} ")
    assert page.status == 200
    where = {"client": app.client.client_id}
    items = dict(house.town.server.read("SELECT code, id FROM menu_items WHERE client_id = :client", where))
    found = page.button("send")
    assert found is not None
    ticked = [value for name, value in found[0].fields if name == "menu"]
    assert str(items["site.list"]) in ticked
    assert str(items["site.new"]) not in ticked
    chosen = [*(one for one in ticked if one != str(items["site.list"])), str(items["site.review"])]
    # Back to the form and on again: the ticks stay, for the role they were made for.
    page = press(admin, page, "back", {"menu": chosen})
    assert "已另外設定 2 個選單的權限" in page.text
    page = press(admin, page, "send", {"role": ["guest"]})
    assert (page.status, page.path) == (200, LIST)
    assert f"邀請已寄至 {email}。" in page.text
    assert "等待接受" in page.text
    mail = Mailbox(house.town).newest(email)
    assert "陳美惠" in mail.text
    assert str(house.company["name"]) in mail.subject
    assert mail.token.encode() not in house.town.server.dump()

    hers = house.town.browser()
    page = hers.get(mail.link)
    assert [hop.status_code for hop in page.hops] == [303, 200]
    assert page.path == "/invitation"
    assert mail.token not in page.html + page.hops[0].headers["Location"]
    for words in (
        "陳美惠邀請您加入",
        str(house.company["name"]),
        "訪客僅有觀看權限。",
        "有效期限",
        "密碼8字元以上，且需英文數字混合。",
    ):
        assert words in page.text
    assert mail.token not in house.town.server.log.read_text(), "EL09"
    username = new_username()
    page = fill_in(hers, page, username)
    assert (page.status, page.path) == (200, "/invitation")
    assert "帳號已建立，可以登入了" in page.text
    assert not is_signed_in(hers), "an invitation signs nobody in"
    assert "林雅婷" in house.browser.get(LIST).text
    assert "審核" in Mailbox(house.town).newest(email).text

    person = Person(username, PASSWORD, tax_id=house.tax_id)
    tokens = app.sign_in(hers, person)
    claims = app.person(tokens.access_token)
    assert claims["email"] == email
    assert claims["email_verified"] is True
    assert claims["roles"] == ["guest"]
    assert claims["company_tax_id"] == house.tax_id
    assert claims["entitlements"] == ["site.review"]


@pytest.mark.both_databases
def test_looking_uses_nothing_up_and_a_second_use_is_told(house: House) -> None:
    """EL01, EL03, RG12: scanners look, the link works once, a double click makes one account."""
    mail = invited(house)
    for _ in range(3):
        assert house.town.browser().get(mail.link).status == 200
        assert house.town.browser().http.head(mail.link, timeout=20).status_code == 303
    hers = house.town.browser()
    page = hers.get(mail.link)
    username = new_username()
    pages = at_once([lambda: fill_in(hers.copy(), page, username) for _ in range(2)])
    assert [(one.status, "帳號已建立，可以登入了" in one.text) for one in pages] == [(200, True)] * 2
    assert "帳號已建立，可以登入了" in fill_in(hers, page, username).text
    assert [row[1:] for row in accounts_of(house.town, mail.to)] == [("staff", "active")]
    other = house.town.browser()
    page = other.get(mail.link)
    assert (page.status, page.path) == (GONE, "/invitation")
    assert "這個邀請已經使用過" in page.text
    assert "的群組管理員" in page.text
    assert page.button("accept") is None
    assert len([mail for mail in Mailbox(house.town).all(mail.to)]) == 2, "the invitation and one 審核通過"


@pytest.mark.both_databases
def test_two_browsers_with_one_link_make_one_account(house: House) -> None:
    """EL01, RC02: at the same moment, over two workers."""
    mail = invited(house)
    browsers = [house.town.browser() for _ in range(4)]
    pages = [browser.get(mail.link) for browser in browsers]

    def accept(browser: Browser, number: int) -> Callable[[], str]:
        return lambda: fill_in(browser, pages[number], new_username()).text

    told = at_once([accept(browser, number) for number, browser in enumerate(browsers)])
    assert sorted("帳號已建立" in text for text in told) == [False] * 3 + [True]
    assert sum("這個邀請已經使用過" in text for text in told) == 3
    assert len(accounts_of(house.town, mail.to)) == 1


def test_nothing_typed_is_lost_but_the_password_is_not_shown(house: House, staff: Person) -> None:
    """RG04, RG09, RG11, UN01: each field's own sentence; the mailbox and the role can't be changed."""
    mail = invited(house, "guest")
    hers = house.town.browser()
    page = press(hers, hers.get(mail.link), "accept", {"agree": []}, username="ab", phone="12", name="<b>林雅婷</b>")
    assert page.status == 400
    for words in (
        "請修正下列",
        "帳號應為 4 至 32 個英文字母、數字、句點、底線或連字號。",
        "電話號碼格式不正確",
        "請輸入密碼。",
        "請閱讀條款並勾選「我同意條款」。",
    ):
        assert words in page.text
    assert "<b>林雅婷" not in page.html
    assert page.forms[-1].value("name") == "<b>林雅婷</b>"
    page = fill_in(hers, page, new_username(), password_again="another-Passw0rd-1")
    assert "兩次輸入的密碼不同。" in page.text
    page = fill_in(hers, page, new_username(), password="short1", password_again="short1")
    assert "密碼至少 8 個字元，且須同時包含英文與數字。" in page.text
    page = fill_in(hers, page, staff.username.upper())
    assert page.status == 409
    assert "帳號已經存在，請重設其他帳號。" in page.text
    username = new_username()
    page = fill_in(hers, page, username, phone="no phone")
    assert "密碼已設定（不顯示）" in page.text
    assert PASSWORD not in page.html
    assert PASSWORD.encode() not in house.town.server.dump()
    # Opened again from the mail, what was typed is there; the password is taken from before.
    page = hers.get(mail.link)
    assert page.forms[-1].value("username") == username
    found = page.button("accept")
    assert found is not None
    found[0].fields += [("role", "group_admin"), ("status", "active"), ("menu", "1")]
    page = press(hers, page, "accept", {"agree": ["y"]}, phone="0922-111-333", email="evil@example.test")
    assert "帳號已建立，可以登入了" in page.text
    assert [row[1:] for row in accounts_of(house.town, mail.to)] == [("guest", "active")]
    assert accounts_of(house.town, "evil@example.test") == []
    assert is_in(enter(hers, username, PASSWORD))


def test_somebody_elses_sign_in_goes_on(house: House, staff: Person) -> None:
    application = house.town.new_client(more=["--service", SERVICE])
    mail = invited(house)
    shared = house.town.browser()
    sign_in(shared, staff)
    page = shared.get(mail.link)
    assert f"您目前以「{staff.name}」登入這個瀏覽器。" in page.text
    page = fill_in(shared, page, new_username())
    assert f"您目前仍以「{staff.name}」登入這個瀏覽器。" in page.text
    assert page.leads_to(f"{application.client_id}.example")
    assert f"{house.town.issuer}/login?other=1" in page.links
    assert staff.username in shared.get("/account").text
    assert accounts_of(house.town, mail.to)[0][1:] == ("staff", "active")


def test_a_link_that_lets_nobody_in_says_why_and_whom_to_ask(house: House) -> None:
    """EL01, EL02, EL08: cancelled, replaced, expired, sender suspended, company suspended, unknown."""
    town, company = house.town, str(house.company["name"])

    def told(link: str, words: str, *, after_form: bool = False) -> None:
        browser = town.browser()
        page = browser.get(link)
        assert (page.status, page.path) == (GONE, "/invitation"), page
        assert words in page.text
        assert company in page.text or words == "找不到這個邀請"
        assert mail.to not in page.text

    mail = invited(house)
    early = town.browser()
    opened = early.get(mail.link)
    page = house.browser.get(f"{LIST}/{id_of(house, mail.to)}/cancel")
    assert f"請確認取消寄給「{mail.to}」的邀請" in page.text
    page = house.browser.submit(page, "cancel")
    assert f"已取消寄給 {mail.to} 的邀請。" in page.text
    told(mail.link, "這個邀請已經取消")
    # A form that was opened before is told the same, and makes nothing.
    page = fill_in(early, opened, new_username())
    assert (page.status, "這個邀請已經取消" in page.text) == (GONE, True)

    old = mail
    mail = invited(house, "guest", mail.to)
    told(old.link, "這個連結已由較新的邀請取代")
    old = mail
    page = house.browser.submit(house.browser.get(LIST), f"send-{id_of(house, mail.to)}")
    assert f"邀請已再次寄至 {mail.to}，先前信件中的連結已失效。" in page.text
    mail = Mailbox(town).newest(mail.to)
    told(old.link, "這個連結已由較新的邀請取代")

    since = {"past": "2026-01-01 00:00:00+00:00", "id": id_of(house, mail.to)}
    town.server.write("UPDATE invitations SET expires_at = :past WHERE id = :id", since)
    told(mail.link, "這個邀請已經逾時")
    assert "已逾時" in house.browser.get(LIST).text

    mail = invited(house)
    other = house.someone("group_admin", "張志豪")
    town.suspend(house.admin)
    told(mail.link, "這個邀請已經失效")
    theirs = town.browser()
    sign_in(theirs, other)
    page = theirs.get(LIST)
    assert "已失效" in page.text
    theirs.submit(page, f"send-{id_of(house, mail.to)}")
    mail = Mailbox(town).newest(mail.to)
    assert "張志豪邀請您加入" in town.browser().get(mail.link).text

    town.suspend_company(house.tax_id)
    told(mail.link, f"目前無法加入{company}")
    told(f"{town.issuer}/invitation/{'x' * 43}", "找不到這個邀請")
    assert accounts_of(town, mail.to) == []


def told_of(page: Page) -> str:
    """A page's words without the moment at which it was made."""
    return re.sub(r"\d", "", page.text)


def test_only_the_group_admins_of_the_company_see_and_change_it(house: House) -> None:
    """GA01, GA02: another company's group admin, staff, nobody."""
    mail = invited(house)
    cancel = f"{LIST}/{id_of(house, mail.to)}/cancel"
    again = f"{LIST}/{id_of(house, mail.to)}/send"
    stranger = new_house(house.town)
    own = stranger.browser.get(LIST)
    assert mail.to not in own.text
    missing = stranger.browser.get(f"{LIST}/in_none/cancel")
    page = stranger.browser.get(cancel)
    assert (page.status, told_of(page)) == (404, told_of(missing))
    stamp = stamp_of(stranger.browser.get(NEW))
    for path in (cancel, again):
        assert stranger.browser.post(path, stamp, headers={"Origin": house.town.issuer}).status == 404
    colleague = house.town.browser()
    sign_in(colleague, house.someone("staff"))
    for path in (LIST, NEW, cancel):
        assert colleague.get(path).status == 403
    stamp = stamp_of(colleague.get("/account"))
    for path in (NEW, cancel, again):
        assert colleague.post(path, stamp, headers={"Origin": house.town.issuer}).status == 403
    nobody = house.town.browser()
    for path in (LIST, NEW, cancel):
        assert nobody.get(path).path == "/login"
    assert house.town.browser().get(mail.link).status == 200


def test_a_bent_form_gives_nothing_that_was_not_offered(house: House) -> None:
    """GA04, RG09, RG13: a role, a menu, a service or a mailbox that is none."""
    browser, email = house.browser, new_mailbox()
    taken = house.someone("staff")

    def bent(**changes: str) -> tuple[int, str]:
        page = browser.get(NEW)
        found = page.button("send")
        assert found is not None
        found[0].fields += [(name, "") for name in changes if name not in dict(found[0].fields)]
        page = press(browser, page, "send", **({"email": email, "role": "guest"} | changes))
        return page.status, page.text

    assert bent(role="operator")[0] == 400
    assert "請選擇此帳號之權限。" in bent(role="")[1]
    assert "請輸入 Email。" in bent(email="")[1]
    for text in (
        "two@example.test, three@example.test",
        "x@example.test\nBcc: y@example.test",
        "名 <x@example.test>",
    ):
        status, words = bent(email=text)
        assert status == 400
        assert "Email 格式不正確" in words
    for menu in ("999999", "-1", "1e3", "٣"):
        assert bent(menu=menu, ticked_for="inviting:guest")[0] == 404
    status, words = bent(email=taken.email.upper())
    assert status == 409
    assert "這個 Email 在貴公司已有帳號或申請" in words
    assert "還沒有寄出任何邀請。" in browser.get(LIST).text
    # A service that is not hers is not taken; her own is.
    assert bent(service="none")[0] == 200
    assert len(Mailbox(house.town).all(email)) == 1


def test_the_pages_speak_english(house: House) -> None:
    send_invitation(house, new_mailbox())
    house.browser.get("/language/en?next=/account")
    assert "Invite a colleague" in house.browser.get(LIST).text
    page = house.browser.get(NEW)
    assert "Guests may only look." in page.text
    email = new_mailbox()
    press(house.browser, page, "send", {"role": ["guest"]}, email=email, locale="en")
    mail = Mailbox(house.town).newest(email)
    page = house.town.browser().get(mail.link)
    assert "Accept the invitation and create your account" in page.text
