"""Manual 001 as its applicants meet it: a linked account, from the kind of account to the first sign-in.

One agent's walk is made once a provider, with the mistakes that people make; what each page and mail has to say is
asked of it by the tests.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest

from tests.harness.browser import BOUNDED, Browser, Page
from tests.harness.mailbox import Mail, Mailbox
from tests.harness.people import PASSWORD, Town
from tests.registration.wizard import Wizard, answers, run_of, value_of
from tests.security.doors import WRONG, enter
from tests.verification.conftest import set_link

SERVICE = "harbour"
NAME = "港區通行證系統（文件）"
HOME = {
    "number": "00000016",
    "company_name": "大明股份有限公司",
    "company_phone": "02-12345678#12345",
    "company_address": "804004高雄市鼓山區蓬萊路10號",
}
PAUSE = timedelta(seconds=61)
EXPIRED = timedelta(hours=-25)
EVIL = "<script>x</script>{{7*7}}"


def begun(browser: Browser) -> Page:
    """The page with both sections, past the kind of account and the notice."""
    kinds = browser.get("/register", params={"service": SERVICE})
    notice = browser.get(next(link for link in kinds.links if "kind=linked" in link))
    return browser.submit(notice, "next")


def account_of(town: Town, username: str) -> dict[str, object]:
    columns = "id, kind, status, company_id, role, approval, email_verified_at, service_id"
    [row] = town.server.read(f"SELECT {columns} FROM accounts WHERE username = :name", {"name": username})
    return dict(zip(columns.split(", "), row, strict=True))


@dataclass
class Walk:
    """The pages and the mail that one agent saw, in their order."""

    person: dict[str, str]
    kinds: Page
    notice: Page
    empty: Page
    wrong: Page
    check: Page
    done: Page
    mail: Mail
    elsewhere: Page
    forwarded: Page
    verified: Page
    door: Page
    home: Page


def walked(town: Town, mailbox: Mailbox) -> Walk:
    browser = town.browser()
    person = answers(name="錢大明")
    kinds = browser.get("/register", params={"service": SERVICE})
    notice = browser.get(next(link for link in kinds.links if "kind=linked" in link))
    form = browser.submit(notice, "next")
    empty = browser.submit(form, "next")
    slips = {"name": HOME["company_name"], "number": "12345678", "company_phone": "1", "password_again": "x"}
    wrong = browser.submit(form, "next", **person | HOME | slips)
    right = {"name": person["name"], "password": PASSWORD, "password_again": PASSWORD}
    check = browser.submit(wrong, "next", **right, number="00000016", company_phone=HOME["company_phone"])
    assert check.path == "/register/check", check
    # RG12: the same form twice.
    done = browser.submit(check, "submit")
    assert browser.submit(check, "submit").url == done.url
    mail = mailbox.newest(person["email"])
    unverified = enter(town.browser(), person["username"], PASSWORD)
    assert "您的信箱尚未驗證，請點選驗證信中的連結。" in unverified.text
    stranger = town.browser()
    for _ in range(5):
        assert stranger.http.head(mail.link, timeout=BOUNDED, allow_redirects=False).status_code == 303
    elsewhere = stranger.get(mail.link)
    forwarded = stranger.submit(elsewhere, "verify-confirm", password=WRONG)
    assert account_of(town, person["username"])["status"] == "email_pending"
    verified = browser.submit(browser.get(mail.link), "verify-confirm")
    door = browser.get("/login")
    home = enter(browser, person["username"], PASSWORD)
    return Walk(person, kinds, notice, empty, wrong, check, done, mail, elsewhere, forwarded, verified, door, home)


_walks: dict[str, Walk] = {}


@pytest.fixture
def walk(town: Town, mailbox: Mailbox) -> Walk:
    """The agent's walk, made at its first use."""
    if town.issuer not in _walks:
        _walks[town.issuer] = walked(town, mailbox)
    return _walks[town.issuer]


