"""Cards in a PC/SC reader that speak PIV: raw APDUs through pyscard, one transaction, ended with a reset.

With SCARD_LEAVE_CARD a second program could use the PIN that our person just typed (tests/cardbridge/test_piv.py).
"""

from contextlib import suppress
from typing import Any

from idp.cardbridge import apdu
from idp.cardbridge.cards import CardName, CardTrouble, check_pin, forget


class PivBackend:
    """PC/SC readers and what is in them."""

    via = "agent"

    def names(self) -> list[CardName]:
        """The readers that hold a PIV card. Raises CardTrouble."""
        readers = _readers()
        if not readers:
            raise CardTrouble("no_reader")
        found, trouble = [], CardTrouble("no_card")
        for reader in readers:
            try:
                PivCard(reader).let_go()
            except CardTrouble as met:
                trouble = trouble if met.code == "no_card" else met
            else:
                found.append(CardName(str(reader), str(reader)))
        if not found:
            raise trouble
        return found

    def open(self, card_id: str) -> "PivCard":
        """Open the card in the reader of this name. Raises CardTrouble."""
        for reader in _readers():
            if str(reader) == card_id:
                return PivCard(reader)
        raise CardTrouble("no_reader")


class PivCard:
    """A PIV card, held in one transaction from SELECT to the last byte of the signature."""

    def __init__(self, reader: Any) -> None:
        from smartcard.CardConnection import CardConnection
        from smartcard.Exceptions import NoCardException, SmartcardException
        from smartcard.scard import SCARD_RESET_CARD, SCARD_S_SUCCESS, SCARD_SHARE_SHARED, SCardBeginTransaction

        self._failure = SmartcardException
        try:
            self._connection = reader.createConnection()
        except SmartcardException as error:
            raise CardTrouble("no_reader") from error
        try:
            protocols = CardConnection.T0_protocol | CardConnection.T1_protocol
            self._connection.connect(protocols, SCARD_SHARE_SHARED, SCARD_RESET_CARD)
        except SmartcardException as error:
            self.let_go()
            raise CardTrouble("no_card" if isinstance(error, NoCardException) else "unreadable") from error
        try:
            if SCardBeginTransaction(self._connection.component.hcard) != SCARD_S_SUCCESS:
                raise CardTrouble("unreadable")
            apdu.select(self)
            self.certificate = apdu.read_certificate(self)
            self.tries_left = apdu.tries_left(self)
        except BaseException:
            self.let_go()
            raise

    def transmit(self, command: bytes | bytearray) -> tuple[bytes, int]:
        """One exchange. Raises CardTrouble("removed")."""
        try:
            told, high, low = self._connection.transmit(list(command))
        except self._failure as error:
            raise CardTrouble("removed") from error
        return bytes(told), high << 8 | low

    def sign(self, pin: bytearray, statement: bytes) -> bytes:
        """One VERIFY and one GENERAL AUTHENTICATE. Raises CardTrouble; the PIN is overwritten."""
        from idp.cardbridge.certificate import key_of

        try:
            check_pin(pin)
            key = key_of(self.certificate)
            apdu.verify_pin(self, pin)
        finally:
            forget(pin)
        return apdu.sign(self, statement, key)

    def let_go(self) -> None:
        """End the transaction with a reset, which makes the card forget the PIN. Also where the card is gone."""
        from smartcard.scard import SCARD_RESET_CARD, SCardEndTransaction

        handle = self._connection.component.hcard
        if handle is not None:
            SCardEndTransaction(handle, SCARD_RESET_CARD)
        with suppress(self._failure):
            self._connection.component.release()


def reset_reader(name: str) -> None:
    """Reset the card in the readers of this name, or of one that begins so: PKCS#11 cuts names to 64 bytes."""
    with suppress(CardTrouble):
        readers = [reader for reader in _readers() if name and str(reader).startswith(name)]
        for reader in readers:
            _reset(reader)


def _reset(reader: Any) -> None:
    from smartcard.Exceptions import SmartcardException
    from smartcard.scard import SCARD_RESET_CARD, SCARD_SHARE_SHARED

    with suppress(SmartcardException):
        connection = reader.createConnection()
        try:
            connection.connect(None, SCARD_SHARE_SHARED, SCARD_RESET_CARD)
        finally:
            connection.component.release()


def _readers() -> list[Any]:
    try:
        from smartcard.pcsc.PCSCExceptions import BaseSCardException
        from smartcard.System import readers
    except ImportError as error:
        raise CardTrouble("module") from error
    try:
        return list(readers())
    except BaseSCardException as error:
        raise CardTrouble("no_reader") from error
