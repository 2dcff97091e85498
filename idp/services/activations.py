"""啟用帳號: an account begins to work once its person has opened the link of her mail (R-186 … R-195).

Who opens the link must also know the company's number: no password exists yet, so a mail that was passed on must not be
enough. The password is set here, and never travels by mail (D-1, D-2).
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from idp.db import session
from idp.errors import InvalidInput, LinkUnusable
from idp.models import Account, Case, Company
from idp.policies.entities import EntityKind, parse_entity
from idp.policies.limits import ACTIVATION_TRIES
from idp.policies.registration import CredentialSet
from idp.policies.standing import USABLE_COMPANIES
from idp.services.audit import record
from idp.services.card_proofs import card_in
from idp.services.case_policies import credential_of
from idp.services.case_standing import Standing, hold_case
from idp.services.citizen_cards import will_sign_in
from idp.services.enrolled_cards import card_of_key
from idp.services.limits import count, is_reached, raise_reached
from idp.services.mailbox_checks import WAITING, confirm_mailbox
from idp.services.one_time_links import Link, Purpose, link_of_hash
from idp.services.passwords import check_password_rules, has_password, set_hashed_password


@dataclass(frozen=True, slots=True)
class Awaited:
    """Who is to activate which account, and by which link. ``needs_password``: nothing else would sign her in."""

    link: Link
    account: Account
    company: Company
    case: Case
    credential: CredentialSet
    needs_password: bool


def awaited_activation(link_hash: bytes) -> Awaited:
    """Who is to activate an account by the link of this hash. Uses nothing up.

    Raises LinkUnusable (``because`` unknown, used, replaced, expired, or suspended for a company that is not in use).
    """
    link = link_of_hash(Purpose.ACTIVATION, link_hash)
    if link is None:
        raise LinkUnusable(because="unknown")
    if link.trouble is not None:
        raise LinkUnusable(because=link.trouble)
    row = session.execute(
        select(Account, Company, Case)
        .join(Company, Company.id == Account.company_id)
        .join(Case, Case.account_id == Account.id)
        .where(Account.id == link.account_id, Account.email == link.address)
        .execution_options(populate_existing=True)
    ).first()
    if row is None or row[0].status not in WAITING:
        raise LinkUnusable(because="replaced")
    account, company, case = row
    if company.status not in USABLE_COMPANIES:
        raise LinkUnusable(because="suspended")
    return Awaited(link, account, company, case, credential_of(case), _needs_password(account, case))


def knows_company(who: Awaited, number: str) -> bool:
    """Whether this is the number of the account's company, however it is typed. Each wrong one counts.

    Raises TooManyRequests after five within an hour: the number has eight digits, and is not to be guessed.
    """
    if is_reached(ACTIVATION_TRIES, who.account.id):
        raise_reached(ACTIVATION_TRIES)
    if parse_entity(EntityKind(who.company.id_type), number) == who.company.tax_id:
        return True
    count(ACTIVATION_TRIES, who.account.id)
    record(
        "account:activation:wrong_company",
        outcome="refused",
        account_id=who.account.id,
        company_id=who.company.id,
    )
    return False


def check_chosen_password(who: Awaited, password: str) -> None:
    """Raise PasswordRefused (``reason``) when the chosen password breaks a rule."""
    check_password_rules(password, who.account)


def activate(link_hash: bytes, password_hash: str | None) -> tuple[Account, Case, Standing]:
    """Use the link up: the mailbox is confirmed, the password is set, and the application is judged.

    The password was hashed outside of any transaction; None where none was chosen, which an account that signs in by
    its card may do. Raises LinkUnusable, of two who try at once for the second; ChangedMeanwhile where the application
    is gone; InvalidInput (``field`` password) where the account would have nothing to sign in by.
    """
    who = awaited_activation(link_hash)
    hold_case(who.case.id)
    # Asked again now that nobody else changes the case: a card may have been enrolled elsewhere meanwhile.
    if password_hash is None and _needs_password(who.account, who.case):
        raise InvalidInput(field="password", problem="password.missing")
    account, case, standing = confirm_mailbox(link_hash, purpose=Purpose.ACTIVATION)
    told: dict[str, Any] = {"actor": account.id, "account_id": account.id, "company_id": account.company_id}
    if password_hash is not None:
        set_hashed_password(account.id, password_hash)
        record("account:password:set", because="activation", **told)
    record("account:activated", case=case.number, **told)
    return account, case, standing


def _needs_password(account: Account, case: Case) -> bool:
    """Whether the account would have nothing to sign in by without a password (R-222)."""
    if has_password(account.id):
        return False
    if credential_of(case) is CredentialSet.CITIZEN_CARD:
        return not will_sign_in(case, account)
    if credential_of(case) is CredentialSet.COMPANY_CARD:
        holder = card_in(case.card_evidence_id)
        there = card_of_key(holder.key_sha256) if holder is not None else None
        return holder is None or (there is not None and there.account_id != account.id)
    return True
