"""Applying with the company's card (P6): what it proves, whom it makes group admin, and what it is refused for."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.harness.browser import Browser, Page
from tests.harness.cards import a_card, answer, ask, ca, panel_of, send, signed
from tests.harness.mailbox import Mailbox
from tests.harness.people import EVERYTHING, PASSWORD, Town
from tests.registration.conftest import NewCompany
from tests.registration.wizard import ADDRESS, PHONE, TICK, Unit, Wizard, answers, number_of, run_of, value_of

MANUAL = "https://moeaca.nat.gov.tw/download/download_4.html"
SUCCESS = "憑證驗證結果：成功"


def to_card(wizard: Wizard, tax_id: str) -> Page:
    """P6."""
    page = wizard.name_company(wizard.to_found(tax_id))
    assert page.path == "/register/card", page
    return page


def sentence_of(page: Page) -> str:
    """What the error box says."""
    return page.html.split('id="summary"')[1].split("</div>")[0]


def evidence_of(town: Town, number: str) -> str | None:
    """The evidence that a case carries."""
    [(evidence,)] = town.server.read("SELECT card_evidence_id FROM cases WHERE number = :n", {"n": number})
    return str(evidence) if evidence else None


def told_to_the_log(town: Town, action: str, outcome: str = "done") -> str:
    """The details of all audit rows of this act."""
    statement = "SELECT details FROM audit_log WHERE action = :action AND outcome = :outcome"
    return str(town.server.read(statement, {"action": action, "outcome": outcome}))


def age_proof(town: Town, run: str) -> None:
    """The card was given three hours ago."""
    [(data,)] = town.server.read("SELECT data FROM flows WHERE id = :id", {"id": run})
    told: dict[str, Any] = json.loads(data) if isinstance(data, str) else data
    told["card"]["at"] = (datetime.now(UTC) - timedelta(hours=3)).timestamp()
    statement = "UPDATE flows SET data = :data WHERE id = :id"
    if town.server.kind == "postgresql":
        statement = "UPDATE flows SET data = CAST(:data AS json) WHERE id = :id"
    assert town.server.write(statement, {"data": json.dumps(told), "id": run}) == 1


@pytest.mark.requirement("R-001", "R-003", "R-015", "R-017", "R-018")
def test_a_new_company_registers_by_its_card_and_its_bearer_leads_it(
    town: Town, browser: Browser, mailbox: Mailbox, unit: Unit
) -> None:
    wizard = Wizard(browser, "cards")
    page = wizard.to_found(unit.tax_id)
    assert "以貴公司為群組單位，首次申請帳號需使用工商憑證進行驗證並成為群組管理員。" in page.text
    page = wizard.name_company(page)
    assert page.path == "/register/card"
    for told in ("完成安裝讀卡機並插入工商憑證", "若憑證驗證結果為「成功」，即可點選下一步。", "驗證憑證", unit.name):
        assert told in page.text
    assert panel_of(page)["run"] == run_of(page)
    # No further without it: neither by the address of a later step nor by its form.
    assert page.button("next") is None
    assert browser.get(f"/register/account?run={run_of(page)}").path == "/register/card"
    pushed = browser.post(
        "/register/card", dict(page.forms[0].fields) | {"do": "next"}, headers={"Origin": browser.origin}
    )
    assert (pushed.path, SUCCESS in pushed.text) == ("/register/card", False)
    # CD07: the name is the certificate's, whatever the form and the register say.
    name = f"{unit.name}（新名）"
    card = a_card(town, unit.tax_id, name)
    page = answer(browser, page, card)
    assert page.path == "/register/card"
    assert SUCCESS in page.text
    assert f"{name}（統一編號 {unit.tax_id}）‧正卡‧有效至" in page.text
    assert "完成Email認證後，此帳號即為該公司之群組管理員。" in page.text
    assert page.button("next")[1].text == "下一步"  # type: ignore[index]
    page = browser.submit(page, "next")
    assert page.path == "/register/account"
    page = browser.submit(page, "next", **wizard.person)
    assert page.path == "/register/check"
    for told in ("已通過工商憑證驗證", name, "統一編號與公司名稱來自您的工商憑證", "此帳號即為該公司之群組管理員。"):
        assert told in page.text
    assert not page.has("change-company_name")
    page = browser.submit(page, "submit")
    assert page.path == "/register/done"
    assert "帳號開通後，也可以使用這張工商憑證登入。" in page.text
    evidence = evidence_of(town, number_of(page))
    assert evidence is not None
    companies = "SELECT proof, name FROM companies WHERE tax_id = :tax_id"
    assert town.server.read(companies, {"tax_id": unit.tax_id}) == [("none", unit.name)]
    mail = mailbox.newest(wizard.person["email"])
    browser.submit(browser.get(mail.link), "verify-confirm")
    assert town.server.read(companies, {"tax_id": unit.tax_id}) == [("card", name)]
    rows = town.server.read(
        "SELECT a.role, a.status, k.rank FROM accounts a JOIN cards k ON k.account_id = a.id WHERE a.username = :u",
        {"u": wizard.person["username"]},
    )
    assert rows == [("group_admin", "active", "primary")]
    assert evidence in told_to_the_log(town, "company:proven")
    signed_in = browser.submit(browser.get("/login"), "sign-in", username=wizard.person["username"], password=PASSWORD)
    assert "權限為群組管理員" in signed_in.text
    # From now on the card signs her in.
    elsewhere = town.browser()
    signed_in = answer(elsewhere, elsewhere.get("/login/card"), card)
    assert (signed_in.path, "權限為群組管理員" in signed_in.text) == ("/account", True)


@pytest.mark.requirement("R-016", "R-019", "R-020")
def test_the_page_says_where_the_pin_goes_and_where_help_is(town: Town, browser: Browser, unit: Unit) -> None:
    page = to_card(Wizard(browser, "cards"), unit.tax_id)
    assert "憑證密碼只交給您電腦上的憑證元件，不會傳送到本系統。" in page.text
    assert not any("pin" in name.lower() for form in page.forms for name, _ in form.fields)
    assert "工商憑證操作若出現問題無法排除，可參考經濟部工商憑證中心之操作說明：" in page.text
    assert MANUAL in page.links
    assert "驗證失敗、鎖卡、無法讀取" in page.text
    assert "讀卡所需程式與操作說明文件" in page.text
    assert f"{browser.origin}/help/card" in page.links
    assert page.response.headers["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"


def test_a_card_is_refused_with_its_reason_and_nothing_typed_is_lost(
    town: Town, browser: Browser, new_company: NewCompany
) -> None:
    unit, other = new_company(), new_company()
    page = to_card(Wizard(browser, "cards"), unit.tax_id)
    run = run_of(page)
    revoked = a_card(town, unit.tax_id)
    ca().pki.companies.revoke(revoked)
    for told, card in (
        ("這張憑證已於", a_card(town, unit.tax_id, days=(-400, -1))),
        ("這張卡片是附卡，這項服務只接受正卡。", a_card(town, unit.tax_id, rank="secondary")),
        ("這張憑證已被廢止", revoked),
        ("無法證明公司身分", ca().pki.citizen()),
    ):
        page = answer(browser, page, card)
        assert page.path == "/register/card"
        assert told in sentence_of(page)
        assert (page.button("next"), page.text.startswith("請修正：")) == (None, True)
    # Another company's: both numbers are told, and both ways.
    page = answer(browser, page, a_card(town, other.tax_id, other.name))
    assert page.status == 409
    assert f"卡片的統一編號 {other.tax_id} 與您填寫的 {unit.tax_id} 不同。" in sentence_of(page)
    assert page.has("change-number")
    refused = told_to_the_log(town, "card:presented", "refused")
    for code in ("card.expired", "card.rank", "card.revoked", "card.subject_type", "card.mismatch"):
        assert code in refused, code
    assert browser.get(f"/register/account?run={run}").path == "/register/card"
    # The number of that card: its company is asked about anew, and then the card is good.
    company = browser.get(f"/register/company?run={run}")
    assert (value_of(company, "company_phone"), value_of(company, "company_address")) == (PHONE, ADDRESS)
    page = browser.submit(company, "lookup", number=other.tax_id)
    page = browser.submit(page, "next", confirmed=TICK, company_phone=PHONE, company_address=ADDRESS)
    assert page.path == "/register/card"
    page = answer(browser, page, a_card(town, other.tax_id, other.name))
    assert SUCCESS in page.text
    # Changed once more, the proof is gone: it is that number's alone.
    browser.submit(browser.get(f"/register/company?run={run}"), "lookup", number=unit.tax_id)
    page = browser.get(f"/register/account?run={run}")
    assert page.path == "/register/company"
    page = browser.submit(page, "next", confirmed=TICK, company_phone=PHONE, company_address=ADDRESS)
    assert (page.path, SUCCESS in page.text) == ("/register/card", False)


def test_an_answer_is_for_the_run_it_was_asked_for_and_once(town: Town, browser: Browser, unit: Unit) -> None:
    """CD01, CD02, RG06: two tabs, a second browser, the same answer twice, a form out of its turn."""
    card = a_card(town, unit.tax_id, unit.name)
    one, two = Wizard(browser, "cards"), Wizard(browser, "cards", answers())
    in_one, in_two = to_card(one, unit.tax_id), to_card(two, unit.tax_id)
    fields = signed(ask(browser, in_one), card, origin=browser.origin)
    # What was asked for in one tab proves nothing in the other, and is used up.
    page = send(browser, in_two, fields)
    assert (page.path, run_of(page)) == ("/register/card", run_of(in_two))
    assert "這次驗證已經使用過或逾時" in sentence_of(page)
    fields = signed(ask(browser, in_one), card, origin=browser.origin)
    assert SUCCESS in send(browser, in_one, fields).text
    page = send(browser, in_one, fields)
    assert "這次驗證已經使用過或逾時" in sentence_of(page)
    # The good answer of before still stands.
    assert SUCCESS in browser.get(in_one.url).text
    stranger = town.browser()
    stolen = to_card(Wizard(stranger, "cards", answers()), unit.tax_id)
    page = send(stranger, stolen, signed(ask(browser, in_one), card, origin=browser.origin), run=run_of(in_one))
    assert SUCCESS not in page.text
    # Signed to sign in, or on another site: nothing is proven.
    for altered in ({"purpose": "login"}, {"origin": "https://idp.evil.example"}):
        told: dict[str, Any] = {"origin": browser.origin, **altered}
        page = send(browser, in_two, signed(ask(browser, in_two), card, **told))
        assert "憑證的簽章與這次操作不符" in sentence_of(page)
    # The step before its turn, by hand.
    early = Wizard(browser, "cards", answers()).begin()
    page = send(
        browser, in_two, signed(ask(browser, in_two, run=run_of(early)), card, origin=browser.origin), run=run_of(early)
    )
    assert page.path == "/register/terms"
    sent = browser.post(
        "/register/check", dict(in_two.forms[-1].fields) | {"do": "submit"}, headers={"Origin": browser.origin}
    )
    assert sent.status == 409
    assert "申請沒有送出" in sent.text


def test_a_proof_lasts_two_hours_and_is_asked_for_again(town: Town, browser: Browser, unit: Unit) -> None:
    wizard = Wizard(browser, "cards")
    card = a_card(town, unit.tax_id, unit.name)
    page = browser.submit(answer(browser, to_card(wizard, unit.tax_id), card), "next")
    check = browser.submit(page, "next", **wizard.person)
    age_proof(town, run_of(check))
    late = browser.submit(check, "submit")
    assert (late.status, "申請沒有送出" in late.text) == (409, True)
    page = asked = browser.get(check.url)
    assert page.path == "/register/card"
    assert "工商憑證的驗證已超過 2 小時，請再驗證一次；其他已填寫的資料都為您保留。" in page.text
    page = browser.submit(answer(browser, page, card), "next")
    assert page.path == "/register/check"
    assert wizard.person["email"] in page.text
    done = browser.submit(page, "submit")
    assert done.path == "/register/done"
    # Sent once: the card's page of this run shows what was sent.
    assert number_of(browser.get(f"/register/card?run={run_of(check)}")) == number_of(done)
    assert number_of(send(browser, asked, {"nonce": "x"})) == number_of(done)


def test_where_several_proofs_are_taken_the_card_is_one_way(town: Town, browser: Browser, unit: Unit) -> None:
    wizard = Wizard(browser, "choice")
    page = wizard.name_company(wizard.to_found(unit.tax_id))
    assert page.path == "/register/proof"
    assert "由服務單位確認" in page.text
    assert page.button("choose-card")[1].text == "使用工商憑證驗證"  # type: ignore[index]
    page = browser.submit(page, "choose-card")
    assert page.path == "/register/card"
    page = browser.submit(page, "other-way")
    assert page.path == "/register/proof"
    onward = browser.submit(page, "next")
    assert onward.path == "/register/account"
    # Back, and by card after all.
    page = browser.submit(browser.get(page.url), "choose-card")
    page = browser.submit(answer(browser, page, a_card(town, unit.tax_id, unit.name)), "next")
    page = browser.submit(page, "next", **wizard.person)
    assert "此帳號即為該公司之群組管理員。" in page.text


@pytest.mark.requirement("R-180", "R-182", "R-184", "R-207")
def test_where_nothing_need_be_proven_the_card_is_for_electronic_cases(
    town: Town, browser: Browser, unit: Unit
) -> None:
    wizard = Wizard(browser, "papers")
    page = wizard.to_found(unit.tax_id)
    assert "公司資料" in page.text
    page = wizard.name_company(page)
    assert page.path == "/register/proof"
    assert "公司欲使用全電子申請作業時，須先建立工商憑證帳號申請。" in page.text
    assert "如僅申請非憑證帳號未申請工商憑證，則僅能進行紙本申辦作業，不得進行全電子申辦。" in page.text
    assert page.has("choose-card")
    page = browser.submit(browser.submit(page, "next"), "next", **wizard.person)
    assert page.path == "/register/check"
    assert "確認申請資料" in page.text


@pytest.mark.requirement("R-014", "R-029")
def test_where_nobody_can_lead_any_more_the_bearer_of_the_primary_card_does(
    town: Town, browser: Browser, mailbox: Mailbox, new_company: NewCompany
) -> None:
    unit = new_company("card")
    former = town.person("staff", tax_id=unit.tax_id)
    wizard = Wizard(browser, "cards")
    page = wizard.name_company(wizard.to_found(unit.tax_id))
    assert page.path == "/register/verified"
    assert "因為貴公司已通過工商憑證驗證" in page.text
    assert "貴公司目前沒有群組管理員，因此改由服務單位審核。" in page.text
    page = browser.submit(page, "choose-card")
    page = answer(browser, page, a_card(town, unit.tax_id, unit.name))
    assert "貴公司目前沒有群組管理員：完成Email認證後，此帳號即為該公司之群組管理員。" in page.text
    page = browser.submit(browser.submit(page, "next"), "next", **wizard.person)
    assert "此帳號即為該公司之群組管理員。" in page.text
    page = browser.submit(page, "submit")
    browser.submit(browser.get(mailbox.newest(wizard.person["email"]).link), "verify-confirm")
    role = "SELECT role FROM accounts WHERE username = :u"
    assert town.server.read(role, {"u": wizard.person["username"]}) == [("group_admin",)]
    assert town.server.read(role, {"u": former.username}) == [("staff",)]


@pytest.mark.requirement("R-203")
def test_a_card_without_an_account_brings_number_and_name_along(
    town: Town, browser: Browser, new_company: NewCompany
) -> None:
    unit, other = new_company(), new_company()
    card = a_card(town, unit.tax_id, unit.name)
    page = answer(browser, browser.get("/login/card"), card)
    # Where there are several services the choice keeps what the card has told.
    assert page.path == "/register"
    page = browser.get(next(link for link in page.links if "service=choice" in link))
    assert page.path == "/register/terms"
    page = browser.submit(page, "next", agreed=TICK)
    assert page.path == "/register/company"
    assert "此卡片尚未申請帳號，請先完成申請，憑證資料已為您帶入。" in page.text
    assert value_of(page, "number") == unit.tax_id
    assert f"查到的公司是「{unit.name}」" in page.text
    wizard = Wizard(browser, "choice")
    page = wizard.name_company(page)
    # What it has signed was for signing in: here it is asked for once more.
    assert page.path == "/register/card"
    assert "登入時讀取的憑證只用於登入" in page.text
    assert SUCCESS in answer(browser, page, card).text
    # The number can be changed; then the card is another company's.
    page = browser.submit(browser.get(f"/register/company?run={run_of(page)}"), "lookup", number=other.tax_id)
    assert "憑證資料已為您帶入" not in page.text
    page = answer(browser, wizard.name_company(page), card)
    assert f"卡片的統一編號 {unit.tax_id} 與您填寫的 {other.tax_id} 不同。" in sentence_of(page)
    assert page.has("other-way")
    # Nobody else's browser has anything of it.
    assert town.browser().get("/register", params={"card": "fl_made_up", "service": "cards"}).path == "/register/terms"


@pytest.mark.requirement("R-203")
def test_on_the_way_to_an_application_a_card_leads_through_the_wizard_once(
    town: Town, browser: Browser, unit: Unit
) -> None:
    party = town.new_rp(scope=EVERYTHING, consent=False, more=["--service", "cards"])
    card = a_card(town, unit.tax_id, unit.name)
    page = party.open(browser, party.ask())
    by_card = next(link for link in page.links if "/login/card" in link)
    # She has begun before without her card: with it she begins anew, and comes back to that.
    begun = browser.get(next(link for link in page.links if "/register?request_id=" in link))
    page = answer(browser, browser.get(by_card), card)
    assert (page.path, run_of(page) == run_of(begun)) == ("/register/terms", False)
    assert run_of(answer(browser, browser.get(by_card), card)) == run_of(page)
    wizard = Wizard(browser, "cards")
    page = wizard.name_company(browser.submit(page, "next", agreed=TICK))
    page = browser.submit(browser.submit(answer(browser, page, card), "next"), "next", **wizard.person)
    done = browser.submit(page, "submit")
    assert done.path == "/register/done"
    # Until she is let in the card signs nobody in: she is shown where her application is.
    assert number_of(answer(browser, browser.get(by_card), card)) == number_of(done)


def test_a_correction_keeps_the_card_that_was_given(town: Town, browser: Browser, unit: Unit) -> None:
    wizard = Wizard(browser, "cards")
    name = f"{unit.name}（新名）"
    page = browser.submit(answer(browser, to_card(wizard, unit.tax_id), a_card(town, unit.tax_id, name)), "next")
    done = browser.submit(browser.submit(page, "next", **wizard.person), "submit")
    number = number_of(done)
    evidence = evidence_of(town, number)
    browser.submit(browser.get("/register/status"), "look-up", number=number, email=wizard.person["email"])
    page = browser.submit(browser.get("/register/status/correct"), "correct", password=PASSWORD)
    page = browser.submit(page, "next", company_phone="02-27654321")
    assert page.path == "/register/check", page
    assert "憑證驗證" not in page.html.split('<ol class="steps"')[1].split("</ol>")[0]
    assert (name in page.text, "已通過工商憑證驗證" in page.text) == (True, True)
    browser.submit(page, "submit")
    assert evidence_of(town, number) == evidence


def test_the_card_pages_are_there_in_english(town: Town, unit: Unit) -> None:
    browser = Browser(town.issuer, language="en")
    wizard = Wizard(browser, "cards")
    page = wizard.name_company(wizard.to_found(unit.tax_id), confirmed=TICK)
    for told in ("Card check", "Insert the company card", "Check the card", "instructions of the MOEA"):
        assert told in page.text
    page = answer(browser, page, a_card(town, unit.tax_id, "ACME"))
    assert "Card check: successful" in page.text
