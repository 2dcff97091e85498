"""Cards behind a vendor's PKCS#11 module (HiCOS, OpenSC): the module's path is one of a list, never a page's word.

The module is loaded for one act and unloaded after it. Logging out is not enough: OpenSC 0.23 leaves a PIV card with
its PIN verified, so the reader is reset by PC/SC at the end.
"""

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from idp.cardbridge.cards import CardName, CardTrouble, check_pin, forget

# Where HiCOS and OpenSC put their modules. Another one must be named when the agent is started.
MODULES = {
    "win32": (r"C:\Windows\System32\HiCOSPKCS11.dll", r"C:\Windows\SysWOW64\HiCOSPKCS11.dll"),
    "darwin": ("/usr/local/lib/libHicos_p11v1.dylib", "/Library/OpenSC/lib/opensc-pkcs11.so"),
    "linux": (
        "/usr/local/HiPKILocalSignServerApp/libHicos_p11v1.so",
        "/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so",
        "/usr/lib/opensc-pkcs11.so",
    ),
}


class Pkcs11Backend:
    """The tokens of one module."""

    via = "agent"

    def __init__(self, module: Path | None = None) -> None:
        self._module = module or _installed()

    def names(self) -> list[CardName]:
        """The tokens that are in. Raises CardTrouble."""
        with _loaded(self._module) as library, _told():
            slots = library.getSlotList(tokenPresent=True)
            if not slots:
                raise CardTrouble("no_card" if library.getSlotList(tokenPresent=False) else "no_reader")
            return [CardName(str(slot), library.getTokenInfo(slot).label.strip("\0 ")) for slot in slots]

    def open(self, card_id: str) -> "Pkcs11Card":
        """Open the token in this slot. Raises CardTrouble."""
        library = _library(self._module)
        try:
            with _told():
                slots = {str(slot): slot for slot in library.getSlotList(tokenPresent=True)}
                if card_id not in slots:
                    raise CardTrouble("no_card")
                return Pkcs11Card(library, slots[card_id])
        except CardTrouble:
            library.unload()
            raise


class Pkcs11Card:
    """A token with a signing key; the certificate is chosen by its key usage, never by its place."""

    def __init__(self, library: Any, slot: int) -> None:
        import PyKCS11

        self._p11 = PyKCS11
        self._library = library
        self._slot = slot
        self._reader = str(library.getSlotInfo(slot).slotDescription).strip("\0 ")
        self.tries_left = self._tries()
        self._session = library.openSession(slot, PyKCS11.CKF_SERIAL_SESSION)
        self._id, self.certificate = self._signing_certificate()

    def _signing_certificate(self) -> tuple[Any, bytes]:
        from idp.cardbridge.certificate import may_sign

        for found in self._session.findObjects([(self._p11.CKA_CLASS, self._p11.CKO_CERTIFICATE)]):
            identifier, value = self._session.getAttributeValue(found, [self._p11.CKA_ID, self._p11.CKA_VALUE])
            certificate = bytes(value or ())
            if may_sign(certificate):
                return identifier, certificate
        raise CardTrouble("unreadable")

    def sign(self, pin: bytearray, statement: bytes) -> bytes:
        """One login and one signature. Raises CardTrouble; the PIN is overwritten."""
        try:
            check_pin(pin)
            self._session.login(pin.decode("ascii"))
        except self._p11.PyKCS11Error as error:
            raise self._trouble(error.value) from error
        finally:
            forget(pin)
        with _told():
            wanted = [(self._p11.CKA_CLASS, self._p11.CKO_PRIVATE_KEY), (self._p11.CKA_ID, self._id)]
            keys = self._session.findObjects(wanted)
            if not keys:
                raise CardTrouble("unreadable")
            return self._signature(keys[0], statement)

    def _signature(self, key: Any, statement: bytes) -> bytes:
        from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

        from idp.cardbridge.certificate import key_of

        if key_of(self.certificate)[0] == "rsa":
            return bytes(self._session.sign(key, statement, self._p11.Mechanism(self._p11.CKM_SHA256_RSA_PKCS, None)))
        hashed = hashlib.sha256(statement).digest()
        pair = bytes(self._session.sign(key, hashed, self._p11.Mechanism(self._p11.CKM_ECDSA, None)))
        half = len(pair) // 2
        return encode_dss_signature(int.from_bytes(pair[:half], "big"), int.from_bytes(pair[half:], "big"))

    def _tries(self) -> int | None:
        """What the token's flags tell of tries: some modules tell nothing."""
        flags = self._library.getTokenInfo(self._slot).flags
        if flags & self._p11.CKF_USER_PIN_LOCKED:
            return 0
        return 1 if flags & self._p11.CKF_USER_PIN_FINAL_TRY else None

    def _trouble(self, code: int) -> CardTrouble:
        """What a login that failed is called, with the tries left where the module tells them."""
        known = {
            self._p11.CKR_PIN_INCORRECT: "wrong_pin",
            self._p11.CKR_PIN_LOCKED: "locked",
            self._p11.CKR_PIN_LEN_RANGE: "pin_form",
            self._p11.CKR_PIN_INVALID: "pin_form",
        }.get(code)
        if known is None:
            return _trouble_of(code)
        if known != "wrong_pin":
            return CardTrouble(known, tries_left=0 if known == "locked" else None)
        with suppress(self._p11.PyKCS11Error):
            left = self._tries()
            return CardTrouble("wrong_pin" if left != 0 else "locked", tries_left=left)
        return CardTrouble("wrong_pin")

    def let_go(self) -> None:
        """Log out, close, unload and reset, so that no other program finds the token open."""
        from idp.cardbridge.piv import reset_reader

        for end in (self._session.logout, self._session.closeSession):
            with suppress(self._p11.PyKCS11Error):
                end()
        self._library.unload()
        reset_reader(self._reader)


@contextmanager
def _told() -> Iterator[None]:
    """What a module complains of, as a CardTrouble."""
    from PyKCS11 import PyKCS11Error

    try:
        yield
    except PyKCS11Error as error:
        raise _trouble_of(error.value) from error


def _trouble_of(code: int) -> CardTrouble:
    import PyKCS11

    gone = {
        PyKCS11.CKR_TOKEN_NOT_PRESENT,
        PyKCS11.CKR_DEVICE_REMOVED,
        PyKCS11.CKR_SESSION_HANDLE_INVALID,
        PyKCS11.CKR_DEVICE_ERROR,
    }
    return CardTrouble("removed" if code in gone else "unreadable")


def _library(module: Path) -> Any:
    try:
        import PyKCS11
    except ImportError as error:
        raise CardTrouble("module") from error
    library = PyKCS11.PyKCS11Lib()
    try:
        library.load(str(module))
    except PyKCS11.PyKCS11Error as error:
        raise CardTrouble("module") from error
    return library


@contextmanager
def _loaded(module: Path) -> Iterator[Any]:
    library = _library(module)
    try:
        yield library
    finally:
        library.unload()


def _installed() -> Path:
    for place in MODULES.get(sys.platform, ()):
        if Path(place).exists():
            return Path(place)
    raise CardTrouble("module")
