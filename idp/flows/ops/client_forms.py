"""What a configurator fills in about an application; what is good is said by services.client_registry alone."""

import dataclasses
import json
from collections.abc import Iterable, Mapping
from typing import Any, Self

from flask_babel import gettext, lazy_gettext, ngettext
from wtforms import BooleanField, HiddenField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput

from idp.errors import AlreadyExists, InvalidInput
from idp.flows.account_fields import AtMost, add_error
from idp.flows.forms import PlainForm
from idp.flows.messages import PROBLEMS, sentence_for
from idp.flows.moments import is_english
from idp.flows.ops.client_words import (
    APPROVAL_ADMITTED,
    AUTH_METHOD_LABELS,
    GRANT_LABELS,
    ICON_LABELS,
    NARROWING_LABELS,
    PROOF_ADMITTED,
    ROLE_ADMITTED,
    SCOPE_LABELS,
)
from idp.models import Client, Service
from idp.policies.scopes import OPENID, SCOPES
from idp.services.client_registry import ALGORITHMS, Registration, problems_of_addresses, registration_of

LONGEST_NAME = 100
ADDRESS_LISTS = ("redirect_uris", "post_logout_redirect_uris")
ADDRESSES = ("initiate_login_uri", "backchannel_logout_uri", "policy_uri", "tos_uri")
ADMISSION = ("proofs", "roles", "approvals")
# Where the registration calls a field otherwise than the form.
FIELDS = {"scopes": "own_scopes", "admission": "proofs"}


class Ticks(SelectMultipleField):
    """Several choices of a few, each a tick."""

    option_widget = CheckboxInput()

    def pre_validate(self, form: Any) -> None:
        """Nothing: what is none of the choices is refused where everything is judged."""


def _ticks(label: Any, labels: Mapping[Any, Any]) -> Any:
    return Ticks(label, choices=[(str(value), text) for value, text in labels.items()])


class ClientForm(PlainForm):
    """All of a client's metadata (tokens.md "Client metadata beyond the standard")."""

    version = HiddenField()
    name = StringField(
        lazy_gettext("名稱（中文）"),
        [InputRequired(lazy_gettext("請輸入名稱。")), AtMost(LONGEST_NAME, PROBLEMS["client_name.form"])],
    )
    name_en = StringField(lazy_gettext("名稱（英文）"), [AtMost(LONGEST_NAME, PROBLEMS["client_name.form"])])
    service = SelectField(lazy_gettext("服務"), validate_choice=False)
    icon = SelectField(lazy_gettext("圖示"), validate_choice=False)
    colour = StringField(lazy_gettext("顏色"), [AtMost(7, PROBLEMS["colour.form"])])
    auth_method = RadioField(
        lazy_gettext("如何證明自己是這個應用系統"), choices=list(AUTH_METHOD_LABELS.items()), validate_choice=False
    )
    jwks = TextAreaField(lazy_gettext("公鑰（JWKS）"))
    grant_types = _ticks(lazy_gettext("取得權杖的方式"), GRANT_LABELS)
    require_pkce = BooleanField(lazy_gettext("要求 PKCE（S256）"))
    alg = SelectField(
        lazy_gettext("ID Token 的簽章"), choices=[(alg, alg) for alg in ALGORITHMS], validate_choice=False
    )
    redirect_uris = TextAreaField(lazy_gettext("登入後返回網址（redirect_uri）"))
    post_logout_redirect_uris = TextAreaField(lazy_gettext("登出後返回網址（post_logout_redirect_uri）"))
    initiate_login_uri = StringField(lazy_gettext("開始登入網址（initiate_login_uri）"))
    backchannel_logout_uri = StringField(lazy_gettext("後端登出網址（backchannel_logout_uri）"))
    scopes = _ticks(lazy_gettext("可以要求的資料（scope）"), SCOPE_LABELS)
    own_scopes = StringField(lazy_gettext("自訂的範圍"), [AtMost(2000, PROBLEMS["scope.unknown"])])
    asks_consent = BooleanField(lazy_gettext("請使用者同意提供資料"))
    policy_uri = StringField(lazy_gettext("隱私權政策網址"))
    tos_uri = StringField(lazy_gettext("服務條款網址"))
    proofs = _ticks(lazy_gettext("接受的公司"), PROOF_ADMITTED)
    roles = _ticks(lazy_gettext("接受的角色"), ROLE_ADMITTED)
    approvals = _ticks(lazy_gettext("接受的核准方式"), APPROVAL_ADMITTED)
    acting_understood = BooleanField(lazy_gettext("接受經由鏈結帳號登入"))
    on_narrowing = RadioField(
        lazy_gettext("角色或權限減少時"), choices=list(NARROWING_LABELS.items()), validate_choice=False
    )

    def offer(self, services: Iterable[Service]) -> Self:
        """Say which services and icons there are to choose from."""
        named = [(one.id, one.name_en if is_english() else one.name_zh) for one in services]
        self.service.choices = [("", gettext("（不屬於任何服務）")), *named]
        kept = self.icon.data
        more = [(kept, kept)] if kept and kept not in ICON_LABELS else []
        self.icon.choices = [*ICON_LABELS.items(), *more]
        return self

    def registration(self, before: Registration) -> Registration:
        """What was filled in, over what there was. Raises InvalidInput for a JWKS that is no JSON."""
        values: dict[str, Any] = {name: _text(self[name].data) or None for name in ADDRESSES}
        values |= {name: tuple(line for _, line in self.lines(name)) for name in ADDRESS_LISTS}
        admitted = {name: list(self[name].data or ()) for name in ADMISSION}
        return dataclasses.replace(
            before,
            name_zh=_text(self.name.data),
            name_en=_text(self.name_en.data),
            service_id=self.service.data or None,
            icon=self.icon.data or "",
            colour=_text(self.colour.data),
            auth_method=self.auth_method.data or "",
            jwks=self._keys(),
            grant_types=tuple(self.grant_types.data or ()),
            require_pkce=bool(self.require_pkce.data),
            id_token_alg=self.alg.data or "",
            scopes=tuple(dict.fromkeys([*(self.scopes.data or ()), *_text(self.own_scopes.data).split()])),
            asks_consent=bool(self.asks_consent.data),
            acting_understood=bool(self.acting_understood.data),
            on_narrowing=self.on_narrowing.data or "",
            admission={name: listed for name, listed in admitted.items() if listed},
            **values,
        )

    def lines(self, name: str) -> list[tuple[int, str]]:
        """The addresses of a list with the number of the line that each stands on; empty lines are none."""
        typed = enumerate(_text(self[name].data).splitlines(), start=1)
        return [(number, line.strip()) for number, line in typed if line.strip()]

    def _keys(self) -> dict[str, Any] | None:
        typed = _text(self.jwks.data)
        if not typed:
            return None
        try:
            keys: dict[str, Any] = json.loads(typed)
        except (ValueError, RecursionError):
            raise InvalidInput(field="jwks", problem="jwks.json") from None
        return keys

    def tell(self, refused: InvalidInput | AlreadyExists) -> None:
        """Put a refusal beside the field that it is about."""
        named = str(refused.details.get("field"))
        if isinstance(refused, AlreadyExists):
            add_error(self, "client_id", str(PROBLEMS["client_id.taken"]))
            return
        field = FIELDS.get(named, named)
        bad = self.bad_lines().get(field)
        if bad:
            count = len(bad)
            told = ngettext(
                "有 %(num)d 個網址不能登記，原因列在下方。", "有 %(num)d 個網址不能登記，原因列在下方。", count
            )
            add_error(self, field, str(told))
        else:
            add_error(self, field, sentence_for(refused))

    def differences(self, other: "ClientForm") -> list[tuple[str, str]]:
        """The fields that the other form has filled in otherwise, with what stands there."""
        fields = [field for field in other if field.type != "HiddenField"]
        return [
            (field.label.text, _shown(field.data))
            for field in fields
            if _shown(field.data) != _shown(self[field.name].data)
        ]

    def bad_lines(self) -> dict[str, list[tuple[int, str, str]]]:
        """For each list: line, address and why it can't be registered (AD04)."""
        told = {}
        for name in ADDRESS_LISTS:
            why = dict(problems_of_addresses(line for _, line in self.lines(name)))
            told[name] = [(n, line, str(PROBLEMS[why[line]])) for n, line in self.lines(name) if line in why]
        return told


