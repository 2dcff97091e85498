"""The PIV backend with the machine's real PC/SC service: what reaches the card, and what is left on it afterwards."""

import multiprocessing
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from clients.testca.cards import Gpki
from idp.cardbridge import apdu
from idp.cardbridge.cards import CardTrouble
from idp.cardbridge.piv import PivBackend
from idp.certificates.signatures import signer_of_bare_signature
from tests.cardbridge.conftest import PIN, Insert
from tests.harness.processes import ROOT
from tests.harness.virtual_card.piv_card import GENERAL_AUTHENTICATE, VERIFY
from tests.harness.virtual_card.reader import VirtualReader

STATEMENT = "card-login.v1.e30"


def sign(pin: str = PIN) -> bytes:
    """One act, as the agent does it."""
    backend = PivBackend()
    card = backend.open(backend.names()[0].id)
    try:
        return card.sign(bytearray(pin.encode()), STATEMENT.encode())
    finally:
        card.let_go()


def refused(pin: str = PIN) -> tuple[str, int | None]:
    with pytest.raises(CardTrouble) as met:
        sign(pin)
    return met.value.code, met.value.tries_left


def status_of_signing_at_once() -> int:
    """What the card says to a second program that wants a signature and knows no PIN.

    Until the service has noticed that the first one is gone, and has reset the card, it answers in the card's place:
    that the card is held, or was reset since. The program asks again; what counts is the first word of the card.
    """
    from smartcard.Exceptions import SmartcardException

    until = time.monotonic() + 20
    while True:
        try:
            return status_of_signing()
        except SmartcardException:
            if time.monotonic() > until:
                raise


def status_of_signing() -> int:
    from smartcard.System import readers

    connection = readers()[0].createConnection()
    connection.connect()
    try:
        connection.transmit([0x00, 0xA4, 0x04, 0x00, 0x05, 0xA0, 0x00, 0x00, 0x03, 0x08, 0x00])
        block = [0x7C, 0x24, 0x82, 0x00, 0x81, 0x20] + [1] * 32
        _, high, low = connection.transmit([0x00, 0x87, 0x11, 0x9A, len(block), *block, 0x00])
        return int(high << 8 | low)
    finally:
        connection.component.release()


def test_the_reader_is_reached_from_this_machine_only(reader: VirtualReader) -> None:
    assert reader.listens_on() == {"127.0.0.1"}


@pytest.mark.parametrize("kind", ["rsa", "p256", "p384"])
def test_a_card_signs_with_one_try_and_one_use_of_its_key(pki: Gpki, insert: Insert, kind: str) -> None:
    key = {"rsa": None, "p256": ec.SECP256R1(), "p384": ec.SECP384R1()}[kind]
    card = pki.company(key=ec.generate_private_key(key) if key else None)
    inside = insert(card)
    signature = sign()
    signer_of_bare_signature(certificate=card.der, signature=signature, statement=STATEMENT)
    assert (inside.count(VERIFY), inside.count(GENERAL_AUTHENTICATE)) == (1, 1)


def test_the_certificate_and_the_tries_are_read_without_a_pin(pki: Gpki, insert: Insert) -> None:
    card = pki.company()
    inside = insert(card)
    opened = PivBackend().open("Virtual PCD 00 00")
    opened.let_go()
    assert (opened.certificate, opened.tries_left) == (card.der, 3)
    assert inside.count(VERIFY) == 0


def test_a_wrong_pin_costs_one_try_and_the_third_locks(pki: Gpki, insert: Insert) -> None:
    inside = insert(pki.company())
    assert [refused("111111") for _ in range(3)] == [("wrong_pin", 2), ("wrong_pin", 1), ("locked", 0)]
    assert inside.count(VERIFY) == 3
    assert refused() == ("locked", 0)
    assert inside.count(GENERAL_AUTHENTICATE) == 0


@pytest.mark.parametrize("pin", ["", "12345", "123456789", "12345a", "１２３４５６"])
def test_what_can_be_no_pin_is_not_sent_to_the_card(pki: Gpki, insert: Insert, pin: str) -> None:
    inside = insert(pki.company())
    assert refused(pin) == ("pin_form", None)
    assert inside.count(VERIFY) == 0


