"""What people, applications, owners and operators do in random switching, each as one act by its real way.

An act that is not possible just then does nothing. A sequence is drawn from a number alone. It is not drawn by
hypothesis, which prefers to repeat itself: its first forty sequences held two refreshes.
"""

import json
import random
from collections.abc import Sequence
from typing import Any, TypeVar

from tests.acting.switching_model import Bound, Seat
from tests.acting.switching_steps import SECOND, Fits, Round, Walk
from tests.harness.relying_party import Tokens

T = TypeVar("T")
Move = tuple[str, dict[str, Any]]
FEWEST, MOST = 8, 13
WISHES = ("sub", "tenant", "tax_id")


class Switching(Round):
    """A sequence and its acts."""

    def play(self, moves: list[Move]) -> None:
        """Act after act; after each, and at the end, what must always hold."""
        for act, given in moves:
            getattr(self, act)(**given)
            self.no_grant_is_another_companys()
        self.end()

    # Entering and switching.

    def enters(self, desk: int, client: int, number: int, how: str, keep: bool, stop_at: str) -> None:
        """By a page where one is shown. Left open there, the page is answered later."""
        at, seat = self.desks[desk], self.world.seats[number]
        if not self._can_sign_in(at):
            return
        self._count("enters")
        changes, fits = self._wish(how, seat)
        if how == "select_account":
            changes["prompt"] = "select_account"
        asked = self._party(client).ask(**changes)
        walk = Walk(at, client, asked, seat, fits, self._party(client).open(at.browser, asked))
        self._finish(walk, keep=keep, stop_at=stop_at)

    def answers_a_page_left_open(self, which: int, keep: bool) -> None:
        walk = _one(self.kept, which)
        if walk is None or not self._can_sign_in(walk.desk):
            return
        self.kept.remove(walk)
        self._count("answers a page left open")
        walk.is_kept = True
        self._finish(walk, keep=keep)

    def switches_silently(self, desk: int, client: int, number: int, how: str, keep: bool) -> None:
        seat = self.world.seats[number]
        changes, fits = self._wish(how, seat)
        self._count("switches silently")
        self._silently(self.desks[desk], client, changes, fits, keep=keep)

    def reloads(self, desk: int, client: int) -> None:
        self._count("reloads")
        self._silently(self.desks[desk], client, {}, None, keep=False)

    def reloads_with_a_hint(self, desk: int, which: int) -> None:
        """An ID token of any age, of this browser's person or of another."""
        at, grant = self.desks[desk], _one(self._with_tokens(), which)
        if grant is None or grant.tokens is None:
            return
        self._count("reloads with a hint")
        of = grant.session
        is_hers = at.sign_in is not None and at.sign_in.agent == of.sign_in.agent
        changes: dict[str, str | None] = {"id_token_hint": grant.tokens.id_token}
        self._silently(at, of.client, changes, lambda seat: is_hers and seat is of.seat, keep=False)

    def acts_at_our_own_pages(self, desk: int, number: int) -> None:
        at = self.desks[desk]
        chosen = self._usable(at, number)
        if chosen is None:
            return
        self._count("acts at our own pages")
        page = at.browser.submit(at.browser.get("/linked/switch"), f"act-{chosen.id}")
        assert page.path == "/account", f"{page!r}"

    def opens_from_home(self, desk: int, client: int, number: int, told: bool, keep: bool) -> None:
        """Clicked at /linked; the application passes the hints on, or drops them."""
        at, seat = self.desks[desk], self.world.seats[number]
        chosen = self._usable(at, number)
        if chosen is None:
            return
        self._count("opens from home")
        party = self._party(client)
        page = at.browser.get("/linked", {"binding": chosen.id})
        page = at.browser.submit(page, f"open-{party.client.client_id}")
        assert page.left_to is not None, f"{page!r}"
        asked = party.ask(**({"tenant": seat.tenant, "login_hint": seat.person.sub} if told else {}))
        walk = Walk(at, client, asked, seat, None, party.open(at.browser, asked), pages=1, bound=chosen)
        self._finish(walk, keep=keep)

    # What applications do with what they have.

    def redeems_late(self, which: int) -> None:
        grant = _one([grant for grant in self.model.grants if grant.answer], which)
        if grant is not None:
            self._count("redeems late")
            self._redeem(grant)

    def refreshes(self, which: int) -> None:
        grant = _one(self._with_tokens(), which)
        if grant is None or grant.tokens is None:
            return
        self._count("refreshes")
        if not grant.session.is_live:
            self._must_be_over(grant)
            return
        party = self._party(grant.session.client)
        answer = party.refresh(grant.tokens.refresh_token)
        assert answer.status_code == 200, f"{grant}: {answer.text}"
        grant.tokens = Tokens(answer.json())
        grant.tokens.claims = party.verified(grant.tokens.id_token)
        self._must_be_of(grant, grant.tokens.claims, "a refreshed ID token")

    # What ends things.

    def suspends(self, number: int, what: str) -> None:
        seat = self.world.seats[number]
        if not self.model.is_able(seat):
            return
        if what == "account":
            self.world.town.suspend(seat.person)
            seat.is_suspended = True
            self.model.end_seats([seat])
        else:
            self.world.town.suspend_company(seat.person.tax_id)
            self.model.suspended_companies.add(seat.person.tax_id)
            self.model.end_seats([one for one in self.world.seats if one.tenant == seat.tenant])
        self._count(f"suspends a{'n' * (what == 'account')} {what}")

    def restores(self) -> None:
        """Everything that was suspended."""
        for seat in self.world.seats:
            if seat.is_suspended:
                self.world.town.restore(seat.person)
                seat.is_suspended = False
                self._count("restores an account")
        while self.model.suspended_companies:
            self.world.town.idp.kept("company", "restore", "--tax-id", self.model.suspended_companies.pop())
            self._count("restores a company")

    def unbinds(self, which: int, by: str) -> None:
        # What somebody is about to enter as comes first.
        at_hand = [walk.bound for walk in self.kept if walk.bound is not None and walk.bound.state != "ended"]
        living = self._living()
        bound, admin = _one([*at_hand, *self._in_use(living), *living], which), self.world.seats[3]
        if bound is None:
            return
        if by == "group admin" and bound.seat.tenant == admin.tenant and self.model.is_able(admin):
            self.world.unbind_by_group_admin(admin, bound.id)
        elif by == "owner" and self.model.is_able(bound.seat):
            self.world.unbind_by_owner(bound.seat, bound.id)
        else:
            self.world.unbind_by_agent(self._agent(bound.agent), bound.id)
        self.model.end_bound(bound)
        self._count("unbinds")

    def is_held(self, which: int) -> None:
        """The owner's mailbox changes: that holds all her bindings, and ends her sign-ins."""
        able = [one for one in self._living() if self.model.is_able(one.seat)]
        bound = _one(self._in_use(able) or able, which)
        if bound is None:
            return
        self.world.change_mailbox(bound.seat)
        for one in self.model.bounds:
            if one.seat is bound.seat and one.state == "bound":
                self.model.end_bound(one, "held")
        self.model.end_sign_ins(lambda sign_in: sign_in.person.sub == bound.seat.person.sub)
        self._count("is held")

    def confirms(self, which: int) -> None:
        """The owner says that it goes on."""
        held = [one for one in self._living() if one.state == "held" and self.model.is_able(one.seat)]
        bound = _one(held, which)
        if bound is not None:
            self.world.confirm(bound.seat, bound.id)
            bound.state = "bound"
            self._count("confirms")

    def binds(self, which: int, number: int, how: str) -> None:
        agent, seat = self.world.agents[which], self.world.seats[number]
        if any(one.seat is seat for one in self.model.bound_to(agent.sub)) or not self.model.is_able(seat):
            return
        by_forms = self.world.bind_by_code if number == 2 else self.world.bind_by_owner
        binding = (self.world.bind_by_operator if how == "operator" else by_forms)(agent, seat)
        self.model.bounds.append(Bound(binding, agent.sub, seat))
        self._count(f"binds by {how}")

    def signs_out(self, desk: int, client: int, where: str) -> None:
        at, party = self.desks[desk], self._party(client)
        if not at.is_in:
            return
        assert at.sign_in is not None
        address = party.logout_address(client_id=party.client.client_id)
        at.browser.submit(at.browser.get(address), f"sign-out-{where}")
        live = self.model.live(client, at.sign_in)
        if where == "everywhere":
            self.model.end_sign_ins(lambda sign_in: sign_in is at.sign_in)
        elif live:
            at.sign_in.has_left.add(client)
            self.model.end(lambda session: session in live)
        self._count(f"signs out: {where}")

    def _in_use(self, of: list[Bound]) -> list[Bound]:
        """Those through which an application has somebody now: what ends with them can be seen to end."""
        used = [session.bound for session in self.model.sessions if session.is_live]
        return [one for one in of if one in used]

    def _count(self, act: str) -> None:
        self.counts[act] += 1

    @staticmethod
    def _wish(how: str, seat: Seat) -> tuple[dict[str, str | None], Fits | None]:
        if how == "sub":
            return {"claims": json.dumps({"id_token": {"sub": {"value": seat.person.sub}}})}, lambda one: one is seat
        if how == "tenant":
            return {"tenant": seat.tenant}, lambda one: one.tenant == seat.tenant
        if how == "tax_id":
            claims = {"id_token": {"company_tax_id": {"value": seat.person.tax_id}}}
            return {"claims": json.dumps(claims)}, lambda one: one.tenant == seat.tenant
        return {}, None


