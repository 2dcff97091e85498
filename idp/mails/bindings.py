"""Messages about bindings, to both of their sides; the code's wording is the manual's (R-101, R-102)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from idp.mails.compose import compose
from idp.models import Account, Company
from idp.policies.bindings import EndedBy, HeldBecause

OWNERS_PAGE = "/account/bindings"
LINKED_PAGE = "/linked"
COMPANY_PAGE = "/group/bindings"


@dataclass(frozen=True, slots=True)
class Sides:
    """Of whom a mail speaks: the linked account, the general account, and the company of the latter."""

    linked: Account
    owner: Account
    company: Company


def code(sides: Sides, *, code: str, end: datetime) -> None:
    """鏈結帳號綁定驗證碼通知: the owner hands the code on if she agrees (R-102, R-110). It is kept sealed."""
    _to_owner("binding_code", sides, secret_code=code, until=end.isoformat())


def code_void(sides: Sides) -> None:
    """Too many wrong codes were entered, and the owner may want to know (BC01)."""
    _to_owner("binding_code_void", sides)


def owner_asked(sides: Sides, *, end: datetime, gave_password: bool) -> None:
    """The owner is asked to agree, and told whether whoever asks knows her password."""
    _to_owner("binding_asked", sides, until=end.isoformat(), gave_password=gave_password)


def waits_for_admin(admin: Account, sides: Sides) -> None:
    """A group admin of a company that wants to be asked decides about a binding whose owner has agreed."""
    compose("binding_waits", admin, **_about(sides), name=admin.name, path=COMPANY_PAGE)


def bound(sides: Sides, *, advises_password: bool) -> None:
    """已綁定: both sides are told, and who gave her password away is advised to set a new one."""
    _to_owner("binding_bound", sides, advises_password=advises_password)
    _to_linked("binding_bound", sides, advises_password=False)


def refused(sides: Sides, *, by: EndedBy, tells_owner: bool) -> None:
    """A request came to nothing; the owner is told where it was not she who refused."""
    if tells_owner:
        _to_owner("binding_refused", sides, ended_by=str(by))
    _to_linked("binding_refused", sides, ended_by=str(by))


def ended(sides: Sides, *, by: EndedBy, reason: str | None = None) -> None:
    """已解除綁定, and who ended it: both sides are told (LK06)."""
    _to_owner("binding_ended", sides, ended_by=str(by), reason=reason)
    _to_linked("binding_ended", sides, ended_by=str(by), reason=reason)


def held(sides: Sides, *, because: HeldBecause) -> None:
    """A binding waits for its owner's word, and why; the linked side learns only that it does."""
    _to_owner("binding_held", sides, held_because=str(because))
    _to_linked("binding_held", sides, held_because=None)


def confirmed(sides: Sides) -> None:
    """The owner said that a binding may go on: the linked side acts again, and she has it in writing."""
    _to_owner("binding_confirmed", sides)
    _to_linked("binding_confirmed", sides)


def first_used(sides: Sides, *, client: tuple[str, str] | None) -> None:
    """首次以鏈結登入: the owner is told once, with the application's names (None: at our own pages)."""
    names = {} if client is None else {"client_zh": client[0], "client_en": client[1]}
    _to_owner("binding_first_used", sides, **names)


def _to_owner(template: str, sides: Sides, **more: Any) -> None:
    compose(template, sides.owner, **_about(sides), name=sides.owner.name, to_owner=True, path=OWNERS_PAGE, **more)


def _to_linked(template: str, sides: Sides, **more: Any) -> None:
    compose(template, sides.linked, **_about(sides), name=sides.linked.name, to_owner=False, path=LINKED_PAGE, **more)


def _about(sides: Sides) -> dict[str, Any]:
    return {
        "linked_username": sides.linked.username,
        "linked_name": sides.linked.name,
        "username": sides.owner.username,
        "company_name": sides.company.name,
        "company_tax_id": sides.company.tax_id,
    }
