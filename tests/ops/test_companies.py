"""「公司」 (P37): found by number or by how a name begins, proven by an operator's word, led, suspended."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.harness.browser import Page
from tests.harness.mailbox import Mailbox
from tests.harness.operators import Operator, an_operator, audit_of, stamp_of
from tests.harness.people import Town
from tests.harness.relying_party import RelyingParty

REASON = "致電登記電話，由負責人確認"


def act(one: Operator, company: str, name: str, **values: str) -> Page:
    """Open an act's question and answer it."""
    return one.browser.submit(one.browser.get(f"/ops/companies/{company}/{name}"), name, **values)


def is_listed(one: Operator, tab: str, company: str) -> bool:
    """Whether a company is on any page of a tab."""
    page = one.browser.get(f"/ops/companies?tab={tab}")
    while not page.has(f"company-{company}"):
        if "next" not in page.ids:
            return False
        page = one.browser.get(next(link for link in page.links if "after=" in link))
    return True


@pytest.mark.requirement("R-010")
def test_a_company_is_found_by_number_or_by_how_its_name_begins(provider: Town) -> None:
    support = an_operator(provider, "support")
    company = provider.new_company("臺灣搜尋 Harbour ")
    tax_id, find = company["tax_id"], lambda words: support.browser.get("/ops/companies", params={"q": words})
    wide = tax_id.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    for words in (tax_id, wide, f"台灣搜尋harbour{tax_id}", f"臺灣搜尋　ＨＡＲＢＯＵＲ {tax_id[:7]}"):
        assert find(words).has(f"company-{company['id']}"), words
    for words in (f"搜尋 Harbour {tax_id}", "%", "_", "灣%", "\x00"):
        assert f"company-{company['id']}" not in find(words).ids, words
    assert "找不到符合的公司。" in find("20828393").text
    assert "由第一個字起" in find("").text
    assert support.browser.get(f"/ops/companies/{tax_id}").status == 200
    assert support.browser.get("/ops/companies/co_none").status == 404
    assert support.browser.get("/ops/companies?after=gone&tab=nonsense").status == 200


@pytest.mark.both_databases
def test_a_company_is_proven_led_suspended_and_restored_by_operators(provider: Town, app: RelyingParty) -> None:
    support, other = an_operator(provider, "support", name="林客服"), an_operator(provider, "support")
    company = provider.new_company("協助測試")
    key, tax_id = company["id"], company["tax_id"]
    staff = provider.person("staff", tax_id=tax_id, name="陳同仁")
    page = support.browser.get(f"/ops/companies/{key}")
    assert "尚未驗證" in page.text
    assert is_listed(support, "unproven", key)

    stale = other.browser.get(f"/ops/companies/{key}/prove")
    assert "請填寫原因，最多 500 個字。" in act(support, key, "prove", reason=" ").text
    page = act(support, key, "prove", reason=REASON)
    assert f"「{company['name']}」已通過驗證。" in page.text
    assert all(words in page.text for words in ("營運人員查證", "林客服", REASON, "沒有可以登入的群組管理員"))
    page = other.browser.submit(stale, "prove", reason=REASON)
    assert (page.status, "資料在您開啟頁面後已經變更" in page.text) == (409, True)
    assert is_listed(support, "gap", key)

    assert "這家公司沒有這個帳號" in act(support, key, "admin", username=support.username, reason=REASON).text
    page = act(support, key, "admin", username=f" {staff.username.upper()} ", reason=REASON)
    assert "已指派群組管理員，並已寄出通知信。" in page.text
    assert "群組管理員" in Mailbox(provider).newest(staff.email).text
    assert "這個帳號已經是群組管理員。" in act(support, key, "admin", username=staff.username, reason=REASON).text
    assert not is_listed(support, "gap", key)

    browser = provider.browser()
    tokens = app.sign_in(browser, staff)
    questions = [(one, one.browser.get(f"/ops/companies/{key}/suspend")) for one in (support, other)]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda q: q[0].browser.submit(q[1], "suspend", reason="負責人來函要求停用"), questions))
    assert sorted(answer.status for answer in answers) == [200, 409]
    assert [row for one in (support, other) for row in audit_of(one)].count(("company:suspended", "done")) == 1
    assert app.introspect(tokens.access_token) == {"active": False}
    page = browser.submit(browser.get("/login"), "sign-in", username=staff.username, password=staff.password)
    assert "停用原因：負責人來函要求停用" in page.text
    mail = Mailbox(provider).newest(staff.email)
    assert ("貴公司的帳號已停用" in mail.text, "負責人來函要求停用" in mail.text) == (True, True)
    assert is_listed(support, "suspended", key)
    page = act(support, key, "restore", reason="已查明")
    assert (f"已恢復「{company['name']}」。" in page.text, "停用原因" in page.text) == (True, False)
    assert "已查明" in Mailbox(provider).newest(staff.email).text
    assert app.sign_in(provider.browser(), staff).access_token


def test_who_may_only_look_and_who_belongs_to_the_company_changes_nothing(provider: Town) -> None:
    company = provider.new_company("看看測試")
    key = company["id"]
    auditor = an_operator(provider, "auditor", "reviewer")
    own = an_operator(provider, "support", own_tax_id=company["tax_id"])
    namesake = an_operator(provider, "support")
    provider.idp.kept(
        "account", "add", "--tax-id", company["tax_id"], "--username", namesake.username, "--name", "周文傑",
        "--email", namesake.email.upper(), "--role", "guest",
    )  # fmt: skip
    for one, sentence in ((auditor, "您的職責不包含「協助公司與帳號」。"), (own, ""), (namesake, "")):
        page = one.browser.get(f"/ops/companies/{key}")
        assert (page.status, page.has("to-prove"), page.has("to-suspend")) == (200, False, False)
        assert ("這是您所屬的公司，您只能查看。" in page.text) is (one is not auditor)
        for name in ("prove", "admin", "suspend", "restore"):
            sent = {**stamp_of(page), "version": "1", "reason": REASON, "name": "別的", "username": namesake.username}
            answer = one.browser.post(f"/ops/companies/{key}/{name}", sent, headers={"Origin": provider.issuer})
            assert (answer.status, sentence in answer.text) == (403, True), name
        assert not [action for action, outcome in audit_of(one) if action.startswith("company:") and outcome == "done"]
    shown = provider.idp("company", "show", "--tax-id", company["tax_id"], "--json")
    assert (shown["status"], shown["proof"], shown["name"]) == ("active", "none", company["name"])
