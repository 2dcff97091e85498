"""The connection to the mail server is encrypted, verified and signed in to as the settings say."""

import smtplib
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from flask import Flask

from idp.config import MailTls
from idp.mails.postman import Postman
from tests.harness.processes import free_port
from tests.services.conftest import settings_for


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate for localhost that nobody vouches for but itself, and the server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(made.public_bytes(Encoding.PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return file, context


def _authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: object) -> AuthResult:
    right = isinstance(given, LoginPassword) and (given.login, given.password) == (b"idp", b"letter-box")
    return AuthResult(success=right, handled=False)


@pytest.fixture(params=[MailTls.TLS, MailTls.STARTTLS])
def office(request: pytest.FixtureRequest, certificate: tuple[Path, ssl.SSLContext]) -> Iterator[tuple[MailTls, int]]:
    """A mail server that asks for encryption and a password."""
    tls: MailTls = request.param
    own = {"ssl_context": certificate[1]} if tls is MailTls.TLS else {"tls_context": certificate[1]}
    inside = tls is MailTls.STARTTLS
    more = {"require_starttls": inside, "auth_required": inside, "auth_require_tls": inside}
    port = free_port()
    controller = Controller(
        Sink(), hostname="localhost", port=port, authenticator=_authenticate, **own, **more
    )  # fmt: skip
    controller.start()
    yield tls, port
    controller.stop()


def connect(office: tuple[MailTls, int], **more: object) -> str:
    """Connect, send nothing, and give the server's answer to NOOP."""
    tls, port = office
    server = {"mail_server": "localhost", "mail_port": port, "mail_tls": tls, "mail_timeout_seconds": 5}
    given = settings_for("sqlite:////none", **{**server, "mail_username": "idp", **more})
    with Postman(Flask("idp.mails"), given) as connection:
        assert connection.host is not None
        return str(connection.host.mail("idp@idp.test")[0])


def test_an_encrypted_connection_is_made_and_signed_in_to(
    office: tuple[MailTls, int], certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    assert connect(office, mail_password="letter-box") == "250"


def test_a_wrong_password_is_told(
    office: tuple[MailTls, int], certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with pytest.raises(smtplib.SMTPAuthenticationError):
        connect(office, mail_password="wrong")


def test_a_server_nobody_vouches_for_gets_no_password_and_no_mail(office: tuple[MailTls, int]) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        connect(office, mail_password="letter-box")
