"""Menu items as the console shows them: what a comparison found, and values in words."""

from typing import Any

from flask_babel import gettext

from idp.flows.messages import ROLE_LABELS
from idp.flows.moments import is_english
from idp.policies.roles import Role
from idp.services.menu_catalogue import MenuChange, MenuComparison

PARTS = ("label_zh", "label_en", "parent", "default_roles", "acr")


def compared_groups(comparison: MenuComparison) -> list[dict[str, Any]]:
    """What is added, renamed, changed otherwise, and removed; what only moved is told by its codes."""
    renamed = [change for change in comparison.changed if {"label_zh", "label_en"} & set(change.parts)]
    others = [change for change in comparison.changed if change not in renamed and change.parts != ("position",)]
    listed = (
        ("added", gettext("新增"), "ok", "check", comparison.added),
        ("renamed", gettext("改名"), "warn", "pencil", renamed),
        ("changed", gettext("變更"), "warn", "pencil", others),
        ("retired", gettext("移除"), "bad", "cross", comparison.retired),
    )
    return [
        {"name": name, "label": label, "tone": tone, "sign": sign, "rows": [_row(change) for change in changes]}
        for name, label, tone, sign, changes in listed
        if changes
    ]


def _row(change: MenuChange) -> dict[str, Any]:
    before, after = change.before, change.after
    shown = after or before or {}
    return {
        "code": change.code,
        "label": shown["label_en"] if is_english() else shown["label_zh"],
        "rights": change.rights,
        "parts": [
            {
                "name": _part(part),
                "before": value_in_words(part, before[part]),
                "after": value_in_words(part, after[part]),
            }
            for part in PARTS
            if part in change.parts and before is not None and after is not None
        ],
        "roles": value_in_words("default_roles", shown["default_roles"]),
    }


def _part(part: str) -> str:
    words = {
        "label_zh": gettext("中文名稱"),
        "label_en": gettext("英文名稱"),
        "parent": gettext("上層選單"),
        "default_roles": gettext("預設可看的權限"),
        "acr": gettext("所需的登入方式"),
    }
    return str(words[part])


def value_in_words(part: str, value: Any) -> str:
    if part == "default_roles":
        return str(gettext("、")).join(str(ROLE_LABELS[Role(role)]) for role in value) or gettext("無")
    return str(value) if value else gettext("無")
