"""What is kept of answers about cards: no bad one replaces a good one, the worker fetches them anew in time."""

import os
import time
from datetime import timedelta

import pytest
from asn1crypto import crl as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from flask import Flask
from sqlalchemy import select

from clients.testca.authority import Card
from idp.certificates.verification import finish_verification, judge_certificate
from idp.db import now, session, transaction
from idp.models import RevocationAnswer
from idp.services.housekeeping import tidy
from idp.services.revocation import revocation_data
from idp.services.revocation_refresh import refresh_answers
from idp.services.trust import remove_anchor, trusted_issuers
from tests.services.asking import at_once, later, left_alone_no_more, minutes_until, rows, verdict, with_settings
from tests.services.ca_server import COMPLETE, LIST, OCSP, Ca

ENTRIES = 50_000


def test_revoked_stays_revoked_whatever_older_answer_comes(ca: Ca, card: Card) -> None:
    before = ca.pki.companies.ocsp(card.certificate, hours=(-0.5, 2))
    list_before = ca.pki.companies.crl()
    ca.pki.companies.revoke(card)
    assert verdict(ca, card) == "revoked"
    # An old "good" is played back while "revoked" is kept, and after that is over.
    ca.behave |= {OCSP: before, LIST: list_before}
    for said in ("revoked", "revocation_unknown"):
        later(refresh_at=now())
        assert refresh_answers() >= 1
        left_alone_no_more()
        assert verdict(ca, card) == said
        assert rows()[0].is_revoked is True
        later(next_update=now() - timedelta(seconds=1))
    # Only a newer word takes it back: a hold that was lifted.
    ca.pki.companies.revoked.clear()
    ca.behave[OCSP] = ca.pki.companies.ocsp(card.certificate, hours=(0.01, 1))
    left_alone_no_more()
    assert verdict(ca, card) == "good"
    assert rows()[0].is_revoked is False


def test_a_list_that_is_newer_than_a_kept_good_answer_wins(ca: Ca, card: Card) -> None:
    ca.behave[OCSP] = ca.pki.companies.ocsp(card.certificate, hours=(-2, 2))
    assert verdict(ca, card) == "good"
    ca.pki.companies.revoke(card)
    ca.behave[OCSP] = 503
    assert verdict(ca, ca.pki.company("00000022")) == "good"
    assert ca.times(LIST) == 1
    assert verdict(ca, card) == "revoked"


def test_a_bad_answer_takes_no_good_one_away(ca: Ca, card: Card) -> None:
    assert verdict(ca, card) == "good"
    kept = rows()[0].body
    for bad in (ca.pki.companies.ocsp(card.certificate, hours=(-2, -1)), b"<html>", "away"):
        ca.behave[OCSP] = bad
        later(refresh_at=now(), tried_at=None)
        assert refresh_answers() == 1
        [row] = rows()
        assert row.body == kept
        assert row.trouble
        assert verdict(ca, card) == "good"
    # One that is older, though good in itself, replaces none that is still fresh.
    ca.behave[OCSP] = ca.pki.companies.ocsp(card.certificate, hours=(-1, 3))
    later(refresh_at=now())
    assert refresh_answers() == 1
    assert rows()[0].body == kept


def test_nothing_is_written_where_nothing_is_new(ca: Ca, card: Card) -> None:
    columns = [column for column in RevocationAnswer.__table__.columns if column.name != "body"]
    verdict(ca, card)
    before = session.execute(select(*columns)).all()
    verdict(ca, card)
    assert session.execute(select(*columns)).all() == before


def test_the_worker_fetches_anew_before_it_is_over_and_forgets_what_nobody_uses(ca: Ca, card: Card) -> None:
    ca.behave[OCSP] = 500
    assert verdict(ca, card) == "good"
    ca.behave.clear()
    assert refresh_answers() == 0
    assert (minutes_until(rows()[0].refresh_at), minutes_until(rows("crl")[0].refresh_at)) == (5, 60)
    later(refresh_at=now())
    assert refresh_answers() == 2
    assert ca.asked[:2] == [OCSP, LIST]
    assert sorted(ca.asked[2:]) == sorted([OCSP, LIST])
    assert minutes_until(rows()[0].refresh_at) == 45
    assert verdict(ca, card) == "good"
    assert len(ca.asked) == 4
    later(refresh_at=now(), last_used_at=now() - timedelta(days=30, seconds=1))
    assert refresh_answers() == 0
    # That somebody uses it again is noted, and it is fetched again.
    assert verdict(ca, card) == "good"
    assert refresh_answers() == 2
    later(last_used_at=now() - timedelta(days=30, seconds=1))
    assert tidy() == 3
    assert rows() == []


def test_a_dead_address_is_tried_by_the_worker_every_five_minutes(ca: Ca) -> None:
    for number in ("00000016", "00000022"):
        assert verdict(ca, ca.pki.company(number)) == "good"
    ca.behave[OCSP] = "away"
    later(refresh_at=now())
    asked = len(ca.asked)
    assert [refresh_answers(), refresh_answers()] == [2, 0]
    assert len(ca.asked) == asked + 1
    assert {(minutes_until(row.refresh_at), row.leased_until) for row in rows()} == {(5, None)}


