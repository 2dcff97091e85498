"""The words of bindings as the group admin of their company sees them, and what her pages show of one."""

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext

from idp.flows.own_binding_words import how_bound, where
from idp.policies.binding_acts import GroupAct, acts_of_group_admin
from idp.policies.bindings import Shown
from idp.policies.names import masked_email
from idp.services.binding_facts import BindingFacts

# Label, tone and sign of a badge. What an owner has not answered is hers alone.
STATES: dict[Shown, tuple[Any, str, str]] = {
    Shown.AWAITS_ADMIN: (lazy_gettext("待核准"), "warn", "clock"),
    Shown.BOUND: (lazy_gettext("已綁定"), "ok", "check"),
    Shown.BOUND_UNUSABLE: (lazy_gettext("已綁定，帳號停用中"), "bad", "lock"),
    Shown.NEEDS_CONFIRMATION: (lazy_gettext("待同仁確認"), "warn", "clock"),
}


@dataclass(frozen=True, slots=True)
class ActWords:
    """How an act is asked for, what follows, what is said when it is done. ``%(linked)s`` and ``%(account)s``."""

    heading: Any
    effects: tuple[Any, ...]
    button: Any
    done: Any
    is_heavy: bool


ACT_WORDS: dict[GroupAct, ActWords] = {
    GroupAct.APPROVE: ActWords(
        lazy_gettext("要核准這項綁定嗎？"),
        (
            lazy_gettext("對方即可以這位同仁的身分，為貴公司辦理業務。"),
            lazy_gettext("對方登入了哪些應用系統，您可以在「群組紀錄」查看，也隨時可以解除綁定。"),
            lazy_gettext("我們會寄信通知同仁與對方。"),
        ),
        lazy_gettext("核准"),
        lazy_gettext("已核准%(linked)s綁定%(account)s的帳號。"),
        is_heavy=False,
    ),
    GroupAct.REFUSE: ActWords(
        lazy_gettext("要不核准這項綁定嗎？"),
        (
            lazy_gettext("對方不能以這位同仁的身分登入；需要時可以再次申請。"),
            lazy_gettext("我們會寄信通知同仁與對方。"),
        ),
        lazy_gettext("不核准"),
        lazy_gettext("未核准%(linked)s綁定%(account)s的帳號。"),
        is_heavy=True,
    ),
    GroupAct.END: ActWords(
        lazy_gettext("確定要解除綁定？"),
        (
            lazy_gettext("對方無法再以這位同仁的身分登入；進行中的登入會立即結束。"),
            lazy_gettext("這位同仁的帳號不受影響，仍可直接登入。"),
            lazy_gettext("我們會寄信通知同仁與對方。"),
        ),
        lazy_gettext("解除綁定"),
        lazy_gettext("已解除%(linked)s與%(account)s的帳號綁定。"),
        is_heavy=True,
    ),
}


def shown_to_group(one: BindingFacts) -> dict[str, Any]:
    """A binding as a row of the list and as the page about it."""
    label, tone, sign = STATES[one.state]
    return {
        "id": one.id,
        "account_id": one.account_id,
        "name": one.account_name,
        "username": one.account_username,
        "linked_name": one.linked_name,
        "linked_username": one.linked_username,
        "linked_email": masked_email(one.linked_email),
        "state": {"label": label, "tone": tone, "sign": sign},
        "acts": [(str(act), ACT_WORDS[act]) for act in acts_of_group_admin(one.state)],
        "proof_label": how_bound(one),
        "asked_at": one.created_at,
        "bound_at": one.bound_at,
        "last_used_at": one.last_used_at,
        "last_used_where": where(one),
    }
