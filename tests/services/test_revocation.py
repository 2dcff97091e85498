"""Whether a card was revoked is asked by us, of hosts on our list; where nothing usable is had, nobody gets in."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from flask import Flask

from clients.testca.authority import Card
from idp.certificates.revocation import RevocationData
from idp.config import Mode
from idp.db import now
from tests.services.asking import ask, at_once, left_alone_no_more, minutes_until, rows, verdict, with_settings
from tests.services.ca_server import LIST, OCSP, Behaviour, Ca

# Where time is what matters, one database is enough.
on_one_database = pytest.mark.parametrize("storage", ["sqlite"], indirect=True)


def test_a_card_is_asked_about_once_and_then_judged_by_what_is_kept(ca: Ca, card: Card) -> None:
    for _ in range(3):
        assert verdict(ca, card) == "good"
    assert ca.asked == [OCSP]
    assert [(row.kind, row.trouble) for row in rows()] == [("ocsp", None)]
    other = ca.pki.company("00000022", "測試二號有限公司")
    ca.pki.companies.revoke(other)
    assert [verdict(ca, other), verdict(ca, other)] == ["revoked", "revoked"]
    assert ca.asked == [OCSP, OCSP]
    assert {row.is_revoked for row in rows()} == {False, True}


def unknown_to_it(ca: Ca, card: Card) -> Behaviour:
    ca.pki.companies.issued.discard(card.certificate.serial_number)
    return ca.pki.companies.ocsp(card.certificate)


def by_nobody_entitled(ca: Ca, card: Card) -> Behaviour:
    """Signed by a card of the same CA, which is no responder."""
    ca.pki.companies.responder = ca.pki.company("00000022", "測試二號有限公司")
    return ca.pki.companies.ocsp(card.certificate)


def without_end(ca: Ca, card: Card, *, minutes: int) -> bytes:
    issuer = ca.pki.companies
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=card.certificate, issuer=issuer.certificate, algorithm=hashes.SHA1(),
        cert_status=ocsp.OCSPCertStatus.GOOD, this_update=now() - timedelta(minutes=minutes), next_update=None,
        revocation_time=None, revocation_reason=None,
    ).responder_id(ocsp.OCSPResponderEncoding.HASH, issuer.certificate)  # fmt: skip
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)


BAD_ANSWERS: dict[str, Callable[[Ca, Card], Behaviour]] = {
    "forged by another CA": lambda ca, card: ca.pki.forger.ocsp(card.certificate),
    "about another card": lambda ca, _card: ca.pki.companies.ocsp(ca.pki.company("00000022").certificate),
    "of the future": lambda ca, card: ca.pki.companies.ocsp(card.certificate, hours=(0.2, 1)),
    "over": lambda ca, card: ca.pki.companies.ocsp(card.certificate, hours=(-2, -1)),
    "over, and without an end": lambda ca, card: without_end(ca, card, minutes=61),
    "unknown": unknown_to_it,
    "signed by a card": by_nobody_entitled,
    "garbage": lambda _ca, _card: b"<html>",
    "nested": lambda _ca, _card: b"\x30\x80" * 9000,
    "empty": lambda _ca, _card: lambda _question: b"",
    "unauthorized": lambda _ca, _card: b"\x30\x03\x0a\x01\x06",
    "error": lambda _ca, _card: 500,
    "redirect": lambda _ca, _card: "redirect",
    "oversized": lambda _ca, _card: b"0" * 70_000,
    "breaks off": lambda _ca, _card: "breaks off",
}


@pytest.mark.parametrize("what", BAD_ANSWERS)
def test_a_bad_answer_is_not_kept_and_the_list_decides(ca: Ca, card: Card, what: str) -> None:
    ca.behave[OCSP] = BAD_ANSWERS[what](ca, card)
    assert verdict(ca, card) == "good"
    assert ca.asked == [OCSP, LIST]
    [answer], [listed] = rows(), rows("crl")
    assert (answer.body, answer.next_update, answer.fetched_at) == (None, None, None)
    assert answer.trouble
    assert (listed.trouble, listed.body is None) == (None, False)
    # The responder is left alone for a while, and the list is there: nobody is asked.
    ca.pki.companies.revoke(card)
    assert verdict(ca, card) == "good"
    assert ca.asked == [OCSP, LIST]


BAD_LISTS: dict[str, Callable[[Ca], Behaviour]] = {
    "forged by another CA": lambda ca: ca.pki.forger.crl(),
    "of the same CA's older key": lambda ca: ca.pki.older_companies.crl(),
    "of another partition": lambda ca: ca.pki.companies.crl(partition="CRL_0002.crl"),
    "over": lambda ca: ca.pki.companies.crl(hours=(-48, -24)),
    "of the future": lambda ca: ca.pki.companies.crl(hours=(1, 24)),
    "changed": lambda ca: ca.pki.companies.crl()[:-1] + b"\0",
    "garbage": lambda _ca: b"\x30\x03\x02\x01\x05",
    "away": lambda _ca: "away",
}


@pytest.mark.parametrize("what", BAD_LISTS)
def test_with_the_responder_away_and_a_bad_list_nobody_gets_in(ca: Ca, card: Card, what: str) -> None:
    ca.behave |= {OCSP: "away", LIST: BAD_LISTS[what](ca)}
    assert verdict(ca, card) == "revocation_unknown"
    assert rows("crl")[0].body is None
    assert verdict(ca, card) == "revocation_unknown"
    assert ca.asked == [OCSP, LIST]
    # As soon as they are back and were left alone for a while, people get in again.
    ca.behave.clear()
    left_alone_no_more()
    assert verdict(ca, card) == "good"
    assert [row.trouble for row in (*rows(), *rows("address")) if row.url.endswith(OCSP)] == [None, None]


def test_a_card_on_the_list_is_revoked(ca: Ca, card: Card) -> None:
    ca.behave[OCSP] = "away"
    ca.pki.companies.revoke(card)
    assert [verdict(ca, card), verdict(ca, ca.pki.company("00000022"))] == ["revoked", "good"]
    assert ca.asked == [OCSP, LIST]


@on_one_database
def test_a_responder_that_hangs_costs_one_sign_in_its_patience_and_no_other(ca: Ca, card: Card) -> None:
    other = ca.pki.company("00000022", "測試二號有限公司")
    ca.behave[OCSP] = "hang"
    began = time.monotonic()
    assert verdict(ca, card) == "good"
    assert 2 < (patience := time.monotonic() - began) < 8
    began = time.monotonic()
    assert [verdict(ca, card), verdict(ca, other)] == ["good", "good"]
    assert time.monotonic() - began < min(patience, 2)
    assert ca.asked == [OCSP, LIST]
    # Where a fresh list is at hand, a second word is not waited for long.
    left_alone_no_more()
    began = time.monotonic()
    assert verdict(ca, other) == "good"
    assert time.monotonic() - began < 2.5
    assert ca.asked == [OCSP, LIST, OCSP]


@on_one_database
def test_all_of_it_takes_five_seconds_even_where_every_byte_comes_slowly(ca: Ca, card: Card) -> None:
    ca.behave |= {OCSP: "drip", LIST: "drip"}
    began = time.monotonic()
    assert verdict(ca, card) == "revocation_unknown"
    assert time.monotonic() - began < 9


def test_only_hosts_on_the_list_are_asked_and_in_production_never_this_machine(ca: Ca, card: Card) -> None:
    for hosts in (("moeaca.nat.gov.tw",), (ca.host.split(":")[0],), ()):
        with_settings(card_hosts=hosts)
        assert ask(ca, card) == RevocationData()
    assert rows() == []
    with_settings(card_hosts=(ca.host,), mode=Mode.PRODUCTION)
    assert ask(ca, card) == RevocationData()
    assert ca.asked == []
    assert {row.trouble for row in rows()} == {"the name leads to no number that may be called"}


def test_an_answer_without_an_end_counts_for_an_hour(ca: Ca, card: Card) -> None:
    ca.behave[OCSP] = without_end(ca, card, minutes=50)
    assert verdict(ca, card) == "good"
    assert minutes_until(rows()[0].next_update) == 10


@pytest.mark.both_databases
def test_people_who_come_at_once_ask_once(ca: Ca, card: Card, database: Flask) -> None:
    def slowly(_question: bytes) -> bytes:
        time.sleep(0.3)
        return ca.pki.companies.ocsp(card.certificate)

    ca.behave[OCSP] = slowly
    assert at_once(database, lambda: verdict(ca, card), 4) == ["good"] * 4
    assert ca.asked == [OCSP]