@pytest.mark.requirement("R-052", "R-053", "R-054", "R-055", "R-056")
def test_it_is_told_what_a_linked_account_is_for(walk: Walk) -> None:
    for told in (
        "鏈結帳號能將多個一般帳號鏈結至單一登入帳號，但「不具」申辦及查詢列印等功能。",
        "已有多家公司一般帳號，想要藉由單一管理帳號進行登入作業者。",
        "若有多個公司需做管理，可在完成註冊一般帳號後，另新增鏈結帳號。",
        "鏈結帳號可綁定多個一般帳號，完成綁定後，可藉由單一管理帳號進行登入，並切換登入不同的公司。",
        "申請鏈結帳號前，請先個別完成每一家公司的一般帳號申請與帳號郵件驗證，以利鏈結帳號的綁定。",
    ):
        assert told in walk.kinds.text


@pytest.mark.requirement("R-057", "R-058", "R-059", "R-060", "R-061")
def test_it_is_told_what_a_general_account_is_for_and_either_can_be_chosen(browser: Browser, walk: Walk) -> None:
    for told in (
        "可直接登入系統，登入後具申辦及查詢列印等功能。",
        f"凡需要登入「{NAME}」進行申辦相關作業之使用者。",
        "每位使用者都必須有個別的一般帳號。",
        "須依不同統一編號及使用者分別註冊一般帳號。",
        "鏈結帳號（原稱共用帳號）",
    ):
        assert told in walk.kinds.text
    assert walk.kinds.has("kind-linked")
    # Back from the first step to the kinds: on in this application, or another kind anew.
    assert walk.notice.path == "/register/terms"
    form = begun(browser)
    again = browser.get(f"/register?run={run_of(form)}")
    assert f"/register/terms?run={run_of(form)}" in "".join(again.links)
    assert any("kind=general" in link for link in again.links)
    # A service that registers none, and whoever asks for one there by address.
    assert "公司" in browser.submit(browser.get("/register?service=dreams&kind=linked"), "next", agreed="y").text


@pytest.mark.requirement("R-062", "R-063", "R-064", "R-065", "R-066")
def test_the_person_is_asked_as_the_manual_asks(walk: Walk) -> None:
    for label, told in (
        ("帳號", "例：example1234"),
        ("姓名", "例：王小明"),
        ("姓名", "必須是自然人，不可為公司名稱。請填寫完整人名。"),
        ("手機電話", "例：0912345678"),
        ("Email", "例：example@gmail.com"),
        ("密碼", "密碼8字元以上，且需英文數字混合。"),
    ):
        assert label in walk.empty.text
        assert told in walk.empty.text
    assert "姓名欄請填寫人員完整姓名，不可為公司名稱。" in walk.wrong.text


@pytest.mark.requirement("R-067", "R-068", "R-069", "R-070", "R-071")
def test_every_field_and_both_sections_have_their_help_and_all_are_required(walk: Walk) -> None:
    assert "鏈結帳號申請" in walk.empty.text
    assert "帳號所有欄位均可自行輸入與設定，各欄位均為必填。" in walk.empty.text
    assert "政府機關可填機關代碼" in walk.empty.text
    labels = ("帳號", "姓名", "手機電話", "Email", "密碼", "確認密碼")
    of_company = ("公司統編或其他編號", "公司名稱（全銜）", "公司電話", "公司地址")
    for label in ("帳號資料", *labels, "公司資料", *of_company):
        assert f'<summary aria-label="「{label}」填寫說明">' in walk.empty.html
    assert "請修正下列 10 個問題" in walk.empty.text
    assert "兩次輸入的密碼不同。" in walk.wrong.text


