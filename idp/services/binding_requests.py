"""A linked account asks to be bound to a general account: by its password, or of its owner by its name (R-097 … R-102).

Who asks by a name alone is told nothing of what became of it, and neither is who does not know the password (D-6).
Such requests are counted by themselves: they take nothing from who knows the password, nor from other mails.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select, update

from idp.db import now, session
from idp.errors import AlreadyBound, BadCredentials, ChangedMeanwhile, InvalidInput, TooManyRequests
from idp.mails import bindings as mails
from idp.models import Account, Binding
from idp.policies.bindings import CODE_LASTS, CODE_PAUSE, BindingProof, EndedBy
from idp.policies.limits import (
    BINDING_CODES_PER_ACCOUNT,
    BINDING_NAMES_PER_MAILBOX,
    BINDING_TARGET_KNOWN,
    BINDING_TARGETS_PER_LINKED,
    MAILS_PER_MAILBOX,
)
from idp.policies.names import canonical_username
from idp.policies.standing import BindingState
from idp.services.acting import Acting
from idp.services.binding_codes import check_pending, code_hash, new_code
from idp.services.bindings import (
    IS_TOLD,
    Parties,
    check_bindable,
    held,
    insert_binding,
    note,
    policy_of_account,
    unbind,
)
from idp.services.factors import factors_of
from idp.services.limits import count, is_reached, raise_reached, spend
from idp.services.mailbox_checks import check_mails_to
from idp.services.password_sign_in import LONGEST_NAME, Try, Verdict, settle_password

Way = Literal["code", "owner"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of a request: a code was mailed to the owner (``code``), or she was asked to agree (``owner``)."""

    binding_id: str
    how: Way


def check_may_ask(linked: Acting, username: str = "") -> None:
    """Raise TooManyRequests where this linked account has asked for as many other accounts today as it may."""
    if is_reached(BINDING_TARGETS_PER_LINKED, linked.account_id) and not _is_known_target(linked, _key(username)):
        raise_reached(BINDING_TARGETS_PER_LINKED)


def ask_with_password(linked: Acting, attempt: Try, verdict: Verdict) -> Asked:
    """Ask for an account whose password was given: the try counts as one of signing in to it.

    Raises TooManyRequests (too many accounts today), BadCredentials; and only after the right password InvalidInput for
    what can't be bound, AlreadyBound, TooManyRequests within 60 s of the last request or after five codes today.
    """
    _spend_target(linked, attempt.name)
    account = session.get(Account, settle_password(attempt, verdict), populate_existing=True)
    if account is None:
        raise BadCredentials
    # Password and mailbox are what a second factor is there to stand against: its owner is asked, whatever the policy.
    if factors_of(account.id).has_second:
        return _ask(linked, account, BindingProof.OWNER_APPROVES)
    return _ask(linked, account, policy_of_account(account).binding_proof)


def ask_owner(linked: Acting, username: str) -> None:
    """Ask the owner of an account of this name to agree, if there is one that can be bound so. Never says which.

    Where its service asks for the password and a mailed code nobody is asked: who knows the password signs in as the
    owner too, and would agree for her (BC01, D-7).
    Raises TooManyRequests where this linked account has asked for as many other accounts today as it may.
    """
    name = _key(username)
    _spend_target(linked, name)
    account = session.scalar(select(Account).where(Account.username_canonical == name))
    if account is None or policy_of_account(account).binding_proof is not BindingProof.OWNER_APPROVES:
        return
    with suppress(InvalidInput, AlreadyBound, TooManyRequests):
        _ask(linked, account, BindingProof.OWNER_APPROVES, asked_by_name=True)


def send_new_code(linked: Acting, binding_id: str) -> Asked:
    """Send a new code, or ask the owner again; the old code is dead (補發驗證信, R-109).

    Raises NotFound, AlreadyBound; TooManyRequests within 60 s of the last one or after five today; InvalidInput where
    the account can't be bound any more.
    """
    found = held(binding_id, Binding.linked_account_id == linked.account_id, IS_TOLD)
    check_pending(found)
    _check_pause(found.binding.code_sent_at)
    check_bindable(found.owner)
    _count_code(found.owner)
    return _send(found)


