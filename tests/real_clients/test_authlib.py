"""Authlib's Flask client signs in: issue 2, "Done when" 3."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.harness.people import MENUS, Town
from tests.harness.processes import ROOT, Process, free_port, wait_until
from tests.harness.relying_party import Person
from tests.real_clients.conftest import SignIn


def answers(address: str) -> bool:
    """Whether something answers there."""
    try:
        return requests.get(address, timeout=5).status_code < 500
    except requests.RequestException:
        return False


@pytest.fixture
def application(provider: Town, tmp_path: Path) -> Iterator[str]:
    """The application, running; its address."""
    port = free_port()
    address = f"http://localhost:{port}"
    client = provider.new_client(
        scope="openid profile email company menus", redirect=f"{address}/callback", menus=MENUS
    )
    process = Process(
        [sys.executable, str(Path(__file__).with_name("authlib_application.py")), str(port), provider.issuer,
         client.client_id],
        folder=ROOT,
        environment={**os.environ, "APPLICATION_SECRET": client.secret},
        log=tmp_path / "application.log",
    )  # fmt: skip
    try:
        wait_until("the application answers", lambda: answers(address))
        yield address
    finally:
        process.stop(kill=True)


def test_authlibs_client_signs_in_and_reads_every_claim(application: str, sign_in_at: SignIn, staff: Person) -> None:
    """Consent is asked, for the client is registered as any client is."""
    _, page = sign_in_at(f"{application}/login")
    seen = page.response.json()
    assert seen["claims"]["sub"] == seen["userinfo"]["sub"] == staff.sub
    assert seen["claims"]["company_tax_id"] == "00000016"
    assert seen["claims"]["entitlements"] == ["site.list", "site.new"]
    assert seen["userinfo"]["name"] == staff.name


def test_a_second_visit_shows_no_page(application: str, sign_in_at: SignIn, staff: Person) -> None:
    """Single sign-on."""
    browser, _ = sign_in_at(f"{application}/login")
    page = browser.get(f"{application}/login")
    assert len(page.hops) >= 4
    assert page.response.json()["claims"]["sub"] == staff.sub