@pytest.mark.both_databases
def test_workers_at_once_fetch_each_thing_once(ca: Ca, database: Flask) -> None:
    for number in ("00000016", "00000022", "04595257", "22099131"):
        assert verdict(ca, ca.pki.company(number)) == "good"
    later(refresh_at=now())
    asked = len(ca.asked)
    at_once(database, refresh_answers, 3)
    assert len(ca.asked) == asked + 4


@pytest.mark.parametrize("gone", ["host", "issuer"])
def test_what_is_allowed_or_trusted_no_more_is_not_asked_by_the_worker(ca: Ca, card: Card, gone: str) -> None:
    assert verdict(ca, card) == "good"
    if gone == "host":
        with_settings(card_hosts=())
    else:
        with transaction():
            remove_anchor(ca.pki.companies.certificate.fingerprint(hashes.SHA256()).hex())
    later(refresh_at=now())
    assert [refresh_answers(), refresh_answers()] == [1, 0]
    assert ca.asked == [OCSP]


def test_of_a_card_that_is_over_only_the_list_is_fetched_anew(ca: Ca) -> None:
    ca.behave[OCSP] = 500
    assert verdict(ca, ca.pki.company(days=(-390, -3))) == "good"  # its end is judged before, with the chain
    later(refresh_at=now())
    assert [refresh_answers(), refresh_answers()] == [2, 0]
    assert ca.asked == [OCSP, LIST, LIST]


def test_a_complete_list_is_fetched_by_the_worker_alone(ca: Ca) -> None:
    card = with_complete_list_alone(ca)
    ca.behave[OCSP] = 500
    assert [verdict(ca, card), verdict(ca, card)] == ["revocation_unknown"] * 2
    assert ca.asked == [OCSP]
    assert refresh_answers() == 1
    assert ca.asked == [OCSP, COMPLETE]
    assert verdict(ca, card) == "good"
    # Where the list of a partition is named, the complete one is asked for by nobody.
    ca.behave[LIST] = 500
    left_alone_no_more()
    assert verdict(ca, ca.pki.company("00000022")) == "revocation_unknown"
    assert ca.times(COMPLETE) == 1
    assert len(rows("crl")) == 2


def with_complete_list_alone(ca: Ca) -> Card:
    """A card that names no partition."""
    card = ca.pki.company()
    builder = x509.CertificateBuilder(
        card.certificate.issuer, card.certificate.subject, card.key.public_key(), x509.random_serial_number(),
        card.certificate.not_valid_before_utc, card.certificate.not_valid_after_utc,
    )  # fmt: skip
    for extension in card.certificate.extensions:
        value = extension.value
        if isinstance(value, x509.CRLDistributionPoints):
            value = x509.CRLDistributionPoints([point for point in value if COMPLETE in str(point)])
        builder = builder.add_extension(value, extension.critical)
    return Card(builder.sign(ca.pki.companies.key, hashes.SHA256()), card.key)


@pytest.mark.parametrize("by", ["answer", "long list"])
def test_with_what_is_kept_a_card_is_judged_in_milliseconds(ca: Ca, card: Card, by: str) -> None:
    """Some 6 ms, with a list of 50,000 entries too; the bound is for a machine that has much else to do."""
    if by == "long list":
        ca.behave |= {OCSP: 500, LIST: long_list(ca)}
    assert verdict(ca, card) == "good"
    took = []
    for _ in range(9):
        began = time.thread_time()
        trusted = trusted_issuers()
        judged = judge_certificate(card.der, trusted_issuers=trusted, now=now())
        data = revocation_data(judged.read, judged.issuer, trusted=trusted)
        finish_verification(judged, trusted_issuers=trusted, revocation=data, now=now())
        took.append(time.thread_time() - began)
    assert min(took) < 0.06
    assert ca.times(OCSP) == 1


def long_list(ca: Ca) -> bytes:
    """A list of 50,000 entries (1.9 MB), put together byte by byte: whoever builds lists takes seconds for it."""
    usual = asn1.CertificateList.load(ca.pki.companies.crl())
    begin, end = b"\x30\x25\x02\x14\x5a", b"\x17\x0d251101000000Z"
    entries = large(b"".join(begin + os.urandom(19) + end for _ in range(ENTRIES)))
    names = ("version", "signature", "issuer", "this_update", "next_update")
    before = b"".join(usual["tbs_cert_list"][name].dump() for name in names)
    body = large(before + entries + usual["tbs_cert_list"]["crl_extensions"].dump())
    signature = ca.pki.companies.key.sign(body, padding.PKCS1v15(), hashes.SHA256())
    return large(body + usual["signature_algorithm"].dump() + b"\x03\x82\x01\x01\0" + signature)


def large(content: bytes) -> bytes:
    """A DER sequence of 64 KB to 16 MB."""
    return b"\x30\x83" + len(content).to_bytes(3) + content
