"""What a card's answer must not get past: rows CD of security.md and the threats of a stolen or made-up answer.

Each is refused by name, in less than a second, told to the audit log, and signs nobody in.
"""

import base64
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from clients.testca.authority import TEST_POLICY, Card, company_attributes, named, usage
from clients.testca.server import State
from tests.cards.steps import CARD, at_card_page, events, said
from tests.harness.browser import Browser, Page
from tests.harness.cards import (
    DEMANDED,
    Question,
    a_card,
    answer,
    ask,
    ask_for,
    ca,
    ca_is,
    enrol,
    send,
    signed,
    trust_ca,
)
from tests.harness.people import Town
from tests.harness.processes import quickest
from tests.harness.relying_party import Person, RelyingParty
from tests.security.doors import at_once, is_signed_in, seconds_of

# A question counts once, so what answers it is measured once, on a machine that may have much else to do.
SECOND, BUSY_SECOND = 1.0, 3.0
NOT_SIGNED = "憑證的簽章與這次操作不符，因此沒有採用。請重新操作一次。"
GONE = "這次驗證已經使用過或逾時（5 分鐘），請重新插卡驗證一次。"
MALFORMED = "憑證元件傳回的資料不完整，請確認插入的是工商憑證後再試一次。"
UNKNOWN = "目前無法向憑證機構確認這張憑證是否有效，請稍後再試。您也可以改用帳號密碼登入。"


def at_panel(provider: Town) -> tuple[Browser, Page]:
    browser = provider.browser()
    return browser, browser.get("/login/card")


@pytest.fixture
def enrolled(provider: Town, app: RelyingParty, staff: Person) -> Card:
    """A good card on an account."""
    card = a_card(provider)
    enrol(app, staff, card)
    return card


# CD01, CD02, CD03, CD04: a question is answered once, soon, in its browser, and for its purpose.


def test_an_answer_counts_once_soon_in_its_browser_and_for_what_was_asked(provider: Town, enrolled: Card) -> None:
    """CD01, CD02, CD03."""
    browser, page = at_panel(provider)
    fields = signed(ask(browser, page), enrolled, origin=provider.issuer)
    thief, at_thief = at_panel(provider)
    assert GONE in said(send(thief, at_thief, fields)), "CD02: a stolen answer in another browser"
    assert not is_signed_in(thief)
    victim, at_victim = at_panel(provider)
    relayed = signed(ask(thief, at_thief), enrolled, origin=provider.issuer)
    assert GONE in said(send(victim, at_victim, relayed)), "CD02: a question of the thief's browser"
    assert is_signed_in(browser) is False
    assert send(browser, page, fields).path == "/account"
    again, _ = at_panel(provider)
    again.http.cookies.set("idp_browser", browser.cookie("idp_browser") or "")
    assert GONE in said(send(again, again.get("/login/card"), fields)), "CD01: the same answer twice"

    browser, page = at_panel(provider)
    late = ask(browser, page)
    longest_ago = {"before": "2026-01-01 00:00:00.000000"}
    assert provider.server.write("UPDATE card_challenges SET expires_at = :before WHERE used_at IS NULL", longest_ago)
    assert GONE in said(send(browser, page, signed(late, enrolled, origin=provider.issuer))), "CD03: too late"
    assert GONE in said(send(browser, page, signed(replace(late, nonce="x" * 43), enrolled, origin=provider.issuer)))
    assert not is_signed_in(browser)


def test_a_question_for_one_purpose_is_no_question_for_another(
    provider: Town, app: RelyingParty, staff: Person, enrolled: Card
) -> None:
    """CD04: asked for step-up or enrolment and sent to sign in, and the other way round."""
    browser = provider.browser()
    asked = app.ask(claims=DEMANDED)
    page = app.open(browser, asked)
    page = browser.submit(page, "sign-in", username=staff.username, password=staff.password)
    for purpose in ("login", "enrol", "prove"):
        question = ask(browser, page, purpose=purpose)
        for told in (purpose, "step-up"):
            fields = signed(replace(question, purpose=told), enrolled, origin=provider.issuer)
            assert GONE in said(send(browser, page, fields)), (purpose, told)
    stranger, panel = at_panel(provider)
    for purpose in ("step-up", "enrol", "prove"):
        assert ask_for(stranger, panel, purpose=purpose).status_code == 404, "nobody is signed in"
    assert ask_for(stranger, panel, purpose="pay").status_code == 404
    question = ask(stranger, panel, purpose="prove", run="fl_somebody_elses")
    assert GONE in said(
        send(stranger, panel, signed(replace(question, purpose="login"), enrolled, origin=provider.issuer))
    )
    arrived = app.arrival(answer(browser, page, enrolled), asked)
    assert arrived is not None
    assert app.tokens(arrived).claims["acr"] == CARD


