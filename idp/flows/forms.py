"""What all forms of ours have in common: texts in our words, and the seat a form was opened for."""

from dataclasses import dataclass
from typing import Self

from flask import Response, request
from wtforms import Form
from wtforms.meta import DefaultMeta

from idp.browser import current_sign_in
from idp.errors import FormOfAnotherAccount, Refused
from idp.services.acting import Acting


class PlainForm(Form):
    """A WTForms form whose own texts are English or ours, never the Simplified Chinese that WTForms ships."""

    class Meta(DefaultMeta):
        """Without WTForms' translations: every sentence a person reads is ours."""

        locales = False


STAMP = "account"


@dataclass(frozen=True, slots=True)
class Stamp:
    """As whom a form was opened: the account; acting through a linked account also the binding, and who she is."""

    account_id: str = ""
    binding_id: str = ""
    human_id: str = ""

    @classmethod
    def of(cls, seat: Acting | None) -> Self:
        """The stamp of forms that are opened as this seat; of nobody's it is empty."""
        if seat is None:
            return cls()
        return cls(seat.account_id, seat.via.binding_id if seat.via else "", seat.human_id)

    @classmethod
    def read(cls, text: str) -> Self:
        """A stamp as a form brings it; what is none of ours is nobody's."""
        parts = text.split("/")
        if len(parts) == 1:
            return cls(parts[0], "", parts[0])
        return cls(*parts) if len(parts) == 3 else cls("?")

    def __str__(self) -> str:
        return "/".join((self.account_id, self.binding_id, self.human_id)) if self.binding_id else self.account_id


def sent_stamp() -> Stamp:
    """As whom the form that was sent had been opened."""
    return Stamp.read(request.form.get(STAMP, ""))


def check_stamp() -> None:
    """Refuse a form that was opened as another seat than the one at our pages now: of another account or binding.

    Raises FormOfAnotherAccount (domain.md §4 "A good switcher").
    """
    signed_in = current_sign_in()
    if sent_stamp() != Stamp.of(signed_in.seat if signed_in else None):
        raise FormOfAnotherAccount


def check_human() -> None:
    """Refuse a form that somebody else had opened; which company she acted for then doesn't matter.

    For acts of the human at the keyboard: to switch, to sign out, to answer an application. Raises
    FormOfAnotherAccount.
    """
    signed_in = current_sign_in()
    if sent_stamp().human_id != (signed_in.human.account_id if signed_in else ""):
        raise FormOfAnotherAccount


def with_retry(response: Response, refused: Refused | None) -> Response:
    """The answer to a form that was refused, with Retry-After where a limit says when to come back."""
    seconds = getattr(refused, "retry_seconds", None)
    if seconds is not None:
        response.headers["Retry-After"] = str(seconds)
    return response
