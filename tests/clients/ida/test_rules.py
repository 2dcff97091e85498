"""What may be written into the forms, and who is looked up: without a server."""

from datetime import date

import pytest

from clients.ida.new_authorisation import read_new_authorisation, read_number
from clients.ida.new_case import parse_amount, read_new_case
from idp.policies.electronic_id import electronic_id

TODAY = date(2026, 11, 25)
OWN, OTHER = electronic_id(1), electronic_id(510_300_002)


@pytest.mark.parametrize(
    ("text", "number", "wrong"),
    [
        (OTHER, OTHER, None),
        (f" {OTHER.lower()} ", OTHER, None),
        ("ＩＣ" + OTHER[2:], OTHER, None),
        (f"{OTHER[:6]} {OTHER[6:]}", OTHER, None),
        ("", "", "請填寫對方的帳號識別碼。"),
        (OWN, OWN, "這是您自己的帳號識別碼，請填寫對方的。"),
        (OTHER[:-1], OTHER[:-1], "打錯的數字"),
        (OTHER[:-2] + OTHER[-1] + OTHER[-2], None, "打錯的數字"),
        ("A123456789", "A123456789", "打錯的數字"),
    ],
)
def test_a_number_is_read_as_people_type_it(text: str, number: str | None, wrong: str | None) -> None:
    read, sentence = read_number(text, OWN)
    assert number is None or read == number
    assert (sentence is None) if wrong is None else wrong in str(sentence)


@pytest.mark.parametrize("n", [0, 1, 7, 123_456_789, 999_999_999])
def test_the_check_digit_is_the_providers(n: int) -> None:
    good = electronic_id(n)
    assert read_number(good, "")[1] is None
    assert all(read_number(good[:-1] + digit, "")[1] for digit in "0123456789" if digit != good[-1])


@pytest.mark.parametrize(
    ("form", "errors"),
    [
        ({"case": "P1", "last_day": "2026-11-25"}, set()),
        ({"case": "P1", "last_day": "2027-11-26"}, set()),
        ({"case": "P1", "last_day": "2027-11-27"}, {"last_day"}),
        ({"case": "P1", "last_day": "2026-11-24"}, {"last_day"}),
        ({"case": "P1", "last_day": "2026-02-30"}, {"last_day"}),
        ({"case": "another's", "last_day": "tomorrow"}, {"case", "last_day"}),
        ({}, {"case", "last_day"}),
    ],
)
def test_an_authorisation_is_for_an_own_case_and_a_year_at_most(form: dict[str, str], errors: set[str]) -> None:
    new, found = read_new_authorisation(form, {"P1"}, TODAY)
    assert (found.keys() == errors, new is None) == (True, bool(errors))


def test_an_application_is_taken_or_every_field_has_its_sentence() -> None:
    good = {"kind": "energy", "goods": "熱泵", "quantity": "1 台", "amount": "１,２００", "purpose": "節能"}
    new, errors = read_new_case(good)
    assert (errors, new is not None and new.amount) == ({}, 1200)
    assert read_new_case({})[1].keys() == good.keys()
    bad = {"kind": "x", "goods": "字" * 61, "quantity": "\u202e", "amount": "-1", "purpose": "字" * 101}
    assert read_new_case(bad)[1].keys() == good.keys()
    assert [parse_amount(text) for text in ("0", "1.5", "", "9" * 12)] == [None] * 4
