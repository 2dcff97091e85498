"""What stands between a person and the answer to a client's request: judged anew at every step (policies/requirements).

Who signed in, and whom she would enter as, are two things: a linked account is the human, one of its seats is acted as.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from idp.db import now
from idp.oidc.client_authentication import RegisteredClient
from idp.oidc.requests import ProtocolRequest
from idp.policies.asking import Asked, scopes_to_agree
from idp.policies.assurance import Shortfall
from idp.policies.requirements import Situation
from idp.policies.scopes import LINKED_ACCOUNTS
from idp.policies.wishes import Wish
from idp.services.acting import Acting
from idp.services.agreements import must_agree
from idp.services.authorization_requests import WaitingRequest
from idp.services.consents import agreed_scopes
from idp.services.grants import Visits
from idp.services.seat_choice import Choice, Entry, Trouble, must_enter_by_page
from idp.services.sign_ins import SignedIn
from idp.services.step_up import lack_of

FRESH_FOR_A_REQUEST = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Request:
    """A request that was read and found to be a registered client's."""

    parameters: dict[str, str]
    protocol: ProtocolRequest
    grant: Any
    client: RegisteredClient
    redirect_uri: str
    scope: str
    asked: Asked
    wish: Wish


def situation_of(
    asked: Request, waiting: WaitingRequest | None, signed_in: SignedIn | None, choice: Choice, seen: Visits
) -> Situation:
    """Everything that decides what is still missing. ``choice`` is nobody's where nobody is signed in."""
    if signed_in is None:
        return Situation(is_signed_in=False, must_sign_in_again=True, must_register=_must_register(asked))
    is_for_this = signed_in_for_this(waiting, signed_in)
    entry = Entry(asked.client.record, bool(asked.wish), asked.asked.is_silent, is_for_this)
    needs_page = must_enter_by_page(signed_in.human, choice, entry, seen)
    # Of a seat that needs a page nothing more is asked: it would take longer than where there is none.
    seat = None if needs_page else choice.seat
    lacks = Shortfall.NONE
    if seat is not None:
        lacks = lack_of(asked.asked, signed_in, seat, asked.client.record).shortfall
    return Situation(
        is_signed_in=True,
        must_sign_in_again=_must_sign_in_again(asked.asked, waiting, signed_in),
        must_register=_must_register(asked) and not is_for_this,
        is_linked=choice.bound is not None or choice.seat is None,
        meets_wish=choice.trouble not in {Trouble.NOTHING_FITS, Trouble.SOMEBODY_ELSE},
        wishes_for_somebody_else=choice.trouble is Trouble.SOMEBODY_ELSE,
        is_admitted=choice.trouble is not Trouble.NOT_ADMITTED,
        has_several=choice.trouble is Trouble.SEVERAL,
        has_left_client=seen.has_left and not choice.was_made and not is_for_this,
        must_choose="select_account" in asked.asked.prompts and not choice.was_made,
        must_enter_by_page=needs_page,
        must_agree=seat is not None and must_agree(seat, asked.client.record),
        must_consent=seat is not None and _must_consent(asked, waiting, seat),
        must_step_up=_must_step_up(asked.asked, waiting, lacks),
        is_beyond_reach=lacks is Shortfall.BEYOND_REACH,
    )


def _must_register(asked: Request) -> bool:
    """Whether the client asks for a new account; where its service is unknown there is nothing to apply for."""
    return "create" in asked.asked.prompts and asked.client.record.service_id is not None


def signed_in_for_this(waiting: WaitingRequest | None, signed_in: SignedIn) -> bool:
    """Whether this very sign-in was made, or made again, at the door of this request, and not long ago.

    That somebody signed in since it came is not enough: a request may have been sent by anybody, and wait for her.
    """
    if waiting is None or waiting.signed_in_at is None:
        return False
    if not waiting.created_at <= signed_in.auth_time <= waiting.signed_in_at:
        return False
    return now() - signed_in.auth_time <= FRESH_FOR_A_REQUEST


def _must_sign_in_again(asked: Asked, waiting: WaitingRequest | None, signed_in: SignedIn) -> bool:
    if signed_in_for_this(waiting, signed_in):
        return False
    if asked.prompts & {"login", "create"}:
        return True
    # OIDC Core §3.1.2.1: max_age counts from the last active authentication, not from the cookie's birth.
    age = (now() - signed_in.auth_time).total_seconds()
    return asked.max_age is not None and age > asked.max_age


def _must_consent(asked: Request, waiting: WaitingRequest | None, seat: Acting) -> bool:
    has_agreed = waiting is not None and waiting.consented_at is not None and waiting.account_id == seat.account_id
    if "consent" in asked.asked.prompts and not has_agreed:
        return True
    to_agree = scopes_to_agree(asked.scope, asked.asked)
    if not asked.client.record.asks_consent:
        # Which companies somebody serves is told to no application, however trusted, before she has said so herself.
        to_agree &= {LINKED_ACCOUNTS} if seat.via is not None else frozenset()
    return bool(to_agree) and not to_agree <= agreed_scopes(seat, asked.client.client_id)


def _must_step_up(asked: Asked, waiting: WaitingRequest | None, lacks: Shortfall) -> bool:
    """Whether a stronger sign-in is asked for; what a client merely wishes for is asked for once, on a page."""
    if lacks is Shortfall.WISHED:
        return not asked.is_silent and (waiting is None or waiting.went_on_at is None)
    return lacks is Shortfall.DEMANDED
