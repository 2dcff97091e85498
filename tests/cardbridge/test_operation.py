"""The desk: one act at a time, each step only after the one before, and a person who is asked."""

import base64
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from clients.testca.cards import Gpki
from clients.testca.drawer import put_in_drawer
from idp.cardbridge.cards import CardName, CardTrouble, check_pin
from idp.cardbridge.check import Found, report
from idp.cardbridge.operation import LASTS_SECONDS, MOST_WINDOWS, Desk, NotNow
from idp.cardbridge.origins import Origins
from idp.cardbridge.software import SoftwareBackend
from idp.certificates.signatures import signer_of_bare_signature
from idp.certificates.statement import CardPurpose, Transport
from tests.cardbridge.conftest import PIN
from tests.certificates.test_verification import MOMENT, NONCE, statement

PROVIDER, OTHER = "https://idp.example.tw", "https://evil.example"
ASKED = {"nonce": NONCE, "purpose": "login", "iat": int(MOMENT.timestamp())}


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def origins(tmp_path: Path) -> Origins:
    return Origins(tmp_path / "settings" / "origins.json")


@pytest.fixture
def desk(drawer: Path, origins: Origins, clock: Clock) -> Desk:
    origins.allow(PROVIDER)
    return Desk(SoftwareBackend(drawer), origins, clock)


@pytest.fixture
def new_desk(drawer: Path, origins: Origins, clock: Clock) -> Desk:
    """One that nobody has agreed to any origin at."""
    return Desk(SoftwareBackend(drawer), origins, clock)


def begin(desk: Desk, origin: Any = PROVIDER, asked: Any = ASKED) -> tuple[str, dict[str, Any]]:
    token = desk.new_window()
    return token, desk.begin(token, origin, asked)


def sign(desk: Desk, token: str, pin: str = PIN, *, agreed: bool = False) -> dict[str, Any]:
    return desk.sign(token, bytearray(pin.encode()), last_try_agreed=agreed)


def refused(act: Any) -> str:
    with pytest.raises(NotNow) as met:
        act()
    return met.value.code


def test_an_act_from_window_to_signature(desk: Desk, pki: Gpki, drawer: Path) -> None:
    token, shown = begin(desk)
    assert shown == {
        "state": "pin", "origin": PROVIDER, "purpose": "login", "tries_left": 3, "via": "software",
        "holder": {"name": "測試一號有限公司", "number": "00000016", "until": shown["holder"]["until"]},
    }  # fmt: skip
    told = sign(desk, token)
    assert told["state"] == "signed"
    assert set(told["answer"]) == {"certificate", "signature", "via"}
    certificate, signature = (base64.b64decode(told["answer"][name]) for name in ("certificate", "signature"))
    line = statement(transport=Transport.SOFTWARE)
    signer_of_bare_signature(certificate=certificate, signature=signature, statement=line)


def test_a_signature_ends_the_act(desk: Desk) -> None:
    token, _ = begin(desk)
    sign(desk, token)
    for again in (lambda: sign(desk, token), lambda: desk.look(token), lambda: desk.choose(token, "00000016.p12")):
        assert refused(again) == "over"


def test_one_act_at_a_time(desk: Desk) -> None:
    first, _ = begin(desk)
    second = desk.new_window()
    assert refused(lambda: desk.begin(second, PROVIDER, ASKED)) == "busy"
    desk.cancel(first)
    assert desk.begin(second, PROVIDER, ASKED)["state"] == "pin"
    assert refused(lambda: sign(desk, first)) == "window"


def test_a_window_begins_once_and_in_time(desk: Desk, clock: Clock) -> None:
    token, _ = begin(desk)
    assert refused(lambda: desk.begin(token, PROVIDER, ASKED)) == "window"
    desk.cancel(token)
    late = desk.new_window()
    clock.now += LASTS_SECONDS + 1
    assert refused(lambda: desk.begin(late, PROVIDER, ASKED)) == "window"
    assert refused(lambda: desk.begin("A" * 43, PROVIDER, ASKED)) == "window"


def test_an_act_lasts_five_minutes_and_then_makes_room(desk: Desk, clock: Clock) -> None:
    token, _ = begin(desk)
    clock.now += LASTS_SECONDS + 1
    assert refused(lambda: sign(desk, token)) == "over"
    assert begin(desk)[1]["state"] == "pin"


