"""Whatever a group admin does is done while she leads: judged again once her company is held (`leading`)."""

import ast
from pathlib import Path

import idp.flows

GUARDS = {"group_pages", "only_group_admins"}


def names_in(path: Path) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Name)}


def test_no_page_of_group_admins_writes_without_holding_who_leads() -> None:
    """Between the guard of the page and the act she may have been unbound or made staff."""
    flows = Path(idp.flows.__file__).parent
    pages = {path.name: names for path in flows.glob("*.py") if GUARDS & (names := names_in(path))}
    assert {"group_person.py", "invitations.py", "group_bindings.py"} <= pages.keys()
    writing = {name for name, names in pages.items() if "transaction" in names and name != "group_guard.py"}
    assert not writing
    assert sum("leading" in names for names in pages.values()) >= 6
