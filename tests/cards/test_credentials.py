"""憑證與登入方式 (P30): a person puts her card on her account, signs in by it, and takes it off again."""

from datetime import timedelta

import pytest

from clients.testca.authority import Card
from tests.cards.steps import events, said
from tests.harness.browser import Browser, Page
from tests.harness.cards import a_card, answer, ask, ca, panel_of, send, signed
from tests.harness.mailbox import Mailbox
from tests.harness.people import Town, new_tax_id
from tests.harness.relying_party import Person
from tests.security.doors import is_signed_in, sign_in

PAGE = "/account/credentials"


def signed_in(provider: Town, person: Person) -> Browser:
    browser = provider.browser()
    sign_in(browser, person)
    return browser


def enrol(provider: Town, person: Person, card: Card) -> tuple[Browser, Page]:
    """Her browser, and the page after she has put the card on her account."""
    browser = signed_in(provider, person)
    return browser, answer(browser, browser.get(PAGE), card)


def removals(page: Page) -> list[str]:
    return [link for link in page.links if link.endswith("/remove")]


def serial_of(card: Card) -> str:
    return f"{card.certificate.serial_number:x}"


@pytest.mark.requirement("R-187", "R-222")
def test_a_person_enrols_her_card_signs_in_by_it_and_removes_it(provider: Town, staff: Person) -> None:
    card = a_card(provider)
    browser = signed_in(provider, staff)
    assert PAGE in browser.get("/account").html
    page = browser.get(PAGE)
    for words in (
        "這個帳號還沒有登錄卡片。",
        "登錄了卡片就是工商憑證帳號，只有密碼則是非憑證帳號；兩者啟用與管理的方式相同。",
        "僅提供非憑證帳號登入者使用，憑證登入者無法在本系統變更憑證 PIN 密碼",
    ):
        assert words in page.text
    assert panel_of(page)["purpose"] == "enrol"
    assert page.response.headers["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"
    page = answer(browser, page, card)
    assert (page.status, page.path) == (200, PAGE)
    assert f"已登錄正卡（憑證序號 {serial_of(card)}）" in page.text
    assert "測試一號有限公司" in page.text
    assert "尚未使用" in page.text
    assert page.response.headers["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"
    # Told once; and again with the same card is no harm, for who signs in by it.
    assert "已登錄正卡" not in browser.get(PAGE).text
    page = answer(browser, browser.get(PAGE), card)
    assert "只輸入密碼無法繼續" in page.text
    page = browser.get(page.url.replace("/login", "/login/card"))
    assert answer(browser, page, card).path == PAGE
    assert len(removals(answer(browser, browser.get(PAGE), card))) == 1
    mailbox = Mailbox(provider)
    assert [mail.link for mail in mailbox.all(staff.email) if "已登錄工商憑證" in mail.subject] == [
        provider.issuer + PAGE
    ]
    by_card = provider.browser()
    assert answer(by_card, by_card.get("/login/card"), card).path == "/account"
    page = browser.get(PAGE)
    assert "尚未使用" not in page.text
    [way] = removals(page)
    page = browser.get(way)
    assert serial_of(card) in page.text
    assert "卡片本身不會廢止" in page.text
    page = browser.submit(page, "remove")
    assert (page.path, removals(page)) == (PAGE, [])
    assert "這張卡片不能再登入" in page.text
    assert "若不是您本人移除" in mailbox.newest(staff.email, "已移除工商憑證").text
    stranger = provider.browser()
    assert answer(stranger, stranger.get("/login/card"), card).path == "/login/card/company"
    assert not is_signed_in(stranger)
    for action in ("account:card:enrolled", "account:card:removed"):
        [(details, outcome)] = events(provider, action, account=staff.sub)
        assert outcome == "done"
        assert serial_of(card) in str(details)


def test_a_card_that_may_not_be_enrolled_is_refused_in_words(
    provider: Town, staff: Person, guest: Person, other_staff: Person
) -> None:
    taken, others = a_card(provider), a_card(provider, "00000022")
    enrol(provider, guest, taken)
    browser = signed_in(provider, staff)
    revoked = a_card(provider)
    ca().pki.companies.revoke(revoked)
    for card, status, words in (
        (others, 409, "卡片的統一編號 00000022 與貴公司的 00000016 不同，請插入貴公司的工商憑證。"),
        (taken, 409, "這張卡片已登錄在另一個帳號。一張卡片只能登入一個帳號。"),
        (revoked, 403, "這張憑證已被廢止"),
    ):
        page = answer(browser, browser.get(PAGE), card)
        assert (page.status, removals(page)) == (status, [])
        assert words in said(page)
        assert "/help/card#sentences" in page.html
        assert panel_of(page)["purpose"] == "enrol"
        assert page.response.headers["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"
    # What was signed for another purpose, or for another account in this browser, enrols nothing.
    page, card = browser.get(PAGE), a_card(provider)
    question = ask(browser, page, purpose="prove")
    page = send(browser, page, signed(question, card, origin=provider.issuer))
    assert "重新插卡驗證一次" in said(page)
    page = browser.get(PAGE)
    fields = signed(ask(browser, page), card, origin=provider.issuer)
    assert send(browser, page, fields, account=guest.sub).status == 409
    assert removals(browser.get(PAGE)) == []
    assert removals(send(browser, page, fields)) != []
    refused = [
        details
        for details, outcome in events(provider, "account:card:enrolled", account=staff.sub)
        if outcome == "refused"
    ]
    assert ["evidence" in str(details) for details in refused] == [True, True]


def test_another_persons_card_is_not_there_and_the_only_way_in_stays(
    provider: Town, staff: Person, guest: Person
) -> None:
    card = a_card(provider, rank="secondary")
    hers, page = enrol(provider, guest, card)
    assert "附卡" in page.text
    answer(hers, hers.get("/login/card?again=1"), card)
    [way] = removals(page)
    browser = signed_in(provider, staff)
    form = browser.get(PAGE).forms[0]
    stamp = {name: form.value(name) for name in ("csrf_token", "account")}
    for address in (way, f"{PAGE}/cd_{'x' * 22}/remove"):
        assert browser.get(address).status == 404
        assert browser.post(address, stamp, headers={"Origin": provider.issuer}).status == 404
    assert removals(hers.get(PAGE)) == [way]
    # Without a password the card is all that signs her in.
    provider.server.write(
        "UPDATE passwords SET disabled_at = :at WHERE account_id = :id", {"at": "2026-01-01 00:00:00", "id": guest.sub}
    )
    assert "尚未設定" in hers.get(PAGE).text
    page = hers.get(way)
    assert "這是您唯一的登入方式，因此不能移除。請先登錄另一張卡片。" in page.text
    assert not page.has("remove")
    [form] = [form for form in page.forms if form.action.endswith("/remove")]
    page = hers.post(form.action, form.fields, headers={"Origin": provider.issuer})
    assert page.status == 409
    assert "這是您唯一的登入方式" in said(page)
    answer(hers, hers.get(PAGE), a_card(provider))
    assert len(removals(hers.submit(hers.get(way), "remove"))) == 1


def test_a_card_that_ends_within_60_days_is_told_by_mail_and_on_the_account_page(provider: Town, staff: Person) -> None:
    card = a_card(provider, days=(-1700, 59))
    browser, page = enrol(provider, staff, card)
    end = card.certificate.not_valid_after_utc + timedelta(hours=8)
    words = f"憑證將於{end.year - 1911}年{end.month}月{end.day}日（{end:%Y-%m-%d}）到期"
    for shown in (page, browser.get("/account")):
        assert words in shown.text
    assert "登錄新卡片，再移除舊卡片" in page.text
    mailbox = Mailbox(provider)
    mailbox.collect()
    mailbox.collect()
    [mail] = [mail for mail in mailbox.all(staff.email) if "工商憑證即將到期" in mail.subject]
    assert words in mail.text
    assert mail.link == provider.issuer + PAGE


def test_a_group_admin_proves_her_company_by_its_card(provider: Town) -> None:
    tax_id, name = new_tax_id(), "海風能源有限公司"
    provider.idp.kept("company", "add", "--tax-id", tax_id, "--name", name, "--proof", "none")
    admin, staff = (provider.person(role, tax_id=tax_id) for role in ("group_admin", "staff"))
    browser = signed_in(provider, admin)
    page = browser.get(PAGE)
    assert "貴公司尚未以工商憑證驗證" in page.text
    page = browser.get(PAGE + "/company")
    assert panel_of(page)["purpose"] == "prove"
    for card, words in (
        (a_card(provider, tax_id, name, rank="secondary"), "這張卡片是附卡，這項服務只接受正卡。"),
        (a_card(provider), f"卡片的統一編號 00000016 與貴公司的 {tax_id} 不同"),
    ):
        assert words in said(answer(browser, browser.get(PAGE + "/company"), card))
    page = answer(browser, browser.get(PAGE + "/company"), a_card(provider, tax_id, "海風股份有限公司"))
    assert (page.path, removals(page)) == (PAGE, [])
    assert "海風股份有限公司已通過工商憑證驗證。" in page.text
    assert "貴公司尚未以工商憑證驗證" not in page.text
    # Nothing is left to prove, and others have nothing to prove it with.
    assert browser.get(PAGE + "/company").path == PAGE
    hers = signed_in(provider, staff)
    assert "海風股份有限公司" in hers.get("/account").text
    assert hers.get(PAGE + "/company").status == 403
