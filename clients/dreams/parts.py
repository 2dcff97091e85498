"""The parts of the running application, made once by ``create_app`` and found by every view."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from clients.dreams.database import Clock, Pending
from clients.dreams.freshness import Freshness
from clients.dreams.provider import Provider
from clients.dreams.sessions import Sessions
from clients.dreams.settings import Settings
from clients.dreams.sites import Sites


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a view may need beside the request."""

    settings: Settings
    clock: Clock
    pending: Pending
    sessions: Sessions
    sites: Sites
    provider: Provider
    freshness: Freshness


def parts() -> Parts:
    """The parts of the application that answers this request."""
    return cast(Parts, current_app.extensions["dreams"])
