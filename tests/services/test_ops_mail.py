"""The outbox as operators list it: newest first, by key, by state, kind and whole address."""

import pytest
from flask import Flask

from idp.db import now, session, transaction
from idp.errors import ChangedMeanwhile, MailNotSendable, NotFound
from idp.mails.accounts import account_restored
from idp.mails.leases import DEAD, GIVEN_UP, WAITING
from idp.mails.operators import set_up
from idp.models import Company, Operator, OutboxEntry
from idp.services.one_time_links import Purpose, void_links
from idp.services.operators import NewOperator, add_operator
from idp.services.ops_mail import MailSearch, give_up, mail_of_id, mails, masked, send_again, why_not_sendable
from tests.services.people import person

pytestmark = pytest.mark.both_databases


def test_mails_are_listed_by_key_and_filtered(database: Flask, company: Company) -> None:
    her, other = person(company, email="Ming@Example.test"), person(company)
    with transaction():
        for _ in range(5):
            account_restored(her)
            account_restored(other)
        session.add(OutboxEntry(kind="backchannel", recipient="x", payload={}, message_id="n", **_now()))
    first = mails(MailSearch(), most=4)
    rest = mails(MailSearch(), before=first[-1].id, most=100)
    assert [len(first), len(rest)] == [4, 6], "a notice is no mail"
    assert [m.id for m in first + rest] == sorted((m.id for m in first + rest), reverse=True)
    assert len(mails(MailSearch(address=" ming@example.test "))) == 5
    assert mails(MailSearch(address="ming@example")) == []
    assert len(mails(MailSearch(template="account_restored", state=WAITING))) == 10
    assert mails(MailSearch(template="account_suspended")) == mails(MailSearch(state=DEAD)) == []
    notice = session.query(OutboxEntry).filter_by(kind="backchannel").one()
    with pytest.raises(NotFound):
        mail_of_id(notice.id)


def _now() -> dict[str, object]:

    return {"created_at": now(), "next_attempt_at": now()}


def test_only_what_still_works_is_sent_again(database: Flask) -> None:
    with transaction():
        operator, _ = add_operator(
            NewOperator(username="op-one", name="林大同", email="o@example.test", duties=("support",))
        )
    [mail] = mails(MailSearch())
    assert why_not_sendable(mail) == "gone"
    with pytest.raises(ChangedMeanwhile), transaction():
        send_again(mail.id)
    _die(mail)
    assert why_not_sendable(mail_of_id(mail.id)) is None
    with transaction():
        send_again(mail.id)
    assert mail_of_id(mail.id).state == WAITING
    _die(mail)
    with transaction():
        void_links(Purpose.OPERATOR_SETUP, operator_id=operator.id)
    with pytest.raises(MailNotSendable), transaction():
        send_again(mail.id)
    with transaction():
        give_up(mail.id)
    gone = mail_of_id(mail.id)
    assert (gone.state, masked(gone), "sealed" in gone.payload) == (GIVEN_UP, None, False)
    with pytest.raises(ChangedMeanwhile), transaction():
        give_up(mail.id)


def test_a_link_of_no_known_kind_is_never_sent_again(database: Flask) -> None:
    operator = Operator(email="o@example.test", locale="zh-TW", name="林", username="op")

    with transaction():
        set_up(operator, token="never-made", end=now())
    [mail] = mails(MailSearch())
    _die(mail)
    assert why_not_sendable(mail_of_id(mail.id)) == "over"


def _die(mail: OutboxEntry) -> None:
    with transaction():
        mail_of_id(mail.id).state = DEAD
