"""「服務與政策」 (P38): a service made at the console, its policy, texts and menus, in use at once."""

import json
import secrets
from typing import Any

from tests.harness.browser import Browser, Page
from tests.harness.operators import Operator, an_operator, audit_of, stamp_of
from tests.harness.people import MENUS, Town

Fields = list[tuple[str, str]]


def sent(boss: Operator, page: Page, button: str, **changed: str | list[str]) -> Page:
    """Press a button, where a field may hold several values, or none."""
    found = page.button(button)
    assert found is not None, f"no button {button} on {page!r}"
    form, pressed = found
    data: Fields = [(name, value) for name, value in form.fields if name not in changed]
    for name, values in changed.items():
        data += [(name, value) for value in ([values] if isinstance(values, str) else values)]
    data.append((pressed.name or "", pressed.value))
    return boss.browser.post(form.action, data, headers={"Origin": boss.browser.origin})


def chosen(page: Page, button: str, name: str) -> list[str]:
    """What the field of that name holds on a page that was shown again."""
    found = page.button(button)
    assert found is not None, f"{page!r}"
    return [value for field, value in found[0].fields if field == name]


def details(boss: Operator, action: str, service: str) -> list[dict[str, Any]]:
    """The details of this action's audit rows about a service."""
    rows = boss.server.read("SELECT details FROM audit_log WHERE action = :action ORDER BY id", {"action": action})
    read = [row[0] if isinstance(row[0], dict) else json.loads(row[0]) for row in rows]
    return [one for one in read if one.get("service") == service]


def a_service(boss: Operator, **values: str) -> tuple[str, Page]:
    """A service that no other test knows; the page that comes after."""
    service_id = f"s-{secrets.token_hex(5)}"
    page = boss.browser.get("/ops/services/new")
    named = {"service": service_id, "name_zh": "漁港申報", "name_en": "Harbour reports"}
    return service_id, sent(boss, page, "add", **(named | values))


def applying(provider: Town, service_id: str, *, language: str = "zh-TW") -> Page:
    """The first page of the wizard, for somebody who comes to it just now."""
    return Browser(provider.issuer, language=language).get("/register", params={"service": service_id})


