"""What a seat stands on is held while somebody enters: its company, and the sign-in before the client's session."""

import threading
import time
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import CursorResult, Executable

from idp.db import session, transaction
from idp.models import Company
from idp.services import grants
from idp.services.companies import restore_company, suspend_company
from idp.services.grants import CodeOrder, issue_code, redeem_code, visits
from idp.services.sign_ins import end_sign_in
from idp.services.uses import take_seat
from tests.services.races import ON_THE_WAY, at_once
from tests.services.test_seats_taken import Desk

pytestmark = pytest.mark.both_databases


def row_of(company_id: str) -> Company:
    return session.get_one(Company, company_id, populate_existing=True)


def test_a_company_suspended_while_somebody_enters_leaves_nothing_behind(company: Company, database: Flask) -> None:
    """LK06: the suspension waits, and ends what began; after a restoration none of it comes back."""
    desk, company_id = Desk(company), company.id
    first = desk.entered(desk.seat())
    seat, is_taken, is_over = desk.seat(), threading.Event(), threading.Event()

    def enters() -> str:
        is_good = take_seat(seat, desk.client_id)
        is_taken.set()
        # On one database the other waits for this, on the other it has come before: neither is waited for longer.
        is_over.wait(3 * ON_THE_WAY)
        return desk.issue(seat) if is_good else "not any more"

    def suspends() -> str:
        is_taken.wait(ON_THE_WAY)
        suspend_company(row_of(company_id), "a test")
        session.commit()
        is_over.set()
        return "suspended"

    code, _ = at_once(database, enters, suspends)
    assert desk.living() == 0
    with transaction():
        restore_company(row_of(company_id))
    with transaction():
        assert redeem_code(first, desk.client_id) is None
        assert redeem_code(code, desk.client_id) is None


def test_who_enters_by_a_page_and_who_signs_out_do_not_wait_for_each_other(
    company: Company, database: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a client's session runs already: the sign-in is held before it, as who ends the sign-in does."""
    desk = Desk(company)
    desk.entered(desk.seat())
    seat, is_begun = desk.seat(), threading.Event()
    running = visits(desk.signed_in.id, desk.client_id).as_seat(seat.acting)
    order = CodeOrder(desk.client_id, "https://app.example/cb", "openid", None, None, None, False)
    real = grants.run

    def slowly(statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        if statement is grants._ISSUE:
            is_begun.set()
            time.sleep(ON_THE_WAY)
        return real(statement, parameters)

    monkeypatch.setattr(grants, "run", slowly)

    def enters() -> str:
        if not take_seat(seat, desk.client_id):
            return "not any more"
        return issue_code(order, seat.acting, desk.signed_in, running=running, by_page=True)

    def signs_out() -> str:
        is_begun.wait(ON_THE_WAY)
        return str(end_sign_in(desk.signed_in.id, because="signed_out"))

    code, has_ended = at_once(database, enters, signs_out)
    assert has_ended == "True"
    with transaction():
        granted = redeem_code(code, desk.client_id)
    assert granted is None or not granted.is_good
