"""The markup of texts that people agree to: read into blocks, never into HTML."""

import pytest

from idp.policies.text_markup import LONGEST_TEXT, Block, Span, markup_of, one_form, read_markup, text_problem
from tests.harness.processes import ROOT

VALUES = {"service": "漁港申報", "mailbox": "help@example.test"}


def shape(text: str) -> list[tuple[str, list[str]]]:
    """The blocks, with what is strong in brackets."""

    def line(spans: tuple[Span, ...]) -> str:
        return "".join(f"[{span.text}]" if span.is_strong else span.text for span in spans)

    return [(block.kind, [line(spans) for spans in block.lines]) for block in read_markup(text, VALUES)]


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("甲\n乙\n\n丙", [("p", ["甲乙"]), ("p", ["丙"])]),
        ("one\ntwo", [("p", ["one two"])]),
        ("# 標題\n內文", [("h", ["標題內文"])]),
        ("# 標題\n\n內文", [("h", ["標題"]), ("p", ["內文"])]),
        ("- a\n- b\n\n- c", [("ul", ["a", "b", "c"])]),
        ("前言\n1. 甲\n   續行\n7. 乙\n2、丙", [("p", ["前言"]), ("ol", ["甲續行", "乙", "丙"])]),
        ("10.5 公斤\n1.甲", [("p", ["10.5 公斤1.甲"])]),
        ("**{service}**：{mailbox}", [("p", ["[漁港申報]：help@example.test"])]),
        ("a **b", [("p", ["a **b"])]),
        ("**a** b **c", [("p", ["[a] b **c"])]),
        ("{{7*7}} {other}", [("p", ["{{7*7}} {other}"])]),
        ("<b>x</b> & y", [("p", ["<b>x</b> & y"])]),
        ("\n\n", []),
    ],
)
def test_a_text_is_read_into_blocks(text: str, blocks: list[tuple[str, list[str]]]) -> None:
    assert shape(text) == blocks


def test_what_is_filled_in_is_never_read_as_markup() -> None:
    assert read_markup("{service}", {"service": "**a**\n# b"}) == (Block("p", ((Span("**a**\n# b"),),)),)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("甲\n乙", None),
        ("", "text.missing"),
        (" \n ", "text.missing"),
        ("x" * LONGEST_TEXT, None),
        ("x" * (LONGEST_TEXT + 1), "text.long"),
        ("a\u202eb", "text.characters"),
        ("a\x07", "text.characters"),
        ("{service} {mailbox} {7}", None),
        ("{company}", "text.place"),
    ],
)
def test_what_can_not_be_a_text_is_told(text: str, problem: str | None) -> None:
    assert text_problem(text) == problem


def test_line_ends_and_tabs_have_one_form() -> None:
    assert one_form(" \r\na\t b \r\rc\n") == "a  b\n\nc"


def test_a_built_in_text_becomes_the_markup_that_shows_it() -> None:
    html = (ROOT / "idp" / "templates" / "texts" / "terms.1.zh-Hant-TW.html").read_text()
    [(kind, lines)] = shape(markup_of(html))
    assert (kind, len(lines), lines[0][:8]) == ("ol", html.count("<li>"), "[帳號與群組]：")
    html = "<h3>A</h3><p>x <b>y</b> <em>&lt;z&gt;</em></p><ul><li>a</li></ul><ol><li>b</li><li>c</li></ol>"
    assert markup_of(html) == ("# A\n\nx **y** <z>\n\n- a\n\n1. b\n2. c")
