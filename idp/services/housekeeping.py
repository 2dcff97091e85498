"""What has run out is deleted, a little at a time, so that no writer waits for it."""

from datetime import timedelta

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import DeclarativeBase

from idp.db import now, session, transaction
from idp.models import (
    AuthorizationRequest,
    Binding,
    CardChallenge,
    CardEvidence,
    Flow,
    Invitation,
    Launch,
    LimitCounter,
    NameFailures,
    OneTimeSecret,
    OutboxEntry,
    PasskeyChallenge,
    RevocationAnswer,
    Token,
    UsedAssertion,
)
from idp.policies.bindings import REQUESTS_KEPT
from idp.policies.cards import CITIZEN_GIVEN
from idp.policies.standing import BindingState

# Kept a day longer than they work: a late replay is then still known for what it is.
GRACE = timedelta(days=1)
DEAD_KEPT = timedelta(days=90)  # what was not delivered waits for those who run the provider
SENT_MAIL_KEPT = timedelta(days=30)
# Who opens an old mail is told that its time is over and gets another; after that the link is unknown.
LINKS_KEPT = timedelta(days=30)
# What came of an invitation that was used is told for ever: a case names it.
INVITATIONS_KEPT = timedelta(days=365)
FAILURES_KEPT = timedelta(days=90)
# What says whether a card was revoked, since somebody last signed in by it.
ANSWERS_KEPT = timedelta(days=30)
# A run of the wizard lives a day, and its application is sent within it.
RUNS_LAST = timedelta(days=2)
BATCH = 500
# A registration lives longer than the request on whose way it lies.
IS_ON_A_RUNS_WAY = select(Flow.id).where(Flow.authorization_request_id == AuthorizationRequest.id).exists()
# Requests that nobody answered, or that were taken back or refused: nothing ever ran through them.
CAME_TO_NOTHING = Binding.bound_at.is_(None) & Binding.state.in_((BindingState.PENDING, BindingState.UNBOUND))

# Citizen cards shown in applications that nobody sent: a person's, who may have no account here.
CAME_FROM_NO_APPLICATION = CardEvidence.account_id.is_(None) & (CardEvidence.purpose == CITIZEN_GIVEN)


def tidy() -> int:
    """Delete rows that have run out, at most a batch of each kind, and give how many."""
    moment = now()
    over = moment - GRACE
    # Rows that name others go before those.
    return sum(
        _delete(table, condition)
        for table, condition in (
            (OneTimeSecret, OneTimeSecret.expires_at < moment - LINKS_KEPT),
            (Invitation, Invitation.used_at.is_(None) & (Invitation.expires_at < moment - INVITATIONS_KEPT)),
            (Flow, Flow.expires_at < over),
            (AuthorizationRequest, (AuthorizationRequest.expires_at < over) & ~IS_ON_A_RUNS_WAY),
            (CardChallenge, CardChallenge.expires_at < over),
            (PasskeyChallenge, PasskeyChallenge.expires_at < over),
            (CardEvidence, CAME_FROM_NO_APPLICATION & (CardEvidence.at < moment - RUNS_LAST)),
            (Launch, Launch.expires_at < over),
            (Binding, CAME_TO_NOTHING & (Binding.code_expires_at < moment - REQUESTS_KEPT)),
            (RevocationAnswer, RevocationAnswer.last_used_at < moment - ANSWERS_KEPT),
            (Token, Token.expires_at < over),
            (UsedAssertion, UsedAssertion.expires_at < over),
            (LimitCounter, LimitCounter.window_ends_at < over),
            (NameFailures, NameFailures.last_failed_at < moment - FAILURES_KEPT),
            (OutboxEntry, (OutboxEntry.state == "sent") & (OutboxEntry.sent_at < moment - SENT_MAIL_KEPT)),
            (OutboxEntry, (OutboxEntry.state == "dead") & (OutboxEntry.created_at < moment - DEAD_KEPT)),
            (OutboxEntry, (OutboxEntry.state == "given_up") & (OutboxEntry.created_at < moment - DEAD_KEPT)),
        )
    )


def _delete(table: type[DeclarativeBase], condition: ColumnElement[bool]) -> int:
    key = table.__mapper__.primary_key
    found = session.execute(select(*key).where(condition).limit(BATCH)).all()
    if not found:
        session.commit()
        return 0
    with transaction():
        for row in found:
            session.execute(delete(table).where(*(c == v for c, v in zip(key, row, strict=True)), condition))
    return len(found)
