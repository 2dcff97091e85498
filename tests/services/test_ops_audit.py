"""The whole audit log searched by operators: by key, newest first, and in portions where no index answers."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from idp.db import now, session, transaction
from idp.models import Account, AuditEntry, Company
from idp.services import ops_audit
from idp.services.audit import Circumstances, record, under
from idp.services.ops_audit import AuditPage, AuditSearch, entry_of_id, search_audit
from tests.services.people import person

pytestmark = pytest.mark.both_databases


def numbers(page: AuditPage) -> list[int]:
    return [seen.entry.details["n"] for seen in page.rows]


def happened(count: int, **more: str) -> None:
    """So many things of a day each, the newest now."""
    moment = now()
    with transaction():
        for n in range(count):
            entry = AuditEntry(at=moment - timedelta(days=count - 1 - n), action="thing:done", details={"n": n}, **more)
            session.add(entry)
            session.flush()


def begin_numbers_anew() -> None:
    """PostgreSQL's numbers go on from the test before, and thousands of empty spans would be looked through."""
    if session.get_bind().dialect.name == "postgresql":
        with transaction():
            session.execute(AuditEntry.__table__.delete())
            session.execute(text("SELECT setval(pg_get_serial_sequence('audit_log', 'id'), 1, false)"))


def test_pages_follow_each_other_without_gaps(database: Flask) -> None:
    happened(7)
    first = search_audit(AuditSearch(event="thing:"), most=3)
    assert numbers(first) == [6, 5, 4]
    second = search_audit(AuditSearch(event="thing:"), most=3, before=first.older)
    assert numbers(second) == [3, 2, 1]
    third = search_audit(AuditSearch(event="thing:"), most=3, before=second.older)
    assert (numbers(third), third.older, third.reached) == ([0], None, None)


@pytest.mark.parametrize("span", [1, 2, 100])
def test_a_search_that_takes_long_says_how_far_it_came_and_goes_on(
    database: Flask, monkeypatch: pytest.MonkeyPatch, span: int
) -> None:
    monkeypatch.setattr(ops_audit, "SPAN", span)
    begin_numbers_anew()
    happened(1, outcome="refused")
    happened(9)
    found: list[int] = []
    before, pages = None, 0
    while True:
        page = search_audit(AuditSearch(outcome="refused"), before=before, patience=-1.0)
        found += numbers(page)
        pages += 1
        if page.older is None:
            break
        assert page.reached is not None
        before = page.older
    assert found == [0]
    assert pages >= {1: 10, 2: 5, 100: 1}[span]


def test_days_are_found_among_the_numbers(database: Flask) -> None:
    happened(30)
    moment = now()
    since, until = moment - timedelta(days=10.5), moment - timedelta(days=5.5)
    assert numbers(search_audit(AuditSearch(since=since, until=until))) == [23, 22, 21, 20, 19]
    assert numbers(search_audit(AuditSearch(until=moment - timedelta(days=27.5)))) == [1, 0]
    assert numbers(search_audit(AuditSearch(since=moment + timedelta(days=1)))) == []
    with transaction():
        session.execute(AuditEntry.__table__.delete().where(AuditEntry.id % 2 == 0))
    assert len(numbers(search_audit(AuditSearch(since=since, until=until)))) in {2, 3}


def test_an_account_is_found_as_who_it_is_about_and_as_who_did_it(database: Flask, company: Company) -> None:
    boss, other = person(company), person(company, name="林雅婷")
    with transaction():
        session.execute(AuditEntry.__table__.delete())
        record("thing:own", actor=boss.id, account_id=boss.id, company_id=company.id)
        record("thing:to:another", actor=boss.id, account_id=other.id, company_id=company.id)
        record("thing:to:boss", actor="worker", account_id=boss.id)
        record("thing:of:nobody", actor=boss.id)
        record("thing:else", actor=other.id, account_id=other.id)

    def actions(**asked: str) -> list[str]:
        return [seen.entry.action.removeprefix("thing:") for seen in search_audit(AuditSearch(**asked)).rows]

    assert actions(account=boss.username) == ["of:nobody", "to:boss", "to:another", "own"]
    assert (
        actions(account=str(boss.electronic_id)) == actions(account=boss.id) == actions(account=boss.username.upper())
    )
    assert actions(actor=boss.username) == ["of:nobody", "to:another", "own"]
    assert actions(actor="worker") == ["to:boss"]
    assert actions(company=company.tax_id) == actions(company=company.id) == ["to:another", "own"]
    assert actions(company=company.tax_id, actor=boss.id, account=other.id) == ["to:another"]
    assert actions(company="99999999") == actions(account="nobody") == []
    seen = search_audit(AuditSearch(actor=boss.id, account=other.id)).rows[0]
    assert (seen.by, seen.about, seen.company) == (
        ops_audit.Party(boss.id, boss.name, boss.username),
        ops_audit.Party(other.id, "林雅婷", other.username),
        ops_audit.Party(company.id, company.name, company.tax_id),
    )
    assert entry_of_id(seen.entry.id).entry.action == "thing:to:another"
    assert session.get(Account, boss.id) is not None


def test_a_number_is_found_wherever_it_stands_in_a_row(database: Flask) -> None:
    with transaction(), under(Circumstances(address="192.0.2.7")):
        record("server:accident", outcome="failed", incident="AB12-CD34")
        record("thing:done", sign_in_id="si_abcdef")
        record("thing:done", number="1%_2'\"")
    for asked, found in (("AB12-CD34", 1), ("si_abcdef", 1), ("AB", 0), ("%%%%%%", 0), ("______", 0), ("1%_2'\"x", 0)):
        assert len(search_audit(AuditSearch(number=asked)).rows) == found, asked
    assert len(search_audit(AuditSearch(address="192.0.2.7")).rows) == 3
    assert len(search_audit(AuditSearch(event="thing_")).rows) == 0, "no character is a wildcard"
