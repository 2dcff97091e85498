"""What an operator fills in about a company or an account: why, and what more an act needs."""

from typing import Any

from flask_babel import lazy_gettext
from wtforms import BooleanField, Field, HiddenField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Optional

from idp.flows.account_fields import LONGEST_TYPED, AtMost, refuse_problem
from idp.flows.asked import number_in
from idp.flows.forms import PlainForm
from idp.flows.messages import PROBLEMS
from idp.policies.data_scope import DataScope
from idp.policies.names import canonical_email

NO_VERSION = -1
LONGEST_REASON = 500


class ActForm(PlainForm):
    """An act that nothing is said to: it is about the version that was seen."""

    version = HiddenField()

    @property
    def seen_version(self) -> int:
        """The version that was seen; one that never is, for whatever is no number."""
        found = number_in(self.version.data or "")
        return NO_VERSION if found is None else found


class ReasonForm(ActForm):
    """An act, and why."""

    reason = TextAreaField(
        lazy_gettext("原因"),
        [InputRequired(PROBLEMS["reason.form"]), AtMost(LONGEST_REASON, PROBLEMS["reason.form"])],
    )


class ProveForm(ReasonForm):
    """An operator's word for a company: what it is called, and who may lead it."""

    name = StringField(
        lazy_gettext("公司名稱"),
        [InputRequired(PROBLEMS["company_name.form"]), AtMost(LONGEST_TYPED, PROBLEMS["company_name.form"])],
    )
    admin_email = StringField(
        lazy_gettext("第一位群組管理員的 Email"), [Optional(), AtMost(LONGEST_TYPED, PROBLEMS["email.form"])]
    )
    first_come = BooleanField(lazy_gettext("由等候中的申請人依序成為第一位群組管理員"))

    def validate_admin_email(self, field: Field) -> None:
        """One mailbox, or none."""
        refuse_problem(None if canonical_email(field.data) else "email.form")


class AdminForm(ReasonForm):
    """Which account leads the company."""

    username = StringField(
        lazy_gettext("帳號"),
        [InputRequired(lazy_gettext("請輸入帳號。")), AtMost(LONGEST_TYPED, PROBLEMS["username.form"])],
    )


class ScopeForm(ReasonForm):
    """What of the company's data an account sees."""

    scope = RadioField(
        lazy_gettext("資料讀取範圍"),
        choices=[
            (str(DataScope.OWN), lazy_gettext("自己的資料")),
            (str(DataScope.COMPANY), lazy_gettext("全公司的資料")),
        ],
        validate_choice=False,
    )

    def validate_scope(self, field: Field) -> None:
        """One of the two."""
        refuse_problem(None if field.data in list(DataScope) else "account.scope")

    def chosen(self) -> DataScope:
        """What was chosen, of a form that is valid."""
        return DataScope(str(self.scope.data))


def in_order(form: Any, *names: str) -> Any:
    """The form with its fields in the order in which they stand on the page, as the summary of errors lists them."""
    form._fields = {name: form._fields[name] for name in names}
    return form
