"""When an account that nobody uses is warned, and when it is suspended (policy key ``idle_days``)."""

from datetime import timedelta

IDLE_REASON = "久未使用"
# Between the warning and the suspension.
NOTICE = timedelta(days=30)


def notice_for(idle_days: int) -> timedelta:
    """How long before its end an account is warned: 30 days, or half of a short time."""
    return min(NOTICE, timedelta(days=idle_days) / 2)


def warned_after(idle_days: int) -> timedelta:
    """After how long without use an account is warned."""
    return timedelta(days=idle_days) - notice_for(idle_days)
