"""`idp demo` as people run it: it says where to go, keeps its data, and leaves no process behind however it ends."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest
import requests

from tests.harness.processes import ROOT, free_port, wait_until

SECONDS_TO_START = 90
LAST_LINE = "Ctrl-C stops everything"
PASSWORD = "another-Passw0rd"


# From the first port on: provider, DREAMS, port pass, duty-free letters, mailbox and its SMTP, card agent, test CA.
PORTS = (0, 1, 2, 3, 25, 26, 71, 72)


def free_ports() -> int:
    """A first port whose companions are free too."""
    for _ in range(100):
        first = free_port()
        if all(_is_free(first + further) for further in PORTS):
            return first
    raise AssertionError(f"no {len(PORTS)} free ports")


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET6) as six, socket.socket(socket.AF_INET) as four:
        try:
            six.bind(("::1", port))
            four.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Demo:
    """The demo on ports of its own, with the data folder that goes with them."""

    def __init__(self) -> None:
        self.port = free_ports()
        self.folder = ROOT / "var" / f"demo-{self.port}"
        self.announced = ""
        self.family: list[psutil.Process] = []
        self._process: subprocess.Popen[str] | None = None

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "idp.cli", "demo", "--port", str(self.port), *arguments]

    def start(self, *arguments: str) -> float:
        """Start it, and say after how many seconds it was ready."""
        began = time.monotonic()
        self._process = subprocess.Popen(
            self.command(*arguments), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self._process.stdout is not None
        lines = []
        for line in self._process.stdout:
            lines.append(line)
            if LAST_LINE in line:
                break
        self.announced = "".join(lines)
        assert LAST_LINE in self.announced, self.announced
        self.family = psutil.Process(self._process.pid).children(recursive=True)
        return time.monotonic() - began

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self, number: signal.Signals) -> None:
        """Tell it to end by that signal; it says that it did, and all its processes are gone."""
        self.signal(number)
        status, said = self.end()
        assert (status, said.strip()) == (0, "The demo is stopped. Its data is kept.")
        assert self.leaves_nobody()

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def end(self) -> tuple[int, str]:
        """Wait for its end; its status and what it said after the table."""
        assert self._process is not None
        said, _ = self._process.communicate(timeout=30)
        return self._process.returncode, said

    def leaves_nobody(self) -> bool:
        return not any(member.is_running() and member.status() != "zombie" for member in self.family)

    def get(self, further: int, path: str = "/") -> requests.Response:
        return requests.get(f"http://localhost:{self.port + further}{path}", timeout=10)

    def remove(self) -> None:
        if self.is_running:
            self.signal(signal.SIGTERM)
            self.end()
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(scope="module")
def made() -> Iterator[Demo]:
    """A demo whose data is there, made afresh where rubbish was; whether it runs depends on the tests before."""
    demo = Demo()
    try:
        demo.folder.mkdir(parents=True)
        (demo.folder / "idp.db").write_bytes(b"not a database")
        os.environ["IDP_DEMO_PASSWORD"] = PASSWORD
        try:
            assert demo.start("--fresh") < SECONDS_TO_START
        finally:
            del os.environ["IDP_DEMO_PASSWORD"]
        yield demo
    finally:
        demo.remove()


@pytest.fixture
def running(made: Demo) -> Demo:
    """It runs, since now where the last test has ended it."""
    if not made.is_running:
        wait_until("the last demo is gone", made.leaves_nobody)
        made.start()
    return made


def workers_of_the_provider(running: Demo) -> list[psutil.Process]:
    return next(
        member.children()
        for member in running.family
        if member.cmdline()[-1] == "wsgi:app" and member.ppid() == running.pid
    )


def test_it_says_where_to_go_and_who_to_be_and_all_of_it_answers(running: Demo) -> None:
    assert PASSWORD in running.announced, "fresh data have the password of one's choice"
    assert "demo-Passw0rd" not in running.announced
    people = "guest1 staff1 admin1 staff2 port1 agent1 林小玉 測試二號有限公司 範例大富物流股份有限公司 周怡安 鄭志豪"
    for person in people.split():
        assert person in running.announced
    for further in (0, 1, 2, 3, 25, 72):
        assert f"http://localhost:{running.port + further}" in running.announced
    assert running.get(0, "/.well-known/openid-configuration").json()["issuer"] == (f"http://localhost:{running.port}")
    assert running.get(1).status_code == 200
    assert "港區通行證系統" in running.get(2).text
    assert "申請帳號類型" in running.get(2, "/apply").text
    assert "免稅函線上申辦" in running.get(3).text
    assert "電子身分帳號" in running.get(3, "/login").text
    assert "示範信箱" in running.get(25).text
    assert f"http://localhost:{running.port}/ops as operator" in running.announced
    assert "驗證器：周文傑（operator）" in running.get(25, "/authenticator").text
    for address in ("127.0.0.1", "::1"):
        for further in PORTS:
            socket.create_connection((address, running.port + further), timeout=5).close()
    assert len(workers_of_the_provider(running)) == 2
    assert "PIN 123456" in running.announced
    assert "憑證密碼：123456" in running.get(72).text
    assert f"http://localhost:{running.port}" in running.get(71, "/card").text


def test_its_secrets_are_for_its_owner_alone(made: Demo) -> None:
    assert stat.S_IMODE(made.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((made.folder / "secrets.json").stat().st_mode) == 0o600
    known = json.loads((made.folder / "secrets.json").read_text())
    assert len(set(known.values())) == len(known)


def drawer_of(demo: Demo) -> dict[str, bytes]:
    """The files of the software cards."""
    return {path.name: path.read_bytes() for path in (demo.folder / "testca" / "drawer").iterdir()}


def run_idp(demo: Demo, *words: str) -> subprocess.CompletedProcess[str]:
    """The `idp` command on the demo's data, by the settings that the README names."""
    script = f'. docs/examples/demo-settings.sh {demo.port} && exec "$@"'
    command = ["bash", "-c", script, "bash", sys.executable, "-m", "idp.cli", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_card_of_the_drawer_is_good_for_the_provider_and_a_revoked_one_is_not(running: Demo) -> None:
    drawer = running.folder / "testca" / "drawer"
    assert running.get(72, "/moeaca/CRL_0001.crl").content[:1] == b"\x30"
    good, revoked = (
        run_idp(running, "trust", "check", str(drawer / f"{name}.der"), "--json")
        for name in ("3 測試三號有限公司 正卡", "6 測試二號有限公司 已廢止")
    )
    told = json.loads(good.stdout)
    assert (good.returncode, told["tax_id"], told["name"]) == (0, "00000037", "測試三號有限公司")
    assert told["revocation"].startswith("good, says OCSP")
    assert (revoked.returncode, "was revoked" in revoked.stderr) == (1, True)


def test_a_second_run_keeps_the_data(running: Demo) -> None:
    keys = running.get(0, "/jwks").json()["keys"]
    ledger = (running.folder / "loaded.json").read_text()
    cards = drawer_of(running)
    assert len(cards) == 2 * 11 + 1
    running.stop(signal.SIGINT)
    running.start()
    assert running.get(0, "/jwks").json()["keys"] == keys
    assert (running.folder / "loaded.json").read_text() == ledger
    assert drawer_of(running) == cards


def test_when_one_process_dies_it_says_which_and_stops_the_others(running: Demo) -> None:
    mailbox = next(member for member in running.family if "clients.mailbox" in member.cmdline())
    mailbox.kill()
    status, said = running.end()
    assert status == 1
    assert f"mailbox was killed by signal 9. The last lines of var/demo-{running.port}/log/mailbox.log" in said
    assert running.leaves_nobody()


# What a start costs is most of this file: one signal a run, and the third in the long rounds.
@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGHUP, marks=pytest.mark.soak)])
def test_a_load_that_was_broken_off_is_taken_up(made: Demo, number: signal.Signals) -> None:
    if made.is_running:
        made.stop(number)
    # Broken off after the last part, before its note.
    for note in ("loaded.json", "prepared"):
        (made.folder / note).unlink()
    made.start()
    assert len(json.loads((made.folder / "loaded.json").read_text())) == 24
    made.stop(number)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent is gone")
def test_killed_itself_it_leaves_nobody_behind(running: Demo) -> None:
    running.signal(signal.SIGKILL)
    running.end()
    wait_until("its processes are gone", running.leaves_nobody)


def test_a_port_in_use_is_named_with_what_to_do(made: Demo) -> None:
    if made.is_running:
        made.stop(signal.SIGINT)
    with socket.create_server(("127.0.0.1", made.port + 25)):
        answer = subprocess.run(made.command("--fresh"), cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert f"Port {made.port + 25} is needed for the mailbox page" in answer.stderr
    assert f"make demo PORT={made.port + 100}" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert (made.folder / "idp.db").exists()


def test_a_broken_database_is_told_in_a_sentence() -> None:
    demo = Demo()
    try:
        demo.folder.mkdir(parents=True)
        (demo.folder / "idp.db").write_bytes(b"not a database" * 100)
        answer = subprocess.run(demo.command(), cwd=ROOT, capture_output=True, text=True, check=False)
        assert answer.returncode == 1
        assert "The database could not be prepared" in answer.stderr
        assert "Traceback" not in answer.stderr
    finally:
        demo.remove()
