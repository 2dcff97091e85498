"""What a service asks of those who register: one policy per service, and the wizard computed from it.

The contradictions C-1 … C-21 between the manuals are keys here, never code paths: ``dreams``, ``twport`` and ``ida``
are three rows of PRESETS (requirements.md 1.6).
"""

import re
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any

from idp.policies.bindings import BindingProof
from idp.policies.cards import CardRank
from idp.policies.entities import EntityKind
from idp.policies.names import has_control
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


class CredentialSet(StrEnum):
    """What an account of a service signs in by: the three kinds of the manuals (R-187, R-206)."""

    PASSWORD = "password"  # noqa: S105  (a kind of account, no password)
    COMPANY_CARD = "company_card"
    CITIZEN_CARD = "citizen_card"


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


# The label of linked accounts where none are registered.
NO_LINKED = "off"
# What the wizard can take today.
BUILT_PROOFS = frozenset(Proof)
# The texts that there are, each in one version: idp/templates/texts. Nobody agrees to what is not there.
BUILT_TEXTS = frozenset({("terms", "1"), ("privacy", "1"), ("authority", "1"), ("hazard", "1")})


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

    company_proof: tuple[Proof, ...] = (Proof.OPERATOR,)
    card_ranks: tuple[CardRank, ...] = (CardRank.PRIMARY,)
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
    label_linked: str = NO_LINKED
    binding_proof: BindingProof = BindingProof.OWNER_APPROVES
    rotate_after_binding: bool = True
    linked_admin: bool = False
    verify_hours: int = 24
    invitation_days: int = 7
    second_reviewer: bool = False
    credentials: tuple[CredentialSet, ...] = (CredentialSet.PASSWORD,)
    idle_days: int = 365


def offers_credentials(policy: RegistrationPolicy) -> bool:
    """Whether people are asked what their account is to sign in by: there are several kinds (R-187, R-206)."""
    return len(policy.credentials) > 1


def has_number_as_name(policy: RegistrationPolicy) -> bool:
    """Whether an account is called by its number (IC…), which is made for it, and chooses no name (C-7, R-191)."""
    return policy.login_id == "electronic_id"


def offers_linked(policy: RegistrationPolicy) -> bool:
    """Whether people are asked which kind of account they apply for: linked accounts are registered here too (C-1)."""
    return policy.label_linked != NO_LINKED


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
        binding_proof=BindingProof.PASSWORD_AND_CODE,
        rotate_after_binding=False,
        linked_admin=True,
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
        credentials=(CredentialSet.COMPANY_CARD, CredentialSet.CITIZEN_CARD, CredentialSet.PASSWORD),
    ),
}


def policy_from(data: Mapping[str, Any]) -> RegistrationPolicy:
    """A policy from a service's row: ``preset`` names the row of PRESETS it begins with, other keys change it.

    Raises ValueError, whose text names the key, for a key or value that there is not.
    """
    changed = {name: value for name, value in data.items() if name != "preset"}
    preset = data.get("preset")
    if preset is not None and preset not in list(PRESETS):
        raise ValueError(f"preset: {preset!r} is none of {', '.join(PRESETS)}")
    unknown = set(changed) - {f.name for f in fields(RegistrationPolicy)}
    if unknown:
        raise ValueError(f"unknown keys: {', '.join(sorted(unknown))}")
    base = PRESETS[preset] if preset is not None else RegistrationPolicy()
    return replace(base, **{name: _read(name, value) for name, value in changed.items()})


def unreadable_keys(data: Mapping[str, Any]) -> list[str]:
    """The keys of a policy whose value is none that can be read, so that all can be told at once."""
    return [name for name, value in data.items() if name in READERS and not _is_readable(name, value)]


def _is_readable(name: str, value: Any) -> bool:
    try:
        READERS[name](value)
    except ValueError:
        return False
    return True


def as_data(policy: RegistrationPolicy, preset: str | None = None) -> dict[str, Any]:
    """A policy as a service's row holds it: the preset it begins with, and the keys that differ from it."""
    base = asdict(PRESETS[preset] if preset is not None else RegistrationPolicy())
    differing = {name: value for name, value in asdict(policy).items() if value != base[name]}
    listed = {name: list(value) if isinstance(value, tuple) else value for name, value in differing.items()}
    return ({"preset": preset} if preset is not None else {}) | listed


