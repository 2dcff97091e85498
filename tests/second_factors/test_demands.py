"""Who demands a second factor: a company of its people, a service; and what operators do for who has lost hers."""

from tests.harness.browser import Page, parameters_of
from tests.harness.linked import an_agent, bind
from tests.harness.mailbox import Mailbox
from tests.harness.operators import an_operator, key_on
from tests.harness.people import Town
from tests.harness.phones import APP, Phone, a_phone, sign_in_with_code
from tests.harness.relying_party import Person, RelyingParty
from tests.security.doors import enter, is_in, is_signed_in, sign_in

DEMAND = "/group/sign-in"
MFA = "urn:company-idp:acr:mfa"


def is_entered(app: RelyingParty, provider: Town, person: Person) -> bool:
    """Whether the password alone brings this person into the application."""
    browser, asked = provider.browser(), app.ask()
    page = app.step(browser, app.open(browser, asked), person)
    return app.arrival(page, asked) is not None


def test_a_group_admin_demands_a_second_factor_of_the_companys_people(provider: Town, app: RelyingParty) -> None:
    """Told before: how many have none; audited; of two at once one wins; it counts at the next authorization."""
    tax_id = provider.new_company()["tax_id"]
    admin, staff = (provider.person(role, tax_id=tax_id) for role in ("group_admin", "staff"))
    ours, hers, other = provider.browser(), provider.browser(), provider.browser()
    sign_in(ours, admin)
    sign_in(other, admin)
    sign_in(hers, staff)
    phone = a_phone(provider, staff, hers)
    page = ours.get("/account")
    assert f"{provider.issuer}{DEMAND}" in page.links
    page, seen_before = ours.get(DEMAND), other.get(DEMAND)
    assert page.controls_without_id == []
    assert "貴公司有 2 個使用中的帳號，其中 1 個還沒有第二因素。" in page.text
    assert "您自己的帳號還沒有第二因素。" in page.text
    assert is_entered(app, provider, admin)
    page = ours.submit(page, "save-demand", demand="mfa")
    assert "已要求同仁以第二因素登入，從下一次登入應用系統起適用。" in page.text
    refused = other.submit(seen_before, "save-demand", demand="mfa")
    assert (refused.status, "沒有變更" in refused.text) == (409, True)
    # Who has none is led to set one up on the way, and arrives with it.
    browser, asked = provider.browser(), app.ask()
    page = app.step(browser, app.open(browser, asked), admin)
    request_id = parameters_of(page.url)["request_id"]
    assert app.arrival(page, asked) is None
    mine = Phone(provider.server, admin.sub)
    page = browser.submit(browser.get(APP, params={"request_id": request_id}), "begin-app")
    mine.secret = key_on(page)
    page = browser.submit(page, "confirm-app", code=mine.code())
    assert "我已保存，繼續登入" in page.text
    [way_back] = [link for link in page.links if request_id in link]
    answer = app.arrival(browser.get(way_back), asked)
    assert answer is not None
    assert app.tokens(answer).claims["acr"] == MFA
    strong = browser
    browser, asked = provider.browser(), app.ask()
    page = app.step(browser, app.open(browser, asked), staff)
    answer = app.arrival(browser.submit(page, "send-code", code=phone.code()), asked)
    assert answer is not None, "password and code are enough"
    assert app.tokens(answer).claims["acr"] == MFA
    assert "登入要求改為「兩階段登入」" in ours.get("/group/audit").text
    # A password is not enough to make it enough.
    assert ours.submit(ours.get(DEMAND), "save-demand", demand="none").path == "/login"
    newcomer, weak = provider.person("group_admin", tax_id=tax_id), provider.browser()
    sign_in(weak, newcomer)
    page = weak.submit(weak.get(DEMAND), "save-demand", demand="none")
    assert (page.status, "要取消這項要求，請先以第二因素登入。" in page.text) == (403, True)
    page = strong.submit(strong.get(DEMAND), "save-demand", demand="none")
    assert "不再要求同仁以第二因素登入。" in page.text
    assert is_entered(app, provider, provider.person("staff", tax_id=tax_id))
    assert hers.get(DEMAND).status == 403

    card = {"acr": "urn:company-idp:acr:card", "id": tax_id}
    provider.server.write("UPDATE companies SET required_acr = :acr WHERE tax_id = :id", card)
    page = ours.get(DEMAND)
    assert "貴公司要求以工商憑證登入，已高於第二因素。" in page.text
    assert page.button("save-demand") is None
    provider.idp.kept("company", "demand", "--tax-id", tax_id, "--acr", "mfa")
    page = ours.get(DEMAND)
    assert "這是服務單位設定的要求" in page.text
    assert page.button("save-demand") is None


