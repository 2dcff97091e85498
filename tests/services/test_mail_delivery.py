"""Mails are sent once each in the person's language, tried again for a day, and hold nobody else up."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from idp.app import create_app
from idp.config import Settings, use_settings
from idp.db import db, now, session, transaction
from idp.mails import accounts as messages
from idp.mails.delivery import deliver_due
from idp.models import Account, Company, OutboxEntry
from idp.policies.roles import Role
from tests.services.people import mails, person
from tests.services.post_office import PostOffice, part


@pytest.fixture
def post() -> Iterator[PostOffice]:
    office = PostOffice()
    office.open()
    yield office
    office.close()


@pytest.fixture
def provider(storage: Flask, database: Flask, post: PostOffice) -> Iterator[Flask]:
    """The provider itself, which has the templates, on the database of the test."""
    known: Settings = storage.config["IDP"]
    server = {"mail_server": "127.0.0.1", "mail_port": post.port, "mail_timeout_seconds": 1.0}
    chosen = known.model_copy(update={**server, "mail_sender": "idp@idp.test"})
    use_settings(chosen)
    app = create_app(chosen)
    with app.app_context():
        yield app
        session.rollback()
        db.engine.dispose()


@pytest.fixture
def ming(provider: Flask, company: Company) -> Account:
    return person(company, Role.GUEST, username="ming", name="王小明")


def tell(account: Account) -> None:
    with transaction():
        messages.role_changed(account)


def _change_that_fails(account: Account) -> None:
    with transaction():
        messages.role_changed(account)
        raise ZeroDivisionError


def later(**passed: float) -> None:
    """Let time pass for the outbox."""
    with transaction():
        for row in mails():
            row.next_attempt_at -= timedelta(**passed)
            row.created_at -= timedelta(**passed)
            if row.leased_until:
                row.leased_until -= timedelta(**passed)


def states() -> list[str]:
    return [row.state for row in mails()]


@pytest.mark.requirement("R-082")
def test_a_mail_arrives_once_in_both_forms_with_its_link_as_text(ming: Account, post: PostOffice) -> None:
    tell(ming)
    identity = mails()[0].message_id
    assert deliver_due() == 1
    assert deliver_due() == 0
    [(recipient, mail)] = post.taken
    assert recipient == "ming@example.test"
    assert mail["Message-ID"] == identity
    assert mail["From"] == "企業帳號中心 <idp@idp.test>"
    assert mail["Subject"] == "企業帳號中心：您的權限已變更"
    for form in ("plain", "html"):
        text = part(mail, form)
        assert "王小明" in text
        assert "訪客" in text
        assert "https://idp.test/account" in text
        assert "00000016" not in text
    assert "<img" not in part(mail, "html")


def test_a_person_who_reads_english_gets_english(ming: Account, post: PostOffice) -> None:
    with transaction():
        session.execute(update(Account).where(Account.id == ming.id).values(locale="en"))
    session.refresh(ming)
    tell(ming)
    deliver_due()
    assert 'lang="en"' in part(post.taken[0][1], "html")


def test_what_a_mail_said_is_forgotten_when_it_is_sent(ming: Account, post: PostOffice) -> None:
    tell(ming)
    deliver_due()
    assert mails()[0].payload == {"template": "role_changed", "locale": "zh-TW"}
    assert mails()[0].sent_at is not None


def test_every_message_of_an_account_can_be_sent(ming: Account, post: PostOffice) -> None:
    with transaction():
        messages.role_changed(ming)
        messages.account_suspended(ming, "離職 <b>&</b>")
        messages.account_restored(ming)
    deliver_due()
    assert states() == ["sent"] * 3
    assert "離職 <b>&</b>" in part(post.taken[1][1], "plain")
    assert "離職 &lt;b&gt;" in part(post.taken[1][1], "html")


def test_a_mail_of_a_change_that_is_undone_is_never_sent(ming: Account, post: PostOffice) -> None:
    with pytest.raises(ZeroDivisionError):
        _change_that_fails(ming)
    assert deliver_due() == 0
    assert post.taken == []


@pytest.mark.parametrize("answer", ["421 later", "450 busy", "451 data later", "close", "hang"])
def test_a_mail_the_server_does_not_take_now_is_sent_later(ming: Account, post: PostOffice, answer: str) -> None:
    post.answers["ming@example.test"] = answer
    tell(ming)
    deliver_due()
    [row] = mails()
    assert (row.state, row.attempts) == ("waiting", 1)
    assert row.last_error
    assert deliver_due() == 0
    post.answers.clear()
    post.release.set()
    later(seconds=11)
    deliver_due()
    assert states() == ["sent"]
    assert len(post.taken) == 1


@pytest.mark.parametrize("answer", ["550 unknown", "554 data refused"])
def test_a_mail_the_server_refuses_for_good_is_dead(ming: Account, post: PostOffice, answer: str) -> None:
    post.answers["ming@example.test"] = answer
    tell(ming)
    deliver_due()
    later(days=1)
    assert deliver_due() == 0
    assert states() == ["dead"]


def test_after_an_outage_all_is_delivered_within_five_minutes(ming: Account, post: PostOffice) -> None:
    post.close()
    for _ in range(3):
        tell(ming)
    for _ in range(12):
        deliver_due()
        later(minutes=4)
    assert states() == ["waiting"] * 3
    post.open()
    deliver_due()
    assert states() == ["sent"] * 3
    assert len(post.taken) == 3


def test_a_mail_that_was_tried_for_a_day_is_dead(ming: Account, post: PostOffice) -> None:
    post.close()
    tell(ming)
    later(hours=25)
    deliver_due()
    assert states() == ["dead"]


def test_one_bad_mail_holds_nobody_elses_up(ming: Account, company: Company, post: PostOffice) -> None:
    post.answers["ming@example.test"] = "close"
    hua = person(company, username="hua-2", email="hua@example.test")
    tell(ming)
    tell(hua)
    deliver_due()
    deliver_due()
    assert states() == ["waiting", "sent"]


def test_a_mail_whose_template_is_broken_waits_and_others_go(ming: Account, post: PostOffice) -> None:
    with transaction():
        messages.compose("no_such_template", ming)
    tell(ming)
    deliver_due()
    assert states() == ["waiting", "sent"]


@pytest.mark.both_databases
def test_workers_at_once_send_each_mail_once(ming: Account, provider: Flask, post: PostOffice) -> None:
    for _ in range(10):
        tell(ming)

    def work() -> None:
        with provider.app_context():
            while deliver_due():
                pass

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    identities = [mail["Message-ID"] for _, mail in post.taken]
    assert len(identities) == len(set(identities)) == 10


@pytest.mark.both_databases
def test_a_worker_that_dies_while_sending_leaves_the_mail_to_another(ming: Account, post: PostOffice) -> None:
    tell(ming)
    with transaction():
        session.execute(update(OutboxEntry).values(state="sending", leased_until=now() + timedelta(minutes=5)))
    assert deliver_due() == 0
    later(minutes=6)
    assert deliver_due() == 1
    assert states() == ["sent"]


@pytest.mark.both_databases
def test_a_worker_told_to_end_puts_back_what_it_has_not_begun(ming: Account, post: PostOffice) -> None:
    tell(ming)
    deliver_due(lambda: True)
    assert [(r.state, r.attempts) for r in mails()] == [("waiting", 0)]
    assert post.taken == []
