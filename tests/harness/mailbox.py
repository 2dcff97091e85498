"""What people find in their mailboxes: a provider's mails, delivered by its own worker to a real mail server.

    mailbox = Mailbox(provider)                     # a Town or a Server; one mail server for each provider, kept open
    mail = mailbox.newest("ming@example.test")      # runs `idp worker --once` (about 0.3 s), gives the last mail
    mail.subject, mail.sender, mail.text, mail.html, mail.link, mail.links
    mailbox.all("ming@example.test")                # every mail to her so far, oldest first
    mailbox.collect()                               # runs the worker without reading
    browser.get(mail.link)                          # the address of ours that the mail leads to

Nothing is told of an address to which nothing was sent: ``newest`` then fails, ``all`` gives an empty list. A mail that
could not be rendered or delivered fails the test that asks for it, with the worker's reason.
"""

import atexit
import re
from dataclasses import dataclass
from email.message import EmailMessage
from functools import cache
from typing import Any, cast

from tests.harness.command import Command
from tests.harness.people import Town
from tests.harness.server import Server
from tests.services.post_office import PostOffice, part

ADDRESS = re.compile(r"https?://[^\s<>\"'（），。；：]+")
UNSENT = "SELECT id, state, last_error FROM outbox WHERE kind = 'mail' AND state <> 'sent' AND recipient = :address"


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as its recipient has it."""

    to: str
    origin: str
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def sender(self) -> str:
        """The line From, its name decoded."""
        return str(self.message["From"])

    @property
    def reply_to(self) -> str | None:
        return str(self.message["Reply-To"]) if self.message["Reply-To"] else None

    @property
    def text(self) -> str:
        return part(self.message, "plain")

    @property
    def html(self) -> str:
        return part(self.message, "html")

    @property
    def links(self) -> list[str]:
        """The addresses in the text part, in their order."""
        return ADDRESS.findall(self.text)

    @property
    def link(self) -> str:
        """The one address of the provider that the mail leads to."""
        ours = {address for address in self.links if address.startswith(self.origin)}
        assert len(ours) == 1, f"{len(ours)} links of ours in {self.subject}:\n{self.text}"
        return ours.pop()

    @property
    def token(self) -> str:
        """What is secret in the link."""
        return self.link.rpartition("/")[2]


class Mailbox:
    """All mailboxes that one provider writes to."""

    def __init__(self, provider: Town | Server) -> None:
        self._server = provider.server if isinstance(provider, Town) else provider
        self._office = _office_of(self._server.issuer)
        to_it = {"IDP_MAIL_SERVER": "127.0.0.1", "IDP_MAIL_PORT": str(self._office.port)}
        self._idp = Command(self._server.tree, {**self._server.environment, **to_it})

    def collect(self) -> None:
        """Have everything delivered that waits, to whomever."""
        self._idp("worker", "--once")

    def all(self, address: str) -> list[Mail]:
        """Every mail to this address, oldest first."""
        if self._server.read(UNSENT, {"address": address}):
            self.collect()
            left = self._server.read(UNSENT, {"address": address})
            assert left == [], f"mails were not delivered: {left}"
        return [
            Mail(to, self._server.issuer, cast(EmailMessage, message))
            for to, message in self._office.taken
            if to == address
        ]

    def newest(self, address: str, subject: str = "") -> Mail:
        """The last mail to this address (whose subject has these words)."""
        found = [mail for mail in self.all(address) if subject in mail.subject]
        assert found, f"no mail “{subject}” to {address}"
        return found[-1]


@cache
def _office_of(issuer: str) -> PostOffice:
    office: Any = PostOffice()
    office.open()
    atexit.register(office.close)
    return cast(PostOffice, office)
