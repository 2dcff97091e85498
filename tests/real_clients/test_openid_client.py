"""npm's openid-client 6 signs in: issue 2, "Done when" 3."""

import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.harness.browser import Browser
from tests.harness.people import MENUS, Town
from tests.harness.processes import ROOT
from tests.harness.relying_party import CONSENT, Person

PACKAGES = ROOT / "tests" / "browser"
OLDEST_NODE = 20
# The secret has what only percent-encoding carries (RFC 6749 2.3.1).
SECRET = "odd:secret/with+every%thing&=-0123456789-abcdefghij"


def node() -> str:
    """Node's program. Skips where it is absent or too old for openid-client 6."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("Node is not here")
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.lstrip("v").split(".", 1)[0]) < OLDEST_NODE:
        pytest.skip(f"openid-client 6 needs Node {OLDEST_NODE}, here is {version.strip()}")
    return program


@pytest.fixture(scope="session")
def packages() -> Path:
    """The folder with node_modules, installed from its lock file where they are not there yet."""
    if not (PACKAGES / "package-lock.json").exists():
        pytest.skip("tests/browser/package-lock.json is not there")
    npm = shutil.which("npm")
    with (PACKAGES / "package-lock.json").open() as lock:
        # One process of the tests installs, the others wait for it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (PACKAGES / "node_modules" / "openid-client").exists():
            if npm is None:
                pytest.skip("npm is not here")
            done = subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=PACKAGES,
                                  capture_output=True, text=True, check=False)  # fmt: skip
            if done.returncode:
                pytest.skip(f"npm ci failed: {done.stderr[-300:]}")
    return PACKAGES


class Application:
    """The Node process on the other end of a pipe."""

    def __init__(self, program: str, arguments: list[str], secret: str) -> None:
        self._process = subprocess.Popen(
            [program, str(Path(__file__).with_name("openid_client.mjs")), *arguments],
            env={**os.environ, "APPLICATION_SECRET": secret, "NODE_NO_WARNINGS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def hear(self) -> dict[str, Any]:
        """The next line it says."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            assert self._process.stderr is not None
            raise AssertionError(self._process.stderr.read())
        heard: dict[str, Any] = json.loads(line)
        return heard

    def tell(self, value: dict[str, str]) -> None:
        """Send it a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(value) + "\n")
        self._process.stdin.flush()

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()


def test_openid_client_signs_in_refreshes_introspects_and_revokes(
    provider: Town, staff: Person, packages: Path
) -> None:
    """The whole of openid-client, with a secret full of odd characters."""
    client = provider.new_client(
        scope="openid profile company menus",
        redirect="http://localhost:3000/callback",
        menus=MENUS,
        secret=SECRET,
    )
    application = Application(node(), [str(packages), provider.issuer, client.client_id, client.redirect_uri], SECRET)
    try:
        browser = Browser(provider.issuer)
        page = browser.get(application.hear()["address"])
        page = browser.submit(page, "sign-in", username=staff.username, password=staff.password)
        page = browser.submit(page, CONSENT)
        assert page.left_to is not None
        application.tell({"callback": page.left_to})
        seen = application.hear()
    finally:
        application.close()
    assert seen["claims"]["sub"] == seen["userinfo"]["sub"] == seen["refreshed"]["sub"] == staff.sub
    assert seen["claims"]["roles"] == ["staff"]
    assert (seen["active"], seen["gone"]) == (True, False)
    assert browser.get(seen["logout"]).has("sign-out-everywhere")
