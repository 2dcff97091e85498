"""What tells one application from another: its name, menu, words and where it listens."""

from collections.abc import Mapping
from pathlib import Path

from clients.relying.menus import Menus
from clients.relying.words import Words

CLIENTS = Path(__file__).parents[1]


class Application:
    """One application. Its package ``clients.<key>`` holds ``menus.json`` and ``english.json``."""

    def __init__(self, key: str, name: str, port: int, paths: Mapping[str, str], scopes: tuple[str, ...] = ()) -> None:
        folder = CLIENTS / key
        self.scopes = scopes  # what it asks of a person's data beyond what all of ours do
        self.key = key  # names its cookies, its database file and its settings
        self.name = name
        self.port = port
        self.package = f"clients.{key}"
        self.menus = Menus(folder / "menus.json", paths)
        self.translated = Words(folder / "english.json")

    @property
    def cookie(self) -> str:
        """The cookie of a session. On localhost cookies ignore ports: each application has a name of its own."""
        return f"{self.key}_session"
