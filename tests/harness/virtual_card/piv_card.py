"""A PIV card (NIST SP 800-73-4) of software: PC/SC service, driver, pyscard and OpenSC are real, only the chip is not.

It keeps a list of the commands it was given, without the secrets in them. Not for keys that matter.
"""

import hmac
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils

from clients.testca.authority import Card

AID = bytes.fromhex("A000000308000010000100")
CERTIFICATE_OF = {0x9A: 0x5FC105, 0x9C: 0x5FC10A, 0x9D: 0x5FC10B, 0x9E: 0x5FC101}
ALGORITHM_OF = {("rsa", 2048): 0x07, ("rsa", 3072): 0x05, ("ec", 256): 0x11, ("ec", 384): 0x14}
SELECT, GET_DATA, VERIFY, GENERAL_AUTHENTICATE, GET_RESPONSE = 0xA4, 0xCB, 0x20, 0x87, 0xC0
OK, TRIES, PIN_NEEDED, BLOCKED, NO_CONDITION = 0x9000, 0x63C0, 0x6982, 0x6983, 0x6985
BAD_LENGTH, BAD_DATA, NOT_FOUND, BAD_PARAMETER = 0x6700, 0x6A80, 0x6A82, 0x6A86
NO_REFERENCE, BAD_INSTRUCTION, BAD_CLASS = 0x6A88, 0x6D00, 0x6E00


class Status(Exception):
    """A status word other than 9000, raised from anywhere inside a command."""

    def __init__(self, word: int) -> None:
        super().__init__(f"{word:04X}")
        self.word = word


@dataclass(frozen=True)
class Command:
    """One whole command (a chain is one) as the card has seen it, and its status word."""

    instruction: int
    with_data: bool
    status: int


def tlv(tag: str, value: bytes) -> bytes:
    """One BER-TLV, the tag in hexadecimal."""
    size = len(value)
    length = bytes([size]) if size < 0x80 else bytes([0x81, size]) if size < 0x100 else b"\x82" + size.to_bytes(2)
    return bytes.fromhex(tag) + length + value


def untlv(data: bytes) -> dict[int, bytes]:
    """A flat sequence of TLVs with tags of one byte. Raises Status."""
    found, at = {}, 0
    while at < len(data):
        if at + 2 > len(data):
            raise Status(BAD_DATA)
        size, start = data[at + 1], at + 2
        if size & 0x80:
            start += size & 0x7F
            size = int.from_bytes(data[at + 2 : start])
        if start + size > len(data):
            raise Status(BAD_DATA)
        found[data[at]] = data[start : start + size]
        at = start + size
    return found


