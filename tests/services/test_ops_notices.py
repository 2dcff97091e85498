"""Logout notices as operators see them: what was not taken, sent once more, given up."""

import pytest
from flask import Flask

from idp.db import now, session, transaction
from idp.errors import ChangedMeanwhile, NotFound
from idp.mails.leases import DEAD, GIVEN_UP, WAITING
from idp.models import Account, Company, OutboxEntry
from idp.services.logout_notices import EndedSession, tell_clients
from idp.services.ops_notices import give_notice_up, notices, notices_not_taken, tell_again, tell_all_again
from tests.services.people import a_client, actions, person

pytestmark = pytest.mark.both_databases


@pytest.fixture
def ming(company: Company) -> Account:
    a_client("dreams", backchannel_logout_uri="https://app.example/end")
    a_client("portpass", backchannel_logout_uri="https://port.example/end")
    return person(company)


def die(ming: Account, client_id: str, times: int = 1) -> list[int]:
    """Sessions of an account at a client have ended, and it could not be told; the numbers of the notices."""
    with transaction():
        tell_clients([EndedSession(f"{client_id}-{n}", client_id, ming.id) for n in range(times)], "unbound")
        rows = session.query(OutboxEntry).filter_by(kind="backchannel", client_id=client_id)
        rows.update({"state": DEAD, "last_error": "Unreachable: refused"})
        return [row.id for row in rows.order_by(OutboxEntry.id)]


def test_what_was_not_taken_is_listed_and_sent_once_more(ming: Account) -> None:
    first, second = die(ming, "dreams", 2)
    die(ming, "portpass")
    assert notices_not_taken().count == 3
    [newest, seen] = notices(DEAD, "dreams")
    assert (newest.notice.id, seen.notice.id) == (second, first)
    assert (seen.account_name, seen.username) == (ming.name, ming.username)
    assert [one.notice.id for one in notices("", "", before=second)] == [first]
    with transaction():
        tell_again(first)
    with pytest.raises(ChangedMeanwhile), transaction():
        tell_again(first)
    row = session.get_one(OutboxEntry, first, populate_existing=True)
    assert (row.state, row.next_attempt_at <= now()) == (WAITING, True)
    with transaction():
        assert tell_all_again("dreams") == 1
        assert tell_all_again("nobody") == 0
    assert [one.notice.client_id for one in notices(DEAD, "")] == ["portpass"]
    assert actions().count("logout_notice:sent:again") == 2


def test_one_is_given_up_and_a_mail_is_no_notice(database: Flask, ming: Account) -> None:
    [dead] = die(ming, "dreams")
    with transaction():
        give_notice_up(dead)
    assert [one.notice.state for one in notices("", "")] == [GIVEN_UP]
    assert notices_not_taken().count == 0
    with pytest.raises(ChangedMeanwhile), transaction():
        give_notice_up(dead)
    moments = {"created_at": now(), "next_attempt_at": now()}
    with transaction():
        session.add(OutboxEntry(kind="mail", recipient="x", payload={}, message_id="m", state=DEAD, **moments))
    mail = session.query(OutboxEntry).filter_by(kind="mail").one()
    with pytest.raises(NotFound), transaction():
        tell_again(mail.id)
