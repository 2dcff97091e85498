"""Words in two languages: the Chinese sentence is the key, ``english.json`` has the other language."""

import json
from pathlib import Path
from typing import Any

from werkzeug.datastructures import LanguageAccept

LANGUAGES = {"zh-TW": "zh-Hant-TW", "en": "en"}  # our name: the value of the attribute lang
ROLE_WORDS = {"guest": "訪客", "staff": "一般人員", "group_admin": "群組管理員"}
SHARED = Path(__file__).with_name("english.json")


class Words:
    """The sentences of one application: its own and those that all share."""

    def __init__(self, own: Path) -> None:
        self.english: dict[str, str] = {
            sentence: words
            for file in (SHARED, own)
            for sentence, words in json.loads(file.read_text(encoding="utf-8")).items()
        }

    def __call__(self, sentence: str, language: str, **values: Any) -> str:
        """The sentence in the language of the page, with ``{names}`` filled in."""
        words = self.english.get(sentence, sentence) if language == "en" else _spaced(sentence, values.get("app", ""))
        return words.format(**values) if values else words


def _spaced(sentence: str, app: str) -> str:
    """A Latin name of an application stands between blanks among Chinese words, as in 您已登出 DREAMS."""
    before, named, after = sentence.partition("{app}")
    if not named or not app.isascii():
        return sentence
    return before + " " * before[-1:].isalpha() + named + " " * after[:1].isalpha() + after


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
