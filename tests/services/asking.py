"""What a sign-in by card asks, and what is kept of the answers."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select, update

from clients.testca.authority import Card
from idp.certificates.answers import check_revocation
from idp.certificates.reading import read_certificate
from idp.certificates.refusals import CertificateRevoked, RevocationUnknown
from idp.certificates.revocation import RevocationData
from idp.config import settings, use_settings
from idp.db import now, session, transaction
from idp.models import RevocationAnswer
from idp.services.revocation import revocation_data
from tests.services.ca_server import Ca


def ask(ca: Ca, card: Card) -> RevocationData:
    """What says whether this card was revoked."""
    trusted = [ca.pki.root.der, ca.pki.companies.der]
    return revocation_data(read_certificate(card.der), ca.pki.companies.der, trusted=trusted)


def verdict(ca: Ca, card: Card) -> str:
    """What a sign-in would say: good, revoked, revocation_unknown."""
    issuer, trusted = ca.pki.companies.der, [ca.pki.root.der, ca.pki.companies.der]
    try:
        check_revocation(read_certificate(card.der), issuer, trusted, ask(ca, card), now=now())
    except (CertificateRevoked, RevocationUnknown) as refused:
        return refused.code.removeprefix("card.")
    return "good"


def rows(kind: str = "ocsp") -> list[RevocationAnswer]:
    """What is kept, of a kind."""
    session.expire_all()
    return list(session.scalars(select(RevocationAnswer).where(RevocationAnswer.kind == kind)))


def later(**values: Any) -> None:
    """Time has gone by: these columns of all rows are what they would be then."""
    with transaction():
        session.execute(update(RevocationAnswer).values(**values))


def left_alone_no_more() -> None:
    """Half a minute later."""
    later(tried_at=now() - timedelta(seconds=31))


def minutes_until(moment: datetime | None) -> int:
    """In how many minutes that is, rounded."""
    assert moment is not None
    return round((moment - now()) / timedelta(minutes=1))


def with_settings(**changes: Any) -> None:
    """The provider with these settings changed."""
    use_settings(settings().model_copy(update=changes))


def at_once(app: Flask, act: Callable[[], Any], times: int) -> list[Any]:
    """What several threads get, each with a database connection of its own."""
    session.commit()
    results: list[Any] = []

    def run() -> None:
        with app.app_context():
            results.append(act())
            session.remove()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
