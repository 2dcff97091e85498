"""Cards made of key files (PKCS#12), for the demo and for who tries this out: a drawer is a folder of ``.p12`` files.

What they sign says so (``via`` software); a production provider refuses it. The file's password is the PIN; a wrong one
counts, and after three the "card" is locked until the agent is started again, as a card would be.
"""

from pathlib import Path
from typing import Any

from idp.cardbridge.cards import CardName, CardTrouble, check_pin, forget

TRIES = 3


class SoftwareBackend:
    """A drawer of software cards."""

    via = "software"

    def __init__(self, drawer: Path) -> None:
        self._drawer = drawer
        self.tries: dict[str, int] = {}

    def names(self) -> list[CardName]:
        """The cards in the drawer, by their file names. Raises CardTrouble."""
        found = [CardName(path.name, path.stem) for path in sorted(self._drawer.glob("*.p12"))]
        if not found:
            raise CardTrouble("no_card")
        return found

    def open(self, card_id: str) -> "SoftwareCard":
        """Open one. Raises CardTrouble."""
        if card_id not in [name.id for name in self.names()]:
            raise CardTrouble("no_card")
        return SoftwareCard(self._drawer / card_id, self.tries)


class SoftwareCard:
    """One key file. Its certificate stands beside it (``.der``), for it can be read without the PIN."""

    def __init__(self, path: Path, tries: dict[str, int]) -> None:
        self._path = path
        self._tries = tries
        try:
            self.certificate = path.with_suffix(".der").read_bytes()
        except OSError as error:
            raise CardTrouble("unreadable") from error
        self.tries_left: int | None = tries.setdefault(path.name, TRIES)

    def sign(self, pin: bytearray, statement: bytes) -> bytes:
        """Open the file with the PIN and sign. Raises CardTrouble; the PIN is overwritten."""
        from cryptography.hazmat.primitives.serialization import pkcs12

        try:
            check_pin(pin)
            if not self._tries[self._path.name]:
                raise CardTrouble("locked", tries_left=0)
            try:
                key = pkcs12.load_key_and_certificates(self._path.read_bytes(), bytes(pin))[0]
            except OSError as error:
                raise CardTrouble("removed") from error
            except ValueError as error:
                self._tries[self._path.name] -= 1
                left = self._tries[self._path.name]
                raise CardTrouble("wrong_pin" if left else "locked", tries_left=left) from error
        finally:
            forget(pin)
        self._tries[self._path.name] = TRIES
        return _signature(key, statement)

    def let_go(self) -> None:
        """Nothing is held."""


def _signature(key: Any, statement: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(statement, padding.PKCS1v15(), hashes.SHA256())
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(statement, ec.ECDSA(hashes.SHA256()))
    raise CardTrouble("unreadable")
