"""What can go wrong and is an answer: refusals. Everything else is an accident with an incident number."""

from collections.abc import Iterator
from datetime import datetime


class Refused(Exception):
    """An answer, not an accident: what was written before it is committed, and its sentence is shown.

    ``code`` names the sentence (flows/messages.py has words for each), ``status`` is the HTTP status of the page.
    """

    code: str = "refused"
    status: int = 403

    def __init__(self, **details: object) -> None:
        super().__init__(self.code)
        self.details = details


class NotFound(Refused):
    """What was asked for does not exist, or is another company's: the two are told alike."""

    code = "not_found"
    status = 404


class BadCredentials(Refused):
    """Wrong password, unknown name or locked account: one answer for all (R-229, D-6)."""

    code = "login.bad"
    status = 200


class TooManyTries(Refused):
    """A limit of security.md §3 is reached for an address, whoever is asked for."""

    code = "login.too_many"
    status = 429

    def __init__(self, *, retry_at: datetime, retry_seconds: int) -> None:
        super().__init__(retry_at=retry_at)
        self.retry_seconds = retry_seconds


class AccountPending(Refused):
    """The password was right, but the account waits for its review (R-033); ``details["reviewer"]`` says whose,
    ``asked`` that the applicant was asked for more."""

    code = "login.pending"
    status = 200


class AccountWithdrawn(Refused):
    """The password was right, but the applicant has taken her application back."""

    code = "login.withdrawn"
    status = 200


class AccountUnverified(Refused):
    """The password was right, but the mailbox was never confirmed (R-083)."""

    code = "login.unverified"
    status = 200


class AccountUnusable(Refused):
    """The password was right, but the account or its company is suspended or closed."""

    code = "login.suspended"
    status = 200


class MenuForbidden(Refused):
    """A page of ours is not for this role; ``details`` has ``role`` (None: of no company), ``menu`` and ``admins``."""

    code = "perm.none"
    status = 403


class FormOfAnotherAccount(Refused):
    """A form opened as one account was sent while acting as another."""

    code = "acting.conflict"
    status = 409


class NotWhileActing(Refused):
    """Who acts through a linked account changes no credential, mailbox, consent, sign-in or binding (tokens.md)."""

    code = "acting.not_yours"
    status = 403


class OwnSeat(Refused):
    """Who acts would decide about an account that is bound to her own linked account (tokens.md)."""

    code = "acting.own_seat"
    status = 403


class RequestGone(Refused):
    """An authorization request waits no more: done, expired, or another browser's."""

    code = "request.gone"
    status = 400


class AlreadyExists(Refused):
    """A unique name or number is taken: 「帳號已經存在」 (R-079) and its like."""

    code = "already_exists"
    status = 409


class InvalidInput(Refused):
    """A value does not follow its rule; ``details["field"]`` names it, ``details["problem"]`` says why."""

    code = "invalid_input"
    status = 400


class PasswordRefused(Refused):
    """The password does not follow the rules (R-022, security.md §1.9-5); ``details["reason"]`` says which."""

    code = "password.refused"
    status = 400


class LastGroupAdmin(Refused):
    """The last group admin can neither step down nor be suspended (R-046)."""

    code = "group.lastadmin"
    status = 409


class SuspendedByOperator(Refused):
    """An operator has suspended the account: no group admin restores it."""

    code = "group.by_operator"
    status = 409


class TooManyRequests(Refused):
    """A limit of security.md §3 is reached for something but sign-in; ``details["retry_at"]`` says until when."""

    code = "too_many"
    status = 429

    def __init__(self, *, retry_at: datetime, retry_seconds: int) -> None:
        super().__init__(retry_at=retry_at)
        self.retry_seconds = retry_seconds


class AccountRejected(Refused):
    """The password was right, but the application was refused; ``details["reason"]`` is the reviewer's (R-177)."""

    code = "login.rejected"
    status = 200


class CompanyClosed(Refused):
    """No account can be had for this company: dissolved, or suspended here (R-010, ubn.closed)."""

    code = "ubn.closed"
    status = 409


class CompanyNotProven(Refused):
    """An account was to be approved whose company nobody has proven: no proof is ever pretended."""

    code = "review.unproven"
    status = 409


class OneAccountOnly(Refused):
    """The service gives one account a company, and this company has it (C-6)."""

    code = "company.has_account"
    status = 409


class MailNotSendable(Refused):
    """An operator wants a mail sent once more whose link works no more."""

    code = "mail.not_sendable"
    status = 409


class ImportUnderWay(Refused):
    """The register is being imported already; there is one import at a time."""

    code = "register.under_way"
    status = 409


