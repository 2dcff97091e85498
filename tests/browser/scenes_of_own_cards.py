"""The pages about one's own cards, the help page, and taking over a company."""

from tests.browser.scenes import Scenes
from tests.browser.visitor import Visitor

OWN_CARDS = Scenes()


@OWN_CARDS.page()
def card_help(window: Visitor) -> None:
    window.open("/help/card")
    window.page.evaluate("document.querySelector('#card-mismatch').open = true")


@OWN_CARDS.page("group_admin")
def credentials(window: Visitor) -> None:
    window.open("/account/credentials")


@OWN_CARDS.page("long")
def credentials_long_names(window: Visitor) -> None:
    window.open("/account/credentials")


@OWN_CARDS.page("long", focus="summary", languages=("zh-TW",))
def credentials_nothing_presented(window: Visitor) -> None:
    window.open("/account/credentials")
    with window.page.expect_navigation():
        window.page.evaluate("document.querySelector('#card-form').submit()")


@OWN_CARDS.page("group_admin")
def company_proof(window: Visitor) -> None:
    window.open("/account/credentials/company")


@OWN_CARDS.page("long")
def succession(window: Visitor) -> None:
    window.open("/account/succession")
