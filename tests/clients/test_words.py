"""The words of the applications: each Chinese sentence has its English, and none is kept that nobody says."""

import ast
import json
import re
from collections.abc import Iterator

import pytest

from clients.dreams.application import DREAMS
from clients.ida.application import IDA
from clients.portpass.application import PORTPASS
from clients.relying.application import CLIENTS, Application

APPLICATIONS = ("dreams", "portpass", "ida")
EACH = pytest.mark.parametrize("application", [DREAMS, PORTPASS, IDA], ids=lambda application: application.key)
CHINESE = re.compile("[\u4e00-\u9fff]")
FOLDED = {"台", "臺"}  # compared, never shown
IN_TEMPLATES = re.compile(r"""_\(\s*(["'])(.+?)\1""")


def said_in(package: str) -> Iterator[str]:
    """What the templates and the code of a package say in Chinese; docstrings and pieces of f-strings left out."""
    for page in (CLIENTS / package).glob("templates/*.html"):
        yield from (found[1] for found in IN_TEMPLATES.findall(page.read_text("utf-8")))
    for file in (CLIENTS / package).glob("*.py"):
        tree = ast.parse(file.read_text("utf-8"))
        no_words = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        no_words |= {id(piece) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for piece in node.values}
        yield from (
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in no_words
            if CHINESE.search(node.value) and node.value not in FOLDED
        )


@EACH
def test_every_sentence_has_its_english(application: Application) -> None:
    said = {*said_in(application.key), *said_in("relying")}
    assert said - application.translated.english.keys() == set()


@pytest.mark.parametrize("package", [*APPLICATIONS, "relying"])
def test_every_sentence_with_its_english_is_said(package: str) -> None:
    own = json.loads((CLIENTS / package / "english.json").read_text("utf-8"))
    said = {sentence for name in (*APPLICATIONS, "relying") for sentence in said_in(name)} | {"—"}
    assert own.keys() - said == set()


def test_no_sentence_of_all_is_kept_by_one() -> None:
    kept = [json.loads((CLIENTS / name / "english.json").read_text("utf-8")) for name in (*APPLICATIONS, "relying")]
    sentences = [sentence for one in kept for sentence in one]
    assert len(sentences) == len({*sentences})


def test_a_latin_name_stands_between_blanks_among_chinese_words() -> None:
    assert DREAMS.translated("您已登出{app}", "zh-TW", app="DREAMS") == "您已登出 DREAMS"
    assert DREAMS.translated("{app}只接受", "zh-TW", app="DREAMS") == "DREAMS 只接受"
    assert DREAMS.translated("進入{app}。", "zh-TW", app="DREAMS") == "進入 DREAMS。"
    assert PORTPASS.translated("您已登出{app}", "zh-TW", app="港區通行證系統") == "您已登出港區通行證系統"
    assert DREAMS.translated("您已登出{app}", "en", app="DREAMS") == "You are signed out of DREAMS"
