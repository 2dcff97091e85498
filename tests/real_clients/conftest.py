"""What each real application needs: a person at a keyboard who signs in there."""

from collections.abc import Callable

import pytest

from tests.harness.browser import Browser, Page
from tests.harness.people import Town
from tests.harness.relying_party import CONSENT, Person

SignIn = Callable[[str], tuple[Browser, Page]]


@pytest.fixture
def sign_in_at(provider: Town, staff: Person) -> SignIn:
    """Open an address of an application, sign in at the provider, and give the page one ends at."""

    def walk(address: str) -> tuple[Browser, Page]:
        browser = Browser(provider.issuer, others=(address,))
        page = browser.get(address)
        assert page.asks_for_password, page
        page = browser.submit(page, "sign-in", username=staff.username, password=staff.password)
        if page.asks_for_consent:
            page = browser.submit(page, CONSENT)
        return browser, page

    return walk