class VirtualPivCard:
    """The card. What its PIN counter says survives that it is pulled out; who is logged in does not."""

    def __init__(self, slots: Mapping[int, Card], *, pin: str = "123456", tries: int = 3) -> None:
        self.slots = slots
        self.pin = pin
        self.most_tries = self.tries = tries
        self.commands: list[Command] = []
        self.pulled_out_at: int | None = None
        historical = bytes.fromhex("8073C021C057") + b"VPIV-10"
        body = bytes([0x80 | len(historical), 0x80, 0x01]) + historical
        self.atr = b"\x3b" + body + bytes([_checksum(body)])
        self.objects = {CERTIFICATE_OF[slot]: _certificate_object(card.der) for slot, card in slots.items()}
        guid = hashes.Hash(hashes.SHA256())
        guid.update(slots[0x9A].der)
        self.objects |= _identity(guid.finalize()[:16])
        self.reset()

    def reset(self) -> None:
        """Power or reset: nothing is selected, nobody logged in, no chain half done."""
        self.selected = self.verified = False
        self.chained, self.chained_head, self.rest = b"", (0, 0, 0), b""

    def count(self, instruction: int) -> int:
        """How often this command came with data: a VERIFY without any only asks."""
        return sum(1 for command in self.commands if command.instruction == instruction and command.with_data)

    def transmit(self, command: bytes) -> bytes:
        """One command in, one answer out."""
        try:
            data = self._answer(command)
        except Status as status:
            return struct.pack(">H", status.word)
        if self.rest:
            return data + bytes([0x61, min(len(self.rest), 255)])
        return data + b"\x90\x00"

    def _answer(self, command: bytes) -> bytes:
        if len(command) < 4:
            raise Status(BAD_LENGTH)
        data, most, is_extended = _parsed(command[4:])
        if command[0] & ~0x10:
            raise Status(BAD_CLASS)
        if command[1] == GET_RESPONSE:
            if not self.rest:
                raise Status(NO_CONDITION)
            told, self.rest = self.rest[:most], self.rest[most:]
            return told
        self.rest = b""
        head = (command[1], command[2], command[3])
        data = (self.chained if self.chained_head == head else b"") + data
        self.chained, self.chained_head = (data, head) if command[0] & 0x10 else (b"", head)
        if self.chained:
            if len(data) > 4096:
                raise Status(BAD_LENGTH)
            return b""
        told = self._done(head, data)
        if len(told) > most and not is_extended:
            told, self.rest = told[:most], told[most:]
        return told

    def _done(self, head: tuple[int, int, int], data: bytes) -> bytes:
        instruction, *parameters = head
        known: dict[int, Callable[..., bytes]] = {
            SELECT: self._select,
            GET_DATA: self._get_data,
            VERIFY: self._verify,
            GENERAL_AUTHENTICATE: self._general_authenticate,
        }
        word = OK
        try:
            if instruction not in known:
                raise Status(BAD_INSTRUCTION)
            if instruction != SELECT and not self.selected:
                raise Status(NO_CONDITION)
            return known[instruction](*parameters, data)
        except Status as status:
            word = status.word
            raise
        finally:
            self.commands.append(Command(instruction, bool(data), word))

    def _select(self, first: int, _second: int, data: bytes) -> bytes:
        if first != 0x04 or len(data) < 5 or not AID.startswith(data):
            raise Status(NOT_FOUND)
        self.selected = True
        algorithms = tlv("80", b"\x07") + tlv("80", b"\x11") + tlv("06", b"\x00")
        told = tlv("4F", AID[5:]) + tlv("79", tlv("4F", AID[:5])) + tlv("50", b"virtual test card")
        return tlv("61", told + tlv("AC", algorithms))

    def _get_data(self, first: int, second: int, data: bytes) -> bytes:
        if (first, second) != (0x3F, 0xFF):
            raise Status(BAD_PARAMETER)
        found = self.objects.get(int.from_bytes(untlv(data).get(0x5C, b"")))
        if found is None:
            raise Status(NOT_FOUND)
        return found

    def _verify(self, first: int, second: int, data: bytes) -> bytes:
        if second != 0x80:
            raise Status(NO_REFERENCE)
        if first == 0xFF and not data:
            self.verified = False
            return b""
        if first:
            raise Status(BAD_PARAMETER)
        if data:
            self._try(data)
        elif not self.verified:
            raise Status(TRIES | self.tries if self.tries else BLOCKED)
        return b""

    def _try(self, data: bytes) -> None:
        if not self.tries:
            raise Status(BLOCKED)
        digits = data.rstrip(b"\xff")
        if len(data) != 8 or not 6 <= len(digits) <= 8 or not digits.isdigit():
            raise Status(BAD_DATA)
        self.tries -= 1  # before it is judged
        self.verified = hmac.compare_digest(self.pin.encode(), digits)
        if not self.verified:
            raise Status(TRIES | self.tries)
        self.tries = self.most_tries

    def _general_authenticate(self, algorithm: int, slot: int, data: bytes) -> bytes:
        template = untlv(untlv(data).get(0x7C, b""))
        if slot == 0x9B and template == {0x81: b""}:  # OpenSC's source of randomness
            return tlv("7C", tlv("81", bytes(range(8))))
        if slot not in self.slots:
            raise Status(NO_REFERENCE)
        key = self.slots[slot].key
        kind = "rsa" if isinstance(key, rsa.RSAPrivateKey) else "ec"
        if algorithm != ALGORITHM_OF.get((kind, key.key_size)):
            raise Status(BAD_PARAMETER)
        if not self.verified and slot != 0x9E:
            raise Status(PIN_NEEDED)
        if template.get(0x82) != b"" or 0x81 not in template:
            raise Status(BAD_DATA)
        return tlv("7C", tlv("82", _raw(key, template[0x81])))