def test_an_agent_sets_up_an_app_of_her_own_and_nothing_of_whom_she_acts_for(provider: Town, staff: Person) -> None:
    """tokens.md: acting through a linked account changes no credential; a linked account has its own."""
    agent, browser = an_agent(provider), provider.browser()
    binding = bind(provider, agent, staff)
    herself = Person(agent.username, agent.password, agent.sub)
    enter(browser, agent.username, agent.password)
    page = browser.get("/account/credentials")
    assert "鏈結帳號可以登錄您本人的自然人憑證。" in page.text
    phone = a_phone(provider, herself, browser)
    browser.submit(browser.get("/linked/switch"), f"act-{binding}")
    page = browser.get("/account/credentials")
    assert not {"to-app", "to-app-remove", "end-others", "advice"} & set(page.ids)
    for path in ("app", "app/remove", "codes"):
        assert browser.get(f"/account/credentials/{path}").status == 403, path
    other = provider.browser()
    assert sign_in_with_code(other, herself, phone).path == "/linked"


def test_operators_reset_the_second_factor_of_who_has_lost_it(provider: Town, staff: Person) -> None:
    """By the console and by the command: a reason, app and codes gone, every sign-in ended, the person told."""
    support, browser = an_operator(provider, "support"), provider.browser()
    sign_in(browser, staff)
    assert not support.browser.get(f"/ops/accounts/{staff.sub}").has("to-reset-second-factor")
    a_phone(provider, staff, browser)
    page = support.browser.get(f"/ops/accounts/{staff.sub}/reset-second-factor")
    assert "請先以電話或公文確認是本人。" in page.text

    def reset(reason: str) -> Page:
        return support.browser.submit(page, "reset-second-factor", reason=reason)

    assert reset("").status == 400
    assert f"已重設「{staff.name}」的第二因素，並已寄出通知信。" in reset("來電核對身分，手機遺失").text
    assert reset("again").status == 409
    assert not is_signed_in(browser)
    mail = Mailbox(provider).newest(staff.email)
    assert "第二因素已重設" in mail.subject
    assert "來電核對身分，手機遺失" in mail.text
    browser = provider.browser()
    assert is_in(enter(browser, staff.username, staff.password))
    a_phone(provider, staff, browser)
    words = ("account", "reset-second-factor", "--username", staff.username, "--reason", "lost")
    assert provider.idp.kept(*words)["mail_to"] == staff.email
    status, _, said = provider.idp.attempt(*words)
    assert (status, "neither an authenticator app nor a passkey" in said) == (1, True)
    rows = provider.server.read(
        "SELECT count(*) FROM audit_log WHERE action = :action AND account_id = :id",
        {"action": "account:second_factor:reset", "id": staff.sub},
    )
    assert rows == [(2,)]


def test_a_service_demands_a_second_factor(provider: Town) -> None:
    """At the console with the version that was seen, and by the command; its names keep it."""
    boss, service_id = an_operator(provider, "configurator"), "factor-service"
    provider.idp.kept("service", "add", "--id", service_id, "--name", "第二因素服務")
    page = boss.browser.get(f"/ops/services/{service_id}/demand")
    assert "以密碼即可登入" in page.text
    changed = boss.browser.submit(page, "save", demand=MFA)
    assert "已儲存「第二因素服務」的登入要求。" in changed.text
    assert "兩階段登入" in changed.text
    assert boss.browser.submit(page, "save", demand="none").status == 409
    assert boss.browser.submit(page, "save", demand="nonsense").status == 400
    brand = boss.browser.get(f"/ops/services/{service_id}/brand")
    boss.browser.submit(brand, "save", name_zh="改名的服務")
    shown = provider.idp("service", "show", "--id", service_id, "--json")
    assert (shown["name"], shown["required_acr"]) == ("改名的服務", MFA)
    given = provider.idp.kept("service", "set", "--id", service_id, "--required-acr", "none")
    assert given["required_acr"] is None
