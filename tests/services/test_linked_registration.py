"""Linked accounts that are applied for: in the same instant, confirmed in time, too late, or never."""

import secrets
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from idp.db import session, transaction
from idp.errors import AlreadyExists, ChangedMeanwhile, LinkUnusable, TooManyRequests
from idp.models import Account, AuditEntry, HomeCompany, OneTimeSecret, OutboxEntry, Password, Service
from idp.policies.standing import AccountStatus
from idp.services.cases import PersonAnswers
from idp.services.linked_deadlines import keep_linked_deadlines
from idp.services.linked_registration import (
    LinkedSubmission,
    change_mailbox,
    confirm_linked,
    confirmed_linked,
    hold_linked,
    home_of,
    resend_linked,
    submit_linked,
)
from idp.services.one_time_links import Purpose, link_of_token
from idp.services.secrets import digest
from idp.services.verification_resend import resend_to_whoever
from tests.services.applicants import COMPANY_SAID, a_service, apply, token_mailed_to
from tests.services.races import at_once

PORT = {"preset": "twport"}


def submission(**more: str) -> LinkedSubmission:
    username = more.pop("username", f"l{secrets.token_hex(5)}")
    person = PersonAnswers(
        username=username,
        name="錢大明",
        phone="+886912345678",
        email=more.pop("email", f"{username}@example.test"),
        locale="zh-TW",
    )
    return LinkedSubmission(
        service=session.get(Service, "port") or a_service("port", PORT),
        person=person,
        home=COMPANY_SAID,
        password_hash="$argon2id$not-a-hash",
        texts=(),
        browser="a browser",
        address="192.0.2.1",
    )


def applied(**more: str) -> str:
    """Somebody applies; her account's id."""
    sent = submission(**more)
    with transaction():
        return submit_linked(sent).id


def confirm(account_id: str) -> Account:
    hashed = digest(token_mailed_to(account_id))
    with transaction():
        return confirm_linked(hashed)


def later(account_id: str, **distance: float) -> None:
    """So much time passes for an account and its links."""
    moved = timedelta(**distance)
    with transaction():
        account = session.get_one(Account, account_id, populate_existing=True)
        account.updated_at -= moved
        links = session.scalars(select(OneTimeSecret).where(OneTimeSecret.account_id == account_id))
        for link in links:
            link.created_at -= moved
            link.expires_at -= moved


def status_of(account_id: str) -> AccountStatus | None:
    session.expire_all()
    account = session.get(Account, account_id)
    return account.status if account is not None else None


def mails() -> int:
    return session.scalar(select(func.count()).select_from(OutboxEntry)) or 0


@pytest.mark.both_databases
def test_of_two_who_want_the_same_name_one_gets_it(database: Flask) -> None:
    """RC02."""
    for _ in range(5):
        name = f"l{secrets.token_hex(5)}"
        both = [
            submission(username=spelling, email=f"{n}-{name}@example.test")
            for n, spelling in enumerate((name, name.upper()))
        ]
        ends = at_once(database, *(lambda one=one: submit_linked(one).id[:3] for one in both))
        assert sorted(ends) == ["already_exists", "la_"]
        with transaction():
            assert session.scalar(select(func.count()).where(Account.username_canonical == name)) == 1


@pytest.mark.both_databases
def test_of_two_accounts_that_confirm_one_mailbox_at_once_one_has_it(database: Flask) -> None:
    """R-142, C-13: whoever confirms first; and one link pressed twice confirms once."""
    for _ in range(5):
        email = f"{secrets.token_hex(5)}@example.test"
        ids = [applied(email=email) for _ in range(2)]
        hashes = [digest(token_mailed_to(one)) for one in ids]
        ends = at_once(database, *(lambda h=h: confirm_linked(h).id[:3] for h in (*hashes, hashes[0])))
        assert sorted(ends).count("la_") == 1, ends
        assert sorted(str(status_of(one)) for one in ids) == ["active", "email_pending"]
    with pytest.raises(AlreadyExists) as taken:
        applied(email=email.upper())
    assert taken.value.details == {"field": "email", "problem": "email.used_linked"}