def test_a_service_is_made_given_a_policy_and_can_be_applied_at_at_once(provider: Town) -> None:
    boss = an_operator(provider, "configurator")
    page = sent(boss, boss.browser.get("/ops/services/new"), "add", service="1st", name_zh="")
    assert (page.status, "請輸入中文名稱。" in page.text) == (400, True)
    _, page = a_service(boss, mail_from="nobody")
    assert "Email 格式不正確" in page.text
    _, page = a_service(boss, service="1st", mail_footer="客服 0800-000-123")
    assert chosen(page, "add", "mail_footer") == ["客服 0800-000-123"], "what was typed is kept"
    numbered, page = a_service(boss, preset="ida")
    assert page.path == f"/ops/services/{numbered}/policy"
    preview = boss.browser.get(f"/ops/services/{numbered}/preview")
    for told in ("帳號啟用信", "營利事業名稱", "聯絡人", "啟用帳號後，該組帳號即可開始登入。"):
        assert told in preview.text
    assert "確認密碼" not in preview.text, "the password is set by the link of the mail"
    service_id, page = a_service(boss, preset="dreams", mail_from="harbour@example.test", mail_footer="客服\r\n專線")
    assert page.path == f"/ops/services/{service_id}/policy"
    assert "已新增服務「漁港申報」。" in page.text
    # In use at once, whichever worker is asked.
    for _ in range(8):
        assert "漁港申報" in applying(provider, service_id).text
    _, again = a_service(boss, service=service_id)
    assert (again.status, "這個服務代碼已經存在" in again.text) == (409, True)
    listed = boss.browser.get("/ops/services")
    assert (service_id in listed.text, "工商憑證驗證（dreams）" in listed.text) == (True, True)
    # The same verbs as by command.
    shown = provider.idp("service", "show", "--id", service_id, "--json")
    assert (shown["preset"], shown["mail_from"], shown["footer"]) == ("dreams", "harbour@example.test", "客服\n專線")

    # Mixes that lead nowhere are told beside their keys, all of them, and what was filled in stays.
    unproven = {"company_proof": "none", "first_admin": "first_verified", "roles": [], "verify_hours": "一天"}
    wrong = sent(boss, page, "save", **unproven)
    assert (wrong.status, "請輸入 1 至 168 的整數。" in wrong.text) == (400, True)
    assert chosen(wrong, "save", "verify_hours") == ["一天"]
    wrong = sent(boss, wrong, "save", verify_hours="４８")
    assert "公司不須驗證時，第一位申請人不能成為群組管理員" in wrong.text
    assert "請至少選擇一種權限" in wrong.text
    assert 'id="first_admin-err"' in wrong.html
    assert chosen(wrong, "save", "company_proof") == ["none"]
    wrong = sent(boss, wrong, "save", company_proof="operator", first_admin="none", roles=["staff"])
    assert "不設群組管理員時，申請不能由群組管理員審核。" in wrong.text
    assert provider.idp("service", "show", "--id", service_id, "--json")["changed_keys"] == [], "nothing was saved"

    # The wizard that it would give, before and after it is saved.
    good = {"company_proof": ["document", "card"], "first_admin": "first_verified", "text_terms_when": "before_apply"}
    seen = sent(boss, wrong, "show-preview", **good, text_terms_version="1")
    assert "這樣設定的申請流程" in seen.text
    assert "漁港申報" in applying(provider, service_id).text
    assert provider.idp("service", "show", "--id", service_id, "--json")["changed_keys"] == []
    page = sent(boss, seen, "save")
    assert page.path == f"/ops/services/{service_id}/preview"
    first, colleague, card = (
        page.html.partition(f'id="applicant-{name}"')[2].partition("</section>")[0]
        for name in ("first", "colleague", "card")
    )
    assert "證明文件" in first
    assert "公司文件通過" in first
    assert "您的帳號將由貴公司的群組管理員審核" in colleague
    assert "待審核提醒" in colleague
    assert "此帳號即為該公司之群組管理員。" in card
    policy = provider.idp("service", "show", "--id", service_id, "--json")
    assert policy["preset"] == "dreams"
    assert policy["changed_keys"] == ["company_proof", "roles", "verify_hours"]
    assert policy["policy"]["company_proof"] == ["card", "document"], "in the order they had; what is new comes last"
    [changed] = details(boss, "service:changed", service_id)
    assert changed["changed"] == ["policy"]
    assert changed["keys"] == ["company_proof", "roles", "verify_hours"]

    # Two at once: the second is told, keeps what she typed, and may decide anew.
    stale = boss.browser.get(f"/ops/services/{service_id}/policy")
    provider.idp("service", "set", "--id", service_id, "--footer", "另一行")
    late = sent(boss, stale, "save", escalate_after_days="3")
    assert (late.status, "資料在您開啟頁面後已經變更" in late.text) == (409, True)
    assert "逾期轉由服務單位審核的天數" in late.html.partition('id="differing"')[2].partition("</div>")[0]
    assert "已儲存「漁港申報」的註冊政策。" in sent(boss, late, "save").text
    brand = boss.browser.get(f"/ops/services/{service_id}/brand")
    assert chosen(brand, "save", "mail_footer") == ["另一行"], "what the other changed stays"
    page = sent(boss, brand, "save", name_zh="漁港申報系統", mail_footer="")
    assert "漁港申報系統" in page.text
    assert sent(boss, brand, "save", name_zh="x").status == 409
    filled = boss.browser.get(f"/ops/services/{service_id}/policy", params={"preset": "twport"})
    assert "尚未儲存" in filled.text
    assert chosen(filled, "save", "member_approval") == ["operator"]
    assert "authority" not in applying(provider, service_id).html


def test_a_new_version_of_a_text_is_published_and_asked_for(provider: Town) -> None:
    boss = an_operator(provider, "configurator", "auditor")
    service_id, _ = a_service(boss)
    base = f"/ops/services/{service_id}/texts"
    page = boss.browser.get(base)
    assert "系統內建" in page.text
    page = boss.browser.get(f"{base}/terms/new")
    [begun] = chosen(page, "publish", "zh")
    assert begun.lstrip().startswith("1. **帳號與群組**：本服務以公司為群組單位。")
    stale = page
    page = sent(boss, page, "publish", zh="", en="{nowhere}")
    assert (page.status, "請輸入文件內容。" in page.text) == (400, True)
    zh = "# 使用規定\n\n**{service}**的帳號<script>alert(1)</script>不得轉借。\n\n1. 甲\n2. 乙\n\n聯絡：{mailbox}"
    page = sent(boss, page, "show-preview", zh=zh + "長" * 4000, en="Rules of {service}")
    assert "<b>漁港申報</b>的帳號&lt;script&gt;alert(1)&lt;/script&gt;不得轉借。" in page.html
    assert "Rules of Harbour reports" in page.text
    assert "（4" not in applying(provider, service_id).text
    page = sent(boss, page, "publish", zh=zh)
    assert "已發布服務條款第 2 版。" in page.text
    late = sent(boss, stale, "publish", zh="晚到的", en="late")
    assert (late.status, chosen(late, "publish", "zh")[0].strip()) == (409, "晚到的")
    shown = boss.browser.get(f"{base}/terms/2")
    assert f"{boss.name}於" in shown.text
    assert boss.browser.get(f"{base}/terms/3").status == boss.browser.get(f"{base}/nothing/1").status == 404
    # Who applies reads it, in either worker and language, and agrees to this version.
    for _ in range(4):
        terms = applying(provider, service_id)
        assert "使用規定" in terms.text
        assert "版本 2" in terms.text
        assert "alert(1)" in terms.text
        assert "<script>alert" not in terms.html
    assert "Rules of Harbour reports" in applying(provider, service_id, language="en").text
    policy = provider.idp("service", "show", "--id", service_id, "--json")["policy"]
    assert [(text["id"], text["version"]) for text in policy["consents"]] == [("terms", "2")]
    [published] = details(boss, "service:text:published", service_id)
    assert published == {"service": service_id, "text": "terms", "version": "2"}


