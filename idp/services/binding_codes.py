"""The code of a binding: six digits mailed to the owner, who hands them to the linked account's person (R-107 … R-111).

It is no factor of a sign-in (security.md §1.9-1). It is kept by a keyed hash with the binding's id in it, so that it
fits no other binding (BC02), and guesses are capped per code, account and day, and for the whole system.
"""

import hmac
import logging
import secrets

from sqlalchemy import update

from idp.config import settings
from idp.db import now, session
from idp.errors import AlreadyBound, CodeExpired, CodeVoid, NotFound, WrongCode
from idp.mails import bindings as mails
from idp.models import Binding
from idp.policies.bindings import CODE_DIGITS, MOST_TRIES_OF_A_CODE, BindingProof, Shown, folded_code, tries_left
from idp.policies.limits import BINDING_TRIES_PER_ACCOUNT, WRONG_BINDING_CODES, WRONG_BINDING_CODES_TOLD
from idp.policies.standing import BindingState
from idp.services.acting import Acting
from idp.services.bindings import IS_TOLD, Parties, agreed, check_bindable, held, note
from idp.services.limits import count, is_reached, raise_reached, spend
from idp.services.secrets import keyed_digest

log = logging.getLogger(__name__)

EVERYBODY = "all"


def new_code() -> str:
    """Six random digits; leading zeros are as likely as others."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def code_hash(binding_id: str, code: str) -> bytes:
    """The hash under which the code of this binding is kept."""
    return keyed_digest(settings().derived_key("binding codes"), f"{binding_id} {code}")


def enter_code(linked: Acting, binding_id: str, code_text: str) -> Binding:
    """Judge the code that a linked account's person typed: the binding, bound or waiting for the group admins.

    Every try counts, whatever was typed. Raises NotFound, AlreadyBound, TooManyRequests, WrongCode (``left``),
    CodeVoid, CodeExpired; InvalidInput where the account can't be bound any more.
    """
    found = held(binding_id, Binding.linked_account_id == linked.account_id, IS_TOLD)
    check_pending(found)
    if found.binding.proof is not BindingProof.PASSWORD_AND_CODE:
        raise NotFound(what="code")
    check_bindable(found.owner)
    _check_guesses(found)
    row = session.execute(
        update(Binding)
        .where(
            Binding.id == binding_id,
            Binding.state == BindingState.PENDING,
            Binding.code_hash.is_not(None),
            Binding.code_tries < MOST_TRIES_OF_A_CODE,
            Binding.code_expires_at > now(),
        )
        .values(code_tries=Binding.code_tries + 1)
        .returning(Binding.code_hash, Binding.code_tries)
        .execution_options(synchronize_session=False)
    ).first()
    if row is None or row[0] is None:
        raise CodeVoid if found.shown is Shown.CODE_VOID else CodeExpired
    session.refresh(found.binding)
    if not hmac.compare_digest(row[0], code_hash(binding_id, folded_code(code_text) or "")):
        _refuse(found, tries_left(row[1]))
    return agreed(found, by="code")


def check_pending(found: Parties) -> None:
    """Raise AlreadyBound where a request has become a binding, or waits for the group admins."""
    if found.binding.state is not BindingState.PENDING:
        raise AlreadyBound


def _check_guesses(found: Parties) -> None:
    if is_reached(WRONG_BINDING_CODES, EVERYBODY):
        raise_reached(WRONG_BINDING_CODES)
    spend(BINDING_TRIES_PER_ACCOUNT, found.owner.id)


def _refuse(found: Parties, left: int) -> None:
    """Count a wrong code, and raise WrongCode or, after the last try, CodeVoid: then the owner is told too (BC01)."""
    wrong = count(WRONG_BINDING_CODES, EVERYBODY)
    if wrong == WRONG_BINDING_CODES_TOLD:
        log.warning("binding codes: %s wrong ones today; somebody may be guessing", wrong)
    note("binding:code:refused", found, left=left)
    if left:
        raise WrongCode(left=left)
    session.execute(update(Binding).where(Binding.id == found.binding.id).values(code_hash=None))
    mails.code_void(found.sides)
    raise CodeVoid
