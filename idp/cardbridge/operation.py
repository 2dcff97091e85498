"""One act with a card, from the page that asks to the signature: one at a time, each step only after the one before.

window --> begun --> (allowed, where it is the first use) --> card shown, PIN asked --> signed | cancelled | over
                                                          --> what is there shown, without a PIN (the self-test)
"""

import secrets
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from idp.cardbridge.cards import Backend, CardTrouble, OpenCard, forget
from idp.cardbridge.check import Found, is_check, report
from idp.cardbridge.origins import Origins, is_origin
from idp.cardbridge.statement import Asked, compose, read_asked

LASTS_SECONDS = 300.0
MOST_WINDOWS = 32
LONGEST_SHOWN = 300
# Each has its sentence in page/texts.json, beside the refusals of the server.
NOT_NOW = ("window", "busy", "order", "over", "not_kept")
State = dict[str, Any]


class NotNow(Exception):
    """A step that does not fit: another act runs, this one is over, or it is not its turn. ``code`` says which."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Act:
    """One act: whose window, who asks, for what (None: what is there), and which card was shown to the person."""

    token: str
    origin: str
    asked: Asked | None
    ends_at: float
    shown: tuple[str, bytes] | None = None
    over: bool = False
    at_card: bool = False

    def is_over(self, moment: float) -> bool:
        """Whether nothing more can be done in it."""
        return self.over or moment > self.ends_at


class Desk:
    """Where acts are done, one at a time, each known by the token of its window."""

    def __init__(self, backend: Backend, origins: Origins, clock: Callable[[], float] = time.monotonic) -> None:
        self._backend = backend
        self._origins = origins
        self._clock = clock
        # Held for moments only. Whose turn at the card it is, Act.at_card says: cards take seconds.
        self._lock = threading.Lock()
        self._windows: dict[str, float] = {}
        self._act: Act | None = None

    @property
    def via(self) -> str:
        """What kind of cards these are."""
        return self._backend.via

    @property
    def allowed(self) -> list[str]:
        """The origins that may ask."""
        return self._origins.allowed

    def new_window(self) -> str:
        """A token for a window that was just opened. Nothing has begun yet: any site can open windows."""
        with self._lock:
            while len(self._windows) >= MOST_WINDOWS:
                self._windows.pop(next(iter(self._windows)))
            token = secrets.token_urlsafe(32)
            self._windows[token] = self._clock() + LASTS_SECONDS
            return token

    def begin(self, token: str, origin: object, told: object) -> State:
        """What the page of this origin asks for. Gives what the window shows next. Raises NotNow, ValueError."""
        with self._lock:
            if self._windows.get(token, 0.0) < self._clock():
                raise NotNow("window")
            if not is_origin(origin) or not (self._origins.allows(str(origin)) or self._origins.is_first_use):
                del self._windows[token]
                return {"state": "not_allowed", "origin": str(origin)[:LONGEST_SHOWN]}
            asked = None if is_check(told) else read_asked(told)
            if self._act is not None and self._is_in_the_way(self._act):
                raise NotNow("busy")
            del self._windows[token]
            self._act = Act(token, str(origin), asked, self._clock() + LASTS_SECONDS)
            if not self._origins.allows(self._act.origin):
                return {"state": "first_use", "origin": self._act.origin}
        return self.look(token)

    def allow(self, token: str) -> State:
        """The person agrees to the very first origin. Raises NotNow."""
        with self._lock:
            act = self._of(token)
            if not self._origins.is_first_use:
                raise NotNow("order")
            try:
                self._origins.allow(act.origin)
            except OSError as error:
                raise NotNow("not_kept") from error
        return self.look(token)

    def look(self, token: str) -> State:
        """Look for cards, again after one was put in. Raises NotNow."""
        with self._turn(token) as act:
            act.shown = None
            try:
                names = self._backend.names()
                if len(names) == 1:
                    return self._show(act, names[0].id)
            except CardTrouble as trouble:
                return _told(trouble) if act.asked else self._found(act, trouble=trouble)
            return {"state": "cards", "cards": [{"id": name.id, "label": name.label} for name in names]}

    def choose(self, token: str, card_id: str) -> State:
        """Show the certificate of one card, and how many tries its PIN has. Raises NotNow."""
        with self._turn(token) as act:
            try:
                return self._show(act, card_id)
            except CardTrouble as trouble:
                return _told(trouble) if act.asked else self._found(act, trouble=trouble)

    def sign(self, token: str, pin: bytearray, *, last_try_agreed: bool) -> State:
        """Sign what was asked for with the card that was shown, by one try of the PIN, which is overwritten.

        Raises NotNow.
        """
        try:
            with self._turn(token) as act:
                if act.shown is None or act.asked is None:
                    raise NotNow("order")
                try:
                    signature = self._signature(act, act.asked, pin, last_try_agreed)
                except CardTrouble as trouble:
                    return _told(trouble)
                if act.over:
                    raise NotNow("over")
                act.over = True
                answer = {"certificate": _text(act.shown[1]), "signature": _text(signature), "via": self.via}
                return {"state": "signed", "answer": answer}
        finally:
            forget(pin)

    def cancel(self, token: str) -> State:
        """The person closes the window."""
        with self._lock:
            if self._act is not None and _same(self._act.token, token):
                self._act.over = True
            self._windows.pop(token, None)
        return {"state": "cancelled"}

    def _is_in_the_way(self, act: Act) -> bool:
        # An origin that nobody has agreed to yet keeps nobody waiting, nor does a self-test that was left open.
        is_waited_for = act.asked is not None and self._origins.allows(act.origin)
        return act.at_card or (is_waited_for and not act.is_over(self._clock()))

    def _of(self, token: str) -> Act:
        act = self._act
        if act is None or not _same(act.token, token):
            raise NotNow("window")
        if act.is_over(self._clock()):
            raise NotNow("over")
        return act

    @contextmanager
    def _turn(self, token: str) -> Iterator[Act]:
        """The act of this window, alone at the card. Who comes meanwhile is refused, not kept waiting: a click that
        was made twice would else spend two tries. Raises NotNow."""
        with self._lock:
            act = self._of(token)
            if not self._origins.allows(act.origin):
                raise NotNow("order")
            if act.at_card:
                raise NotNow("busy")
            act.at_card = True
        try:
            yield act
        finally:
            act.at_card = False

    def _show(self, act: Act, card_id: str) -> State:
        try:
            from idp.cardbridge.certificate import holder_shown
        except ImportError as error:
            raise CardTrouble("module") from error
        card = self._backend.open(card_id)
        try:
            if act.asked is None:
                return self._found(act, card=card)
            act.shown = (card_id, card.certificate)
            return {
                "state": "pin",
                "origin": act.origin,
                "purpose": act.asked.purpose,
                "holder": holder_shown(card.certificate),
                "tries_left": card.tries_left,
                "via": self.via,
            }
        finally:
            card.let_go()

    def _found(self, act: Act, *, card: OpenCard | None = None, trouble: CardTrouble | None = None) -> State:
        """What a self-test shows, and its report, which is all that the page is told."""
        found = Found.read(card) if card else None
        return {
            "state": "checked",
            "origin": act.origin,
            "holder": found.holder if found else None,
            "tries_left": found.tries_left if found else None,
            "via": self.via,
            "report": {"via": self.via, **report(found, trouble)},
        }

    def _signature(self, act: Act, asked: Asked, pin: bytearray, last_try_agreed: bool) -> bytes:
        if act.shown is None:
            raise NotNow("order")
        card = self._backend.open(act.shown[0])
        try:
            _check_before_the_pin(card, act.shown[1], last_try_agreed)
            return card.sign(pin, compose(asked, origin=act.origin, via=self.via))
        finally:
            card.let_go()


def _check_before_the_pin(card: OpenCard, shown: bytes, last_try_agreed: bool) -> None:
    if card.certificate != shown:
        raise CardTrouble("changed")
    if card.tries_left == 0:
        raise CardTrouble("locked", tries_left=0)
    if card.tries_left == 1 and not last_try_agreed:
        raise CardTrouble("last_try", tries_left=1)


def _told(trouble: CardTrouble) -> State:
    return {"state": "trouble", "code": trouble.code, "tries_left": trouble.tries_left}


def _same(one: str, other: str) -> bool:
    return secrets.compare_digest(one.encode(), other.encode())


def _text(data: bytes) -> str:
    return b64encode(data).decode()