def test_a_link_confirms_within_24_hours_and_not_a_second_later(database: Flask) -> None:
    """EL01, EL02, EL05."""
    in_time, late = applied(), applied()
    token = token_mailed_to(in_time)
    later(in_time, hours=24, seconds=-2)
    later(late, hours=24, seconds=1)
    account = confirm(in_time)
    assert (account.kind, account.status, account.company_id, account.role) == ("linked", "active", None, None)
    link = link_of_token(Purpose.VERIFY, token)
    assert link is not None
    assert confirmed_linked(link) == in_time
    for account_id, because in ((in_time, "used"), (late, "expired")):
        with pytest.raises(LinkUnusable) as unusable:
            confirm(account_id)
        assert unusable.value.details == {"because": because}
    assert link_of_token(Purpose.FIRST_PASSWORD, token) is None
    home = home_of(in_time)
    assert home is not None
    assert (home.tax_id, home.name) == (COMPANY_SAID.number, COMPANY_SAID.name)
    # A link of a general account confirms no linked one.
    case = apply(a_service())
    with pytest.raises(LinkUnusable) as foreign, transaction():
        confirm_linked(digest(token_mailed_to(case.account_id)))
    assert foreign.value.details == {"because": "unknown"}
    with pytest.raises(LinkUnusable), transaction():
        confirm_linked(digest("nothing"))


def test_a_new_link_and_another_mailbox_while_nothing_is_confirmed(database: Flask) -> None:
    """R-083; 60 s apart, five an hour, and the same form twice sends one mail."""
    account_id = applied()
    with pytest.raises(TooManyRequests) as early, transaction():
        resend_linked(account_id, browser=None)
    assert 0 < early.value.retry_seconds <= 60
    first = token_mailed_to(account_id)
    version = session.get_one(Account, account_id).version
    for _ in range(2):
        with transaction():
            change_mailbox(account_id, version, "other@example.test", browser="a browser")
    assert mails() == 2
    with pytest.raises(ChangedMeanwhile), transaction():
        change_mailbox(account_id, version, "third@example.test", browser="a browser")
    with pytest.raises(LinkUnusable) as old, transaction():
        confirm_linked(digest(first))
    assert old.value.details == {"because": "replaced"}
    later(account_id, seconds=61)
    version = session.get_one(Account, account_id, populate_existing=True).version
    with transaction():
        change_mailbox(account_id, version, "other@example.test", browser="a browser")
    later(account_id, seconds=61)
    with transaction():
        resend_to_whoever("OTHER@example.test")
        resend_to_whoever("nobody@example.test")
    assert mails() == 4
    taken = applied(email="taken@example.test")
    confirm(taken)
    version = session.get_one(Account, account_id, populate_existing=True).version
    with pytest.raises(AlreadyExists), transaction():
        change_mailbox(account_id, version, "taken@example.test", browser="a browser")
    confirm(account_id)
    with pytest.raises(LinkUnusable) as done, transaction():
        resend_linked(account_id, browser=None)
    assert done.value.details == {"because": "done"}
    with pytest.raises(ChangedMeanwhile), transaction():
        change_mailbox(account_id, version, "other@example.test", browser="a browser")


def test_what_is_never_confirmed_expires_and_is_deleted_after_30_days(database: Flask) -> None:
    account_id, living = applied(username="never-came"), applied()
    confirm(living)
    for distance, kept, status in (
        ({"hours": 23.0}, 0, "email_pending"),
        ({"hours": 2.0}, 1, "email_expired"),
        ({"days": 29.0}, 0, "email_expired"),
    ):
        later(account_id, **distance)
        assert keep_linked_deadlines() == kept
        assert status_of(account_id) == status
    # 補發 brings it back.
    with transaction():
        resend_to_whoever("never-came")
    assert status_of(account_id) == "email_pending"
    later(account_id, hours=25)
    assert keep_linked_deadlines() == 1
    later(account_id, days=31)
    later(living, days=60)
    assert keep_linked_deadlines() == 1
    assert (status_of(account_id), status_of(living)) == (None, "active")
    for table in (HomeCompany, Password):
        assert session.scalar(select(func.count()).select_from(table)) == 1
    told = session.scalars(select(AuditEntry.action).where(AuditEntry.linked_account_id == account_id)).all()
    assert told == ["linked:purged"]
    with pytest.raises(ChangedMeanwhile), transaction():
        hold_linked(account_id)
    assert applied(username="never-came")


@pytest.mark.both_databases
def test_who_asks_for_a_link_in_the_second_of_the_purge_gets_one_or_is_told(database: Flask) -> None:
    for _ in range(4):
        account_id = applied()
        with transaction():
            session.execute(update(Account).where(Account.id == account_id).values(status="email_expired"))
        later(account_id, days=31)

        def ask(account_id: str = account_id) -> str:
            resend_linked(account_id, browser=None)
            return "sent"

        def purge() -> str:
            return f"purged {keep_linked_deadlines()}"

        session.commit()
        ends = set(at_once(database, ask, purge))
        assert (ends, status_of(account_id)) in (
            ({"sent", "purged 0"}, "email_pending"),
            ({"changed_meanwhile", "purged 1"}, None),
        )
