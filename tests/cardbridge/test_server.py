"""The agent's server from the outside: who it answers, and what it does with a request that was made to hurt it."""

import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from clients.testca.cards import Gpki
from clients.testca.drawer import put_in_drawer
from idp.cardbridge import server as cardbridge_server
from idp.cardbridge.operation import Desk
from idp.cardbridge.origins import Origins
from idp.cardbridge.server import LARGEST_BODY, QUESTIONS, AgentServer
from idp.cardbridge.software import SoftwareBackend
from tests.cardbridge.conftest import PIN
from tests.harness.running_agent import RunningAgent

PROVIDER = "https://idp.example.tw"
Headers = dict[str, str]


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory, pki: Gpki) -> Iterator[RunningAgent]:
    folder = tmp_path_factory.mktemp("agent")
    put_in_drawer(folder / "drawer", "00000016", pki.company(), PIN)
    running = RunningAgent(folder, "software", "--drawer", str(folder / "drawer"), "--allow", PROVIDER)
    yield running
    running.stop()
    assert "Traceback" not in running.log.read_text()


def raw(agent: RunningAgent, request: bytes, *, seconds: float = 5) -> bytes:
    """Bytes out, bytes back until the agent hangs up."""
    with socket.create_connection(("127.0.0.1", agent.port), seconds) as line:
        line.sendall(request)
        answer = b""
        try:
            while part := line.recv(65536):
                answer += part
        except ConnectionResetError:
            pass
        return answer


def get(agent: RunningAgent, path: str = "/card", **headers: str) -> tuple[int, Headers, str]:
    return send(agent, "GET", path, None, headers)


def send(agent: RunningAgent, method: str, path: str, body: bytes | None, headers: Headers) -> tuple[int, Headers, str]:
    connection = http.client.HTTPConnection("localhost", agent.port, timeout=5)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()
    finally:
        connection.close()


def ask(agent: RunningAgent, question: str, told: Any, **headers: str) -> tuple[int, Any]:
    usual = {"Origin": agent.address, "Content-Type": "application/json"}
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    status, _, answer = send(agent, "POST", f"/api/{question}", body, {**usual, **headers})
    return status, json.loads(answer)


def window(agent: RunningAgent) -> str:
    page = get(agent)[2]
    return page.split('data-token="')[1].split('"')[0]


def test_the_page_is_its_own_and_can_be_framed_by_nobody(agent: RunningAgent) -> None:
    status, headers, page = get(agent)
    assert status == 200
    nonce = page.split('nonce="')[1].split('"')[0]
    assert headers["Content-Security-Policy"] == (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; connect-src 'self';"
        " frame-ancestors 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"
    assert "Cross-Origin-Opener-Policy" not in headers
    assert nonce not in get(agent)[2]


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "HEAD", "PUT"])
def test_no_answer_has_a_header_that_lets_another_origin_in(agent: RunningAgent, method: str) -> None:
    for path in ("/card", "/agent.js", "/texts.json", "/api/begin", "/nothing"):
        headers = {"Origin": PROVIDER, "Access-Control-Request-Private-Network": "true"}
        _, answered, _ = send(agent, method, path, None, headers)
        assert not [name for name in answered if name.lower().startswith("access-control")]


@pytest.mark.parametrize(
    "hosts",
    [
        [], ["evil.example"], ["localhost"], ["localhost:1"], ["evil.example:{port}"],
        ["127.0.0.1.evil.example:{port}"],
        ["localhost:{port}", "localhost:{port}"], ["localhost:{port}", "evil.example"], ["0.0.0.0:{port}"],
        ["localhost:{port}, evil.example"], ["192.168.1.1:{port}"], ["localhost.:{port}"],
    ],
)  # fmt: skip
def test_a_wrong_missing_or_second_host_is_not_answered(agent: RunningAgent, hosts: list[str]) -> None:
    lines = "".join(f"Host: {host.format(port=agent.port)}\r\n" for host in hosts)
    for head in ("GET /card", "GET /agent.js", "POST /api/begin", "GET http://localhost/card"):
        answer = raw(agent, f"{head} HTTP/1.1\r\n{lines}Content-Length: 0\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.0 421 "), answer
        assert b"data-token" not in answer


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_its_own_names_are_answered(agent: RunningAgent, host: str) -> None:
    assert raw(agent, f"GET /card HTTP/1.1\r\nHost: {host}:{agent.port}\r\n\r\n".encode()).startswith(b"HTTP/1.0 200 ")


