"""Agents who ask for accounts, and what is mailed about it."""

import secrets
from dataclasses import dataclass

from sqlalchemy import update

from idp.db import session, transaction
from idp.mails.compose import unsealed_code
from idp.models import Account, Binding, OutboxEntry
from idp.policies.standing import BindingState
from idp.services.accounts import add_linked_account
from idp.services.acting import Acting, acting_account
from idp.services.binding_codes import enter_code
from idp.services.binding_requests import Asked, ask_owner, ask_with_password
from idp.services.password_sign_in import judge, open_try
from tests.services.people import PASSWORD, mails

CODED = {"binding_proof": "password_and_code", "rotate_after_binding": False}


@dataclass(frozen=True)
class Agent:
    """A person with a linked account, who asks, types codes and unbinds."""

    account: Account
    acting: Acting

    def ask(self, target: Account, password: str = PASSWORD) -> Asked:
        """Give an account's name and password."""
        with transaction():
            attempt = open_try(target.username, browser=self.account.id, address="192.0.2.7")
        verdict = judge(attempt, password)
        with transaction():
            return ask_with_password(self.acting, attempt, verdict)

    def ask_by_name(self, username: str) -> None:
        with transaction():
            ask_owner(self.acting, username)

    def enter(self, binding_id: str, code: str) -> Binding:
        with transaction():
            return enter_code(self.acting, binding_id, code)

    def bind(self, target: Account) -> str:
        """Ask for an account of a service with codes, and enter the right one; the binding's id."""
        binding_id = self.bind_or_wait(target)
        assert state_of(binding_id) is BindingState.BOUND
        return binding_id

    def bind_or_wait(self, target: Account) -> str:
        """As bind, where group admins may have to approve."""
        asked = self.ask(target)
        self.enter(asked.binding_id, code_mailed_to(target))
        return asked.binding_id


def an_agent(name: str = "錢大明") -> Agent:
    username = f"agent-{secrets.token_hex(4)}"
    with transaction():
        account = add_linked_account(username=username, name=name, email=f"{username}@example.test", password=PASSWORD)
    return Agent(account, acting(account))


def acting(account: Account) -> Acting:
    found = acting_account(account.id)
    assert found is not None
    return found


def mails_to(account: Account, template: str | None = None) -> list[OutboxEntry]:
    return [mail for mail in mails() if mail.account_id == account.id and template in (None, mail.template)]


def templates_to(account: Account) -> list[str]:
    return [mail.template for mail in mails_to(account)]


def code_mailed_to(account: Account) -> str:
    """The newest code."""
    code = unsealed_code(mails_to(account, "binding_code")[-1].payload)
    assert code is not None
    return code


def wrong(code: str) -> str:
    """Another code."""
    return f"{(int(code) + 1) % 10**6:06d}"


def state_of(binding_id: str) -> BindingState:
    session.expire_all()
    return session.get_one(Binding, binding_id).state


def change(binding_id: str, **values: object) -> None:
    """What time has done to a binding."""
    with transaction():
        session.execute(update(Binding).where(Binding.id == binding_id).values(**values))
