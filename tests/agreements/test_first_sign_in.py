"""Texts at the first sign-in (P18), by forms and tokens: asked for once, by version, before any code is given."""

import json
import secrets
import time
from pathlib import Path

import pytest

from idp.services.clients import CACHE_SECONDS
from tests.harness.browser import Browser, Page
from tests.harness.people import Town
from tests.harness.processes import wait_until
from tests.harness.relying_party import Person, RelyingParty

TEXTS = {"privacy": "個資同意使用", "authority": "授權聲明", "hazard": "危害告知"}
ALL = {f"agree-{text}": "1" for text in TEXTS}
NAME = "港區通行證系統"


class Port:
    """A service and its applications, and what it asks everybody to agree to."""

    def __init__(self, provider: Town, folder: Path) -> None:
        self.provider = provider
        self.id = f"port-{secrets.token_hex(3)}"
        self.folder = folder
        words = ("--id", self.id, "--name", NAME, "--name-en", "Port pass", "--mail-from", "port@example.test")
        provider.idp.kept("service", "add", *words, "--policy", self._file({}))
        self.app, self.other = (
            provider.new_rp(scope="openid profile", consent=consent, more=["--service", self.id])
            for consent in (False, True)
        )

    def _file(self, versions: dict[str, str]) -> str:
        texts = [{"id": t, "version": v, "when": "first_login", "must_scroll": True} for t, v in versions.items()]
        file = self.folder / "policy.json"
        file.write_text(json.dumps({"preset": "twport", "company_proof": ["operator"], "consents": texts}))
        return str(file)

    def ask_for(self, **versions: str) -> None:
        """Ask everybody to agree to these versions from now on."""
        self.provider.idp.kept("service", "set", "--id", self.id, "--policy", self._file(versions))

    def write(self, text: str, version: str, zh: str) -> None:
        """A version that an operator has written."""
        statement = (
            "INSERT INTO service_texts (service_id, text_id, version, zh, en, created_at, created_by)"
            " VALUES (:service, :text, :version, :zh, 'In **English**.', :moment, 'op_x')"
        )
        values = {"service": self.id, "text": text, "version": version, "zh": zh, "moment": "2026-11-20 06:05:32"}
        assert self.provider.server.write(statement, values) == 1

    def agreed(self, person: Person) -> list[tuple[str, ...]]:
        """Text, version and address of what a person agreed to here."""
        statement = (
            "SELECT text_id, version, address FROM text_agreements"
            " WHERE account_id = :who AND service_id = :service ORDER BY text_id, version"
        )
        return self.provider.server.read(statement, {"who": person.sub, "service": self.id})

    def events(self, person: Person) -> list[str]:
        """What the audit log has of agreements of this person."""
        statement = "SELECT action FROM audit_log WHERE account_id = :who AND action LIKE :kind ORDER BY id"
        return [
            action for (action,) in self.provider.server.read(statement, {"who": person.sub, "kind": "agreement:%"})
        ]


@pytest.fixture
def port(provider: Town, tmp_path: Path) -> Port:
    return Port(provider, tmp_path)


def sign_in(browser: Browser, app: RelyingParty, person: Person) -> Page:
    """To the first page after the sign-in page."""
    page = app.open(browser, app.ask())
    return browser.submit(page, "sign-in", username=person.username, password=person.password)


def kept_ticks(page: Page) -> set[str]:
    """The ticks that are set on the page."""
    found = page.button("agree-all")
    assert found is not None
    return {name for name, _ in found[0].fields if name.startswith("agree-")}


