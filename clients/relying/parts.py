"""The parts of the running application, made once at its start and found by every view."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from flask import current_app, g

from clients.relying.application import Application
from clients.relying.database import Clock, Pending
from clients.relying.freshness import Freshness
from clients.relying.provider import Provider
from clients.relying.sessions import Sessions
from clients.relying.settings import Settings

# What an application does when somebody has come in: it is told what the provider says of the person.
Welcome = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a view may need beside the request."""

    application: Application
    settings: Settings
    clock: Clock
    pending: Pending
    sessions: Sessions
    provider: Provider
    freshness: Freshness
    welcome: Welcome


def parts() -> Parts:
    """The parts of the application that answers this request."""
    return cast(Parts, current_app.extensions["relying"])


def menu_label(code: str) -> str:
    """The name of a menu item in the language of the page."""
    return parts().application.menus.items[code].label(g.language)
