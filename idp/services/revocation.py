"""Whether a card was revoked: asked by us, from hosts on our list alone, and failing closed (decision 0023).

    fresh and kept? --> OCSP (the responder) --> the list of the certificate's partition --> nothing: nobody gets in

Nobody is asked inside a transaction, and all of it takes 5 seconds at most. A complete list is never fetched here.
"""

import hashlib
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from idp.certificates.answers import UselessAnswer, Word, judge_list, judge_ocsp
from idp.certificates.reading import ReadCertificate
from idp.certificates.revocation import LARGEST_CRL, LARGEST_OCSP_ANSWER, RevocationData, ocsp_request, sources_of
from idp.config import Mode, settings
from idp.db import end_reading, now
from idp.services.outbound import Unreachable, fetch
from idp.services.revocation_answers import Kept, Kind, Place, keep, kept_of, list_at, note_trouble, note_use, want

SECONDS = 5.0
# Whoever does not answer leaves time for the list; where a fresh one is at hand, nobody is waited for long.
SECONDS_FOR_A_RESPONDER = 2.5
SECONDS_FOR_A_SECOND_WORD = 1.0
PLACES_ASKED = 2
COMPLETE_LIST = "complete.crl"


@dataclass(frozen=True, slots=True)
class Card:
    """A certificate whose chain is good, its issuer, and all issuers that are trusted."""

    read: ReadCertificate
    issuer: bytes
    trusted: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Places:
    """Where one may ask about a card. ``complete`` are lists of the whole CA: megabytes, for the worker alone."""

    responders: tuple[Place, ...]
    lists: tuple[Place, ...]
    complete: tuple[Place, ...]

    @property
    def all(self) -> tuple[Place, ...]:
        """All of them, the best first."""
        return self.responders + self.lists + self.complete


def places_of(card: Card) -> Places:
    """Where this provider may ask about a card. A complete list counts only where its certificate names no other."""
    found = sources_of(card.read, hosts=frozenset(host.lower() for host in settings().card_hosts))
    question = ocsp_request(card.read, card.issuer) if found.ocsp_urls else b""
    whose = hashlib.sha256(card.issuer).digest()
    lists = [Place(Kind.CRL, url, whose) for url in found.crl_urls if not url.endswith(COMPLETE_LIST)]
    complete = [Place(Kind.CRL, url, whose) for url in found.crl_urls if url.endswith(COMPLETE_LIST)]
    responders = [Place(Kind.OCSP, url, question) for url in found.ocsp_urls]
    return Places(
        tuple(responders[:PLACES_ASKED]), tuple(lists[:PLACES_ASKED]), () if lists else tuple(complete[:PLACES_ASKED])
    )


def revocation_data(read: ReadCertificate, issuer: bytes, *, trusted: Sequence[bytes]) -> RevocationData:
    """What says whether this certificate was revoked: kept, or asked for now; empty where nothing usable was had.

    Call it outside a transaction.
    """
    card = Card(read, issuer, trusted)
    places = places_of(card)
    ends = time.monotonic() + SECONDS
    kept = kept_of(places.all)
    note_use(places.all, kept)
    answer = _fresh(places.responders, kept)
    listed = _fresh(places.lists + places.complete, kept)
    if answer is None:
        patience = SECONDS_FOR_A_RESPONDER if listed is None else SECONDS_FOR_A_SECOND_WORD
        kept |= _ask(places.responders, kept, card, min(ends, time.monotonic() + patience))
        answer = _fresh(places.responders, kept)
    if answer is None and listed is None:
        kept |= _ask(places.lists, kept, card, ends)
        listed = _fresh(places.lists, kept)
        for place in places.complete:
            if place.key not in kept:
                want(place, read.der)
    return _together(places.responders, answer, listed, kept)


def ask(place: Place, card: Card, *, seconds: float) -> bool:
    """Ask at one place, judge what comes and keep it. False, and the trouble is kept, where it gave nothing usable."""
    end_reading()
    is_responder = place.kind is Kind.OCSP
    try:
        body = fetch(
            place.url,
            body=place.question if is_responder else None,
            content_type="application/ocsp-request",
            seconds=seconds,
            largest=LARGEST_OCSP_ANSWER if is_responder else LARGEST_CRL,
            loopback=settings().mode is not Mode.PRODUCTION,
        )
        word = _judge(place, card, body)
    except (Unreachable, UselessAnswer) as error:
        note_trouble(place, card.read.der, str(error), is_unreachable=isinstance(error, Unreachable))
        return False
    keep(place, card.read.der, body, word)
    return True


def _judge(place: Place, card: Card, body: bytes) -> Word:
    if place.kind is Kind.OCSP:
        return judge_ocsp(body, card.read, card.issuer, card.trusted, now=now())
    return judge_list(body, card.read, card.issuer, now=now())


def _fresh(places: Sequence[Place], kept: dict[bytes, Kept]) -> Place | None:
    moment = now()
    return next((p for p in places if p.key in kept and kept[p.key].is_fresh(moment)), None)


def _ask(places: Sequence[Place], kept: dict[bytes, Kept], card: Card, ends: float) -> dict[bytes, Kept]:
    """Ask one place after the other until one has answered, and give what is kept of them then."""
    for place in places:
        seconds = ends - time.monotonic()
        if seconds <= 0 or _is_left_alone(place, kept):
            continue
        end_reading()  # no connection, and no old snapshot, is held while somebody is waited for
        with _first_to_ask(place.key, seconds) as is_first:
            found = kept_of([place])
            if is_first and not _fresh([place], found) and not _is_left_alone(place, found):
                ask(place, card, seconds=seconds)
                found = kept_of([place])
        if _fresh([place], found):
            return found
    return {}


def _is_left_alone(place: Place, kept: dict[bytes, Kept]) -> bool:
    moment = now()
    return any(kept[key].is_left_alone(moment) for key in (place.key, place.address.key) if key in kept)


def _together(
    responders: Sequence[Place], answer: Place | None, listed: Place | None, kept: dict[bytes, Kept]
) -> RevocationData:
    """An answer, and a list where it is as new; a list alone only where no newer answer has said "revoked"."""
    words = [word for place in responders if place.key in kept and (word := kept[place.key].word)]
    as_of = max((word.this_update for word in words if answer or word.is_revoked), default=None)
    ocsp = kept[answer.key].body if answer else None
    of_list = kept[listed.key].word if listed else None
    is_news = of_list is not None and (as_of is None or of_list.this_update >= as_of)
    crl = list_at(listed, kept[listed.key].fetched_at) if listed and is_news else None
    return RevocationData(ocsps=(ocsp,) if ocsp else (), crls=(crl,) if crl else ())


_guard = threading.Lock()
_under_way: dict[bytes, threading.Event] = {}


@contextmanager
def _first_to_ask(key: bytes, seconds: float) -> Iterator[bool]:
    """Whether nobody in this process is asking for that just now; if somebody is, wait until that is done."""
    with _guard:
        done = _under_way.get(key)
        is_first = done is None
        mine = _under_way.setdefault(key, threading.Event())
    if not is_first:
        mine.wait(seconds)
        yield False
        return
    try:
        yield True
    finally:
        with _guard:
            del _under_way[key]
        mine.set()
