"""Steps 13 to 20 of the tour: a linked account, accounts by number, and what signing in another way opens."""

from datetime import UTC, datetime, timedelta
from typing import Any

from idp.cli.demo import PASSWORD
from idp.cli.demo_data import COMPANIES
from idp.cli.demo_numbers import NUMBERED
from tests.browser.tour import Tour, Window

FIRST, SECOND = (name for name, _ in COMPANIES.values())
PAPER, OTHER = NUMBERED
# What Chromium takes for the fingerprint reader of its machine.
PHONE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def enters_for_a_company(tour: Tour) -> Window:
    window = tour.window("agent1")
    window.open("portpass/")
    window.press("sign-in", "登入")
    window.sign_in("agent1")
    window.sees("您要以哪一家公司進入「港區通行證系統」？")
    return window


def goes_over_to_another(tour: Tour) -> Window:
    window = tour.window("agent1")
    window.press("button[id^=seat-]:has-text('staff1')", FIRST)
    window.agree()
    window.press("menu-pass-apply", "申請通行證")
    window.page.check("input[name=holder][value=person]")
    window.fill(name="林雅婷", purpose="貨櫃裝卸作業")
    window.unfold("who")
    window.press("switch-company", "切換公司")
    window.press("button[id^=seat-]:has-text('port1')", SECOND)
    window.agree()
    window.sees(f"您在「{FIRST}」未送出的內容已保留一小時", f"錢大明（{SECOND}／鏈結帳號）")
    return window


def is_unbound(tour: Tour) -> Window:
    owner, window = tour.window("port1"), tour.window("agent1")
    owner.open("provider/account/bindings")
    owner.sign_in("port1")
    owner.sees("被綁定資訊", "已綁定並驗證")
    owner.press("a[id^=unbind-]", "解除綁定")
    owner.sees("確定要解除綁定")
    owner.press("unbind", "解除綁定")
    owner.sees("帳號解除綁定成功")
    owner.pose()
    window.page.wait_for_timeout(1500)
    window.open("portpass/passes")
    window.sees("您的登入已結束")
    return owner


def signs_in_by_number(tour: Tour) -> Window:
    window = tour.window(PAPER.mailbox)
    window.open("ida/")
    window.press("sign-in", "登入")
    window.fill(tax_id=PAPER.tax_id, username=PAPER.electronic_id, password=PASSWORD)
    window.sees("統一編號", "電子身分帳號", "密碼")
    window.press("sign-in", "登入")
    window.agree()
    window.press("menu-case-electronic", "全電子申辦")
    window.sees("「全電子申辦」須以工商憑證登入")
    return window


def raises_it_by_card(tour: Tour) -> Window:
    window = tour.window(PAPER.mailbox)
    window.press("step-up", "改用工商憑證登入")
    window.present("1 測試一號有限公司 正卡")
    window.is_at("ida/cases/new/electronic")
    window.page.check("#kind-research")
    window.fill(goods="原子力顯微鏡", quantity="1 套", amount="3200000", purpose="量測薄膜表面")
    window.press("submit-case", "送出申請")
    window.sees("已收到您的申請，案件編號為")
    return window


def shows_a_case_to_another(tour: Tour) -> Window:
    window, other = tour.window(PAPER.mailbox), tour.window(OTHER.mailbox)
    window.press("menu-auth-grant", "授權其他廠商")
    window.fill(number=OTHER.electronic_id)
    window.press("look-up", "查詢帳號")
    window.sees("鄭○豪")
    window.page.locator("input[name=case]").first.check()
    window.fill(last_day=f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}")
    window.press("grant", "授權")
    other.open("ida/")
    other.press("sign-in", "登入")
    other.fill(tax_id=OTHER.tax_id, username=OTHER.electronic_id, password=PASSWORD)
    other.press("sign-in", "登入")
    other.agree()
    other.press("menu-case-query", "案件查詢")
    other.sees("其他廠商授權您查閱的案件")
    return other


def adds_a_passkey(tour: Tour) -> Window:
    window = tour.window("admin1")
    _has_a_fingerprint_reader(window)
    window.open("provider/login")
    window.sign_in("admin1")
    window.open("provider/account/credentials")
    window.press("passkey-new", "新增通行密鑰")
    window.fill(**{"passkey-name": "公司的筆電"})
    window.press("passkey-go", "新增通行密鑰")
    window.sees("已新增通行密鑰「公司的筆電」，下次可以用它登入。")
    return window


def _has_a_fingerprint_reader(window: Window) -> None:
    session: Any = window.page.context.new_cdp_session(window.page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": PHONE})


def signs_in_once_and_out_everywhere(tour: Tour) -> Window:
    window = tour.window("admin1")
    for place in ("dreams/sites", "portpass/passes", "ida/cases"):
        window.open(place)
        window.agree()
        window.is_at(place)
    window.unfold("who")
    window.press("sign-out-everywhere", "全部登出")
    window.pose()
    window.press("sign-out-everywhere", "全部登出")
    window.is_at("ida/signed-out")
    window.page.wait_for_timeout(2500)
    window.open("dreams/")
    window.finds("sign-in", "登入")
    return window


WALK = (
    enters_for_a_company,
    goes_over_to_another,
    is_unbound,
    signs_in_by_number,
    raises_it_by_card,
    shows_a_case_to_another,
    adds_a_passkey,
    signs_in_once_and_out_everywhere,
)
