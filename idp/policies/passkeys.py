"""Passkeys (通行密鑰): how long a challenge lasts, how many an account has, what they are called, their counters."""

from datetime import timedelta
from enum import StrEnum

from idp.policies.names import has_control

# As a card's question: an answer is taken within five minutes (PK01).
CHALLENGE_LASTS = timedelta(minutes=5)
MOST_PER_ACCOUNT = 20
LONGEST_NAME = 60
# What a browser says of itself, the more particular first: iPads call themselves like Macs, Android like Linux.
DEVICES = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
)


class PasskeyPurpose(StrEnum):
    """What an authenticator is asked for; an answer to one is none to another."""

    ENROL = "enrol"
    SIGN_IN = "sign-in"
    STEP_UP = "step-up"


def has_fallen(before: int, told: int) -> bool:
    """Whether a signature counter did not grow, so that there may be a copy of the passkey (WebAuthn L3 §6.1.1; PK06).

    Those that stay at 0, as synced passkeys do, do not count at all.
    """
    return (before > 0 or told > 0) and told <= before


def device_of(user_agent: str) -> str | None:
    """The kind of device a browser says it is on, as a first name for a passkey made there; None where it says none."""
    return next((name for sign, name in DEVICES if sign in user_agent), None)


def passkey_name_problem(text: str) -> str | None:
    """Why a text can't be the name of a passkey, or None: 1 to 60 visible characters."""
    name = text.strip()
    return None if 1 <= len(name) <= LONGEST_NAME and not has_control(name) else "passkey_name.form"
