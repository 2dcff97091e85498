"""The form of 修改使用者 (P33): role and 審核狀態 of one person, and what they are sent to."""

from typing import Any

from flask_babel import gettext, lazy_gettext
from wtforms import Field, HiddenField, RadioField, SelectField, TextAreaField

from idp.flows.account_fields import refuse_problem
from idp.flows.forms import PlainForm
from idp.flows.group_words import REASON_LABELS
from idp.flows.messages import ROLE_LABELS
from idp.policies.managing import Task
from idp.policies.reviews import Outcome, Reason, reason_problem
from idp.policies.roles import Role
from idp.policies.standing import AccountStatus
from idp.services.group_changes import PersonChange, Verdict, change_person, review_person
from idp.services.group_people import SeenPerson

NO_VERSION = -1
REVIEWS = {
    "approve": (lazy_gettext("核准"), lazy_gettext("核准後寄出通知信，即可使用帳號密碼登入。"), Outcome.APPROVED),
    "reject": (lazy_gettext("不核准"), lazy_gettext("申請人會收到原因，並可修正後再次送出。"), Outcome.REJECTED),
}
STANDINGS = {
    "active": (lazy_gettext("使用中"), lazy_gettext("可使用帳號密碼登入。"), AccountStatus.ACTIVE),
    "suspended": (
        lazy_gettext("停用"),
        lazy_gettext("立即登出，且無法再登入；會以通知信告知原因。"),
        AccountStatus.SUSPENDED,
    ),
}
CHOICES: dict[Task, dict[str, tuple[Any, Any, Any]]] = {Task.REVIEW: REVIEWS, Task.CHANGE: STANDINGS}


class PersonForm(PlainForm):
    """Role and 審核狀態 of a person, and why where she is refused or suspended (R-040, R-044)."""

    version = HiddenField()
    role = RadioField(lazy_gettext("請選擇此帳號之權限"), validate_choice=False)
    state = RadioField(lazy_gettext("審核狀態"), validate_choice=False)
    reason = SelectField(lazy_gettext("不核准的原因"), default="", validate_choice=False)
    reason_text = TextAreaField(lazy_gettext("原因說明"), default="")

    def offer(self, seen: SeenPerson, *, fresh: bool) -> None:
        """Offer what can be chosen for this person now; ``fresh``: as she is now, beside what was chosen already."""
        self.role.choices = [(str(role), ROLE_LABELS[role]) for role in seen.roles]
        self.state.choices = [(name, words[0]) for name, words in CHOICES.get(seen.task or Task.CHANGE, {}).items()]
        self.reason.choices = [("", gettext("請選擇")), *((str(one), REASON_LABELS[one]) for one in Reason)]
        if seen.task is Task.CHANGE:
            self.state.label.text = gettext("帳號狀態")
            self.reason_text.label.text = gettext("停用原因")
            self.role.data = self.role.data or str(seen.account.role)
            if self.state.data not in STANDINGS:
                self.state.data = str(seen.account.status)
        if fresh:
            self.version.data = str(_version_of(seen))

    def validate_role(self, field: Field) -> None:
        """One of the service's roles; none is needed to refuse an application."""
        if self.state.data != "reject":
            refuse_problem(None if field.data in list(Role) else "review.role")

    def validate_state(self, field: Field) -> None:
        """One of those there are, for whichever task the form was opened."""
        refuse_problem(None if field.data in REVIEWS.keys() | STANDINGS.keys() else "review.state")

    def validate_reason(self, field: Field) -> None:
        """From the list, where an application is refused (I-5)."""
        if self.state.data == "reject" and reason_problem(field.data or "", "-") == "review.reason":
            refuse_problem("review.reason")

    def validate_reason_text(self, field: Field) -> None:
        """Words for what the list has not."""
        if self.state.data == "reject" and self.reason.data in list(Reason):
            refuse_problem(reason_problem(self.reason.data, field.data or ""))

    def save(self, actor_id: str, account_id: str) -> str:
        """Do what was chosen; what is told on the next page. Raises what the services raise."""
        version = self.version.data or ""
        seen_version = int(version) if version.isascii() and version.isdecimal() and len(version) < 10 else NO_VERSION
        text = self.reason_text.data or ""
        if self.state.data in REVIEWS:
            verdict = Verdict(
                account_id=account_id,
                seen_version=seen_version,
                outcome=REVIEWS[self.state.data][2],
                role=Role(self.role.data) if self.role.data in list(Role) else None,
                reason=self.reason.data or "",
                reason_text=text,
            )
            return _told(review_person(actor_id, verdict).name, verdict.outcome)
        changed = change_person(
            actor_id,
            PersonChange(
                account_id=account_id,
                seen_version=seen_version,
                role=Role(self.role.data),
                status=STANDINGS[self.state.data][2],
                reason=text,
            ),
        )
        return str(gettext("已修改使用者，並已寄出通知信。") if changed else gettext("沒有變更。"))


def _version_of(seen: SeenPerson) -> int:
    """A decision is about a version of the case, a change about one of the account."""
    return seen.case.version if seen.task is Task.REVIEW and seen.case else seen.account.version


def _told(name: str, outcome: Outcome) -> str:
    if outcome is Outcome.APPROVED:
        return str(gettext("已核准「%(name)s」的帳號，並已寄出通知信。", name=name))
    return str(gettext("未核准「%(name)s」的申請，並已寄出通知信。", name=name))
