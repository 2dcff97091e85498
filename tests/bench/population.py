"""Companies, accounts and what hangs on them, as many as are asked for; invented, the same for the same size.

Everything follows from the number of an account or a company, so that each table is streamed by itself and nothing is
kept. The accounts of a company lie apart in the tables, as they do where people register over years.
"""

import base64
import hashlib
import math
import random
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from itertools import accumulate, cycle, islice
from typing import TypeVar

from idp.policies.roles import Role
from idp.policies.standing import USABLE_COMPANIES, AccountStatus, CompanyStatus
from tests.bench.register_file import number_in_register

REGISTER, COMPANIES, ACCOUNTS = 1_700_000, 300_000, 1_000_000
LINKED_PART = 0.02
GIANTS = (5000, 4000, 3000, 2500, 2000)
GIANTS_PART = 0.2
LARGE_PART, LARGE = 0.0007, range(100, 501)
USUAL = (1, 2, 3, 4, 5)
YEARS = timedelta(days=3 * 365)
STEP = 7_368_787
SURNAMES = "陳林黃張李王吳劉蔡楊許鄭謝洪郭邱曾廖賴徐周葉蘇莊呂江何蕭羅高"
GIVEN = "怡君雅婷志明淑芬俊傑美玲家豪佳穎宗翰詩涵建宏欣怡冠宇惠雯承恩筱婷柏翰雅雯"
LATIN = ("yating", "ming", "shufen", "junjie", "meiling", "jiahao", "shihan", "kevin", "kulas", "chengen")


T = TypeVar("T")


def _wheel(*shares: tuple[T, int]) -> tuple[T, ...]:
    """Each word as often as its share of a thousand says; whoever steps on by a number prime to it meets all."""
    words = tuple(word for word, share in shares for _ in range(share))
    if len(words) != 1000:
        raise ValueError("the shares are no thousand")
    return words


STATUSES = _wheel(
    (AccountStatus.ACTIVE, 850),
    (AccountStatus.REVIEW_PENDING, 40),
    (AccountStatus.SUSPENDED, 35),
    (AccountStatus.EMAIL_PENDING, 25),
    (AccountStatus.EMAIL_EXPIRED, 15),
    (AccountStatus.REJECTED, 15),
    (AccountStatus.CLOSED, 15),
    (AccountStatus.WITHDRAWN, 5),
)
ROLES = _wheel((Role.STAFF, 680), (Role.GUEST, 300), (Role.GROUP_ADMIN, 20))
COMPANY_STATUSES = _wheel(
    (CompanyStatus.ACTIVE, 970),
    (CompanyStatus.NEEDS_RECHECK, 10),
    (CompanyStatus.SUSPENDED, 10),
    (CompanyStatus.CLOSED, 10),
)


def company_sizes(companies: int, accounts: int) -> list[int]:
    """How many accounts each company has: a few thousands, some hundreds, all others one to five."""
    part = min(1.0, accounts * GIANTS_PART / sum(GIANTS))
    sizes = [max(5, int(size * part)) for size in GIANTS]
    sizes += islice(cycle(LARGE[::40]), int(companies * LARGE_PART))
    usual = list(islice(cycle(USUAL), companies - len(sizes)))
    missing = accounts - sum(sizes) - sum(usual)
    for place in cycle(range(len(usual))):
        if not missing:
            return sizes + usual
        change = 1 if missing > 0 else -1
        if USUAL[0] <= usual[place] + change <= USUAL[-1]:
            usual[place] += change
            missing -= change
    raise ValueError("no companies but the largest")


