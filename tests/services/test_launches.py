"""The account clicked for an application is taken once, by the sign-in it was clicked in, within five minutes."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from idp.db import now, session, transaction
from idp.errors import BindingUnusable, NotFound
from idp.models import Account, Company, Launch
from idp.policies.assurance import Method
from idp.policies.bindings import EndedBy
from idp.policies.standing import BindingState
from idp.policies.wishes import Wish
from idp.services.accounts import add_linked_account
from idp.services.acting import acting_account
from idp.services.bindings import bind_by_operator, unbind
from idp.services.clients import ClientRecord, client_by_id
from idp.services.housekeeping import tidy
from idp.services.launches import launch, take_launch
from idp.services.sign_ins import SignedIn, begin_sign_in, find_sign_in
from tests.services.people import a_client, person
from tests.services.races import at_once

pytestmark = pytest.mark.both_databases


@dataclass(frozen=True)
class Bound:
    """An agent who is signed in, an account bound to hers, and an application that can be entered."""

    signed_in: SignedIn
    account: Account
    binding_id: str
    client: ClientRecord

    def click(self) -> str:
        with transaction():
            return launch(self.signed_in, self.binding_id, self.client)

    def take(self) -> tuple[str, str] | None:
        with transaction():
            return take_launch(self.signed_in, self.client.id, Wish())


@pytest.fixture
def bound(company: Company) -> Bound:
    registration = {"acting_understood": True, "backchannel_logout_uri": "https://app.example/out"}
    client_id = a_client(initiate_login_uri="https://app.example/login?from=idp", **registration).id
    account = person(company)
    with transaction():
        linked = add_linked_account(username="agent-1", name="錢大明", email="agent@example.test")
        binding = bind_by_operator(linked, account, "a test")
    client, acting = client_by_id(client_id), acting_account(linked.id)
    assert client is not None
    assert acting is not None
    with transaction():
        _, token = begin_sign_in(
            acting, [Method.PASSWORD], previous=None, browser="b", address="127.0.0.1", user_agent=None
        )
    signed_in = find_sign_in(token)
    assert signed_in is not None
    return Bound(signed_in, account, binding.id, client)


def test_a_click_is_taken_once(bound: Bound, company: Company, database: Flask) -> None:
    """tokens.md rule 4; clicked twice it is one, and of two requests at once one has it."""
    address = bound.click()
    assert address == (
        "https://app.example/login?from=idp&iss=https%3A%2F%2Fidp.test&target_link_uri=https%3A%2F%2Fapp.example%2F"
        f"&login_hint={bound.account.id}&tenant={company.id}"
    )
    bound.click()

    with transaction():
        assert take_launch(bound.signed_in, bound.client.id, Wish(company="00000099")) is None, "another's is left"
    wish = Wish({"sub": frozenset({bound.account.id})})

    def take() -> str:
        return str(take_launch(bound.signed_in, bound.client.id, wish))

    assert set(at_once(database, take, take)) == {str((bound.account.id, bound.binding_id)), "None"}
    assert bound.take() is None


def test_a_click_is_over_after_five_minutes(bound: Bound) -> None:
    bound.click()
    with transaction():
        session.execute(update(Launch).values(expires_at=now() - timedelta(seconds=1)))
    assert bound.take() is None
    bound.click()
    with transaction():
        session.execute(update(Launch).values(expires_at=now() - timedelta(days=2)))
    assert tidy() == 1


def test_nothing_is_kept_of_what_cannot_be_entered(bound: Bound, company: Company) -> None:
    """Another's binding, an account that is suspended, a client that admits nobody, a binding that has ended."""
    with pytest.raises(NotFound), transaction():
        launch(bound.signed_in, "bi_unknown", bound.client)
    silent = a_client("silent")
    refused = client_by_id(silent.id)
    assert refused is not None
    with pytest.raises(NotFound), transaction():
        launch(bound.signed_in, bound.binding_id, refused)
    bound.click()
    with transaction():
        unbind(bound.binding_id, EndedBy.OWNER)
    assert bound.take() is None, "what was clicked before it ended is gone with it"
    with pytest.raises(NotFound):
        bound.click()
    with transaction():
        again = bind_by_operator(session.get_one(Account, bound.signed_in.human.account_id), bound.account, "again")
        again.state = BindingState.NEEDS_CONFIRMATION
    with pytest.raises(BindingUnusable), transaction():
        launch(bound.signed_in, again.id, bound.client)
    assert session.scalar(select(func.count()).select_from(Launch)) == 0
