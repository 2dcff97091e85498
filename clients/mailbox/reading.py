"""What a mail says: its headers and parts as text that can be shown, whatever bytes it is made of."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

# Ends before the punctuation that may follow an address in a Chinese or an English sentence.
LINK = re.compile(r"https?://[^\s<>\"'，。；：、！？（）「」『』]*[^\s<>\"'，。；：、！？（）「」『』.,;:!?)\]]")


@dataclass(frozen=True)
class Mail:
    """One mail as the page shows it. ``recipients`` are the envelope's, so a blind copy is seen too."""

    id: str
    received: datetime
    sender: str
    recipients: tuple[str, ...]
    subject: str
    headers: tuple[tuple[str, str], ...]
    text: str | None
    html: str | None
    attachments: tuple[str, ...]
    size: int

    @property
    def links(self) -> list[str]:
        """The addresses in the text part, in its order."""
        return LINK.findall(self.text or "")

    @property
    def text_and_links(self) -> list[tuple[str, bool]]:
        """The text part cut in pieces, and of each whether it is an address to be clicked."""
        pieces: list[tuple[str, bool]] = []
        text, end = self.text or "", 0
        for found in LINK.finditer(text):
            pieces += [(text[end : found.start()], False), (found.group(), True)]
            end = found.end()
        return [*pieces, (text[end:], False)]


def read_mail(mail_id: str, sender: str, recipients: Sequence[str], content: bytes) -> Mail:
    """Read a mail. It never fails: what follows no rule is shown as well as it can be."""
    message = BytesParser(policy=policy.default).parsebytes(content)
    return Mail(
        id=mail_id,
        received=datetime.fromtimestamp(int(mail_id.split("-")[0]) / 1e9, UTC),
        sender=_shown(_header(message, "From") or sender),
        recipients=tuple(_shown(recipient) for recipient in recipients),
        subject=_shown(_header(message, "Subject")),
        headers=tuple((_shown(name), _shown(_header(message, name))) for name in message),
        text=_part(message, "plain"),
        html=_part(message, "html"),
        attachments=tuple(_attachments(message)),
        size=len(content),
    )


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message[name] or "")
    except Exception:
        # The standard library's parser stumbles over some broken headers with errors of many kinds.
        return next((str(value) for key, value in message.raw_items() if key.lower() == name.lower()), "")


def _part(message: EmailMessage, kind: str) -> str | None:
    for part in message.walk():
        if part.get_content_type() == f"text/{kind}" and part.get_content_disposition() != "attachment":
            return _decoded(part)
    return None


def _decoded(part: EmailMessage) -> str:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    try:
        return _shown(content.decode(part.get_content_charset() or "utf-8", "replace"))
    except LookupError:
        return _shown(content.decode("utf-8", "replace"))


def _attachments(message: EmailMessage) -> list[str]:
    return [
        _shown(part.get_filename() or "（未命名）")
        for part in message.walk()
        if part.get_content_disposition() == "attachment"
    ]


def _shown(text: str) -> str:
    """The text without what can't be written as UTF-8 and without NUL."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