def test_it_listens_on_this_machine_alone(agent: RunningAgent) -> None:
    found = {
        connection.laddr.ip
        for connection in psutil.Process(agent._process.pid).net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    assert found == {"127.0.0.1", "::1"}


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize(
    "changes",
    [
        {"Origin": PROVIDER}, {"Origin": "null"}, {"Origin": ""}, {"Origin": "http://localhost:1"},
        {"Origin": "http://127.0.0.1:{port}"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
    ids=str,
)  # fmt: skip
def test_another_pages_request_is_refused(agent: RunningAgent, question: str, changes: Headers) -> None:
    headers = {name: value.format(port=agent.port) for name, value in changes.items()}
    assert ask(agent, question, {"token": window(agent)}, **headers) == (403, {"state": "refused", "code": "origin"})


def test_a_request_without_origin_is_refused(agent: RunningAgent) -> None:
    headers = {"Content-Type": "application/json"}
    assert send(agent, "POST", "/api/begin", b"{}", headers)[0] == 403


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain; application/json",
             "application/json; charset=utf-8", ""]
)  # fmt: skip
def test_what_a_form_can_send_is_refused_even_from_its_own_page(agent: RunningAgent, kind: str) -> None:
    assert ask(agent, "begin", {"token": window(agent)}, **{"Content-Type": kind})[0] == 415


@pytest.mark.parametrize(
    "wanted_as", ["image", "iframe", "frame", "embed", "object", "script", "style", "empty", "video"]
)
def test_the_window_is_given_to_a_window_alone(agent: RunningAgent, wanted_as: str) -> None:
    status, _, page = get(agent, **{"Sec-Fetch-Dest": wanted_as})
    assert status == 403
    assert "data-token" not in page


@pytest.mark.parametrize("path", ["/", "/api/begin", "/card/", "/card?x", "/../origins.json", "/page/agent.js"])
def test_nothing_else_is_there(agent: RunningAgent, path: str) -> None:
    assert get(agent, path)[0] == 404


@pytest.mark.parametrize("path", ["/api/", "/api/begin/", "/begin", "/api/new_window", "/api/_of", "/card"])
def test_no_other_question_is_answered(agent: RunningAgent, path: str) -> None:
    headers = {"Origin": agent.address, "Content-Type": "application/json"}
    assert send(agent, "POST", path, b"{}", headers)[0] == 404


BAD_BODIES: list[bytes] = [
    b"", b"null", b"[]", b"5", b'"text"', b"{", b"\xff\xfe", b"[" * 10_000, b'{"a":' * 3_000, b"9" * 5_000, b"{}",
    b'{"token": 5}', b'{"token": null}', b'{"token": ["A"]}', b'{"token": "\\ud800"}',
]  # fmt: skip


@pytest.mark.parametrize("body", BAD_BODIES, ids=lambda body: repr(body[:20]))
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_malformed_body_is_refused_by_name(agent: RunningAgent, question: str, body: bytes) -> None:
    status, told = ask(agent, question, body)
    assert (status, told["state"]) in {(400, "refused"), (409, "refused"), (200, "cancelled")}


@pytest.mark.parametrize(
    "told",
    [
        {}, {"origin": PROVIDER}, {"origin": PROVIDER, "request": None},
        {"origin": PROVIDER, "request": {"tbs": "AAAA"}},
        {"origin": PROVIDER, "request": {"nonce": "A" * 43, "purpose": "login", "iat": 1e999}},
        {"origin": PROVIDER, "request": {"nonce": "A" * 43, "purpose": {}, "iat": 1}},
    ],
)  # fmt: skip
def test_a_malformed_request_of_a_page_is_refused_by_name(agent: RunningAgent, told: dict[str, Any]) -> None:
    assert ask(agent, "begin", {"token": window(agent), **told}) == (400, {"state": "refused", "code": "request"})


@pytest.mark.parametrize("length", [str(LARGEST_BODY + 1), "99999999999", "9" * 6000, "-1", "1e3", "٣", "0x10", ""])
def test_a_body_that_is_too_large_or_of_no_length_is_not_read(agent: RunningAgent, length: str) -> None:
    head = f"POST /api/begin HTTP/1.1\r\nHost: localhost:{agent.port}\r\nOrigin: {agent.address}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    assert raw(agent, head.encode()).startswith(b"HTTP/1.0 413 ")


@pytest.mark.parametrize(
    "request_line", [b"GET /card HTTP/9.9", b"GET", b"\x16\x03\x01\x02", b"GET /" + b"a" * 70_000 + b" HTTP/1.1"]
)
def test_what_is_no_http_is_refused(agent: RunningAgent, request_line: bytes) -> None:
    answer = raw(agent, request_line + b"\r\n\r\n")
    assert b"data-token" not in answer
    assert get(agent)[0] == 200


def test_a_body_that_comes_too_slowly_is_given_up(
    monkeypatch: pytest.MonkeyPatch, serve_here: Callable[[], Any]
) -> None:
    monkeypatch.setattr(cardbridge_server, "READ_SECONDS", 0.5)
    port = serve_here()
    head = f"POST /api/begin HTTP/1.1\r\nHost: localhost:{port}\r\nOrigin: http://localhost:{port}\r\n"
    head += "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), 10) as line:
        line.sendall(head.encode())
        answer = b""
        line.settimeout(0.1)
        while not answer and time.monotonic() - began < 8:
            try:
                line.sendall(b" ")
                answer = line.recv(100)
            except TimeoutError:
                continue
            except OSError:
                break
    assert 0.4 < time.monotonic() - began < 5


def test_many_idle_connections_leave_room_again(agent: RunningAgent) -> None:
    lines = [socket.create_connection(("127.0.0.1", agent.port), 5) for _ in range(cardbridge_server.MOST_CONNECTIONS)]
    time.sleep(0.3)
    assert raw(agent, b"GET /card HTTP/1.1\r\n\r\n") == b""
    for line in lines:
        line.close()
    began = time.monotonic()
    while time.monotonic() - began < 5:
        try:
            if get(agent)[0] == 200:
                return
        except (http.client.HTTPException, OSError):
            time.sleep(0.05)
    raise AssertionError("the agent stays away")


def test_a_second_agent_does_not_share_the_port(agent: RunningAgent, drawer: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "idp.cardbridge", "--backend", "software", "--drawer", str(drawer),
         "--port", str(agent.port), "--origins", str(tmp_path / "other.json")],
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "can't start" in done.stderr


@pytest.fixture
def serve_here(drawer: Path, tmp_path: Path) -> Any:
    """A server in this process, to be hasty with."""
    running: list[AgentServer] = []

    def begin() -> int:
        running.append(AgentServer("127.0.0.1", 0, Desk(SoftwareBackend(drawer), Origins(tmp_path / "o.json"))))
        threading.Thread(target=running[-1].serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return running[-1].server_port

    yield begin
    for server in running:
        server.shutdown()
        server.server_close()
