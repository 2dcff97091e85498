"""The registration policy as a form: a field for each key, read back into the row that a service keeps."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from flask_babel import gettext, lazy_gettext
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, HiddenField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.validators import StopValidation
from wtforms.widgets import CheckboxInput, ListWidget

from idp.errors import InvalidInput
from idp.flows.account_fields import LONGEST_TYPED, add_error
from idp.flows.forms import PlainForm
from idp.flows.ops.service_policy_words import POLICY_WORDS, UNREADABLE, WHEN_LABELS, problem_of
from idp.flows.registration_words import TEXT_TITLES
from idp.policies.registration import (
    PRESETS,
    ConsentText,
    RegistrationPolicy,
    as_data,
    policy_from,
    unreadable_keys,
)
from idp.policies.tax_id import fold_digits
from idp.services.service_registry import check_policy
from idp.services.service_texts import consents_as_data

DEFAULTS = RegistrationPolicy()
NUMBERS = frozenset(f.name for f in fields(DEFAULTS) if type(getattr(DEFAULTS, f.name)) is int)
SWITCHES = frozenset(f.name for f in fields(DEFAULTS) if isinstance(getattr(DEFAULTS, f.name), bool))
LISTS = frozenset(f.name for f in fields(DEFAULTS) if isinstance(getattr(DEFAULTS, f.name), tuple)) - {"consents"}
SWITCH_VALUES = {"true": True, "false": False}
TEXT_IDS = tuple(TEXT_TITLES)


def _short(form: PlainForm, field: Field) -> None:
    if len(field.data or "") > LONGEST_TYPED:
        raise StopValidation(gettext("填寫的內容不正確。"))


def _field(key: str) -> Any:
    words = POLICY_WORDS[key]
    choices = list(words.choices.items())
    if key in LISTS:
        many: Any = SelectMultipleField
        look = {"widget": ListWidget(), "option_widget": CheckboxInput()}
        return many(words.label, choices=choices, validate_choice=False, **look)
    if choices:
        return RadioField(words.label, choices=choices, validate_choice=False)
    return StringField(words.label, [_short])


class PolicyBase(PlainForm):
    """What the form has beside the policy's keys: the version that was seen, and the preset it begins with."""

    version = HiddenField()
    preset = HiddenField()

    def set_versions(self, versions: Mapping[str, Sequence[str]]) -> None:
        """Offer the versions of each text; one that a policy names and that is not there stays offered."""
        for text_id in TEXT_IDS:
            field: Any = self[f"text_{text_id}_version"]
            there = list(versions.get(text_id, ()))
            named = [field.data] if field.data and field.data not in there else []
            field.choices = [(version, gettext("第 %(version)s 版", version=version)) for version in [*there, *named]]

    def texts(self) -> Iterator[tuple[str, Field, Field, Field]]:
        """Each text with its three fields: when it is agreed to, in which version, and whether it must be scrolled."""
        for text_id in TEXT_IDS:
            name = f"text_{text_id}"
            yield text_id, self[f"{name}_when"], self[f"{name}_version"], self[f"{name}_scroll"]

    @property
    def begins_with(self) -> str | None:
        """The preset that the policy begins with."""
        return self.preset.data if self.preset.data in PRESETS else None


def _text_fields(text_id: str) -> dict[str, Any]:
    name = f"text_{text_id}"
    return {
        f"{name}_when": SelectField(
            lazy_gettext("何時同意"), choices=list(WHEN_LABELS.items()), default="", validate_choice=False
        ),
        f"{name}_version": SelectField(lazy_gettext("版本"), choices=[], validate_choice=False),
        f"{name}_scroll": BooleanField(lazy_gettext("須捲動至結尾才能勾選")),
    }


_FIELDS: dict[str, Any] = {key: _field(key) for key in POLICY_WORDS if key != "consents"}
for _text in TEXT_IDS:
    _FIELDS |= _text_fields(_text)
PolicyForm: type[PolicyBase] = type("PolicyForm", (PolicyBase,), _FIELDS)