@pytest.mark.requirement("R-090", "R-091", "R-092")
def test_three_texts_are_agreed_to_before_an_application_gets_its_code(
    provider: Town, port: Port, staff: Person
) -> None:
    port.ask_for(**dict.fromkeys(TEXTS, "1"))
    browser, app = provider.browser(), port.app
    asked = app.ask()
    page = app.open(browser, asked)
    page = browser.submit(page, "sign-in", username=staff.username, password=staff.password)
    assert page.path.startswith("/agreements/")
    assert f"首次登入「{NAME}」需完成[個資同意使用/授權聲明/危害告知]確認。" in page.text
    assert page.text.count("請滑動右側卷軸完成閱讀") == 3
    assert page.text.count("我同意：") == 3
    assert "機關名稱：港區通行證系統（聯絡信箱：port@example.test）" in page.text
    assert "職業安全衛生法第二十六條" in page.text
    assert page.controls_without_id == []
    assert "form-action" not in page.response.headers["Content-Security-Policy"]
    assert kept_ticks(page) == set()
    found = page.button("agree-all")
    assert found is not None
    assert found[1].text.strip() == "確認"

    # No way around the page; and before she agreed to be told of, no client learns that it is this that stands there.
    assert app.silently(browser).parameters["error"] == "interaction_required"
    assert port.other.silently(browser).parameters["error"] == "consent_required"
    assert app.open(browser, app.ask()).path.startswith("/agreements/")

    wrong = browser.submit(page, "agree-all", **{"agree-privacy": "1", "agree-authority": "9"})
    assert wrong.status == 400
    assert "請修正下列 2 個問題" in wrong.text
    assert wrong.text.count("請滑動「危害告知」右側卷軸完成閱讀，並勾選「我同意」。") == 2
    assert kept_ticks(wrong) == {"agree-privacy"}
    assert (port.agreed(staff), port.events(staff)) == ([], [])

    back = browser.submit(wrong, "agree-all", **ALL)
    answer = app.arrival(back, asked)
    assert answer is not None
    assert app.tokens(answer).claims["sub"] == staff.sub
    assert [(text, version) for text, version, _ in port.agreed(staff)] == [(text, "1") for text in sorted(TEXTS)]
    assert all(address.startswith("127.") for _, _, address in port.agreed(staff))
    assert port.events(staff) == ["agreement:given"] * 3
    # Sent twice it is agreed to once; it holds for every application of the service, in every browser.
    browser.submit(wrong, "agree-all", **ALL)
    assert len(port.agreed(staff)) == 3
    assert app.silently(browser).code
    assert sign_in(provider.browser(), port.other, staff).asks_for_consent


def test_a_new_version_is_asked_for_at_the_next_request_and_who_declines_is_signed_out(
    provider: Town, port: Port, staff: Person
) -> None:
    browser, app = provider.browser(), port.app
    tokens = app.sign_in(browser, staff)
    assert app.silently(browser).code
    # She was signed in before there was a text: asked once the client's record is read again (docs/operate.md).
    port.ask_for(hazard="1", authority="1")

    def is_asked() -> bool:
        return app.silently(browser).parameters.get("error") == "interaction_required"

    wait_until("she is asked", is_asked)
    time.sleep(CACHE_SECONDS)  # one connection reaches one worker: the other one has read it anew by now too
    assert is_asked()
    # What runs goes on: the texts stand before a sign-in, not in the middle of work.
    refreshed = app.refresh(tokens.refresh_token)
    assert refreshed.status_code == 200
    page = app.open(browser, app.ask())
    assert "首次登入，請閱讀並同意 2 份文件" in page.text

    # Another version while she reads: her tick was for the one before.
    port.write("hazard", "2", "# 碼頭\n\n依 **{service}** 規定：\n\n1. 戴安全帽。\n2. 穿 <b>救生衣</b>。")
    versions = {"preset": "twport", "consents": [{"id": "hazard", "version": "2", "when": "first_login"}]}
    values = {"policy": json.dumps(versions), "id": port.id}
    assert provider.server.write("UPDATE services SET policy = :policy WHERE id = :id", values) == 1
    newer = browser.submit(page, "agree-all", **{"agree-hazard": "1", "agree-authority": "1"})
    assert newer.status == 400
    assert "請閱讀「危害告知」，並勾選「我同意」。" in newer.text
    assert "授權聲明" not in newer.text
    assert "<b>港區通行證系統</b> 規定：" in newer.html
    assert "穿 &lt;b&gt;救生衣&lt;/b&gt;。" in newer.html
    assert app.arrival(browser.submit(newer, "agree-all", **{"agree-hazard": "2"}), app.ask()) is not None
    assert [(text, version) for text, version, _ in port.agreed(staff)] == [("hazard", "2")]

    values["policy"] = json.dumps({"preset": "twport", "consents": versions["consents"] + [
        {"id": "hazard", "version": "1", "when": "first_login"}]})  # fmt: skip
    assert provider.server.write("UPDATE services SET policy = :policy WHERE id = :id", values) == 1
    asked = app.ask()
    again = app.open(browser, asked)
    assert "文件已更新，請閱讀並同意 1 份文件" in again.text
    assert "新版本 1" in again.text
    assert "不同意即登出" in again.text
    answer = app.arrival(browser.submit(again, "decline"), asked)
    assert answer is not None
    assert answer.parameters["error"] == "access_denied"
    assert browser.get("/account").path == "/login"
    assert app.refresh(refreshed.json()["refresh_token"]).json()["error"] == "invalid_grant"
    assert port.events(staff) == ["agreement:given", "agreement:declined"]
    # The account is as it was.
    assert sign_in(provider.browser(), app, staff).path.startswith("/agreements/")
