"""自然人憑證: a person enrols her own card, signs in and shows again that it is she; it is never a company's proof."""

import pytest

from idp.certificates.reading import read_certificate
from tests.cards.steps import at_card_page, events, evidence, said, tokens_of
from tests.cards.test_credentials import PAGE, enrol, removals, serial_of, signed_in
from tests.harness.cards import CARD, DEMANDED, a_card, a_citizen, answer, ca, panel_of
from tests.harness.linked import acting_client, an_agent, bind, enter
from tests.harness.mailbox import Mailbox
from tests.harness.people import Town
from tests.harness.relying_party import Person, RelyingParty
from tests.security.doors import is_signed_in

MFA = "urn:company-idp:acr:mfa"
NATIONAL = ("6789", "9999000000000001")


@pytest.mark.requirement("R-187")
def test_a_person_enrols_her_own_card_signs_in_by_it_and_removes_it(
    provider: Town, app: RelyingParty, staff: Person
) -> None:
    card = a_citizen(provider, staff.name)
    browser = signed_in(provider, staff)
    page = browser.get(PAGE)
    for words in ("工商憑證與自然人憑證", "請插入工商憑證或自然人憑證", "不能證明公司。"):
        assert words in page.text, words
    page = answer(browser, page, card)
    assert f"已登錄自然人憑證（憑證序號 {serial_of(card)}）" in page.text
    assert staff.name in page.text
    told = Mailbox(provider).newest(staff.email, "已登錄自然人憑證")
    assert "已登錄一張自然人憑證，從現在起可以用這張卡片登入。" in told.text
    # Two factors, and the card of no company: what a client asks for as ``card`` it is not.
    visit = at_card_page(app, provider.browser())
    tokens = tokens_of(app, visit, answer(visit.browser, visit.page, card))
    assert (tokens.claims["sub"], tokens.claims["acr"]) == (staff.sub, MFA)
    assert tokens.claims["amr"] == ["sc", "pin", "hwk"]
    assert "憑證登入（讀卡元件）" in visit.browser.get("/account").text
    # Nothing of her national ID but within the certificate that is the evidence.
    assert [row[1] for row in evidence(provider, of=staff.sub)] == ["enrol", "login"]
    [row] = provider.server.read("SELECT * FROM cards WHERE account_id = :sub", {"sub": staff.sub})
    assert card.der not in [bytes(value) for value in row if isinstance(value, bytes | memoryview)]
    for number in NATIONAL:
        assert number not in str([value for value in row if value != serial_of(card)]).replace(
            read_certificate(card.der).key_sha256, ""
        ).replace(read_certificate(card.der).sha256, "")
    ((details, _),) = events(provider, "account:card:enrolled", account=staff.sub)
    assert "citizen" in str(details)
    # With one good way to sign in left, the other goes.
    browser = visit.browser
    [way] = removals(browser.get(PAGE))
    asked = browser.get(way)
    assert "遺失時請另向內政部憑證管理中心辦理。" in asked.text
    page = browser.submit(asked, "remove")
    assert (page.path, removals(page)) == (PAGE, [])
    assert "這張卡片不能再登入此帳號" in Mailbox(provider).newest(staff.email, "已移除自然人憑證").text
    stranger = provider.browser()
    assert answer(stranger, stranger.get("/login/card"), card).path == "/login/card/company"


def test_a_citizen_card_stands_in_nowhere_for_a_companys(provider: Town, app: RelyingParty, staff: Person) -> None:
    """Company proof, succession and ``acr`` card want the company's; revoked and expired ones sign nobody in."""
    card = a_citizen(provider, staff.name)
    browser, _ = enrol(provider, staff, card)
    page = answer(browser, browser.get("/account/succession"), card)
    assert "這張卡片不是工商憑證（例如自然人憑證），無法證明公司身分。" in said(page)
    asked = app.ask(acr_values=CARD)
    page = app.open(browser, asked)
    if panel_of(page)["purpose"] == "step-up":
        assert app.arrival(answer(browser, page, card), asked) is None
    gone = a_citizen(provider)
    ca().pki.citizens.revoke(gone)
    for bad, words in (
        (gone, "這張憑證已被廢止，無法使用。"),
        (a_citizen(provider, days=(-390, -3)), "這張憑證已於"),
        (a_citizen(provider, issuer=ca().pki.companies), "不是由本服務信任的憑證機構核發"),
        (a_card(provider, issuer=ca().pki.citizens), "不是由本服務信任的憑證機構核發"),
    ):
        other = provider.browser()
        assert words in said(answer(other, other.get("/login/card"), bad)), words
        assert not is_signed_in(other)


def test_one_card_is_one_account_and_an_agents_is_her_linked_one(provider: Town, staff: Person, guest: Person) -> None:
    """C-13: who works for several companies enrols her card on her linked account and acts from there, with ``mfa``."""
    agent = an_agent(provider)
    bind(provider, agent, staff)
    card, browser = a_citizen(provider, agent.name), provider.browser()
    browser.submit(browser.get("/login"), "sign-in", username=agent.username, password=agent.password)
    page = browser.get(PAGE)
    assert "鏈結帳號可以登錄您本人的自然人憑證" in page.text
    company = said(answer(browser, page, a_card(provider)))
    assert "這張卡片不是自然人憑證（例如工商憑證），在這裡無法使用。" in company
    assert "已登錄自然人憑證" in answer(browser, browser.get(PAGE), card).text
    assert "已登錄一張自然人憑證" in Mailbox(provider).newest(agent.email, "已登錄自然人憑證").text
    hers = signed_in(provider, guest)
    refused = answer(hers, hers.get(PAGE), card)
    assert refused.status == 409
    for words in ("這張自然人憑證已登錄在另一個帳號。", "請將卡片登錄在鏈結帳號"):
        assert words in said(refused)
    ((details, outcome),) = [one for one in events(provider, "account:card:enrolled", account=guest.sub)]
    assert (outcome, "card.citizen_elsewhere" in str(details)) == ("refused", True)
    party = acting_client(provider)
    page = party.open(browser, party.ask(claims=DEMANDED.replace(CARD, MFA)))
    assert page.path == "/login/step-up"
    assert "這張卡片不是自然人憑證" in said(answer(browser, page, a_card(provider))), "no company's card raises hers"
    by_card = provider.browser()
    assert answer(by_card, by_card.get("/login/card?kind=citizen"), card).path == "/linked"
    tokens = enter(party, by_card, agent)
    assert (tokens.claims["sub"], tokens.claims["act"]["sub"]) == (staff.sub, agent.sub)
    assert (tokens.claims["acr"], tokens.claims["amr"]) == (MFA, ["sc", "pin", "hwk"])


def test_the_help_page_tells_what_a_citizen_card_is_for_and_who_helps_with_its_pin(provider: Town) -> None:
    page = provider.browser().get("/help/card")
    for words in (
        "內政部核發的自然人憑證",
        "不能用來證明公司或接任群組管理員",
        "自然人憑證的憑證密碼由您在領卡時設定。",
        "card.citizen_elsewhere",
    ):
        assert words in page.text, words
    assert "https://moica.nat.gov.tw/" in page.links