@pytest.mark.parametrize("token", ["", "A" * 43, "é", "\x00"])
def test_only_the_window_that_has_begun_goes_on(desk: Desk, token: str) -> None:
    begin(desk)
    assert refused(lambda: sign(desk, token)) == "window"
    desk.cancel(token)
    assert refused(lambda: begin(desk)) == "busy"


@pytest.mark.parametrize(
    "origin",
    [
        OTHER, "null", "", None, 5, ["https://idp.example.tw"], "http://idp.example.tw", "https://idp.example.tw:8443",
        "https://idp.example.tw/", "https://idp.example.tw.evil.example", "HTTPS://idp.example.tw",
        "https://idp.example.tw\n", "https://a@idp.example.tw", "file://", "chrome-extension://abc",
    ],
)  # fmt: skip
def test_no_other_origin_gets_further_than_its_own_refusal(desk: Desk, origin: Any) -> None:
    token, shown = begin(desk, origin)
    assert shown == {"state": "not_allowed", "origin": str(origin)}
    for step in (lambda: desk.look(token), lambda: sign(desk, token), lambda: desk.allow(token)):
        assert refused(step) == "window"


def test_another_origin_is_refused_before_what_it_asks_is_read(desk: Desk) -> None:
    assert begin(desk, OTHER, {"tbs": "a contract"})[1]["state"] == "not_allowed"
    with pytest.raises(ValueError, match="request"):
        begin(desk, PROVIDER, {"tbs": "a contract"})


def test_the_first_origin_is_agreed_to_by_the_person_and_kept(new_desk: Desk, origins: Origins, tmp_path: Path) -> None:
    token, shown = begin(new_desk)
    assert shown == {"state": "first_use", "origin": PROVIDER}
    for step in (lambda: new_desk.look(token), lambda: new_desk.choose(token, "x"), lambda: sign(new_desk, token)):
        assert refused(step) == "order"
    assert new_desk.allow(token)["state"] == "pin"
    assert sign(new_desk, token)["state"] == "signed"
    file = tmp_path / "settings" / "origins.json"
    assert Origins(file).allowed == [PROVIDER]
    assert file.stat().st_mode & 0o077 == 0
    assert begin(new_desk, OTHER)[1]["state"] == "not_allowed"


def test_who_is_not_agreed_to_keeps_nobody_waiting(new_desk: Desk, origins: Origins) -> None:
    stranger, _ = begin(new_desk, OTHER)
    token, shown = begin(new_desk)
    assert shown["state"] == "first_use"
    assert refused(lambda: new_desk.allow(stranger)) == "window"
    assert new_desk.allow(token)["state"] == "pin"
    assert origins.allowed == [PROVIDER]
    assert refused(lambda: new_desk.allow(token)) == "order"


def test_an_origin_that_can_not_be_kept_is_not_allowed(new_desk: Desk, origins: Origins, tmp_path: Path) -> None:
    (tmp_path / "settings").touch()
    token, _ = begin(new_desk)
    assert refused(lambda: new_desk.allow(token)) == "not_kept"
    assert not origins.allows(PROVIDER)


def test_many_windows_cost_nothing_and_block_nobody(desk: Desk) -> None:
    tokens = [desk.new_window() for _ in range(5000)]
    assert len(desk._windows) == MOST_WINDOWS
    assert refused(lambda: desk.begin(tokens[0], PROVIDER, ASKED)) == "window"
    assert desk.begin(tokens[-1], PROVIDER, ASKED)["state"] == "pin"
    for _ in range(MOST_WINDOWS * 2):
        desk.new_window()
    assert sign(desk, tokens[-1])["state"] == "signed"


def test_the_last_try_is_asked_for_twice(desk: Desk) -> None:
    token, _ = begin(desk)
    assert sign(desk, token, "111111") == {"state": "trouble", "code": "wrong_pin", "tries_left": 2}
    assert sign(desk, token, "111111") == {"state": "trouble", "code": "wrong_pin", "tries_left": 1}
    assert sign(desk, token, "111111") == {"state": "trouble", "code": "last_try", "tries_left": 1}
    assert sign(desk, token, "111111", agreed=True) == {"state": "trouble", "code": "locked", "tries_left": 0}
    assert sign(desk, token, agreed=True) == {"state": "trouble", "code": "locked", "tries_left": 0}


