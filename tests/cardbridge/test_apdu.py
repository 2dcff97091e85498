"""What is said to a PIV card, byte by byte, with a card that follows a script."""

import hashlib

import pytest

from idp.cardbridge import apdu
from idp.cardbridge.cards import CardTrouble


class ScriptedCard:
    """It answers what the script says, and keeps what it was told."""

    def __init__(self, *answers: tuple[str, int]) -> None:
        self.answers = list(answers)
        self.told: list[bytes] = []
        self.objects: list[bytes | bytearray] = []

    def transmit(self, command: bytes | bytearray) -> tuple[bytes, int]:
        self.told.append(bytes(command))
        self.objects.append(command)
        data, status = self.answers.pop(0)
        return bytes.fromhex(data), status


def trouble(card: ScriptedCard, pin: bytes = b"123456") -> CardTrouble:
    with pytest.raises(CardTrouble) as met:
        apdu.verify_pin(card, bytearray(pin))
    return met.value


def test_the_application_is_chosen_and_the_certificate_read_in_pieces() -> None:
    card = ScriptedCard(("", 0x9000), ("530A7008" + "AB" * 4, 0x6104), ("AB" * 4, 0x9000))
    apdu.select(card)
    assert apdu.read_certificate(card) == b"\xab" * 8
    assert [told.hex() for told in card.told] == [
        "00a404000ba00000030800001000010000",
        "00cb3fff055c035fc10500",
        "00c0000004",
    ]


def test_a_length_that_the_card_corrects_is_asked_again_once() -> None:
    card = ScriptedCard(("", 0x6C0C), ("530A7008" + "CD" * 8, 0x9000))
    assert apdu.read_certificate(card) == b"\xcd" * 8
    assert card.told[1] == card.told[0][:-1] + b"\x0c"


@pytest.mark.parametrize(("status", "tries"), [(0x63C3, 3), (0x63C0, 0), (0x6983, 0), (0x9000, None), (0x6A88, None)])
def test_the_counter_is_read_without_spending_a_try(status: int, tries: int | None) -> None:
    card = ScriptedCard(("", status))
    assert apdu.tries_left(card) == tries
    assert card.told == [b"\x00\x20\x00\x80"]


@pytest.mark.parametrize(
    ("status", "code", "tries"),
    [(0x63C2, "wrong_pin", 2), (0x63C1, "wrong_pin", 1), (0x63C0, "locked", 0), (0x6983, "locked", 0),
     (0x6F00, "unreadable", None)],
)  # fmt: skip
def test_what_the_card_says_of_a_pin_has_a_name(status: int, code: str, tries: int | None) -> None:
    card = ScriptedCard(("", status))
    met = trouble(card)
    assert (met.code, met.tries_left) == (code, tries)
    assert card.told == [bytes.fromhex("0020008008") + b"123456\xff\xff"]


def test_the_command_that_held_a_pin_is_overwritten() -> None:
    card = ScriptedCard(("", 0x9000))
    apdu.verify_pin(card, bytearray(b"12345678"))
    assert bytes(card.objects[0]) == b"\0" * 13


def test_an_rsa_signature_is_asked_for_over_our_own_hash_in_a_chain() -> None:
    card = ScriptedCard(("", 0x9000), ("7C03820155", 0x9000))
    assert apdu.sign(card, b"statement", ("rsa", 256)) == b"\x55"
    first, second = card.told
    assert first[:5].hex() == "1087079aff"
    assert second[:4].hex() == "0087079a"
    block = (first[5:] + second[5:-1])[-256:]
    assert block.startswith(b"\x00\x01\xff\xff")
    assert block.endswith(b"\x00" + apdu.SHA256_INFO + hashlib.sha256(b"statement").digest())


@pytest.mark.parametrize(("size", "algorithm"), [(32, 0x11), (48, 0x14)])
def test_an_ec_signature_is_asked_for_over_our_own_hash(size: int, algorithm: int) -> None:
    card = ScriptedCard(("7C03820155", 0x9000))
    apdu.sign(card, b"statement", ("ec", size))
    assert card.told[0][:4] == bytes([0x00, 0x87, algorithm, 0x9A])
    assert card.told[0][-1 - size : -1] == hashlib.sha256(b"statement").digest().rjust(size, b"\0")


@pytest.mark.parametrize("key", [("rsa", 128), ("ec", 66)])
def test_a_key_of_another_size_is_not_used(key: tuple[str, int]) -> None:
    with pytest.raises(CardTrouble, match="unreadable"):
        apdu.sign(ScriptedCard(), b"statement", key)


@pytest.mark.parametrize(
    "answers",
    [
        [("", 0x6A82)],
        [("", 0x6982)],
        [("53", 0x9000)],
        [("5384FFFFFFFF", 0x9000)],
        [("5303710100", 0x9000)],
        [("", 0x6110), ("", 0x6110)],
        [("00" * 200, 0x61FF)] * 100,
    ],
    ids=["not there", "not allowed", "cut off", "too long", "other tag", "says nothing", "without end"],
)
def test_an_answer_that_makes_no_sense_is_unreadable(answers: list[tuple[str, int]]) -> None:
    with pytest.raises(CardTrouble, match="unreadable"):
        apdu.read_certificate(ScriptedCard(*answers))


def test_a_chain_that_the_card_refuses_is_not_continued() -> None:
    card = ScriptedCard(("", 0x6982))
    with pytest.raises(CardTrouble, match="unreadable"):
        apdu.sign(card, b"statement", ("rsa", 256))
    assert len(card.told) == 1
