"""The bench's big data set, made small: it is what it says, and every row is one that the provider could have made."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from argon2 import PasswordHasher

from idp.policies.company_names import same_name
from idp.policies.electronic_id import is_electronic_id
from idp.policies.names import username_problem
from idp.policies.standing import AccountStatus
from idp.policies.tax_id import parse_tax_id
from tests.bench.building import Built, build
from tests.bench.databases import psycopg_address
from tests.bench.population import ACCOUNTS, COMPANIES, GIANTS, LINKED_PART, Population, company_sizes
from tests.bench.provider import CommandLine, free_port, settings
from tests.harness.postgresql import Cluster

Connection = psycopg.Connection[tuple[Any, ...]]
PEOPLE = Population(0.0005, datetime.now(UTC))


@pytest.fixture(scope="module")
def town(postgresql: Cluster) -> Iterator[tuple[Built, Connection]]:
    """The data set, and a connection to it."""
    url = postgresql.new_database()
    built = build(CommandLine(settings(url, free_port(), {})), url, PEOPLE)
    with psycopg.connect(psycopg_address(url), autocommit=True) as connection:
        yield built, connection


def rows(town: tuple[Built, Connection], query: str) -> list[tuple[Any, ...]]:
    return town[1].execute(query).fetchall()


@pytest.mark.postgresql
def test_there_are_as_many_rows_as_were_asked_for(town: tuple[Built, Connection]) -> None:
    wanted = {"register_entries": 850, "companies": 150, "accounts": 500, "passwords": 500}
    built = town[0]
    assert {name: built.rows[name] for name in wanted} == wanted
    found = {name: rows(town, f"SELECT count(*) FROM {name}")[0][0] for name in built.rows}
    # The commands that made tables and register are in the audit log too.
    assert found.pop("audit_log") > built.rows["audit_log"] > 0
    assert found == {name: count for name, count in built.rows.items() if name != "audit_log"}
    assert min(found.values()) >= 1


@pytest.mark.postgresql
def test_every_account_could_be_one_of_the_providers(town: tuple[Built, Connection]) -> None:
    accounts = rows(town, "SELECT id, kind, electronic_id, username, email = email_canonical FROM accounts")
    assert all(is_electronic_id(number) for _, _, number, _, _ in accounts)
    assert [name for _, _, _, name, _ in accounts if username_problem(name)] == []
    assert all(same for *_, same in accounts)
    assert {(kind, identity[:3]) for identity, kind, *_ in accounts} == {("general", "ga_"), ("linked", "la_")}
    statuses = {status for (status,) in rows(town, "SELECT DISTINCT status FROM accounts")}
    assert statuses == {str(status) for status in AccountStatus}


@pytest.mark.postgresql
def test_every_company_has_its_group_admin_and_stands_in_the_register(town: tuple[Built, Connection]) -> None:
    without = "SELECT id FROM companies c WHERE NOT EXISTS (SELECT FROM accounts a WHERE a.company_id = c.id AND"
    assert rows(town, f"{without} a.role = 'group_admin' AND a.status = 'active' AND a.id = c.first_admin_id)") == []
    companies = rows(
        town, "SELECT c.tax_id, c.name, r.name FROM companies c LEFT JOIN register_entries r USING (tax_id)"
    )
    assert all(parse_tax_id(number) and same_name(ours, theirs) for number, ours, theirs in companies)


@pytest.mark.postgresql
def test_who_waits_for_review_has_an_application_that_waits(town: tuple[Built, Connection]) -> None:
    waiting = rows(town, "SELECT account_id FROM cases WHERE waiting_since IS NOT NULL")
    pending = rows(town, "SELECT id FROM accounts WHERE status = 'review_pending'")
    assert set(waiting) == set(pending) != set()
    assert rows(town, "SELECT id FROM cases WHERE decided_at IS NOT NULL EXCEPT SELECT case_id FROM reviews") == []


@pytest.mark.postgresql
def test_all_have_the_password_of_the_bench(town: tuple[Built, Connection]) -> None:
    hashes = [one for (one,) in rows(town, "SELECT DISTINCT hash FROM passwords")]
    assert [PasswordHasher().verify(one, PEOPLE.password) for one in hashes] == [True]


def test_the_companies_that_are_looked_at_have_people_in_use_and_people_who_wait() -> None:
    for company in (PEOPLE.big, PEOPLE.small):
        for status in (AccountStatus.ACTIVE, AccountStatus.REVIEW_PENDING):
            assert PEOPLE.people_of(company, status)


def test_at_full_size_most_companies_are_small_and_a_few_have_thousands() -> None:
    general = round(ACCOUNTS * (1 - LINKED_PART))
    sizes = company_sizes(COMPANIES, general)
    assert (len(sizes), sum(sizes)) == (COMPANIES, general)
    kinds = Counter("usual" if 1 <= n <= 5 else "large" if 100 <= n <= 500 else "giant" for n in sizes)
    assert kinds == {"usual": COMPANIES - 210 - len(GIANTS), "large": 210, "giant": len(GIANTS)}
    assert sizes[: len(GIANTS)] == list(GIANTS)
