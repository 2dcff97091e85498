"""The timeline of an application: what has been comes in its order, then what is now, then what is to come."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from idp.policies.case_progress import Facts, Mark, Refusal, Stage, is_open, timeline
from idp.policies.registration import MailCheck
from idp.policies.standing import AccountStatus

SENT_AT = datetime(2026, 11, 20, 6, 5, tzinfo=UTC)


def at(hours: int) -> datetime:
    return SENT_AT + timedelta(hours=hours)


def lines(status: AccountStatus, **more: Any) -> list[str]:
    given = {"mail_check": MailCheck.BEFORE_REVIEW, "is_reviewed": True, **more}
    return [f"{line.stage} {line.mark}" for line in timeline(Facts(status=status, submitted_at=SENT_AT, **given))]


REFUSED = (Refusal(at(2), "wrong_name", None),)
AFTER = MailCheck.AFTER_REVIEW


@pytest.mark.parametrize(
    ("status", "more", "told"),
    [
        (AccountStatus.EMAIL_PENDING, {}, "sent done, mailbox now, review to_come, opened to_come"),
        (AccountStatus.EMAIL_PENDING, {"is_reviewed": False}, "sent done, mailbox now, opened to_come"),
        (
            AccountStatus.EMAIL_PENDING,
            {"link_is_over": True, "is_reviewed": False},
            "sent done, mailbox bad, opened to_come",
        ),
        (AccountStatus.EMAIL_EXPIRED, {"is_reviewed": False}, "sent done, mailbox bad, opened to_come"),
        (
            AccountStatus.REVIEW_PENDING,
            {"verified_at": at(1), "waiting_since": at(1)},
            "sent done, mailbox done, review now, opened to_come",
        ),
        (
            AccountStatus.REVIEW_PENDING,
            {"mail_check": AFTER, "waiting_since": SENT_AT},
            "sent done, review now, mailbox to_come, opened to_come",
        ),
        (
            AccountStatus.EMAIL_PENDING,
            {"mail_check": AFTER, "approved_at": at(3), "decided_at": at(3)},
            "sent done, review done, mailbox now, opened to_come",
        ),
        (
            AccountStatus.REJECTED,
            {"verified_at": at(1), "refusals": REFUSED, "decided_at": at(2)},
            "sent done, mailbox done, refused bad, correction now, review to_come, opened to_come",
        ),
        (
            AccountStatus.EMAIL_PENDING,
            {"refusals": REFUSED},
            "sent done, refused bad, mailbox now, review to_come, opened to_come",
        ),
        (
            AccountStatus.ACTIVE,
            {"verified_at": at(4), "refusals": REFUSED, "approved_at": at(3), "decided_at": at(3), "mail_check": AFTER},
            "sent done, refused bad, review done, mailbox done, opened done",
        ),
        (
            AccountStatus.WITHDRAWN,
            {"verified_at": at(1), "withdrawn_at": at(2), "decided_at": at(2)},
            "sent done, mailbox done, withdrawn bad",
        ),
    ],
)
def test_the_timeline_tells_what_was_what_is_and_what_comes(
    status: AccountStatus, more: dict[str, Any], told: str
) -> None:
    assert ", ".join(lines(status, **more)) == told


def test_an_account_is_open_since_the_last_of_what_had_to_be() -> None:
    facts = Facts(
        status=AccountStatus.ACTIVE, mail_check=AFTER, is_reviewed=True, submitted_at=SENT_AT,
        approved_at=at(3), decided_at=at(3), verified_at=at(5),
    )  # fmt: skip
    last = timeline(facts)[-1]
    assert (last.stage, last.mark, last.at) == (Stage.OPENED, Mark.DONE, at(5))
    bare = Facts(status=AccountStatus.ACTIVE, mail_check=AFTER, is_reviewed=True, submitted_at=SENT_AT)
    assert timeline(bare)[-1].at is None


def test_a_refusal_carries_its_reason() -> None:
    facts = Facts(
        status=AccountStatus.REJECTED, mail_check=AFTER, is_reviewed=True, submitted_at=SENT_AT, refusals=REFUSED
    )
    assert [line.refusal for line in timeline(facts)] == [None, REFUSED[0], None, None, None, None]


@pytest.mark.parametrize("status", list(AccountStatus))
def test_what_is_decided_for_good_is_not_open(status: AccountStatus) -> None:
    decided = {AccountStatus.ACTIVE, AccountStatus.SUSPENDED, AccountStatus.CLOSED, AccountStatus.WITHDRAWN}
    assert is_open(status) is (status not in decided)