def _one(of: list[T], which: int) -> T | None:
    return of[which % len(of)] if of else None


_SOME, _TWO, _YES = range(10), range(2), (False, True)
# Mostly what is bound at the beginning.
_SEATS = (0, 0, 0, 1, 1, 1, 2, 3)
_HERS = {"desk": _TWO, "client": _TWO}
_HOW = ("plain", "select_account", "select_account", *WISHES)
_STOPS = ("nothing", "nothing", "nothing", "chooser", "consent", "consent")

# How often an act is drawn, and of what each thing is drawn that is to be known of it.
KINDS: dict[str, tuple[int, dict[str, Sequence[Any]]]] = {
    "enters": (12, {**_HERS, "number": _SEATS, "how": _HOW, "keep": _YES, "stop_at": _STOPS}),
    "answers_a_page_left_open": (3, {"which": _SOME, "keep": _YES}),
    "switches_silently": (6, {**_HERS, "number": _SEATS, "how": WISHES, "keep": _YES}),
    "reloads": (2, _HERS),
    "reloads_with_a_hint": (3, {"desk": _TWO, "which": _SOME}),
    "acts_at_our_own_pages": (1, {"desk": _TWO, "number": _SEATS}),
    "opens_from_home": (2, {**_HERS, "number": _SEATS, "told": _YES, "keep": _YES}),
    "redeems_late": (2, {"which": _SOME}),
    "refreshes": (3, {"which": _SOME}),
    "suspends": (1, {"number": range(3), "what": ("account", "company")}),
    "restores": (2, {}),
    "unbinds": (2, {"which": _SOME, "by": ("agent", "owner", "group admin")}),
    "is_held": (1, {"which": _SOME}),
    "confirms": (2, {"which": _SOME}),
    "binds": (2, {"which": _TWO, "number": _SEATS, "how": ("operator", "operator", "forms")}),
    "signs_out": (1, {**_HERS, "where": ("application", "everywhere")}),
}