def test_a_card_is_chosen_where_there_are_two(desk: Desk, drawer: Path, pki: Gpki) -> None:
    put_in_drawer(drawer, "00000022", pki.company("00000022", "測試二號有限公司"), PIN)
    token, shown = begin(desk)
    assert [card["label"] for card in shown["cards"]] == ["00000016", "00000022"]
    assert refused(lambda: sign(desk, token)) == "order"
    assert desk.choose(token, "none")["code"] == "no_card"
    assert desk.choose(token, "00000022.p12")["holder"]["number"] == "00000022"
    assert sign(desk, token)["state"] == "signed"


def test_another_card_than_the_one_shown_does_not_sign(desk: Desk, drawer: Path, pki: Gpki) -> None:
    token, _ = begin(desk)
    put_in_drawer(drawer, "00000016", pki.company("00000022", "測試二號有限公司"), PIN)
    assert sign(desk, token) == {"state": "trouble", "code": "changed", "tries_left": None}
    assert desk.look(token)["holder"]["number"] == "00000022"
    assert sign(desk, token)["state"] == "signed"


def test_no_card_is_told_and_looked_for_again(desk: Desk, drawer: Path, pki: Gpki) -> None:
    for file in drawer.iterdir():
        file.unlink()
    token, shown = begin(desk)
    assert shown == {"state": "trouble", "code": "no_card", "tries_left": None}
    assert refused(lambda: sign(desk, token)) == "order"
    put_in_drawer(drawer, "00000016", pki.company(), PIN)
    assert desk.look(token)["state"] == "pin"


@pytest.mark.parametrize("pin", [PIN, "111111", "12"])
def test_the_pin_is_overwritten_in_any_case(desk: Desk, pin: str) -> None:
    token, _ = begin(desk)
    for window in (token, "A" * 43):
        given = bytearray(pin.encode())
        with suppress(NotNow):
            desk.sign(window, given, last_try_agreed=False)
        assert bytes(given) == b"\0" * len(pin)


class SlowCards:
    """A card that takes its time, as real ones do."""

    via = "agent"

    def __init__(self, certificate: bytes) -> None:
        self.certificate = certificate
        self.tries_left: int | None = 3
        self.is_asked = threading.Event()
        self.answers = threading.Event()
        self.tries = 0

    def names(self) -> list[CardName]:
        return [CardName("slow", "slow")]

    def open(self, card_id: str) -> "SlowCards":
        return self

    def sign(self, pin: bytearray, statement: bytes) -> bytes:
        check_pin(pin)
        self.tries += 1
        self.is_asked.set()
        assert self.answers.wait(10)
        return b"signature"

    def let_go(self) -> None:
        return


def test_two_clicks_spend_one_try_and_nobody_waits_for_a_slow_card(pki: Gpki, origins: Origins) -> None:
    cards = SlowCards(pki.company().der)
    origins.allow(PROVIDER)
    desk = Desk(cards, origins)
    token, _ = begin(desk)
    told: list[dict[str, Any]] = []
    first = threading.Thread(target=lambda: told.append(sign(desk, token)))
    first.start()
    assert cards.is_asked.wait(10)
    assert refused(lambda: sign(desk, token)) == "busy"
    assert refused(lambda: begin(desk)) == "busy"
    cards.answers.set()
    first.join(10)
    assert told[0]["state"] == "signed"
    assert cards.tries == 1


def test_what_a_slow_card_signs_after_the_window_was_closed_goes_nowhere(pki: Gpki, origins: Origins) -> None:
    cards = SlowCards(pki.company().der)
    origins.allow(PROVIDER)
    desk = Desk(cards, origins)
    token, _ = begin(desk)
    codes: list[str] = []
    first = threading.Thread(target=lambda: codes.append(refused(lambda: sign(desk, token))))
    first.start()
    assert cards.is_asked.wait(10)
    desk.cancel(token)
    assert refused(lambda: begin(desk)) == "busy"
    cards.answers.set()
    first.join(10)
    assert codes == ["over"]
    assert begin(desk)[1]["state"] == "pin"


CHECK = {"check": True}


