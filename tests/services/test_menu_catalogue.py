"""A client's menu items are imported whole, and a catalogue that does not hold together is refused whole."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from idp.db import now, session, transaction
from idp.errors import ChangedMeanwhile, InvalidInput, NotFound
from idp.models import Company, MenuItem, MenuRight
from idp.services.menu_catalogue import (
    MenuDifference,
    compare_menus,
    import_menus,
    menu_items_of,
    read_menu_file,
)
from idp.services.menus import menu_of
from tests.services.people import a_client, audit_rows, person


def item(code: str, **more: Any) -> dict[str, Any]:
    return {"code": code, "label_zh": code, "label_en": code, "parent": None, "default_roles": ["staff"], **more}


SITES, NEW = item("site.list", default_roles=["guest", "staff"]), item("site.new", parent="site.list")


@pytest.fixture
def dreams(database: Flask) -> str:
    return a_client().id


def imported(*items: Any, client_id: str = "dreams") -> MenuDifference:
    with transaction():
        return import_menus(client_id, items)


def codes() -> list[str]:
    return [i.code for i in menu_of("dreams")]


@pytest.mark.requirement("R-047")
def test_the_items_are_those_of_the_file_in_its_order(dreams: str) -> None:
    assert imported(NEW, SITES) == MenuDifference(("site.new", "site.list"), (), ())
    assert codes() == ["site.new", "site.list"]
    assert imported(NEW, SITES) == MenuDifference((), (), ())


def test_an_import_says_what_it_changed_and_it_is_seen_at_once(dreams: str) -> None:
    imported(SITES, NEW)
    changed = NEW | {"label_zh": "申請新案場"}
    assert imported(SITES, changed, item("help")) == MenuDifference(("help",), ("site.new",), ())
    assert codes() == ["site.list", "site.new", "help"]
    assert audit_rows()[-1].action == "client:menus:imported"


@pytest.mark.requirement("R-048")
def test_a_retired_item_keeps_peoples_rights_and_may_come_back(dreams: str, company: Company) -> None:
    ming = person(company)
    imported(SITES, NEW)
    with transaction():
        new_item = session.scalars(select(MenuItem).where(MenuItem.code == "site.new")).one()
        right = {"account_id": ming.id, "menu_item_id": new_item.id, "allowed": True, "changed_at": now()}
        session.add(MenuRight(**right))
    assert imported(SITES) == MenuDifference((), (), ("site.new",))
    assert codes() == ["site.list"]
    assert imported(SITES) == MenuDifference((), (), ())
    assert imported(SITES, NEW) == MenuDifference(("site.new",), (), ())
    assert session.scalars(select(MenuRight)).one().allowed


def test_items_of_another_client_are_left_alone(dreams: str) -> None:
    a_client("other")
    imported(SITES)
    imported(item("port.pass"), client_id="other")
    assert codes() == ["site.list"]


@pytest.mark.parametrize(
    ("items", "problem"),
    [
        ([SITES, SITES], "menus.twice"),
        ([NEW], "menus.parent"),
        ([item("a", parent="a")], "menus.cycle"),
        ([item("a", parent="b"), item("b", parent="c"), item("c", parent="b")], "menus.cycle"),
        ([item("a", parent=["a"])], "menus.parent"),
        ([item("A")], "menus.code"),
        ([item("x" * 65)], "menus.code"),
        ([{}], "menus.code"),
        (["a"], "menus.code"),
        ([item("a", default_roles=["boss"])], "menus.role"),
        ([item("a", default_roles="staff")], "menus.role"),
        ([item("a", default_roles=[["staff"]])], "menus.role"),
        ([item("a", acr="urn:company-idp:acr:best")], "menus.acr"),
        ([item("a", label_zh="")], "menus.label"),
        ([item("a", label_en=None)], "menus.label"),
        ([item("a", label_zh="\u202e")], "menus.label"),
        ([item("a", lable_zh="x")], "menus.key"),
        ([item(f"a{n}") for n in range(1001)], "menus.form"),
        ("abc", "menus.form"),
        (None, "menus.form"),
        ({"a": 1}, "menus.form"),
    ],
)
def test_a_catalogue_that_does_not_hold_together_changes_nothing(dreams: str, items: Any, problem: str) -> None:
    imported(SITES)
    with pytest.raises(InvalidInput) as refusal, transaction():
        import_menus("dreams", items)
    assert refusal.value.details["problem"] == problem
    assert codes() == ["site.list"]


def test_a_needed_acr_is_kept(dreams: str) -> None:
    imported(item("site.sign", acr="urn:company-idp:acr:card"))
    assert str(menu_of("dreams")[0].acr) == "urn:company-idp:acr:card"


def test_nobody_imports_menus_for_a_client_that_is_not_there(database: Flask) -> None:
    with pytest.raises(NotFound):
        imported(SITES, client_id="nobody")


def test_a_comparison_says_what_an_import_would_do_and_writes_nothing(dreams: str, company: Company) -> None:
    imported(SITES, NEW, item("site.old"))
    old = session.scalars(select(MenuItem).where(MenuItem.code == "site.old")).one()
    for _ in range(2):
        right = MenuRight(account_id=person(company).id, menu_item_id=old.id, allowed=True, changed_at=now())
        with transaction():
            session.add(right)
    wanted = [NEW | {"parent": None}, SITES | {"label_zh": "全部案場"}, item("site.edit")]
    rows = len(audit_rows())
    found = compare_menus("dreams", wanted)
    assert [change.code for change in found.added] == ["site.edit"]
    assert {change.code: change.parts for change in found.changed} == {
        "site.new": ("parent", "position"),
        "site.list": ("label_zh", "position"),
    }
    assert [(change.code, change.rights, change.after) for change in found.retired] == [("site.old", 2, None)]
    assert (found.unchanged, found.is_empty) == (0, False)
    assert (codes(), len(audit_rows())) == (["site.list", "site.new", "site.old"], rows)
    with transaction():
        difference = import_menus("dreams", wanted, seen=found.stamp)
    assert difference == MenuDifference(("site.edit",), ("site.new", "site.list"), ("site.old",))
    with pytest.raises(ChangedMeanwhile), transaction():
        import_menus("dreams", wanted, seen=found.stamp)
    assert compare_menus("dreams", wanted).is_empty
    back = compare_menus("dreams", [*wanted, item("site.old")])
    assert [(change.code, change.before, change.rights) for change in back.added] == [("site.old", None, 2)]
    assert [one["code"] for one in menu_items_of("dreams")] == ["site.new", "site.list", "site.edit"]
    assert compare_menus("dreams", menu_items_of("dreams")).is_empty, "what is shown can be imported"


@pytest.mark.parametrize("client_id", ["nobody", "", "a\0b", "\ud800", "x" * 70])
def test_the_menus_of_a_client_that_is_not_there_are_not_compared(dreams: str, client_id: str) -> None:
    with pytest.raises(NotFound):
        compare_menus(client_id, [SITES])


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{", "menus.unreadable"),
        (b"\xff\xfe", "menus.unreadable"),
        (b"[" * 100_000, "menus.unreadable"),
        (b"[]", "menus.file"),
        (b'{"client_id": 1, "menus": []}', "menus.file"),
    ],
)
def test_a_file_that_is_none_is_told(content: bytes, problem: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_menu_file(content)
    assert refusal.value.details["problem"] == problem


def test_a_menu_file_is_read_with_and_without_a_mark_of_its_order() -> None:
    assert read_menu_file(b'\xef\xbb\xbf{"client_id": "a", "menus": []}') == ("a", [])
    assert read_menu_file(b'{"client_id": "a"}') == ("a", None)


def test_a_code_that_no_page_can_show_is_told_in_another_form(dreams: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        compare_menus("dreams", [item("\ud800")])
    assert refusal.value.details["code"] == "?"
