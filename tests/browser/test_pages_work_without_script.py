"""Sign-in, consent, chooser and sign-out where the browser runs no script (issue 2, 5)."""

import pytest

from tests.browser.conftest import Visit
from tests.browser.place import Place

pytestmark = pytest.mark.browser


def test_staff_sign_in_to_dreams_and_out_of_everything(place: Place, visit: Visit) -> None:
    window = visit(script=False)
    window.open(place.dreams + "/sites")
    window.sign_in(place.new_person("staff"))
    assert window.address == place.dreams + "/sites"
    window.unfold("#who")
    window.click("sign-out-everywhere")
    assert window.path.startswith("/sign-out/")
    window.click("sign-out-everywhere")
    assert window.address == place.dreams + "/signed-out"
    window.open("/account")
    assert window.path == "/login"


def test_a_wrong_password_is_told(place: Place, visit: Visit) -> None:
    staff = place.person("staff")
    window = visit(script=False)
    window.open("/login")
    window.fill(staff, password="not-the-Passw0rd").click("sign-in")
    assert "帳號或密碼不正確" in window.page.inner_text("#summary")
    assert window.page.get_attribute("#summary", "role") == "alert"
    window.sign_in(staff)
    assert window.path == "/account"


def test_consent_is_given(place: Place, visit: Visit) -> None:
    window = visit(script=False)
    window.open(place.authorize("asking"))
    window.sign_in(place.new_person("staff"))
    window.click("consent-accept")
    assert window.path == f"/{place.client('asking')}/callback"


def test_an_account_is_chosen(place: Place, visit: Visit) -> None:
    staff = place.person("staff")
    window = visit(person=staff, script=False)
    window.open(place.authorize("silent", prompt="select_account"))
    window.click(f"choose-{staff.sub}")
    assert window.path == f"/{place.client('silent')}/callback"


def test_an_answer_by_form_is_sent_with_a_button(place: Place, visit: Visit) -> None:
    window = visit(person=place.person("staff"), script=False)
    window.open(place.authorize("silent", response_mode="form_post", state="by-the-button"))
    assert window.path == "/authorize"
    window.click("continue")
    assert place.landing.arrivals(place.client("silent"))[-1]["state"] == "by-the-button"


def test_the_account_menu_opens_signs_out_and_a_tile_enters(place: Place, visit: Visit) -> None:
    window = visit(script=False)
    window.sign_in(place.new_person("staff"))
    window.click("open-dreams")
    assert window.address == place.dreams + "/"
    window.open("/account")
    window.unfold("details.pop > summary")
    window.click("sign-out")
    assert window.path == "/login"
