"""The pages that are measured on a big data set. A new one is a row of CONSOLE or of WIZARD."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from idp.policies.standing import AccountStatus
from tests.bench.operations import Person, Steps, Visitor, expect, form_with
from tests.bench.population import Population, account_id, person_name, username_of

PER_PAGE = 20
ADDRESSES = 10_000
RUN = "run of the wizard"
SOMEBODY = "/group/users/ga_"


@dataclass(frozen=True, slots=True)
class Office:
    """A company as its group admin knows it: who is there, by their numbers in the population."""

    admin: Person
    active: Sequence[int]
    pending: Sequence[int]
    suspended: Sequence[int]

    @property
    def pages(self) -> int:
        """How many pages the list of its active people has."""
        return -(-len(self.active) // PER_PAGE)


def office_of(people: Population, company: int) -> Office:
    """One company of the data set."""
    first = people.firsts[company]
    return Office(
        admin=Person(username_of(first), "", account_id(first)),
        active=people.people_of(company, AccountStatus.ACTIVE),
        pending=people.people_of(company, AccountStatus.REVIEW_PENDING),
        suspended=people.people_of(company, AccountStatus.SUSPENDED),
    )


def sign_in(visitor: Visitor) -> Steps:
    """Through the form, as everybody."""
    answer = yield visitor.open("/login")
    visitor.keep(answer)
    _, fields = form_with("password", answer)
    fields |= {"username": visitor.person.username, "password": visitor.target.password}
    answer = yield visitor.submit("/login", fields)
    visitor.keep(answer)
    expect(answer.status == 303, "the group admin is not signed in", answer)


# Of several requests the last is the one that is timed.
OfficePage = Callable[[Visitor, Office, random.Random], Steps]
RegisterPage = Callable[[Visitor, Population, random.Random], Steps]


def opened(address: Callable[[Office, random.Random], tuple[str, str]]) -> OfficePage:
    """A page that is opened by its address, and the text that it must show."""

    def steps(visitor: Visitor, office: Office, luck: random.Random) -> Steps:
        path, shown = address(office, luck)
        answer = yield visitor.open(path)
        expect(answer.status == 200 and answer.body.rstrip().endswith(b"</html>"), path, answer)
        expect(shown.encode() in answer.body, f"{path} does not show {shown}", answer)

    return steps


def _list(**query: object) -> str:
    return f"/group/users?{urlencode(query)}" if query else "/group/users"


def _any_page(office: Office, luck: random.Random) -> tuple[str, str]:
    return _list(tab="active", page=luck.randint(1, office.pages)), SOMEBODY


def _suspended(office: Office, _luck: random.Random) -> tuple[str, str]:
    return _list(tab="suspended"), SOMEBODY if office.suspended else "tab-suspended"


def _word(office: Office, luck: random.Random) -> str:
    """What one types to find a person: all or a part of the account, a name, a family name, part of a mailbox."""
    number = luck.choice(office.active)
    username, name = username_of(number), person_name(number)
    return luck.choice((username, username[-4:], name, name[:1], f"{username}@example"))


def _searched(office: Office, luck: random.Random) -> tuple[str, str]:
    return _list(q=_word(office, luck)), SOMEBODY


def _person(office: Office, luck: random.Random) -> tuple[str, str]:
    number = luck.choice([*office.active, *office.pending])
    return f"/group/users/{account_id(number)}", username_of(number)


def _menus(office: Office, luck: random.Random) -> tuple[str, str]:
    return _person(office, luck)[0] + "/menus", 'name="menu"'


def _preview(office: Office, luck: random.Random) -> tuple[str, str]:
    return _person(office, luck)[0] + "/menus/preview", "測速應用"


def _records(**query: object) -> str:
    return f"/group/audit?{urlencode(query)}" if query else "/group/audit"


def _records_of_somebody(office: Office, luck: random.Random) -> tuple[str, str]:
    return _records(q=_word(office, luck)), "<tbody"


def _sign_ins_of_somebody(office: Office, luck: random.Random) -> tuple[str, str]:
    return _records(kind="sign_in", q=_word(office, luck)), "<tbody"


CONSOLE: dict[str, OfficePage] = {
    "people": opened(lambda _office, _luck: (_list(), SOMEBODY)),
    "people who wait": opened(lambda _office, _luck: (_list(tab="pending"), SOMEBODY)),
    "people in use, any page": opened(_any_page),
    "people suspended": opened(_suspended),
    "people, searched": opened(_searched),
    "one person": opened(_person),
    "one person's menus": opened(_menus),
    "one person's menus, preview": opened(_preview),
    "audit": opened(lambda _office, _luck: (_records(), "<tbody")),
    "audit, reviews": opened(lambda _office, _luck: (_records(kind="review"), "audit")),
    "audit, sign-ins": opened(lambda _office, _luck: (_records(kind="sign_in"), "<tbody")),
    "audit, searched": opened(_records_of_somebody),
    "audit, somebody's sign-ins": opened(_sign_ins_of_somebody),
}


def begin_application(visitor: Visitor) -> Steps:
    """To the company step of the wizard, once for each visitor."""
    answer = yield visitor.open("/register")
    visitor.keep(answer)
    path = answer.header("location") or ""
    expect(answer.status == 303 and path, "the wizard does not begin", answer)
    answer = yield visitor.open(path)
    visitor.keep(answer)
    _, fields = form_with("run", answer)
    visitor.static[RUN] = fields["run"].encode()
    answer = yield visitor.submit("/register/terms", fields | {"do": "next"})
    expect(answer.status == 303, "the terms are not agreed to", answer)


def look_up_company(visitor: Visitor, people: Population, luck: random.Random) -> Steps:
    """The company step: a number of the register is sent to be looked up."""
    # Look-ups are limited for each address, and many people register.
    visitor.come_from(luck.randrange(ADDRESSES))
    answer = yield visitor.open(f"/register/company?run={visitor.static[RUN].decode()}")
    visitor.keep(answer)
    _, fields = form_with("number", answer)
    fields |= {"number": people.some_number(luck), "do": "lookup"}
    answer = yield visitor.submit("/register/company", fields)
    visitor.keep(answer)
    expect(answer.status == 303, "the number is not looked up", answer)


def see_company(visitor: Visitor, people: Population, luck: random.Random) -> Steps:
    """The same, and the page that shows what was found."""
    yield from look_up_company(visitor, people, luck)
    answer = yield visitor.open(f"/register/company?run={visitor.static[RUN].decode()}")
    expect(answer.status == 200 and b'id="found-h"' in answer.body, "the company is not shown", answer)


WIZARD: dict[str, RegisterPage] = {
    "wizard, number looked up": look_up_company,
    "wizard, company shown": see_company,
}
