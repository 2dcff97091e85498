"""When a group admin is reminded of applications that wait (R-036): once a case, then daily; or daily only."""

from datetime import timedelta
from enum import StrEnum


class Reminders(StrEnum):
    """What a group admin chose: a mail for each new application and the daily one, or the daily one alone."""

    EACH = "each"
    DAILY = "daily"


# A case is told of at once; the daily mail tells of those that were not decided for a day.
DIGEST_EVERY = timedelta(days=1)
WAITS_LONG = timedelta(days=1)
# Of many who wait the daily mail names the first.
NAMES_TOLD = 10
