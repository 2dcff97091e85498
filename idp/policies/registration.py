"""What a service asks of those who register: one policy per service, and the wizard computed from it.

The contradictions C-1 … C-21 between the manuals are keys here, never code paths: ``dreams``, ``twport`` and ``ida``
are three rows of PRESETS (requirements.md 1.6).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from idp.policies.roles import Role


class Proof(StrEnum):
    """A way to prove a company that a service may take."""

    CARD = "card"
    DOCUMENT = "document"
    OPERATOR = "operator"
    NONE = "none"


class Reviewer(StrEnum):
    """Who decides about a colleague's application (C-3)."""

    GROUP_ADMIN = "group_admin"
    OPERATOR = "operator"
    AUTO = "auto"


class MailCheck(StrEnum):
    """When the mailbox is confirmed (C-4)."""

    BEFORE_REVIEW = "before_review"
    AFTER_REVIEW = "after_review"
    ACTIVATION = "activation"


class FirstAdmin(StrEnum):
    """How a company comes by its first group admin (C-5)."""

    FIRST_VERIFIED = "first_verified"
    OPERATOR_NAMED = "operator_named"
    NONE = "none"


class Asked(StrEnum):
    """Whether a field stands in the form (C-10)."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    HIDDEN = "hidden"


# What the wizard can take today. The card and document issues add their kinds here, with their step.
BUILT_PROOFS = frozenset({Proof.OPERATOR, Proof.NONE})


@dataclass(frozen=True, slots=True)
class ConsentText:
    """A text to agree to: which, in which version, and when (C-14)."""

    id: str
    version: str
    when: str = "before_apply"
    must_scroll: bool = False


@dataclass(frozen=True, slots=True)
class RegistrationPolicy:
    """A service's registration policy. Every key is explained in docs/registration-policy.md."""

    company_proof: tuple[Proof, ...] = (Proof.NONE,)
    member_approval: Reviewer = Reviewer.GROUP_ADMIN
    escalate_after_days: int = 7
    mail_check: MailCheck = MailCheck.BEFORE_REVIEW
    first_admin: FirstAdmin = FirstAdmin.FIRST_VERIFIED
    accounts_per_company: str = "many"
    login_id: str = "username"
    ask_entity_id: bool = False
    company_name: str = "registry_confirm"
    entity_types: tuple[str, ...] = ("ubn",)
    responsible: Asked = Asked.HIDDEN
    email_unique: str = "kind_and_company"
    consents: tuple[ConsentText, ...] = (ConsentText("terms", "1"),)
    roles: tuple[Role, ...] = (Role.GUEST, Role.STAFF, Role.GROUP_ADMIN)
    menu_rights: bool = True
    data_scope: bool = False
    resubmit: str = "same_application"
    label_linked: str = "off"
    verify_hours: int = 24
    invitation_days: int = 7


PRESETS: dict[str, RegistrationPolicy] = {
    "dreams": RegistrationPolicy(company_proof=(Proof.CARD,)),
    "twport": RegistrationPolicy(
        company_proof=(Proof.DOCUMENT, Proof.CARD),
        member_approval=Reviewer.OPERATOR,
        mail_check=MailCheck.AFTER_REVIEW,
        first_admin=FirstAdmin.OPERATOR_NAMED,
        company_name="registry_prefill",
        entity_types=("ubn", "agency", "foreign", "other"),
        responsible=Asked.REQUIRED,
        consents=(
            ConsentText("privacy", "1", "first_login", True),
            ConsentText("authority", "1", "first_login", True),
            ConsentText("hazard", "1", "first_login", True),
        ),
        roles=(Role.STAFF, Role.GROUP_ADMIN),
        data_scope=True,
        label_linked="鏈結帳號",
    ),
    "ida": RegistrationPolicy(
        company_proof=(Proof.CARD, Proof.NONE),
        member_approval=Reviewer.AUTO,
        mail_check=MailCheck.ACTIVATION,
        login_id="electronic_id",
        ask_entity_id=True,
        company_name="registry_prefill",
        responsible=Asked.REQUIRED,
        email_unique="none",
        consents=(ConsentText("privacy", "1"),),
        roles=(Role.STAFF,),
        menu_rights=False,
    ),
}


