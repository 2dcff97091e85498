"""A client's menu items are imported whole, and a catalogue that does not hold together is refused whole."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from idp.db import now, session, transaction
from idp.errors import InvalidInput, NotFound
from idp.models import Company, MenuItem, MenuRight
from idp.services.menu_catalogue import MenuDifference, import_menus
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
