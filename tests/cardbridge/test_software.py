"""Software cards: a key file with a counter of tries, marked as what it is."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from clients.testca.cards import Gpki
from clients.testca.drawer import put_in_drawer
from idp.cardbridge.cards import CardTrouble
from idp.cardbridge.software import SoftwareBackend
from idp.certificates.signatures import signer_of_bare_signature
from tests.cardbridge.conftest import PIN

STATEMENT = "card-login.v1.e30"


def sign(backend: SoftwareBackend, name: str = "00000016.p12", pin: str = PIN) -> bytes:
    return backend.open(name).sign(bytearray(pin.encode()), STATEMENT.encode())


def refused(backend: SoftwareBackend, pin: str) -> tuple[str, int | None]:
    with pytest.raises(CardTrouble) as met:
        sign(backend, pin=pin)
    return met.value.code, met.value.tries_left


def test_its_cards_say_that_they_are_software(drawer: Path) -> None:
    backend = SoftwareBackend(drawer)
    assert backend.via == "software"
    assert [(name.id, name.label) for name in backend.names()] == [("00000016.p12", "00000016")]


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_a_key_file_signs(pki: Gpki, drawer: Path, kind: str) -> None:
    card = pki.company(key=ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else None)
    put_in_drawer(drawer, "other", card, PIN)
    signature = sign(SoftwareBackend(drawer), "other.p12")
    signer_of_bare_signature(certificate=card.der, signature=signature, statement=STATEMENT)


def test_three_wrong_pins_lock_it_and_a_right_one_before_that_starts_anew(drawer: Path) -> None:
    backend = SoftwareBackend(drawer)
    assert refused(backend, "111111") == ("wrong_pin", 2)
    sign(backend)
    assert [refused(backend, "111111") for _ in range(3)] == [("wrong_pin", 2), ("wrong_pin", 1), ("locked", 0)]
    assert refused(backend, PIN) == ("locked", 0)


def test_what_can_be_no_pin_spends_no_try(drawer: Path) -> None:
    backend = SoftwareBackend(drawer)
    assert refused(backend, "12345") == ("pin_form", None)
    assert backend.open("00000016.p12").tries_left == 3


@pytest.mark.parametrize("name", ["../drawer/00000016.p12", "/etc/hostname", "", "00000016"])
def test_only_what_is_in_the_drawer_is_opened(drawer: Path, name: str) -> None:
    with pytest.raises(CardTrouble, match="no_card"):
        SoftwareBackend(drawer).open(name)


def test_an_empty_drawer_and_half_a_card_have_their_words(drawer: Path, tmp_path: Path) -> None:
    with pytest.raises(CardTrouble, match="no_card"):
        SoftwareBackend(tmp_path / "none").names()
    backend = SoftwareBackend(drawer)
    card = backend.open("00000016.p12")
    (drawer / "00000016.p12").unlink()
    with pytest.raises(CardTrouble, match="removed"):
        card.sign(bytearray(PIN.encode()), b"")
    (drawer / "00000016.p12").touch()
    (drawer / "00000016.der").unlink()
    with pytest.raises(CardTrouble, match="unreadable"):
        backend.open("00000016.p12")
