"""An owner does about a binding what its page offers, and nothing else: a mailed code is not to be skipped."""

import itertools
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from idp.db import now, session, transaction
from idp.errors import BindingRequestOver, ChangedMeanwhile, CodeVoid, PasswordNotChanged, WrongCode
from idp.models import Account, Binding, Company, Password
from idp.policies.binding_acts import OwnerAct, acts_of_owner
from idp.policies.bindings import MOST_TRIES_OF_A_CODE, BindingProof, HeldBecause, Shown
from idp.policies.standing import BindingState
from idp.services.binding_decisions import (
    owner_agrees,
    owner_confirms,
    owner_refuses,
    owner_unbinds,
)
from idp.services.binding_facts import binding_of_owner
from idp.services.binding_requests import cancel_request
from idp.services.bindings import hold_bindings, insert_binding
from tests.services.applicants import a_service
from tests.services.binders import CODED, Agent, acting, an_agent, change, code_mailed_to, state_of, templates_to, wrong
from tests.services.people import PASSWORD, person

DO = {
    OwnerAct.AGREE: owner_agrees,
    OwnerAct.REFUSE: owner_refuses,
    OwnerAct.CONFIRM: owner_confirms,
    OwnerAct.END: owner_unbinds,
}
# How a binding that is shown so stands in its row.
ROWS: dict[Shown, dict[str, object]] = {
    Shown.PENDING: {"state": BindingState.PENDING},
    Shown.CODE_EXPIRED: {"state": BindingState.PENDING, "code_expires_at": None},
    Shown.CODE_VOID: {"state": BindingState.PENDING, "code_tries": MOST_TRIES_OF_A_CODE},
    Shown.AWAITS_ADMIN: {"state": BindingState.AWAITS_ADMIN},
    Shown.BOUND: {"state": BindingState.BOUND},
    Shown.NEEDS_CONFIRMATION: {"state": BindingState.NEEDS_CONFIRMATION},
}


@pytest.fixture
def ming(company: Company) -> Account:
    """王小明, whose service asks for a code."""
    return person(company, service_id=a_service(policy=CODED | {"company_proof": ["operator"]}).id, password=PASSWORD)


@pytest.fixture
def agent(database: Flask) -> Agent:
    return an_agent()


def test_who_knows_the_password_does_not_bind_without_the_mailed_code(ming: Account, agent: Agent) -> None:
    """BC01, D-7: with the password one signs in as the owner as well, so her word at P29 is no second proof."""
    asked = agent.ask(ming)
    with transaction(), pytest.raises(ChangedMeanwhile):
        owner_agrees(acting(ming), asked.binding_id)
    mailed = code_mailed_to(ming)
    for _ in range(MOST_TRIES_OF_A_CODE):
        with pytest.raises((WrongCode, CodeVoid)):
            agent.enter(asked.binding_id, wrong(mailed))
    with transaction(), pytest.raises(ChangedMeanwhile):
        owner_agrees(acting(ming), asked.binding_id)
    assert state_of(asked.binding_id) is BindingState.PENDING
    with transaction():
        cancel_request(agent.acting, asked.binding_id)
    agent.ask_by_name(ming.username)
    assert [(one.id, one.state) for one in session.query(Binding)] == [(asked.binding_id, BindingState.UNBOUND)]
    assert "binding_asked" not in templates_to(ming), "asked by name she would agree herself"


@pytest.mark.parametrize("because", HeldBecause)
def test_who_gave_her_password_away_confirms_after_a_change_of_mailbox_only_with_another_password(
    ming: Account, agent: Agent, because: HeldBecause
) -> None:
    """LK05: who knows the password signs in as her, and could take the word that the new mailbox is to give."""

    def confirms() -> str:
        with transaction():
            return str(owner_confirms(acting(ming), binding_id).state)

    binding_id = agent.bind(ming)
    with transaction():
        hold_bindings(ming.id, because)
    if because is HeldBecause.MAILBOX:
        assert binding_of_owner(ming.id, binding_id).needs_new_password
        with pytest.raises(PasswordNotChanged):
            confirms()
        assert state_of(binding_id) is BindingState.NEEDS_CONFIRMATION
        with transaction():
            session.execute(update(Password).where(Password.account_id == ming.id).values(changed_at=now()))
    assert not binding_of_owner(ming.id, binding_id).needs_new_password
    assert confirms() == BindingState.BOUND


def test_what_a_page_does_not_offer_is_not_done(ming: Account) -> None:
    """Every act, of bindings of every standing and either proof."""
    for shown, proof, act in itertools.product(ROWS, BindingProof, DO):
        with transaction():
            binding = insert_binding(an_agent().account.id, ming.id, BindingState.PENDING, proof=proof)
        change(binding.id, **{"code_expires_at": now() + timedelta(hours=1)} | ROWS[shown])
        one = binding_of_owner(ming.id, binding.id)
        assert one.state is shown
        if act in acts_of_owner(shown, proof):
            with transaction():
                DO[act](acting(ming), binding.id)
            continue
        with transaction(), pytest.raises((ChangedMeanwhile, BindingRequestOver)):
            DO[act](acting(ming), binding.id)
        assert binding_of_owner(ming.id, binding.id) == one, (shown, proof, act)
