"""Who sees whose case, and until when: numbers find a seat once, days end, what is taken back is gone (R-191)."""

from datetime import timedelta
from pathlib import Path

import pytest

from clients.ida import cases
from clients.ida.authorisations import SCHEMA, Authorisations, Authorised
from clients.ida.cases import Case, Cases
from clients.ida.new_case import NewCase
from clients.relying.database import Database
from clients.relying.sessions import Session, Tokens
from tests.clients.issuer import Clock

ISS = "https://idp.example"
NEW = NewCase("energy", "熱泵", "1 台", 120_000, "節能")
TO = Authorised("IC5103000020", "鄭○豪", "測試二號有限公司", "00000022")


def seat(sub: str, company: str, tax_id: str, number: str) -> Session:
    """Somebody who is signed in."""
    claims = {"tenant": company, "company_name": company, "company_tax_id": tax_id, "name": sub}
    tokens = Tokens("", "", 0, None)
    return Session(
        id=sub, browser_hash="", iss=ISS, tenant=company, sub=sub, human=sub, sid=sub, accounts=[], claims=claims,
        userinfo={"electronic_id": number}, tokens=tokens, checked_at=0, expires_at=0, ended_at=None,
        ended_because=None,
    )  # fmt: skip


OWNER = seat("ga_a", "co_1", "00000016", "IC5103000011")
OTHER = seat("ga_b", "co_2", "00000022", TO.electronic_id)


@pytest.fixture
def kept(tmp_path: Path, clock: Clock) -> Authorisations:
    database = Database(tmp_path, "ida", cases.SCHEMA + SCHEMA)
    return Authorisations(database, clock, Cases(database, clock, ISS))


@pytest.fixture
def case(kept: Authorisations) -> Case:
    found = kept.cases.find(OWNER, kept.cases.apply(OWNER, NEW, "paper", "once"))
    assert found is not None
    return found


def seen(kept: Authorisations, who: Session) -> list[str]:
    return [case.number for case, _until in kept.seen_by(who)]


def test_it_holds_to_the_midnight_of_its_last_day(kept: Authorisations, case: Case, clock: Clock) -> None:
    assert seen(kept, OTHER) == []
    assert kept.grant(OWNER, case, TO, kept.today + timedelta(days=1), "g1")
    assert kept.seen_by(OTHER) == [(case, (kept.today + timedelta(days=1)).isoformat())]
    clock.ahead = 24 * 3600
    assert seen(kept, OTHER) == [case.number]
    clock.ahead = 48 * 3600
    assert seen(kept, OTHER) == []
    assert [one.state for one in kept.given_by(OWNER)] == ["expired"]


def test_it_is_taken_back_by_its_giver_alone_and_once(kept: Authorisations, case: Case) -> None:
    last = kept.today + timedelta(days=9)
    assert kept.grant(OWNER, case, TO, last, "g1")
    assert kept.grant(OWNER, case, TO, last, "g1"), "a form that is sent twice"
    assert not kept.grant(OWNER, case, TO, last, "g2"), "there already"
    [given] = kept.given_by(OWNER)
    assert (kept.take_back(OTHER, given.id), seen(kept, OTHER)) == (False, [case.number])
    assert (kept.take_back(OWNER, given.id), seen(kept, OTHER)) == (True, [])
    assert not kept.take_back(OWNER, given.id)


def test_a_number_finds_one_seat_of_the_company_that_was_meant_and_no_later_one(
    kept: Authorisations, case: Case
) -> None:
    kept.grant(OWNER, case, TO, kept.today, "g1")
    assert seen(kept, seat("ga_c", "co_3", "00000037", TO.electronic_id)) == [], "another company's"
    assert seen(kept, seat("ga_d", "co_2", "00000022", "")) == [], "a client that is told no number"
    assert seen(kept, OTHER) == [case.number]
    assert seen(kept, seat("ga_e", "co_2", "00000022", TO.electronic_id)) == [], "the number given to somebody else"
    assert kept.cases.of(OTHER) == []
