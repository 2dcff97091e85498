"""What holds for every template and text: words in both languages, nothing inline, nothing missing."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from babel.messages import pofile
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file
from babel.util import pathmatch

ROOT = Path(__file__).parents[2]
IDP = ROOT / "idp"
STATIC = IDP / "static"
TEMPLATES = sorted((IDP / "templates").rglob("*.*"))
PAGES = [path for path in TEMPLATES if "mail" not in path.parts]
ENGLISH = IDP / "translations" / "en" / "LC_MESSAGES"
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None}
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
# What is printed on the papers themselves: their reader has to find them.
PAPERS = re.compile("統一編號|公司登記表|商業登記證明文件|營利事業登記證")
PLACEHOLDER = re.compile(r"%\(\w+\)[ds]")


def english() -> Catalog:
    with (ENGLISH / "messages.po").open("rb") as file:
        return pofile.read_po(file, locale="en")


def parts(text: str | Sequence[str] | None) -> list[str]:
    """A text's forms: one, or one for each number."""
    return [text] if isinstance(text, str) else list(text or [])


def texts() -> set[str]:
    """Every sentence of the provider that gettext is asked for, as babel.cfg finds it."""
    found: set[str] = set()
    for method, pattern in re.findall(r"^\[(\w+): (.+)\]$", (ROOT / "babel.cfg").read_text(), re.MULTILINE):
        for path in sorted(IDP.rglob("*.*")):
            if pathmatch(pattern, path.relative_to(ROOT).as_posix()):
                for _line, message, _comments, _context in extract_from_file(method, path, keywords=KEYWORDS):
                    found.add(message if isinstance(message, str) else message[0])
    return found


def name_of(path: Path) -> str:
    return path.relative_to(IDP / "templates").as_posix()


def test_every_text_has_its_english() -> None:
    translated = {
        parts(message.id)[0] for message in english() if message.id and not message.fuzzy and all(parts(message.string))
    }
    assert sorted(texts() - translated) == []


def test_the_english_is_english() -> None:
    strings = ["".join(parts(message.string)) for message in english() if message.id]
    assert [text for text in strings if CHINESE.search(PAPERS.sub("", text))] == []


def test_the_english_fills_in_nothing_that_the_chinese_does_not() -> None:
    for message in english():
        known = set(PLACEHOLDER.findall("".join(parts(message.id))))
        used = set(PLACEHOLDER.findall("".join(parts(message.string))))
        assert not message.id or used <= known, message.id


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_has_nothing_inline_and_trusts_no_text(page: Path) -> None:
    source = page.read_text()
    assert not re.search(r"\sstyle=|\son\w+=|<style|javascript:|\|\s*safe|Markup", source)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", source))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_form_that_posts_to_us_is_stamped(page: Path) -> None:
    for form in re.findall(r'<form[^>]*method="post".*?</form>', page.read_text(), re.DOTALL):
        # The one form without a stamp goes to the application.
        assert "forms.stamp()" in form or 'id="form-post"' in form


@pytest.mark.parametrize("template", TEMPLATES, ids=name_of)
def test_every_file_a_template_names_exists(template: Path) -> None:
    source = template.read_text()
    for name in re.findall(r'asset\("([^"]+)"\)', source):
        assert (STATIC / name).is_file()
    for name in re.findall(r'(?:extends|import|from|include) "([^"]+)"', source):
        assert (IDP / "templates" / name).is_file()


def test_every_icon_that_is_used_is_drawn() -> None:
    drawn = dict(re.findall(r"\.i-([a-z]+)\{mask-image:url\(([^)]+)\)", (STATIC / "icons" / "icons.css").read_text()))
    used = {
        name
        for page in PAGES
        for name in re.findall(r'(?:\bi-|icon\("|(?:empty|note)\("[^"]*", ")([a-z]+)', page.read_text())
    }
    assert used - {"warn"} <= drawn.keys()
    assert all((STATIC / "icons" / file).is_file() for file in drawn.values())


@pytest.mark.parametrize("text", [p for p in TEMPLATES if p.match("mail/*.txt")], ids=name_of)
def test_what_text_and_html_of_a_mail_are_built_from_says_the_same(text: Path) -> None:
    """Each mail itself is one template for both forms."""
    sentences = [re.findall(r'_\("([^"]+)"', path.read_text()) for path in (text, text.with_suffix(".html"))]
    assert sorted(set(sentences[0]) - {"："}) == sorted(set(sentences[1]))
