"""Whatever ends a ``sid`` before its time writes one notice for its client, in the same transaction."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from idp.app import create_app
from idp.config import Mode, Settings, use_settings
from idp.db import db, now, session, transaction
from idp.models import Account, Client, ClientSession, Company, Grant, OutboxEntry, SignIn
from idp.oidc import backchannel
from idp.oidc.backchannel import Messenger
from idp.oidc.keys import forget_cached_keys
from idp.policies.roles import Role
from idp.services.access import narrow_access
from idp.services.accounts import set_role, suspend_account
from idp.services.authorizations import take_back
from idp.services.client_registry import remove_client
from idp.services.closing import close_own
from idp.services.companies import suspend_company
from idp.services.logout_notices import BACKCHANNEL
from idp.services.outbound import Unreachable, post_form
from idp.services.secrets import new_id
from idp.services.sign_ins import end_own_sign_in, end_sign_in, leave_client
from idp.services.signing_keys import ensure_keys
from tests.harness.listener import Listener
from tests.services.people import a_client, person, signed_in

ADDRESS = "https://app.example/end"


def told(client_id: str, address: str | None = ADDRESS, **more: Any) -> Client:
    return a_client(client_id, backchannel_logout_uri=address, **more)


def notices() -> list[OutboxEntry]:
    session.expire_all()
    wanted = select(OutboxEntry).where(OutboxEntry.kind == BACKCHANNEL).order_by(OutboxEntry.id)
    return list(session.scalars(wanted))


def reasons() -> list[tuple[str | None, str]]:
    return [(n.client_id, n.payload["reason"]) for n in notices()]


@pytest.fixture
def ming(company: Company) -> Account:
    return person(company)


Ending = Callable[[Account, Client, str], object]
ENDINGS: dict[str, Ending] = {
    "signed_out": lambda _a, _c, sign_in: end_sign_in(sign_in, because="signed_out"),
    "owner": lambda a, _c, sign_in: end_own_sign_in(sign_in, a.id),
    "replaced": lambda _a, _c, sign_in: end_sign_in(sign_in, because="replaced"),
    "account_suspended": lambda a, _c, _s: suspend_account(a, "離職"),
    "account_closed": lambda a, _c, _s: close_own(a.id),
    "company_suspended": lambda a, _c, _s: suspend_company(session.get_one(Company, a.company_id), "查核"),
    "taken_back": lambda a, c, _s: take_back(a.id, c.id),
    "client_removed": lambda _a, c, _s: remove_client(c),
    "narrowed": lambda a, _c, _s: set_role(a, Role.GUEST),
}


@pytest.mark.parametrize("reason", ENDINGS)
def test_what_ends_a_session_tells_its_client_once(ming: Account, reason: str) -> None:
    client = told("dreams")
    sign_in = signed_in(ming, client)
    with transaction():
        ENDINGS[reason](ming, client, sign_in)
    [notice] = notices()
    sid = session.scalars(select(ClientSession.sid)).one()
    assert notice.payload == {"sid": sid, "sub": ming.id, "reason": reason}
    assert (notice.client_id, notice.account_id, notice.recipient) == ("dreams", ming.id, ADDRESS)
    assert (notice.state, notice.attempts) == ("waiting", 0)
    ended = session.scalars(select(ClientSession)).one()
    assert (ended.ended_because, ended.ended_at is not None) == (reason, True)
    assert session.scalars(select(Grant)).one().revoked_at is not None
    if reason not in {"client_removed", "account_suspended", "account_closed", "company_suspended"}:
        with transaction():
            end_sign_in(sign_in, because="signed_out")
        assert len(notices()) == 1


def test_signing_out_of_one_application_tells_that_one(ming: Account) -> None:
    leaving, staying = told("leaving"), told("staying")
    sign_in = signed_in(ming, leaving)
    enter(sign_in, ming, staying)
    with transaction():
        leave_client(sign_in, "leaving")
    assert reasons() == [("leaving", "signed_out")]
    with transaction():
        end_sign_in(sign_in, because="signed_out")
    assert reasons() == [("leaving", "signed_out"), ("staying", "signed_out")]


def enter(sign_in: str, account: Account, client: Client) -> str:
    """A further session of a client in this sign-in."""
    sid = new_id("sd_")
    values = {"client_id": client.id, "account_id": account.id, "created_at": now()}
    with transaction():
        session.add(ClientSession(sid=sid, sign_in_id=sign_in, **values))
    return sid


def test_two_companies_in_two_tabs_are_two_notices(ming: Account, company: Company) -> None:
    client = told("dreams")
    sign_in = signed_in(ming, client)
    other = person(company)
    sid = enter(sign_in, other, client)
    with transaction():
        end_sign_in(sign_in, because="signed_out")
    assert {(n.payload["sub"], n.payload["sid"] == sid) for n in notices()} == {(ming.id, False), (other.id, True)}


def test_a_client_without_an_address_is_not_written_to(ming: Account) -> None:
    sign_in = signed_in(ming, told("dreams", None))
    with transaction():
        end_sign_in(sign_in, because="signed_out")
    assert notices() == []


def test_a_change_that_is_undone_tells_nobody(ming: Account) -> None:
    sign_in = signed_in(ming, told("dreams"))

    def undone() -> None:
        with transaction():
            end_sign_in(sign_in, because="signed_out")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        undone()
    assert notices() == []


def test_a_session_past_its_end_is_not_told(ming: Account) -> None:
    """Its client has ended it by itself: claim ``session_expiry``."""
    sign_in = signed_in(ming, told("dreams"))
    with transaction():
        session.execute(update(SignIn).values(expires_at=now() - timedelta(seconds=1)))
        end_sign_in(sign_in, because="signed_out")
    assert notices() == []
    assert session.scalars(select(ClientSession.ended_because)).all() == ["signed_out"]


def test_offline_grants_outlive_the_sid(ming: Account) -> None:
    sign_in = signed_in(ming, told("dreams"))
    with transaction():
        session.execute(update(Grant).values(is_offline=True))
        end_sign_in(sign_in, because="signed_out")
    assert session.scalars(select(Grant.revoked_at)).all() == [None]
    assert reasons() == [("dreams", "signed_out")]


def test_narrowing_ends_sessions_only_where_the_client_wants_and_can_hear_it(ming: Account) -> None:
    person(session.get_one(Company, ming.company_id), Role.GROUP_ADMIN)
    sign_in = signed_in(ming, told("dreams"))
    for client in (told("polls", on_narrowing="poll"), told("deaf", None)):
        enter(sign_in, ming, client)
    with transaction():
        set_role(ming, Role.GROUP_ADMIN)
    assert reasons() == []
    with transaction():
        set_role(ming, Role.STAFF)
    assert reasons() == [("dreams", "narrowed")]
    assert set(session.scalars(select(ClientSession.client_id).where(ClientSession.ended_at.is_(None)))) == {
        "polls",
        "deaf",
    }


def test_rights_at_one_client_narrow_that_one(ming: Account) -> None:
    sign_in = signed_in(ming, told("dreams"))
    enter(sign_in, ming, told("port"))
    with transaction():
        narrow_access(ming.id, "port")
    assert reasons() == [("port", "narrowed")]


# Delivery, with the provider's own keys and a real server.


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as listening:
        yield listening


Running = Callable[[Mode], Flask]


@pytest.fixture
def running(storage: Flask, database: Flask) -> Iterator[Running]:
    """The provider itself, in a mode, on the database of the test."""
    known: Settings = storage.config["IDP"]
    with transaction():
        ensure_keys()
    forget_cached_keys()
    apps: list[Flask] = []

    def run(mode: Mode) -> Flask:
        chosen = known.model_copy(update={"mode": mode})
        use_settings(chosen)
        apps.append(create_app(chosen))
        return apps[-1]

    yield run
    forget_cached_keys()
    for app in apps:
        with app.app_context():
            db.engine.dispose()


def deliver(app: Flask) -> int:
    with app.app_context(), closing(Messenger(app)) as messenger:
        begun = messenger.tell_due()
        messenger.finish()
    return begun


def one_ended(ming: Account, listener: Listener, client_id: str = "dreams") -> None:
    sign_in = signed_in(ming, told(client_id, f"{listener.address}/{client_id}"))
    with transaction():
        end_sign_in(sign_in, because="signed_out")


def test_in_production_this_machine_is_not_asked(ming: Account, listener: Listener, running: Running) -> None:
    one_ended(ming, listener)
    assert deliver(running(Mode.PRODUCTION)) == 1
    [notice] = notices()
    assert (notice.state, notice.attempts) == ("waiting", 1)
    assert notice.last_error == "Unreachable: the name leads to no number that may be called"
    assert listener.heard == []
    later()
    assert deliver(running(Mode.TEST)) == 1
    assert [n.state for n in notices()] == ["sent"]
    assert len(listener.of("/dreams")) == 1


def later(**passed: float) -> None:
    with transaction():
        for notice in notices():
            notice.next_attempt_at = now() - timedelta(seconds=1)
            notice.created_at -= timedelta(**passed)


def test_a_notice_is_tried_for_a_day_and_then_kept_as_dead(ming: Account, listener: Listener, running: Running) -> None:
    app = running(Mode.TEST)
    one_ended(ming, listener)
    listener.behaviour["/dreams"] = 503
    pauses = []
    for _ in range(8):
        later()
        deliver(app)
        [notice] = notices()
        pauses.append(round((notice.next_attempt_at - now()).total_seconds() / 10))
    assert pauses == [1, 2, 4, 8, 16, 24, 24, 24]
    assert notice.state == "waiting"
    later(hours=24, seconds=1)
    deliver(app)
    later()
    assert deliver(app) == 0
    [notice] = notices()
    assert (notice.state, notice.attempts) == ("dead", 9)
    assert notice.payload["reason"] == "signed_out"


def test_a_removed_client_is_told_and_one_without_an_address_any_more_is_not(
    ming: Account, listener: Listener, running: Running
) -> None:
    app = running(Mode.TEST)
    for client_id in ("removed", "silent"):
        one_ended(ming, listener, client_id)
    with transaction():
        remove_client(session.get_one(Client, "removed"))
        session.execute(update(Client).where(Client.id == "silent").values(backchannel_logout_uri=None))
    deliver(app)
    assert {(n.client_id, n.state) for n in notices()} == {("removed", "sent"), ("silent", "dead")}


@pytest.mark.both_databases
def test_workers_at_once_tell_of_each_session_once(ming: Account, listener: Listener, running: Running) -> None:
    app = running(Mode.TEST)
    client = told("dreams", f"{listener.address}/dreams")
    for _ in range(30):
        sign_in = signed_in(ming, client)
        with transaction():
            end_sign_in(sign_in, because="signed_out")
    with app.app_context(), closing(Messenger(app)) as one, closing(Messenger(app)) as other:
        while one.tell_due() + other.tell_due():
            one.finish()
            other.finish()
    assert {n.state for n in notices()} == {"sent"}
    assert len({h.token for h in listener.heard}) == len(listener.heard) == 30


@pytest.mark.both_databases
def test_a_messenger_that_ends_puts_back_what_it_has_not_begun(
    ming: Account, listener: Listener, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backchannel, "ANSWER_SECONDS", 1.0)
    app = running(Mode.TEST)
    client = told("dreams", f"{listener.address}/dreams")
    listener.behaviour["/dreams"] = "hang"
    for _ in range(3):
        sign_in = signed_in(ming, client)
        with transaction():
            end_sign_in(sign_in, because="signed_out")
    with app.app_context(), closing(Messenger(app)) as messenger:
        messenger.tell_due()
    assert sorted((n.state, n.attempts) for n in notices()) == [("waiting", 0), ("waiting", 0), ("waiting", 1)]


def test_the_number_that_was_checked_is_the_one_that_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the first answer is public, every later one is this machine."""
    answers = iter([["8.8.8.8", "10.0.0.1"], ["127.0.0.1"], ["::1"]])
    connected: list[Any] = []

    def look_up(_host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, port)) for number in next(answers)]

    def connect(_self: socket.socket, place: Any) -> None:
        connected.append(place)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket.socket, "connect", connect)
    for problem in ("ConnectionRefusedError", "no number", "no number"):
        with pytest.raises(Unreachable, match=problem):
            post_form("http://turncoat.example/end", {}, seconds=2, loopback=False)
    assert connected == [("8.8.8.8", 80)]


def test_a_name_that_nobody_resolves_does_not_hold_us_up(monkeypatch: pytest.MonkeyPatch) -> None:
    found = threading.Event()

    def look_up(*_: Any, **__: Any) -> list[Any]:
        found.wait(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    began = time.monotonic()
    with pytest.raises(Unreachable, match="not found in time"):
        post_form("http://slow.example/end", {}, seconds=0.3, loopback=True)
    assert time.monotonic() - began < 5
    found.set()


def test_where_one_number_of_a_name_is_deaf_the_next_is_asked(listener: Listener) -> None:
    """``localhost`` is ::1 and 127.0.0.1; the listener has only the second."""
    assert post_form(f"{listener.address}/end", {"a": "1"}, seconds=5, loopback=True).status == 200
    assert listener.heard[0].form == [("a", "1")]


def test_a_server_that_speaks_no_http_is_unreachable() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as deaf:
        address = f"http://127.0.0.1:{deaf.getsockname()[1]}/end"
        with pytest.raises(Unreachable, match="TimeoutError"):
            post_form(address, {}, seconds=0.3, loopback=True)
        with pytest.raises(Unreachable):
            post_form(address.replace("http:", "https:"), {}, seconds=0.3, loopback=True)
