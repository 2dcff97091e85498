"""What no file of the project may hold: addresses of this machine, unsafe markup, links made from a request."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.reading import named, project_files, python_files
from tests.harness.processes import ROOT

BINARY = {".png", ".jpg", ".ico", ".woff2", ".pdf", ".zip", ".db"}
TEXTS = [p for p in project_files() if p.suffix not in BINARY]
TEMPLATES = [p for p in project_files() if p.suffix in {".html", ".txt"} and "templates" in p.parts]
# Mail programs know no style sheets (idp/templates/mail/base.html); nothing else is inline.
PAGES = [p for p in TEMPLATES if "mail" not in p.parts]
HOME = re.compile(r"/(?:home|Users|root)/[a-z0-9_.-]+/|[A-Z]:\\Users\\")
MACHINE = re.compile(r"(?<![\w./-])" + re.escape(str(ROOT)) + r"(?![\w-])")
REGISTRY = re.compile(
    r"(?:pypi\.org|pythonhosted\.org|registry\.npmjs\.org|--(?:extra-)?index-url\s+http|index-url\s*=)"
)
PRIVATE_HOST = re.compile(
    r"https?://(?:10\.\d|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|[\w.-]+\.(?:internal|corp|lan)\b)"
)


def lines_with(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    found = []
    for path in paths:
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if pattern.search(line):
                found.append(f"{named(path)}:{number}: {line.strip()[:120]}")
    return found


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    here = [p for p in TEXTS if p != Path(__file__)]
    assert lines_with(HOME, here) == []
    assert lines_with(MACHINE, here) == []


def test_no_lock_file_or_setting_names_an_index_of_packages() -> None:
    locks = [p for p in TEXTS if p.suffix in {".lock", ".toml", ".cfg", ".npmrc"} or p.name == "package-lock.json"]
    assert len(locks) >= 3
    assert lines_with(REGISTRY, locks) == []


def test_no_file_names_a_host_of_a_private_network() -> None:
    sources = [p for p in TEXTS if "tests" not in p.relative_to(ROOT).parts]
    assert lines_with(PRIVATE_HOST, sources) == []


def test_no_link_is_made_from_the_host_header() -> None:
    assert lines_with(re.compile(r"_external\s*=\s*True"), [*python_files("idp", "clients"), *TEMPLATES]) == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_template_has_nothing_inline_and_escapes_everything(page: Path) -> None:
    source = page.read_text()
    assert not re.search(r"\|\s*safe\b|Markup\(|autoescape\s+false", source)
    assert not re.search(r"<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:", source)
    assert all("src=" in tag for tag in re.findall(r"<script\b[^>]*>", source))


def test_no_code_marks_text_as_safe_markup() -> None:
    assert lines_with(re.compile(r"\bMarkup\(|\bSafe(?:String|Text)\b"), python_files("idp", "clients")) == []


def test_no_test_mocks_our_own_code() -> None:
    imports = set()
    for path in python_files("idp", "clients", "tests"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                imports.add(node.module)
            elif isinstance(node, ast.Import):
                imports |= {alias.name for alias in node.names}
    assert {name for name in imports if name.split(".")[:2] == ["unittest", "mock"] or name == "mock"} == set()


def test_what_is_to_be_done_is_done_and_not_noted_in_the_code() -> None:
    later = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b")
    assert lines_with(later, python_files("idp", "clients", "tests")) == []


def test_a_rule_that_is_switched_off_says_why() -> None:
    silent = re.compile(r"#\s*(?:noqa|type:\s*ignore)(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*|\[[\w, -]+\])?\s*$")
    assert lines_with(silent, python_files("idp", "clients")) == []
