"""Cards behind a PKCS#11 module, OpenSC's here, and OpenSC's own tools, which know nothing of us."""

import multiprocessing
import re
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from clients.testca.authority import usage
from clients.testca.cards import Gpki
from idp.cardbridge.cards import CardTrouble
from idp.cardbridge.pkcs11 import MODULES, Pkcs11Backend
from idp.certificates.signatures import signer_of_bare_signature
from tests.cardbridge.conftest import PIN, Insert
from tests.cardbridge.test_piv import status_of_signing_at_once
from tests.harness.virtual_card.piv_card import GENERAL_AUTHENTICATE, VERIFY, VirtualPivCard
from tests.harness.virtual_card.reader import VirtualReader

STATEMENT = "card-login.v1.e30"
MODULE = next((Path(place) for place in MODULES["linux"] if "opensc" in place and Path(place).exists()), None)
pytestmark = pytest.mark.skipif(MODULE is None, reason="no OpenSC: its package opensc is missing")


Result = dict[str, bytes]
Act = Callable[[str], Result]


def act_with_the_module(pin: str) -> Result:
    """One act, as the agent does it: certificate and signature, or the trouble. No PIN: the certificate alone."""
    backend = Pkcs11Backend(MODULE)
    try:
        card = backend.open(backend.names()[0].id)
        try:
            signature = card.sign(bytearray(pin.encode()), STATEMENT.encode()) if pin else b""
            return {"certificate": card.certificate, "signature": signature}
        finally:
            card.let_go()
    except CardTrouble as trouble:
        return {"trouble": trouble.code.encode()}


@pytest.fixture(scope="module")
def act() -> Iterator[Act]:
    """It is done in another process: PyKCS11 keeps the interpreter to itself while the card, a thread here, works."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as other:
        yield lambda pin: other.submit(act_with_the_module, pin).result(60)


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_a_card_signs_with_one_try_and_one_use_of_its_key(pki: Gpki, insert: Insert, act: Act, kind: str) -> None:
    card = pki.company(key=ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else None)
    inside = insert(card)
    done = act(PIN)
    assert done["certificate"] == card.der
    signer_of_bare_signature(certificate=card.der, signature=done["signature"], statement=STATEMENT)
    assert (inside.count(VERIFY), inside.count(GENERAL_AUTHENTICATE)) == (1, 1)


def test_the_certificate_is_chosen_by_its_use_and_not_by_its_place(pki: Gpki, reader: VirtualReader, act: Act) -> None:
    sealing = pki.company(use=usage("key_encipherment", "data_encipherment"))
    signing = pki.company(key=ec.generate_private_key(ec.SECP256R1()))
    reader.insert(VirtualPivCard({0x9A: sealing, 0x9E: signing}, pin=PIN))
    try:
        assert act("")["certificate"] == signing.der
    finally:
        reader.pull_out()


def test_wrong_pins_are_told_and_the_third_locks(pki: Gpki, insert: Insert, act: Act) -> None:
    inside = insert(pki.company())
    assert [act("111111")["trouble"] for _ in range(2)] == [b"wrong_pin", b"wrong_pin"]
    assert act("111111")["trouble"] in (b"wrong_pin", b"locked")
    assert inside.count(VERIFY) == 3
    assert act(PIN)["trouble"] == b"locked"
    assert inside.count(GENERAL_AUTHENTICATE) == 0


def test_what_can_be_no_pin_is_not_sent_to_the_card(pki: Gpki, insert: Insert, act: Act) -> None:
    inside = insert(pki.company())
    assert act("12345")["trouble"] == b"pin_form"
    assert inside.count(VERIFY) == 0


def test_after_the_act_a_second_program_can_not_sign(pki: Gpki, insert: Insert, act: Act) -> None:
    inside = insert(pki.company(key=ec.generate_private_key(ec.SECP256R1())))
    assert act(PIN)["signature"]
    assert not inside.verified
    assert status_of_signing_at_once() == 0x6982


def test_a_card_pulled_out_in_the_middle_is_told(pki: Gpki, insert: Insert, act: Act) -> None:
    inside = insert(pki.company())
    inside.pulled_out_at = GENERAL_AUTHENTICATE
    assert act(PIN)["trouble"] in (b"removed", b"unreadable")


def test_an_empty_reader_has_its_word(reader: VirtualReader, act: Act) -> None:
    assert act(PIN) == {"trouble": b"no_card"}


def test_a_module_that_is_none_has_its_word(tmp_path: Path) -> None:
    with pytest.raises(CardTrouble, match="module"):
        Pkcs11Backend(tmp_path / "none.so").names()


def tool(*words: str, given: bytes = b"") -> str:
    done = subprocess.run(words, capture_output=True, input=given, timeout=60, check=False)
    told = (done.stdout + done.stderr).decode(errors="replace")
    assert done.returncode == 0, told
    return told


def test_the_tools_of_opensc_take_the_virtual_card_for_a_piv_card(pki: Gpki, insert: Insert) -> None:
    insert(pki.company())
    assert "Personal Identity Verification Card" in tool("opensc-tool", "-n")
    listed = tool("pkcs15-tool", "--list-certificates")
    assert re.search(r"X.509 Certificate \[Certificate for PIV Authentication\]", listed)
    tested = tool("pkcs11-tool", "--module", str(MODULE), "--login", "--pin", PIN, "--test")
    assert "No errors" in tested


def test_what_a_tool_of_opensc_signs_with_it_is_a_signature(pki: Gpki, insert: Insert, tmp_path: Path) -> None:
    card = pki.company()
    insert(card)
    (tmp_path / "statement").write_text(STATEMENT)
    tool(
        "pkcs11-tool", "--module", str(MODULE), "--login", "--pin", PIN, "--id", "01", "--sign",
        "--mechanism", "SHA256-RSA-PKCS", "--input-file", str(tmp_path / "statement"),
        "--output-file", str(tmp_path / "signature"),
    )  # fmt: skip
    signature = (tmp_path / "signature").read_bytes()
    signer_of_bare_signature(certificate=card.der, signature=signature, statement=STATEMENT)
