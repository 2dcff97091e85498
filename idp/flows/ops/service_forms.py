"""What a configurator fills in about a service: its names and mails."""

from typing import Any, Self

from flask_babel import lazy_gettext
from wtforms import HiddenField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired

from idp.errors import InvalidInput, Refused
from idp.flows.account_fields import LONGEST_TYPED, AtMost, add_error
from idp.flows.forms import PlainForm
from idp.flows.messages import PROBLEMS, sentence_for
from idp.flows.ops.service_policy_words import PRESET_WORDS, problem_of
from idp.models import Service
from idp.services.service_registry import LONGEST_FOOTER, ServiceProfile

# Fields of the form by the names that refusals have for them.
FIELDS = {"name": "name_zh"}


class BrandForm(PlainForm):
    """Names, colour, and what its mails say of their sender. Whether they are good is asked by the service."""

    version = HiddenField()
    name_zh = StringField(
        lazy_gettext("中文名稱"),
        [InputRequired(lazy_gettext("請輸入中文名稱。")), AtMost(LONGEST_TYPED, PROBLEMS["client_name.form"])],
    )
    name_en = StringField(lazy_gettext("英文名稱"), [AtMost(LONGEST_TYPED, PROBLEMS["client_name.form"])])
    colour = StringField(lazy_gettext("信件顏色"), [AtMost(16, PROBLEMS["colour.form"])], default="#43505c")
    mail_from = StringField(lazy_gettext("寄件信箱"), [AtMost(LONGEST_TYPED, PROBLEMS["email.form"])])
    mail_reply_to = StringField(lazy_gettext("回信信箱"), [AtMost(LONGEST_TYPED, PROBLEMS["email.form"])])
    mail_footer = TextAreaField(lazy_gettext("信件結尾"), [AtMost(2 * LONGEST_FOOTER, PROBLEMS["footer.form"])])

    @classmethod
    def of(cls, found: Service) -> Self:
        """The form as a service stands now."""
        return cls(obj=found)

    def values(self) -> dict[str, Any]:
        """What was filled in, as a profile takes it."""
        names = ("name_zh", "name_en", "colour", "mail_from", "mail_reply_to")
        typed: dict[str, Any] = {name: (self[name].data or "").strip() for name in names}
        footer = (self.mail_footer.data or "").replace("\r\n", "\n")
        return typed | {"colour": typed["colour"].lower(), "mail_footer": footer}


class NewServiceForm(BrandForm):
    """A service to be: its id, which stays, and the policy that it begins with."""

    service = StringField(
        lazy_gettext("服務代碼"),
        [InputRequired(lazy_gettext("請輸入服務代碼。")), AtMost(LONGEST_TYPED, PROBLEMS["service.form"])],
    )
    preset = RadioField(
        lazy_gettext("註冊政策的範本"),
        choices=[("", lazy_gettext("預設")), *((name, label) for name, (label, _) in PRESET_WORDS.items())],
        default="",
        validate_choice=False,
    )

    def __init__(self, formdata: Any = None) -> None:
        super().__init__(formdata)
        order = ("service", "name_zh", "name_en", "preset", "colour", "mail_from", "mail_reply_to", "mail_footer")
        self._fields = {name: self._fields[name] for name in order}

    def profile(self) -> ServiceProfile:
        """The service as it is to be."""
        preset = self.preset.data or ""
        return ServiceProfile(**self.values(), policy={"preset": preset} if preset else {})


def tell(form: PlainForm, refused: Refused) -> None:
    """Tell a refusal beside the field that it is about; a policy's problems one by one beside ``preset``."""
    details = refused.details
    problems = details.get("problems")
    if isinstance(refused, InvalidInput) and isinstance(problems, list):
        for problem in problems:
            add_error(form, "preset", problem_of(str(problem))[1])
        return
    name = str(details.get("field"))
    sentence = str(PROBLEMS["service.taken"]) if name == "service" and "problem" not in details else None
    add_error(form, "preset" if name == "policy" else FIELDS.get(name, name), sentence or sentence_for(refused))
