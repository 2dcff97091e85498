"""Invitations (邀請): where one stands, why its link works no more, and which menu rights it gives."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from idp.policies.menus import MenuItemRule
from idp.policies.roles import Role


class InvitationState(StrEnum):
    """Where an invitation stands. ``void``: who has sent it may invite nobody any more."""

    WAITING = "waiting"
    VOID = "void"
    EXPIRED = "expired"
    ACCEPTED = "accepted"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationFacts:
    """What decides about an invitation. ``stands``: its sender leads the company, and the service has its role."""

    used_at: datetime | None
    cancelled_at: datetime | None
    expires_at: datetime
    stands: bool


def invitation_state(facts: InvitationFacts, now: datetime) -> InvitationState:
    """Where an invitation stands at this moment."""
    if facts.used_at is not None:
        return InvitationState.ACCEPTED
    if facts.cancelled_at is not None:
        return InvitationState.CANCELLED
    if facts.expires_at <= now:
        return InvitationState.EXPIRED
    return InvitationState.WAITING if facts.stands else InvitationState.VOID


def invitation_trouble(
    facts: InvitationFacts, link: str | None, now: datetime, *, has_newer: bool, company_usable: bool
) -> str | None:
    """Why an invitation's link lets nobody in, or None; ``link`` is what ails the link itself (``Link.trouble``).

    One of used, cancelled, replaced, expired, company, void.
    """
    state = invitation_state(facts, now)
    if state is InvitationState.CANCELLED:
        return "replaced" if has_newer else "cancelled"
    if state in TROUBLES:
        return TROUBLES[state]
    if link is not None:
        return link
    return None if company_usable else "company"


TROUBLES = {
    InvitationState.ACCEPTED: "used",
    InvitationState.EXPIRED: "expired",
    InvitationState.VOID: "void",
}


def rights_differing(items: Iterable[MenuItemRule], role: Role, ticked: Collection[int]) -> dict[int, bool]:
    """What a form's ticks say beyond the defaults of a role: {item: whether it may be seen}, where they differ."""
    return {item.id: item.id in ticked for item in items if (item.id in ticked) is not (role in item.default_roles)}