@dataclass(frozen=True)
class Population:
    """The data set of one scale. ``ends_at``: everything in it happened before; one password is everybody's."""

    scale: float
    ends_at: datetime
    password: str = "bench-Passw0rd-3f"
    register: int = field(init=False)
    companies: int = field(init=False)
    accounts: int = field(init=False)

    def __post_init__(self) -> None:
        for name, full in (("register", REGISTER), ("companies", COMPANIES), ("accounts", ACCOUNTS)):
            object.__setattr__(self, name, round(full * self.scale))

    @cached_property
    def sizes(self) -> Sequence[int]:
        """The number of general accounts of each company."""
        return array("I", company_sizes(self.companies, self.general))

    @cached_property
    def firsts(self) -> Sequence[int]:
        """The number of each company's first account, who is its group admin; behind them the number of all."""
        return array("I", accumulate(self.sizes, initial=0))

    @cached_property
    def company_of(self) -> Sequence[int]:
        """The company of each general account, by their numbers."""
        return array("I", (company for company, size in enumerate(self.sizes) for _ in range(size)))

    @property
    def linked(self) -> int:
        """How many of the accounts are linked ones: those with the highest numbers."""
        return int(self.accounts * LINKED_PART)

    @property
    def general(self) -> int:
        """How many are general accounts: those with the lower numbers."""
        return self.accounts - self.linked

    @property
    def big(self) -> int:
        """The company with most accounts."""
        return 0

    @cached_property
    def small(self) -> int:
        """A company of five, as most are small, where one person's application waits."""
        fives = (n for n in range(len(GIANTS), self.companies) if self.sizes[n] == USUAL[-1])
        return next(n for n in fives if self.people_of(n, AccountStatus.REVIEW_PENDING))

    def some_number(self, luck: random.Random) -> str:
        """A tax ID of the register with which one can apply: unknown here, or of a company in use."""
        while True:
            place = luck.randrange(self.register)
            if place >= self.companies or self.company_status(place) in USABLE_COMPANIES:
                return number_in_register(place)

    def people_of(self, company: int, *statuses: AccountStatus) -> list[int]:
        """The numbers of a company's accounts in these statuses."""
        first = self.firsts[company]
        return [n for n in range(first, first + self.sizes[company]) if self.status_of(n) in statuses]

    def scattered(self, count: int) -> Iterator[int]:
        """Every number below count once, in no order."""
        step = next(step for step in range(STEP, STEP + count) if math.gcd(step, count) == 1)
        return (n * step % count for n in range(count))

    def status_of(self, number: int) -> AccountStatus:
        """The status of a general account; the first of its company is in use."""
        if self.is_first(number):
            return AccountStatus.ACTIVE
        return STATUSES[number * 617 % 1000]

    def role_of(self, number: int) -> Role:
        """The role of a general account; the first of its company is group admin."""
        if self.is_first(number):
            return Role.GROUP_ADMIN
        return ROLES[(number * 389 + number // 1000) % 1000]

    def company_status(self, company: int) -> CompanyStatus:
        """The status of a company; the largest and the small one that is looked at are in use."""
        if company < len(GIANTS) or company == self.small:
            return CompanyStatus.ACTIVE
        return COMPANY_STATUSES[company * 617 % 1000]

    def is_first(self, number: int) -> bool:
        """Whether this is the first account of its company."""
        return self.firsts[self.company_of[number]] == number

    def moment_of(self, number: int) -> datetime:
        """When an account was made."""
        return self.ends_at - YEARS * (((number * STEP) % 999_983 + 1) / 1_000_000)


def opaque(prefix: str, kind: str, number: int) -> str:
    """An id like those of idp.services.secrets, but always the same for the same number."""
    random = hashlib.blake2b(f"{kind} {number}".encode(), digest_size=16).digest()
    return prefix + base64.urlsafe_b64encode(random)[:22].decode()


def company_id(number: int) -> str:
    """The id of a company, by its number."""
    return opaque("co_", "company", number)


def account_id(number: int) -> str:
    """The id of a general account, by its number."""
    return opaque("ga_", "account", number)


def linked_id(number: int) -> str:
    """The id of a linked account, by its number."""
    return opaque("la_", "account", number)


def username_of(number: int) -> str:
    """The name by which an account signs in."""
    return f"{LATIN[number * 7 % len(LATIN)]}.{number:07d}"


def person_name(number: int) -> str:
    """The name of a person; there are a few tens of thousands."""
    lot = number * 2_654_435_761 >> 8
    place, second = divmod(lot // len(SURNAMES), len(GIVEN))
    return SURNAMES[lot % len(SURNAMES)] + GIVEN[second] + GIVEN[place % len(GIVEN)]
