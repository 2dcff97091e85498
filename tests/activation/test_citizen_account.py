"""建立自然人憑證帳號: her own card is shown in the wizard and signs the account in once it is activated."""

import pytest

from tests.activation.place import activate, name_company, newcomer, person, status_of, to_company
from tests.cards.steps import said as told_in
from tests.harness.browser import Browser
from tests.harness.cards import a_card, a_citizen, answer, panel_of
from tests.harness.mailbox import Mailbox
from tests.harness.people import PASSWORD, Town
from tests.security.doors import enter, is_in


@pytest.mark.requirement("R-185", "R-187", "R-207")
def test_a_citizen_account_shows_its_card_is_activated_and_signs_in_by_it_and_proves_no_company(
    town: Town, browser: Browser, mailbox: Mailbox, tax_id: str
) -> None:
    card = a_citizen(town, "陳美惠")
    # She puts the card in at the sign-in page first: her name goes along, and the kind of account.
    page = answer(browser, browser.get("/login/card?kind=citizen"), card)
    apply = next(link for link in page.links if "/register?" in link)
    brought = browser.get(f"{apply}&service=ida")
    assert brought.path == "/register/terms", brought
    page = name_company(browser, to_company(browser, "citizen_card"), tax_id)
    assert page.path == "/register/citizen", page
    assert panel_of(page)["purpose"] == "prove"
    assert "自然人憑證只能識別個人身分，不能證明公司。" in page.text
    assert page.response.headers["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"
    assert page.controls_without_id == []
    around = browser.post(
        "/register/citizen", dict(page.forms[-1].fields) | {"do": "next"}, headers={"Origin": browser.origin}
    )
    assert around.path == "/register/citizen"
    refused = answer(browser, page, a_card(town, tax_id, f"公司{tax_id}"))
    assert "這張卡片不是自然人憑證（例如工商憑證），在這裡無法使用。" in told_in(refused)
    page = answer(browser, refused, card)
    for words in ("憑證驗證結果：成功", "陳美惠"):
        assert words in page.text
    page = browser.submit(page, "next")
    assert page.path == "/register/account"
    assert 'value="陳美惠"' in page.html
    said = person() | {"name": "陳美惠"}
    page = browser.submit(page, "next", **said)
    for told in ("帳號申請確認", "自然人憑證帳號", "申請帳號"):
        assert told in page.text
    page = browser.submit(page, "submit")
    her = newcomer(town, mailbox, browser, page, said["email"], tax_id)
    assert "自然人憑證帳號" in her.mail.text
    early = town.browser()
    assert not is_in(answer(early, early.get("/login/card"), card))
    done = activate(browser, browser.get(her.mail.link), tax_id, "")
    assert "帳號已啟用，可以登入了" in done.text
    assert status_of(town, her.number)[0] == "active"
    elsewhere = town.browser()
    assert is_in(answer(elsewhere, elsewhere.get("/login/card?kind=citizen"), card))
    assert not is_in(enter(town.browser(), her.number, PASSWORD)), "there is no password"
    assert town.server.read("SELECT proof FROM companies WHERE tax_id = :t", {"t": tax_id}) == [("none",)]
    [kept] = town.server.read(
        "SELECT c.kind, c.tax_id, c.company_id FROM cards c JOIN accounts a ON a.id = c.account_id"
        " WHERE a.username = :u",
        {"u": her.number},
    )
    assert tuple(kept) == ("citizen", None, None)
    # The same card for a second account is told so before she has filled in the rest.
    second = town.browser()
    page = name_company(second, to_company(second, "citizen_card"), tax_id)
    if page.path == "/register/verified":
        page = second.submit(page, "next")
    assert "請將卡片登錄在鏈結帳號" in told_in(answer(second, page, card))
