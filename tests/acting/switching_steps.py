"""One sequence of random switching: who sits where, how she gets to an application, and what must hold after each act.

Whatever is given to an application is told to the model, and held against it (tokens.md "What a choice is bound to",
"Asking for a company").
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from tests.acting.switching_model import Bound, Grant, Model, Seat, SignIn
from tests.acting.switching_world import Application, World
from tests.harness.browser import Browser, Page
from tests.harness.linked import Agent
from tests.harness.relying_party import Answer, Asked, Person

SECOND = ("the same agent", "another agent", "the first account's owner")
Fits = Callable[[Seat], bool]


@dataclass(eq=False)
class Desk:
    """A browser, who uses it, and her sign-in once she has one."""

    browser: Browser
    person: Person
    agent: str | None
    sign_in: SignIn | None = None

    @property
    def is_in(self) -> bool:
        return self.sign_in is not None and self.sign_in.is_alive


@dataclass(eq=False)
class Walk:
    """A request on its way through the provider's pages. ``bound`` is what was chosen on one of them."""

    desk: Desk
    client: int
    asked: Asked
    target: Seat
    fits: Fits | None
    page: Page
    pages: int = 0
    bound: Bound | None = None
    is_kept: bool = False


class Round:
    """One sequence in a world; ``counts`` are of all sequences."""

    def __init__(self, world: World, second: str, counts: Counter[str]) -> None:
        """Two browsers; the first one's agent has two companies of three."""
        world.begin()
        self.world, self.counts = world, counts
        self.model = Model(self.world.seats)
        self.kept: list[Walk] = []
        self.steps = 0
        first, other = self.world.agents
        self.desks: list[Desk] = [self._desk(first)]
        self._bind(first, 0)
        self._bind(first, 1)
        if second == SECOND[0]:
            self.desks.append(self._desk(first))
        elif second == SECOND[1]:
            self.desks.append(self._desk(other))
            self._bind(other, 0)
            self._bind(other, 2)
        else:
            self.desks.append(Desk(self.world.browser(), self.world.seats[0].person, None))
        self.counts["sequences"] += 1

    def _desk(self, agent: Agent) -> Desk:
        return Desk(self.world.browser(), Person(agent.username, agent.password, agent.sub), agent.sub)

    def _bind(self, agent: Agent, number: int) -> None:
        seat = self.world.seats[number]
        self.model.bounds.append(Bound(self.world.bind_by_operator(agent, seat), agent.sub, seat))

    # What must always hold.

    def no_grant_is_another_companys(self) -> None:
        """Each that is good names what was chosen for it; each that ended is refused at once, everywhere."""
        self.steps += 1
        for place, grant in enumerate(self._with_tokens()):
            if grant.session.is_live:
                self._must_be_good(grant, self.steps + place)
            elif not grant.was_seen_over:
                self._must_be_over(grant)

    def end(self) -> None:
        """What was kept to the end, and what ended long ago."""
        for grant in self.model.grants:
            if grant.answer is not None:
                self._redeem(grant)
            elif grant.tokens is not None and not grant.session.is_live:
                self._must_be_over(grant)

    def _must_be_good(self, grant: Grant, turn: int) -> None:
        assert grant.tokens is not None
        party, token = self._party(grant.session.client), grant.tokens.access_token
        if turn % 2:
            answer = party.userinfo(token)
            assert answer.status_code == 200, f"{grant} should go on: {answer.text}"
            self._must_be_of(grant, answer.json(), "userinfo")
        else:
            told = party.introspect(token)
            assert told["active"] is True, f"{grant} should go on"
            self._must_be_of(grant, told, "introspection")

    def _must_be_over(self, grant: Grant) -> None:
        assert grant.tokens is not None
        party = self._party(grant.session.client)
        assert party.userinfo(grant.tokens.access_token).status_code == 401, f"{grant} is over"
        assert party.introspect(grant.tokens.access_token) == {"active": False}, f"{grant} is over"
        answer = party.refresh(grant.tokens.refresh_token)
        assert (answer.status_code, answer.json().get("error")) == (400, "invalid_grant"), f"{grant} is over"
        grant.was_seen_over = True
        self.counts["answers"] += 3

    def _must_be_of(self, grant: Grant, claims: dict[str, object], where: str) -> None:
        session = grant.session
        act = claims.get("act")
        told = (
            claims["sub"],
            claims.get("tenant"),
            claims.get("company_tax_id"),
            act.get("sub") if isinstance(act, dict) else None,
        )
        expected = (session.seat.person.sub, session.seat.tenant, session.seat.person.tax_id, session.sign_in.agent)
        assert told == expected, f"{where} of {grant} names {told}, not {expected}"
        assert claims["sid"] == session.sid, f"{where} of {grant}"
        self.counts["answers"] += 1

    # How it is done.

    def _silently(
        self, at: Desk, client: int, changes: dict[str, str | None], fits: Fits | None, *, keep: bool
    ) -> None:
        sign_in = at.sign_in if at.is_in else None
        may, must = self.model.silent(client, sign_in, fits) if sign_in is not None else (None, False)
        answer = self._party(client).silently(at.browser, **changes)
        self.counts["answers"] += 1
        if answer.error is not None:
            assert not must, f"{answer.error}, where there is nothing but seat {may and may.number} for client {client}"
            return
        assert sign_in is not None, "a code without a sign-in"
        assert may is not None, f"client {client} was given a code without a page"
        bound = next((one for one in self.model.usable(sign_in) if one.seat is may), None) if sign_in.agent else None
        self._granted(client, sign_in, may, bound, answer, pages=0, keep=keep)

    def _finish(self, walk: Walk, *, keep: bool, stop_at: str = "") -> None:
        """Walk on to the application. A page that was left open may have become of no use."""
        party = self._party(walk.client)
        for _ in range(6):
            answer = party.arrival(walk.page, walk.asked)
            if answer is not None:
                self._arrived(walk, answer, keep=keep)
                return
            kind = _kind_of(walk.page)
            if kind == "other":
                assert walk.is_kept, f"{walk.page!r}"
                self.counts["pages of no use any more"] += 1
                return
            if kind == stop_at:
                self.kept.append(walk)
                return
            walk.pages += 1
            walk.page = self._answered(walk, kind)
        raise AssertionError(f"six pages and still not back: {walk.page!r}")

    def _answered(self, walk: Walk, kind: str) -> Page:
        at, page = walk.desk, walk.page
        if kind == "password":
            assert not at.is_in, "asked for a password while signed in"
            at.sign_in = SignIn(at.person, at.agent)
            self.model.sign_ins.append(at.sign_in)
            return self._party(walk.client).step(at.browser, page, at.person)
        if kind == "consent":
            return at.browser.submit(page, "consent-accept")
        if at.agent is None:
            own = f"choose-{at.person.sub}"
            return at.browser.submit(page, own if page.button(own) else "choose-back")
        return self._chosen(walk, page)

    def _chosen(self, walk: Walk, page: Page) -> Page:
        at, offered = walk.desk, {one.removeprefix("seat-") for one in walk.page.ids if one.startswith("seat-bi_")}
        if not walk.is_kept:
            assert at.sign_in is not None
            usable = self.model.usable(at.sign_in, walk.fits or (lambda seat: True))
            assert offered == {one.id for one in usable}, f"{page!r}"
        walk.bound = next((one for one in self.model.bounds if one.id in offered and one.seat is walk.target), None)
        return at.browser.submit(page, f"seat-{walk.bound.id}" if walk.bound else "choose-back")

    def _arrived(self, walk: Walk, answer: Answer, *, keep: bool) -> None:
        at = walk.desk
        if answer.error is not None:
            is_own_fault = answer.error == "access_denied" and walk.bound is None
            assert is_own_fault or walk.is_kept, answer.parameters
            return
        assert at.sign_in is not None
        assert at.sign_in.is_alive, "a code for a sign-in that has ended"
        if at.agent is None:
            seat, bound = next(one for one in self.world.seats if one.person.sub == at.person.sub), None
            assert walk.fits is None or walk.fits(seat), "a wish for another account was answered with her own"
        else:
            bound = walk.bound or self._only(walk)
            assert bound.state == "bound", f"a code for a binding that is {bound.state}"
            assert self.model.is_able(bound.seat), "a code for a suspended seat"
            seat = bound.seat
        self._granted(walk.client, at.sign_in, seat, bound, answer, pages=walk.pages, keep=keep)

    def _only(self, walk: Walk) -> Bound:
        """What may be entered without the chooser: rules 1 and 4, and no change of company without a page (rule 6)."""
        assert walk.desk.sign_in is not None
        usable = self.model.usable(walk.desk.sign_in, walk.fits or (lambda seat: True))
        live = self.model.live(walk.client, walk.desk.sign_in)
        here = [one for one in usable if any(session.seat is one.seat for session in live)]
        fitting = usable if walk.fits is not None else here or usable
        assert len(fitting) == 1, f"of {len(fitting)} nobody chose one"
        [only] = fitting
        is_change = bool(live) and not here
        if walk.fits is not None:
            is_change = any(session.seat is not only.seat for session in live)
        assert walk.pages or not is_change, f"a link changed the company at client {walk.client} without a page"
        return only

    def _granted(
        self, client: int, sign_in: SignIn, seat: Seat, bound: Bound | None, answer: Answer, *, pages: int, keep: bool
    ) -> None:
        grant = Grant(self.model.session_of(client, sign_in, seat, bound), answer)
        self.model.grants.append(grant)
        self.model.consents.add((client, sign_in.person.sub, seat.person.sub))
        if bound is not None:
            self.model.entered.add((client, bound))
            if pages:
                self.model.by_page.add((client, bound))
        if keep:
            self.counts["codes kept"] += 1
        else:
            self._redeem(grant)

    def _redeem(self, grant: Grant) -> None:
        assert grant.answer is not None
        party, session, answer = self._party(grant.session.client), grant.session, grant.answer
        grant.answer = None
        self.counts["answers"] += 1
        if not session.is_live:
            refused = party.exchange(answer)
            assert refused.json().get("error") == "invalid_grant", f"{grant} is over: {refused.text}"
            return
        grant.tokens = party.tokens(answer)
        sid = str(grant.tokens.claims["sid"])
        if session.sid is None:
            known = self.world.sids.setdefault(sid, session)
            assert known is session, f"the sid of {grant} was seat {known.seat.number}'s at client {known.client}"
            session.sid = sid
        self._must_be_of(grant, grant.tokens.claims, "the ID token")

    # Who and what there is.

    def _can_sign_in(self, at: Desk) -> bool:
        own = [seat for seat in self.world.seats if seat.person.sub == at.person.sub]
        return all(self.model.is_able(seat) for seat in own)

    def _usable(self, at: Desk, number: int) -> Bound | None:
        if not at.is_in or at.agent is None or at.sign_in is None:
            return None
        usable = self.model.usable(at.sign_in)
        return next((one for one in usable if one.seat.number == number), None)

    def _living(self) -> list[Bound]:
        return [one for one in self.model.bounds if one.state != "ended"]

    def _with_tokens(self) -> list[Grant]:
        return [grant for grant in self.model.grants if grant.tokens is not None]

    def _agent(self, sub: str) -> Agent:
        return next(agent for agent in self.world.agents if agent.sub == sub)

    def _party(self, client: int) -> Application:
        return self.world.applications[client]


def _kind_of(page: Page) -> str:
    if page.asks_for_password:
        return "password"
    if page.asks_for_consent:
        return "consent"
    return "chooser" if page.button("choose-back") else "other"
