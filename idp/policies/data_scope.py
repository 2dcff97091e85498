"""What of a company's data an account sees at the services that know the difference (domain.md 3.6, C-16)."""

from enum import StrEnum


class DataScope(StrEnum):
    """Values of the claim ``data_scope``: one's own cases alone, or those of the whole company."""

    OWN = "own"
    COMPANY = "company"


def scope_of(kept: str | None) -> DataScope:
    """What an account sees by what is kept of it; nothing kept is the narrow one."""
    return DataScope(kept) if kept in list(DataScope) else DataScope.OWN
