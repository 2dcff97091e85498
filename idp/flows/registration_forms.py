"""The forms of the wizard: the company (P5) and the account (P9). What is typed stays typed; rules are in policies."""

from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import gettext, lazy_gettext
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, HiddenField, RadioField, StringField
from wtforms.validators import InputRequired, ValidationError

from idp.flows.account_fields import LONGEST_TYPED, AtMost, CredentialFields, PersonFields, add_error, refuse_problem
from idp.flows.forms import PlainForm
from idp.flows.messages import PROBLEMS
from idp.flows.registration_words import NUMBER_LABELS
from idp.policies.company_names import address_problem, company_name_problem, phone_problem
from idp.policies.entities import EntityKind, entity_problem, parse_entity, recognised_kind
from idp.policies.names import person_name_problem
from idp.policies.registration import Asked, RegistrationPolicy
from idp.policies.tax_id import LENGTH, fold_digits

ACCOUNT_ORDER = ("username", "name", "phone", "email", "password", "password_again")
COMPANY_ORDER = ("id_type", "number", "confirmed", "company_name", "company_phone", "company_address", "responsible")


def identity_of(values: Mapping[str, str], policy: RegistrationPolicy) -> tuple[str, str] | None:
    """Kind and number in its one form, from what was typed; None when it is no number that the service takes.

    Who leaves the first kind chosen and types an agency's code is understood: 「政府機關可填機關代碼」 (R-071).
    """
    text, kind = values.get("number", ""), values.get("id_type") or policy.entity_types[0]
    if entity_problem(kind, text, policy.entity_types) is None:
        return kind, str(parse_entity(EntityKind(kind), text))
    told = recognised_kind(text, policy.entity_types) if kind == EntityKind.UBN else None
    return (str(told), str(parse_entity(told, text))) if told else None


class TermsForm(PlainForm):
    """「我同意條款」; ``texts`` names what was shown, so that nobody agrees to another version."""

    texts = HiddenField()
    agreed = BooleanField(lazy_gettext("我同意條款"))

    def validate_agreed(self, field: Field) -> None:
        """「下一步」 works after the tick only (R-007)."""
        if not field.data:
            raise ValidationError(gettext("請詳閱服務條款，勾選「我同意條款」後，再按「下一步」。"))


class CompanyFields(PlainForm):
    """編號, 公司名稱, 公司聯絡電話, 公司地址: each checked by its rule, for the kinds of number that a policy takes."""

    id_type = RadioField(lazy_gettext("編號的種類"), validate_choice=False)
    number = StringField(lazy_gettext("統一編號"), [AtMost(LONGEST_TYPED, PROBLEMS["tax_id.length"])])
    company_name = StringField(lazy_gettext("公司名稱（全銜）"), [AtMost(LONGEST_TYPED, PROBLEMS["company_name.form"])])
    company_phone = StringField(
        lazy_gettext("公司聯絡電話"),
        [
            InputRequired(lazy_gettext("請填寫公司聯絡電話。")),
            AtMost(LONGEST_TYPED, PROBLEMS["phone.form"]),
        ],
    )
    company_address = StringField(
        lazy_gettext("公司地址"),
        [InputRequired(lazy_gettext("請填寫公司地址。")), AtMost(LONGEST_TYPED, PROBLEMS["address.form"])],
    )
    _policy: RegistrationPolicy

    def take_policy(self, policy: RegistrationPolicy) -> None:
        """Ask for the kinds of number that this policy takes."""
        self._policy = policy
        self.id_type.choices = [(kind, NUMBER_LABELS[EntityKind(kind)]) for kind in policy.entity_types]
        if len(policy.entity_types) == 1:
            self.number.label.text = str(NUMBER_LABELS[EntityKind(policy.entity_types[0])])
            del self.id_type
        else:
            self.number.label.text = str(gettext("公司統編或其他編號"))

    def validate_number(self, field: Field) -> None:
        """Which rule a number breaks: for a tax ID its length is told from its check digit (RG01, RG02)."""
        text, kinds = field.data or "", self._policy.entity_types
        kind = str(self.data.get("id_type") or kinds[0])
        if not text.strip():
            raise ValidationError(gettext("請輸入%(label)s。", label=field.label.text))
        if identity_of({"number": text, "id_type": kind}, self._policy) is not None:
            return
        if kind == EntityKind.UBN and kind in kinds:
            digits = fold_digits(text)
            has_length = len(digits) == LENGTH and digits.isascii() and digits.isdigit()
            refuse_problem("tax_id.checksum" if has_length else "tax_id.length")
        refuse_problem(entity_problem(kind, text, kinds))

    def validate_company_name(self, field: Field) -> None:
        """The whole name (R-073)."""
        if not (field.data or "").strip():
            raise ValidationError(gettext("請填寫公司名稱（全銜）。"))
        refuse_problem(company_name_problem(field.data))

    def validate_company_phone(self, field: Field) -> None:
        """A Taiwanese number, perhaps with an extension (R-011, R-072)."""
        refuse_problem(phone_problem(field.data))

    def validate_company_address(self, field: Field) -> None:
        """A whole address in one line (R-012, R-074)."""
        refuse_problem(address_problem(field.data))


