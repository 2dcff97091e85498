"""A seat is taken while its binding is held: what begins through it is there to be ended, or does not begin (LK06)."""

import time
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from idp.db import session, transaction
from idp.errors import BindingUnusable
from idp.models import Account, Binding, ClientSession, Company, Grant, OutboxEntry
from idp.policies.assurance import Method
from idp.policies.bindings import LinkedAccounts
from idp.policies.roles import Role
from idp.services.accounts import restore_account, set_role, suspend_account
from idp.services.acting import Acting, acting_account
from idp.services.binding_decisions import owner_confirms, owner_unbinds
from idp.services.bindings import bind_by_operator, hold_bindings
from idp.services.grants import CodeOrder, issue_code, redeem_code, revoke_grant, visits
from idp.services.linked_policy import LinkedPolicy, set_linked_policy
from idp.services.seats import BoundSeat, seat_of_binding
from idp.services.sign_ins import SignedIn, act_as, begin_sign_in, find_sign_in, see_sign_in
from idp.services.tokens import find_token, save_tokens
from idp.services.uses import take_seat
from tests.services.binders import acting, an_agent
from tests.services.people import a_client, person
from tests.services.races import ON_THE_WAY, at_once, in_turn

pytestmark = pytest.mark.both_databases

ROUNDS = 20


def row_of(account: Acting) -> Account:
    return session.get_one(Account, account.account_id, populate_existing=True)


class Desk:
    """An agent who is signed in, an account bound to hers, and an application."""

    def __init__(self, company: Company) -> None:
        # Rows belong to one session: what threads share is what they say.
        self.owner = acting(person(company))
        self.agent = an_agent().acting
        self.client_id = a_client(acting_understood=True, backchannel_logout_uri="https://app.example/out").id
        self.binding_id = self.bind()
        with transaction():
            _, token = begin_sign_in(
                self.agent, [Method.PASSWORD], previous=None, browser="b", address=None, user_agent=None
            )
        found = find_sign_in(token)
        assert found is not None
        self.signed_in: SignedIn = found

    def bind(self) -> str:
        with transaction():
            self.binding_id = bind_by_operator(row_of(self.agent), row_of(self.owner), "a test").id
        return self.binding_id

    def seat(self) -> BoundSeat:
        """The seat as it is read now."""
        found = seat_of_binding(self.agent.account_id, self.binding_id)
        assert found is not None
        return found

    def enter(self, seat: BoundSeat) -> str:
        """As the authorization endpoint does, with what it has read before. Raises BindingUnusable."""
        if not take_seat(seat, self.client_id):
            raise BindingUnusable
        see_sign_in(self.signed_in)
        return self.issue(seat)

    def issue(self, seat: BoundSeat) -> str:
        running = visits(self.signed_in.id, self.client_id).as_seat(seat.acting)
        order = CodeOrder(self.client_id, "https://app.example/cb", "openid", None, None, None, False)
        return issue_code(order, seat.acting, self.signed_in, running=running)

    def entered(self, seat: BoundSeat) -> str:
        with transaction():
            return self.enter(seat)

    def unbind(self) -> str:
        owner_unbinds(self.owner, self.binding_id)
        return "unbound"

    def living(self) -> int:
        """Client sessions and grants of the account that nothing has ended."""
        session.expire_all()
        ended = select(func.count()).select_from(ClientSession).where(ClientSession.ended_at.is_(None))
        revoked = select(func.count()).select_from(Grant).where(Grant.revoked_at.is_(None))
        return session.scalar(ended) or session.scalar(revoked) or 0


@pytest.fixture
def desk(company: Company) -> Desk:
    return Desk(company)


def test_who_enters_while_the_owner_unbinds_leaves_nothing_behind(desk: Desk, database: Flask) -> None:
    """LK06, TK10: whichever comes first, and nobody waits for ever for the other one."""
    human = desk.agent.account_id
    for _ in range(ROUNDS):
        seat = desk.seat()
        ends = at_once(
            database,
            lambda seat=seat: "entered" if desk.enter(seat) else "",
            lambda: "acts" if act_as(desk.signed_in, desk.binding_id, browser="b") else "",
            desk.unbind,
        )
        assert ends[2] == "unbound"
        assert {ends[0], ends[1]} <= {"entered", "acts", "binding.unusable", "not_found"}, ends
        assert desk.living() == 0
        desk.bind()
    notices = select(func.count()).select_from(OutboxEntry).where(OutboxEntry.kind == "backchannel")
    begun = select(func.count()).select_from(ClientSession).where(ClientSession.linked_account_id == human)
    assert session.scalar(notices) == session.scalar(begun)


