"""`idp worker` fetches anew what says whether cards were revoked, before it is over: no sign-in has to wait for it.

Any number of workers may run: a lease keeps them apart. What nobody has used for 30 days is left to run out.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select, update

from idp.certificates.chain import issuer_of
from idp.certificates.reading import read_certificate
from idp.certificates.refusals import CardRefused
from idp.db import now, run, session, transaction
from idp.services.revocation import SECONDS, Card, ask, places_of
from idp.services.revocation_answers import ANSWERS, TRIED_AGAIN_AFTER, Kind, Place
from idp.services.trust import trusted_issuers

FETCHED_AT_ONCE = 5
LEASE = timedelta(seconds=60)
USED_WITHIN = timedelta(days=30)
# The issuer is trusted no more, or the host was taken off the list: perhaps it comes back.
LOOKED_AT_AGAIN = timedelta(days=1)


def refresh_answers() -> int:
    """Fetch anew what is due, a few at most, and give how many were due. Call it outside a transaction."""
    due = _claim()
    trusted = trusted_issuers() if due else []
    unreachable: set[str] = set()
    for row in due:
        if row.url not in unreachable and not _fetch_anew(row, trusted):
            unreachable.add(row.url)
    for url in unreachable:
        _postpone(url)
    return len(due)


def _claim() -> list[Any]:
    moment = now()
    due = (
        select(ANSWERS.c.source_hash, ANSWERS.c.url, ANSWERS.c.certificate)
        .where(
            ANSWERS.c.refresh_at <= moment,
            ANSWERS.c.kind != Kind.ADDRESS.value,
            ANSWERS.c.last_used_at > moment - USED_WITHIN,
            or_(ANSWERS.c.leased_until.is_(None), ANSWERS.c.leased_until < moment),
        )
        .order_by(ANSWERS.c.refresh_at)
        .limit(FETCHED_AT_ONCE)
    )
    waiting = run(due.limit(1)).first()
    session.commit()
    if waiting is None:
        return []
    with transaction():
        claimed = list(run(due.with_for_update(skip_locked=True)))
        keys = [row.source_hash for row in claimed]
        run(update(ANSWERS).where(ANSWERS.c.source_hash.in_(keys)).values(leased_until=moment + LEASE))
    return claimed


def _fetch_anew(row: Any, trusted: list[bytes]) -> bool:
    """False where the place gave nothing usable."""
    found = _place_of(row, trusted)
    if found is not None:
        return ask(*found, seconds=SECONDS)
    with transaction():
        later = {"leased_until": None, "refresh_at": now() + LOOKED_AT_AGAIN}
        run(update(ANSWERS).where(ANSWERS.c.source_hash == row.source_hash).values(later))
    return True


def _place_of(row: Any, trusted: list[bytes]) -> tuple[Place, Card] | None:
    """The place of a row and the card it is about, if one may still ask there and the card is not over."""
    read = read_certificate(row.certificate)
    try:
        card = Card(read, issuer_of(read, trusted), trusted)
    except CardRefused:
        return None
    is_over = read.certificate.not_valid_after_utc <= now()
    places = places_of(card)
    # A list is of many cards, of which this one was the first to ask.
    wanted = (*(() if is_over else places.responders), *places.lists, *places.complete)
    return next(((place, card) for place in wanted if place.key == row.source_hash), None)


def _postpone(url: str) -> None:
    moment = now()
    later = moment + TRIED_AGAIN_AFTER
    with transaction():
        at_that_address = update(ANSWERS).where(ANSWERS.c.url == url, ANSWERS.c.refresh_at < later)
        run(at_that_address.values(refresh_at=later, leased_until=None))
