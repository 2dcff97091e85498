"""A change of mailbox: whose it may become, how often it is asked for, and that one link is one change."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from idp.db import now, session, transaction
from idp.errors import AlreadyExists, LinkUnusable, NotFound, TooManyRequests
from idp.models import Account, Company, OneTimeSecret
from idp.policies.standing import AccountStatus
from idp.services.accounts import add_linked_account
from idp.services.mailbox_changes import (
    account_of_change,
    apply_change,
    ask_change,
    cancel_change,
    pending_change,
    resend_change,
)
from idp.services.one_time_links import Link, Purpose, live_link
from idp.services.service_registry import ServiceProfile, add_service
from tests.services.people import PASSWORD, at_once, person

NEW = "new@example.test"


def an_agent(username: str, email: str) -> Account:
    with transaction():
        return add_linked_account(username=username, name="錢大明", email=email, password=PASSWORD)


def asked(account: Account, mailbox: str = NEW) -> Link:
    """The link of a change that was asked for."""
    with transaction():
        ask_change(account.id, mailbox, browser="a browser")
    link = live_link(Purpose.MAILBOX_CHANGE, account_id=account.id)
    assert link is not None
    return link


def why_not(link: Link, *, by: Callable[[Link], Account] = apply_change) -> object:
    with transaction(), pytest.raises(LinkUnusable) as refused:
        by(link)
    return refused.value.details["because"]


def test_a_mailbox_of_two_agents_becomes_one_of_theirs_and_the_other_is_told_by_its_link_alone(database: Flask) -> None:
    first, second = an_agent("agent-one", "one@example.test"), an_agent("agent-two", "two@example.test")
    links = [asked(first), asked(second, "NEW@example.test")]
    with transaction():
        apply_change(links[0])
    assert session.get_one(Account, first.id, populate_existing=True).email == NEW
    assert why_not(links[1], by=account_of_change) == "taken"
    assert why_not(links[1]) == "taken"
    # The link is not used up: it works where the other has left the mailbox.
    with transaction():
        apply_change(asked(first, "else@example.test"))
        apply_change(links[1])
    assert why_not(links[1]) == "used"


def test_a_colleagues_mailbox_is_told_where_the_policy_gives_it_once(company: Company) -> None:
    with transaction():
        add_service("dreams", ServiceProfile(name_zh="DREAMS 案場申請"))
    ming, colleague = (person(company, service_id="dreams") for _ in range(2))
    with transaction():
        session.execute(update(Account).values(email_verified_at=now()))
    with transaction(), pytest.raises(AlreadyExists):
        ask_change(ming.id, colleague.email, browser="a browser")
    assert pending_change(ming.id) is None


def test_changes_are_asked_for_so_often_and_no_more(database: Flask) -> None:
    agent = an_agent("agent-one", "one@example.test")
    with transaction(), pytest.raises(NotFound):
        resend_change(agent.id, browser="a browser")
    for _ in range(5):
        asked(agent)
    with transaction(), pytest.raises(TooManyRequests):
        ask_change(agent.id, NEW, browser="a browser")
    for number in range(5):
        asked(agent, f"another{number}@example.test")
    with transaction(), pytest.raises(TooManyRequests):
        ask_change(agent.id, "yet-another@example.test", browser="a browser")
    waiting = pending_change(agent.id)
    assert waiting is not None
    assert (waiting.mailbox, waiting.has_expired) == ("another4@example.test", False)
    with transaction(), pytest.raises(TooManyRequests):
        resend_change(agent.id, browser="a browser")
    with transaction():
        cancel_change(agent.id)
    with transaction(), pytest.raises(NotFound):
        cancel_change(agent.id)


@pytest.mark.parametrize(("left", "because"), [(1, None), (-1, "expired")])
def test_a_link_works_for_24_hours(database: Flask, left: int, because: str | None) -> None:
    agent = an_agent("agent-one", "one@example.test")
    asked(agent)
    link = live_link(Purpose.MAILBOX_CHANGE, account_id=agent.id)
    assert link is not None
    assert link.expires_at - link.created_at == timedelta(hours=24)
    with transaction():
        session.execute(update(OneTimeSecret).values(expires_at=now() + timedelta(seconds=left)))
    link = live_link(Purpose.MAILBOX_CHANGE, account_id=agent.id)
    assert link is not None
    if because is None:
        with transaction():
            apply_change(link)
    else:
        assert (why_not(link, by=account_of_change), why_not(link)) == (because, because)


def test_a_suspended_account_keeps_its_mailbox(database: Flask) -> None:
    agent = an_agent("agent-one", "one@example.test")
    link = asked(agent)
    with transaction():
        session.execute(update(Account).values(status=AccountStatus.SUSPENDED))
    assert why_not(link) == "suspended"
    with transaction(), pytest.raises(NotFound):
        ask_change(agent.id, "else@example.test", browser="a browser")


@pytest.mark.both_databases
def test_of_many_who_confirm_at_once_one_does(database: Flask) -> None:
    agents = [an_agent(f"agent-{number}", f"agent{number}@example.test") for number in range(3)]
    links = [asked(agent) for agent in agents] * 2
    session.commit()

    def confirm() -> str:
        link = links.pop()
        with transaction():
            return apply_change(link).email

    assert at_once(database, confirm, times=6) == ["link.unusable"] * 5 + [NEW]
    having = [a for a in agents if session.get_one(Account, a.id, populate_existing=True).email == NEW]
    assert len(having) == 1
