"""Questions put to cards: a nonce for one purpose, one browser and one subject, answered once (CD01, CD02, CD03)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, update

from idp.certificates.statement import CardPurpose, Transport, compose_statement
from idp.config import settings
from idp.db import now, session
from idp.errors import ChallengeGone
from idp.models import CardChallenge
from idp.policies.cards import CHALLENGE_LASTS
from idp.services.secrets import digest, new_secret


@dataclass(frozen=True, slots=True)
class Challenge:
    """A question as its page gets it: 43 characters of nonce, what it is for, and when it was asked."""

    nonce: str
    purpose: CardPurpose
    issued_at: datetime

    def statement(self, transport: Transport) -> str:
        """What a card must sign for it when it is reached in this way; the origin is ours, whatever a page says."""
        return compose_statement(
            audience=settings().issuer,
            nonce=self.nonce,
            purpose=self.purpose,
            issued_at=self.issued_at,
            transport=transport,
        )


def ask_card(purpose: CardPurpose, *, browser: str, subject: str = "") -> Challenge:
    """Put a question to whatever card this browser has.

    ``subject`` is what the answer will be used for: the run of an application, the account that enrols or is raised.
    """
    moment = now().replace(microsecond=0)
    nonce = new_secret()
    session.execute(
        insert(CardChallenge).values(
            nonce_hash=digest(nonce),
            purpose=purpose.value,
            browser_hash=digest(browser),
            subject=subject,
            created_at=moment,
            expires_at=moment + CHALLENGE_LASTS,
        )
    )
    return Challenge(nonce, purpose, moment)


def use_challenge(nonce: str, purpose: CardPurpose, *, browser: str, subject: str = "") -> Challenge:
    """Use a question up, in one statement and before anything is judged: of two answers sent at once one is looked at.

    Raises ChallengeGone: unknown, used, over, another browser's, or asked for something else.
    """
    issued_at = session.execute(
        update(CardChallenge)
        .where(
            CardChallenge.nonce_hash == digest(nonce),
            CardChallenge.purpose == purpose.value,
            CardChallenge.browser_hash == digest(browser),
            CardChallenge.subject == subject,
            CardChallenge.used_at.is_(None),
            CardChallenge.expires_at > now(),
        )
        .values(used_at=now())
        .returning(CardChallenge.created_at)
        .execution_options(synchronize_session=False)
    ).scalar()
    if issued_at is None:
        raise ChallengeGone
    return Challenge(nonce, purpose, issued_at)
