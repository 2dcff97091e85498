"""Reviews (審核): how one ends, for which reasons, and what each reason demands (R-044, R-177, invariant I-5)."""

from enum import StrEnum

from idp.policies.names import has_control

LONGEST_REASON = 500


class Outcome(StrEnum):
    """How a review ends. ``withdrawn`` is the applicant's own word."""

    APPROVED = "approved"
    REJECTED = "rejected"
    MORE_INFO = "more_info"
    WITHDRAWN = "withdrawn"


class Reason(StrEnum):
    """Why an application is refused: a list for the reviewer, a sentence for the applicant."""

    NOT_OF_COMPANY = "not_of_company"
    WRONG_NAME = "wrong_name"
    WRONG_CONTACT = "wrong_contact"
    DUPLICATE = "duplicate"
    OTHER = "other"


def more_info_problem(text: str) -> str | None:
    """Why this is nothing that an applicant could be asked for (a key of the texts), or None: it takes words."""
    return "review.more_info" if reason_problem(Reason.OTHER, text) else None


def reason_problem(reason: str, text: str) -> str | None:
    """Why this is no reason that a person could read (a key of the texts), or None. ``other`` needs words too."""
    if reason not in list(Reason):
        return "review.reason"
    words = text.strip()
    if len(words) > LONGEST_REASON or has_control(words.replace("\n", "").replace("\r", "")):
        return "review.reason_text"
    return "review.reason_text" if reason == Reason.OTHER and not words else None