def test_a_seat_that_is_gone_since_it_was_read_is_not_entered(desk: Desk) -> None:
    """Unbound, held, suspended; confirmed or restored, what was asked for before comes back in none of them."""
    owner = desk.owner

    def held() -> None:
        hold_bindings(owner.account_id, "password")

    def suspended() -> None:
        suspend_account(row_of(owner), "a test")

    acts: list[tuple[Callable[[], object], Callable[[], object] | None]] = [
        (held, lambda: owner_confirms(owner, desk.binding_id)),
        (suspended, lambda: restore_account(row_of(owner))),
        (desk.unbind, None),
    ]
    for end, mend in acts:
        seat, code = desk.seat(), desk.entered(desk.seat())
        with transaction():
            end()
        with pytest.raises(BindingUnusable):
            desk.entered(seat)
        if mend is not None:
            with transaction():
                mend()
        assert desk.living() == 0
        with transaction():
            assert redeem_code(code, desk.client_id) is None
    assert acting_account(owner.account_id) is not None


def test_a_session_is_the_bindings_own_and_ends_with_it(desk: Desk) -> None:
    """Bound again it is another binding: one that was left over is none of its sessions, and is told its end."""
    before = desk.seat()
    with transaction():
        desk.unbind()
        desk.issue(before)  # as before seats were taken
    [first] = session.scalars(select(ClientSession.sid)).all()
    desk.bind()
    seat = desk.seat()
    assert visits(desk.signed_in.id, desk.client_id).as_seat(seat.acting) is None
    desk.entered(seat)
    session.expire_all()
    assert session.get_one(ClientSession, first).ended_at is not None
    running = visits(desk.signed_in.id, desk.client_id).as_seat(seat.acting)
    assert running is not None
    assert running.binding_id == desk.binding_id
    assert running.sid != first


def test_who_is_let_in_while_linked_accounts_are_forbidden_waits_and_nobody_for_ever(
    desk: Desk, company: Company, database: Flask
) -> None:
    """Company, accounts, bindings: whoever holds several holds them in this order."""
    leads, said = LinkedPolicy(LinkedAccounts.ALLOWED, linked_admin=True), LinkedPolicy.of(company)
    company_id, seat = company.id, desk.seat()
    with transaction():
        set_role(row_of(desk.owner), Role.GROUP_ADMIN)
        set_linked_policy(company_id, seen=said, wanted=leads)
    forbidden = LinkedPolicy(LinkedAccounts.FORBIDDEN, linked_admin=False)
    ends = in_turn(
        database,
        lambda: session.get_one(Binding, desk.binding_id, with_for_update=True, populate_existing=True),
        lambda: f"{set_linked_policy(company_id, seen=leads, wanted=forbidden)} ended",
        lambda: f"entered: {take_seat(seat, desk.client_id)}",
    )
    assert ends == ("1 ended", "entered: False")


def test_a_refresh_token_used_again_while_the_owner_unbinds_ends_the_grant(desk: Desk, database: Flask) -> None:
    """TK09, LK06: the grant is held before its token, by whichever comes first."""
    code = desk.entered(desk.seat())
    with transaction():
        grant = redeem_code(code, desk.client_id)
        assert grant is not None
        tokens = {"access_token": "a" * 40, "refresh_token": "r" * 40}
        save_tokens(**tokens, client_id=desk.client_id, scope="openid", grant=grant, expires_in=300)

    def reuses() -> str:
        token = find_token("r" * 40, for_update=True)
        time.sleep(2 * ON_THE_WAY)
        assert token is not None
        assert token.grant is not None
        return str(revoke_grant(token.grant.id, because="refresh_reused"))

    assert in_turn(database, lambda: None, reuses, desk.unbind) == ("True", "unbound")
    assert desk.living() == 0
