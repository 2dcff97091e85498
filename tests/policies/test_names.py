"""Account names, client ids, mail addresses and people's names."""

import pytest

from idp.policies.electronic_id import electronic_id
from idp.policies.names import (
    canonical_email,
    canonical_username,
    client_id_problem,
    has_control,
    is_username,
    masked_email,
    masked_name,
    masked_username,
    number_of_name,
    person_name_problem,
    username_problem,
)


@pytest.mark.parametrize("typed", ["ａdmin", "ADMIN", "admin ", "\u3000Admin"])
def test_spellings_of_one_name_are_one_name(typed: str) -> None:
    assert canonical_username(typed) == "admin"


@pytest.mark.parametrize("name", ["staff1", "a.b_c-d", "2001", "x" * 32])
def test_names_of_the_allow_list_are_taken(name: str) -> None:
    assert username_problem(name) is None


@pytest.mark.parametrize(
    "name",
    ["аdmin", "admın", "ad\u200bmin", "ad\u202emin", "admin\u0000", "王小明", "admín", "\ud800dmin"],
    ids=["cyrillic", "dotless", "zero width", "direction", "nul", "han", "accent", "surrogate"],
)
def test_names_that_look_like_others_are_refused(name: str) -> None:
    assert username_problem(name) == "username.form"


@pytest.mark.parametrize("name", ["", "abc", "x" * 33, ".admin", "admin-", "ad min", "x" * 1_000_000])
def test_names_too_short_too_long_or_badly_ended_are_refused(name: str) -> None:
    assert username_problem(name) == "username.form"


@pytest.mark.parametrize("client_id", ["dreams", "D-1.2_x", "0", "x" * 63])
def test_client_ids_of_plain_characters_are_taken(client_id: str) -> None:
    assert client_id_problem(client_id) is None


@pytest.mark.parametrize("client_id", ["ga_x", "la_x", "co_x", "op_x"])
def test_client_ids_that_look_like_ids_of_ours_are_refused(client_id: str) -> None:
    assert client_id_problem(client_id) == "client_id.reserved"


@pytest.mark.parametrize("client_id", ["", "-x", "a b", "a/b", "用戶", "x" * 64])
def test_other_client_ids_are_refused(client_id: str) -> None:
    assert client_id_problem(client_id) == "client_id.form"


def test_a_mail_address_is_kept_in_one_form() -> None:
    assert canonical_email(" Ming@EXAMPLE.test ") == "Ming@example.test"
    assert canonical_email("ｅｘａｍｐｌｅ＠ｇｍａｉｌ．ｃｏｍ　") == "example@gmail.com"


@pytest.mark.parametrize(
    "address",
    [
        "a@example.test\r\nBcc: b@example.test",
        "a@example.test\n",
        "a@example.test,b@example.test",
        "a@example.test;b@example.test",
        '"A" <a@example.test>',
        "A <a@example.test>",
        "a@",
        "@example.test",
        "a",
        "",
        "a@example.test\0",
        "a@example.test；b@example.test",
        "a@example.test，b@example.test",
        f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.test",
    ],
)
def test_two_addresses_display_names_and_line_breaks_are_no_mail_address(address: str) -> None:
    assert canonical_email(address) is None


@pytest.mark.parametrize("name", ["王小明", "林", "Watan‧Nokan", "𠮷田", "Chen Mei-Hui", "名" * 50])
def test_real_names_of_people_are_taken(name: str) -> None:
    assert person_name_problem(name) is None


@pytest.mark.parametrize("name", ["", " ", "名" * 51, "王\n明", "王\u202e明", "王\0明", "\ud800"])
def test_names_nobody_can_see_are_refused(name: str) -> None:
    assert person_name_problem(name) == "name.form"


@pytest.mark.parametrize("name", ["請見 https://evil.test", "WWW.evil.test", "王ｗｗｗ．evil", "王 ：／／x"])
def test_a_persons_name_is_no_address(name: str) -> None:
    assert person_name_problem(name) == "name.address"


def test_a_text_far_too_long_for_a_name_is_cut_and_not_normalised() -> None:
    """Normalising it would take minutes; and it must not become a name by being cut."""
    assert canonical_username("a" + "\u0315\u0300" * 500_000) != "a"
    assert canonical_username("admin" + " " * 300 + "x") != "admin"


@pytest.mark.parametrize("text", ["\u2028", "\u2029", "\0", "\u200b", "\u202e", "\ud800", "\ue000", "\x7f"])
def test_characters_no_line_of_text_should_hold_are_found(text: str) -> None:
    assert has_control(f"測試{text}公司")


@pytest.mark.requirement("R-105")
def test_a_mailbox_others_may_see_is_masked() -> None:
    assert masked_email("example@gmail.com") == "ex*****@gmail.com"


@pytest.mark.parametrize("name", ["IC1234567894", "ic0000", "ＩＣ1234567894", " ic12345 "])
def test_nobody_chooses_a_name_that_looks_like_an_accounts_number(name: str) -> None:
    assert username_problem(name) == "username.reserved"
    assert is_username(name), "where the system gives it, it is a name"


@pytest.mark.parametrize("name", ["icarus", "ic-1234", "mic1234", "ic12x"])
def test_what_only_resembles_a_number_is_a_name_like_others(name: str) -> None:
    assert username_problem(name) is None


NUMBER = electronic_id(123456789)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        (NUMBER.lower(), NUMBER),
        (NUMBER[:-1].lower() + ("0" if NUMBER[-1] != "0" else "1"), None),
        ("ic123", None),
        ("staff1", None),
        ("", None),
    ],
)
def test_a_name_that_is_a_whole_number_is_known_as_one(name: str, number: str | None) -> None:
    assert number_of_name(name) == number


def test_an_account_name_others_may_see_is_masked() -> None:
    assert masked_username("IC1234567894") == "IC*****94"
    assert masked_username("port1") == "po*****t1"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("王小明", "王○明"),
        ("王明", "王○"),
        ("王", "王○"),
        ("歐陽小明", "歐○○明"),
        ("Mary Lee", "M○○ L○○"),
        ("Wang 小明", "W○○ 小○"),
    ],
)
def test_a_name_is_shown_in_part_to_who_ought_to_know_it(name: str, shown: str) -> None:
    assert masked_name(name) == shown
