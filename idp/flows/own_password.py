"""Pages that ask an applicant for her own password, without signing her in (R-085; corrections and withdrawals)."""

from flask_babel import gettext, lazy_gettext
from wtforms import PasswordField
from wtforms.validators import InputRequired

from idp.browser import browser_id, peer_address
from idp.db import transaction
from idp.errors import BadCredentials, Refused
from idp.flows.account_fields import LONGEST_PASSWORD, AtMost
from idp.flows.forms import PlainForm
from idp.flows.messages import sentence_for
from idp.services.password_sign_in import Try, Verdict, judge, open_try


class PasswordForm(PlainForm):
    """The password of an account that the page names; the name itself is never a field."""

    password = PasswordField(
        lazy_gettext("使用者密碼"),
        [
            InputRequired(lazy_gettext("請輸入使用者密碼。")),
            AtMost(LONGEST_PASSWORD, lazy_gettext("使用者密碼太長。")),
        ],
    )


def password_sentence(refused: Refused) -> str:
    """What is told beside the field: nobody was asked for an account name here."""
    if isinstance(refused, BadCredentials):
        return str(gettext("密碼不正確。連續多次輸入錯誤時，帳號會暫停登入一段時間。"))
    return sentence_for(refused)


def judged(username: str, password: str) -> tuple[Try, Verdict]:
    """A try that is counted as one at the sign-in page, and its verdict; the caller settles it in its transaction.

    Hashing is done outside of any. Raises TooManyTries.
    """
    with transaction():
        attempt = open_try(username, browser=browser_id(), address=peer_address())
    return attempt, judge(attempt, password)
