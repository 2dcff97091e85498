"""Why a seat of a linked account can't be acted as, told to its person (tokens.md "Asking for a company", rule 3)."""

from dataclasses import dataclass
from datetime import datetime

from idp.policies.standing import USABLE_COMPANIES, AccountStatus, BindingState, CompanyStatus

MOST_RECENT = 5
SEARCHED_FROM = 11
MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class SeatStanding:
    """What decides whether a seat can be acted as now."""

    binding: BindingState
    account: AccountStatus
    company: CompanyStatus | None


def what_stops(standing: SeatStanding) -> str | None:
    """Why a seat can't be acted as now (a key of the texts), or None. What its person can mend comes first."""
    if standing.binding is not BindingState.BOUND:
        return f"seat.{standing.binding}"
    if standing.account is not AccountStatus.ACTIVE:
        return "seat.account_suspended" if standing.account is AccountStatus.SUSPENDED else "seat.account_closed"
    if standing.company is not None and standing.company not in USABLE_COMPANIES:
        return "seat.company_suspended" if standing.company is CompanyStatus.SUSPENDED else "seat.company_closed"
    return None


def is_recent(last_used_at: datetime | None, place: int) -> bool:
    """Whether a seat stands among those used last, by its place in their order."""
    return last_used_at is not None and place < MOST_RECENT