@pytest.mark.requirement("R-072", "R-073", "R-074", "R-075", "R-078")
def test_the_company_is_asked_as_the_manual_asks_and_what_is_wrong_is_told(walk: Walk) -> None:
    for label, example in (
        ("公司電話", "例：02-12345678#12345"),
        ("公司名稱（全銜）", "例：臺灣港務股份有限公司基隆分公司"),
        ("公司地址", "完整地址，例：804004高雄市鼓山區蓬萊路10號"),
    ):
        assert label in walk.empty.text
        assert example in walk.empty.text
    page = walk.wrong
    assert (page.status, page.text.startswith("請修正：")) == (400, True)
    assert "請修正下列 4 個問題" in page.text
    for name in ("name", "number", "company_phone", "password_again"):
        assert f'<a href="#{name}">' in page.html
        assert re.search(rf'<input[^>]*aria-invalid="true"[^>]* id="{name}"', page.html)
    assert "電話號碼格式不正確" in page.text
    kept = {name: value_of(page, name) for name in ("username", "company_name", "company_address", "number")}
    assert kept == {"username": walk.person["username"], "number": "12345678"} | {
        name: HOME[name] for name in ("company_name", "company_address")
    }
    button = walk.check.button("submit")
    assert button is not None
    assert "送出" in button[1].text


@pytest.mark.requirement("R-076", "R-077", "R-079")
def test_it_is_checked_and_sent_and_a_taken_name_is_told(town: Town, browser: Browser, walk: Walk) -> None:
    """RG04, RG09, RG12, UN01, UN02, UN05."""
    assert "確定要送出申請？" in walk.check.text
    for told in ("錢大明", walk.person["username"], "0912-345-678", "00000016", "02-1234-5678 #12345", *HOME.values()):
        assert told in walk.check.text or told == HOME["company_phone"]
    assert walk.done.path == "/register/linked/done"
    assert "鏈結帳號資料已經成功送出，請收取驗證信。" in walk.done.text
    assert walk.person["email"] not in walk.done.text
    form = begun(browser)
    told = "帳號已經存在，請重設其他帳號。"
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in walk.person["username"].upper()) + " "
    for taken in (walk.person["username"].upper(), wide):
        assert told in browser.submit(form, "next", **answers(username=taken), **HOME).text
    for bad in ("аdmin1", "adm\u0131n1", "ad\u200bmin1", "ad\u202emin1"):
        page = browser.submit(form, "next", **answers(username=bad), **HOME)
        assert (page.status, '<a href="#username">' in page.html) == (400, True)
    assert (
        "這個 Email 已經用於另一個鏈結帳號"
        in browser.submit(browser.submit(form, "next", **answers(email=walk.person["email"]), **HOME), "submit").text
    )
    # Whatever else is sent is nobody's answer.
    more = {"role": "group_admin", "status": "active", "company_id": "co_1", "kind": "general", "is_first": "1"}
    mine = answers()
    sent = dict(browser.submit(form, "next", **mine, **HOME).forms[0].fields) | more | {"do": "submit"}
    browser.post("/register/check", sent)
    made = account_of(town, mine["username"])
    assert (made["kind"], made["status"], made["company_id"], made["role"]) == ("linked", "email_pending", None, None)


@pytest.mark.requirement("R-080", "R-081", "R-082", "R-083", "R-084")
def test_the_mail_says_what_the_manuals_mail_says(walk: Walk) -> None:
    mail = walk.mail
    assert mail.subject == f"{NAME}鏈結帳號註冊通知信件"
    assert mail.sender.startswith("港區通行證通用管理系統工作小組 <")
    assert "錢大明 您好：" in mail.text
    assert (
        f"感謝您在{NAME}上註冊了一個新鏈結帳號 {walk.person['username']}，請點擊下面的連結完成 Email 驗證，"
        f"驗證成功即可登入{NAME}進行一般帳號綁定功能。"
    ) in mail.text
    assert "無法點選時請複製下列網址至您的瀏覽器網址列：" in mail.text
    assert re.search(r"認證信有效時限為 24 小時，24 小時後（.+）認證連結將自動失效，需重新登入申請補發。", mail.text)
    assert re.fullmatch(r".+/verify/[\w-]{43}", mail.link)
    assert walk.person["username"] not in mail.link
    assert f'href="{mail.link}"' in mail.html


