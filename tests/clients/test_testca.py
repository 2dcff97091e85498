"""The test CA: what it answers over HTTP, that its folder outlives it, and that the agent opens its cards."""

import os
import stat
import sys
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from clients.testca.authority import Card
from clients.testca.drawer import KINDS, PIN
from clients.testca.keeping import MadeForAnotherAddress, kept_pki
from clients.testca.server import CaServer, State
from idp.cardbridge.software import SoftwareBackend
from idp.certificates import refusals
from idp.certificates.reading import read_certificate
from idp.certificates.revocation import RevocationData, ocsp_request, sources_of
from idp.certificates.subject import ANYBODY, CitizenHolder
from idp.certificates.verification import BareSignature, verify_card_answer
from tests.harness.processes import ROOT, Process, free_port, wait_until

STATEMENT = "card-login.v1.e30"


@pytest.fixture
def server() -> Iterator[CaServer]:
    running = CaServer().start()
    yield running
    running.close()


def evidence_about(server: CaServer, card_der: bytes, issuer: bytes, kind: str) -> RevocationData:
    """What a verifier fetches for a certificate, by the addresses in it."""
    read = read_certificate(card_der)
    sources = sources_of(read, hosts=frozenset({server.host}))
    if kind == "crl":
        return RevocationData(crls=(requests.get(sources.crl_urls[0], timeout=5).content,))
    answer = requests.post(sources.ocsp_urls[0], data=ocsp_request(read, issuer), timeout=5)
    assert answer.headers["Content-Type"] == "application/ocsp-response"
    return RevocationData(ocsps=(answer.content,))


def judged(server: CaServer, card: Card, kind: str) -> str:
    """The company that a card proves, or why it does not."""
    pki = server.pki
    try:
        return verify_card_answer(
            BareSignature(card.der, card.sign(STATEMENT)),
            expected_statement=STATEMENT,
            trusted_issuers=[pki.root.der, pki.companies.der],
            revocation=evidence_about(server, card.der, pki.companies.der, kind),
            now=datetime.now(UTC),
        ).tax_id
    except refusals.CardRefused as refusal:
        return type(refusal).__name__


@pytest.mark.parametrize("kind", ["ocsp", "crl"])
def test_it_says_which_cards_are_good_and_which_revoked_or_nothing_fresh(server: CaServer, kind: str) -> None:
    card = server.pki.company()
    assert judged(server, card, kind) == "00000016"
    server.ocsp = server.crl = State.STALE
    assert judged(server, card, kind) == "RevocationUnknown"
    server.ocsp = server.crl = State.AWAY
    with pytest.raises(requests.ConnectionError):
        judged(server, card, kind)
    server.ocsp = server.crl = State.UP
    server.pki.companies.revoke(card)
    assert judged(server, card, kind) == "CertificateRevoked"
    assert server.asked == [f"/moeaca/{'ocsp' if kind == 'ocsp' else 'CRL_0001.crl'}"] * 4


def test_the_complete_list_is_there_too_and_nothing_else(server: CaServer) -> None:
    complete = x509.load_der_x509_crl(requests.get(f"{server.base}/moica/complete.crl", timeout=5).content)
    assert complete.is_signature_valid(server.pki.citizens.key.public_key())
    for path in ("/", "/moica", "/moica/other.crl", "/nobody/complete.crl"):
        assert requests.get(server.base + path, timeout=5).status_code == 404
    assert requests.post(f"{server.base}/moica/complete.crl", data=b"x", timeout=5).status_code == 404


def asked_of(server: CaServer, question: bytes, *, get: bool = False) -> ocsp.OCSPResponse:
    address = f"{server.base}/moeaca/ocsp"
    if get:
        answer = requests.get(f"{address}/{quote(b64encode(question).decode(), safe='')}", timeout=5)
    else:
        answer = requests.post(address, data=question, timeout=5)
    return ocsp.load_der_ocsp_response(answer.content)


@pytest.mark.parametrize("get", [False, True])
def test_an_ocsp_answer_is_about_one_serial_of_the_ca_whose_key_is_named(server: CaServer, get: bool) -> None:
    pki = server.pki
    ours, foreign, theirs = pki.company(), pki.company(issuer=pki.forger), pki.citizen()
    unknown = pki.company()
    pki.companies.issued.remove(unknown.certificate.serial_number)

    def question(card: Card, issuer: x509.Certificate, nonce: bytes = b"") -> bytes:
        asked = ocsp.OCSPRequestBuilder().add_certificate(card.certificate, issuer, hashes.SHA256())
        asked = asked.add_extension(x509.OCSPNonce(nonce), critical=False) if nonce else asked
        return asked.build().public_bytes(Encoding.DER)

    good = asked_of(server, question(ours, pki.companies.certificate, b"n" * 16), get=get)
    assert good.certificate_status is ocsp.OCSPCertStatus.GOOD
    assert good.serial_number == ours.certificate.serial_number
    assert good.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"n" * 16
    citizen = asked_of(server, question(theirs, pki.citizens.certificate), get=get)
    assert citizen.certificate_status is ocsp.OCSPCertStatus.GOOD
    assert citizen.certificates[0].issuer == pki.citizens.subject
    not_issued = asked_of(server, question(unknown, pki.companies.certificate), get=get)
    assert not_issued.certificate_status is ocsp.OCSPCertStatus.UNKNOWN
    forged = asked_of(server, question(foreign, pki.forger.certificate), get=get)
    assert forged.response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED
    assert asked_of(server, b"\x30\x03", get=get).response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


