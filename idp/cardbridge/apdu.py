"""Bytes to a PIV card and back (NIST SP 800-73-4), over anything that can transmit."""

import hashlib
from enum import IntEnum
from typing import Protocol

from idp.cardbridge.cards import LONGEST_PIN, CardTrouble, forget

AID = bytes.fromhex("A000000308000010000100")
CERTIFICATE_9A = bytes.fromhex("5FC105")
SLOT_9A = 0x9A
VERIFY = b"\x00\x20\x00\x80"
SHA256_INFO = bytes.fromhex("3031300D060960864801650304020105000420")
ALGORITHMS = {("rsa", 256): 0x07, ("rsa", 384): 0x05, ("ec", 32): 0x11, ("ec", 48): 0x14}
LARGEST_BLOCK = 255
LARGEST_ANSWER = 16_384


class StatusWord(IntEnum):
    """What a card says of a command."""

    OK = 0x9000
    PIN_BLOCKED = 0x6983


class Transport(Protocol):
    """Anything that takes a command and gives data and status word. Raises CardTrouble("removed")."""

    def transmit(self, command: bytes | bytearray) -> tuple[bytes, int]:
        """One exchange."""


def tlv(tag: int, value: bytes) -> bytes:
    """One BER-TLV."""
    size = len(value)
    length = (
        bytes([size]) if size < 0x80 else bytes([0x81, size]) if size < 0x100 else b"\x82" + size.to_bytes(2, "big")
    )
    return bytes([tag]) + length + value


def unwrap(data: bytes, tag: int) -> bytes:
    """The contents of the first TLV of that tag. Raises CardTrouble where there is none."""
    at = 0
    while at + 1 < len(data):
        size, start = data[at + 1], at + 2
        if size & 0x80:
            start += size & 0x7F
            size = int.from_bytes(data[at + 2 : start], "big")
        if start + size > len(data):
            break
        if data[at] == tag:
            return data[start : start + size]
        at = start + size
    raise CardTrouble("unreadable")


def exchange(card: Transport, header: bytes, data: bytes) -> tuple[bytes, int]:
    """A command with its data, in pieces where it is long, and its whole answer. Raises CardTrouble."""
    while len(data) > LARGEST_BLOCK:
        chained = bytes([header[0] | 0x10]) + header[1:]
        _, status = card.transmit(chained + bytes([LARGEST_BLOCK]) + data[:LARGEST_BLOCK])
        if status != StatusWord.OK:
            return b"", status
        data = data[LARGEST_BLOCK:]
    command = header + bytes([len(data)]) + data
    told, status = card.transmit(command + b"\0")
    if status >> 8 == 0x6C:
        told, status = card.transmit(command + bytes([status & 0xFF]))
    while status >> 8 == 0x61:
        more, status = card.transmit(b"\x00\xc0\x00\x00" + bytes([status & 0xFF]))
        told += more
        # A card that answers without end, or without saying anything, is none that we know.
        if not more or len(told) > LARGEST_ANSWER:
            raise CardTrouble("unreadable")
    return told, status


def select(card: Transport) -> None:
    """Choose the PIV application. Raises CardTrouble."""
    _demand(exchange(card, b"\x00\xa4\x04\x00", AID)[1])


def read_certificate(card: Transport) -> bytes:
    """The signature certificate (slot 9A), DER. No PIN is needed. Raises CardTrouble."""
    told, status = exchange(card, b"\x00\xcb\x3f\xff", tlv(0x5C, CERTIFICATE_9A))
    _demand(status)
    return unwrap(unwrap(told, 0x53), 0x70)


def tries_left(card: Transport) -> int | None:
    """How many PIN tries are left, None where the card does not tell. Asking costs none."""
    _, status = card.transmit(VERIFY)
    if status == StatusWord.PIN_BLOCKED:
        return 0
    return status & 0x0F if status >> 4 == 0x63C else None


def verify_pin(card: Transport, pin: bytearray) -> None:
    """One try. Raises CardTrouble (wrong_pin with the tries left, locked). What was sent is overwritten."""
    command = bytearray(VERIFY) + bytes([LONGEST_PIN]) + pin + b"\xff" * (LONGEST_PIN - len(pin))
    try:
        _, status = card.transmit(command)
    finally:
        forget(command)
    if status >> 4 == 0x63C and status & 0x0F:
        raise CardTrouble("wrong_pin", tries_left=status & 0x0F)
    if status == StatusWord.PIN_BLOCKED or status >> 4 == 0x63C:
        raise CardTrouble("locked", tries_left=0)
    _demand(status)


def sign(card: Transport, statement: bytes, key: tuple[str, int]) -> bytes:
    """A signature by slot 9A over SHA-256 of the statement: PKCS#1 v1.5, or ECDSA in DER. Raises CardTrouble."""
    kind, size = key
    algorithm = ALGORITHMS.get(key)
    if algorithm is None:
        raise CardTrouble("unreadable")
    hashed = hashlib.sha256(statement).digest()
    if kind == "rsa":
        told = SHA256_INFO + hashed
        block = b"\x00\x01" + b"\xff" * (size - 3 - len(told)) + b"\x00" + told
    else:
        block = hashed.rjust(size, b"\0")
    header = bytes([0x00, 0x87, algorithm, SLOT_9A])
    answer, status = exchange(card, header, tlv(0x7C, tlv(0x82, b"") + tlv(0x81, block)))
    _demand(status)
    return unwrap(unwrap(answer, 0x7C), 0x82)


def _demand(status: int) -> None:
    if status != StatusWord.OK:
        raise CardTrouble("unreadable")
