"""The rows of a population, table by table, each table streamed by itself."""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta

from idp.policies.company_names import name_key
from idp.policies.electronic_id import electronic_id
from idp.policies.registration import Reviewer
from idp.policies.reviews import Outcome
from idp.policies.standing import AccountKind, AccountStatus, Approval, BindingState, CompanyProof
from tests.bench.applications import SERVICE
from tests.bench.population import (
    GIANTS,
    STEP,
    YEARS,
    Population,
    account_id,
    company_id,
    linked_id,
    opaque,
    person_name,
    username_of,
)
from tests.bench.register_file import rows as register_rows

LET_IN = frozenset({AccountStatus.ACTIVE, AccountStatus.SUSPENDED, AccountStatus.CLOSED})
UNCONFIRMED = frozenset({AccountStatus.EMAIL_PENDING, AccountStatus.EMAIL_EXPIRED})
DECIDED = {AccountStatus.REJECTED: Outcome.REJECTED, AccountStatus.WITHDRAWN: Outcome.WITHDRAWN}
ANSWERS = json.dumps(
    {
        "company_name": "測速公司",
        "register_name": "測速公司",
        "company_address": "臺北市中正區重慶南路一段１號",
        "company_phone": "+886223456789",
        "responsible": None,
        "expected_first": False,
    }
)
ADDED, SIGNED_IN, CHANGED, APPLIED = range(4)
HAPPENED = (
    ("account:added", '{"role": "staff", "approval": "group_admin"}'),
    ("account:sign_in:begun", '{"methods": ["password"]}'),
    ("account:role:changed", '{"before": "guest", "after": "staff"}'),
    ("case:submitted", '{"case": "2345-6789-ABCD"}'),
)
CASE_DIGITS = str.maketrans("0123456789abcdef", "23456789ABCDEFGH")
CASE_STEP = 0x9E37_79B9_7F4B  # odd, so that every number comes once
ELECTRONIC_STEP = 618_033_989  # prime to 10**9, so that every number comes once, in no order

COMPANY_COLUMNS = (
    "id", "tax_id", "name", "name_folded", "address", "status", "proof", "verified_at", "first_admin_id", "created_at",
    "updated_at",
)  # fmt: skip
ACCOUNT_COLUMNS = (
    "id", "kind", "company_id", "service_id", "electronic_id", "username", "username_canonical", "name", "email",
    "email_canonical", "email_verified_at", "phone", "role", "approval", "status", "status_reason", "created_at",
    "updated_at",
)  # fmt: skip
PASSWORD_COLUMNS = ("account_id", "hash", "changed_at")
BINDING_COLUMNS = ("id", "linked_account_id", "account_id", "state", "created_at", "bound_at")
RIGHT_COLUMNS = ("account_id", "menu_item_id", "allowed", "changed_at")
CASE_COLUMNS = (
    "id", "number", "service_id", "company_id", "account_id", "reviewer", "answers", "submitted_at",
    "updated_at", "waiting_since", "decided_at",
)  # fmt: skip
REVIEW_COLUMNS = ("case_id", "case_version", "outcome", "role", "reason", "decided_by", "decided_at")
AUDIT_COLUMNS = ("at", "action", "account_id", "company_id", "actor", "address", "details")

Rows = Iterator[tuple[object, ...]]


def company_rows(people: Population) -> Rows:
    """Companies of the register, with its names."""
    named = register_rows(people.companies)
    for number, (address, tax_id, _, name, *_) in enumerate(named):
        large = number < len(GIANTS) or number == people.small
        status = people.company_status(number)
        proof = CompanyProof.CARD if large else (*CompanyProof,)[number % len(CompanyProof)]
        moment = people.moment_of(people.firsts[number])
        verified = None if proof is CompanyProof.NONE else moment
        first_admin = account_id(people.firsts[number])
        shown = (name, name_key(name), address)
        yield company_id(number), tax_id, *shown, status, proof, verified, first_admin, moment, moment


def account_rows(people: Population) -> Rows:
    """General accounts, then the linked ones."""
    general = people.general
    for number in people.scattered(general):
        status, company = people.status_of(number), company_id(people.company_of[number])
        told = (people.role_of(number), _approval(people, number, status), status, _reason(status))
        yield _account(people, number, AccountKind.GENERAL, company, status not in UNCONFIRMED, told)
    no_role = (None, None, AccountStatus.ACTIVE, None)
    for number in range(general, people.accounts):
        yield _account(people, number, AccountKind.LINKED, None, True, no_role)


