"""One name, one account, whatever keyboard it is typed on (UN01, UN02, UN05)."""

import secrets

import pytest

from tests.harness.people import PASSWORD, Town
from tests.security.doors import enter, is_in

WORDS = ["account", "add", "--tax-id", "00000016", "--name", "王小明", "--email", "a@example.test", "--role", "staff"]


def add(town: Town, username: str) -> tuple[int, str]:
    """``idp account add`` with this name: the status and what it said."""
    status, stdout, stderr = town.idp.attempt(*WORDS, "--username", username, "--password-stdin", stdin=PASSWORD)
    return status, stdout + stderr


def full_width(text: str) -> str:
    """The same letters as a Chinese input method types them."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def test_the_same_name_in_another_spelling_is_taken(bent: Town) -> None:
    """UN01: full-width, upper case, spaces around."""
    name = f"admin{secrets.token_hex(4)}"
    assert add(bent, name)[0] == 0
    for same in (
        full_width(name),
        name.upper(),
        f"{name} ",
        f" {name}",
        f"\u3000{name}\u3000",
        f"{name}\n",
        name.title(),
    ):
        status, said = add(bent, same)
        assert status == 1, ascii(same)
        assert "taken" in said, ascii(same)


def test_who_types_the_own_name_in_another_spelling_signs_in(bent: Town) -> None:
    """UN01 at the sign-in page."""
    name = f"lin.{secrets.token_hex(4)}"
    assert add(bent, name)[0] == 0
    for same in (name, name.upper(), full_width(name), f" {name} ", f"\u3000{name}"):
        assert is_in(enter(bent.browser(), same, PASSWORD)), ascii(same)


@pytest.mark.parametrize(
    "name",
    [
        "аdmin-one",  # Cyrillic а
        "admın-one",  # dotless i
        "admin\u200bone",
        "\u202eadmin-one",
        "admin\u00adone",
        "adm\u0456n-one",
        "αdmin-one",
        "admin\u0301-one",
        "admin-one\u20dd",
        "管理員帳號",
        "admin one",
        "admin\tone",
        "admin\r\none",
        "admin/../one",
        "admin'--",
        "<b>admin</b>",
        "ad",
        "a" * 33,
        "-admin",
        "admin.",
        "",
        "١٢٣٤٥",
    ],
    ids=ascii,
)
def test_a_name_of_other_letters_is_refused(bent: Town, name: str) -> None:
    """UN02: by an allow-list, at the place where it would be made."""
    status, said = add(bent, name)
    assert status in {1, 2}, said
    assert "Traceback" not in said
    page = enter(bent.browser(), name or " ", PASSWORD)
    assert page.asks_for_password
    assert page.status in {200, 400}


def test_a_wrong_name_comes_back_escaped(bent: Town) -> None:
    """RG11: what was typed stands in the field again, and is nothing but text."""
    name = "\"><script>alert(1)</script>{{7*7}}'"
    page = enter(bent.browser(), name, "wrong-1")
    assert page.asks_for_password
    assert "<script>alert" not in page.html
    form = next(form for form in page.forms if "password" in form.kinds)
    assert form.value("username") == name
    assert not form.value("password")
