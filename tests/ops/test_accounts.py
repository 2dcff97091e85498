"""「帳號」 (P37): found by how account, mailbox or name begins, helped in, signed out, suspended and restored."""

import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.harness.applicants import an_applicant
from tests.harness.browser import Page
from tests.harness.mailbox import Mailbox
from tests.harness.operators import Operator, an_operator, audit_of, stamp_of
from tests.harness.people import Town
from tests.harness.relying_party import RelyingParty

REASON = "當事人來電，已核對身分"


def act(one: Operator, account: str, name: str, **values: str) -> Page:
    """Open an act's question and answer it."""
    return one.browser.submit(one.browser.get(f"/ops/accounts/{account}/{name}"), name, **values)


@pytest.mark.both_databases
def test_an_account_is_found_suspended_by_an_operator_and_restored_by_none_but_one(
    provider: Town, app: RelyingParty
) -> None:
    support, other = an_operator(provider, "support", name="林客服"), an_operator(provider, "support")
    tax_id = provider.new_company("帳號測試")["tax_id"]
    admin = provider.person("group_admin", tax_id=tax_id, name="李管理")
    staff = provider.person("staff", tax_id=tax_id, name=f"王{secrets.token_hex(4)}")
    number = provider.idp("account", "show", "--username", staff.username, "--json")["electronic_id"]
    for by, words in (
        ("username", staff.username[:-1].upper()), ("username", staff.email[:-2].upper()), ("email", staff.email[:-9]),
        ("name", staff.name[:-1]), ("electronic_id", f" {number.lower()}"), ("nonsense", staff.username),
    ):  # fmt: skip
        found = support.browser.get("/ops/accounts", params={"by": by, "q": words})
        assert found.has(f"account-{staff.sub}"), (by, words)
    for by, words in (
        ("username", staff.username[1:]), ("name", staff.name[1:]), ("electronic_id", number[:-1]), ("email", "%@"),
    ):  # fmt: skip
        found = support.browser.get("/ops/accounts", params={"by": by, "q": words})
        assert ("找不到符合的帳號。" in found.text, f"account-{staff.sub}" in found.ids) == (True, False), (by, words)
    people = support.browser.get(f"/ops/accounts?company={tax_id}")
    assert {f"account-{one.sub}" for one in (admin, staff)} == {i for i in people.ids if i.startswith("account-")}

    browser = provider.browser()
    tokens = app.sign_in(browser, staff)
    page = support.browser.get(f"/ops/accounts/{staff.sub}")
    assert all(words in page.text for words in (staff.email, number, "登入中", "密碼登入", "進入 1 個應用系統"))
    questions = [(one, one.browser.get(f"/ops/accounts/{staff.sub}/suspend")) for one in (support, other)]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda q: q[0].browser.submit(q[1], "suspend", reason="離職後仍登入"), questions))
    assert sorted(answer.status for answer in answers) == [200, 409]
    assert [row for one in (support, other) for row in audit_of(one)].count(("account:suspended", "done")) == 1
    assert app.introspect(tokens.access_token) == {"active": False}
    assert browser.get("/account").asks_for_password
    page = browser.submit(browser.get("/login"), "sign-in", username=staff.username, password=staff.password)
    assert "停用原因：離職後仍登入" in page.text
    assert [mail for mail in Mailbox(provider).all(staff.email) if "離職後仍登入" in mail.text][1:] == []

    group = provider.browser()
    group.submit(group.get("/login"), "sign-in", username=admin.username, password=admin.password)
    page = group.get(f"/group/users/{staff.sub}")
    assert ("這個帳號由服務單位停用，只有服務單位能恢復。" in page.text, page.has("save")) == (True, False)
    shown = group.get(f"/group/users/{admin.sub}")
    form = next(form for form in shown.forms if form.action.endswith(admin.sub))
    sent = [(name, value) for name, value in form.fields if name not in {"version", "role", "state"}]
    version = provider.server.read("SELECT version FROM accounts WHERE id = :id", {"id": staff.sub})[0][0]
    sent += [("version", str(version)), ("role", "staff"), ("state", "active")]
    answer = group.post(f"/group/users/{staff.sub}", sent, headers={"Origin": provider.issuer})
    assert (answer.status, "只有服務單位能恢復" in answer.text) == (409, True)
    assert "公司唯一的群組管理員" in act(support, admin.sub, "suspend", reason="測試").text

    page = act(support, staff.sub, "restore", reason="已查明")
    assert f"已恢復「{staff.name}」" in page.text
    assert "已查明" in Mailbox(provider).newest(staff.email).text
    tokens = app.sign_in(browser, staff)
    page = act(support, staff.sub, "end-sessions", reason=REASON)
    assert f"已結束「{staff.name}」的所有登入。" in page.text
    assert app.introspect(tokens.access_token) == {"active": False}
    assert browser.get("/account").asks_for_password
    assert app.sign_in(browser, staff).access_token
    assert "公司唯一的群組管理員" in act(support, admin.sub, "close", reason="測試").text
    page = act(support, staff.sub, "close", reason="當事人來函")
    assert (f"已關閉「{staff.name}」，並已寄出通知信。" in page.text, page.has("to-restore")) == (True, False)
    assert "當事人來函" in Mailbox(provider).newest(staff.email, "您的帳號已關閉").text


