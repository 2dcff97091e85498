"""The worker's import of the register: in a thread of its own, for it takes minutes and mails must not wait for it."""

import threading

from flask import Flask

from idp.services.audit import Circumstances, set_circumstances
from idp.services.register_orders import an_order_waits, carry_out_order


class Importer:
    """Carries out what operators ordered, one import at a time. One per process; end it with ``close``."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._thread: threading.Thread | None = None
        self._is_closing = threading.Event()

    def begin_due(self) -> int:
        """Begin an import that waits, and give how many. Needs an application context; it waits for nothing."""
        if (self._thread is not None and self._thread.is_alive()) or not an_order_waits():
            return 0
        self._thread = threading.Thread(target=self._import, name="register")
        self._thread.start()
        return 1

    def _import(self) -> None:
        set_circumstances(Circumstances(actor="worker"))
        with self._app.app_context():
            carry_out_order(self._is_closing.is_set)

    def finish(self) -> None:
        """Wait until what was begun has come to an end."""
        if self._thread is not None:
            self._thread.join()

    def close(self) -> None:
        """Have the import put back for another worker; it stops after the rows that it is at."""
        self._is_closing.set()
        self.finish()
