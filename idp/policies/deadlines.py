"""How long an application that nobody finishes is kept (domain.md §2)."""

from datetime import timedelta

from idp.policies.standing import AccountStatus

# A mailbox that was never confirmed, an application that was taken back: then the account name is free again.
KEPT_UNFINISHED = timedelta(days=30)
ENDS_PURGED = (AccountStatus.EMAIL_EXPIRED, AccountStatus.WITHDRAWN)
# No link is over sooner (policies/registration.py, verify_hours): who was asked later need not be looked at.
SHORTEST_LINK = timedelta(hours=1)
