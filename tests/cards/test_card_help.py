"""憑證說明 (P40): for everybody, with the words of the manuals, and what each sentence about a card means."""

import pytest

from idp.flows.card_help_words import MEANINGS
from idp.flows.card_words import CARD_MESSAGES
from tests.harness.browser import Browser
from tests.harness.people import Town
from tests.harness.relying_party import Person
from tests.security.doors import sign_in

CENTRE = "https://moeaca.nat.gov.tw/download/download_4.html"


@pytest.mark.requirement("R-019", "R-020", "R-204", "R-216")
def test_everybody_finds_what_to_do_when_a_card_does_not_work(browser: Browser) -> None:
    for door in ("/login", "/login/card"):
        assert "/help/card" in browser.get(door).html
    page = browser.get("/help/card")
    assert page.status == 200
    for words in (
        "驗證失敗", "鎖卡", "無法讀取", "讀卡所需程式", "操作說明文件",
        "工商憑證操作若出現問題無法排除，可參考經濟部工商憑證中心之操作說明。",
        "憑證密碼不正確：頁面會顯示警示訊息；卡片能告知時，也會顯示還可以再試幾次。",
        "連續錯誤 3 次就會鎖卡",
        "憑證 PIN 密碼為憑證中心發給，本功能不提供憑證帳號登入者密碼查詢",
        "這張憑證已於 114年8月31日（2025-08-31） 到期",
    ):  # fmt: skip
        assert words in page.text, words
    assert CENTRE in page.links
    assert "https://moeaca.nat.gov.tw/" in page.links
    assert page.has("card-check")
    assert page.response.headers["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"
    assert all(code in page.text for code in CARD_MESSAGES)
    assert not page.forms
    english = Browser(browser.origin, language="en").get("/help/card")
    assert "Three wrong PINs in a row lock the card" in english.text


def test_every_sentence_about_cards_has_its_meaning() -> None:
    assert MEANINGS.keys() == CARD_MESSAGES.keys()


def test_who_is_signed_in_finds_it_from_her_cards(provider: Town, browser: Browser, staff: Person) -> None:
    sign_in(browser, staff)
    assert f"{provider.issuer}/help/card" in browser.get("/account/credentials").links
    assert browser.get("/help/card").has("sign-out")