def test_a_self_test_shows_what_there_is_and_asks_for_no_pin(desk: Desk, drawer: Path, pki: Gpki) -> None:
    token, shown = begin(desk, asked=CHECK)
    holder = shown.pop("holder")
    assert (holder["name"], holder["number"]) == ("測試一號有限公司", "00000016")
    days = shown["report"].pop("days")
    assert days in {1824, 1825}
    assert shown == {
        "state": "checked", "origin": PROVIDER, "tries_left": 3, "via": "software",
        "report": {"via": "software", "reader": True, "card": True, "certificate": True, "trouble": None},
    }  # fmt: skip
    assert refused(lambda: sign(desk, token)) == "order"
    # One that was left open keeps nobody waiting, and can be begun where a real act can.
    other, shown = begin(desk)
    assert shown["state"] == "pin"
    assert refused(lambda: desk.look(token)) == "window"
    assert refused(lambda: begin(desk, asked=CHECK)) == "busy"
    sign(desk, other, "111111")
    desk.cancel(other)
    put_in_drawer(drawer, "00000016", pki.company(days=(-390, -3)), PIN)
    token, shown = begin(desk, asked=CHECK)
    assert (shown["report"]["certificate"], shown["tries_left"]) == (True, 2)
    assert shown["report"]["days"] < 0
    put_in_drawer(drawer, "00000022", pki.company("00000022", "測試二號有限公司"), PIN)
    assert desk.look(token)["state"] == "cards"
    assert desk.choose(token, "00000022.p12")["holder"]["number"] == "00000022"


@pytest.mark.parametrize(
    "told", [{"check": False}, {"check": 1}, {"check": "yes"}, {"check": True, "purpose": "login"}]
)
def test_what_is_almost_a_self_test_is_refused(desk: Desk, told: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="request"):
        begin(desk, asked=told)


def test_a_self_test_tells_what_is_missing(desk: Desk, drawer: Path) -> None:
    (drawer / "00000016.der").write_bytes(b"rubbish")
    token, shown = begin(desk, asked=CHECK)
    nothing = {"via": "software", "certificate": False, "days": None}
    assert shown["report"] == {**nothing, "reader": True, "card": True, "trouble": "unreadable"}
    for file in drawer.iterdir():
        file.unlink()
    shown = desk.look(token)
    assert shown["holder"] is None
    assert shown["report"] == {**nothing, "reader": True, "card": False, "trouble": "no_card"}


@pytest.mark.parametrize(
    ("code", "reader", "card"),
    [("module", False, False), ("no_reader", False, False), ("removed", True, False), ("unreadable", True, True)],
)
def test_how_far_a_self_test_came(code: str, reader: bool, card: bool) -> None:
    told = report(None, CardTrouble(code))
    assert told == {"reader": reader, "card": card, "certificate": False, "days": None, "trouble": code}
    locked = report(Found({}, 5, 0), None)
    assert locked == {"reader": True, "card": True, "certificate": True, "days": 5, "trouble": "locked"}


def test_a_self_test_is_for_origins_that_may_ask(desk: Desk) -> None:
    assert begin(desk, OTHER, CHECK)[1]["state"] == "not_allowed"


def test_the_first_origin_of_a_self_test_is_agreed_to(new_desk: Desk) -> None:
    token, shown = begin(new_desk, asked=CHECK)
    assert shown == {"state": "first_use", "origin": PROVIDER}
    assert new_desk.allow(token)["state"] == "checked"


def test_every_purpose_is_shown_as_what_it_is(desk: Desk) -> None:
    for purpose in CardPurpose:
        token, shown = begin(desk, asked={**ASKED, "purpose": purpose.value})
        assert shown["purpose"] == purpose.value
        desk.cancel(token)


@pytest.mark.parametrize("kept", ["", "[]", "{", '{"allowed": 5}', '{"allowed": ["http://evil.example", 5, null]}'])
def test_a_list_that_makes_no_sense_allows_nobody(tmp_path: Path, kept: str) -> None:
    (tmp_path / "origins.json").write_text(kept)
    assert Origins(tmp_path / "origins.json").allowed == []


def test_a_list_has_an_end(origins: Origins) -> None:
    for number in range(50):
        origins.allow(f"https://idp{number}.example.tw")
    with pytest.raises(ValueError, match="full"):
        origins.allow(PROVIDER)
    with pytest.raises(ValueError, match="no origin"):
        origins.allow("http://idp.example.tw")


def test_a_card_that_can_not_be_read_is_told(desk: Desk, drawer: Path) -> None:
    (drawer / "00000016.der").write_bytes(b"rubbish")
    _, shown = begin(desk)
    assert shown["holder"] == {"name": "", "number": "", "until": ""}
    with pytest.raises(CardTrouble):
        check_pin(bytearray(b""))
