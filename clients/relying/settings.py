"""Settings of an application: everything comes from ``<KEY>_…`` environment variables, checked at start-up."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class SettingRefused(ValueError):
    """A setting is missing or makes no sense; the text names it and is meant for the person who starts us."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an application needs to know: its provider, its registration there, its address, where data lies."""

    issuer: str
    client_id: str
    client_secret: str
    secret_key: str
    data: Path
    port: int
    address: str
    # R-048 gives changed rights five minutes to bite: re-read a minute before that is up.
    check_seconds: int = 240

    @property
    def stale_seconds(self) -> int:
        """How old the last word of the provider about a person's rights may at most be."""
        return self.check_seconds + 60

    @property
    def is_https(self) -> bool:
        """Whether browsers reach us by TLS."""
        return self.address.startswith("https:")

    @property
    def issuer_origin(self) -> str:
        """Scheme, host and port of the provider, for the Content-Security-Policy."""
        parts = urlsplit(self.issuer)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def issuer_is_local(self) -> bool:
        """Whether the provider runs on this machine, where a proxy from the environment must not be asked."""
        return urlsplit(self.issuer).hostname in LOOPBACK

    def at_the_provider(self, path: str) -> str:
        """The address of one of the provider's own pages."""
        return self.issuer.rstrip("/") + path


def settings_from(environment: Mapping[str, str], key: str, usual_port: int) -> Settings:
    """Read the settings of the application ``key``; raises ``SettingRefused`` with what is missing or wrong."""
    given = _Given(environment, key.upper() + "_")
    port = given.number("PORT", usual_port)
    return Settings(
        issuer=given.address("ISSUER"),
        client_id=given.text("CLIENT_ID"),
        client_secret=given.text("CLIENT_SECRET"),
        secret_key=given.text("SECRET_KEY"),
        data=Path(given.text("DATA")),
        port=port,
        address=environment.get(f"{given.prefix}ADDRESS", f"http://localhost:{port}").rstrip("/"),
        check_seconds=given.number("CHECK_SECONDS", 240),
    )


@dataclass(frozen=True, slots=True)
class _Given:
    environment: Mapping[str, str]
    prefix: str

    def text(self, name: str) -> str:
        value = self.environment.get(self.prefix + name, "").strip()
        if not value:
            raise SettingRefused(f"{self.prefix}{name} is not set.")
        return value

    def address(self, name: str) -> str:
        value = self.text(name)
        if urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).netloc:
            raise SettingRefused(f"{self.prefix}{name} must be an http(s) address.")
        return value

    def number(self, name: str, otherwise: int) -> int:
        value = self.environment.get(self.prefix + name, "").strip() or str(otherwise)
        if not (value.isascii() and value.isdigit()) or int(value) > 65535:
            raise SettingRefused(f"{self.prefix}{name} must be a whole number between 0 and 65535.")
        return int(value)
