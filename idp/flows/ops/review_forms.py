"""The two decisions of a review (R-172): about the company's document, and about the person's account."""

from typing import Any, ClassVar

from flask import request
from flask_babel import gettext, lazy_gettext, lazy_pgettext
from wtforms import Field, HiddenField, RadioField, SelectMultipleField, TextAreaField
from wtforms.widgets import CheckboxInput

from idp.errors import InvalidInput
from idp.flows.account_fields import add_error, refuse_problem
from idp.flows.asked import number_in
from idp.flows.forms import PlainForm
from idp.flows.group_words import REASON_LABELS
from idp.flows.messages import ROLE_LABELS, sentence_for
from idp.flows.ops.queue_words import CASE_OUTCOMES, DOCUMENT_OUTCOMES, DOCUMENT_REASON_LABELS, OUTCOMES
from idp.policies.documents import DocumentReason, decision_problem, field_of_problem
from idp.policies.reviews import Outcome, Reason, more_info_problem, reason_problem
from idp.policies.roles import Role
from idp.policies.standing import Approval
from idp.services.case_reviews import Decision, decide_case
from idp.services.document_reviews import DocumentDecision, decide_document
from idp.services.ops_review import Reviewed

NO_VERSION = -1
OUTCOME_CHOICES = [(name, words[0]) for name, words in OUTCOMES.items()]


class DecisionForm(PlainForm):
    """What was decided, about which version; ``FIELDS`` says beside which field a service's refusal is told."""

    FIELDS: ClassVar[dict[str, str]] = {}

    version = HiddenField()
    outcome = RadioField(lazy_gettext("審核結果"), choices=OUTCOME_CHOICES, validate_choice=False)

    @property
    def seen_version(self) -> int:
        """The version that was seen; one that never is, for whatever is no number."""
        found = number_in(self.version.data or "")
        return NO_VERSION if found is None else found

    def validate_outcome(self, field: Field) -> None:
        """One of the three."""
        refuse_problem(None if field.data in OUTCOMES else "review.outcome")

    def tell(self, refused: InvalidInput) -> None:
        """Tell a service's refusal beside its field."""
        told_at = str(refused.details.get("field"))
        add_error(self, self.FIELDS.get(told_at, "outcome"), sentence_for(refused))


class DocumentForm(DecisionForm):
    """公司文件審核: reasons from the list and words, which the applicant reads (R-174, R-178)."""

    FIELDS: ClassVar[dict[str, str]] = {"reasons": "reasons", "text": "text"}

    sha256 = HiddenField()
    reasons = SelectMultipleField(
        lazy_gettext("原因"),
        choices=[(str(reason), label) for reason, label in DOCUMENT_REASON_LABELS.items()],
        option_widget=CheckboxInput(),
        validate_choice=False,
        default=[],
    )
    text = TextAreaField(lazy_pgettext("review", "說明"), default="")

    def validate(self, extra_validators: Any = None) -> bool:
        """Whoever refuses or asks says why (I-5)."""
        if not super().validate(extra_validators):
            return False
        problem = self._problem()
        if problem is not None:
            self.tell(InvalidInput(field=field_of_problem(problem), problem=problem))
        return problem is None

    def _problem(self) -> str | None:
        return decision_problem(DOCUMENT_OUTCOMES[self.outcome.data], self._reasons, self.text.data or "")

    @property
    def _reasons(self) -> tuple[str, ...]:
        """In the order of the list. Who approves gives none, whatever was ticked before she chose."""
        if self.outcome.data == "approve":
            return ()
        ticked = set(self.reasons.data or ())
        return (*(str(one) for one in DocumentReason if one in ticked), *sorted(ticked - set(DocumentReason)))

    def decide(self, seen: Reviewed, operator_id: str) -> str:
        """Decide; what is told on the next page. Raises what decide_document raises."""
        document = seen.queued.document
        outcome = DOCUMENT_OUTCOMES[self.outcome.data]
        decided = decide_document(
            DocumentDecision(
                document_id=document.id if document is not None else "",
                seen_version=self.seen_version,
                seen_sha256=self.sha256.data or "",
                outcome=outcome,
                reasons=self._reasons,
                text=self.text.data or "",
                decided_by=operator_id,
            )
        )
        if str(decided.state) != str(outcome):
            return str(gettext("已記下您的核准。這項服務須由兩位營運人員審核，文件等候另一位審核。"))
        return str(gettext("公司文件的決定已送出，並已寄信通知申請人。"))


class AccountForm(DecisionForm):
    """帳號申請審核: a role where it is approved, a reason where it is refused, words where more is wanted."""

    FIELDS: ClassVar[dict[str, str]] = {"role": "role", "reason": "reason", "reason_text": "text"}

    role = RadioField(lazy_gettext("通過時的權限"), validate_choice=False)
    reason = RadioField(
        lazy_gettext("未通過的原因"),
        choices=[(str(reason), REASON_LABELS[reason]) for reason in Reason],
        validate_choice=False,
    )
    text = TextAreaField(lazy_pgettext("review", "說明"), default="")

    def offer(self, seen: Reviewed) -> None:
        """Offer the roles of the service; where there is but one it is chosen."""
        roles = [role for role in Role if role in seen.policy.roles]
        self.role.choices = [(str(role), ROLE_LABELS[role]) for role in roles]
        if len(roles) == 1 and not self.role.data:
            self.role.data = str(roles[0])

    def validate_role(self, field: Field) -> None:
        """One of the roles, where the account is approved."""
        if self.outcome.data == "approve":
            refuse_problem(None if field.data in list(Role) else "review.role")

    def validate_reason(self, field: Field) -> None:
        """From the list, where the application is refused (I-5)."""
        if self.outcome.data == "reject" and reason_problem(field.data or "", "-") == "review.reason":
            refuse_problem("review.reason")

    def validate_text(self, field: Field) -> None:
        """Words for what the list has not, and for what is wanted."""
        if self.outcome.data == "more_info":
            refuse_problem(more_info_problem(field.data or ""))
        elif self.outcome.data == "reject" and self.reason.data in list(Reason):
            refuse_problem(reason_problem(self.reason.data, field.data or ""))

    def decide(self, seen: Reviewed, operator_id: str) -> str:
        """Decide; what is told on the next page. Raises what decide_case raises."""
        outcome = CASE_OUTCOMES[self.outcome.data]
        decide_case(
            Decision(
                case_id=seen.queued.case.id,
                seen_version=self.seen_version,
                outcome=outcome,
                approval=Approval.OPERATOR,
                decided_by=operator_id,
                role=Role(self.role.data) if outcome is Outcome.APPROVED else None,
                reason=self.reason.data if outcome is Outcome.REJECTED else None,
                reason_text=self.text.data or "",
            )
        )
        return str(gettext("帳號申請的決定已送出，並已寄信通知申請人。"))


def document_form(seen: Reviewed, *, sent: bool = False, fresh: bool = True) -> DocumentForm:
    """The form about the document, as it was sent or empty; ``fresh``: about what is seen now."""
    form = DocumentForm(request.form if sent else None, prefix="doc_")
    if fresh:
        form.version.data = str(seen.queued.document.version) if seen.queued.document is not None else ""
        form.sha256.data = seen.file.sha256 if seen.file is not None else ""
    return form


def account_form(seen: Reviewed, *, sent: bool = False, fresh: bool = True) -> AccountForm:
    """The form about the account, as it was sent or empty; ``fresh``: about what is seen now."""
    form = AccountForm(request.form if sent else None, prefix="acct_")
    form.offer(seen)
    if fresh:
        form.version.data = str(seen.queued.case.version)
    return form
