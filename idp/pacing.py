"""The server's worker: who sends a request too slowly is cut off, so that nobody holds a thread for long (DU03).

gunicorn's threads wait for a request's bytes without a limit: a handful of senders of a byte a second would be all
that it serves. Here a request may keep its thread waiting for 15 seconds, and for as long as its bytes take at 32 KiB a
second.
"""

import errno
import time
from typing import Any

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]  # it has none

PATIENCE_SECONDS = 15.0
BYTES_A_SECOND = 32 * 1024
# gunicorn reads from who does not hang up for two seconds more before it closes, and accepts nobody meanwhile.
LINGER_SECONDS = 0.2


class PacedSocket:
    """A connection as gunicorn uses it, that waits for its peer no longer than the pace allows."""

    def __init__(
        self, connection: Any, *, patience: float = PATIENCE_SECONDS, bytes_a_second: int = BYTES_A_SECOND
    ) -> None:
        self._connection = connection
        self._patience, self._pace = patience, bytes_a_second
        self.begin()

    def begin(self) -> None:
        """Another request begins."""
        self._received, self._waited = 0, 0.0
        self._gives_up = False
        self._closes_at: float | None = None

    def give_up(self) -> None:
        """Wait for nothing more of this request: it is answered, and will not be read."""
        self._gives_up = True

    def shutdown(self, how: int) -> None:
        """As socket.shutdown: the server is about to close, and waits for the peer's end no longer than a moment."""
        self._closes_at = time.monotonic() + LINGER_SECONDS
        self._connection.shutdown(how)

    def recv(self, size: int, flags: int = 0) -> bytes:
        """As socket.recv. Raises ConnectionResetError where the peer was too slow, as if it had gone."""
        before = self._connection.gettimeout()
        began = time.monotonic()
        left = self._patience + self._received / self._pace - self._waited
        if self._closes_at is not None:
            left = self._closes_at - began
        elif self._gives_up:
            left = 0
        try:
            if left <= 0:
                raise TimeoutError
            self._connection.settimeout(left if before is None else min(left, before))
            data: bytes = self._connection.recv(size, flags)
        except TimeoutError:
            if before is not None and before <= left:
                raise
            raise ConnectionResetError(errno.ECONNRESET, "the request came too slowly") from None
        finally:
            self._waited += time.monotonic() - began
            self._connection.settimeout(before)
        self._received += len(data)
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class PacedWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn is not typed
    """gunicorn's threaded worker with connections that hold to the pace."""

    def enqueue_req(self, conn: Any) -> None:
        """A connection has a request: its first one, or the next."""
        if isinstance(conn.sock, PacedSocket):
            conn.sock.begin()
        else:
            conn.sock = PacedSocket(conn.sock)
        super().enqueue_req(conn)
