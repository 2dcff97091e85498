"""A password is changed by its owner: once for the one that was judged, and none of the last three."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from idp.db import session, transaction
from idp.errors import BadCredentials, PasswordRefused
from idp.models import Company, FormerPassword, Password, SignIn
from idp.services.password_changes import change_password, check_new, settle_old
from idp.services.password_sign_in import judge, open_try
from idp.services.passwords import hash_password
from tests.services.people import PASSWORD, a_client, at_once, person, signed_in

NEW = "another-Passw0rd-17"


def test_a_wrong_old_password_is_counted_and_changes_nothing(company: Company) -> None:
    ming = person(company, password=PASSWORD)
    for _ in range(5):
        with transaction():
            attempt = open_try(ming.username, browser="a browser", address="203.0.113.7")
        with transaction(), pytest.raises(BadCredentials):
            settle_old(attempt, judge(attempt, NEW))
    with transaction():
        attempt = open_try(ming.username, browser="a browser", address="203.0.113.7")
    with transaction(), pytest.raises(BadCredentials):
        settle_old(attempt, judge(attempt, PASSWORD))


@pytest.mark.both_databases
def test_of_several_changes_at_once_one_holds(database: Flask, company: Company) -> None:
    ming, client = person(company, password=PASSWORD), a_client()
    here, there = signed_in(ming, client), signed_in(ming, client)
    judged = session.scalars(select(Password.hash).where(Password.account_id == ming.id)).one()
    account_id = ming.id
    session.commit()

    def change() -> str:
        fresh = hash_password(NEW)
        with transaction():
            token = change_password(account_id, judged=judged, fresh=fresh, sign_in_id=here, browser="a browser")
        return "changed" if token else "ended"

    assert at_once(database, change) == ["changed", *["changed_meanwhile"] * 3]
    session.rollback()
    assert session.scalar(select(func.count()).select_from(FormerPassword)) == 1
    alive = session.scalars(select(SignIn.id).where(SignIn.ended_at.is_(None))).all()
    assert (list(alive), there in alive) == ([here], False)
    for password in (PASSWORD, NEW):
        with pytest.raises(PasswordRefused) as refused:
            check_new(account_id, password)
        assert refused.value.details["reason"] == "recent"
    check_new(account_id, "yet-another-Passw0rd-18")
