"""Chromium, the place it visits, and windows that must not complain."""

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, sync_playwright

from tests.browser.place import Place
from tests.browser.visitor import Visitor
from tests.clients.portpass.test_at_the_provider import PortPass
from tests.harness.relying_party import Person

HERE = Path(__file__).parent
# Parts of Chromium's own window, which nobody sees here: half of what each window cost.
UNSEEN = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "SpareRendererForSitePerProcess")
# Chromium takes the last list that it is given, so this one has what Playwright 1.65 switches off too.
SWITCHED_OFF = (
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades"),
    *("HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding"),
    *("ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect", "TcpPortRandomizationWin"),
    *("OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch"),
    *UNSEEN,
)
FLAGS = (
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    f"--disable-features={','.join(SWITCHED_OFF)}",
)
Visit = Callable[..., Visitor]


def start_options() -> dict[str, Any]:
    """How Chromium is started: the system's own, or Playwright's where there is none."""
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {"executable_path": shutil.which("chromium"), "args": [*FLAGS, *as_root]}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One Chromium for the tests of a file: longer, and its event loop would be in the way of others."""
    with sync_playwright() as playwright:
        options = start_options()
        if options["executable_path"] is None and not Path(playwright.chromium.executable_path).exists():
            pytest.skip("no Chromium: neither the system nor Playwright has one")
        try:
            browser = playwright.chromium.launch(**options)
        except Error as error:
            pytest.fail(f"Chromium does not start: {error}")
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Provider, DREAMS, mailbox, people."""
    with Place(tmp_path_factory.mktemp("place")) as standing:
        yield standing


@pytest.fixture(scope="session")
def _docks(place: Place) -> Iterator[PortPass]:
    policy = place.folder / "twport.json"
    policy.write_text(json.dumps({"preset": "twport", "company_proof": ["document"]}))
    names = "--name", "港區通行證通用管理系統", "--name-en", "Port passes", "--mail-from", "hep@twport.com.tw"
    place.town.idp("service", "add", "--id", "docks", *names, "--policy", str(policy))
    application = PortPass(place.town, place.folder, service="docks", acting=True)
    yield application
    application.process.stop(kill=True)


@pytest.fixture(scope="module")
def portpass(place: Place, _docks: PortPass) -> Iterator[PortPass]:
    """The port pass application with its service, and mails that are sent."""
    worker = place.server.start_worker(
        place.folder / "docks-worker.log", IDP_MAIL_SERVER="127.0.0.1", IDP_MAIL_PORT=str(place.smtp_port)
    )
    yield _docks
    worker.stop()


@pytest.fixture(scope="module")
def _signed_in() -> dict[str, Any]:
    return {}


@pytest.fixture(scope="module")
def _kept() -> dict[str, Visitor]:
    return {}


@pytest.fixture
def visit(chromium: Browser, place: Place, _signed_in: dict[str, Any], _kept: dict[str, Visitor]) -> Iterator[Visit]:
    """Open windows: ``visit(person=…, language=…, width=…, script=…)``. A complaint in the console fails the test.

    Who is given as ``person`` is signed in already, in one sign-in that all tests of a file share. With
    ``again=True`` the window is one that tests of a file use one after the other, each as if it were new.
    """
    windows: list[Visitor] = []

    def open_window(
        *,
        person: Person | None = None,
        language: str = "zh-TW",
        width: int = 1280,
        script: bool = True,
        again: bool = False,
    ) -> Visitor:
        state = _sign_in_once(chromium, place, person, _signed_in) if person else None
        if again and language in _kept:
            windows.append(_kept[language])
            windows[-1].begin_anew(state["cookies"] if state else [])
            return windows[-1]
        context = chromium.new_context(
            locale=language,
            timezone_id="Asia/Taipei",
            viewport={"width": width, "height": 900},
            java_script_enabled=script,
            storage_state=state,
        )
        context.set_default_timeout(15_000)
        windows.append(Visitor(context, place))
        if again:
            _kept[language] = windows[-1]
        return windows[-1]

    place.server.new_log()
    yield open_window
    complaints = [complaint for window in windows for complaint in window.complaints]
    for window in windows:
        if window not in _kept.values():
            window.context.close()
    assert not complaints, "\n".join(complaints)
    accidents = place.server.accidents()
    assert accidents is None, f"the provider's log has an accident:\n{accidents}"


def _sign_in_once(chromium: Browser, place: Place, person: Person, known: dict[str, Any]) -> Any:
    if person.username not in known:
        context = chromium.new_context(locale="zh-TW")
        Visitor(context, place).sign_in(person)
        known[person.username] = context.storage_state()
        context.close()
    return known[person.username]


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, installed from its lock file where it is not there yet."""
    source = HERE / "node_modules" / "axe-core" / "axe.min.js"
    with (HERE / "package-lock.json").open() as lock:
        # One process of the tests installs, the others wait for it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not source.exists():
            npm = shutil.which("npm")
            if npm is None:
                pytest.skip("npm is not here, so axe-core is not either")
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"npm ci failed: {done.stderr[-300:]}")
    return source.read_text(encoding="utf-8")
