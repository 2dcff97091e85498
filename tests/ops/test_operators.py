"""「營運人員」 and one's own page: who may come in, who may do what, and who looks after it."""

import re
import secrets

import pytest

from tests.harness.browser import BOUNDED, Page
from tests.harness.mailbox import Mailbox
from tests.harness.operators import (
    Operator,
    an_operator,
    audit_of,
    codes_on,
    details_of,
    give_password,
    is_on_duty,
    set_up,
    sign_in_operator,
    stamp_of,
)
from tests.harness.people import Town
from tests.security.tenant_table import TABLE, Kind

# What each page of the side navigation needs; its pages below the same.
NEEDS = {
    "/ops/queue": {"reviewer", "support", "auditor"},
    "/ops/companies": {"reviewer", "support", "auditor"},
    "/ops/accounts": {"reviewer", "support", "auditor"},
    "/ops/services": {"configurator", "auditor"},
    "/ops/clients": {"configurator", "auditor"},
    "/ops/mail": {"support", "configurator", "auditor"},
    "/ops/audit": {"auditor"},
    "/ops/registry": {"configurator"},
    "/ops/operators": {"configurator"},
}


def add(boss: Operator, **values: str) -> Page:
    """Fill in the form for another operator."""
    return boss.browser.submit(boss.browser.get("/ops/operators/new"), "add", **values)


def test_an_operator_is_added_by_mail_given_duties_and_listed(provider: Town) -> None:
    boss = an_operator(provider, "configurator", name="陳主管")
    page = add(boss, username="", name="", email="")
    assert (page.status, "請至少選擇一項職責。" in page.text, "請輸入 Email。" in page.text) == (400, True, True)
    values = {"username": f"op-{secrets.token_hex(4)}", "name": "林大同", "email": "nobody", "support": "y"}
    assert "Email 格式不正確" in add(boss, **values).text
    values["email"] = f"{values['username']}@example.test"
    assert "統一編號應為 8 位數字，且檢查碼須正確。" in add(boss, **values, own_tax_id="00000017").text
    page = add(boss, **values, own_tax_id="００００００１６")
    assert f"已新增營運人員 林大同，設定連結已寄至 {values['email']}。" in page.text
    mail = Mailbox(provider).newest(values["email"])
    assert mail.subject == "企業帳號中心：請設定您的營運人員帳號"
    assert mail.token not in page.html
    assert "已新增營運人員" not in boss.browser.get("/ops/operators").text, "told once"
    assert "帳號已經存在，請重設其他帳號。" in add(boss, **values).text
    found = Operator(provider.server, "", values["username"], "林大同", values["email"], provider.browser())
    row = next(row for row in provider.idp("operator", "list", "--json") if row["username"] == found.username)
    assert (row["status"], row["duties"], row["own_tax_id"]) == ("invited", ["support"], "00000016")
    found.id = row["id"]
    set_up(found, mail.link)
    assert "您的職責：客服" in sign_in_operator(found).text
    stale = boss.browser.get(f"/ops/operators/{found.id}")
    page = boss.browser.submit(stale, "save", auditor="y")
    assert "已變更 林大同 的職責。" in page.text
    assert "您的職責：客服、稽核" in found.browser.get("/ops").text, "at the next click"
    page = boss.browser.submit(stale, "save", reviewer="y")
    assert (page.status, "資料在您開啟頁面後已經變更" in page.text) == (409, True)
    [changed] = details_of(found, "operator:duties:changed")
    assert (changed["before"], changed["after"]) == (["support"], ["support", "auditor"])
    actions = [action for action, _ in audit_of(boss)]
    assert actions.count("operator:added") == actions.count("operator:duties:changed") == 1


