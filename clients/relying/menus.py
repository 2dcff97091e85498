"""The menu of an application as registered at the provider (``menus.json``); who may open what (R-041 – R-043)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One item as registered at the provider; ``path`` is where it opens, None for a heading or a detail."""

    code: str
    label_zh: str
    label_en: str
    parent: str | None
    path: str | None

    def label(self, language: str) -> str:
        """The item's name in the language of the page."""
        return self.label_en if language == "en" else self.label_zh


class Menus:
    """The items of one application, in the order they are registered."""

    def __init__(self, catalogue: Path, paths: Mapping[str, str]) -> None:
        self.items = {
            item["code"]: MenuItem(
                item["code"], item["label_zh"], item["label_en"], item["parent"], paths.get(item["code"])
            )
            for item in json.loads(catalogue.read_text(encoding="utf-8"))["menus"]
        }

    def may(self, facts: Mapping[str, Any], code: str) -> bool:
        """Whether the person may open the item now. Only the provider's word counts, never the role by itself."""
        return code in self.items and code in entitled(facts)

    def shown_to(self, facts: Mapping[str, Any]) -> list[MenuItem]:
        """The items that open a page and that the person may open."""
        return [item for item in self.items.values() if item.path and self.may(facts, item.code)]


def entitled(facts: Mapping[str, Any]) -> frozenset[str]:
    """The codes in the claim ``entitlements`` (RFC 9068 §2.2.3.1); none where it is absent or malformed."""
    codes = facts.get("entitlements")
    if not isinstance(codes, list):
        return frozenset()
    return frozenset(code for code in codes if isinstance(code, str))


def needed_acr(facts: Mapping[str, Any], code: str) -> str | None:
    """The class of sign-in that the person lacks for an item of hers (claim ``entitlements_locked``), or None."""
    locked = facts.get("entitlements_locked")
    acr = locked.get(code) if isinstance(locked, dict) else None
    return acr if isinstance(acr, str) and acr else None


def needs_stronger_sign_in(facts: Mapping[str, Any], code: str) -> bool:
    """Whether the person has the item but this sign-in is too weak for it."""
    return needed_acr(facts, code) is not None