class NewClientForm(ClientForm):
    """An application to be; its id is offered, and may be another."""

    client_id = StringField(
        lazy_gettext("代號（client_id）"),
        [InputRequired(lazy_gettext("請輸入代號。")), AtMost(63, PROBLEMS["client_id.form"])],
    )

    def __init__(self, formdata: Any = None, **given: Any) -> None:
        super().__init__(formdata, **given)
        self._fields = {"client_id": self._fields["client_id"], **self._fields}


def filled_in(registration: Registration) -> dict[str, Any]:
    """A registration as the form's data."""
    data: dict[str, Any] = {name: getattr(registration, name) or "" for name in ADDRESSES}
    data |= {name: "\n".join(getattr(registration, name)) for name in ADDRESS_LISTS}
    data |= {name: list(map(str, registration.admission.get(name, ()))) for name in ADMISSION}
    return data | {
        "name": registration.name_zh,
        "name_en": registration.name_en,
        "service": registration.service_id or "",
        "icon": registration.icon,
        "colour": registration.colour,
        "auth_method": registration.auth_method,
        "jwks": json.dumps(registration.jwks, indent=1) if registration.jwks else "",
        "grant_types": list(registration.grant_types),
        "require_pkce": registration.require_pkce,
        "alg": registration.id_token_alg,
        "scopes": [scope for scope in registration.scopes if scope in SCOPES],
        "own_scopes": " ".join(scope for scope in registration.scopes if scope not in SCOPES),
        "asks_consent": registration.asks_consent,
        "acting_understood": registration.acting_understood,
        "on_narrowing": registration.on_narrowing,
    }


def form_of(client: Client, version: str) -> ClientForm:
    """The form as a client stands."""
    return ClientForm(data=filled_in(registration_of(client)) | {"version": version})


def first_proposal() -> Registration:
    """What most applications need: people who sign in, their company and their menus."""
    return Registration(
        name_zh="",
        grant_types=("authorization_code", "refresh_token"),
        scopes=(OPENID, "profile", "email", "company", "menus"),
    )


def _text(value: str | None) -> str:
    return (value or "").strip()


def _shown(value: Any) -> str:
    """What a field holds, in one form whether it came from a browser or from the database."""
    if isinstance(value, bool):
        return str(gettext("是")) if value else str(gettext("否"))
    text = " ".join(sorted(value)) if isinstance(value, list) else _text(value)
    return " ".join(text.split())
