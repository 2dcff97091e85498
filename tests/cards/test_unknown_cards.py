"""A good card that signs nobody in: to registration with its data (R-203), or to the ways that its bearer has."""

import pytest

from idp.certificates.reading import read_certificate
from tests.cards.steps import at_card_page, events, said
from tests.harness.browser import Page
from tests.harness.cards import a_card, a_citizen, answer, ask, enrol, send, signed
from tests.harness.people import Town, new_tax_id
from tests.harness.relying_party import Person, RelyingParty
from tests.security.doors import is_signed_in

PATH = "/login/card/company"


def ways_of(page: Page) -> list[str]:
    return [identifier.removeprefix("way-") for identifier in page.ids if identifier.startswith("way-")]


@pytest.mark.requirement("R-203")
@pytest.mark.parametrize("is_known", [False, True], ids=["nobody knows the company", "the company has no people"])
def test_a_card_of_a_company_without_people_leads_to_registration(
    provider: Town, app: RelyingParty, is_known: bool
) -> None:
    """「系統會將畫面轉至帳號申請功能」, with the certificate's data carried over, never a form's (CD07)."""
    tax_id = provider.new_company()["tax_id"] if is_known else new_tax_id()
    visit = at_card_page(app, provider.browser())
    question = ask(visit.browser, visit.page)
    fields = signed(question, a_card(provider, tax_id, "測試憑證公司"), origin=provider.issuer)
    forged = {"tax_id": "00000016", "name": "別的公司", "rank": "primary", "company": "00000016"}
    page = send(visit.browser, visit.page, fields, **forged)
    assert page.path.startswith("/register"), page
    (hop,) = [hop.headers["Location"] for hop in page.hops if "/register?" in hop.headers.get("Location", "")]
    run_id = hop.partition("card=")[2].partition("&")[0]
    (kept,) = provider.server.read("SELECT data FROM flows WHERE id = :id", {"id": run_id})
    told = str(kept[0])
    assert tax_id in told
    assert "00000016" not in told
    assert visit.asked.parameters["client_id"]  # its request goes along, so that she comes back to it
    assert "request_id=" in hop
    ((_, outcome),) = events(provider, "card:unknown", of=tax_id)
    assert outcome == "done"
    assert not is_signed_in(visit.browser)


def test_a_card_of_a_known_company_takes_no_account_over(provider: Town, app: RelyingParty, staff: Person) -> None:
    """Renewed, or a second one: its page has the ways, and tells nothing that the card does not tell."""
    visit = at_card_page(app, provider.browser())
    page = answer(visit.browser, visit.page, a_card(provider))
    assert (page.path, page.status) == (PATH, 200)
    assert "這張卡片還不能登入" in page.text
    assert all(word in page.text for word in ("測試一號有限公司", "統一編號 00000016", "正卡"))
    assert staff.name not in page.text
    assert staff.username not in page.text
    assert not is_signed_in(visit.browser)
    assert set(ways_of(page)) <= {"enrol", "apply", "succeed"}
    by_password = visit.browser.get(next(link for link in page.links if "/login?request_id=" in link))
    done = visit.browser.submit(by_password, "sign-in", username=staff.username, password=staff.password)
    arrived = app.arrival(done, visit.asked)
    assert arrived is not None
    assert app.tokens(arrived).claims["sub"] == staff.sub


def test_what_a_card_told_stays_in_its_browser_and_ends(provider: Town) -> None:
    browser = provider.browser()
    page = answer(browser, browser.get("/login/card"), a_card(provider))
    assert page.path == PATH
    elsewhere = provider.browser().get(page.url)
    assert (elsewhere.path, elsewhere.status) == ("/login/card", 200)
    assert "請重新插卡驗證一次" in elsewhere.text
    run_id = page.url.partition("card=")[2].partition("&")[0]
    provider.server.write(
        "UPDATE flows SET expires_at = :before WHERE id = :id", {"id": run_id, "before": "2026-01-01 00:00:00.000000"}
    )
    assert browser.get(page.url).path == "/login/card"


@pytest.mark.parametrize(
    ("role", "rank", "ways"),
    [
        ("group_admin", "primary", ["enrol", "apply"]),
        ("staff", "primary", ["enrol", "apply", "succeed"]),
        ("staff", "secondary", ["enrol", "apply"]),
    ],
)
def test_the_ways_follow_who_leads_the_company_and_the_rank_of_the_card(
    provider: Town, role: str, rank: str, ways: list[str]
) -> None:
    """The 正卡 alone leads on a company that nobody leads any more."""
    tax_id = provider.new_company()["tax_id"]
    person = provider.person(role, tax_id=tax_id, name="陳美惠")
    browser = provider.browser()
    page = answer(browser, browser.get("/login/card"), a_card(provider, tax_id, rank=rank))
    assert page.path == PATH
    assert ways_of(page) == ways
    assert person.name not in page.text
    assert ("接任群組管理員" in page.text) is ("succeed" in ways)
    assert [
        link for link in page.links if "back=/account/credentials" in link or "back=%2Faccount%2Fcredentials" in link
    ]


def test_a_card_that_was_removed_signs_nobody_in(provider: Town, app: RelyingParty, staff: Person) -> None:
    card = a_card(provider)
    enrol(app, staff, card)
    provider.server.write("UPDATE cards SET removed_at = enrolled_at WHERE account_id = :sub", {"sub": staff.sub})
    browser = provider.browser()
    assert answer(browser, browser.get("/login/card"), card).path == PATH


def test_a_citizens_card_that_is_enrolled_nowhere_leads_on_and_leaves_nothing_behind(provider: Town) -> None:
    """Her name goes along; of a stranger neither name nor certificate is kept beyond the quarter of an hour."""
    card, browser = a_citizen(provider, "路人甲"), provider.browser()
    page = answer(browser, browser.get("/login/card?kind=citizen"), card)
    assert (page.path, ways_of(page)) == (PATH, ["enrol", "apply"])
    for words in ("這張卡片還不能登入", "路人甲", "自然人憑證不能證明公司，公司須另外驗證。"):
        assert words in page.text, words
    assert not is_signed_in(browser)
    ((told, outcome),) = events(provider, "card:unknown", of=read_certificate(card.der).key_sha256)
    assert outcome == "done"
    assert "路人甲" not in str(told)
    assert not provider.server.read("SELECT id FROM card_evidence WHERE certificate = :der", {"der": card.der})
    apply = browser.get(next(link for link in page.links if "/register?" in link))
    assert apply.path.startswith("/register"), apply


def test_a_card_of_neither_kind_is_refused_in_words(provider: Town) -> None:
    browser = provider.browser()
    agency = a_card(provider, kind="2.16.886.1.100.3.2.1.1")
    page = answer(browser, browser.get("/login/card"), agency)
    assert "這張卡片不是工商憑證，也不是自然人憑證，無法使用。" in said(page)
