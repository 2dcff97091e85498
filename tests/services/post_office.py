"""A small real mail server that keeps what it takes, and does to each recipient what it is told."""

import asyncio
import email
import threading
from email.message import Message
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.harness.processes import free_port, wait_until


class _Greeter(SMTP):
    """A server that lets its clients wait before it greets them."""

    def __init__(self, office: "PostOffice", *arguments: Any, **more: Any) -> None:
        self._office = office
        super().__init__(*arguments, **more)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._office.connections.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._office.connections.discard(self.transport)
        super().connection_lost(error)

    async def _handle_client(self) -> None:
        await asyncio.sleep(self._office.greets_after)
        await super()._handle_client()


class _Counter(Controller):
    def factory(self) -> SMTP:
        return _Greeter(self.handler, self.handler, **self.SMTP_kwargs)


class PostOffice:
    """``answers`` says, by recipient, what the server does: an SMTP answer, ``close``, ``hang``, or ``silent``: it
    takes the mail and does not say so. ``greets_after`` is how many seconds a client waits for the greeting.
    """

    def __init__(self) -> None:
        self.greets_after = 0.0
        self.connections: set[Any] = set()
        self.answers: dict[str, str] = {}
        self.taken: list[tuple[str, Message]] = []
        self.release = threading.Event()
        self.port = free_port()
        self._controller: Controller | None = None

    def open(self) -> None:
        """Take mail, at the same port as before."""
        self._controller = _Counter(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def close(self) -> None:
        """Take no more mail."""
        self.release.set()
        if self._controller is not None:
            self._controller.loop.call_soon_threadsafe(self._controller.server.close)
            for connection in list(self.connections):
                self._controller.loop.call_soon_threadsafe(connection.abort)
            wait_until("nobody is connected any more", lambda: not self.connections)
            self._controller.stop()
            self._controller = None

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.answers.get(address, "250 OK")
        if answer[0] in "45" and "data" not in answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.answers.get(envelope.rcpt_tos[0], "250 OK")
        if answer == "close":
            assert server.transport is not None
            server.transport.abort()
            return "421 gone"
        if answer == "hang":
            await self._released()
        if answer.startswith("2") or answer == "silent":
            content: Any = envelope.content
            self.taken.append((envelope.rcpt_tos[0], email.message_from_bytes(content, policy=default)))
        if answer == "silent":
            await self._released()
        return answer

    async def _released(self) -> None:
        while not self.release.is_set():
            await asyncio.sleep(0.02)


def part(message: Message, subtype: str) -> str:
    """The text of one form of a mail."""
    for piece in message.walk():
        if piece.get_content_subtype() == subtype and piece.get_content_maintype() == "text":
            return str(piece.get_content())  # type: ignore[attr-defined]
    raise AssertionError(f"no {subtype} in the mail")
