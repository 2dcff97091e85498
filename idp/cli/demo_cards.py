"""The demo's cards: a test CA with a drawer of software cards, the card agent, and whom the provider trusts."""

import hashlib
import importlib.util
import json
import time
from pathlib import Path

from idp.config import GPKI_HOSTS

BACKENDS = ("software", "piv", "pkcs11")
CITIZENS_CA = "moica"
ANCHORS = ("grca", "moeaca", CITIZENS_CA)
SECONDS_FOR_KEYS = 30.0
# The only place where the service of card readers listens (compiled into pcsc-lite).
READERS = Path("/run/pcscd/pcscd.comm")


class NoCards(Exception):
    """The test CA has made no cards in time."""


def environment_for_cards(agent: int, ca: int) -> dict[str, str]:
    """Settings of the provider: the agent's place, software cards, and our CA's place beside those of real ones."""
    return {
        "IDP_CARD_AGENT": f"http://localhost:{agent}",
        "IDP_CARD_SOFTWARE": "true",
        "IDP_CARD_HOSTS": ",".join([f"127.0.0.1:{ca}", *GPKI_HOSTS]),
    }


def agent_words(folder: Path, issuer: str, port: int, backend: str) -> list[str]:
    """How the card agent is started for this provider; what it may be asked by is kept with the demo's data."""
    drawer = ["--drawer", str(drawer_of(folder))] if backend == "software" else []
    origins = ["--allow", issuer, "--origins", str(folder / "agent-origins.json")]
    return ["idp.cardbridge", "--backend", backend, *drawer, *origins, "--port", str(port)]


def drawer_of(folder: Path) -> Path:
    """Where the software cards lie."""
    return ca_folder(folder) / "drawer"


def ca_folder(folder: Path) -> Path:
    """Where the test CA keeps its keys and cards."""
    return folder / "testca"


def pin_of(folder: Path) -> str:
    """The PIN of all software cards, as the CA's ledger tells it. Raises NoCards."""
    pin: str = json.loads(_ledger(folder).read_text())["pin"]
    return pin


def anchors(folder: Path) -> list[tuple[Path, str]]:
    """The certificates to trust with their SHA-256, once the CA has made them. Raises NoCards."""
    _ledger(folder)
    files = [ca_folder(folder) / "anchors" / f"{name}.der" for name in ANCHORS]
    return [(path, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files]


def anchors_there(folder: Path) -> list[str]:
    """What names the anchors that are there now, without waiting for any."""
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(ca_folder(folder).glob("anchors/*.der"))]


def _ledger(folder: Path) -> Path:
    # It is written last, beside the making of the database.
    ledger, deadline = ca_folder(folder) / "ledger.json", time.monotonic() + SECONDS_FOR_KEYS
    while not ledger.exists():
        if time.monotonic() > deadline:
            raise NoCards(f"The test CA has made no cards: see var/{folder.name}/log/test-ca.log.")
        time.sleep(0.02)
    return ledger


def reader_service_is_there() -> bool:
    """Whether this machine could use a card reader: its service runs, and pyscard is installed."""
    return READERS.is_socket() and importlib.util.find_spec("smartcard") is not None
