"""The folder of a PKI that lives longer than its process: keys, anchors, the drawer of cards, and the ledger.

``keys/`` has a file a CA, ``anchors/`` their certificates (DER) for who trusts them, ``drawer/`` the cards. The ledger
is written last: a folder without one was broken off and is made anew.
"""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)  # fmt: skip

from clients.testca.authority import Authority, rsa_key
from clients.testca.cards import Gpki, Held
from clients.testca.drawer import PIN, fill

KEYS_OF_THE_CAS = range(4)


class MadeForAnotherAddress(ValueError):
    """The certificates in the folder name another address than the one that is wanted."""


def kept_pki(folder: Path, base: str) -> Gpki:
    """The PKI of a folder, made with its cards where there is none. Raises MadeForAnotherAddress."""
    ledger = folder / "ledger.json"
    if not ledger.exists():
        _make(folder, base)
    told = json.loads(ledger.read_text())
    if told["base"] != base:
        raise MadeForAnotherAddress(f"the cards in {folder} name {told['base']}, not {base}")
    pki = Gpki(base, {path.stem: _read(path) for path in (folder / "keys").glob("*.pem")})
    for authority in pki.authorities:
        known = told["authorities"][authority.slug]
        authority.issued |= set(known["issued"])
        authority.revoked |= set(known["revoked"])
    return pki


def _make(folder: Path, base: str) -> None:
    for name in (".", "keys", "anchors"):
        (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    with ThreadPoolExecutor() as side_by_side:
        list(side_by_side.map(rsa_key, KEYS_OF_THE_CAS))
    pki = Gpki(base)
    fill(folder / "drawer", pki)
    for authority in pki.authorities:
        _write(folder / "keys" / f"{authority.slug}.pem", authority)
        (folder / "anchors" / f"{authority.slug}.der").write_bytes(authority.der)
    told = {each.slug: {"issued": sorted(each.issued), "revoked": sorted(each.revoked)} for each in pki.authorities}
    unfinished = folder / "ledger.new"
    unfinished.write_text(json.dumps({"base": base, "pin": PIN, "authorities": told}, indent=1))
    unfinished.rename(folder / "ledger.json")


def _write(path: Path, authority: Authority) -> None:
    pem = authority.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem + authority.certificate.public_bytes(Encoding.PEM))


def _read(path: Path) -> Held:
    content = path.read_bytes()
    key = load_pem_private_key(content, None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError(f"{path} holds no RSA key")
    return key, x509.load_pem_x509_certificate(content)
