"""What responders and lists say: we take nothing that the library would not, and the newest word counts."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathError, RevokedError, ValidationError
from pyhanko_certvalidator.policy_decl import CertRevTrustPolicy, RevocationCheckingPolicy, RevocationCheckingRule

from clients.testca.authority import PARTITION, Authority, Card
from clients.testca.cards import Gpki
from idp.certificates.answers import UselessAnswer, Word, check_revocation, judge_list, judge_ocsp, may_follow
from idp.certificates.lists import verified_list
from idp.certificates.reading import read_certificate
from idp.certificates.refusals import CertificateRevoked, RevocationUnknown
from idp.certificates.revocation import RevocationData

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def pki() -> Gpki:
    return Gpki()


@pytest.fixture(scope="module")
def card(pki: Gpki) -> Card:
    return pki.company()


def url(pki: Gpki, name: str = PARTITION) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(f"{pki.base}/moeaca/{name}")


def scope(*names: x509.GeneralName, **more: object) -> x509.IssuingDistributionPoint:
    told: dict[str, object] = {
        "full_name": names or None, "relative_name": None, "only_contains_user_certs": False,
        "only_contains_ca_certs": False, "only_some_reasons": None, "indirect_crl": False,
        "only_contains_attribute_certs": False, **more,
    }  # fmt: skip
    return x509.IssuingDistributionPoint(**told)  # type: ignore[arg-type]


def a_list(authority: Authority, *extensions: tuple[x509.ExtensionType, bool], listed: tuple[int, ...] = ()) -> bytes:
    """A list of this CA with these extensions and serials."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(authority.subject)
    builder = builder.last_update(NOW - timedelta(hours=1)).next_update(NOW + timedelta(hours=23))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    for serial in listed:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW - timedelta(days=2))
        entry = entry.add_extension(x509.CRLReason(x509.ReasonFlags.certificate_hold), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(authority.key, hashes.SHA256()).public_bytes(Encoding.DER)


def without_end(authority: Authority) -> bytes:
    """A list that does not say until when it counts, which the builder does not make."""
    listed = asn1_crl.CertificateList.load(a_list(authority))
    body = listed["tbs_cert_list"]
    body["next_update"] = None
    listed["signature"] = authority.key.sign(body.dump(force=True), padding.PKCS1v15(), hashes.SHA256())
    found: bytes = listed.dump(force=True)
    return found


def librarys_verdict(pki: Gpki, card: Card, listed: bytes) -> str:
    """What pyhanko-certvalidator says of the same card by the same list."""
    rules = RevocationCheckingPolicy(
        ee_certificate_rule=RevocationCheckingRule.CRL_REQUIRED,
        intermediate_ca_cert_rule=RevocationCheckingRule.NO_CHECK,
    )
    pinned = [asn1.Certificate.load(each.der) for each in (pki.root, pki.companies)]
    try:
        context = ValidationContext(
            trust_roots=pinned[:1], other_certs=pinned[1:], allow_fetching=False, moment=NOW, crls=[listed],
            revinfo_policy=CertRevTrustPolicy(rules), weak_hash_algos={"sha1"},
        )  # fmt: skip
        validator = CertificateValidator(asn1.Certificate.load(card.der), validation_context=context)
        asyncio.run(validator.async_validate_path())
    except RevokedError:
        return "revoked"
    except (ValidationError, PathError, ValueError):
        return "useless"
    return "good"


def our_verdict(pki: Gpki, card: Card, listed: bytes) -> str:
    try:
        word = judge_list(listed, read_certificate(card.der), pki.companies.der, now=NOW)
    except UselessAnswer:
        return "useless"
    return "revoked" if word.is_revoked else "good"


LISTS: dict[str, tuple[Callable[[Gpki, Card], bytes], str]] = {
    "of the partition": (lambda p, _c: p.companies.crl(), "good"),
    "of all": (lambda p, _c: a_list(p.companies), "good"),
    "with the card on it": (lambda p, c: a_list(p.companies, listed=(5, c.certificate.serial_number)), "revoked"),
    "with others on it": (lambda p, _c: a_list(p.companies, listed=(5, 6)), "good"),
    "of people alone": (
        lambda p, _c: a_list(p.companies, (scope(url(p), only_contains_user_certs=True), True)), "good",
    ),
    "of CAs alone": (
        lambda p, _c: a_list(p.companies, (scope(url(p), only_contains_ca_certs=True), True)), "useless",
    ),
    "of attributes alone": (
        lambda p, _c: a_list(p.companies, (scope(only_contains_attribute_certs=True), True)), "useless",
    ),
    "of other issuers too": (lambda p, _c: a_list(p.companies, (scope(url(p), indirect_crl=True), True)), "useless"),
    "of some reasons": (
        lambda p, _c: a_list(
            p.companies, (scope(url(p), only_some_reasons=frozenset({x509.ReasonFlags.key_compromise})), True)
        ), "useless",
    ),
    "of another partition": (lambda p, _c: a_list(p.companies, (scope(url(p, "CRL_0002.crl")), True)), "useless"),
    "of changes only": (lambda p, _c: a_list(p.companies, (x509.DeltaCRLIndicator(1), True)), "useless"),
    "of an older key": (lambda p, _c: a_list(p.companies, (p.older_companies.key_identifier, False)), "useless"),
    "of its own key": (lambda p, _c: a_list(p.companies, (p.companies.key_identifier, False)), "good"),
    "that nobody understands": (
        lambda p, _c: a_list(
            p.companies, (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\5\0"), True)
        ), "useless",
    ),
    "with an ornament": (
        lambda p, _c: a_list(
            p.companies, (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\5\0"), False)
        ), "good",
    ),
    "of a name under the CA's": (
        lambda p, _c: a_list(p.companies, (scope(relative_name=x509.RelativeDistinguishedName(p.root.subject)), True)),
        "useless",
    ),
    "without an end": (lambda p, _c: without_end(p.companies), "useless"),
    "forged": (lambda p, _c: p.forger.crl(), "useless"),
    "of the root": (lambda p, _c: p.root.crl(partition=None), "useless"),
    "over": (lambda p, _c: p.companies.crl(hours=(-48, -24)), "useless"),
    "of tomorrow": (lambda p, _c: p.companies.crl(hours=(20, 44)), "useless"),
}  # fmt: skip
# Here the library is laxer than we are.
STRICTER = {"of an older key", "of other issuers too"}


@pytest.mark.parametrize("what", LISTS)
def test_we_judge_a_list_as_the_library_does_or_more_strictly(pki: Gpki, card: Card, what: str) -> None:
    make, expected = LISTS[what]
    listed = make(pki, card)
    assert our_verdict(pki, card, listed) == expected
    if what not in STRICTER:
        assert librarys_verdict(pki, card, listed) == expected


def test_a_list_is_taken_of_a_ca_only_that_may_sign_lists(pki: Gpki) -> None:
    plain = pki.company(key=pki.companies.key, subject=pki.companies.subject)
    assert verified_list(pki.companies.crl(), pki.companies.der) is not None
    assert verified_list(pki.companies.crl(), plain.der) is None
    without_usage = x509.CertificateBuilder(
        pki.companies.subject, pki.companies.subject, pki.companies.key.public_key(), 7, NOW, NOW + timedelta(days=1)
    ).sign(pki.companies.key, hashes.SHA256())
    assert verified_list(pki.companies.crl(), without_usage.public_bytes(Encoding.DER)) is None


@pytest.mark.parametrize("names", ["no list", "a list of some reasons"])
def test_a_card_that_names_no_whole_list_is_on_no_partitions_list(pki: Gpki, names: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateBuilder(
        pki.companies.subject, pki.companies.subject, key.public_key(), 7, NOW, NOW + timedelta(days=1)
    )
    if names != "no list":
        point = x509.DistributionPoint([url(pki)], None, frozenset({x509.ReasonFlags.key_compromise}), None)
        builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
    certificate = builder.sign(pki.companies.key, hashes.SHA256())
    read = read_certificate(certificate.public_bytes(Encoding.DER))
    with pytest.raises(UselessAnswer, match="another partition"):
        judge_list(pki.companies.crl(), read, pki.companies.der, now=NOW)
    assert judge_list(a_list(pki.companies), read, pki.companies.der, now=NOW).is_revoked is False


def test_an_answer_that_speaks_of_others_too_is_judged_by_what_it_says_of_ours(pki: Gpki, card: Card) -> None:
    trusted = [pki.root.der, pki.companies.der]
    answer, read = pki.companies.ocsp(card.certificate, algorithm=hashes.SHA256()), read_certificate(card.der)
    assert judge_ocsp(answer, read, pki.companies.der, trusted, now=datetime.now(UTC)).is_revoked is False
    with pytest.raises(UselessAnswer, match="another certificate"):
        judge_ocsp(answer, read, pki.citizens.der, trusted, now=datetime.now(UTC))
    with pytest.raises(UselessAnswer, match="not by who may"):
        judge_ocsp(answer, read, pki.companies.der, [pki.companies.der], now=datetime.now(UTC))


def test_of_several_words_the_newest_counts_and_revoked_where_they_are_as_new(pki: Gpki) -> None:
    card = pki.company()
    read, trusted = read_certificate(card.der), [pki.root.der, pki.companies.der]

    def check(*, ocsp: bytes, crl: bytes) -> None:
        check_revocation(read, pki.companies.der, trusted, RevocationData((ocsp,), (crl,)), now=datetime.now(UTC))

    good = {hours: pki.companies.ocsp(card.certificate, hours=(hours, 2)) for hours in (-2, 0)}
    empty = pki.companies.crl()
    pki.companies.revoke(card)
    listed, revoked = pki.companies.crl(), pki.companies.ocsp(card.certificate, hours=(0, 2))
    pki.companies.revoked.clear()
    check(ocsp=good[0], crl=listed)
    for ocsp, crl in ((good[-2], listed), (revoked, empty), (revoked, listed)):
        with pytest.raises(CertificateRevoked):
            check(ocsp=ocsp, crl=crl)
    check(ocsp=b"nonsense", crl=empty)
    with pytest.raises(RevocationUnknown):
        check(ocsp=b"nonsense", crl=b"nonsense")


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_whatever_is_changed_in_an_answer_it_never_says_more_than_before(
    pki: Gpki, card: Card, data: st.DataObject
) -> None:
    answer = data.draw(st.sampled_from((pki.companies.ocsp(card.certificate), pki.companies.crl())))
    at, read = data.draw(st.integers(0, len(answer) - 1)), read_certificate(card.der)
    changed = answer[:at] + bytes([answer[at] ^ data.draw(st.integers(1, 255))]) + answer[at + 1 :]
    issuer, trusted, moment = pki.companies.der, [pki.root.der, pki.companies.der], datetime.now(UTC)
    # Only what is not signed can be changed, such as the responder's own certificate.
    with contextlib.suppress(UselessAnswer):
        assert judge_ocsp(changed, read, issuer, trusted, now=moment).is_revoked is False
    with contextlib.suppress(UselessAnswer):
        assert judge_list(changed, read, issuer, now=moment).is_revoked is False


@pytest.mark.parametrize(
    ("kept_says", "new_says", "hours", "is_over", "follows"),
    [
        ("good", "good", 1, False, True),
        ("good", "good", 0, False, True),
        ("good", "good", -1, False, False),
        ("good", "good", -1, True, True),
        ("good", "revoked", 0, False, True),
        ("good", "revoked", -1, True, True),
        ("revoked", "good", 1, False, True),
        ("revoked", "good", 0, False, False),
        ("revoked", "good", -1, False, False),
        ("revoked", "good", -1, True, False),
        ("revoked", "revoked", 0, False, True),
    ],
)
def test_which_word_takes_the_place_of_which(
    kept_says: str, new_says: str, hours: int, is_over: bool, follows: bool
) -> None:
    kept = Word(kept_says == "revoked", NOW - timedelta(hours=3), NOW + timedelta(hours=-1 if is_over else 1))
    new = Word(new_says == "revoked", kept.this_update + timedelta(hours=hours), NOW + timedelta(hours=2))
    assert may_follow(new, kept, now=NOW) is follows
