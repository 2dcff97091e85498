"""How often something may be done (security.md §3), as a table. Counted in the database, for all workers alike."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``most`` in each window of ``window``."""

    name: str
    most: int
    window: timedelta


FAILED_SIGN_INS_PER_ADDRESS = Limit("sign_in:address", 20, timedelta(minutes=1))
FAILED_SIGN_INS_PER_NAME_AND_ADDRESS = Limit("sign_in:name+address", 50, timedelta(hours=12))
FAILED_SIGN_INS_PER_COMPANY = Limit("sign_in:company", 100, timedelta(hours=1))
FAILED_CLIENT_SECRETS = Limit("client:address", 100, timedelta(minutes=1))