def test_what_was_signed_must_be_this_very_statement(provider: Town, enrolled: Card) -> None:
    """CD04: another site's origin, purpose, nonce, moment or transport, an altered text, and bytes of anybody's."""
    browser, page = at_panel(provider)
    ours: dict[str, Any] = {"origin": provider.issuer}

    def contract(question: Question) -> dict[str, str]:
        fields = signed(question, enrolled, **ours)
        return fields | {"signature": base64.b64encode(enrolled.sign("本公司同意")).decode()}

    def nonce_alone(question: Question) -> dict[str, str]:
        fields = signed(question, enrolled, **ours)
        return fields | {"signature": base64.b64encode(enrolled.sign(question.nonce)).decode()}

    alterations: dict[str, Callable[[Question], dict[str, str]]] = {
        "another origin": lambda q: signed(q, enrolled, origin="https://evil.example"),
        "an origin that begins like ours": lambda q: signed(q, enrolled, origin=f"{provider.issuer}.evil.example"),
        "another purpose": lambda q: signed(q, enrolled, **ours, purpose="prove"),
        "another nonce": lambda q: signed(q, enrolled, **ours, nonce="A" * 43),
        "another moment": lambda q: signed(q, enrolled, **ours, iat=q.iat + 1),
        "by software, told as our agent": lambda q: signed(q, enrolled, **ours, via="software", tells="agent"),
        "by HiPKI, told as our agent": lambda q: signed(q, enrolled, **ours, via="hipki", tells="agent"),
        "by our agent, told as HiPKI": lambda q: signed(q, enrolled, **ours, via="agent", tells="hipki"),
        "a contract": contract,
        "the nonce alone": nonce_alone,
    }
    for name, made in alterations.items():
        assert NOT_SIGNED in said(send(browser, page, made(ask(browser, page)))), name
    assert not is_signed_in(browser)
    refused = events(provider, "card:presented", of="card.not_signed")
    assert len(refused) >= len(alterations)
    assert {outcome for _, outcome in refused} == {"refused"}


# CD05, CD07, CD08, CD11: whose card it is, and whether it is good.


def rsa_of(bits: int, exponent: int = 65537) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=exponent, key_size=bits)


def revoked(provider: Town) -> Card:
    card = a_card(provider)
    ca().pki.companies.revoke(card)
    return card


def of_a_forger(provider: Town) -> Card:
    return a_card(provider, issuer=ca().pki.forger)


def of_a_ca_that_is_not_pinned(provider: Town) -> Card:
    return a_card(provider, issuer=ca().pki.older_companies)


def of_two_companies(provider: Town) -> Card:
    subject = named(C="TW", O="測試二號有限公司", serial="00000022")
    return a_card(provider, subject=subject, attributes=company_attributes("00000016"))


def signed_by_itself(provider: Town) -> Card:
    trust_ca(provider)
    return Card(ca().pki.root.certificate, ca().pki.root.key)


NO_CA_OF_OURS = "不是由本服務信任的憑證機構核發"
CARDS: dict[str, tuple[Callable[[Town], Card], str, str]] = {
    "CD05: a CA that calls itself like the companies'": (
        of_a_forger,
        "card.not_trusted",
        "不是由本服務信任的憑證機構核發",
    ),
    "CD05: a CA that nobody pinned": (of_a_ca_that_is_not_pinned, "card.not_trusted", NO_CA_OF_OURS),
    "CD05: a root": (signed_by_itself, "card.not_trusted", NO_CA_OF_OURS),
    "CD05: over": (lambda p: a_card(p, days=(-400, -3)), "card.expired", "這張憑證已於"),
    "CD05: not yet valid": (lambda p: a_card(p, days=(2, 400)), "card.not_yet_valid", "這張憑證尚未生效"),
    "CD05: of the test policy": (lambda p: a_card(p, policy=TEST_POLICY), "card.policy", "這張憑證的類別不符"),
    "CD05: for encryption": (
        lambda p: a_card(p, use=usage("key_encipherment", "data_encipherment")),
        "card.key_usage",
        "讀到的不是卡片中的簽章憑證",
    ),
    "CD07: two tax IDs": (of_two_companies, "card.tax_id", "憑證中的統一編號無法確認"),
    "CD07: a tax ID whose check digit does not close": (
        lambda p: a_card(p, "12345678"),
        "card.tax_id",
        "憑證中的統一編號無法確認",
    ),
    "CD08: revoked": (revoked, "card.revoked", "這張憑證已被廢止，無法使用"),
    "CD11: RSA of 1024 bits": (lambda p: a_card(p, key=rsa_of(1024)), "card.malformed", MALFORMED),
    "CD11: e = 3": (lambda p: a_card(p, key=rsa_of(2048, 3)), "card.malformed", MALFORMED),
}