def test_a_service_that_says_nothing_lets_go_when_the_server_ends(server: CaServer) -> None:
    server.crl = State.SILENT
    with pytest.raises(requests.Timeout):
        requests.get(f"{server.base}/moica/complete.crl", timeout=0.2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with keys, anchors and cards."""
    made = tmp_path_factory.mktemp("testca") / "kept"
    kept_pki(made, "http://127.0.0.1:8099")
    return made


def test_a_folder_keeps_its_anchors_cards_and_what_is_revoked(folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    pki = kept_pki(folder, "http://127.0.0.1:8099")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    for authority in pki.authorities:
        assert (folder / "anchors" / f"{authority.slug}.der").read_bytes() == authority.der
    revoked = x509.load_der_x509_certificate((folder / "drawer" / "6 測試二號有限公司 已廢止.der").read_bytes())
    assert pki.companies.revoked == {revoked.serial_number}
    with pytest.raises(MadeForAnotherAddress, match="8099"):
        kept_pki(folder, "http://127.0.0.1:8100")


def test_a_folder_is_its_owners_alone(folder: Path) -> None:
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / "keys", folder / "drawer")} == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder / "keys").iterdir()} == {0o600}


def test_the_agent_opens_every_card_of_the_drawer_and_its_readme_tells_of_each(folder: Path) -> None:
    backend, pki = SoftwareBackend(folder / "drawer"), kept_pki(folder, "http://127.0.0.1:8099")
    words = (folder / "drawer" / "README.txt").read_text(encoding="utf-8")
    assert [name.label for name in backend.names()] == [kind.name for kind in KINDS]
    told, keys = {}, set()
    for name in backend.names():
        card, named = backend.open(name.id), name.label[0]
        signature = card.sign(bytearray(PIN.encode()), STATEMENT.encode())
        keys.add(read_certificate(card.certificate).key_sha256)
        data = RevocationData(crls=(pki.companies.crl(), pki.citizens.crl()))
        try:
            holder = verify_card_answer(
                BareSignature(card.certificate, signature),
                expected_statement=STATEMENT,
                trusted_issuers=[pki.root.der, pki.companies.der, pki.citizens.der],
                revocation=data,
                now=datetime.now(UTC),
                subject_types=ANYBODY,
                citizen_issuers=[pki.citizens.der],
            )
            told[named] = holder.name if isinstance(holder, CitizenHolder) else f"{holder.tax_id} {holder.rank}"
        except refusals.CardRefused as refusal:
            told[named] = type(refusal).__name__
        assert f"{name.label}\n    憑證密碼：{PIN}\n    用途：" in words
    assert len(keys) == len(KINDS)
    assert told == {
        "1": "00000016 primary",
        "2": "00000022 primary",
        "3": "00000037 primary",
        "4": "00000016 secondary",
        "5": "CertificateExpired",
        "6": "CertificateRevoked",
        "7": "00000043 primary",
        "8": "00000075 primary",
        "9": "測試人",
        "A": "CertificateExpired",
        "B": "CertificateRevoked",
    }


def test_as_a_process_it_tells_of_its_cards_ends_when_told_and_refuses_another_port(
    folder: Path, tmp_path: Path
) -> None:
    def started(port: int, kept: Path) -> Process:
        environment = {**os.environ, "TESTCA_FOLDER": str(kept), "TESTCA_PORT": str(port)}
        command = [sys.executable, "-m", "clients.testca"]
        return Process(command, folder=ROOT, environment=environment, log=tmp_path / "log")

    wrong = started(free_port(), folder)
    wait_until("it ends", lambda: not wrong.is_running())
    assert "The test CA does not start: the cards in" in (tmp_path / "log").read_text()
    port = free_port()
    running = started(port, tmp_path / "new")
    wait_until("it answers", partial(answers, port), seconds=20)
    assert "示範用的軟體卡片" in requests.get(f"http://127.0.0.1:{port}/", timeout=5).text
    assert requests.get(f"http://127.0.0.1:{port}/moeaca/CRL_0001.crl", timeout=5).status_code == 200
    running.stop()


def answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/", timeout=5).ok
    except requests.ConnectionError:
        return False
