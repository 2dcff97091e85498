"""Challenges put to authenticators: for one purpose, one browser and one subject, answered once (PK01)."""

from sqlalchemy import insert, update

from idp.db import now, session
from idp.models import PasskeyChallenge
from idp.policies.passkeys import CHALLENGE_LASTS, PasskeyPurpose
from idp.services.passkey_refusals import PasskeyChallengeGone
from idp.services.secrets import digest, new_secret


def ask_authenticator(purpose: PasskeyPurpose, *, browser: str, subject: str = "") -> str:
    """Put a challenge to whatever authenticator this browser has: 256 bits as base64url, of which the hash is kept.

    ``subject`` is the account that enrols or is raised; "" for sign-in, where nobody is known yet.
    """
    moment = now()
    challenge = new_secret()
    session.execute(
        insert(PasskeyChallenge).values(
            challenge_hash=digest(challenge),
            purpose=purpose.value,
            browser_hash=digest(browser),
            subject=subject,
            created_at=moment,
            expires_at=moment + CHALLENGE_LASTS,
        )
    )
    return challenge


def use_passkey_challenge(challenge: str, purpose: PasskeyPurpose, *, browser: str, subject: str = "") -> None:
    """Use a challenge up, in one statement and before anything is judged: of two answers at once one is looked at.

    Raises PasskeyChallengeGone: unknown, used, over, another browser's, or asked for something else.
    """
    used = session.execute(
        update(PasskeyChallenge)
        .where(
            PasskeyChallenge.challenge_hash == digest(challenge),
            PasskeyChallenge.purpose == purpose.value,
            PasskeyChallenge.browser_hash == digest(browser),
            PasskeyChallenge.subject == subject,
            PasskeyChallenge.used_at.is_(None),
            PasskeyChallenge.expires_at > now(),
        )
        .values(used_at=now())
        .returning(PasskeyChallenge.challenge_hash)
        .execution_options(synchronize_session=False)
    ).scalar()
    if used is None:
        raise PasskeyChallengeGone