@pytest.mark.requirement("R-085", "R-086", "R-087", "R-088", "R-089")
def test_the_mailbox_is_confirmed_by_its_person_who_signs_in_then(town: Town, walk: Walk) -> None:
    """EL01, EL03, EL09: looked at by a scanner, forwarded to a stranger, confirmed at home."""
    for told in (
        "驗證信不可轉寄至其他信箱做驗證。",
        "鏈結帳號必須與一般帳號綁定後登入使用，若您還沒有一般帳號，請先完成一般帳號註冊。",
        "如果您只有單一家公司要辦理業務，並且還沒有一般帳號，請直接註冊一般帳號做登入使用。",
    ):
        assert told in walk.mail.text
    assert "驗證信不可轉寄至其他信箱做驗證，請輸入申請時設定的密碼" in walk.elsewhere.text
    assert walk.elsewhere.hops[0].headers["Location"] == "/verify"
    assert walk.mail.token not in walk.elsewhere.html
    assert "密碼不正確。" in walk.forwarded.text
    assert "Email 驗證成功" in walk.verified.text
    assert "完成Email認證後，即可使用帳號與密碼登入，進行一般帳號綁定。" in walk.verified.text
    assert any(link.endswith("/login") for link in walk.verified.links)
    for words in ("使用者帳號", "使用者密碼", "登入"):
        assert words in walk.door.text
    made = account_of(town, walk.person["username"])
    assert (made["kind"], made["status"], made["approval"], made["service_id"]) == ("linked", "active", "auto", SERVICE)
    assert made["email_verified_at"]
    home = town.server.read("SELECT tax_id, name, phone FROM home_companies WHERE account_id = :id", {"id": made["id"]})
    assert home == [("00000016", HOME["company_name"], "+886212345678#12345")]
    acts = town.server.read("SELECT action FROM audit_log WHERE account_id = :id ORDER BY id", {"id": made["id"]})
    assert [act for (act,) in acts][:2] == ["linked:submitted", "account:mailbox:asked"]
    assert ("account:mailbox:confirmed",) in acts
    again = town.browser().get(walk.mail.link)
    assert "Email 驗證成功" in again.text
    assert again.has("to-sign-in")


@pytest.mark.requirement("R-090", "R-091", "R-092", "R-093")
def test_at_the_first_sign_in_the_three_texts_stand_before_its_home(town: Town, walk: Walk) -> None:
    page = walk.home
    assert page.path == "/linked/agreements"
    assert "首次登入" in page.text
    for title in ("個資同意使用", "授權聲明", "危害告知"):
        assert title in page.text
    assert "請滑動右側卷軸完成閱讀，再勾選「我同意」。" in page.text
    browser = town.browser()
    page = enter(browser, walk.person["username"], PASSWORD)
    if page.path == "/linked/agreements":
        assert browser.get("/linked/bind").path == "/linked/agreements"
        assert browser.get("/linked/switch").path == "/linked/agreements", "nor is a company chosen before"
        found = page.button("agree-all")
        assert found is not None
        acted = browser.post("/linked/act", dict(found[0].fields) | {"binding": "bi_unknown"})
        assert acted.path == "/linked/agreements"
        missing = browser.submit(page, "agree-all", **{"agree-privacy": "1"})
        assert (missing.status, "請修正下列 2 個問題" in missing.text) == (400, True)
        page = browser.submit(
            page, "agree-all", **{f"agree-{text}": "1" for text in ("privacy", "authority", "hazard")}
        )
    assert page.path == "/linked"
    assert "鏈結帳號管理與登入" in page.text
    assert browser.get("/linked/agreements").path == "/linked"