def _raw(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, block: bytes) -> bytes:
    """The bare operation of the key: the padding was done outside."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        algorithm = hashes.SHA256() if key.key_size == 256 else hashes.SHA384()
        if len(block) != algorithm.digest_size:
            raise Status(BAD_DATA)
        return key.sign(block, ec.ECDSA(utils.Prehashed(algorithm)))
    size, value, numbers = key.key_size // 8, int.from_bytes(block), key.private_numbers()
    if len(block) != size or value >= numbers.public_numbers.n:
        raise Status(BAD_DATA)
    by_p, by_q = pow(value, numbers.dmp1, numbers.p), pow(value, numbers.dmq1, numbers.q)
    return (by_q + numbers.q * ((by_p - by_q) * numbers.iqmp % numbers.p)).to_bytes(size)


def _parsed(body: bytes) -> tuple[bytes, int, bool]:
    """Data, the length wanted, and whether the form is the extended one (ISO 7816-4 §5.1)."""
    if not body:
        return b"", 256, False
    if len(body) == 1:
        return b"", body[0] or 256, False
    if body[0]:
        data = body[1 : 1 + body[0]]
        if len(data) != body[0]:
            raise Status(BAD_LENGTH)
        return data, (body[-1] or 256) if len(body) > 1 + body[0] else 256, False
    size = int.from_bytes(body[1:3])
    if len(body) == 3:
        return b"", size or 65536, True
    if len(body) < 3 + size:
        raise Status(BAD_LENGTH)
    return body[3 : 3 + size], 65536, True


def _certificate_object(der: bytes) -> bytes:
    return tlv("53", tlv("70", der) + tlv("71", b"\x00") + tlv("FE", b""))


def _identity(guid: bytes) -> dict[int, bytes]:
    """What OpenSC asks a card for before it believes it: holder identifier, capabilities, discovery."""
    holder = tlv("30", _agency_number()) + tlv("34", guid) + tlv("35", b"20401231") + tlv("3E", b"") + tlv("FE", b"")
    capabilities = tlv("F0", bytes.fromhex("A000000116FF02") + guid[:14]) + tlv("F1", b"\x21") + tlv("F2", b"\x21")
    capabilities += tlv("F3", b"") + tlv("F4", b"\x00") + tlv("F5", b"\x10")
    capabilities += b"".join(tlv(tag, b"") for tag in ("F6", "F7", "FA", "FB", "FC", "FD", "FE"))
    discovery = tlv("7E", tlv("4F", AID) + tlv("5F2F", b"\x40\x00"))
    return {0x5FC102: tlv("53", holder), 0x5FC107: tlv("53", capabilities), 0x7E: discovery}


def _agency_number() -> bytes:
    """A FASC-N of nobody: 40 symbols of four bits, least significant first, and odd parity."""
    digits = "9999", "9999", "999999", "0", "1", "00000000003" + "00001"
    symbols = [11, *_with(digits[0]), 13, *_with(digits[1]), 13, *_with(digits[2]), 13, *_with(digits[3]), 13]
    symbols += [*_with(digits[4]), 13, *_with(digits[5]), 15]
    check = 0
    for symbol in symbols:
        check ^= symbol
    bits = ""
    for symbol in [*symbols, check]:
        four = f"{symbol:04b}"[::-1]
        bits += four + ("0" if four.count("1") % 2 else "1")
    return int(bits, 2).to_bytes(25)


def _with(digits: str) -> list[int]:
    return [int(digit) for digit in digits]


def _checksum(data: bytes) -> int:
    check = 0
    for byte in data:
        check ^= byte
    return check