# What hardly comes about by chance: one of these, its acts side by side, is in every sequence. What a plot says of an
# act is not drawn.
_COMES_IN = {"desk": 0, "how": "select_account", "keep": False, "stop_at": "nothing"}
_LEAVES_OPEN = {"desk": 0, "client": 1, "number": 0, "how": "select_account", "stop_at": "consent"}
PLOTS: tuple[tuple[Move, ...], ...] = (
    (("enters", _COMES_IN), ("is_held", {}), ("confirms", {"which": 0}), ("switches_silently", {"desk": 0})),
    (("enters", _COMES_IN), ("suspends", {}), ("restores", {})),
    (("enters", _COMES_IN), ("unbinds", {"which": 0}), ("binds", {"which": 0})),
    # The company chosen is gone before the page is answered, and another one was agreed to at an earlier sign-in.
    (
        ("enters", {**_COMES_IN, "client": 1, "number": 1}),
        ("signs_out", {"desk": 0, "client": 1, "where": "everywhere"}),
        ("enters", {**_LEAVES_OPEN, "how": "plain"}),
        ("unbinds", {"which": 0}),
        ("answers_a_page_left_open", {"which": 0}),
    ),
    (("enters", _LEAVES_OPEN), ("signs_out", {"desk": 0}), ("answers_a_page_left_open", {"which": 0})),
)


def a_sequence(seed: int) -> tuple[str, list[Move]]:
    """Who uses the second browser, and what is done: the same for the same seed, on every machine."""
    chance = random.Random(seed)
    often = [weight for weight, _ in KINDS.values()]
    plot = chance.choice(PLOTS)
    names = ["enters", *chance.choices(list(KINDS), often, k=chance.randint(FEWEST, MOST) - 1 - len(plot))]
    drawn: list[Move] = [(name, {}) for name in names]
    at = chance.randint(0, len(drawn))
    drawn[at:at] = plot
    moves = [(name, {what: chance.choice(of) for what, of in KINDS[name][1].items()} | told) for name, told in drawn]
    return chance.choice(SECOND), moves
