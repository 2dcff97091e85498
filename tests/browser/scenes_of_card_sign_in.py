"""Sign-in by card, step-up, and the page of a card that signs nobody in."""

import json
from urllib.parse import parse_qs, urlsplit

from tests.browser.scenes import Scenes
from tests.browser.scenes_of_second_factors import with_app
from tests.browser.visitor import Visitor
from tests.harness.cards import CARD, DEMANDED

CARD_SIGN_IN = Scenes()
MFA = CARD.replace("card", "mfa")
# Its company has people, and no group admin.
TOLD = {"tax_id": "00000022", "name": "測試二號有限公司", "rank": "primary"}


def send_nothing(window: Visitor) -> None:
    """Send the card's form as it stands: without any answer."""
    with window.page.expect_navigation():
        window.page.evaluate("document.querySelector('#card-form').submit()")


@CARD_SIGN_IN.page()
def card_sign_in(window: Visitor) -> None:
    window.open(window.place.authorize("silent"))
    window.click("by-card")


@CARD_SIGN_IN.page(focus="summary")
def card_sign_in_nothing_presented(window: Visitor) -> None:
    window.open("/login/card")
    send_nothing(window)


@CARD_SIGN_IN.page("staff")
def card_sign_in_again(window: Visitor) -> None:
    window.open(window.place.authorize("silent", prompt="login"))
    window.click("by-card")


@CARD_SIGN_IN.page("staff", languages=("zh-TW",))
def card_sign_in_as_another(window: Visitor) -> None:
    window.open(window.place.authorize("silent", prompt="login"))
    window.click("by-card")
    window.click("other-account")


@CARD_SIGN_IN.page()
def card_that_signs_nobody_in(window: Visitor) -> None:
    window.place.person("staff", tax_id=TOLD["tax_id"])
    window.open("/register?service=dreams")
    (run,) = parse_qs(urlsplit(window.page.url).query)["run"]
    # What a card told is kept as other runs are: this one becomes such a run.
    changed = "UPDATE flows SET kind = 'card', step = 'presented', data = :told WHERE id = :id"
    assert window.place.server.write(changed, {"told": json.dumps(TOLD), "id": run}) == 1
    window.open(f"/login/card/company?card={run}")


@CARD_SIGN_IN.page("long")
def step_up_wished_for(window: Visitor) -> None:
    window.open(window.place.authorize("silent", acr_values=CARD))


@CARD_SIGN_IN.page("staff", focus="summary")
def step_up_demanded_and_nothing_presented(window: Visitor) -> None:
    window.open(window.place.authorize("silent", claims=DEMANDED))
    send_nothing(window)


@CARD_SIGN_IN.page("long")
def step_up_with_no_second_factor_yet(window: Visitor) -> None:
    window.open(window.place.authorize("silent", claims=DEMANDED.replace(CARD, MFA)))


@CARD_SIGN_IN.page(focus="summary")
def step_up_by_app_and_a_wrong_code(window: Visitor) -> None:
    with_app(window)
    # As where the app was set up in another browser, after this one had signed in.
    window.place.server.write(
        "UPDATE sign_ins SET methods = :methods WHERE CAST(methods AS TEXT) LIKE '%one_time_code%'",
        {"methods": '["password"]'},
    )
    window.open(window.place.authorize("silent", acr_values=MFA))
    window.page.fill("#code", "000000")
    window.click("send-code")