def _account(
    people: Population, number: int, kind: AccountKind, company: str | None, confirmed: bool, told: tuple[object, ...]
) -> tuple[object, ...]:
    username = username_of(number)
    email = f"{username}@example.test"
    moment = people.moment_of(number)
    identity = account_id(number) if kind is AccountKind.GENERAL else linked_id(number)
    return (
        identity, kind, company, SERVICE, electronic_id(number * ELECTRONIC_STEP % 10**9),
        username, username, person_name(number), email, email, moment if confirmed else None,
        f"+8869{number * STEP % 10**8:08d}", *told, moment, moment,
    )  # fmt: skip


def _approval(people: Population, number: int, status: AccountStatus) -> Approval | None:
    if status not in LET_IN:
        return None
    return Approval.OPERATOR if people.is_first(number) else Approval.GROUP_ADMIN


def password_rows(people: Population, shared_hash: str) -> Rows:
    """The same password for everybody."""
    for number in people.scattered(people.general):
        yield account_id(number), shared_hash, people.moment_of(number)
    for number in range(people.general, people.accounts):
        yield linked_id(number), shared_hash, people.moment_of(number)


def binding_rows(people: Population) -> Rows:
    """Each linked account bound to a few active general accounts."""
    general = people.general
    for n in range(people.linked * 3):
        number = n * STEP % general
        if people.status_of(number) is AccountStatus.ACTIVE:
            moment = people.moment_of(number)
            linked = linked_id(general + n // 3)
            yield opaque("bi_", "binding", n), linked, account_id(number), BindingState.BOUND, moment, moment


def right_rows(people: Population, items: Sequence[int]) -> Rows:
    """Three menu rights that differ from the role's default, for every third account."""
    for number in people.scattered(people.general):
        if number % 3 == 0:
            for item in {items[(number // 3 + 31 * n) % len(items)] for n in range(3)}:
                yield account_id(number), item, (number + item) % 2 == 0, people.moment_of(number)


def _with_case(people: Population) -> Iterator[tuple[int, AccountStatus]]:
    """Who has an application on file: everybody not let in, and every fourth of the others."""
    for number in people.scattered(people.general):
        status = people.status_of(number)
        if status not in LET_IN or (number % 4 == 1 and not people.is_first(number)):
            yield number, status


def case_rows(people: Population) -> Rows:
    """Applications; those that wait have waited for two days at most."""
    for number, status in _with_case(people):
        moment = people.moment_of(number)
        waiting = None
        if status is AccountStatus.REVIEW_PENDING:
            waiting = people.ends_at - timedelta(minutes=number % 2880)
        decided = None if status in UNCONFIRMED or waiting else moment
        company = company_id(people.company_of[number])
        yield (
            opaque("ca_", "case", number), _case_number(number), SERVICE, company, account_id(number),
            Reviewer.GROUP_ADMIN, ANSWERS, waiting or moment, waiting or moment, waiting, decided,
        )  # fmt: skip


def review_rows(people: Population) -> Rows:
    """What was decided about them."""
    for number, status in _with_case(people):
        outcome = Outcome.APPROVED if status in LET_IN else DECIDED.get(status)
        if outcome is not None:
            role = people.role_of(number) if outcome is Outcome.APPROVED else None
            reason = "not_of_company" if outcome is Outcome.REJECTED else None
            admin = account_id(people.firsts[people.company_of[number]])
            yield opaque("ca_", "case", number), 1, outcome, role, reason, admin, people.moment_of(number)


def audit_rows(people: Population) -> Rows:
    """What happened, in the order of time: each was added; many signed in, at big companies daily; roles changed."""
    part = YEARS / (3 * people.general)
    begun = people.ends_at - YEARS
    for n, (number, what) in enumerate(_events(people)):
        company = people.company_of[number]
        action, details = HAPPENED[what]
        actor = account_id(number if what in {SIGNED_IN, APPLIED} else people.firsts[company])
        yield begun + part * n, action, account_id(number), company_id(company), actor, "192.0.2.1", details


def _events(people: Population) -> Iterator[tuple[int, int]]:
    """Whom it is about, and which of HAPPENED."""
    for number in people.scattered(people.general):
        yield number, ADDED
        if number % 4 == 1:
            yield number, APPLIED
    in_giants = people.firsts[len(GIANTS)]
    for n, number in enumerate(people.scattered(people.general)):
        yield number, SIGNED_IN
        if n % 3 == 0:
            yield n // 3 * STEP % in_giants, SIGNED_IN
        if n % 10 == 0:
            yield n // 10 * STEP % people.general, CHANGED


def _reason(status: AccountStatus) -> str | None:
    return "測速" if status in {AccountStatus.SUSPENDED, AccountStatus.REJECTED} else None


def _case_number(number: int) -> str:
    digits = f"{number * CASE_STEP % 16**12:012x}".translate(CASE_DIGITS)
    return f"{digits[:4]}-{digits[4:8]}-{digits[8:]}"
