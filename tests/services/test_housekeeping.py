"""What has run out is deleted a day later; what still works or must be remembered stays."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from idp.db import now, session, transaction
from idp.models import Company, Invitation, LimitCounter, OneTimeSecret, OutboxEntry, Token, UsedAssertion
from idp.policies.roles import Role
from idp.services.housekeeping import tidy
from idp.services.one_time_links import Purpose, make_link
from tests.services.applicants import a_service
from tests.services.people import a_client, person, signed_in

pytestmark = pytest.mark.both_databases


def count(table: type) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_tokens_go_a_day_after_they_ran_out(company: Company) -> None:
    signed_in(person(company), a_client())
    assert tidy() == 0
    for hours, left in ((23, 1), (25, 0)):
        with transaction():
            session.execute(update(Token).values(expires_at=now() - timedelta(hours=hours)))
        tidy()
        assert count(Token) == left


def test_a_used_assertion_and_a_window_of_a_limit_go_after_their_time(database: Flask) -> None:
    client = a_client()
    old, new = now() - timedelta(days=2), now() + timedelta(hours=1)
    with transaction():
        for number, moment in enumerate((old, new)):
            key = bytes([number]) * 32
            session.add(UsedAssertion(client_id=client.id, jti_hash=key, expires_at=moment))
            window = {"window_starts_at": moment, "window_ends_at": moment, "count": 1}
            session.add(LimitCounter(name="x", subject_hash=key, **window))
    assert tidy() == 2
    assert (count(UsedAssertion), count(LimitCounter)) == (1, 1)


def test_dead_mails_stay_for_the_operator(company: Company) -> None:
    ming = person(company)
    long_ago = now() - timedelta(days=31)
    with transaction():
        for state in ("sent", "dead"):
            session.add(
                OutboxEntry(
                    kind="mail", state=state, recipient=ming.email, payload={}, message_id=state,
                    created_at=long_ago, next_attempt_at=long_ago, sent_at=long_ago,
                )
            )  # fmt: skip
    tidy()
    assert [row.state for row in session.scalars(select(OutboxEntry))] == ["dead"]


def test_links_stay_for_a_month_and_invitations_that_nobody_used_for_a_year(company: Company) -> None:
    admin, service = person(company, Role.GROUP_ADMIN), a_service()
    given = {"service_id": service.id, "company_id": company.id, "invited_by": admin.id, "role": Role.GUEST}
    for number, (days, is_used) in enumerate(((400, False), (400, True), (300, False), (29, False))):
        over = now() - timedelta(days=days)
        used = {"used_at": over} if is_used else {}
        invitation = Invitation(
            id=f"in_{number}", email=f"{number}@x.test", menus={}, created_at=over, expires_at=over, **given, **used
        )
        with transaction():
            session.add(invitation)
            session.flush()
            make_link(Purpose.INVITATION, address="x", lasts=timedelta(days=-days), invitation_id=invitation.id)
    tidy()
    assert sorted(session.scalars(select(Invitation.id))) == ["in_1", "in_2", "in_3"]
    assert session.scalars(select(OneTimeSecret.invitation_id)).all() == ["in_3"]