def cancel_request(linked: Acting, binding_id: str) -> None:
    """Take back a request that is not bound yet. Raises NotFound; ChangedMeanwhile where it is bound by now."""
    found = held(binding_id, Binding.linked_account_id == linked.account_id, IS_TOLD)
    if found.binding.state not in (BindingState.PENDING, BindingState.AWAITS_ADMIN):
        raise ChangedMeanwhile
    unbind(binding_id, EndedBy.LINKED, was=found.binding.state)


def _ask(linked: Acting, account: Account, proof: BindingProof, *, asked_by_name: bool = False) -> Asked:
    company = check_bindable(account)
    replaced = _replaced(linked.account_id, account.id)
    _check_pause(_last_sent(linked.account_id, account.id, by_name=asked_by_name))
    if asked_by_name:
        _count_name(account)
    else:
        _count_code(account)
    if replaced is not None:
        unbind(replaced, EndedBy.LINKED, was=BindingState.PENDING)
    binding = insert_binding(
        linked.account_id, account.id, BindingState.PENDING, proof=proof, asked_by_name=asked_by_name
    )
    found = Parties(binding, session.get_one(Account, linked.account_id), account, company)
    note("binding:asked", found, proof=str(proof), by_name=asked_by_name)
    return _send(found)


def _replaced(linked_account_id: str, account_id: str) -> str | None:
    """The request by name that a new one takes the place of: the linked side was told nothing of it. None where there
    is none. Raises AlreadyBound where the two are bound or about to be."""
    there = session.execute(
        select(Binding.id, Binding.asked_by_name, Binding.state).where(
            Binding.linked_account_id == linked_account_id,
            Binding.account_id == account_id,
            Binding.state != BindingState.UNBOUND,
        )
    ).first()
    if there is None:
        return None
    if not there.asked_by_name or there.state is not BindingState.PENDING:
        raise AlreadyBound
    return str(there.id)


def _send(found: Parties) -> Asked:
    """Mail a code, or ask the owner; the request runs for 24 hours from now."""
    binding = found.binding
    code = new_code() if binding.proof is BindingProof.PASSWORD_AND_CODE else None
    moment = now()
    session.execute(
        update(Binding)
        .where(Binding.id == binding.id, Binding.state == BindingState.PENDING)
        .values(
            code_hash=code_hash(binding.id, code) if code is not None else None,
            code_sent_at=moment,
            code_expires_at=moment + CODE_LASTS,
            code_tries=0,
        )
        .execution_options(synchronize_session=False)
    )
    session.refresh(binding)
    note("binding:code:sent" if code is not None else "binding:owner:asked", found)
    if code is None:
        mails.owner_asked(found.sides, end=moment + CODE_LASTS, gave_password=not binding.asked_by_name)
        return Asked(binding.id, "owner")
    mails.code(found.sides, code=code, end=moment + CODE_LASTS)
    return Asked(binding.id, "code")


def _last_sent(linked_account_id: str, account_id: str, *, by_name: bool) -> datetime | None:
    """When the owner was last mailed about a request of this linked account, whatever became of it."""
    return session.scalar(
        select(func.max(Binding.code_sent_at)).where(
            Binding.linked_account_id == linked_account_id,
            Binding.account_id == account_id,
            Binding.asked_by_name.is_(by_name),
        )
    )


def _check_pause(sent_at: datetime | None) -> None:
    earliest = sent_at + CODE_PAUSE if sent_at is not None else None
    if earliest is not None and earliest > now():
        seconds = max(1, round((earliest - now()).total_seconds()))
        raise TooManyRequests(retry_at=earliest, retry_seconds=seconds)


def _count_code(account: Account) -> None:
    check_mails_to(account.email)
    spend(BINDING_CODES_PER_ACCOUNT, account.id)
    count(MAILS_PER_MAILBOX, account.email_canonical)


def _count_name(account: Account) -> None:
    check_mails_to(account.email)
    spend(BINDING_NAMES_PER_MAILBOX, account.email_canonical)


def _spend_target(linked: Acting, name: str) -> None:
    if _is_known_target(linked, name):
        return
    spend(BINDING_TARGETS_PER_LINKED, linked.account_id)
    count(BINDING_TARGET_KNOWN, _target(linked, name))


def _is_known_target(linked: Acting, name: str) -> bool:
    return is_reached(BINDING_TARGET_KNOWN, _target(linked, name))


def _target(linked: Acting, name: str) -> str:
    return f"{linked.account_id} {name}"


def _key(username: str) -> str:
    return canonical_username(username)[:LONGEST_NAME]
