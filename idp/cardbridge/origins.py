"""Which web pages may ask for a signature: an exact list of origins that the person has agreed to, kept in one file."""

import json
import os
import re
from pathlib import Path

ORIGIN = re.compile(
    r"https://[a-z0-9.-]{1,253}(?::[0-9]{1,5})?|http://(?:localhost|127\.0\.0\.1|\[::1\]):[0-9]{1,5}", re.ASCII
)
MOST = 50


def is_origin(text: object) -> bool:
    """Whether this is an origin a provider can have: https, or this very machine for a trial."""
    return isinstance(text, str) and ORIGIN.fullmatch(text) is not None


class Origins:
    """The list. Its first entry is agreed to on the agent's own page; others only by starting it with ``--allow``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._allowed = self._read()

    @property
    def allowed(self) -> list[str]:
        """The origins, in the order in which they came."""
        return list(self._allowed)

    @property
    def is_first_use(self) -> bool:
        """Whether nobody has agreed to any yet."""
        return not self._allowed

    def allows(self, origin: str) -> bool:
        """Whether exactly this origin is on the list."""
        return origin in self._allowed

    def allow(self, origin: str) -> None:
        """Put an origin on the list and keep it. Raises ValueError for what is none, OSError where it can't be kept."""
        if not is_origin(origin):
            raise ValueError(f"{origin!r} is no origin such as https://idp.example.tw")
        if origin in self._allowed:
            return
        if len(self._allowed) >= MOST:
            raise ValueError(f"the list of providers is full: {self._path}")
        self._keep([*self._allowed, origin])
        self._allowed.append(origin)

    def _keep(self, origins: list[str]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump({"allowed": origins}, file, indent=1)
        fresh.replace(self._path)

    def _read(self) -> list[str]:
        try:
            told = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return []
        listed = told.get("allowed", []) if isinstance(told, dict) else []
        return [origin for origin in listed if is_origin(origin)][:MOST] if isinstance(listed, list) else []
