"""Column types that several tables share."""

from enum import Enum as PythonEnum

from sqlalchemy import Enum, Index, String, text

ID_LENGTH = 40
SECRET_LENGTH = 64  # a sid is a secret of 43 characters
HASH_BYTES = 32


def by_bytes(length: int) -> String:
    """A text that is searched by how it begins: a prefix is a range only where texts are ordered by their bytes, as
    SQLite does."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def index_where_named(table: str, column: str) -> Index:
    """An index of the few rows in which a column names anything: that nothing names a row is then told at once."""
    named = text(f"{column} IS NOT NULL")
    return Index(f"ix_{table}_{column}", column, sqlite_where=named, postgresql_where=named)


def words(kind: type[PythonEnum]) -> Enum:
    """A column that holds the values of an enumeration as text, readable in both databases."""
    return Enum(kind, native_enum=False, length=32, values_callable=lambda k: [m.value for m in k])
