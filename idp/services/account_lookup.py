"""Whose account an electronic ID is, for a client whose companies authorise each other by it (R-191)."""

from dataclasses import dataclass

from sqlalchemy import select

from idp.db import session
from idp.errors import NotFound
from idp.models import Account
from idp.policies.limits import LOOKUPS_MISSED_PER_CLIENT
from idp.policies.names import masked_name
from idp.policies.standing import AccountKind
from idp.services import limits
from idp.services.acting import Acting, acting_account
from idp.services.admission import admission_of
from idp.services.audit import record
from idp.services.clients import ClientRecord


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What is told of an account: enough to see that it is the one that was meant, and no ``sub`` to follow it by."""

    electronic_id: str
    name: str
    company_name: str
    company_tax_id: str


def look_up_account(client: ClientRecord, number: str) -> LookedUp:
    """The account of this well-formed number, its person's name masked; told to a client that would let it in.

    Raises NotFound alike for a number that is nobody's, of a linked account, of one that can't act now, and of one this
    client does not admit; TooManyRequests once the client has asked for too many of those (security.md §3). Both are
    to be committed: what was asked in vain is counted and audited.
    """
    # Told before it is looked for: past the limit a hit would be news too.
    if limits.is_reached(LOOKUPS_MISSED_PER_CLIENT, client.id):
        limits.raise_reached(LOOKUPS_MISSED_PER_CLIENT)
    found = _account(client, number)
    if found is None or found.company is None:
        limits.count(LOOKUPS_MISSED_PER_CLIENT, client.id)
        record("client:account:sought", outcome="refused", actor=client.id, client_id=client.id)
        raise NotFound
    record(
        "client:account:looked_up",
        actor=client.id,
        account_id=found.account_id,
        company_id=found.company.id,
        client_id=client.id,
    )
    return LookedUp(number, masked_name(found.name), found.company.name, found.company.tax_id)


def _account(client: ClientRecord, number: str) -> Acting | None:
    account_id = session.scalar(select(Account.id).where(Account.electronic_id == number))
    acting = acting_account(account_id) if account_id is not None else None
    if acting is None or acting.kind is not AccountKind.GENERAL or not acting.is_able:
        return None
    return acting if admission_of(acting, client) is None else None
