"""What every way to a card has in common: its troubles by name, and what a backend gives."""

from dataclasses import dataclass
from typing import Protocol

SHORTEST_PIN, LONGEST_PIN = 6, 8
# Each has its sentence in page/texts.json.
TROUBLES = (
    "module", "no_reader", "no_card", "unreadable", "removed", "changed", "pin_form", "wrong_pin", "last_try", "locked",
)  # fmt: skip


class CardTrouble(Exception):
    """Something a person can be told. ``code`` is one of TROUBLES; tries are those left, None where nobody knows."""

    def __init__(self, code: str, *, tries_left: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.tries_left = tries_left


@dataclass(frozen=True)
class CardName:
    """A card that can be chosen: by which name it is opened, and what a person reads."""

    id: str
    label: str


class OpenCard(Protocol):
    """A card held for one act. Nobody else can use it until it is let go, and its PIN is forgotten then."""

    certificate: bytes
    tries_left: int | None

    def sign(self, pin: bytearray, statement: bytes) -> bytes:
        """Verify the PIN once and sign SHA-256 of the statement once. Raises CardTrouble; the PIN is overwritten."""

    def let_go(self) -> None:
        """Reset the card."""


class Backend(Protocol):
    """A way to cards. ``via`` goes into what is signed: ``agent`` for cards, ``software`` for key files."""

    via: str

    def names(self) -> list[CardName]:
        """The cards that are there. Raises CardTrouble (no_reader, no_card, unreadable, module)."""

    def open(self, card_id: str) -> OpenCard:
        """Open one for one act. Raises CardTrouble."""


def check_pin(pin: bytearray) -> None:
    """Raise CardTrouble where the card need not be asked: a try is not spent on a PIN that can't be one."""
    if not SHORTEST_PIN <= len(pin) <= LONGEST_PIN or not all(0x30 <= digit <= 0x39 for digit in pin):
        raise CardTrouble("pin_form")


def forget(secret: bytearray) -> None:
    """Overwrite a PIN, or a command that holds one."""
    for at in range(len(secret)):
        secret[at] = 0
