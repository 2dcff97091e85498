"""The small markup in which operators write a service's texts: blocks of plain spans, never HTML.

A blank line ends a paragraph. A line that begins with ``# `` is a heading, ``- `` an item of a list, ``1. `` or
``1、`` one of a numbered list (any number: they are counted by their place); ``**…**`` is strong. ``{service}`` and
``{mailbox}`` are filled in when the text is shown.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

from idp.policies.names import has_control

LONGEST_TEXT = 12_000
NUMBERED = re.compile(r"[0-9]{1,3}(?:\. |、)", re.ASCII)
PLACES = re.compile(r"\{([a-z_]*)\}", re.ASCII)
FILLED_IN = ("service", "mailbox")
PARAGRAPH, HEADING, LIST, NUMBERS = "p", "h", "ul", "ol"


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line."""

    text: str
    is_strong: bool = False


Line = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph or heading of one line, or a list with a line for each item."""

    kind: str
    lines: tuple[Line, ...]


def text_problem(text: str) -> str | None:
    """Why a text in its one form can't be one that people agree to (a key of the texts), or None."""
    if not text.strip():
        return "text.missing"
    if len(text) > LONGEST_TEXT:
        return "text.long"
    if has_control(text.replace("\n", "")):
        return "text.characters"
    if set(PLACES.findall(text)) - set(FILLED_IN):
        return "text.place"
    return None


def one_form(text: str) -> str:
    """A text as it is kept: line ends of one kind, no tabs, nothing around it."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


def read_markup(text: str, values: Mapping[str, str]) -> tuple[Block, ...]:
    """The blocks of a text, with ``values`` in the places of FILLED_IN."""
    blocks: list[Block] = []
    for kind, line in _lines(one_form(text)):
        spans = _spans(line, values)
        last = blocks[-1] if blocks else None
        if last is not None and kind in {LIST, NUMBERS} and last.kind == kind:
            blocks[-1] = Block(kind, (*last.lines, spans))
        else:
            blocks.append(Block(kind, (spans,)))
    return tuple(blocks)


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Each block's or item's kind and words; lines of one paragraph, or of one item, are joined."""
    kind, words = PARAGRAPH, ""
    for line in [*text.split("\n"), ""]:
        began = _begins(line)
        if words and (began is not None or not line.strip()):
            yield kind, words
            words = ""
        if began is not None:
            kind, words = began
        elif line.strip():
            kind, words = (kind, _joined(words, line.strip())) if words else (PARAGRAPH, line.strip())


def _begins(line: str) -> tuple[str, str] | None:
    if line.startswith("# "):
        return HEADING, line[2:].strip()
    if line.startswith("- "):
        return LIST, line[2:].strip()
    number = NUMBERED.match(line)
    return (NUMBERS, line[number.end() :].strip()) if number else None


def _joined(words: str, more: str) -> str:
    """Two lines as one: between Chinese characters stands no space."""
    return words + more if not words[-1].isascii() or not more[0].isascii() else f"{words} {more}"


def _spans(line: str, values: Mapping[str, str]) -> Line:
    parts = line.split("**")
    if len(parts) % 2 == 0:  # an asterisk pair without its end is shown as it was typed
        parts = [*parts[:-2], "**".join(parts[-2:])]
    return tuple(
        Span(PLACES.sub(lambda place: values.get(place[1], place[0]), part), is_strong=bool(index % 2))
        for index, part in enumerate(parts)
        if part
    )


class _Reader(HTMLParser):
    """What a built-in text holds, as markup: <p>, <h2>, <h3>, <ol>, <ul>, <li>, <b>, <strong>."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self._lists: list[str] = []
        self._words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {LIST, NUMBERS}:
            self._lists.append(tag)
        elif tag in {"b", "strong"}:
            self._words += "**"

    def handle_endtag(self, tag: str) -> None:
        if tag in {"b", "strong"}:
            self._words += "**"
        elif tag in {"p", "h2", "h3", "li"}:
            self._end(tag)
        elif tag in {LIST, NUMBERS} and self._lists:
            self._lists.pop()
            self.lines.append("")

    def _end(self, tag: str) -> None:
        words, self._words = " ".join(self._words.split()), ""
        if tag == "li":
            self.lines.append(f"1. {words}" if self._lists[-1:] == [NUMBERS] else f"- {words}")
        else:
            self.lines += [words if tag == "p" else f"# {words}", ""]

    def handle_data(self, data: str) -> None:
        self._words += data


def markup_of(html: str) -> str:
    """A built-in text as markup, from which a new version is begun."""
    reader = _Reader()
    reader.feed(html)
    return one_form(_numbered(reader.lines))


def _numbered(lines: list[str]) -> str:
    number, numbered = 0, []
    for line in lines:
        number = number + 1 if line.startswith("1. ") else 0
        numbered.append(f"{number}. {line[3:]}" if number else line)
    return "\n".join(numbered)
