"""Alembic's environment: our tables, batch mode for SQLite, one transaction."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

import idp.models  # noqa: F401 - knowing all tables is the point
from idp.db import Base, UtcDateTime

config = context.config


def _render(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Migrations name only SQLAlchemy's own types, so that later changes of ours do not rewrite history."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


engine = create_engine(config.get_main_option("sqlalchemy.url") or "", poolclass=NullPool)
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        render_item=_render,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
