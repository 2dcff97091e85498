"""Which unique constraint a write broke: the database decides races, we have words (security.md §5-5)."""

from sqlalchemy.exc import IntegrityError


def breaks_unique(error: IntegrityError, table: str, *columns: str) -> bool:
    """Whether an error is the violation of the unique index over these columns, on either database."""
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None:
        return bool(diagnosis.constraint_name == "_".join(("uq", table, *columns)))
    return str(error.orig) == "UNIQUE constraint failed: " + ", ".join(f"{table}.{column}" for column in columns)
