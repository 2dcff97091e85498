"""How much the load program itself can do: requests against an answer that costs nothing to make."""

import multiprocessing
import select
import socket
from multiprocessing.connection import Connection as Pipe
from typing import Any

from tests.bench.load import Load, Tally
from tests.bench.operations import Client, Person, Target
from tests.bench.processes import cpu_milliseconds
from tests.bench.provider import HOST, ISSUER, REDIRECT_URI

_BODY = f'{{"issuer":"{ISSUER}","access_token":"a","token_type":"Bearer","expires_in":600}}'
_HEAD = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(_BODY)}\r\n\r\n"
_ANSWER = (_HEAD + _BODY).encode()
CEILING_NAMES = ("discovery", "client_credentials")


def _serve(pipe: "Pipe[Any, Any]") -> None:
    """One fixed answer to whatever is sent, until the process is ended."""
    listener = socket.create_server((HOST, 0), backlog=64)
    listener.setblocking(False)
    pipe.send(listener.getsockname()[1])
    poll = select.epoll()
    poll.register(listener, select.EPOLLIN)
    open_sockets: dict[int, socket.socket] = {}
    while True:
        for descriptor, _ in poll.poll():
            if descriptor == listener.fileno():
                connection, _ = listener.accept()
                open_sockets[connection.fileno()] = connection
                poll.register(connection, select.EPOLLIN)
            elif open_sockets[descriptor].recv(65536):
                open_sockets[descriptor].sendall(_ANSWER)
            else:
                open_sockets.pop(descriptor).close()


def measure(seconds: float, users: int, processes: int) -> list[tuple[str, Tally, float]]:
    """Each operation that a fixed answer satisfies: its tally, and the CPU ms of the answering process."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=_serve, args=(theirs,), daemon=True)
    server.start()
    try:
        found = []
        target = _target(ours.recv())
        with Load(target, users, processes) as load:
            for name in CEILING_NAMES:
                load.run(name, 0.3)
                before = cpu_milliseconds(server.pid)
                tally = load.run(name, seconds)
                found.append((name, tally, cpu_milliseconds(server.pid) - before))
        return found
    finally:
        server.kill()
        server.join()


def _target(port: int) -> Target:
    person, client = Person("nobody", "00000000", "nobody"), Client("machine", "secret", "bench.read")
    return Target(HOST, port, ISSUER, REDIRECT_URI, "", (person,), {"machine": client})


def report(seconds: float, users: int, processes: int) -> str:
    """What was measured, in lines."""
    lines = []
    for name, tally, server_cpu in measure(seconds, users, processes):
        count = max(1, tally.operations)
        rate, own, served = count / tally.seconds, tally.client_cpu / count, server_cpu / count
        lines.append(
            f"{name}: {rate:.0f} a second, {own:.3f} ms of the load program's CPU each"
            f" ({1000 / own:.0f} a core), {served:.3f} ms of the answering process, {tally.errors} errors"
        )
    return "\n".join(lines)
