"""接任群組管理員: the bearer of the 正卡 leads a company whose group admins are gone, and they hear of it."""

from tests.cards.steps import events, said
from tests.cards.test_credentials import signed_in
from tests.harness.cards import a_card, answer, panel_of
from tests.harness.mailbox import Mailbox
from tests.harness.people import Town, new_tax_id

PAGE = "/account/succession"


def test_a_colleague_takes_over_by_the_primary_card_once_nobody_can_lead(provider: Town) -> None:
    tax_id, name = new_tax_id(), "孤島工程有限公司"
    provider.idp.kept("company", "add", "--tax-id", tax_id, "--name", name, "--proof", "none")
    former = provider.person("group_admin", tax_id=tax_id, name="陳美惠")
    successor, colleague = (
        provider.person("guest", tax_id=tax_id, name="林小玉"),
        provider.person("staff", tax_id=tax_id),
    )
    browser, hers = signed_in(provider, successor), signed_in(provider, colleague)
    primary = a_card(provider, tax_id, name)
    # While somebody leads the company, it says who, and no card helps.
    page = browser.get(PAGE)
    assert "貴公司已有群組管理員：陳美惠。" in page.text
    assert not page.has("card-panel")
    assert "接任" not in browser.get("/account/credentials").text
    assert signed_in(provider, former).get(PAGE).path == "/group/users"
    # The command does not suspend the last one: this is what was before there was such a rule.
    provider.server.write("UPDATE accounts SET status = 'suspended' WHERE id = :id", {"id": former.sub})
    page = browser.get("/account/credentials")
    assert "貴公司目前沒有可以登入的群組管理員。" in page.text
    assert PAGE in page.html
    for card, words in (
        (a_card(provider, tax_id, name, rank="secondary"), "須為正卡"),
        (a_card(provider, tax_id, name, rank="mobile"), "須為正卡"),
        (a_card(provider), f"與貴公司的 {tax_id} 不同"),
    ):
        page = browser.get(PAGE)
        assert panel_of(page)["purpose"] == "prove"
        assert "持有貴公司工商憑證正卡的人，可以在這裡接任。" in page.text
        page = answer(browser, page, card)
        assert page.status == 409
        assert words in said(page)
    others = hers.get(PAGE)
    page = answer(browser, browser.get(PAGE), primary)
    assert (page.status, page.path) == (200, "/group/users")
    assert f"您已接任{name}的群組管理員。" in page.text
    assert "貴公司目前有 3 個帳號，請確認名單與各人的權限。" in page.text
    assert colleague.username in page.text
    page = browser.get("/account")
    assert "群組管理員" in page.text
    assert "工商憑證" in page.text
    mail = Mailbox(provider).newest(former.email, "群組管理員已由他人接任")
    assert "林小玉已出示貴公司的工商憑證正卡" in mail.text
    assert mail.link == provider.issuer + "/help/card"
    # The 正卡 in a second hand comes too late, with the page that was open.
    page = answer(hers, others, primary)
    assert page.status == 409
    assert "這張卡片無法接任群組管理員" in said(page)
    assert "貴公司已有群組管理員：林小玉。" in page.text
    rows = events(provider, "company:group_admin:by_card", account=successor.sub)
    assert [outcome for _, outcome in rows] == ["refused", "refused", "refused", "done"]
    assert all("evidence" in str(details) for details, _ in rows)
    assert former.sub in str(rows[-1][0])
