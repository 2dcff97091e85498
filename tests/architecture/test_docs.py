"""The docs know everything there is: settings, commands, claims, decisions; and name nothing that is not."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from idp.cli import main
from idp.config import MailTls, Mode, Settings
from idp.oidc.discovery import discovery_document
from idp.policies.menus import MANY_ITEMS
from idp.policies.scopes import CLAIMS_OF_SCOPE, SCOPES, USERINFO_ONLY
from tests.architecture.reading import DOCS, all_tests, in_code, named, project_files, rows_of
from tests.harness.processes import ROOT

PAGES = [p for p in project_files() if p.suffix == ".md" and (p.parent == ROOT or DOCS in p.parents)]
DECISIONS = sorted((DOCS / "decisions").glob("*.md"))
PARTS = ("Context", "Decision", "Consequences", "Refused")
LONGEST_DECISION = 45
ALWAYS = {"sub", "sid", "auth_time", "acr", "amr", "session_expiry"}
OF_THE_TOKEN = {"iss", "aud", "exp", "iat", "nonce", "at_hash", "act"}


def text(page: str) -> str:
    return (DOCS / page).read_text()


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_in_the_docs(name: str) -> None:
    assert f"`IDP_{name.upper()}`" in text("settings.md")


def test_no_setting_is_in_the_docs_that_is_none() -> None:
    known = {f"IDP_{name.upper()}" for name in Settings.model_fields}
    # Read before there are settings, by the tests, or by `idp demo` alone.
    known |= {"IDP_SETTINGS_FILE", "IDP_DEMO_PASSWORD"}
    mentioned = {
        name for page in PAGES for name in re.findall(r"\bIDP_[A-Z0-9]+(?:_[A-Z0-9]+)*(?!_)\b", page.read_text())
    }
    assert {name for name in mentioned - known if not name.startswith("IDP_TEST_")} == set()


@pytest.mark.parametrize("value", [*Mode, *MailTls])
def test_every_choice_of_a_setting_is_in_the_docs(value: str) -> None:
    assert f"`{value}`" in text("settings.md")


def commands(group: click.Group, way: tuple[str, ...] = ("idp",)) -> Iterator[tuple[str, click.Command]]:
    """Every command that can be given, as it is typed."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, (*way, name))
        else:
            yield " ".join((*way, name)), command


@pytest.mark.parametrize(("typed", "command"), list(commands(main)), ids=str)
def test_every_command_and_its_options_are_in_the_docs(typed: str, command: click.Command) -> None:
    page = text("cli.md")
    assert typed in page
    options = {o for p in command.params if isinstance(p, click.Option) for o in p.opts if o.startswith("--")}
    assert {o for o in options if o not in page} == set()


def is_known(words: list[str], known: set[str], groups: set[str]) -> bool:
    """Whether these words are a command, a group of them, or a command with its first argument."""
    typed, two = " ".join(words), " ".join(words[:2])
    return typed in known | groups or two in known


def test_every_command_that_the_docs_give_exists() -> None:
    known = {typed for typed, _ in commands(main)}
    groups = {typed.rsplit(" ", 1)[0] for typed in known}
    given = {
        (named(page), words)
        for page in PAGES
        for words in re.findall(r"(?:`|\.venv/bin/)(idp(?: [a-z][a-z-]*){1,2})", page.read_text())
    }
    assert {(page, words) for page, words in given if not is_known(words.split(), known, groups)} == set()


def claims_table() -> dict[str, tuple[str, str]]:
    """Claim to scope and place (ID token, userinfo), as docs/claims.md tells them."""
    return {
        claim: (in_code(scope)[0] if in_code(scope) else "", place)
        for names, scope, place, *_ in rows_of("claims.md")
        for claim in in_code(names)
    }


def test_every_claim_of_a_scope_is_in_the_docs_under_that_scope() -> None:
    table = claims_table()
    expected = {claim: scope for scope, names in CLAIMS_OF_SCOPE.items() for claim in names}
    told = {claim: scope for claim, (scope, _) in table.items() if claim not in ALWAYS | OF_THE_TOKEN}
    assert told == expected
    assert {claim: table[claim][0] for claim in ALWAYS} == dict.fromkeys(ALWAYS, "openid")


def test_the_docs_say_which_claims_come_by_userinfo_alone() -> None:
    alone = {claim for claim, (_, place) in claims_table().items() if place == "userinfo"}
    assert alone == USERINFO_ONLY
    assert f"more than {MANY_ITEMS} menu items" in text("claims.md")


def test_every_claim_that_discovery_lists_is_in_the_docs() -> None:
    settings = Settings.model_construct(issuer="https://idp.example")
    assert set(discovery_document(settings)["claims_supported"]) == claims_table().keys()


@pytest.mark.parametrize("scope", SCOPES)
def test_every_scope_is_in_the_docs(scope: str) -> None:
    assert f"`{scope}`" in text("claims.md")


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_its_four_parts_on_one_page(decision: Path) -> None:
    source = decision.read_text()
    assert [part for part in PARTS if f"**{part}.**" not in source] == []
    assert source.startswith(f"# {decision.name[:4]} · ")
    assert len(source.splitlines()) <= LONGEST_DECISION


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_within_the_project_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), target


def test_every_symbol_of_the_traced_sign_in_is_where_the_list_says() -> None:
    rows = rows_of("architecture.md")
    files = {symbol: in_code(where)[0] for symbols, where in rows[-_symbol_rows(rows) :] for symbol in in_code(symbols)}
    trace = re.findall(r"^\d+\. (.+(?:\n   .+)*)", text("architecture.md"), re.MULTILINE)
    assert len(trace) == 12
    for symbol, file in files.items():
        name = symbol.rstrip("()").rsplit(".", 1)[-1]
        assert re.search(rf"\b(?:def|class) {name}\b|^{name} = |^{name}: ", (ROOT / file).read_text(), re.MULTILINE), (
            symbol
        )
    told = {word for line in trace for word in in_code(line) if word.endswith("()") or word[:1].isupper()}
    assert {word for word in told if word not in files and not word.isupper()} == set()


def _symbol_rows(rows: list[list[str]]) -> int:
    return len([row for row in rows if len(row) == 2 and row[1].startswith("`idp/")])


SPECIFICATIONS = rows_of("specifications.md") if (DOCS / "specifications.md").is_file() else []


@pytest.mark.parametrize("row", SPECIFICATIONS, ids=lambda row: row[0][:40])
def test_a_specification_that_is_kept_names_a_test_that_exists(row: list[str]) -> None:
    section, _what, state, proof = row
    assert state in {"✅", "❌"}, section
    assert proof
    names = {test.name for test in all_tests()}
    given = [word for word in in_code(proof) if word.startswith("test_")]
    assert {name for name in given if name not in names} == set()
    assert given or state == "❌", section


def test_the_words_of_the_project_are_those_of_its_tables() -> None:
    """One word per thing: what docs/words.md calls a thing in code is in the code under that name."""
    sources = "\n".join(p.read_text() for p in project_files() if p.suffix == ".py" and p.is_relative_to(ROOT / "idp"))
    for row in rows_of("words.md"):
        for word in in_code(row[2]):
            name = word.split("(")[0].rsplit(".", 1)[-1]
            assert re.search(rf"\b{re.escape(name)}\b", sources), word