def form_of(policy: RegistrationPolicy, *, preset: str | None, version: int) -> PolicyBase:
    """The form filled in with a policy."""
    values: dict[str, Any] = {"version": version, "preset": preset or ""}
    for key in POLICY_WORDS:
        value = getattr(policy, key)
        if key in LISTS:
            values[key] = [str(entry) for entry in value]
        elif key != "consents":
            values[key] = str(value).lower() if key in SWITCHES else str(value)
    for text in _shown_texts(policy.consents):
        name = f"text_{text.id}"
        values |= {f"{name}_when": text.when, f"{name}_version": text.version, f"{name}_scroll": text.must_scroll}
    return PolicyForm(data=values)


def form_sent(form: MultiDict[str, str]) -> PolicyBase:
    """The form as it was sent."""
    return PolicyForm(form)


def in_order(chosen: Iterable[str], before: Iterable[object]) -> list[str]:
    """What was ticked, in the order that it had before and people see; what is new comes last."""
    ticked = list(dict.fromkeys(chosen))
    known = [str(entry) for entry in before if str(entry) in ticked]
    return known + [entry for entry in ticked if entry not in known]


def values_of(form: PolicyBase, before: RegistrationPolicy) -> dict[str, Any]:
    """What was filled in, as the keys of a policy, readable or not."""
    values: dict[str, Any] = {}
    for key in POLICY_WORDS:
        if key == "consents":
            values[key] = _consents(form, before)
        elif key in LISTS:
            values[key] = in_order(form[key].data or [], getattr(before, key))
        else:
            values[key] = _value(key, form[key].data or "")
    return values


def _value(key: str, typed: str) -> Any:
    if key in SWITCHES:
        return SWITCH_VALUES.get(typed, typed)
    if key in NUMBERS:
        digits = fold_digits(typed)
        return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 10 else typed
    return typed.strip()


def _shown_texts(texts: Iterable[ConsentText]) -> list[ConsentText]:
    """The texts that the form has fields for, each once."""
    shown: dict[str, ConsentText] = {}
    for text in texts:
        if text.id in TEXT_IDS:
            shown.setdefault(text.id, text)
    return list(shown.values())


def _consents(form: PolicyBase, before: RegistrationPolicy) -> list[dict[str, Any]]:
    shown = _shown_texts(before.consents)
    chosen = {
        text_id: {"id": text_id, "version": version.data or "", "when": when.data, "must_scroll": scroll.data}
        for text_id, when, version, scroll in form.texts()
        if when.data
    }
    order = in_order(chosen, [text.id for text in shown])
    others = consents_as_data(text for text in before.consents if text not in shown)
    return [chosen[text_id] for text_id in order] + others


def policy_in(form: PolicyBase, before: RegistrationPolicy, service_id: str) -> dict[str, Any] | None:
    """The row that was filled in, or None where it can't be taken: each reason is told beside its key."""
    values = values_of(form, before)
    wrong = [] if form.validate() else [name for name in form.errors if name in POLICY_WORDS]
    unreadable = unreadable_keys(values)
    for key in unreadable:
        if key not in wrong:
            add_error(form, _beside(form, key), str(UNREADABLE.get(key, gettext("請選擇其中一項。"))))
    if wrong or unreadable:
        return None
    row = as_data(policy_from(values), form.begins_with)
    try:
        check_policy(row, service_id)
    except InvalidInput as refused:
        _tell(form, refused)
        return None
    return row


def _tell(form: PolicyBase, refused: InvalidInput) -> None:
    problems = refused.details.get("problems")
    for problem in problems if isinstance(problems, list) else []:
        key, sentence = problem_of(str(problem))
        add_error(form, _beside(form, key, str(problem).partition(":")[2]), sentence)


def _beside(form: PolicyBase, key: str, about: str = "") -> str:
    """The field beside which a key's problem is told; of the texts the one that it is about, or the first."""
    if key != "consents":
        return key
    name = f"text_{about.partition(' ')[0]}_when"
    return name if name in form else f"text_{TEXT_IDS[0]}_when"