def test_a_person_is_helped_in_by_links_alone_and_sees_the_companys_data_by_an_operators_word(
    provider: Town, app: RelyingParty
) -> None:
    support, mailbox = an_operator(provider, "support"), Mailbox(provider)
    tax_id = provider.new_company("連結測試")["tax_id"]
    applicant = an_applicant(provider, tax_id=tax_id, company_name="連結測試")
    first = mailbox.newest(applicant.email).link
    provider.server.write(
        "UPDATE one_time_secrets SET created_at = :at WHERE account_id = :id",
        {"at": "2026-01-01 00:00:00.000000", "id": applicant.account_id},
    )
    page = act(support, applicant.account_id, "resend")
    assert f"已補發驗證信給「{applicant.name}」。" in page.text
    again = mailbox.newest(applicant.email)
    assert (again.link != first, again.token in page.html) == (True, False)
    page = act(support, applicant.account_id, "resend")
    assert (page.status, "操作次數過多" in page.text) == (429, True)

    username = f"bare-{secrets.token_hex(4)}"
    bare = provider.idp.kept(
        "account", "add", "--tax-id", tax_id, "--username", username, "--name", "無密碼", "--email",
        f"{username}@example.test", "--role", "staff",
    )["sub"]  # fmt: skip
    assert "已寄出設定密碼的連結給「無密碼」。" in act(support, bare, "first-password").text
    assert "/first-password/" in mailbox.newest(f"{username}@example.test").link

    staff = provider.person("staff", tax_id=tax_id)
    provider.server.write(
        "UPDATE accounts SET service_id = (SELECT id FROM services WHERE id = :service) WHERE id = :id",
        {"service": a_service_with_scope(provider), "id": staff.sub},
    )
    stranger = provider.browser()
    for _ in range(6):
        stranger.submit(stranger.get("/login"), "sign-in", username=staff.username, password="wrong-Passw0rd-1")
    page = support.browser.get(f"/ops/accounts/{staff.sub}")
    assert ("暫停登入" in page.text, page.has("to-admin")) == (True, True)
    assert f"已解除「{staff.name}」的暫停登入。" in act(support, staff.sub, "unlock", reason=REASON).text
    assert "to-unlock" not in support.browser.get(f"/ops/accounts/{staff.sub}").ids
    tokens = app.sign_in(stranger, staff)

    page = act(support, staff.sub, "scope", scope="company", reason="已收到用印切結書")
    assert "全公司的資料" in page.text
    assert app.person(tokens.access_token)["data_scope"] == "company"
    assert "全公司的案件與資料" in mailbox.newest(staff.email).text
    act(support, staff.sub, "scope", scope="own", reason="切結書撤回")
    assert app.sign_in(stranger, staff).access_token
    assert "只能看到自己的案件與資料" in mailbox.newest(staff.email).text

    moment = {"at": "2026-11-20 00:00:00.000000", "id": staff.sub}
    provider.server.write("UPDATE passwords SET disabled_at = :at WHERE account_id = :id", moment)
    page = act(support, staff.sub, "new-password", reason=REASON)
    assert "已寄出設定密碼的連結" in page.text
    assert "/first-password/" in mailbox.newest(staff.email).link
    assert "尚未設定" in page.text
    done = [action for action, _ in audit_of(support)]
    assert done.count("account:data_scope:changed") == 2
    assert {"account:unlocked", "account:password:removed", "account:first_password:sent"} <= set(done)


def test_who_may_only_look_and_who_belongs_to_the_company_does_nothing_to_its_accounts(provider: Town) -> None:
    company = provider.new_company("唯讀測試")
    staff = provider.person("staff", tax_id=company["tax_id"])
    auditor = an_operator(provider, "auditor")
    own = an_operator(provider, "support", own_tax_id=company["tax_id"])
    for one, sentence in ((auditor, "您的職責不包含「協助公司與帳號」。"), (own, "")):
        page = one.browser.get(f"/ops/accounts/{staff.sub}")
        assert (page.status, page.has("to-suspend"), page.has("to-admin")) == (200, False, False)
        for name in ("suspend", "end-sessions", "scope", "unlock", "resend", "new-password", "restore"):
            sent = {**stamp_of(page), "version": "1", "reason": REASON, "scope": "company"}
            answer = one.browser.post(f"/ops/accounts/{staff.sub}/{name}", sent, headers={"Origin": provider.issuer})
            assert (answer.status, sentence in answer.text) == (403, True), name
    assert provider.idp("account", "show", "--username", staff.username, "--json")["status"] == "active"
    support = an_operator(provider, "support")
    assert support.browser.get("/ops/accounts/ga_none").status == 404
    assert support.browser.get(f"/ops/accounts/{staff.sub}/nonsense").status == 404


def a_service_with_scope(provider: Town) -> str:
    """A service whose accounts see their own data or their company's."""
    name = f"scope-{secrets.token_hex(3)}"
    provider.idp.kept("service", "add", "--id", name, "--name", "港區通行證", "--preset", "twport")
    return name