def test_the_last_who_can_configure_stays_and_nobody_ends_herself(provider: Town) -> None:
    provider.server.write("UPDATE operators SET status = 'suspended' WHERE status = :s", {"s": "active"})
    boss = an_operator(provider, "configurator", "auditor")
    page = boss.browser.get(f"/ops/operators/{boss.id}")
    assert not page.has("to-suspend")
    kept = [(name, value) for name, value in page.forms[-1].fields if name != "configurator"]
    page = boss.browser.post(f"/ops/operators/{boss.id}", kept, headers={"Origin": provider.issuer})
    assert (page.status, "這是唯一能進行系統設定的營運人員。" in page.text) == (409, True)
    for act in ("suspend", "reset"):
        assert boss.browser.get(f"/ops/operators/{boss.id}/{act}").status == 403
        sent = {**stamp_of(boss.browser.get("/ops")), "version": "2"}
        answer = boss.browser.post(f"/ops/operators/{boss.id}/{act}", sent, headers={"Origin": provider.issuer})
        assert answer.status == 403
    other = an_operator(provider, "configurator")
    page = boss.browser.post(f"/ops/operators/{boss.id}", kept, headers={"Origin": provider.issuer})
    assert (page.path, "已變更" in page.text, "首頁" in page.text) == ("/ops", True, True)
    page = boss.browser.get("/ops/operators")
    assert (page.status, "您的職責不包含「管理營運人員」。" in page.text) == (403, True)
    assert ("operator:forbidden", "refused") in audit_of(boss)
    assert is_on_duty(other.browser.get("/ops/operators"))
    missing = other.browser.get("/ops/operators/op_xxxxxxxxxxxxxxxxxxxxxx")
    assert (missing.status, "營運人員" in missing.text, missing.has("sign-out")) == (404, True, True)


@pytest.mark.parametrize("duty", ["reviewer", "support", "configurator", "auditor"])
def test_each_duty_opens_its_pages_and_no_others(provider: Town, duty: str) -> None:
    """GA rows, as for the console: by every route that there is; the side navigation lists what opens."""
    found = an_operator(provider, duty)
    home = found.browser.get("/ops")
    stamp = stamp_of(home)
    for (method, rule), row in TABLE.items():
        area = next((path for path in NEEDS if rule == path or rule.startswith(f"{path}/")), None)
        if row.kind is not Kind.OPERATOR or area is None:
            continue
        listed = any(link.endswith(area) for link in home.links)
        assert listed is (duty in NEEDS[area] and ("GET", area) in TABLE), area
        if duty in NEEDS[area]:
            continue
        path = re.sub(r"<[^>]*>", "x" * 22, rule)
        answer = found.browser.http.request(
            method,
            provider.issuer + path,
            data=stamp if method == "POST" else None,
            headers={"Origin": provider.issuer},
            allow_redirects=False,
            timeout=BOUNDED,
        )
        assert answer.status_code == 403, f"{method} {rule} as {duty}"


def test_ones_own_password_recovery_codes_and_sessions(provider: Town) -> None:
    found = an_operator(provider, "reviewer")
    other, browser = provider.browser(), found.browser
    half = provider.browser()
    sign_in_operator(found, other)
    waiting = give_password(found, half)
    page = browser.get("/ops/own")
    new = {"password": "another-Passw0rd-5", "password_again": "another-Passw0rd-5"}
    page = browser.submit(page, "change-password", current="wrong-1", code="000000", **new)
    assert "密碼不正確。連續多次輸入錯誤時" in page.text
    page = browser.submit(page, "change-password", current=found.password, code="000000", **new)
    assert "驗證碼不正確，或已經使用過。" in page.text
    weak = {"password": found.username, "password_again": found.username}
    page = browser.submit(page, "change-password", current=found.password, code=found.recovery_codes[0], **weak)
    assert page.status == 400
    page = browser.submit(page, "change-password", current=found.password, code=found.recovery_codes[0], **new)
    assert "密碼已變更，其他裝置上的登入已經結束。" in page.text
    assert not is_on_duty(other.get("/ops"))
    assert half.submit(waiting, "ops-code", code=found.recovery_codes[1]).path == "/ops/login"
    assert give_password(found, other).has("ops-sign-in")
    found.password = new["password"]
    found.forget_last_code()
    sign_in_operator(found, other)
    page = browser.get("/ops/own")
    assert "還有 9 組未使用的備用碼。" in page.text
    page = browser.submit(page, "new-codes", **{"codes-code": "12"})
    assert "驗證碼不正確" in page.text
    fresh = codes_on(browser.submit(page, "new-codes", **{"codes-code": found.code()}))
    assert "還有 10 組未使用的備用碼。" in browser.get("/ops/own").text
    page = browser.submit(browser.get("/ops/own"), "end-others")
    assert "已結束 1 個其他登入。" in page.text
    assert not is_on_duty(other.get("/ops"))
    assert not browser.get("/ops/own").has("end-others")
    page = other.submit(give_password(found, other), "ops-code", code=found.recovery_codes[2])
    assert "驗證碼不正確" in page.text, "codes of before are void"
    assert is_on_duty(other.submit(page, "ops-code", code=fresh[0]))
