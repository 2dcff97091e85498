"""Steps 1 to 12 of the tour: people of one company, and two companies that come in."""

from idp.cli.demo import PASSWORD
from idp.cli.demo_case import COMPANY as WAITING
from idp.cli.demo_data import NEW_COMPANY
from tests.browser.tour import Tour, Window

CARD = "3 測試三號有限公司 正卡"
BOSS, CLERK = "boss3", "clerk3"


def looks_as_guest(tour: Tour) -> Window:
    window = tour.window("guest1")
    window.open("dreams/")
    window.press("sign-in", "登入")
    window.sign_in("guest1")
    window.press("consent-accept", "同意")
    window.press("menu-site-list", "案場查詢")
    assert window.page.locator("#menu-site-new").count() == 0
    window.open("dreams/sites/new")
    window.sees("無法使用「申請新案場」", "您的權限為「訪客」")
    return window


def applies_for_a_site(tour: Tour) -> Window:
    window = tour.window("staff1")
    window.open("dreams/")
    window.press("sign-in", "登入")
    window.sign_in("staff1")
    window.agree()
    window.press("menu-site-new", "申請新案場")
    window.fill(name="路竹二期屋頂型", address="高雄市路竹區路科一路 1 號", capacity_kw="499.5")
    window.press("submit-site", "送出申請")
    window.open("dreams/sites")
    assert "路竹二期屋頂型" in window.page.inner_text("body")
    window.sees("案場查詢")
    return window


def reads_the_claims(tour: Tour) -> Window:
    window = tour.window("staff1")
    window.unfold("who")
    window.press("claims", "我的宣告")
    for claim in ("sub", "company", "roles", "entitlements", "acr"):
        assert claim in window.page.inner_text("main")
    window.page.get_by_text("company_tax_id", exact=True).first.scroll_into_view_if_needed()
    return window


def asks_for_an_account(tour: Tour) -> Window:
    window = tour.window(BOSS)
    window.open("dreams/")
    window.press("apply", "申請新帳號")
    window.page.check("#agreed")
    window.sees("我同意條款")
    window.press("next", "下一步")
    _names_the_company(window)
    return window


def _names_the_company(window: Window) -> None:
    window.fill(number=NEW_COMPANY[0])
    window.press("lookup", "查詢")
    window.sees("查到的公司是")
    window.page.check("#confirmed")
    window.fill(company_phone="07-5213999#12", company_address="804004高雄市鼓山區蓬萊路10號")


def proves_the_company(tour: Tour) -> Window:
    window = tour.window(BOSS)
    window.press("next", "下一步")
    window.press("choose-card", "使用工商憑證驗證")
    window.present(CARD, words="驗證憑證")
    window.sees("憑證驗證結果：成功")
    return window


def becomes_group_admin(tour: Tour) -> Window:
    window = tour.window(BOSS)
    window.press("next", "下一步")
    _says_who_she_is(window, BOSS, "陳美玲")
    window.open(window.mail(BOSS, "註冊通知信件"))
    window.press("verify-confirm", "確認")
    window.sees("此帳號即為該公司之群組管理員。")
    return window


def _says_who_she_is(window: Window, username: str, name: str) -> None:
    window.fill(username=username, name=name, phone="0912345678", email=f"{username}@example.test")
    window.fill(password=PASSWORD, password_again=PASSWORD)
    window.press("next", "下一步")
    window.press("submit", "送出申請")


def applies_as_a_colleague(tour: Tour) -> Window:
    window = tour.window(CLERK)
    window.open("dreams/")
    window.press("apply", "申請新帳號")
    window.page.check("#agreed")
    window.press("next", "下一步")
    _names_the_company(window)
    window.press("next", "下一步")
    window.sees("您的帳號將由貴公司的群組管理員審核。")
    window.press("next", "下一步")
    _says_who_she_is(window, CLERK, "林小芬")
    window.open(window.mail(CLERK, "註冊通知信件"))
    window.press("verify-confirm", "確認")
    window.sees("完成Email認證後，需等候貴公司群組管理員審核。")
    return window


def reviews_the_colleague(tour: Tour) -> Window:
    window = tour.window(BOSS)
    window.open("dreams/")
    window.press("sign-in", "登入")
    window.press("by-card", "工商憑證")
    window.present(CARD)
    window.agree()
    window.press("menu-group-users", "使用者管理")
    window.press("a[aria-label*='林小芬'][id^=edit-]", "修改使用者")
    window.page.check("input[name=role][value=guest]")
    window.page.check("input[name=state][value=approve]")
    window.sees("訪客", "核准")
    window.pose()
    window.press("save", "修改")
    return window


def gives_more_rights(tour: Tour) -> Window:
    clerk = tour.window(CLERK)
    clerk.open("dreams/")
    clerk.press("sign-in", "登入")
    clerk.sign_in(CLERK)
    clerk.agree()
    assert clerk.page.locator("#menu-site-new").count() == 0
    window = tour.window(BOSS)
    window.open("provider/group/users?tab=active")
    window.press("a[aria-label*='林小芬'][id^=edit-]", "修改使用者")
    window.page.check("input[name=role][value=staff]")
    window.sees("一般人員")
    window.press("save", "修改")
    clerk.page.wait_for_timeout(1100)
    clerk.open("dreams/")
    clerk.press("menu-site-new", "申請新案場")
    return clerk


def goes_on_duty(tour: Tour) -> Window:
    window = tour.window("operator")
    window.open("provider/ops")
    window.fill(username="operator", password=PASSWORD)
    window.press("ops-sign-in", "下一步")
    window.fill(code=_code_of_the_phone(tour))
    window.press("ops-code", "登入")
    window.is_at("provider/ops")
    return window


def _code_of_the_phone(tour: Tour) -> str:
    phone = tour.window("phone")
    phone.open("mailbox/authenticator")
    return phone.page.inner_text("#code").replace(" ", "")


def judges_a_document(tour: Tour) -> Window:
    window = tour.window("operator")
    window.open("provider/ops/queue")
    assert WAITING.name in window.page.inner_text("main")
    window.press("button[id^=take-]", "接手")
    window.sees("公司文件審核")
    window.page.wait_for_load_state("networkidle")
    window.pose()
    window.page.check("input[name=doc_outcome][value=approve]")
    window.press("doc-send", "送出「公司文件」決定")
    window.page.check("input[name=acct_outcome][value=approve]")
    window.page.check("input[name=acct_role][value=group_admin]")
    window.press("acct-send", "送出「帳號申請」決定")
    window.is_at("provider/ops/queue")
    return window


def reads_the_texts(tour: Tour) -> Window:
    window = tour.window("newport")
    window.open(window.mail("newport", "帳號註冊通知信件（審核通過）"))
    if window.page.locator("#password").count():
        window.fill(password=PASSWORD)
    window.press("verify-confirm", "確認")
    window.open("portpass/")
    window.press("sign-in", "登入")
    window.sign_in("newport")
    window.sees("請滑動右側卷軸完成閱讀")
    window.read_the_texts()
    window.sees("已閱讀至結尾", "我同意")
    window.pose()
    window.press("agree-all", "確認")
    window.agree()
    window.is_at("portpass/")
    return window


WALK = (
    looks_as_guest,
    applies_for_a_site,
    reads_the_claims,
    asks_for_an_account,
    proves_the_company,
    becomes_group_admin,
    applies_as_a_colleague,
    reviews_the_colleague,
    gives_more_rights,
    goes_on_duty,
    judges_a_document,
    reads_the_texts,
)
