"""A new service and a new application, made at the console without a shell: Authlib signs in ("Done when" 2)."""

import os
import secrets
import sys
from pathlib import Path

import requests

from tests.harness.browser import Browser
from tests.harness.operators import an_operator
from tests.harness.people import Town
from tests.harness.processes import ROOT, Process, free_port, wait_until
from tests.harness.relying_party import CONSENT, Person
from tests.ops.test_clients import send, shown

APPLICATION = ROOT / "tests" / "real_clients" / "authlib_application.py"


def answers(address: str) -> bool:
    """Whether something answers there."""
    try:
        return requests.get(address, timeout=5).status_code < 500
    except requests.RequestException:
        return False


def test_an_operator_makes_a_service_and_an_application_and_people_sign_in(
    provider: Town, staff: Person, tmp_path: Path
) -> None:
    boss = an_operator(provider, "configurator")
    service, port = f"s-{secrets.token_hex(4)}", free_port()
    form = boss.browser.get("/ops/services/new")
    page = send(boss.browser, form, "add", service=service, name_zh="新服務", name_en="New service")
    assert (page.status, f"/ops/services/{service}" in page.path) == (200, True), page
    page = send(
        boss.browser,
        boss.browser.get("/ops/clients/new", {"service": service}),
        "add",
        name="新系統",
        redirect_uris=f"http://localhost:{port}/callback",
        policy_uri="https://new.example/privacy",
    )
    client_id, secret = shown(page, "client-id"), shown(page, "client-secret")
    assert provider.idp("client", "show", client_id, "--json")["service"] == service
    assert f'client_id="{client_id}"' in boss.browser.get(f"/ops/clients/{client_id}/sheet").text
    process = Process(
        [sys.executable, str(APPLICATION), str(port), provider.issuer, client_id],
        folder=ROOT,
        environment={**os.environ, "APPLICATION_SECRET": secret},
        log=tmp_path / "application.log",
    )
    address = f"http://localhost:{port}"
    try:
        wait_until("the application answers", lambda: answers(address))
        browser = Browser(provider.issuer, others=(address,))
        page = browser.get(f"{address}/login")
        assert "新系統" in page.text
        page = browser.submit(page, "sign-in", username=staff.username, password=staff.password)
        assert "https://new.example/privacy" in page.html
        page = browser.submit(page, CONSENT)
        seen = page.response.json()
        assert (seen["claims"]["sub"], seen["claims"]["company_tax_id"]) == (staff.sub, "00000016")
        assert seen["userinfo"]["name"] == staff.name
    finally:
        process.stop(kill=True)
