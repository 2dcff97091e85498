"""What all forms of ours have in common: texts in our words, and the account a form was opened for."""

from flask import Response, request
from wtforms import Form
from wtforms.meta import DefaultMeta

from idp.browser import current_sign_in
from idp.errors import FormOfAnotherAccount, Refused


class PlainForm(Form):
    """A WTForms form whose own texts are English or ours, never the Simplified Chinese that WTForms ships."""

    class Meta(DefaultMeta):
        """Without WTForms' translations: every sentence a person reads is ours."""

        locales = False


def check_stamp() -> None:
    """Refuse a form that was opened as another account than the one signed in now. Raises FormOfAnotherAccount."""
    signed_in = current_sign_in()
    opened_for = request.form.get("account", "")
    if opened_for != (signed_in.human.account_id if signed_in else ""):
        raise FormOfAnotherAccount


def with_retry(response: Response, refused: Refused | None) -> Response:
    """The answer to a form that was refused, with Retry-After where a limit says when to come back."""
    seconds = getattr(refused, "retry_seconds", None)
    if seconds is not None:
        response.headers["Retry-After"] = str(seconds)
    return response
