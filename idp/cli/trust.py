"""``idp trust``: whose cards are trusted, and what a certificate is worth here."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
from cryptography import x509

from idp.certificates.anchors import certificate_in
from idp.certificates.answers import Word, judge_list, judge_ocsp
from idp.certificates.revocation import RevocationData
from idp.certificates.subject import ANYBODY, CitizenHolder, Holder
from idp.certificates.verification import JudgedCard, finish_verification, judge_certificate
from idp.cli.companies import json_option
from idp.cli.running import actor, changes, looked_at, show_fields, show_json, show_table, with_application
from idp.config import settings
from idp.db import now
from idp.models import TrustAnchor
from idp.policies.cards import CardKind
from idp.services.revocation import revocation_data
from idp.services.trust import PinnedAnchor, add_anchor, citizen_issuers, list_anchors, remove_anchor, trusted_issuers

LARGEST_FILE = 65_536
COUNTS = {
    None: "yes",
    "over": "no: it is over",
    "test": "no: a test CA, and this is production",
    "no_root": "no: no root that counts has made it",
}
file_argument = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
Command = Callable[..., Any]


@click.group()
def trust() -> None:
    """Pin, list and remove the CAs whose cards are trusted, and check a card's certificate."""


@trust.command()
@file_argument
@click.option("--sha256", required=True, help="Its SHA-256 fingerprint, which you have from elsewhere than the file.")
@click.option(
    "--issues",
    type=click.Choice([kind.value for kind in CardKind]),
    default=CardKind.COMPANY.value,
    show_default=True,
    help="Whose cards are taken from this CA: companies' (工商憑證) or persons' (自然人憑證).",
)
@with_application
def add(file: Path, sha256: str, issues: str) -> None:
    """Pin the certificate of a root or, after its root, of a CA that issues cards (DER or PEM)."""
    content = _content(file)
    with changes():
        added = add_anchor(content, sha256, actor(), issues=CardKind(issues))
    show_json(_about(added))


@trust.command("list")
@json_option
@with_application
def list_(as_json: bool) -> None:
    """List what is pinned, and whether it counts."""
    pinned = [_about_pinned(each) for each in list_anchors()]
    looked_at("trust")
    if as_json:
        show_json(pinned)
    else:
        show_table(pinned, ("sha256", "subject", "is_root", "is_test", "issues", "not_after", "counts"))


@trust.command()
@click.argument("sha256")
@with_application
def remove(sha256: str) -> None:
    """Trust a pinned certificate no more; of a root, the CAs under it count no more either."""
    with changes():
        removed = remove_anchor(sha256)
    show_json(_about(removed) | {"count_no_more": [p.row.sha256 for p in list_anchors() if p.because == "no_root"]})


@trust.command()
@file_argument
@json_option
@with_application
def check(file: Path, as_json: bool) -> None:
    """Tell what a card's certificate is worth here: whose it is, by whom it was made, whether it was revoked.

    It proves nothing about who has the card: nothing is signed. A certificate that signs nobody in ends in status 1.
    """
    looked_at("certificate", file=file.name)
    trusted, moment = trusted_issuers(), now()
    judged = judge_certificate(
        certificate_in(_content(file)),
        trusted_issuers=trusted,
        now=moment,
        policies=frozenset(settings().card_policies),
        subject_types=ANYBODY,
        citizen_issuers=citizen_issuers(),
    )
    data = revocation_data(judged.read, judged.issuer, trusted=trusted)
    told = _about_card(judged) | {"revocation": _about_revocation(judged, data, trusted)}
    (show_json if as_json else show_fields)(told)
    finish_verification(judged, trusted_issuers=trusted, revocation=data, now=moment)


def _content(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(LARGEST_FILE)


def _about(anchor: TrustAnchor) -> dict[str, Any]:
    return {
        "sha256": anchor.sha256,
        "subject": anchor.subject,
        "is_root": anchor.is_root,
        "is_test": anchor.is_test,
        "issues": anchor.issues.value,
        "not_after": anchor.not_after.isoformat(),
        "added_at": anchor.added_at.isoformat(),
        "added_by": anchor.added_by,
    }


def _about_pinned(pinned: PinnedAnchor) -> dict[str, Any]:
    return _about(pinned.row) | {"counts": COUNTS[pinned.because]}


def _about_card(judged: JudgedCard) -> dict[str, Any]:
    holder = judged.holder
    return _about_holder(holder) | {
        "serial": holder.serial,
        "not_before": holder.not_before.isoformat(),
        "not_after": holder.not_after.isoformat(),
        "sha256": holder.certificate_sha256,
        "issuer": judged.read.certificate.issuer.rfc4514_string(),
        "chain": "good: made by a pinned CA, which a pinned root has made",
        "policies": _policies(judged),
    }


def _about_holder(holder: Holder) -> dict[str, Any]:
    if isinstance(holder, CitizenHolder):
        return {"tax_id": None, "name": holder.name, "subject_type": "citizen", "rank": None}
    return {
        "tax_id": holder.tax_id,
        "name": holder.name,
        "subject_type": holder.subject_type.name.lower(),
        "rank": holder.rank.value,
    }


def _policies(judged: JudgedCard) -> list[str]:
    told = judged.read.certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    return [policy.policy_identifier.dotted_string for policy in told]


def _about_revocation(judged: JudgedCard, data: RevocationData, trusted: Sequence[bytes]) -> str:
    said = [
        *(("OCSP", judge_ocsp(a, judged.read, judged.issuer, trusted, now=now())) for a in data.ocsps),
        *(("the list (CRL)", judge_list(a, judged.read, judged.issuer, now=now())) for a in data.crls),
    ]
    return "; ".join(_sentence(who, word) for who, word in said) or "unknown: nobody gave a usable answer"


def _sentence(who: str, word: Word) -> str:
    verdict = "revoked" if word.is_revoked else "good"
    return (
        f"{verdict}, says {who} of {word.this_update:%Y-%m-%d %H:%M} UTC, until {word.next_update:%Y-%m-%d %H:%M} UTC"
    )
