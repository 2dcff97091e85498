"""The SMTP server: it takes every mail for anyone, keeps it, and delivers nothing."""

import asyncio
import logging

from aiosmtpd.smtp import SMTP, Envelope, Session

from clients.mailbox.store import Store

MOST_BYTES = 33_554_432


class Keeper:
    """What aiosmtpd calls for each mail. It answers 250 only when the mail is safely on the disk."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Keep the mail and give the answer of RFC 5321 4.2: 250, or 451 when the disk refuses it."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        try:
            mail_id = await asyncio.to_thread(self._store.keep, envelope.mail_from or "", envelope.rcpt_tos, content)
        except OSError:
            logging.getLogger(__name__).exception("a mail could not be kept")
            return "451 The mail could not be kept, try again later"
        return f"250 Kept as {mail_id}"


async def serve(store: Store, addresses: list[str], port: int) -> asyncio.Server:
    """Listen on these addresses. Raises OSError when the port is taken."""
    keeper = Keeper(store)

    def new_connection() -> SMTP:
        return SMTP(keeper, hostname="localhost", data_size_limit=MOST_BYTES, enable_SMTPUTF8=True)

    return await asyncio.get_running_loop().create_server(new_connection, addresses, port)
