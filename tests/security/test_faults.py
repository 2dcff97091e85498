"""The database locked, a worker killed, the server told to end, a table gone (FT03, CR01, CR05, CR08, LG03)."""

import os
import re
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest
import requests

from tests.harness.browser import Browser, Page
from tests.harness.people import Town
from tests.harness.processes import wait_until
from tests.harness.relying_party import Person
from tests.security.conftest import NewServer
from tests.security.doors import at_once, enter, is_in, is_signed_in, seconds_of, send_by_hand, sign_in


@contextmanager
def locked(town: Town) -> Iterator[None]:
    """A foreign program holds the write lock of the SQLite file."""
    holder = sqlite3.connect(town.server.database_url.removeprefix("sqlite:///"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        holder.execute("ROLLBACK")
        holder.close()


def count(town: Town, table: str, condition: str = "1 = 1") -> int:
    """How many rows are there."""
    with sqlite3.connect(town.server.database_url.removeprefix("sqlite:///")) as own:
        (number,) = own.execute(f"SELECT count(*) FROM {table} WHERE {condition}").fetchone()
    own.close()
    return int(number)


# What a machine that runs other tests too may take of the five seconds.
BUSY = 3


def check_busy(took: float, answer: requests.Response) -> None:
    """FT03: 503 with Retry-After in less than five seconds, as a page in words."""
    assert answer.status_code == 503, f"{answer.status_code} after {took:.1f} s"
    assert int(answer.headers["Retry-After"]) >= 1
    assert took < 5 + BUSY, f"{took:.1f} s"
    assert "系統忙碌" in answer.text
    assert "Set-Cookie" not in answer.headers or "idp_session" not in answer.headers["Set-Cookie"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


# The database.


def test_signing_in_while_the_database_is_locked_is_503_and_nothing_half_done(own: Town) -> None:
    """FT03: the lock outlives every wait; afterwards the same form works."""
    person, browser, other = own.person("staff"), own.browser(), own.browser()
    page = browser.get("/login")
    sign_in(other, person)
    rows = (count(own, "sign_ins"), count(own, "audit_log"), count(own, "name_failures"))
    with locked(own):
        took, answer = seconds_of(
            lambda: send_by_hand(browser, page, "sign-in", username=person.username, password=person.password)
        )
        check_busy(took, answer)
        assert is_signed_in(other), "who only reads is not disturbed"
        assert requests.get(own.issuer + "/health", timeout=5).status_code == 200
    assert (count(own, "sign_ins"), count(own, "audit_log"), count(own, "name_failures")) == rows
    page = browser.submit(page, "sign-in", username=person.username, password=person.password)
    assert is_in(page)


def test_a_crowd_before_a_locked_database_is_told_within_five_seconds(own: Town) -> None:
    """FT03: nobody waits for those before him and then once more for the lock."""
    person = own.person("staff")
    browsers = [own.browser() for _ in range(8)]
    pages = [browser.get("/login") for browser in browsers]

    def send(number: int) -> tuple[float, requests.Response]:
        time.sleep(number * 0.2)
        name = {"username": person.username, "password": person.password}
        return seconds_of(partial(send_by_hand, browsers[number], pages[number], "sign-in", **name))

    with locked(own):
        answers = at_once([partial(send, number) for number in range(8)])
    for took, answer in answers:
        check_busy(took, answer)
    wait_until("it works again", lambda: is_in(enter(own.browser(), person.username, person.password)), seconds=5)


def test_a_pool_without_a_free_connection_is_503_within_five_seconds(new_server: NewServer) -> None:
    """FT03: one connection a process, and somebody waits with it."""
    town = Town(new_server(IDP_DATABASE_POOL="1", IDP_WORKERS="1"))
    person = town.person("staff")
    browsers = [town.browser() for _ in range(4)]
    pages = [browser.get("/login") for browser in browsers]
    name = {"username": person.username, "password": person.password}
    with locked(town):
        sends = [partial(send_by_hand, b, p, "sign-in", **name) for b, p in zip(browsers, pages, strict=True)]
        answers = at_once([partial(seconds_of, send) for send in sends])
    for took, answer in answers:
        check_busy(took, answer)
    wait_until("it works again", lambda: is_in(enter(town.browser(), person.username, person.password)), seconds=5)


def test_signing_out_while_the_database_is_locked_does_not_pretend(own: Town) -> None:
    """FT03: 503 and still signed in, never a cookie taken away from a sign-in that lives."""
    person, browser = own.person("staff"), own.browser()
    page = sign_in(browser, person)
    with locked(own):
        took, answer = seconds_of(lambda: send_by_hand(browser, page, "sign-out"))
        check_busy(took, answer)
    assert is_signed_in(browser)


def test_every_acknowledged_sign_in_is_synced_to_the_disk(own: Town) -> None:
    """CR05: kill -9 does not test this; fsyncs counted by strace do (at least one for each commit)."""
    assert_strace()
    person = own.person("staff")
    enter(own.browser(), person.username, person.password)
    summary = own.server.folder / "syncs"
    workers = [f"-p{worker.pid}" for worker in own.server.workers()]
    trace = subprocess.Popen(
        ["strace", "-f", "-e", "trace=fsync,fdatasync", "-o", str(summary), *workers], stderr=subprocess.DEVNULL
    )
    try:
        time.sleep(0.7)
        for _ in range(5):
            sign_in(own.browser(), person)
    finally:
        trace.send_signal(signal.SIGINT)
        trace.wait(10)
    synced = len(re.findall(r"\b(?:fsync|fdatasync)\(\d+\)\s+= 0|resumed>\)\s+= 0", summary.read_text()))
    # Two write transactions a sign-in: the try is counted, then settled.
    assert synced >= 10, f"{synced} syncs for 5 sign-ins"


def assert_strace() -> None:
    """Where strace is not installed, or may not look at processes, the test is left out."""
    probe = (
        subprocess.run(["strace", "-o/dev/null", "true"], capture_output=True, check=False) if has_strace() else None
    )
    if probe is None or probe.returncode != 0:
        pytest.skip("no strace, or it may not trace")


def has_strace() -> bool:
    """Whether the program is there."""
    return any(os.access(os.path.join(folder, "strace"), os.X_OK) for folder in os.environ["PATH"].split(":"))


# Processes.


def test_a_worker_killed_during_sign_ins_loses_nothing_acknowledged(own: Town) -> None:
    """CR01, light: 30 sign-ins beside one SIGKILL; each that was answered is there, on both workers."""
    people = [own.person("staff") for _ in range(3)]
    done: list[Browser] = []
    broken: list[str] = []

    def ten(person: Person) -> None:
        for _ in range(10):
            browser = own.browser()
            try:
                page = enter(browser, person.username, person.password)
            except requests.RequestException:
                broken.append(person.username)
                continue
            assert is_in(page), f"{page!r}"
            done.append(browser)

    threads = [threading.Thread(target=ten, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    time.sleep(0.4)
    own.server.kill_a_worker()
    for thread in threads:
        thread.join(60)
    assert len(done) + len(broken) == 30
    assert len(broken) <= 6, "more than what was in flight at the kill"
    wait_until("two workers are there", lambda: len(own.server.workers()) == 2)
    assert all(is_signed_in(browser) for browser in done)
    assert all(is_signed_in(browser) for browser in done[-5:])


def test_a_server_told_to_end_finishes_what_it_has_begun(own: Town) -> None:
    """CR08: SIGTERM while a sign-in waits for the disk; it is answered, and it is there after a restart."""
    person, browser = own.person("staff"), own.browser()
    page = browser.get("/login")
    browser.http.close()  # an idle connection kept open would be waited for
    master = own.server.workers()[0].parent()
    assert master is not None
    with locked(own):
        answers: list[requests.Response] = []
        name = {"username": person.username, "password": person.password}
        sender = threading.Thread(target=lambda: answers.append(send_by_hand(browser, page, "sign-in", **name)))
        sender.start()
        time.sleep(0.5)
        master.terminate()
        time.sleep(0.7)
    sender.join(15)
    assert [answer.status_code for answer in answers] == [303]
    wait_until("the server has ended", lambda: not own.server._process.is_running(), seconds=30)  # type: ignore[union-attr]
    assert not own.server.accidents()
    own.server.start()
    browser.http.cookies.update(answers[0].cookies)
    assert is_signed_in(browser)


def test_an_idle_connection_does_not_hold_up_the_end(own: Town) -> None:
    """CR08: SIGTERM with browsers that keep their connections open ends within a few seconds."""
    browsers = [own.browser() for _ in range(3)]
    for browser in browsers:
        browser.get("/login")
    master = own.server.workers()[0].parent()
    assert master is not None
    master.terminate()
    took = wait_until("the server has ended", lambda: not own.server._process.is_running(), seconds=31)  # type: ignore[union-attr]
    assert took < 20, f"{took:.0f} s"


# Accidents.


def break_table(town: Town, table: str) -> None:
    """As if a migration had gone wrong."""
    with sqlite3.connect(town.server.database_url.removeprefix("sqlite:///")) as own:
        own.execute(f"ALTER TABLE {table} RENAME TO {table}_lost")
    own.close()


def check_accident(page: Page, log: str) -> None:
    """LG03: a page in words with a number that is in the log, and nothing of the machinery."""
    assert page.status == 500
    found = re.search(r"[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}", page.text)
    assert found, page.text
    assert found[0] in log
    for word in ("sqlalchemy", "sqlite", "SELECT", "INSERT", "no such table", "Traceback", "File ", ".py", "flask"):
        assert word not in page.html, word
    assert "no-store" in page.response.headers["Cache-Control"]
    assert "frame-ancestors 'none'" in page.response.headers["Content-Security-Policy"]
    assert page.response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("table", ["name_failures", "sign_ins", "authorization_requests", "audit_log"])
def test_an_accident_is_a_neutral_page_with_a_number(own: Town, table: str) -> None:
    """LG03, HD02, LG01: the log has the number and the place, and nobody's data or secrets."""
    person, browser, app = own.person("staff"), own.browser(), own.rp("app")
    page = browser.get("/login")
    browser.http.cookies.set("idp_session", "s" * 43, domain="localhost.local", path="/")
    asked = app.ask(login_hint=person.username)
    own.server.new_log()
    break_table(own, table)
    if table == "authorization_requests":
        answer = app.open(own.browser(), asked)
    else:
        answer = browser.submit(page, "sign-in", username=person.username, password=person.password)
    log = own.server.new_log()
    check_accident(answer, log)
    told = [person.username, person.email, person.password, asked.state or "", asked.nonce or "", "s" * 43]
    assert not [secret for secret in told if secret in log], "values of a statement are in the log"
    assert requests.get(own.issuer + "/health", timeout=5).status_code == 200


def test_an_accident_at_the_protocol_is_json_with_a_number(own: Town) -> None:
    """LG03 at /token and /userinfo."""
    app = own.rp("app")
    tokens = app.sign_in(own.browser(), own.person("staff"))
    break_table(own, "tokens")
    own.server.new_log()
    for answer in (app.refresh(tokens.refresh_token), app.userinfo(tokens.access_token)):
        assert answer.status_code == 500
        assert answer.json()["error"] == "server_error"
        found = re.search(r"Incident ([\w-]+)\.", answer.json()["error_description"])
        log = own.server.log.read_text()
        assert found
        assert found[1] in log
        assert tokens.refresh_token not in log
        assert tokens.access_token not in log
        assert "sql" not in answer.text.lower()
