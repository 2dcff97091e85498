"""A passkey in Chromium, with its virtual authenticator: added, used without typing a name, renamed, removed."""

from typing import Any

import pytest

from tests.browser.conftest import Visit
from tests.browser.place import Place
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

PHONE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Phone:
    """What Chromium takes for the authenticator of its machine (CDP, domain WebAuthn)."""

    def __init__(self, window: Visitor) -> None:
        self._session = window.context.new_cdp_session(window.page)
        self._session.send("WebAuthn.enable")
        self._id = self._session.send("WebAuthn.addVirtualAuthenticator", {"options": PHONE})["authenticatorId"]

    def tell(self, method: str, **values: Any) -> Any:
        """Tell it something."""
        return self._session.send(f"WebAuthn.{method}", {"authenticatorId": self._id, **values})


def test_a_passkey_is_added_used_without_a_name_renamed_and_removed(place: Place, visit: Visit) -> None:
    person = place.new_person("staff")
    window = visit()
    phone, page = Phone(window), window.page
    window.sign_in(person)
    window.open("/account/credentials")
    window.click("passkey-new")
    assert page.input_value("#passkey-name") == "Linux"
    # Who cancels, or whose finger is not known, is told so, and nothing is lost.
    phone.tell("setUserVerified", isUserVerified=False)
    page.fill("#passkey-name", "公司的筆電")
    page.click("#passkey-go")
    page.locator("#passkey-cancelled").wait_for()
    assert "沒有任何變更，可以再試一次。" in window.text
    assert page.input_value("#passkey-name") == "公司的筆電"
    phone.tell("setUserVerified", isUserVerified=True)
    window.click("passkey-go")
    assert window.path == "/account/credentials"
    assert "已新增通行密鑰「公司的筆電」，下次可以用它登入。" in window.text
    # Once more on the same device, for who signs in by it: the browser says that there is one.
    window.open("/account/credentials/passkeys/new")
    window.click("by-passkey")
    assert window.path == "/account/credentials/passkeys/new"
    page.click("#passkey-go")
    page.locator("#passkey-there").wait_for()
    # Signed out, and in again without a name: by the browser's own list at the field for it, and by the button.
    phone.tell("setAutomaticPresenceSimulation", enabled=False)
    page.click("details.pop > summary")
    window.click("sign-out")
    assert page.get_attribute("#username", "autocomplete") == "username webauthn"
    page.click("#by-passkey")
    page.locator("#passkey-asking").wait_for()
    phone.tell("setAutomaticPresenceSimulation", enabled=True)
    with page.expect_navigation():
        page.reload()
    page.wait_for_url("**/account")
    assert person.name in window.text
    phone.tell("setAutomaticPresenceSimulation", enabled=False)
    page.click("details.pop > summary")
    window.click("sign-out")
    window.open("/login/passkey")
    phone.tell("setAutomaticPresenceSimulation", enabled=True)
    window.click("passkey-go")
    assert window.path == "/account"
    # Another name, and away.
    window.open("/account/credentials")
    assert "尚未使用" not in page.inner_text("section:has(> #passkey-1-h)")
    window.click("passkey-rename-1")
    page.fill("#passkey-name", "家裡的筆電")
    window.click("rename")
    assert "家裡的筆電" in page.inner_text("#passkey-1-h")
    window.click("passkey-remove-1")
    window.click("remove")
    assert "這個帳號還沒有通行密鑰。" in window.text
    page.click("details.pop > summary")
    window.click("sign-out")
    page.wait_for_url("**/login/passkey")
    assert "這把通行密鑰無法使用" in page.inner_text("#summary")
