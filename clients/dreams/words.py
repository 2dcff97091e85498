"""The words of DREAMS: the Chinese sentence is the key, ``english.json`` has the other language."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from werkzeug.datastructures import LanguageAccept

LANGUAGES = {"zh-TW": "zh-Hant-TW", "en": "en"}  # our name: the value of the attribute lang
ENGLISH: Mapping[str, str] = json.loads(Path(__file__).with_name("english.json").read_text(encoding="utf-8"))

ROLE_WORDS = {"guest": "訪客", "staff": "一般人員", "group_admin": "群組管理員"}
STATUS_WORDS = {"submitted": "已送件", "review": "審查中", "supplement": "待補資料", "grid": "併網中"}


def translated(sentence: str, language: str, **values: Any) -> str:
    """The sentence in the language of the page, with ``{names}`` filled in."""
    words = ENGLISH.get(sentence, sentence) if language == "en" else sentence
    return words.format(**values) if values else words


def language_of(asked: str | None, remembered: str | None, accepted: LanguageAccept) -> str:
    """The language of a page: asked for by ``?lang=``, else remembered, else the browser's, else Chinese."""
    for choice in (asked, remembered):
        if choice in LANGUAGES:
            return choice
    for tag, _quality in accepted:
        primary = tag.lower().split("-")[0]
        if primary in ("zh", "en"):
            return "en" if primary == "en" else "zh-TW"
    return "zh-TW"