def policy_from(data: Mapping[str, Any]) -> RegistrationPolicy:
    """A policy from a service's row: ``preset`` names the row of PRESETS it begins with, other keys change it.

    Raises ValueError for a key or value that there is not.
    """
    known = {name: value for name, value in data.items() if name != "preset"}
    base = PRESETS[data["preset"]] if data.get("preset") else RegistrationPolicy()
    unknown = set(known) - set(asdict(base))
    if unknown:
        raise ValueError(f"unknown keys: {', '.join(sorted(unknown))}")
    return replace(base, **{name: _READ.get(name, _as_is)(value) for name, value in known.items()})


def _as_is(value: Any) -> Any:
    return value


_READ: dict[str, Any] = {
    "company_proof": lambda v: tuple(Proof(p) for p in v),
    "member_approval": Reviewer,
    "mail_check": MailCheck,
    "first_admin": FirstAdmin,
    "entity_types": tuple,
    "responsible": Asked,
    "consents": lambda v: tuple(ConsentText(**c) for c in v),
    "roles": lambda v: tuple(Role(r) for r in v),
}


def policy_problems(policy: RegistrationPolicy, *, built: frozenset[Proof] = BUILT_PROOFS) -> list[str]:
    """Why a policy can't be taken, as keys of the texts: proofs that are not built, and mixes that lead nowhere."""
    problems = [f"policy.proof_not_built:{p}" for p in policy.company_proof if p not in built]
    if not policy.company_proof:
        problems.append("policy.no_proof")
    nobody_proves = set(policy.company_proof) <= {Proof.NONE}
    if nobody_proves and policy.first_admin is FirstAdmin.FIRST_VERIFIED:
        # The first stranger to come would rule a company that nobody proved.
        problems.append("policy.first_admin_unproven")
    if policy.first_admin is FirstAdmin.NONE and policy.member_approval is Reviewer.GROUP_ADMIN:
        problems.append("policy.nobody_approves")
    return problems


class Step(StrEnum):
    """A page of the wizard, by its path."""

    TERMS = "terms"
    COMPANY = "company"
    VERIFIED = "verified"
    ACCOUNT = "account"
    CHECK = "check"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class CompanyState:
    """What the wizard must know of the company named: known here, proven enough for the service, has a group admin."""

    is_known: bool = False
    is_proven: bool = False
    has_admin: bool = False


@dataclass(frozen=True, slots=True)
class Path:
    """How an application goes on: the steps, and what becomes of it."""

    steps: tuple[Step, ...]
    becomes_admin: bool
    reviewer: Reviewer
    explains_review: bool = field(default=False)


def path_of(policy: RegistrationPolicy, company: CompanyState) -> Path:
    """The wizard for this policy and company: needless steps are left out (R-014), and who will decide is known."""
    first = company.is_proven and not company.has_admin and policy.first_admin is FirstAdmin.FIRST_VERIFIED
    explains = company.has_admin
    steps = [Step.TERMS, Step.COMPANY]
    if explains:
        steps.append(Step.VERIFIED)
    steps += [Step.ACCOUNT, Step.CHECK, Step.DONE]
    return Path(tuple(steps), becomes_admin=first, reviewer=_reviewer(policy, company, first), explains_review=explains)


def _reviewer(policy: RegistrationPolicy, company: CompanyState, first: bool) -> Reviewer:
    if first:
        return Reviewer.AUTO
    if policy.member_approval is Reviewer.AUTO and company.has_admin:
        return Reviewer.GROUP_ADMIN  # C-3: automatic only while the company has no group admin
    if policy.member_approval is Reviewer.GROUP_ADMIN and not company.has_admin:
        return Reviewer.OPERATOR  # with nobody to decide, it goes to the operators
    return policy.member_approval
