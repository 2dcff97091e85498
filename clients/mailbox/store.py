"""Where the mails lie: a folder with two files a mail, its bytes as they came and its envelope."""

import json
import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from clients.mailbox.reading import Mail, read_mail

MAIL_ID = re.compile(r"[0-9]{19}-[0-9a-f]{8}")


class Store:
    """The mails of one folder. Several processes may use it at once: a mail appears whole or not at all."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder

    def keep(self, sender: str, recipients: Sequence[str], content: bytes) -> str:
        """Keep one mail and give its id. When this returns, the mail outlives a power cut."""
        mail_id = f"{time.time_ns():019d}-{secrets.token_hex(4)}"
        envelope = json.dumps({"sender": sender, "recipients": list(recipients)}, ensure_ascii=True)
        self._write(f"{mail_id}.json", envelope.encode())
        self._write(f"{mail_id}.eml", content)
        return mail_id

    def _write(self, name: str, content: bytes) -> None:
        unfinished = self.folder / f".{name}"
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(self.folder / name)
        directory = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def ids(self) -> list[str]:
        """The ids of all mails, newest first."""
        return sorted((path.stem for path in self.folder.glob("[0-9]*.eml")), reverse=True)

    def mail(self, mail_id: str) -> Mail | None:
        """One mail, or None where there is none of that id."""
        if not MAIL_ID.fullmatch(mail_id) or not (self.folder / f"{mail_id}.eml").is_file():
            return None
        return _read(self.folder, mail_id)

    def raw(self, mail_id: str) -> bytes | None:
        """The bytes of one mail as they came, or None."""
        return (self.folder / f"{mail_id}.eml").read_bytes() if self.mail(mail_id) else None

    def mails(self, *, recipient: str = "", words: str = "") -> Iterator[Mail]:
        """The mails newest first: those to one recipient, those in which all the words occur."""
        wanted = words.casefold().split()
        for mail_id in self.ids():
            mail = self.mail(mail_id)
            if mail and _concerns(mail, recipient) and _has(mail, wanted):
                yield mail


def _concerns(mail: Mail, recipient: str) -> bool:
    return not recipient or recipient.casefold() in (address.casefold() for address in mail.recipients)


def _has(mail: Mail, wanted: Iterable[str]) -> bool:
    text = "\n".join([mail.subject, mail.sender, *mail.recipients, mail.text or ""]).casefold()
    return all(word in text for word in wanted)


@lru_cache(maxsize=2000)
def _read(folder: Path, mail_id: str) -> Mail:
    # A mail never changes once it is there.
    envelope = json.loads((folder / f"{mail_id}.json").read_bytes())
    return read_mail(mail_id, envelope["sender"], envelope["recipients"], (folder / f"{mail_id}.eml").read_bytes())
