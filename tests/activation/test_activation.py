"""建立非憑證帳號 and 啟用帳號: an account called by its number, its password set by the link of a mail (P3 … P15)."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from idp.policies.electronic_id import is_electronic_id
from tests.activation.place import (
    IDA,
    Newcomer,
    activate,
    name_company,
    person,
    status_of,
    to_company,
)
from tests.harness.applicants import an_applicant
from tests.harness.browser import Browser, Page
from tests.harness.mailbox import Mailbox
from tests.harness.people import PASSWORD, Town
from tests.security.doors import at_once, enter, is_in
from tests.verification.conftest import set_link

Apply = Callable[[], Newcomer]


def sees(browser: Browser, link: str, heading: str, status: int = 410) -> Page:
    page = browser.get(link)
    assert (page.status, page.path) == (status, "/activate"), f"{page!r}"
    assert heading in page.text
    return page


@pytest.mark.requirement("R-206", "R-207", "R-208", "R-214")
def test_the_kinds_of_account_are_told_apart_before_applying(town: Town, browser: Browser) -> None:
    page = browser.get("/register", params={"service": IDA})
    for told in (
        "建立工商憑證帳號",
        "建立自然人憑證帳號",
        "建立非憑證帳號",
        "公司欲使用全電子申請作業時，須先建立工商憑證帳號申請。",
        "如僅申請非憑證帳號未申請工商憑證，則僅能進行紙本申辦作業，不得進行全電子申辦。",
        "原電子身分證",
        "自然人憑證只能識別個人身分，不能證明公司。",
    ):
        assert told in page.text
    by_password = next(link for link in page.links if "credential=password" in link)
    page = browser.get(by_password)
    assert page.path == "/register/terms"
    # The kind is kept in the run, and can be chosen again from its first page.
    back = browser.get(next(link for link in page.links if "/register?run=" in link))
    assert back.has("kind-company-card")
    assert back.has("kind-citizen-card")
    assert browser.get("/register", params={"service": IDA, "credential": "nonsense"}).has("kind-password")


@pytest.mark.requirement("R-183", "R-184", "R-209", "R-210", "R-211")
def test_all_fields_are_asked_checked_once_more_and_sent(town: Town, browser: Browser, tax_id: str) -> None:
    page = browser.submit(to_company(browser, "password"), "lookup", number=tax_id)
    for label in ("營利事業名稱", "統一編號", "負責人", "電話", "地址"):
        assert label in page.text
    missing = browser.submit(page, "next", company_name="", company_phone="", company_address="", responsible="")
    assert (missing.status, missing.text.count("請填寫")) >= (400, 4)
    page = name_company(browser, to_company(browser, "password"), tax_id)
    assert page.path == "/register/account"
    assert "帳號識別碼（IC）由系統產生" in page.text
    assert not page.has("username")
    assert not page.has("password")
    wrong = browser.submit(page, "next", name="", phone="", email="")
    for told in ("聯絡人", "電子郵件", "請輸入姓名。", "請輸入手機電話。", "請輸入 Email。"):
        assert told in wrong.text
    # What nobody asks is not taken either.
    said = person()
    page = browser.submit(wrong, "next", **said)
    assert (page.path, page.button("submit")[1].text) == ("/register/check", "申請帳號")  # type: ignore[index]
    for told in ("帳號申請確認", "非憑證帳號", "陳大文", f"公司{tax_id}", said["email"], "由系統產生，隨啟用信告知"):
        assert told in page.text
    for field in ("company_name", "responsible", "name", "email"):
        assert page.has(f"change-{field}")
    done = browser.submit(page, "submit")
    assert done.path == "/register/done"
    assert "請開啟該信件，點選「啟用帳號」，核對統一編號並自行設定密碼。" in done.text
    again = browser.submit(page, "submit")
    assert (again.path, again.text.count("申請已送出") > 0) == ("/register/done", True)
    made = "SELECT count(*) FROM accounts WHERE email = :e"
    assert town.server.read(made, {"e": said["email"]})[0][0] == 1


@pytest.mark.requirement("R-186", "R-188", "R-191", "R-193", "R-194")
def test_an_account_is_activated_by_its_link_and_signs_in_from_then_on(town: Town, apply: Apply) -> None:
    her = apply()
    mail = her.mail
    assert is_electronic_id(her.number)
    assert mail.link.startswith(f"{town.issuer}/activate/")
    assert her.number not in mail.link
    for told in (
        "親愛的申請人您好：",
        "已核准，您尚需進行下列步驟來啟用此帳號",
        f"您的帳號為：{her.number}，此帳號為登入系統及提供其他廠商做授權時，使用之識別帳號。",
        "如果您無法點選上列之啟用，請複製下面之網址，開啟瀏覽器，並貼到網址列進行啟用！",
        "啟用電子身分證",
        "本服務不會以電子郵件寄送密碼。",
        "免稅函線上申辦",
    ):
        assert told in mail.text
    assert not is_in(enter(town.browser(), her.number, PASSWORD))
    # EL03, EL09: looking uses nothing up, and the address that stays has no token in it.
    for _ in range(3):
        scanner = town.browser()
        assert scanner.get(mail.link).status == 200
        assert scanner.http.head(mail.link, allow_redirects=False).status_code == 303
    browser = town.browser()
    page = browser.get(mail.link)
    assert page.response.url == f"{town.issuer}/activate"
    assert page.hops[0].headers["Referrer-Policy"] == "no-referrer"
    assert mail.token not in page.html
    assert her.tax_id not in page.html
    assert page.controls_without_id == []
    for told in ("啟用帳號", her.number, "請輸入貴公司的統一編號（8 位數字），以確認是您本人。"):
        assert told in page.text
    for number, password, again, told in (
        (her.tax_id, "", "", "請輸入密碼。"),
        (her.tax_id, "short1", None, "密碼至少 8 個字元，且須同時包含英文與數字。"),
        (her.tax_id, PASSWORD, "another", "兩次輸入的密碼不同。"),
        (her.tax_id, f"{her.number}", None, "密碼不可由公司名稱、統一編號、帳號或服務名稱組成。"),
        ("00000016", PASSWORD, None, "統一編號與這個帳號的公司不符，請確認後再試。"),
        ("", PASSWORD, None, "請輸入貴公司的統一編號。"),
    ):
        refused = activate(browser, page, number, password, again)
        assert (refused.status, told in refused.text) == (400, True), f"{told}: {refused!r}"
    assert status_of(town, her.number)[0] == "email_pending"
    full_width = her.tax_id.translate({ord(str(n)): chr(0xFF10 + n) for n in range(10)})
    done = activate(browser, page, full_width)
    assert "帳號已啟用，可以登入了" in done.text
    assert "該組帳號即可開始登入。" in done.text
    assert not browser.get("/account").has("sign-out"), "nobody is signed in by a link"
    assert "帳號已啟用，可以登入了" in activate(browser, page, her.tax_id, "another-Passw0rd-17").text
    sees(town.browser(), mail.link, "帳號已啟用", status=200)
    assert status_of(town, her.number) == ("active", "staff")
    for typed in (her.number, her.number.lower()):
        assert is_in(enter(town.browser(), typed, PASSWORD))
    actions = town.server.read(
        "SELECT action FROM audit_log JOIN accounts a ON a.id = account_id WHERE a.username = :u", {"u": her.number}
    )
    told_to_the_log = {action for (action,) in actions}
    assert {"account:activation:wrong_company", "account:password:set", "account:activated"} <= told_to_the_log


@pytest.mark.requirement("R-189", "R-190", "R-195", "R-212", "R-213")
def test_the_mail_comes_from_the_service_with_number_and_address_and_nothing_works_before_it(
    town: Town, apply: Apply
) -> None:
    her = apply()
    assert "免稅函線上申辦" in her.mail.sender
    for told in ("親愛的申請人您好：", her.number, her.mail.link, "啟用電子身分證"):
        assert told in her.mail.text
    browser = town.browser()
    page = enter(browser, her.number, PASSWORD)
    assert "帳號或密碼不正確" in page.text, "there is no password yet, and nobody is told more"
    assert "該組帳號即可開始登入。" in activate(browser, browser.get(her.mail.link), her.tax_id).text
    assert is_in(enter(browser, her.number, PASSWORD))


def test_a_link_that_activates_nothing_says_why_and_what_to_do(town: Town, mailbox: Mailbox, apply: Apply) -> None:
    sees(town.browser(), "/activate", "找不到這個連結")
    sees(town.browser(), "/activate/" + "x" * 43, "找不到這個連結")
    her = apply()
    # EL05: a link for one purpose opens no other door.
    applicant = an_applicant(town)
    sees(town.browser(), f"/activate/{Mailbox(town).newest(applicant.email).token}", "找不到這個連結")
    for door in ("verify", "first-password", "invitation"):
        assert not town.browser().get(f"/{door}/{her.mail.token}").has("activate")
    # EL12: nobody comes to the form without the link, and another browser's run is none.
    straight = town.browser().post("/activate", {"tax_id": her.tax_id, "password": PASSWORD})
    assert straight.status in {400, 403}
    # EL02: it is over after its 24 hours; 補發 by the number, answered alike to everybody.
    [(account_id,)] = town.server.read("SELECT id FROM accounts WHERE username = :u", {"u": her.number})
    set_link(town, account_id, created_at=-timedelta(days=1), expires_at=-timedelta(seconds=1))
    expired = sees(town.browser(), her.mail.link, "這個連結已經逾時")
    assert expired.has("to-resend")
    browser = town.browser()
    resent = browser.submit(browser.get("/verify/resend"), "resend", who=her.number.lower())
    assert "若資料相符且尚未完成驗證" in resent.text
    newer = mailbox.newest(her.email)
    assert newer.link != her.mail.link
    sees(town.browser(), her.mail.link, "這個連結已經失效")
    # Guessing the company's number: five tries, whoever tries.
    page = browser.get(newer.link)
    for number in ("00000016", "00000022", "1", "x", "00000037"):
        assert activate(browser, page, number).status == 400
    for tried in (browser, town.browser()):
        refused = activate(tried, tried.get(newer.link), her.tax_id)
        assert (refused.status, "操作次數過多" in refused.text) == (429, True)
        assert int(refused.response.headers["Retry-After"]) > 0
    assert status_of(town, her.number)[0] == "email_pending"


@pytest.mark.both_databases
def test_of_two_who_activate_at_the_same_instant_one_does(town: Town, apply: Apply) -> None:
    her = apply()
    passwords = [f"tests-Passw0rd-{n}" for n in range(3)]
    opened = [(browser, browser.get(her.mail.link)) for browser in (town.browser() for _ in passwords)]
    acts = [
        lambda browser=browser, page=page, password=password: activate(browser, page, her.tax_id, password)
        for (browser, page), password in zip(opened, passwords, strict=True)
    ]
    assert {page.status for page in at_once(acts)} == {200}
    entered = [is_in(enter(town.browser(), her.number, password)) for password in passwords]
    assert sum(entered) == 1
    sent = "SELECT count(*) FROM audit_log JOIN accounts a ON a.id = account_id WHERE a.username = :u AND action = :act"
    assert town.server.read(sent, {"u": her.number, "act": "account:activated"})[0][0] == 1
