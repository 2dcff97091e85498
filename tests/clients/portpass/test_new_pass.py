"""The form 申請通行證: what is taken, and the sentence beside each field that is not."""

import pytest

from clients.portpass.new_pass import EMPTY, FIELDS, OF_PERSON, OF_VEHICLE, read_new_pass
from tests.clients.issuer import Person
from tests.clients.portpass.people import PERSON, TODAY, VEHICLE, in_days


@pytest.mark.parametrize(("form", "not_asked"), [(PERSON, OF_VEHICLE), (VEHICLE, OF_PERSON)])
def test_an_application_in_order_is_taken(form: dict[str, str], not_asked: tuple[str, ...]) -> None:
    new, errors = read_new_pass(form, TODAY)
    assert errors == {}
    assert new is not None
    assert [getattr(new, field) for field in not_asked] == ["", ""]
    assert new.plate in ("", "ABC-1234")


def test_an_empty_form_names_every_field_that_is_asked() -> None:
    _, errors = read_new_pass({}, TODAY)
    assert list(errors) == [field for field in FIELDS if field not in OF_PERSON + OF_VEHICLE]
    for holder, others in (("person", OF_VEHICLE), ("vehicle", OF_PERSON)):
        _, errors = read_new_pass({"holder": holder}, TODAY)
        assert errors == {field: EMPTY[field] for field in FIELDS if field not in (*others, "holder")}


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("holder", "ship"),
        ("kind", "forever"),
        ("port", "XX"),
        ("name", "\u3000"),
        ("name", "林\u202e婷"),
        ("name", "林\x00婷"),
        ("name", "x" * 51),
        ("id_last4", "678"),
        ("id_last4", "A123456789"),
        ("id_last4", "6 89"),
        ("area", "x" * 61),
        ("purpose", "x" * 101),
        ("first_day", "20261231"),
        ("first_day", "2026-02-30"),
        ("first_day", "2026-W01-1"),
        ("first_day", in_days(-1)),
        ("first_day", in_days(91)),
        ("last_day", "tomorrow"),
        ("last_day", "9999-99-99"),
        ("last_day", in_days(0)),
        ("last_day", in_days(31)),
    ],
)
def test_each_field_says_what_is_wrong_with_it(field: str, text: str) -> None:
    new, errors = read_new_pass(PERSON | {field: text}, TODAY)
    assert new is None
    assert field in errors


@pytest.mark.parametrize("plate", ["", "ABC1234", "ABC-12345", "ABC--123", "A-1234", "港-1234", "ABC-1234; --"])
def test_a_number_plate_has_a_form(plate: str) -> None:
    assert list(read_new_pass(VEHICLE | {"plate": plate}, TODAY)[1]) == ["plate"]
    assert read_new_pass(VEHICLE | {"vehicle": "tank"}, TODAY)[1] == {"vehicle": EMPTY["vehicle"]}


@pytest.mark.parametrize(("kind", "longest"), [("once", 1), ("temporary", 30), ("regular", 366)])
def test_each_kind_holds_for_so_long_and_no_longer(kind: str, longest: int) -> None:
    form = PERSON | {"kind": kind, "first_day": in_days(0)}
    assert read_new_pass(form | {"last_day": in_days(longest - 1)}, TODAY)[1] == {}
    assert list(read_new_pass(form | {"last_day": in_days(longest)}, TODAY)[1]) == ["last_day"]


def test_errors_stand_beside_the_field_and_nothing_is_lost(person: Person) -> None:
    person.sign_in()
    page = person.send("/passes/new", **VEHICLE | {"name": "只給人員的欄位", "plate": "1", "vehicle": ""})
    assert page.status_code == 422
    assert "請修正下列 2 個問題" in page.text
    assert '<a href="#plate">車牌號碼應為英文字母與數字，中間有一條短線，例如 ABC-1234。</a>' in page.text
    assert 'aria-describedby="plate-hint plate-error" aria-invalid="true"' in page.text
    assert 'id="vehicle" tabindex="-1" aria-describedby="vehicle-error" aria-invalid="true"' in page.text
    for kept in ('value="只給人員的欄位"', 'value="1"', 'value="KL" checked', 'value="vehicle" checked'):
        assert kept in page.text
    assert "還沒有通行證。" in person.get("/passes").text
