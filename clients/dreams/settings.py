"""Settings of DREAMS: everything comes from ``DREAMS_…`` environment variables, checked at start-up."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class SettingRefused(ValueError):
    """A setting is missing or makes no sense; the text names it and is meant for the person who starts us."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What DREAMS needs to know: its provider, its registration there, its address, where data lies."""

    issuer: str
    client_id: str
    client_secret: str
    secret_key: str
    data: Path
    port: int = 5101
    address: str = "http://localhost:5101"
    # R-048 gives changed rights five minutes to bite: re-read a minute before that is up.
    check_seconds: int = 240

    @property
    def stale_seconds(self) -> int:
        """How old the last word of the provider about a person's rights may at most be."""
        return self.check_seconds + 60

    @property
    def issuer_origin(self) -> str:
        """Scheme, host and port of the provider, for the Content-Security-Policy."""
        parts = urlsplit(self.issuer)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def issuer_is_local(self) -> bool:
        """Whether the provider runs on this machine, where a proxy from the environment must not be asked."""
        return urlsplit(self.issuer).hostname in LOOPBACK


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Read the settings; raises ``SettingRefused`` with the name of what is missing or wrong."""
    port = _number(environment, "DREAMS_PORT", 5101)
    return Settings(
        issuer=_address(environment, "DREAMS_ISSUER"),
        client_id=_text(environment, "DREAMS_CLIENT_ID"),
        client_secret=_text(environment, "DREAMS_CLIENT_SECRET"),
        secret_key=_text(environment, "DREAMS_SECRET_KEY"),
        data=Path(_text(environment, "DREAMS_DATA")),
        port=port,
        address=environment.get("DREAMS_ADDRESS", f"http://localhost:{port}").rstrip("/"),
        check_seconds=_number(environment, "DREAMS_CHECK_SECONDS", 240),
    )


def _text(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "").strip()
    if not value:
        raise SettingRefused(f"{name} is not set.")
    return value


def _address(environment: Mapping[str, str], name: str) -> str:
    value = _text(environment, name)
    if urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).netloc:
        raise SettingRefused(f"{name} must be an http(s) address.")
    return value


def _number(environment: Mapping[str, str], name: str, otherwise: int) -> int:
    value = environment.get(name, "").strip() or str(otherwise)
    if not (value.isascii() and value.isdigit()) or int(value) > 65535:
        raise SettingRefused(f"{name} must be a whole number between 0 and 65535.")
    return int(value)
