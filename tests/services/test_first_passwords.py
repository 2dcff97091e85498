"""The link for a first password: to whom it is sent, what it asks, and that it is used once."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from idp.db import now, session, transaction
from idp.errors import InvalidInput, LinkUnusable, PasswordRefused, TooManyRequests
from idp.models import Account, Company, OneTimeSecret, Password
from idp.services.accounts import suspend_account
from idp.services.companies import add_company, restore_company, suspend_company
from idp.services.company_claims import locked_company
from idp.services.first_passwords import (
    awaited,
    check_first_password,
    knows_company,
    send_first_password,
    set_first_password,
)
from idp.services.passwords import hash_password, matches
from idp.services.secrets import digest
from tests.services.applicants import token_mailed_to
from tests.services.people import PASSWORD, at_once, person
from tests.services.races import in_turn


def sent_to(account: Account) -> bytes:
    """A link is sent to this account; its hash."""
    with transaction():
        send_first_password(account)
    return digest(token_mailed_to(account.id))


def why_not(hashed: bytes) -> object:
    with pytest.raises(LinkUnusable) as refused:
        awaited(hashed)
    return refused.value.details["because"]


def test_it_is_sent_only_to_who_can_use_it(company: Company) -> None:
    ming = person(company)
    with transaction():
        suspend_company(company, "歇業")
    with transaction(), pytest.raises(InvalidInput) as refused:
        send_first_password(ming)
    assert refused.value.details["problem"] == "company.not_active"
    with transaction():
        restore_company(company)
    for _ in range(5):
        sent_to(ming)
    with transaction(), pytest.raises(TooManyRequests):
        send_first_password(ming)
    for who, problem in ((person(company, password=PASSWORD), "password.there"), (ming, "account.not_active")):
        if who is ming:
            with transaction():
                suspend_account(ming, "離職")
        with transaction(), pytest.raises(InvalidInput) as refused:
            send_first_password(who)
        assert refused.value.details["problem"] == problem


def test_a_link_says_why_it_works_no_more(company: Company) -> None:
    ming = person(company)
    address, first, second = ming.email, sent_to(ming), sent_to(ming)
    assert why_not(b"nobody's") == "unknown"
    assert why_not(first) == "replaced"
    with transaction():
        session.execute(update(Account).where(Account.id == ming.id).values(email="new@example.test"))
    assert why_not(second) == "replaced"
    with transaction():
        session.execute(update(Account).where(Account.id == ming.id).values(email=address))
        session.add(Password(account_id=ming.id, hash="x", changed_at=now()))
    assert why_not(second) == "done"
    with transaction():
        session.query(Password).delete()
        suspend_account(ming, "離職")
    assert why_not(second) == "suspended"
    with transaction():
        session.execute(update(OneTimeSecret).values(expires_at=now() - timedelta(seconds=1)))
    assert why_not(second) == "expired"


def test_the_number_may_be_of_any_kind_and_is_typed_in_any_width(database: Flask) -> None:
    with transaction():
        agency = add_company(tax_id="376610000A", name="臺南市政府", id_type="agency")
    who = awaited(sent_to(person(agency)))
    with transaction():
        assert knows_company(who, " ３７６６１００００ａ ")
        assert not knows_company(who, "376610000B")
    with pytest.raises(PasswordRefused):
        check_first_password(who, "short")


@pytest.mark.both_databases
def test_of_several_at_once_one_sets_it(company: Company, database: Flask) -> None:
    ming = person(company, email_verified=False)
    hashed, fresh = sent_to(ming), hash_password(PASSWORD)
    session.commit()

    def act() -> str:
        with transaction():
            return set_first_password(hashed, fresh).username

    answers = at_once(database, act)
    assert sorted(answers) == ["link.unusable"] * 3 + [ming.username]
    session.expire_all()
    assert session.get_one(Account, ming.id).email_verified_at is not None
    assert matches(session.get_one(Password, ming.id).hash, PASSWORD)


@pytest.mark.both_databases
def test_who_chooses_while_she_is_suspended_waits_and_nobody_for_ever(company: Company, database: Flask) -> None:
    """Company before account, as everywhere."""
    ming, company_id = person(company), company.id
    hashed, account_id = sent_to(ming), ming.id
    with transaction():
        session.execute(update(Account).where(Account.id == account_id).values(email_verified_at=None))

    def suspends() -> str:
        suspend_account(session.get_one(Account, account_id), "離職")
        return "suspended"

    def chooses() -> str:
        return "chosen" if set_first_password(hashed, "a hash") else ""

    ends = in_turn(database, lambda: locked_company(company_id), suspends, chooses)
    assert ends == ("suspended", "link.unusable")
    with transaction():
        assert session.get(Password, account_id) is None