def test_menus_are_compared_before_they_are_taken_over(provider: Town) -> None:
    boss = an_operator(provider, "configurator")
    service_id, _ = a_service(boss)
    page = boss.browser.get(f"/ops/services/{service_id}/menus")
    assert "這項服務還沒有應用系統。" in page.text
    client = provider.new_client(menus=MENUS, more=["--service", service_id])
    other = provider.new_client(menus=MENUS)
    base = f"/ops/services/{service_id}/menus"

    def compare(content: Any) -> Page:
        text = content if isinstance(content, str) else json.dumps(content)
        page = boss.browser.get(base)
        return boss.browser.submit(page, "compare", files={"file": ("menus.json", text.encode())})

    assert "請選擇選單檔案。" in compare("").text
    assert "檔案不是可以讀取的 JSON。" in compare("{").text
    assert "client_id 不是這項服務的應用系統" in compare({"client_id": other.client_id, "menus": MENUS}).text
    twice = {"client_id": client.client_id, "menus": [MENUS[0], MENUS[0]]}
    page = compare(twice)
    assert (page.status, "選單「site.list」：代碼重複。" in page.text) == (400, True)
    new = {**MENUS[1], "code": "site.edit", "label_zh": "修改案場", "label_en": "Edit a site", "parent": "site.list"}
    renamed = {**MENUS[0], "label_zh": "全部案場"}
    person = provider.person("staff")
    item = provider.server.read(
        "SELECT id FROM menu_items WHERE client_id = :c AND code = 'site.review'", {"c": client.client_id}
    )[0][0]
    provider.server.write(
        "INSERT INTO menu_rights (account_id, menu_item_id, allowed, changed_at) SELECT id, :i, true, created_at"
        " FROM accounts WHERE id = :a",
        {"i": item, "a": person.sub},
    )
    wanted = {"client_id": client.client_id, "menus": [renamed, MENUS[1], new]}
    page = compare(wanted)
    parts = {name: page.html.partition(f'id="{name}"')[2].partition("</section>")[0] for name in ("added", "renamed")}
    assert "site.edit" in parts["added"]
    assert "中文名稱：案場列表 → 全部案場" in parts["renamed"]
    retired = page.html.partition('id="retired"')[2]
    assert ("site.review" in retired, '<td role="cell" class="num" data-l="有個別設定的帳號">1</td>' in retired) == (
        True,
        True,
    )
    stale = compare(wanted)
    page = sent(boss, page, "apply")
    assert (page.path, "的選單。" in page.text, "全部案場" in page.text) == (base, True, True)
    late = sent(boss, stale, "apply")
    assert (late.status, "選單在比較後已經變更，沒有套用。" in late.text) == (409, True)
    assert "選單沒有變更" in compare(wanted).text
    assert [action for action, _ in audit_of(boss)].count("client:menus:imported") == 1


def test_who_may_only_look_changes_nothing(provider: Town) -> None:
    boss, auditor = an_operator(provider, "configurator"), an_operator(provider, "auditor")
    service_id, _ = a_service(boss)
    for path in ("", "/policy", "/preview", "/texts", "/texts/terms/1", "/menus"):
        page = auditor.browser.get(f"/ops/services/{service_id}{path}")
        assert page.status == 200, path
        assert not any(page.has(button) for button in ("save", "to-brand", "compare", "write-terms")), path
    stamp = stamp_of(auditor.browser.get("/ops"))
    for path in ("/brand", "/policy", "/texts/terms/new", "/menus", "/menus/apply"):
        address = f"/ops/services/{service_id}{path}"
        answer = auditor.browser.post(address, stamp, headers={"Origin": provider.issuer})
        assert (answer.status, "您的職責不包含「變更服務與應用系統」。" in answer.text) == (403, True), path
    assert auditor.browser.get("/ops/services/new").status == 403
    assert boss.browser.get("/ops/services/nowhere").status == 404