def test_a_card_that_is_not_good_is_refused_by_name(provider: Town) -> None:
    """CD05, CD07, CD08, CD11; the reason is in the audit log."""
    browser, page = at_panel(provider)
    for name, (made, code, sentence) in CARDS.items():
        fields = signed(ask(browser, page), made(provider), origin=provider.issuer)
        took, refused = seconds_of(lambda fields=fields: send(browser, page, fields))
        assert sentence in said(refused), name
        assert 400 <= refused.status < 500, name
        assert took < BUSY_SECOND, name
        assert events(provider, "card:presented", of=code), name
    assert not is_signed_in(browser)


def test_a_signature_over_a_weak_digest_is_refused(provider: Town, enrolled: Card) -> None:
    """CD11."""
    browser, page = at_panel(provider)
    assert isinstance(enrolled.key, rsa.RSAPrivateKey)
    for digest in (hashes.SHA1(), hashes.MD5()):
        question = ask(browser, page)
        fields = signed(question, enrolled, via="hipki", origin=provider.issuer)
        weak = enrolled.key.sign((question.statement or "").encode(), padding.PKCS1v15(), digest)
        assert NOT_SIGNED in said(send(browser, page, fields | {"signature": base64.b64encode(weak).decode()}))
    assert not is_signed_in(browser)


def test_with_crl_and_ocsp_away_nobody_signs_in_by_card_and_everybody_else_does(
    provider: Town, app: RelyingParty, staff: Person
) -> None:
    """CD09: fail closed, a clear sentence, the flow is kept; stale answers count as none."""
    card = a_card(provider)
    enrol(app, staff, card)
    visit = at_card_page(app, provider.browser())
    for state in (State.AWAY, State.STALE):
        with ca_is(provider, state):
            refused = answer(visit.browser, visit.page, card)
            assert UNKNOWN in said(refused), state
            assert refused.status == 503
            assert not is_signed_in(visit.browser)
            assert app.sign_in(provider.browser(), staff).claims["sub"] == staff.sub
    arrived = app.arrival(answer(visit.browser, refused, card), visit.asked)
    assert arrived is not None
    assert app.tokens(arrived).claims["acr"] == CARD


def test_the_list_decides_where_the_responder_is_away(provider: Town, app: RelyingParty, staff: Person) -> None:
    """CD08."""
    good, bad = a_card(provider), a_card(provider)
    enrol(app, staff, good)
    browser, page = at_panel(provider)
    ca().pki.companies.revoke(bad)
    with ca_is(provider, State.UP):
        ca().ocsp = State.AWAY
        assert "這張憑證已被廢止" in said(answer(browser, page, bad))
        assert answer(browser, page, good).path == "/account"


# Bad input: anything may stand in the form.


