"""Whom we trust about cards: certificates that an operator has pinned by fingerprint. None comes with the program.

A root is trusted by itself. A CA that issues cards is pinned too, with whose cards it issues, and counts only while a
pinned root has made it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select

from idp.certificates.anchors import Anchor, read_anchor, typed_fingerprint
from idp.certificates.chain import is_made_by
from idp.certificates.reading import read_certificate
from idp.config import Mode, settings
from idp.db import now, run, session, table_of
from idp.errors import InvalidInput, NotFound
from idp.models import TrustAnchor
from idp.policies.cards import CardKind
from idp.services.audit import record

ANCHORS = table_of(TrustAnchor)
LONGEST_SUBJECT = 500


@dataclass(frozen=True, slots=True)
class PinnedAnchor:
    """What is pinned, and whether it counts: ``because`` says why not (test, over, no_root)."""

    row: TrustAnchor
    because: str | None


def trusted_issuers() -> list[bytes]:
    """The certificates (DER) that cards are judged by. In production those of test CAs do not count.

    Read anew each time, the last to end first: what is taken away must be gone at once, and it is one small table.
    """
    return [der for der, _ in _that_count()]


def citizen_issuers() -> frozenset[bytes]:
    """Those of the trusted issuers that issue persons' cards (自然人憑證): they name no company."""
    return frozenset(der for der, issues in _that_count() if issues is CardKind.CITIZEN)


def _that_count() -> list[tuple[bytes, CardKind]]:
    wanted = select(ANCHORS.c.certificate, ANCHORS.c.issues).order_by(ANCHORS.c.not_after.desc(), ANCHORS.c.sha256)
    if settings().mode is Mode.PRODUCTION:
        wanted = wanted.where(ANCHORS.c.is_test.is_(False))
    return [(der, CardKind(issues)) for der, issues in run(wanted)]


def add_anchor(content: bytes, sha256: str, by: str | None, *, issues: CardKind = CardKind.COMPANY) -> TrustAnchor:
    """Pin the certificate of a CA, PEM or DER, whose fingerprint the operator has from elsewhere.

    ``issues``: whose cards are taken from it, a company's or a person's.

    Raises InvalidInput: another fingerprint, no CA, weak, over, a test CA in production, or made by no pinned root.
    """
    typed = typed_fingerprint(sha256)
    anchor = read_anchor(content, now=now())
    _check(anchor, typed)
    row = {
        "sha256": typed,
        "certificate": anchor.read.der,
        "subject": anchor.subject[:LONGEST_SUBJECT],
        "is_root": anchor.is_root,
        "is_test": anchor.is_test,
        "issues": issues,
        "not_after": anchor.not_after,
        "added_at": now(),
        "added_by": by,
    }
    session.execute(insert(TrustAnchor).values(row))
    told: dict[str, Any] = {"is_root": anchor.is_root, "is_test": anchor.is_test, "issues": str(issues)}
    record("trust:anchor:added", sha256=typed, subject=row["subject"], **told)
    return session.get_one(TrustAnchor, typed)


def remove_anchor(sha256: str) -> TrustAnchor:
    """Trust a certificate no more; what is under a root that goes counts no more either. Raises NotFound."""
    found = session.get(TrustAnchor, typed_fingerprint(sha256))
    if found is None:
        raise NotFound(what="trust anchor")
    session.execute(
        delete(TrustAnchor).where(TrustAnchor.sha256 == found.sha256).execution_options(synchronize_session=False)
    )
    session.expunge(found)
    record("trust:anchor:removed", sha256=found.sha256, subject=found.subject)
    return found


def list_anchors() -> list[PinnedAnchor]:
    """All that is pinned, roots first, each with why it does not count if it does not."""
    rows = session.scalars(select(TrustAnchor).order_by(TrustAnchor.is_root.desc(), TrustAnchor.added_at)).all()
    return [PinnedAnchor(row, _why_not(row, rows)) for row in rows]


def _check(anchor: Anchor, typed: str) -> None:
    if anchor.read.sha256 != typed:
        raise InvalidInput(field="sha256", problem="anchor.fingerprint")
    if anchor.is_test and settings().mode is Mode.PRODUCTION:
        raise InvalidInput(field="certificate", problem="anchor.test")
    if session.get(TrustAnchor, typed):
        raise InvalidInput(field="certificate", problem="anchor.there")
    if anchor.is_root:
        return
    roots = session.scalars(select(TrustAnchor.certificate).where(TrustAnchor.is_root))
    if not any(is_made_by(anchor.read, read_certificate(root)) for root in roots):
        raise InvalidInput(field="certificate", problem="anchor.no_root")


def _why_not(row: TrustAnchor, rows: Sequence[TrustAnchor]) -> str | None:
    if row.not_after <= now():
        return "over"
    if row.is_test and settings().mode is Mode.PRODUCTION:
        return "test"
    if row.is_root:
        return None
    read = read_certificate(row.certificate)
    roots = [other for other in rows if other.is_root and _why_not(other, ()) is None]
    return None if any(is_made_by(read, read_certificate(root.certificate)) for root in roots) else "no_root"
