"""The statement that a card signs: ``card-login.v1.`` and what it is for, so that it can be used for nothing else.

The card's one signing key is the company's legally binding one. What is signed is therefore composed by the agent that
shows it, or by our own page, and never handed over; the server composes it again from what it keeps of the session.
"""

import base64
import json
from datetime import datetime
from enum import StrEnum

PREFIX = "card-login.v1."


class CardPurpose(StrEnum):
    """What a signature is asked for."""

    LOGIN = "login"
    PROVE = "prove"
    ENROL = "enrol"
    STEP_UP = "step-up"


class Transport(StrEnum):
    """How the card was reached: our agent with a card, our agent with a key file, or HiPKI."""

    AGENT = "agent"
    SOFTWARE = "software"
    HIPKI = "hipki"


def compose_statement(
    *, audience: str, nonce: str, purpose: CardPurpose, issued_at: datetime, transport: Transport
) -> str:
    """The statement for one session: letters, digits, ``.``, ``-`` and ``_`` only, for HiPKI mangles others.

    ``audience`` is the origin of the page as the browser reports it, ``nonce`` 32 random bytes in base64url.
    idp/cardbridge composes the same line by itself; one test vector pins both.
    """
    told = {
        "aud": audience,
        "iat": int(issued_at.timestamp()),
        "nonce": nonce,
        "purpose": purpose.value,
        "via": transport.value,
    }
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return PREFIX + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