def test_who_does_not_agree_is_signed_out(town: Town, mailbox: Mailbox) -> None:
    """P18 「不同意並登出」; and what was typed into the link's page is escaped in page and mail (RG11, EL08)."""
    browser = town.browser()
    person = answers(name=EVIL)
    browser.http.headers["X-Forwarded-Host"] = "evil.example"
    check = browser.submit(begun(browser), "next", **person, **HOME | {"company_name": EVIL})
    assert EVIL not in check.html
    assert "{{7*7}}" in check.text
    done = browser.submit(check, "submit")
    assert done.path == "/register/linked/done"
    mail = mailbox.newest(person["email"])
    assert EVIL not in mail.html
    assert mail.link.startswith(town.issuer + "/verify/")
    # A second link voids the first; the right password confirms elsewhere.
    made = account_of(town, person["username"])
    assert "秒後再補發" in browser.submit(done, "resend").text
    set_link(town, str(made["id"]), created_at=-PAUSE)
    browser.submit(done, "resend")
    second = mailbox.newest(person["email"])
    assert second.link != mail.link
    elsewhere = town.browser()
    assert "已由較新的信件取代" in elsewhere.get(mail.link).text
    page = elsewhere.submit(elsewhere.get(second.link), "verify-confirm", password=PASSWORD)
    assert "Email 驗證成功" in page.text
    asked = enter(elsewhere, person["username"], PASSWORD)
    out = elsewhere.submit(asked, "decline")
    assert "您已登出。" in out.text
    assert elsewhere.get("/linked").path == "/login"


def test_another_mailbox_may_be_named_and_an_expired_link_is_sent_anew(town: Town, mailbox: Mailbox) -> None:
    """EL02, RG13, and P14: 補發驗證信 covers linked accounts, neutrally; the wizard of a lost run begins anew."""
    browser = town.browser()
    person = answers()
    done = browser.submit(browser.submit(begun(browser), "next", **person, **HOME), "submit")
    first = mailbox.newest(person["email"])
    for bad in ("a@b.tw,c@d.tw", "x <a@b.tw>", "a@b.tw\r\nBcc: c@d.tw"):
        assert browser.submit(done, "send-to-mailbox", email=bad).status == 400
    other = f"new-{person['email']}"
    changed = browser.submit(done, "send-to-mailbox", email=other)
    assert "驗證信已寄到新的信箱，先前信件中的連結已失效。" in changed.text
    assert "已由較新的信件取代" in browser.get(first.link).text
    made = account_of(town, person["username"])
    set_link(town, str(made["id"]), expires_at=EXPIRED, created_at=EXPIRED)
    newest = mailbox.newest(other)
    assert "驗證連結已經逾時" in browser.get(newest.link).text
    asked = browser.submit(browser.get("/verify/resend"), "resend", who=person["username"].upper())
    assert "若資料相符且尚未完成驗證，我們已寄出新的驗證信。" in asked.text
    again = mailbox.newest(other)
    assert again.link != newest.link
    page = browser.get(again.link)
    # Sent without a browser of its own: the password is asked for.
    assert page.has("password")
    assert "Email 驗證成功" in browser.submit(page, "verify-confirm", password=PASSWORD).text
    assert "Email 驗證" in browser.get(done.url).text
    # A form whose run is gone keeps what was typed, and its kind.
    form = begun(browser)
    sent = {name: value for name, value in form.forms[0].fields if name != "run"} | answers() | HOME | {"do": "next"}
    kept = browser.post("/register/account", sent)
    assert "上次填寫的內容已為您保留，密碼請重新設定。" in kept.text
    kept = browser.submit(kept, "next") if kept.path == "/register/terms" else kept
    assert "鏈結帳號申請" in kept.text
    assert value_of(kept, "company_name") == HOME["company_name"]
    assert Wizard(browser, SERVICE).begin().path == "/register/terms"