class CompanyForm(CompanyFields):
    """統一編號 first; the rest once a number was looked up. The keywords say what else stands in the form.

    ``names_business``: the fields have the words of manual 004 (R-209).
    """

    confirmed = BooleanField(lazy_gettext("正確，這是我的公司"))
    responsible = StringField(lazy_gettext("公司負責人"), [AtMost(LONGEST_TYPED, PROBLEMS["name.form"])])

    def __init__(
        self,
        formdata: MultiDict[str, str] | None = None,
        *,
        policy: RegistrationPolicy,
        must_confirm: bool,
        must_name: bool,
        keeps_number: bool = False,
        names_business: bool = False,
        **values: Any,
    ) -> None:
        super().__init__(formdata, **values)
        self._must_confirm = must_confirm
        self._must_name = must_name
        if policy.responsible is Asked.HIDDEN:
            del self.responsible
        self.take_policy(policy)
        if names_business:
            self._name_business()
        if keeps_number:
            del self.number
            if "id_type" in self:
                del self.id_type

    def __iter__(self) -> Iterator[Field]:
        """In the order of the page."""
        return iter([self[name] for name in COMPANY_ORDER if name in self])

    def _name_business(self) -> None:
        self.company_name.label.text = str(gettext("營利事業名稱"))
        self.company_phone.label.text = str(gettext("電話"))
        self.company_address.label.text = str(gettext("地址"))
        if "responsible" in self:
            self.responsible.label.text = str(gettext("負責人"))

    def has_number(self) -> bool:
        """Whether the number can be one: asked alone, while the rest of the form may not have been shown yet."""
        return bool(self.number.validate(self, [type(self).validate_number]))

    def validate_confirmed(self, field: Field) -> None:
        """「公司名稱會自動帶入，請確認是否正確」 (R-009)."""
        if self._must_confirm and not field.data and not (self.company_name.data or "").strip():
            raise ValidationError(gettext("請確認查到的公司是否正確，再勾選「正確，這是我的公司」。"))

    def validate_company_name(self, field: Field) -> None:
        """Asked where the register does not tell it; a name that differs is a hint for the reviewer (C-8)."""
        if self._must_name or (field.data or "").strip():
            super().validate_company_name(field)

    def validate_responsible(self, field: Field) -> None:
        """公司負責人, where the service asks for him (R-159)."""
        if not (field.data or "").strip():
            if self._policy.responsible is Asked.REQUIRED:
                raise ValidationError(gettext("請填寫公司負責人姓名。"))
            return
        refuse_problem(person_name_problem(field.data))


class AccountForm(PersonFields, CredentialFields):
    """帳號, 姓名, 手機電話, Email, 密碼, 確認密碼 (R-062 … R-067). A password that is kept need not be typed again.

    ``is_numbered``: the account gets a number as its name and its password later: 聯絡人 and mailbox alone (R-209).
    """

    def __init__(
        self,
        formdata: MultiDict[str, str] | None = None,
        *,
        keeps_password: bool = False,
        keeps_username: bool = False,
        is_numbered: bool = False,
        **values: Any,
    ) -> None:
        super().__init__(formdata, **values)
        self.phone.label.text = str(gettext("手機電話"))
        if is_numbered:
            self._leave_out_credentials()
            return
        if keeps_username:
            del self.username
        if keeps_password and not (self.password.data or self.password_again.data):
            for field in (self.password, self.password_again):
                field.validators = []
                field.flags.required = False

    def __iter__(self) -> Iterator[Field]:
        """In the order of the page."""
        return iter([self[name] for name in ACCOUNT_ORDER if name in self])

    def _leave_out_credentials(self) -> None:
        self.name.label.text = str(gettext("聯絡人"))
        self.email.label.text = str(gettext("電子郵件"))
        for name in ("username", "password", "password_again"):
            del self[name]

    def ask_about_name(self) -> None:
        """Say once that a company's name stands where a person's belongs (R-063, R-149)."""
        hint = gettext("姓名欄請填寫人員完整姓名，不可為公司名稱。若這確實是您的姓名，請再按一次「下一步」。")
        add_error(self, "name", hint)

    def ask_about_mailbox(self, meant: str) -> None:
        """Say once which mailbox was probably meant."""
        hint = gettext("信箱可能打錯了，您要填的是不是 %(meant)s？若沒有打錯，請再按一次「下一步」。", meant=meant)
        add_error(self, "email", hint)

    @property
    def has_good_password(self) -> bool:
        """Whether a password was typed, twice alike. Ask it after validate()."""
        is_asked = "password" in self
        return is_asked and bool(self.password.data) and not self.password.errors and not self.password_again.errors


class LinkedForm(AccountForm, CompanyFields):
    """帳號資料 and 公司資料 of a linked account, all of it required (R-062 … R-074)."""

    def __init__(
        self, formdata: MultiDict[str, str] | None = None, *, policy: RegistrationPolicy, **values: Any
    ) -> None:
        super().__init__(formdata, **values)
        self.company_phone.label.text = str(gettext("公司電話"))
        self.take_policy(policy)

    def __iter__(self) -> Iterator[Field]:
        """In the order of the page."""
        return iter([self[name] for name in (*ACCOUNT_ORDER, *COMPANY_ORDER) if name in self])