def test_after_the_act_a_second_program_can_not_sign(pki: Gpki, insert: Insert) -> None:
    inside = insert(pki.company(key=ec.generate_private_key(ec.SECP256R1())))
    sign()
    assert status_of_signing_at_once() == 0x6982
    assert not inside.verified


def test_without_the_reset_it_could(pki: Gpki, insert: Insert) -> None:
    """The danger is real: this is what the reset is for."""
    from smartcard.scard import SCARD_LEAVE_CARD, SCardEndTransaction

    insert(pki.company(key=ec.generate_private_key(ec.SECP256R1())))
    card = PivBackend().open("Virtual PCD 00 00")
    apdu.verify_pin(card, bytearray(PIN.encode()))
    connection = card._connection.component
    SCardEndTransaction(connection.hcard, SCARD_LEAVE_CARD)
    connection.disposition = SCARD_LEAVE_CARD
    connection.release()
    assert status_of_signing_at_once() == 0x9000


def test_nobody_else_gets_to_the_card_while_it_is_held(pki: Gpki, insert: Insert) -> None:
    insert(pki.company(key=ec.generate_private_key(ec.SECP256R1())))
    card = PivBackend().open("Virtual PCD 00 00")
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as other:
        waiting = other.submit(status_of_signing_at_once)
        with pytest.raises(TimeoutError):
            waiting.result(2)
        card.sign(bytearray(PIN.encode()), STATEMENT.encode())
        assert not waiting.done()
        card.let_go()
        assert waiting.result(10) == 0x6982


def test_an_agent_that_is_killed_in_the_act_leaves_no_card_that_signs(pki: Gpki, insert: Insert) -> None:
    inside = insert(pki.company(key=ec.generate_private_key(ec.SECP256R1())))
    die = "import os, signal, sys; from tests.cardbridge.test_piv import *;"
    die += "card = PivBackend().open('Virtual PCD 00 00'); apdu.verify_pin(card, bytearray(PIN.encode()));"
    die += "os.kill(os.getpid(), signal.SIGKILL)"
    subprocess.run([sys.executable, "-c", die], cwd=ROOT, check=False)
    assert inside.count(VERIFY) == 1
    assert status_of_signing_at_once() == 0x6982


def test_the_pin_is_overwritten_whether_it_was_right_or_not(pki: Gpki, insert: Insert) -> None:
    insert(pki.company())
    for pin in (PIN, "111111"):
        card = PivBackend().open("Virtual PCD 00 00")
        given = bytearray(pin.encode())
        with suppress(CardTrouble):
            card.sign(given, STATEMENT.encode())
        card.let_go()
        assert bytes(given) == b"\0" * 6


@pytest.mark.parametrize("at", [VERIFY, GENERAL_AUTHENTICATE])
def test_a_card_pulled_out_in_the_middle_is_told_as_such(
    pki: Gpki, insert: Insert, reader: VirtualReader, at: int
) -> None:
    inside = insert(pki.company())
    backend = PivBackend()
    card = backend.open(backend.names()[0].id)
    inside.pulled_out_at = at
    with pytest.raises(CardTrouble, match="removed"):
        card.sign(bytearray(PIN.encode()), STATEMENT.encode())
    card.let_go()
    inside.pulled_out_at = None
    reader.insert(inside)
    assert len(sign()) == 256


def test_no_card_and_a_card_of_another_kind_have_their_words(
    pki: Gpki, insert: Insert, reader: VirtualReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CardTrouble, match="no_card"):
        PivBackend().names()
    insert(pki.company()).objects.clear()
    with pytest.raises(CardTrouble, match="unreadable"):
        PivBackend().names()
    with pytest.raises(CardTrouble, match="no_reader"):
        PivBackend().open("another reader")


def test_nothing_of_the_pin_is_in_the_log_of_the_service(reader: VirtualReader) -> None:
    log = reader.log.read_text(errors="replace").lower()
    assert PIN not in log
    assert PIN.encode().hex(" ") not in log
    assert PIN.encode().hex() not in log
