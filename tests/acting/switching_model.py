"""What must be true of every grant while people switch, unbind, suspend and sign out: a model without the provider.

A grant is fixed to its seat, its binding and its client session when it is made. It is good while the session lives,
and whatever ends a session ends it for good (tokens.md "What a choice is bound to").
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.harness.relying_party import Answer, Person, Tokens


@dataclass(eq=False)
class Seat:
    """A general account of a company, as clients are told of it."""

    number: int
    person: Person
    tenant: str
    is_suspended: bool = False


@dataclass(eq=False)
class Bound:
    """A binding of a linked account: bound, held or ended."""

    id: str
    agent: str
    seat: Seat
    state: str = "bound"


@dataclass(eq=False)
class SignIn:
    """One sign-in of a browser. ``person`` is whose password was typed; ``agent`` her sub where it is a linked one."""

    person: Person
    agent: str | None
    is_alive: bool = True
    has_left: set[int] = field(default_factory=set)


@dataclass(eq=False)
class Session:
    """A client's session as one seat in one sign-in; its ``sid`` is known when a code was redeemed."""

    client: int
    sign_in: SignIn
    seat: Seat
    bound: Bound | None
    sid: str | None = None
    is_live: bool = True


@dataclass(eq=False)
class Grant:
    """What a client was given: a code that it still keeps, or tokens."""

    session: Session
    answer: Answer | None
    tokens: Tokens | None = None
    was_seen_over: bool = False

    def __repr__(self) -> str:
        of = self.session
        return f"<grant at client {of.client} as seat {of.seat.number} by {of.sign_in.agent or 'its owner'}>"


@dataclass
class Model:
    """Everything that was done in one sequence, and what has to follow from it."""

    seats: list[Seat]
    suspended_companies: set[str] = field(default_factory=set)
    bounds: list[Bound] = field(default_factory=list)
    sign_ins: list[SignIn] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)
    # Clients that somebody entered through a binding: by a page, and in any way at all.
    by_page: set[tuple[int, Bound]] = field(default_factory=set)
    entered: set[tuple[int, Bound]] = field(default_factory=set)
    # What a human agreed to: client, her account, and the account that she acts as.
    consents: set[tuple[int, str, str]] = field(default_factory=set)

    def is_able(self, seat: Seat) -> bool:
        """Whether the account may act, whoever comes as it."""
        return not seat.is_suspended and seat.person.tax_id not in self.suspended_companies

    def bound_to(self, agent: str) -> list[Bound]:
        """The bindings of a linked account that have not ended."""
        return [one for one in self.bounds if one.agent == agent and one.state != "ended"]

    def usable(self, sign_in: SignIn, fits: Callable[[Seat], bool] = lambda seat: True) -> list[Bound]:
        """What the linked person may choose now."""
        mine = self.bound_to(sign_in.agent or "")
        return [one for one in mine if one.state == "bound" and self.is_able(one.seat) and fits(one.seat)]

    def live(self, client: int, sign_in: SignIn) -> list[Session]:
        """The living sessions of a client in a sign-in."""
        return [one for one in self.sessions if one.is_live and one.client == client and one.sign_in is sign_in]

    def session_of(self, client: int, sign_in: SignIn, seat: Seat, bound: Bound | None) -> Session:
        """The living session as this seat, or the one that begins now."""
        found = next((one for one in self.live(client, sign_in) if one.seat is seat), None)
        if found is None:
            found = Session(client, sign_in, seat, bound)
            self.sessions.append(found)
        assert found.bound is bound, f"{bound} joins a session of {found.bound}"
        return found

    def end(self, which: Callable[[Session], bool]) -> None:
        """End sessions; none of them comes back."""
        for one in self.sessions:
            if which(one):
                one.is_live = False

    def end_bound(self, bound: Bound, state: str = "ended") -> None:
        """Unbound, or held until its owner confirms it."""
        bound.state = state
        self.end(lambda one: one.bound is bound)

    def end_seats(self, seats: list[Seat]) -> None:
        """Suspended, with what their owners began themselves."""
        own = [seat.person.sub for seat in seats]
        self.end_sign_ins(lambda sign_in: sign_in.person.sub in own)
        self.end(lambda one: one.seat in seats)

    def end_sign_ins(self, which: Callable[[SignIn], bool]) -> None:
        """End sign-ins, and everything in them."""
        for sign_in in self.sign_ins:
            sign_in.is_alive = sign_in.is_alive and not which(sign_in)
        self.end(lambda one: not one.sign_in.is_alive)

    def silent(self, client: int, sign_in: SignIn, fits: Callable[[Seat], bool] | None) -> tuple[Seat | None, bool]:
        """Whom ``prompt=none`` may give, and whether it has to (asking rules 1, 4 and 5)."""
        live = self.live(client, sign_in)
        has_left = client in sign_in.has_left and not live
        if sign_in.agent is None:
            own = next((seat for seat in self.seats if seat.person.sub == sign_in.person.sub), None)
            is_met = own is not None and (fits is None or fits(own))
            if own is None or not is_met or has_left:
                return None, False
            return own, client == 0 or (client, own.person.sub, own.person.sub) in self.consents
        usable = self.usable(sign_in, fits or (lambda seat: True))
        here = [one for one in usable if any(session.seat is one.seat for session in live)]
        fitting = usable if fits is not None else here or usable
        if len(fitting) != 1 or has_left:
            return None, False
        [only] = fitting
        may = only in here or (client, only) in self.entered
        return (only.seat, only in here or (client, only) in self.by_page) if may else (None, False)
