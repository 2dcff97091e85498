"""What a configurator fills in about an operator."""

from typing import Any, Self

from flask_babel import lazy_gettext
from wtforms import BooleanField, HiddenField, SelectField, StringField
from wtforms.validators import InputRequired

from idp.flows.account_fields import LONGEST_TYPED, AtMost, add_error
from idp.flows.forms import PlainForm
from idp.flows.messages import PROBLEMS
from idp.flows.ops.words import DUTY_LABELS
from idp.models import Operator
from idp.policies.duties import Duty


class DutiesForm(PlainForm):
    """What an operator is there for, a tick for each duty; and the company she belongs to as well."""

    version = HiddenField()
    reviewer = BooleanField(DUTY_LABELS[Duty.REVIEWER])
    support = BooleanField(DUTY_LABELS[Duty.SUPPORT])
    configurator = BooleanField(DUTY_LABELS[Duty.CONFIGURATOR])
    auditor = BooleanField(DUTY_LABELS[Duty.AUDITOR])
    own_tax_id = StringField(lazy_gettext("所屬公司的統一編號"), [AtMost(32, PROBLEMS["tax_id.form"])])

    @classmethod
    def of(cls, found: Operator) -> Self:
        """The form as an operator stands now."""
        ticked: dict[str, Any] = {str(duty): duty in found.duties for duty in Duty}
        return cls(data={"version": found.version, "own_tax_id": found.own_tax_id, **ticked})

    def duties(self) -> tuple[str, ...]:
        """The duties that were ticked."""
        return tuple(str(duty) for duty in Duty if self[str(duty)].data)

    def ticks(self) -> list[Any]:
        """Their fields, in order."""
        return [self[str(duty)] for duty in Duty]

    def validate(self, extra_validators: Any = None) -> bool:
        """At least one duty."""
        is_valid = super().validate(extra_validators)
        if not self.duties():
            add_error(self, "reviewer", str(PROBLEMS["operator.duties"]))
        return is_valid and bool(self.duties())


class NewOperatorForm(DutiesForm):
    """An operator to be. Whether name and mailbox are good is asked by the service."""

    def __init__(self, formdata: Any = None) -> None:
        super().__init__(formdata)
        order = ("username", "name", "email", *(str(duty) for duty in Duty), "own_tax_id", "locale")
        self._fields = {name: self._fields[name] for name in order}

    username = StringField(
        lazy_gettext("營運人員帳號"),
        [InputRequired(lazy_gettext("請輸入營運人員帳號。")), AtMost(LONGEST_TYPED, PROBLEMS["username.form"])],
    )
    name = StringField(
        lazy_gettext("姓名"),
        [InputRequired(lazy_gettext("請輸入姓名。")), AtMost(LONGEST_TYPED, PROBLEMS["name.form"])],
    )
    email = StringField(
        "Email", [InputRequired(lazy_gettext("請輸入 Email。")), AtMost(LONGEST_TYPED, PROBLEMS["email.form"])]
    )
    locale = SelectField(
        lazy_gettext("信件與頁面的語言"),
        choices=[("zh-TW", lazy_gettext("中文（臺灣）")), ("en", "English")],
        default="zh-TW",
    )