def text_of(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


DEEP = b"\x30\x80" * 4000
RUBBISH: dict[str, dict[str, str]] = {
    "nothing": {"certificate": "", "signature": ""},
    "no base64": {"certificate": "憑證", "signature": "%%%"},
    "half a character": {"certificate": "A", "signature": "A"},
    "a certificate that is none": {"certificate": text_of(b"\x30\x82\x01\x00" + b"x" * 256)},
    "nested without end": {"certificate": text_of(DEEP)},
    "lengths that lie": {"certificate": text_of(b"\x30\x84\xff\xff\xff\xff")},
    "the largest that is read": {"certificate": "A" * 16_384, "signature": "A" * 16_384},
    "a signature of nothing": {"signature": ""},
    "a signature that is short": {"signature": text_of(b"x")},
    "a message that is none": {"message": text_of(b"\x30\x82\x01\x00" + b"x" * 256)},
    "a message nested without end": {"message": text_of(DEEP)},
    "the largest message": {"message": "A" * 16_384},
    "no transport": {"via": ""},
    "a transport that is none": {"via": "phone"},
    "no nonce": {"nonce": ""},
    "a nonce of anybody's": {"nonce": "../../etc/passwd' OR 1=1 --"},
    "a long nonce": {"nonce": "A" * 4096},
}


def test_rubbish_is_refused_by_name_in_less_than_a_second(provider: Town, enrolled: Card) -> None:
    """Base64, DER and CMS of anybody's making; and more than any card gives."""
    browser, page = at_panel(provider)
    for name, changed in RUBBISH.items():
        fields = signed(ask(browser, page), enrolled, origin=provider.issuer) | changed
        took, refused = seconds_of(lambda fields=fields: send(browser, page, fields))
        assert 400 <= refused.status < 500, name
        assert any(sentence in said(refused) for sentence in (MALFORMED, NOT_SIGNED, GONE)), name
        assert took < BUSY_SECOND, name
    fields = signed(ask(browser, page), enrolled, origin=provider.issuer)
    for part in ("certificate", "signature", "message"):
        send_much = partial(send, browser, page, fields | {part: "A" * 16_385})
        assert quickest(send_much, SECOND).status == 400, part
        assert send(browser, page, fields | {part: "憑" * 5000}).status == 400, part
    assert not is_signed_in(browser)


def test_whatever_byte_of_an_answer_is_changed_it_signs_nobody_in(provider: Town, enrolled: Card) -> None:
    """A signed message and a certificate, broken at places all over them."""
    browser, page = at_panel(provider)
    for as_message, part in ((True, "message"), (False, "certificate"), (False, "signature")):
        for place in range(5, 100, 19):
            fields = signed(ask(browser, page), enrolled, via="hipki", origin=provider.issuer, as_message=as_message)
            raw = bytearray(base64.b64decode(fields[part]))
            raw[len(raw) * place // 100] ^= 0x41
            answered = send(browser, page, fields | {part: text_of(bytes(raw))})
            assert answered.status < 500, (part, place)
            # In a message, what is changed beside the signature may leave it good.
            if part != "message":
                assert said(answered), (part, place)


@pytest.mark.both_databases
def test_two_answers_at_once_sign_in_once(provider: Town, enrolled: Card) -> None:
    """One wins; the other is told that its question is used."""
    browser, page = at_panel(provider)
    fields = signed(ask(browser, page), enrolled, origin=provider.issuer)
    twins = [browser.copy() for _ in range(4)]
    pages = at_once([lambda twin=twin: send(twin, page, fields) for twin in twins])
    assert sorted(one.path for one in pages) == ["/account", *["/login/card"] * 3]
    assert [GONE in said(one) for one in pages if one.path == "/login/card"] == [True] * 3


def test_software_cards_are_refused_where_they_are_not_taken(hasty: Town) -> None:
    """As in production, which can't be told to take them (tests/security/test_start_up.py)."""
    browser, page = at_panel(hasty)
    refused = answer(browser, page, a_card(hasty), via="software")
    assert "本服務不接受軟體憑證，請插入實體的工商憑證。" in said(refused)
    assert answer(browser, page, a_card(hasty, issuer=ca().pki.forger), via="agent").path == "/login/card"


def test_questions_are_not_to_be_had_without_end(provider: Town) -> None:
    """CARDS_ASKED_PER_ADDRESS; another address goes on, and who has a question may still answer."""
    browser, page = at_panel(provider)
    question = ask(browser, page)
    statuses = [ask_for(browser, page).status_code for _ in range(120)]
    assert statuses.count(200) == 119
    assert statuses[-1] == 429
    told: dict[str, Any] = ask_for(browser, page).json()
    assert "操作次數過多" in told["error"]
    fields = signed(question, a_card(provider), origin=provider.issuer)
    assert send(browser, page, fields).path == "/login/card/company"
    other, panel = at_panel(provider)
    assert ask_for(other, panel).status_code == 200


def test_no_secret_of_a_card_sign_in_is_kept(provider: Town, enrolled: Card) -> None:
    """Nonces are kept by their hash."""
    browser, page = at_panel(provider)
    question = ask(browser, page)
    assert question.nonce.encode() not in provider.server.dump()
    assert send(browser, page, signed(question, enrolled, origin=provider.issuer)).path == "/account"
