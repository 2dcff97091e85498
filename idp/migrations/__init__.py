"""Alembic migrations, run by `idp init` and by the suite (down and up, models equal migrations)."""

from pathlib import Path

from alembic import command
from alembic.config import Config


def configuration(database_url: str) -> Config:
    """Alembic's configuration for a database address."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    # Alembic's options are interpolated, so a % in a password must be doubled.
    config.set_main_option("sqlalchemy.url", database_url.replace("%", "%%"))
    return config


def migrate(database_url: str, revision: str = "head") -> None:
    """Bring the database up to a revision."""
    command.upgrade(configuration(database_url), revision)


def unmigrate(database_url: str, revision: str = "base") -> None:
    """Take the database down to a revision."""
    command.downgrade(configuration(database_url), revision)
