"""How far an application is, as its applicant sees it (P12): what has been, what is now, what is to come."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from idp.policies.registration import MailCheck
from idp.policies.standing import AccountStatus

OPEN = frozenset(
    {
        AccountStatus.EMAIL_PENDING,
        AccountStatus.EMAIL_EXPIRED,
        AccountStatus.REVIEW_PENDING,
        AccountStatus.REJECTED,
    }
)


class Stage(StrEnum):
    """A line of the timeline."""

    SENT = "sent"
    MAILBOX = "mailbox"
    REVIEW = "review"
    REFUSED = "refused"
    ASKED = "asked"
    LAPSED = "lapsed"
    CORRECTION = "correction"
    SUPPLEMENT = "supplement"
    WITHDRAWN = "withdrawn"
    OPENED = "opened"


class Mark(StrEnum):
    """How a line is marked; the words are the classes of the timeline."""

    DONE = "done"
    NOW = "now"
    BAD = "bad"
    TO_COME = "to_come"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal, or a question for more: when and why."""

    at: datetime
    reason: str | None
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a case. ``is_reviewed``: whether somebody is to decide about it, as far as one knows now.

    ``more_info_until`` stays where the deadline has passed, until the application is sent again.
    """

    status: AccountStatus
    mail_check: MailCheck
    is_reviewed: bool
    submitted_at: datetime
    verified_at: datetime | None = None
    link_is_over: bool = False
    waiting_since: datetime | None = None
    refusals: tuple[Refusal, ...] = ()
    asked: tuple[Refusal, ...] = ()
    more_info_until: datetime | None = None
    approved_at: datetime | None = None
    withdrawn_at: datetime | None = None
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timeline; ``refusal`` only where it is one."""

    stage: Stage
    mark: Mark
    at: datetime | None = None
    refusal: Refusal | None = None


def is_open(status: AccountStatus) -> bool:
    """Whether an application in this state can still be corrected or withdrawn by its applicant."""
    return status in OPEN


def timeline(facts: Facts) -> list[Line]:
    """What has been, in its order, and then what is now and to come."""
    done = [(Stage.SENT, facts.submitted_at), (Stage.MAILBOX, facts.verified_at), (Stage.REVIEW, facts.approved_at)]
    past = [Line(stage, Mark.DONE, at) for stage, at in done if at is not None]
    past += [Line(Stage.REFUSED, Mark.BAD, refusal.at, refusal) for refusal in facts.refusals]
    past += [Line(Stage.ASKED, Mark.DONE, asked.at, asked) for asked in facts.asked]
    if facts.more_info_until is not None and facts.status is AccountStatus.REJECTED:
        past.append(Line(Stage.LAPSED, Mark.BAD, facts.more_info_until))
    if facts.withdrawn_at is not None:
        past.append(Line(Stage.WITHDRAWN, Mark.BAD, facts.withdrawn_at))
    return sorted(past, key=lambda line: line.at or facts.submitted_at) + _from_now(facts)


def _from_now(facts: Facts) -> list[Line]:
    if facts.status is AccountStatus.WITHDRAWN:
        return []
    if not is_open(facts.status):
        return [Line(Stage.OPENED, Mark.DONE, max(filter(None, (facts.decided_at, facts.verified_at)), default=None))]
    ahead = [Line(stage, Mark.TO_COME) for stage in _stages_ahead(facts)] + [Line(Stage.OPENED, Mark.TO_COME)]
    return [_now(facts), *ahead]


def _now(facts: Facts) -> Line:
    if facts.status is AccountStatus.REJECTED:
        return Line(Stage.CORRECTION, Mark.NOW)
    if _is_asked(facts):
        return Line(Stage.SUPPLEMENT, Mark.NOW)
    if facts.status is AccountStatus.REVIEW_PENDING:
        return Line(Stage.REVIEW, Mark.NOW, facts.waiting_since)
    is_over = facts.link_is_over or facts.status is AccountStatus.EMAIL_EXPIRED
    return Line(Stage.MAILBOX, Mark.BAD if is_over else Mark.NOW)


def _stages_ahead(facts: Facts) -> list[Stage]:
    waits_for_mailbox = facts.status in {AccountStatus.EMAIL_PENDING, AccountStatus.EMAIL_EXPIRED}
    review = (
        facts.status is AccountStatus.REJECTED
        or _is_asked(facts)
        or (waits_for_mailbox and facts.is_reviewed and facts.approved_at is None)
    )
    mailbox = not waits_for_mailbox and facts.verified_at is None and facts.mail_check is MailCheck.AFTER_REVIEW
    return ([Stage.REVIEW] if review else []) + ([Stage.MAILBOX] if mailbox else [])


def _is_asked(facts: Facts) -> bool:
    """Whether the application waits for what its applicant was asked for, and for nobody else."""
    return facts.status is AccountStatus.REVIEW_PENDING and facts.more_info_until is not None
