"""An operator pins the CAs whose cards are trusted, and the helpdesk asks what a certificate is worth."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from clients.testca.authority import Authority, Card
from clients.testca.server import CaServer, State
from tests.harness.command import Command
from tests.harness.processes import ROOT


@pytest.fixture(scope="module")
def ca() -> Any:
    server = CaServer().start()
    yield server
    server.close()


def fingerprint(authority: Authority) -> str:
    return authority.certificate.fingerprint(hashes.SHA256()).hex()


def file_of(folder: Path, what: Authority | Card, encoding: Encoding = Encoding.DER) -> str:
    file = folder / f"{what.certificate.serial_number}.cer"
    file.write_bytes(what.certificate.public_bytes(encoding))
    return str(file)


def refused(idp: Command, *arguments: str, status: int = 1) -> str:
    ended, _, said = idp.attempt(*arguments)
    assert ended == status, said
    assert "Traceback" not in said
    return said


def test_whom_to_trust_is_pinned_listed_and_removed(idp: Command, ca: CaServer, tmp_path: Path) -> None:
    root, issuing = ca.pki.root, ca.pki.companies
    files = {each.slug: file_of(tmp_path, each, Encoding.PEM) for each in (root, issuing)}
    assert "64 hexadecimal" in refused(idp, "trust", "add", files["grca"], "--sha256", "abc")
    assert "another fingerprint" in refused(idp, "trust", "add", files["grca"], "--sha256", fingerprint(issuing))
    assert "pin its root first" in refused(idp, "trust", "add", files["moeaca"], "--sha256", fingerprint(issuing))
    refused(idp, "trust", "add", str(tmp_path / "nowhere.cer"), "--sha256", fingerprint(root), status=2)
    added = idp("trust", "add", files["grca"], "--sha256", fingerprint(root).upper())
    assert (added["sha256"], added["is_root"], added["is_test"]) == (fingerprint(root), True, True)
    assert added["added_by"].startswith("cli:")
    idp("trust", "add", files["moeaca"], "--sha256", fingerprint(issuing))
    assert "pinned already" in refused(idp, "trust", "add", files["moeaca"], "--sha256", fingerprint(issuing))
    listed = idp("trust", "list", "--json")
    assert [(row["sha256"], row["counts"]) for row in listed] == [
        (fingerprint(root), "yes"), (fingerprint(issuing), "yes")
    ]  # fmt: skip
    assert "工商憑證管理中心" in idp("trust", "list")
    removed = idp("trust", "remove", fingerprint(root))
    assert removed["count_no_more"] == [fingerprint(issuing)]
    assert "no: no root" in idp("trust", "list", "--json")[0]["counts"]
    assert "no such trust anchor" in refused(idp, "trust", "remove", fingerprint(root))
    idp("trust", "remove", fingerprint(issuing))
    assert idp("trust", "list", "--json") == []


def test_in_production_no_test_ca_is_pinned_or_counts(
    idp: Command, ca: CaServer, tmp_path: Path, surroundings: dict[str, str]
) -> None:
    file = file_of(tmp_path, ca.pki.root)
    idp("trust", "add", file, "--sha256", fingerprint(ca.pki.root))
    production = Command(
        ROOT,
        {
            **surroundings,
            "IDP_MODE": "production",
            "IDP_ISSUER": "https://idp.example.tw",
            "IDP_ARGON2_TIME": "2",
            "IDP_ARGON2_MEMORY_KIB": "19456",
        },
    )
    assert "this is production" in production("trust", "list", "--json")[0]["counts"]
    production("trust", "remove", fingerprint(ca.pki.root))
    said = refused(production, "trust", "add", file, "--sha256", fingerprint(ca.pki.root))
    assert "a test CA, and this is production" in said


def test_the_helpdesk_hears_what_a_certificate_is_worth(
    idp: Command, ca: CaServer, tmp_path: Path, surroundings: dict[str, str]
) -> None:
    helpdesk = Command(ROOT, {**surroundings, "IDP_CARD_HOSTS": ca.host})
    good, gone = ca.pki.company(), ca.pki.company("00000022", "測試二號有限公司")
    assert "No CA that is pinned here" in refused(helpdesk, "trust", "check", file_of(tmp_path, good))
    for each in (ca.pki.root, ca.pki.companies, ca.pki.citizens):
        issues = ("--issues", "citizen") if each is ca.pki.citizens else ()
        added = helpdesk("trust", "add", file_of(tmp_path, each), "--sha256", fingerprint(each), *issues)
        assert added["issues"] == ("citizen" if issues else "company")
    told = helpdesk("trust", "check", file_of(tmp_path, good), "--json")
    assert (told["tax_id"], told["name"], told["rank"]) == ("00000016", "測試一號有限公司", "primary")
    assert told["policies"] == ["2.16.886.101.0.3.3"]
    assert told["revocation"].startswith("good, says OCSP of ")
    person = helpdesk("trust", "check", file_of(tmp_path, ca.pki.citizen("王小明")), "--json")
    assert (person["name"], person["subject_type"]) == ("王小明", "citizen")
    assert person["tax_id"] is person["rank"] is None
    crossed = file_of(tmp_path, ca.pki.company(issuer=ca.pki.citizens))
    assert "No CA that is pinned here" in refused(helpdesk, "trust", "check", crossed)
    shown = helpdesk("trust", "check", file_of(tmp_path, good, Encoding.PEM))
    assert "測試一號有限公司" in shown
    ca.pki.companies.revoke(gone)
    ended, shown, said = helpdesk.attempt("trust", "check", file_of(tmp_path, gone), "--json")
    assert (ended, json.loads(shown)["revocation"][:18]) == (1, "revoked, says OCSP")
    assert "was revoked" in said
    ca.ocsp = ca.crl = State.AWAY
    unasked = file_of(tmp_path, ca.pki.company("04595257", "測試三號有限公司"))
    said = refused(helpdesk, "trust", "check", unasked)
    assert "Nothing fresh says" in said
    agency = ca.pki.company(kind="2.16.886.1.100.3.2.1.1")
    assert "neither a company's nor a person's" in refused(helpdesk, "trust", "check", file_of(tmp_path, agency))
    assert "certificate is over" in refused(
        helpdesk, "trust", "check", file_of(tmp_path, ca.pki.company(days=(-390, -3)))
    )
    nothing = tmp_path / "nothing.cer"
    nothing.write_bytes(b"hello")
    assert "no certificate that can be read" in refused(helpdesk, "trust", "check", str(nothing))
