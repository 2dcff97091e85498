"""Settings: typed, read once from the environment (``IDP_…``) and one optional TOML file, checked at start-up."""

import base64
import binascii
import hashlib
import hmac
import os
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

KEY_BYTES = 32
ARGON2_TIME_FLOOR, ARGON2_MEMORY_FLOOR = 2, 19456  # ASVS 5.0 appendix C
# Where the GPKI's revocation lists and responders are (card.md A1); the certificate alone does not decide (SSRF).
GPKI_HOSTS = ("moeaca.nat.gov.tw", "ocsp.moeaca.nat.gov.tw", "grca.nat.gov.tw", "ocsp.grca.nat.gov.tw")
GPKI_LEVEL_3, GPKI_TEST_POLICY = "2.16.886.101.0.3.3", "2.16.886.101.0.3.0"
PUBLISHED_SECRETS = frozenset({"changeme", "change-me", "secret", "dev", "development", "default", "test"})


class Mode(StrEnum):
    """What the provider is run for; only ``production`` refuses what is merely convenient."""

    PRODUCTION = "production"
    DEMO = "demo"
    TEST = "test"


class MailTls(StrEnum):
    """How the connection to the mail server is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


class Settings(BaseSettings):
    """Every setting of the provider. docs/settings.md lists them in words, and the suite holds the two together."""

    model_config = SettingsConfigDict(env_prefix="IDP_", frozen=True, extra="forbid")

    mode: Mode = Mode.PRODUCTION
    issuer: str = ""
    database_url: str = ""
    secret_key: SecretStr = SecretStr("")
    master_key: SecretStr = SecretStr("")
    debug: bool = False
    bind: Annotated[tuple[str, ...], NoDecode] = ("127.0.0.1:5100", "[::1]:5100")
    workers: int = Field(default=2, ge=1, le=64)
    threads: int = Field(default=4, ge=1, le=64)
    trusted_proxies: int = Field(default=0, ge=0, le=5)
    database_pool: int = Field(default=8, ge=1, le=200)
    database_wait_seconds: float = Field(default=3.0, gt=0, le=4.5)
    count_statements: bool = False

    mail_server: str = "localhost"
    mail_port: int = Field(default=25, ge=1, le=65535)
    mail_username: str = ""
    mail_password: SecretStr = SecretStr("")
    mail_tls: MailTls = MailTls.NONE
    mail_sender: str = "idp@localhost"
    mail_timeout_seconds: float = Field(default=10.0, gt=0, le=120)

    code_seconds: int = Field(default=60, ge=1, le=60)
    access_token_seconds: int = Field(default=600, ge=1, le=3600)
    acting_access_token_seconds: int = Field(default=300, ge=1, le=600)
    id_token_seconds: int = Field(default=600, ge=1, le=3600)
    refresh_grace_seconds: int = Field(default=10, ge=0, le=60)
    offline_days: int = Field(default=30, ge=1, le=365)
    request_minutes: int = Field(default=60, ge=1, le=1440)
    sign_in_idle_minutes: float = Field(default=30, gt=0, le=720)
    sign_in_hours: float = Field(default=12, gt=0, le=24)
    reauthentication_minutes: int = Field(default=10, ge=1, le=60)
    key_publish_hours: float = Field(default=24, ge=0, le=720)

    argon2_time: int = Field(default=2, ge=1, le=10)
    argon2_memory_kib: int = Field(default=19456, ge=8, le=1048576)
    argon2_parallelism: int = Field(default=1, ge=1, le=16)
    argon2_concurrency: int = Field(default=1, ge=1, le=64)

    support: str = "客服專線 0800-000-000（週一至週五 8:00–18:00）"
    support_en: str = "Helpdesk 0800-000-000 (Mon–Fri 8:00–18:00)"

    gcis_url: str = ""
    register_folder: Path | None = None

    documents_folder: Path | None = None
    document_megabytes: int = Field(default=10, ge=1, le=50)
    virus_scanner: str = ""
    operator_idle_minutes: int = Field(default=15, ge=1, le=60)
    closed_contact_days: int = Field(default=365, ge=1, le=3650)
    operator_hours: int = Field(default=8, ge=1, le=12)

    card_agent: str = "http://localhost:61171"
    card_hipki: str = "http://localhost:61161"
    card_hosts: Annotated[tuple[str, ...], NoDecode] = GPKI_HOSTS
    card_policies: Annotated[tuple[str, ...], NoDecode] = (GPKI_LEVEL_3,)
    card_software: bool = False

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment first, then the one optional file named by ``IDP_SETTINGS_FILE``."""
        path = os.environ.get("IDP_SETTINGS_FILE")
        if not path:
            return (init_settings, env_settings)
        if not Path(path).is_file():
            raise ValueError(f"IDP_SETTINGS_FILE: {path} is not a file.")
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, Path(path)))

    @field_validator("bind", "card_hosts", "card_policies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("issuer")
    @classmethod
    def _issuer_is_an_origin(cls, value: str) -> str:
        # OIDC Discovery 3: the issuer is compared byte by byte, so no slash may be added or taken away.
        parts = urlsplit(value)
        if not value or parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("IDP_ISSUER must be an http(s) address such as https://idp.example.tw")
        if parts.path or parts.query or parts.fragment or parts.username:
            raise ValueError("IDP_ISSUER must be scheme, host and port only, without a path or a last slash")
        if parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
            raise ValueError("IDP_ISSUER must begin with https:// (http is for localhost alone)")
        return value

    @field_validator("gcis_url")
    @classmethod
    def _gcis_is_an_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment):
            raise ValueError("IDP_GCIS_URL must be an http(s) address without query, or empty")
        return value.rstrip("/")

    @field_validator("card_agent", "card_hipki")
    @classmethod
    def _component_is_on_the_persons_machine(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme != "http" or parts.hostname != "localhost"):
            raise ValueError("must be http://localhost:PORT, or empty where this component is not offered")
        if value != value.rstrip("/") or parts.path or parts.query or parts.fragment or parts.username:
            raise ValueError("must be http://localhost:PORT without a path, or empty")
        return value

    @field_validator("documents_folder", "register_folder")
    @classmethod
    def _folder_is_absolute(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_absolute():
            raise ValueError("must be an absolute path")
        return value

    @field_validator("virus_scanner")
    @classmethod
    def _scanner_is_an_address(cls, value: str) -> str:
        kind, _, where = value.partition(":")
        host, _, port = where.rpartition(":")
        is_port = port.isascii() and port.isdigit() and 0 < int(port) < 65536
        if not value or (kind == "unix" and where.startswith("/")) or (kind == "tcp" and host and is_port):
            return value
        raise ValueError("must be unix:/path/of/the/socket, tcp:host:port, or empty")

    @field_validator("database_url")
    @classmethod
    def _database_is_known(cls, value: str) -> str:
        if value.startswith("sqlite:////") or value.startswith("postgresql+psycopg://"):
            return value
        raise ValueError(
            "IDP_DATABASE_URL must be sqlite:////absolute/path or postgresql+psycopg://user:password@host/name"
        )

    @field_validator("secret_key", "master_key")
    @classmethod
    def _keys_are_random(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if text.lower() in PUBLISHED_SECRETS or len(set(text)) < 8:
            raise ValueError("must be the base64url form of 32 random bytes; `idp secret` makes one")
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except (binascii.Error, ValueError) as error:
            raise ValueError("is not base64url; `idp secret` makes one") from error
        if len(raw) != KEY_BYTES:
            raise ValueError("must be 32 random bytes in base64url; `idp secret` makes one")
        return value

    @model_validator(mode="after")
    def _production_is_strict(self) -> Self:
        if self.mode is not Mode.PRODUCTION:
            return self
        if not self.issuer.startswith("https://"):
            raise ValueError("IDP_ISSUER: production needs an https address")
        if self.debug:
            raise ValueError("IDP_DEBUG: production does not run with debug on")
        if self.argon2_time < ARGON2_TIME_FLOOR:
            raise ValueError(f"IDP_ARGON2_TIME: production needs at least {ARGON2_TIME_FLOOR}")
        if self.argon2_memory_kib < ARGON2_MEMORY_FLOOR:
            raise ValueError(f"IDP_ARGON2_MEMORY_KIB: production needs at least {ARGON2_MEMORY_FLOOR}")
        if _decoded(self.secret_key) == _decoded(self.master_key):
            raise ValueError("IDP_MASTER_KEY: must differ from IDP_SECRET_KEY")
        return self

    @model_validator(mode="after")
    def _production_takes_real_cards(self) -> Self:
        if self.mode is not Mode.PRODUCTION:
            return self
        if self.card_software:
            raise ValueError("IDP_CARD_SOFTWARE: production takes no software cards")
        if GPKI_TEST_POLICY in self.card_policies:
            raise ValueError(f"IDP_CARD_POLICIES: production does not take the test policy {GPKI_TEST_POLICY}")
        return self

    @property
    def offers_cards(self) -> bool:
        """Whether any card component is offered, without which nobody can use a card."""
        return bool(self.card_agent or self.card_hipki)

    @property
    def secure(self) -> bool:
        """Whether people reach the provider by https, which decides cookie names and flags."""
        return self.issuer.startswith("https://")

    @property
    def host(self) -> str:
        """Host and port of the issuer, the only ones that are answered."""
        return urlsplit(self.issuer).netloc

    @property
    def sqlite_path(self) -> Path | None:
        """The database file, or None where the database is PostgreSQL."""
        prefix = "sqlite:///"
        return Path(self.database_url[len(prefix) :]) if self.database_url.startswith(prefix) else None

    @property
    def documents_path(self) -> Path | None:
        """Where uploaded documents are kept; None where no folder is set and none is beside a database file."""
        if self.documents_folder is not None:
            return self.documents_folder
        return self.sqlite_path.parent / "documents" if self.sqlite_path is not None else None

    @cached_property
    def master_secret(self) -> bytes:
        """The 32 bytes under which private signing keys are kept."""
        return _decoded(self.master_key)

    def derived_key(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose, derived from the secret key: one leak does not open the others."""
        return hmac.new(_decoded(self.secret_key), purpose.encode(), hashlib.sha256).digest()

    def link(self, path: str) -> str:
        """An absolute address of ours. Links come from configuration, never from the Host header."""
        return self.issuer + path


def _decoded(value: SecretStr) -> bytes:
    text = value.get_secret_value()
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class _Current:
    settings: Settings | None = None


def settings() -> Settings:
    """The settings of this process, read at the first call. Raises pydantic's ValidationError, naming each setting."""
    if _Current.settings is None:
        _Current.settings = Settings()
    return _Current.settings


def use_settings(chosen: Settings | None) -> None:
    """Take these settings for this process (None: read them again). For start-up and for tests."""
    _Current.settings = chosen
