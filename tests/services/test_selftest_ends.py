"""What `idp client selftest` bears of an application, and that nobody of its people is left whatever goes wrong."""

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import select, update

from idp.cli.selftest import cleaned_up
from idp.cli.selftest_answers import origin_of
from idp.cli.selftest_browser import Browser, Stuck
from idp.cli.selftest_cast import engage, names_of_a_run
from idp.cli.selftest_rules import Report
from idp.db import session, transaction
from idp.errors import LastGroupAdmin
from idp.models import Account, Binding, Company
from idp.policies.roles import Role
from idp.policies.standing import AccountStatus, BindingState
from idp.services.companies import add_company

BEGIN = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=no-such\r\nConnection: close\r\n\r\n"


def in_words(send: Callable[[bytes], None], _over: threading.Event) -> None:
    send(BEGIN + b"<p>Welcome\x1b]0;owned\x07 \xe5\x85\xac\xe5\x8f\xb8</p>")


def too_much(send: Callable[[bytes], None], over: threading.Event) -> None:
    send(BEGIN)
    while not over.is_set():
        send(b"x" * 1_000_000)


def drop_by_drop(send: Callable[[bytes], None], over: threading.Event) -> None:
    send(b"HTTP/1.1 200 OK\r\n")
    while not over.wait(0.05):
        send(b"X-Still: there\r\n")


@pytest.fixture
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where something answers one question in this way."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            there, _ = server.accept()
            with there:
                there.recv(65536)
                try:
                    request.param(there.sendall, over)
                except OSError:
                    return  # who asked has had enough

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/sites"
        over.set()
        thread.join()


def browser_for(address: str) -> Browser:
    browser = Browser("http://localhost:1", "http://localhost:1/authorize", address)
    browser.longest = 0.5
    return browser


@pytest.mark.parametrize("address", [in_words], indirect=True)
def test_what_a_terminal_would_obey_is_not_printed(address: str) -> None:
    page = browser_for(address).get(address)
    report = Report()
    report.broken(1, f"It says: {page}")
    report.not_seen(2, str(Stuck(f"It says: {page}")))
    for row in report.rows()[:2]:
        assert str(row["seen"]).isprintable()
        assert "Welcome" in str(row["seen"])
        assert "公司" in str(row["seen"])


@pytest.mark.parametrize("address", [too_much, drop_by_drop], indirect=True)
def test_an_answer_without_end_is_given_up(address: str) -> None:
    with pytest.raises(Stuck, match=r"does not answer: (AnswerTooLong|TimeoutError|ReadTimeout|ConnectionError)"):
        browser_for(address).get(address)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


@pytest.mark.parametrize("way", ["HTTPS://App.Example/x", "https://app.example:443", "https://app.example"])
def test_an_origin_is_the_same_however_it_is_written(way: str) -> None:
    assert origin_of(way) == ("https", "app.example", 443)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_nobody_is_left_where_one_step_fails(company: Company, database: Flask, number: signal.Signals) -> None:
    """One of the accounts can't be suspended; all else is put out of use, and the mailbox is free again."""
    with transaction():
        other = add_company(tax_id="00000022", name="測試二號有限公司")
    names, before = names_of_a_run(), signal.getsignal(signal.SIGHUP)

    def interrupted() -> None:
        with cleaned_up(names):
            cast = engage(names, (company, other), Role.STAFF, "ops@example.test")
            with transaction():
                session.execute(update(Account).where(Account.id == cast.first.sub).values(role=Role.GROUP_ADMIN))
            session.expire_all()
            os.kill(os.getpid(), number)

    with pytest.raises(LastGroupAdmin):
        interrupted()
    session.expire_all()
    stands = {name: status for name, status in session.execute(select(Account.username, Account.status))}
    assert [stands[name] for name in names] == [AccountStatus.CLOSED, AccountStatus.ACTIVE, AccountStatus.CLOSED]
    assert set(session.scalars(select(Binding.state))) == {BindingState.UNBOUND}
    assert signal.getsignal(signal.SIGHUP) == before