def _read(name: str, value: Any) -> Any:
    try:
        return READERS[name](value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _choice(kind: type[StrEnum]) -> Callable[[Any], StrEnum]:
    read = _word(*kind)
    return lambda value: kind(read(value))


def _word(*words: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in words:
            raise ValueError(f"{value!r} is none of {', '.join(words)}")
        return value

    return read


def _listed(read: Callable[[Any], Hashable]) -> Callable[[Any], tuple[Hashable, ...]]:
    def read_list(value: Any) -> tuple[Hashable, ...]:
        # A text is a sequence too, and "card" is not c, a, r, d.
        if not isinstance(value, list | tuple):
            raise ValueError(f"{value!r} is no list")
        entries = tuple(read(entry) for entry in value)
        if len(set(entries)) < len(entries):
            raise ValueError("an entry is there twice")
        return entries

    return read_list


def _number(least: int, most: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"{value!r} is no number from {least} to {most}")
        return value

    return read


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def _label(value: Any) -> str:
    if not isinstance(value, str) or not 1 <= len(value.strip()) <= LONGEST_LABEL or has_control(value):
        raise ValueError(f"{value!r} is no label of 1 to {LONGEST_LABEL} characters")
    return value


def _mark(value: Any) -> str:
    if not isinstance(value, str) or not MARK.fullmatch(value):
        raise ValueError(f"{value!r} is not 1 to 40 of a-z 0-9 . -")
    return value


def _consent(value: Any) -> ConsentText:
    if not isinstance(value, Mapping) or not {"id", "version"} <= set(value) <= set(CONSENT_READERS):
        raise ValueError("a text has id and version, and may have when and must_scroll")
    return ConsentText(**{name: CONSENT_READERS[name](entry) for name, entry in value.items()})


MARK = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}", re.ASCII)
LONGEST_LABEL = 20
CONSENT_READERS: dict[str, Callable[[Any], Any]] = {
    "id": _mark,
    "version": _mark,
    "when": _word("before_apply", "first_login"),
    "must_scroll": _switch,
}
READERS: dict[str, Callable[[Any], Any]] = {
    "company_proof": _listed(_choice(Proof)),
    "card_ranks": _listed(_choice(CardRank)),
    "member_approval": _choice(Reviewer),
    "escalate_after_days": _number(1, 365),
    "mail_check": _choice(MailCheck),
    "first_admin": _choice(FirstAdmin),
    "accounts_per_company": _word("many", "one"),
    "login_id": _word("username", "electronic_id"),
    "ask_entity_id": _switch,
    "company_name": _word("registry_confirm", "registry_prefill"),
    "entity_types": _listed(_word(*EntityKind)),
    "responsible": _choice(Asked),
    "email_unique": _word("kind_and_company", "none"),
    "consents": _listed(_consent),
    "roles": _listed(_choice(Role)),
    "menu_rights": _switch,
    "data_scope": _switch,
    "resubmit": _word("same_application", "new"),
    "label_linked": _label,
    "binding_proof": _choice(BindingProof),
    "rotate_after_binding": _switch,
    "linked_admin": _switch,
    "verify_hours": _number(1, 168),
    "invitation_days": _number(1, 90),
    "second_reviewer": _switch,
    "credentials": _listed(_choice(CredentialSet)),
    "idle_days": _number(30, 3650),
}


def policy_problems(
    policy: RegistrationPolicy,
    *,
    built: frozenset[Proof] = BUILT_PROOFS,
    texts: Collection[tuple[str, str]] = BUILT_TEXTS,
) -> list[str]:
    """Why a policy can't be taken, as keys of the texts: proofs that are not built, and mixes that lead nowhere.

    A key may name what it is about after a colon: ``policy.proof_not_built:card``. ``texts`` are those that the service
    has, each with its version.
    """
    return _not_built(policy, built, texts) + [key for key, leads_nowhere in DEAD_ENDS.items() if leads_nowhere(policy)]


DEAD_ENDS: dict[str, Callable[[RegistrationPolicy], bool]] = {
    "policy.no_proof": lambda p: not p.company_proof,
    "policy.no_card_rank": lambda p: Proof.CARD in p.company_proof and not p.card_ranks,
    # The first stranger to come would rule a company that nobody proved.
    "policy.first_admin_unproven": lambda p: (
        p.company_proof == (Proof.NONE,) and p.first_admin is FirstAdmin.FIRST_VERIFIED
    ),
    "policy.nobody_approves": lambda p: p.first_admin is FirstAdmin.NONE and p.member_approval is Reviewer.GROUP_ADMIN,
    "policy.no_entity_type": lambda p: not p.entity_types,
    "policy.no_role": lambda p: not p.roles,
    "policy.no_credential": lambda p: not p.credentials,
    # 建立工商憑證帳號 is to show the company's card.
    "policy.card_account_without_card": lambda p: (
        CredentialSet.COMPANY_CARD in p.credentials and Proof.CARD not in p.company_proof
    ),
    # The number is told by the mail that activates the account; before it nobody could type it.
    "policy.number_without_activation": lambda p: (
        p.login_id == "electronic_id" and p.mail_check is not MailCheck.ACTIVATION
    ),
    "policy.activation_without_number": lambda p: p.login_id == "username" and p.mail_check is MailCheck.ACTIVATION,
}


def _not_built(policy: RegistrationPolicy, built: frozenset[Proof], texts: Collection[tuple[str, str]]) -> list[str]:
    """What this version can't do: no service is set up with a promise that nobody keeps."""
    problems = [f"policy.proof_not_built:{p}" for p in policy.company_proof if p not in built]
    return problems + [
        f"policy.text_not_built:{text.id} {text.version}"
        for text in policy.consents
        if (text.id, text.version) not in texts
    ]
