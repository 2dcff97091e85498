"""The applications of a big data set, with the menus that people have rights to."""

import json
from collections.abc import Iterator
from datetime import datetime

from idp.policies.roles import Role

SERVICE = "bench"
APPLICATIONS = 5
MENU_ITEMS = 40
BRANCH = 5

SERVICE_COLUMNS = ("id", "name_zh", "name_en", "created_at")
CLIENT_COLUMNS = (
    "id", "service_id", "name_zh", "name_en", "auth_method", "redirect_uris", "grant_types", "scopes",
    "initiate_login_uri", "created_at", "updated_at",
)  # fmt: skip
MENU_COLUMNS = ("client_id", "code", "label_zh", "label_en", "parent", "default_roles", "position")


def service_rows(moment: datetime) -> Iterator[tuple[object, ...]]:
    """The one service that all of it belongs to."""
    yield SERVICE, "測速服務", "Bench", moment


def client_rows(moment: datetime) -> Iterator[tuple[object, ...]]:
    """Applications that show menus."""
    for n in range(APPLICATIONS):
        place = f"https://bench-{n}.example"
        uris, grants = json.dumps([f"{place}/callback"]), json.dumps(["authorization_code"])
        scopes = json.dumps(["openid", "company", "menus"])
        names = (f"測速應用 {n}", f"Bench {n}")
        yield f"bench-{n}", SERVICE, *names, "none", uris, grants, scopes, f"{place}/enter", moment, moment


def menu_rows() -> Iterator[tuple[object, ...]]:
    """Of each application a tree of two levels: every fifth item is the parent of the four after it."""
    for application in range(APPLICATIONS):
        for n in range(MENU_ITEMS):
            parent = f"a{application}.m{n - n % BRANCH}" if n % BRANCH else None
            roles = json.dumps((*Role,)[n % len(Role) :])
            yield f"bench-{application}", f"a{application}.m{n}", f"選單 {n}", f"Menu {n}", parent, roles, n
