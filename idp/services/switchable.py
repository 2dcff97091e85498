"""The accounts that a person can change to at a client that draws its own menu (tokens.md, asking rule 7)."""

from idp.db import now
from idp.services.acting import Acting
from idp.services.admission import admission_of
from idp.services.clients import ClientRecord
from idp.services.grants import GrantFacts
from idp.services.seats import BoundSeat, seats_of


def is_sign_in_alive(grant: GrantFacts) -> bool:
    """Whether the sign-in this was granted in goes on: what outlives it (``offline_access``) tells of nobody else."""
    is_over = grant.sign_in_ended_at is not None or grant.sid_ended_at is not None
    return not is_over and grant.session_expires_at > now()


def switchable_accounts(acting: Acting, client: ClientRecord) -> list[tuple[Acting, BoundSeat | None]]:
    """Whom this person can enter this client as, recently used first: for who came directly that account alone.

    What can't be acted as now, and what the client does not admit, is not there: the client learns nothing of it.
    """
    if acting.via is None:
        return [(acting, None)]
    seats = seats_of(acting.human_id)
    return [(s.acting, s) for s in seats if s.acting.is_able and admission_of(s.acting, client) is None]
