"""The provider under load: started as in production, set up through its own command line."""

import base64
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.operations import Client, Person, Target
from tests.bench.wire import Answer, Broken, Connection

ROOT = Path(__file__).resolve().parents[2]
ISSUER = "https://bench.example"
REDIRECT_URI = "https://client.example/callback"
HOST = "127.0.0.1"
START_SECONDS = 30.0
STOP_SECONDS = 40.0
COMMAND_SECONDS = 60.0
PEOPLE_SCOPE = "openid profile email company"


class ProviderFailed(Exception):
    """The provider did not start, or a command of its did not do what it says."""


@dataclass(frozen=True, slots=True)
class Running:
    """A provider that answers: its parent process, its port, and how long it took."""

    pid: int
    port: int
    ready_ms: float


def settings(database_url: str, port: int, chosen: Mapping[str, str]) -> dict[str, str]:
    """The environment of the provider: production, new secrets, one proxy before it, and what was chosen."""
    ours = {
        "IDP_MODE": "production",
        "IDP_ISSUER": ISSUER,
        "IDP_DATABASE_URL": database_url,
        "IDP_SECRET_KEY": _key(),
        "IDP_MASTER_KEY": _key(),
        "IDP_BIND": f"{HOST}:{port}",
        "IDP_TRUSTED_PROXIES": "1",
        "IDP_WORKERS": "2",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("IDP_")}
    return kept | ours | dict(chosen)


def _key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def free_port() -> int:
    """A port nobody listens on now."""
    with closing(socket.socket()) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(environment: Mapping[str, str], port: int, log: Path) -> Iterator[Running]:
    """The provider under gunicorn, until the block ends. Raises ProviderFailed, with the end of its log."""
    began = time.perf_counter()
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"],
            cwd=ROOT,
            env=dict(environment),
            stdout=output,
            stderr=output,
        )
    try:
        _wait(process, port, environment["IDP_ISSUER"], log)
        yield Running(process.pid, port, round((time.perf_counter() - began) * 1000, 1))
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS)


def _wait(process: "subprocess.Popen[bytes]", port: int, issuer: str, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        answer = ask(HOST, port, issuer, "/health")
        if answer and answer.status == 200:
            return
        time.sleep(0.005)
    raise ProviderFailed("The provider does not answer /health with 200. Its log ends:\n" + log.read_text()[-3000:])


def ask(host: str, port: int, issuer: str, path: str) -> Answer | None:
    """One GET as a proxy would send it, or None when nobody answers."""
    scheme, _, name = issuer.partition("://")
    head = f"GET {path} HTTP/1.1\r\nHost: {name}\r\nX-Forwarded-Proto: {scheme}\r\nConnection: close\r\n\r\n"
    connection = Connection(host, port)
    try:
        connection.send(head.encode())
        answer = None
        while answer is None:
            answer = connection.receive()
    except Broken:
        return None
    finally:
        connection.close()
    return answer


class CommandLine:
    """`python -m idp.cli` with an environment."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)

    def run(self, *words: str, given: str = "", seconds: float = COMMAND_SECONDS) -> dict[str, Any]:
        """Do one command and read the JSON object it prints, if any. Raises ProviderFailed."""
        done = subprocess.run(
            [sys.executable, "-m", "idp.cli", *words],
            cwd=ROOT,
            env=self._environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        if done.returncode:
            raise ProviderFailed(f"idp {' '.join(words)}: exit {done.returncode}\n{done.stderr[-2000:]}")
        return _first_object(done.stdout)


def _first_object(text: str) -> dict[str, Any]:
    start = text.find("{")
    if start < 0:
        return {}
    value, _ = json.JSONDecoder().raw_decode(text[start:])
    return value if isinstance(value, dict) else {}


def set_up(line: CommandLine, place: tuple[str, int, str], users: int) -> Target:
    """A company, an account for each virtual user and the clients, with names of this run alone.

    place is host, port and issuer. Raises ProviderFailed.
    """
    host, port, issuer = place
    run = secrets.token_hex(3)
    line.run("init")
    tax_id = new_tax_id()
    line.run("company", "add", "--tax-id", tax_id, "--name", f"測速公司 {run}", "--proof", "document")
    password = f"{secrets.token_urlsafe(12)}-a1"
    people = tuple(_person(line, tax_id, f"bench{run}{n}", password) for n in range(users))
    return Target(host, port, issuer, REDIRECT_URI, password, people, _clients(line, run))


def _person(line: CommandLine, tax_id: str, username: str, password: str) -> Person:
    words = (
        "account",
        "add",
        "--tax-id",
        tax_id,
        "--username",
        username,
        "--name",
        "測速員",
        "--role",
        "staff",
    )
    made = line.run(*words, "--email", f"{username}@example.test", "--password-stdin", given=password + "\n")
    return Person(username, tax_id, str(made["sub"]))


def _clients(line: CommandLine, run: str) -> dict[str, Client]:
    def add(name: str, scope: str, grants: Sequence[str], *more: str, **kept: str) -> Client:
        grant_words = [word for grant in grants for word in ("--grant-type", grant)]
        words = (
            "client",
            "add",
            "--client-id",
            f"bench-{name}-{run}",
            "--name",
            f"測速 {name}",
            "--scope",
            scope,
        )
        made = line.run(*words, *grant_words, "--no-consent", *more)
        return Client(str(made["client_id"]), str(made["client_secret"]), scope, **kept)

    people = ("authorization_code", "refresh_token")
    back = ("--redirect-uri", REDIRECT_URI)
    basic, post = ("--auth-method", "client_secret_basic"), ("--auth-method", "client_secret_post")
    return {
        "basic": add("basic", PEOPLE_SCOPE, people, *back, *basic),
        "post": add("post", PEOPLE_SCOPE, people, *back, *post, method="client_secret_post"),
        "es256": add("es256", PEOPLE_SCOPE, people, *back, *basic, "--alg", "ES256", alg="ES256"),
        "machine": add("machine", "bench.read", ("client_credentials",), *basic),
    }


def new_tax_id() -> str:
    """Eight digits that follow the rule of 2023, with none in them that the rule treats apart."""
    while True:
        digits = f"{secrets.randbelow(10**6):06d}"
        if digits[0] == "0":
            continue
        for last in range(100):
            number = f"{digits}{last:02d}"
            products = (int(d) * w for d, w in zip(number, (1, 2, 1, 2, 1, 2, 4, 1), strict=True))
            if number[6] != "7" and sum(p // 10 + p % 10 for p in products) % 5 == 0:
                return number
