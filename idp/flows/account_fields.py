"""The fields in which a person says who she is and how she will sign in; for registration and invitation (P9)."""

from typing import Any

from flask_babel import lazy_gettext
from wtforms import Field, Form, PasswordField, StringField
from wtforms.form import BaseForm
from wtforms.validators import InputRequired, Length, StopValidation, ValidationError

from idp.flows.forms import PlainForm
from idp.flows.messages import PROBLEMS
from idp.policies.company_names import phone_problem
from idp.policies.names import canonical_email, person_name_problem, username_problem

LONGEST_TYPED = 254
LONGEST_PASSWORD = 1024


def refuse_problem(problem: str | None) -> None:
    """Tell a field's problem (a key of the texts) in its sentence. Raises ValidationError."""
    if problem is not None:
        raise ValidationError(str(PROBLEMS[problem]))


class AtMost(Length):
    """At most so many characters; what is longer meets no other rule, whose work would grow with it."""

    def __init__(self, most: int, message: Any) -> None:
        super().__init__(max=most, message=message)

    def __call__(self, form: BaseForm, field: StringField) -> None:
        """Raises StopValidation, with the sentence."""
        try:
            super().__call__(form, field)
        except ValidationError as too_long:
            raise StopValidation(str(too_long)) from too_long


class PersonFields(PlainForm):
    """姓名, 手機電話, Email: each checked by its rule, each with its sentence."""

    name = StringField(
        lazy_gettext("姓名"),
        [InputRequired(lazy_gettext("請輸入姓名。")), AtMost(LONGEST_TYPED, PROBLEMS["name.form"])],
    )
    phone = StringField(
        lazy_gettext("手機電話"),
        [InputRequired(lazy_gettext("請輸入手機電話。")), AtMost(LONGEST_TYPED, PROBLEMS["phone.form"])],
    )
    email = StringField(
        "Email",
        [InputRequired(lazy_gettext("請輸入 Email。")), AtMost(LONGEST_TYPED, PROBLEMS["email.form"])],
    )

    def validate_name(self, field: Field) -> None:
        """1 to 50 visible characters; a company's name is a hint for the reviewer, not refused here."""
        refuse_problem(person_name_problem(field.data))

    def validate_phone(self, field: Field) -> None:
        """A Taiwanese number (domain.md 3.5)."""
        refuse_problem(phone_problem(field.data))

    def validate_email(self, field: Field) -> None:
        """One mailbox (RG13)."""
        refuse_problem(None if canonical_email(field.data) else "email.form")


class CredentialFields(PlainForm):
    """帳號, 密碼, 確認密碼. Whether the name is free and the password good is asked by the view, within its run."""

    username = StringField(
        lazy_gettext("帳號"),
        [InputRequired(lazy_gettext("請輸入帳號。")), AtMost(LONGEST_TYPED, PROBLEMS["username.form"])],
    )
    password = PasswordField(
        lazy_gettext("密碼"),
        [InputRequired(lazy_gettext("請輸入密碼。")), AtMost(LONGEST_PASSWORD, PROBLEMS["long"])],
    )
    password_again = PasswordField(lazy_gettext("確認密碼"), [InputRequired(lazy_gettext("請再輸入一次密碼。"))])

    def validate_username(self, field: Field) -> None:
        """4 to 32 of a-z 0-9 . _ - (UN05)."""
        refuse_problem(username_problem(field.data))

    def validate_password_again(self, field: Field) -> None:
        """Typed twice alike (R-067)."""
        if field.data != self.password.data:
            raise ValidationError(str(PROBLEMS["mismatch"]))


def add_error(form: Form, name: str, sentence: str) -> None:
    """Put a sentence beside a field, as if its own validators had found it."""
    form[name].errors = [*form[name].errors, sentence]
