"""The words of bindings as their linked account sees them, and what pages show of one (P21, P23, P24)."""

from typing import Any

from flask_babel import gettext, lazy_gettext

from idp.flows.messages import ROLE_LABELS
from idp.flows.page_context import application_of, hue_of
from idp.policies.bindings import Shown, tries_left
from idp.policies.company_names import shown_phone
from idp.policies.names import masked_email
from idp.services.clients import client_by_id
from idp.services.linked_home import HomeBinding

# Label, tone and icon.
STATES = {
    Shown.PENDING: (lazy_gettext("尚未進行驗證"), "warn", "clock"),
    Shown.CODE_EXPIRED: (lazy_gettext("驗證碼已逾時"), "warn", "clock"),
    Shown.CODE_VOID: (lazy_gettext("驗證碼已失效"), "bad", "cross"),
    Shown.AWAITS_ADMIN: (lazy_gettext("等候群組管理員同意"), "warn", "clock"),
    Shown.BOUND: (lazy_gettext("已綁定"), "ok", "check"),
    Shown.BOUND_UNUSABLE: (lazy_gettext("無法使用"), "bad", "lock"),
    Shown.NEEDS_CONFIRMATION: (lazy_gettext("等候帳號使用者確認"), "warn", "clock"),
}
UNUSABLE = {"account": lazy_gettext("帳號已停用"), "company": lazy_gettext("公司已停用")}
OF_OWNER = {
    Shown.PENDING: (lazy_gettext("等候帳號使用者同意"), "warn", "clock"),
    Shown.CODE_EXPIRED: (lazy_gettext("已逾時，未獲同意"), "", "dash"),
}
OF_OWNER_ABOUT = {
    Shown.PENDING: lazy_gettext("已通知帳號使用者。請其登入後至「被綁定資訊」同意，同意後即可登入。"),
    Shown.CODE_EXPIRED: lazy_gettext("帳號使用者沒有在期限內同意。仍需要綁定時，請再次通知。"),
}
ASKED = frozenset({Shown.PENDING, Shown.CODE_EXPIRED, Shown.CODE_VOID, Shown.AWAITS_ADMIN})
ABOUT = {
    Shown.CODE_EXPIRED: lazy_gettext("驗證碼已逾時，請點擊「補發驗證信」，再向帳號使用者取得新的驗證碼。"),
    Shown.CODE_VOID: lazy_gettext("驗證碼已失效，請點擊「補發驗證信」。"),
    Shown.AWAITS_ADMIN: lazy_gettext("帳號使用者已經同意。這家公司的群組管理員同意後，即可登入。"),
    Shown.NEEDS_CONFIRMATION: lazy_gettext(
        "這個帳號的密碼或信箱已經變更，須由帳號使用者至「被綁定資訊」確認，才能繼續使用。"
    ),
}
UNUSABLE_ABOUT = {
    "account": lazy_gettext("這個一般帳號目前停用。恢復使用後，即可再登入。"),
    "company": lazy_gettext("這家公司目前停用，或已歇業、解散，因此無法登入。"),
}


def shown_binding(one: HomeBinding) -> dict[str, Any]:
    """A binding as a row of the list and as the page about it."""
    label, tone, sign = _state(one)
    return {
        "id": one.binding_id,
        "state": one.shown.value,
        "state_label": label,
        "tone": tone,
        "sign": sign,
        "about": _about(one),
        "is_usable": one.shown is Shown.BOUND,
        "is_asked": one.shown in ASKED,
        "takes_code": one.takes_code,
        "expires_at": one.code_expires_at,
        "tries_left": tries_left(one.code_tries),
        "username": one.username,
        "name": one.name,
        "email": masked_email(one.email),
        "tax_id": one.company_tax_id,
        "company": one.company_name,
        "phone": shown_phone(one.company_phone) if one.company_phone else None,
        "role_label": ROLE_LABELS[one.role] if one.role else None,
        "hue": hue_of(one.company_id),
        "seal2": one.company_name[:2],
        "bound_at": one.bound_at,
        "last_used_at": one.last_used_at,
        "last_used_where": _where(one.last_client_id),
    }


def _state(one: HomeBinding) -> tuple[Any, str, str]:
    if not one.takes_code and one.shown in OF_OWNER:
        return OF_OWNER[one.shown]
    label, tone, sign = STATES[one.shown]
    return UNUSABLE[one.why_unusable] if one.shown is Shown.BOUND_UNUSABLE and one.why_unusable else label, tone, sign


def _about(one: HomeBinding) -> str | None:
    """The sentence about where it stands, or None where the page says all."""
    if not one.takes_code and one.shown in OF_OWNER_ABOUT:
        return str(OF_OWNER_ABOUT[one.shown])
    if one.shown is Shown.BOUND_UNUSABLE:
        return str(UNUSABLE_ABOUT[one.why_unusable or "account"])
    return str(ABOUT[one.shown]) if one.shown in ABOUT else None


def _where(client_id: str | None) -> str:
    client = client_by_id(client_id) if client_id is not None else None
    return application_of(client).name if client is not None else gettext("企業帳號中心")
