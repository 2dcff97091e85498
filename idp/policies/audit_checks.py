"""What a check of the audit log's chain can come to."""

from enum import StrEnum


class CheckState(StrEnum):
    """Where a check stands that an operator asked for."""

    WORKING = "working"
    INTACT = "intact"
    BROKEN = "broken"


class ChainProblem(StrEnum):
    """How a row or a head does not fit."""

    CHANGED = "changed"
    UNSEALED = "unsealed"
    HEAD = "head"
    HEAD_WITHOUT_ROW = "head_without_row"