class PasswordNotChanged(Refused):
    """A binding is confirmed only with another password: its owner gave hers away, and her mailbox has changed."""

    code = "binding.password_not_changed"
    status = 409


class LinkUnusable(Refused):
    """A link of a mail works no more; ``details["because"]`` is unknown, used, expired or replaced."""

    code = "link.unusable"
    status = 410


class InvitationUnusable(Refused):
    """An invitation's link lets nobody in; ``details["because"]`` is as policies/invitations.py says, or unknown."""

    code = "invitation.unusable"
    status = 410


class ChangedMeanwhile(Refused):
    """What a form was about has changed since the form was opened; nothing was done."""

    code = "changed_meanwhile"
    status = 409


class AlreadyDecided(Refused):
    """Somebody else decided the case first; ``details`` has ``outcome`` and ``by``."""

    code = "review.decided"
    status = 409


class FormOfAnotherRun(Refused):
    """A step was sent for a run that is not this browser's or is past that step."""

    code = "run.gone"
    status = 410


class ChallengeGone(Refused):
    """The question that a card was to answer is over: used, expired, another browser's, or for something else."""

    code = "card.challenge_gone"
    status = 409


class CardTransportRefused(Refused):
    """The card was reached in a way that this provider does not take: a software card in production."""

    code = "card.transport"


class CardMismatch(Refused):
    """The card names another company than the one at hand; ``details`` has ``card`` and ``entered`` (tax IDs)."""

    code = "card.mismatch"
    status = 409


class CardUnknown(Refused):
    """A good card that is enrolled on no account: it signs nobody in."""

    code = "card.new"


class CitizenCardUnknown(CardUnknown):
    """A good citizen card that is enrolled on no account: it signs nobody in, and raises no sign-in."""

    code = "card.citizen_new"


class CardEnrolledElsewhere(Refused):
    """The card is enrolled on another account already: by key, one card is one account."""

    code = "card.elsewhere"
    status = 409


class CitizenCardElsewhere(CardEnrolledElsewhere):
    """A citizen card that is enrolled on another account: who has several companies has a linked account for it."""

    code = "card.citizen_elsewhere"


class SuccessionRefused(Refused):
    """This card makes nobody group admin: an 附卡, or the company has a working group admin."""

    code = "card.no_succession"
    status = 409


class LastCredential(Refused):
    """The only way somebody signs in is not taken away."""

    code = "card.last_credential"
    status = 409


class OperatorForbidden(Refused):
    """A page of the console that this operator's duties do not open; ``details["power"]`` names what is missing."""

    code = "operator.forbidden"


class BadCode(Refused):
    """The second factor is wrong, or was taken before."""

    code = "operator.bad_code"
    status = 200


class LastConfigurator(Refused):
    """The last operator who can set the provider up can neither give that up nor be suspended."""

    code = "operator.last_configurator"
    status = 409


class TakenByAnother(Refused):
    """Another operator works on this; ``details["name"]`` is hers."""

    code = "review.taken"
    status = 409


class OwnCompany(Refused):
    """An operator would decide about a company in which she has an account herself."""

    code = "review.own_company"


class SecondReviewerNeeded(Refused):
    """An operator would approve a document a second time that needs two: somebody else has to."""

    code = "review.second"
    status = 409


class AlreadyBound(Refused):
    """The two accounts are bound already, or about to be."""

    code = "binding.there"
    status = 409


class BindingUnusable(Refused):
    """The binding can't be used now: its account or company is suspended, or its owner has yet to confirm it."""

    code = "binding.unusable"


class WrongCode(Refused):
    """This is not the code of the binding; ``details["left"]`` says how many more tries it has."""

    code = "binding.code_wrong"
    status = 400


class CodeVoid(Refused):
    """Too many wrong codes were entered: the code works no more, and another one has to be sent (BC01)."""

    code = "binding.code_void"
    status = 409


class CodeExpired(Refused):
    """The code was entered after its 24 hours; another one has to be sent (R-110)."""

    code = "binding.code_expired"
    status = 409


class BindingRequestOver(Refused):
    """The owner agrees to a request that has run out: the linked account has to ask anew."""

    code = "binding.request_over"
    status = 409


class TooWeakToLower(Refused):
    """A group admin lifts a demand that her own sign-in does not meet."""

    code = "demand.too_weak"


class SignInEnded(Exception):
    """The sign-in that was to be raised is over: nothing of it counts, and nothing was written."""


class DatabaseBusy(Exception):
    """The write lock was not had in time: 503 with Retry-After, nothing was written."""


def refusals() -> Iterator[type[Refused]]:
    """Every kind of refusal, for the test that each has words."""
    stack = [Refused]
    while stack:
        kind = stack.pop()
        yield kind
        stack.extend(kind.__subclasses__())
