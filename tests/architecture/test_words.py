"""Every refusal and every problem has its sentence, in both languages, and the languages are complete."""

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from babel.messages import mofile, pofile
from flask import Flask
from flask_babel import Babel, force_locale

from idp.cli import words as command_words
from idp.errors import PasswordRefused, Refused, TooManyRequests, TooManyTries, refusals
from idp.flows.card_help_words import EXAMPLES
from idp.flows.messages import ADMISSION_REASONS, MESSAGES, PROBLEMS, sentence_for
from idp.policies.passwords import form_problem
from tests.architecture.reading import python_files
from tests.harness.processes import ROOT

CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
CATALOGUE = ROOT / "idp" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
KINDS = sorted(set(refusals()), key=lambda kind: kind.code)
LANGUAGES = {"zh_Hant_TW": True, "en": False}


@pytest.fixture(scope="module")
def translated(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An application that knows the catalogue as it is now, compiled or not, and nothing else."""
    folder = tmp_path_factory.mktemp("translations")
    compiled = folder / "en" / "LC_MESSAGES" / "messages.mo"
    compiled.parent.mkdir(parents=True)
    with CATALOGUE.open("rb") as source, compiled.open("wb") as target:
        mofile.write_mo(target, pofile.read_po(source, locale="en"))
    app = Flask("idp", root_path=str(folder))
    Babel(app, default_locale="zh_Hant_TW", default_translation_directories=str(folder))
    return app


def one_of(kind: type[Refused]) -> Refused:
    if issubclass(kind, TooManyTries | TooManyRequests):
        return kind(retry_at=datetime(2026, 11, 20, 6, 5, tzinfo=UTC), retry_seconds=60)
    if kind is PasswordRefused:
        return PasswordRefused(reason="short")
    return kind(**EXAMPLES.get(kind.code, {}))


def sentences(app: Flask, kind: type[Refused]) -> dict[str, str]:
    with app.test_request_context():
        said = {}
        for language in LANGUAGES:
            with force_locale(language):
                said[language] = sentence_for(one_of(kind))
        return said


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_every_refusal_has_words_in_both_languages(translated: Flask, kind: type[Refused]) -> None:
    assert kind.code in MESSAGES
    for language, is_chinese in LANGUAGES.items():
        sentence = sentences(translated, kind)[language]
        assert bool(CHINESE.search(sentence)) is is_chinese, sentence


def test_no_two_refusals_share_a_code() -> None:
    codes = [kind.code for kind in KINDS]
    assert len(codes) == len(set(codes))


def test_no_words_are_kept_for_refusals_that_are_gone() -> None:
    assert MESSAGES.keys() == {kind.code for kind in KINDS}


@pytest.mark.parametrize("table", [PROBLEMS, ADMISSION_REASONS], ids=["problems", "admission"])
def test_every_problem_is_told_in_english_too(translated: Flask, table: dict[str, object]) -> None:
    with translated.test_request_context(), force_locale("en"):
        assert {code: str(text) for code, text in table.items() if CHINESE.search(str(text))} == {}


def codes_given_as(*names: str) -> Iterator[str]:
    """The literal codes that services and rules give under these names (``problem="…"``)."""
    for path in python_files("idp"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.keyword) or node.arg not in names:
                continue
            if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
                yield node.value.value


def codes_returned_by(function: Callable[..., object]) -> set[str]:
    """The literal codes that a rule gives back."""
    returns = (n for n in ast.walk(ast.parse(inspect.getsource(function))) if isinstance(n, ast.Return))
    constants = (n for r in returns for n in ast.walk(r) if isinstance(n, ast.Constant))
    return {n.value for n in constants if isinstance(n.value, str)}


def test_every_problem_that_a_command_can_meet_has_its_sentence() -> None:
    assert set(codes_given_as("problem")) - command_words.PROBLEMS.keys() == set()


def test_every_reason_a_password_is_refused_for_has_words_at_both_edges() -> None:
    reasons = {*codes_given_as("reason"), *codes_returned_by(form_problem)}
    assert reasons - PROBLEMS.keys() == set()
    assert reasons - command_words.REASONS.keys() == set()


def test_the_english_catalogue_is_complete_and_sure_of_itself() -> None:
    with CATALOGUE.open("rb") as file:
        messages = [m for m in pofile.read_po(file, locale="en") if m.id]
    assert [m.id for m in messages if m.fuzzy] == []
    forms = {str(m.id): [m.string] if isinstance(m.string, str) else list(m.string or [""]) for m in messages}
    assert [sentence for sentence, texts in forms.items() if not all(texts)] == []
