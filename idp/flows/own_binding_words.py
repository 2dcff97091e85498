"""The words of bindings as their owner sees them, and what her pages show of one (P29)."""

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext, lazy_gettext

from idp.flows.group_words import event_sentence
from idp.flows.moments import is_english
from idp.flows.page_context import application_of
from idp.policies.binding_acts import OwnerAct, OwnerState, acts_of_owner, state_of
from idp.policies.bindings import BindingProof, HeldBecause, Shown
from idp.policies.names import masked_email
from idp.services.acting_records import ActingRecord, DoneBy
from idp.services.binding_facts import BindingFacts
from idp.services.clients import client_by_id

# Label, tone and sign of a badge: the three states of R-128.
OWNER_STATES: dict[OwnerState, tuple[Any, str, str]] = {
    OwnerState.VERIFIED: (lazy_gettext("已綁定並驗證"), "ok", "check"),
    OwnerState.UNVERIFIED: (lazy_gettext("已綁定未驗證"), "warn", "clock"),
    OwnerState.NONE: (lazy_gettext("未被綁定"), "", "dash"),
}
# What more there is to say of where it stands.
ABOUT: dict[Shown, Any] = {
    Shown.CODE_EXPIRED: lazy_gettext("申請已經逾時。對方可以再次申請；若您不同意，請拒絕。"),
    Shown.CODE_VOID: lazy_gettext("驗證碼輸入錯誤次數過多，已經失效。對方可以補發驗證信；若您不同意，請拒絕。"),
    Shown.AWAITS_ADMIN: lazy_gettext("您已同意，等候貴公司的群組管理員核准。核准前，對方不能以您的身分登入。"),
    Shown.BOUND_UNUSABLE: lazy_gettext("您的帳號或公司目前停用，因此對方也不能登入。"),
}
ASKED: dict[BindingProof, Any] = {
    BindingProof.OWNER_APPROVES: lazy_gettext("對方要求綁定您的帳號，等候您同意。"),
    BindingProof.PASSWORD_AND_CODE: lazy_gettext(
        "對方要求綁定您的帳號，驗證碼已寄到您的信箱。若您同意，請將驗證碼提供給對方；若您不同意，請拒絕，並更改密碼。"
    ),
}
HELD: dict[HeldBecause | None, Any] = {
    HeldBecause.PASSWORD: lazy_gettext("您的密碼已重新設定，對方暫時不能以您的身分登入，等候您確認是否繼續綁定。"),
    HeldBecause.MAILBOX: lazy_gettext("您的 Email 已經變更，對方暫時不能以您的身分登入，等候您確認是否繼續綁定。"),
}
PROOF_LABELS: dict[BindingProof, Any] = {
    BindingProof.PASSWORD_AND_CODE: lazy_gettext("以密碼與驗證碼綁定"),
    BindingProof.OWNER_APPROVES: lazy_gettext("由帳號本人同意"),
}
# Of a binding that an operator has made nobody asked.
MADE_BY_OPERATOR = lazy_gettext("由服務單位設定")
DONE_BY: dict[DoneBy, Any] = {
    DoneBy.LINKED: lazy_gettext("鏈結帳號"),
    DoneBy.OWNER: lazy_gettext("您本人"),
    DoneBy.COLLEAGUE: lazy_gettext("群組管理員"),
    DoneBy.OPERATOR: lazy_gettext("服務單位"),
    DoneBy.SYSTEM: lazy_gettext("系統"),
}


@dataclass(frozen=True, slots=True)
class ActWords:
    """How an act is asked for, what follows from it, and what is said when it is done. ``%(name)s``: the linked one."""

    heading: Any
    effects: tuple[Any, ...]
    button: Any
    done: Any
    is_heavy: bool = False


ACT_WORDS: dict[OwnerAct, ActWords] = {
    OwnerAct.AGREE: ActWords(
        lazy_gettext("要同意綁定嗎？"),
        (
            lazy_gettext("對方即可以您的身分，為貴公司辦理您能辦理的業務。"),
            lazy_gettext("您的密碼不會提供給對方；您仍可照常登入。"),
            lazy_gettext("對方登入了哪些應用系統，您隨時可以在「被綁定資訊」查看，也隨時可以解除綁定。"),
        ),
        lazy_gettext("同意綁定"),
        lazy_gettext("已同意%(name)s綁定您的帳號。"),
    ),
    OwnerAct.REFUSE: ActWords(
        lazy_gettext("要拒絕綁定嗎？"),
        (
            lazy_gettext("對方不能以您的身分登入；已寄出的驗證碼立即失效。"),
            lazy_gettext("若您不認識對方，或對方知道您的密碼，請同時更改密碼。"),
        ),
        lazy_gettext("拒絕綁定"),
        lazy_gettext("已拒絕%(name)s綁定您的帳號。"),
        is_heavy=True,
    ),
    OwnerAct.CONFIRM: ActWords(
        lazy_gettext("要繼續綁定嗎？"),
        (
            lazy_gettext("對方可以再次以您的身分，為貴公司辦理您能辦理的業務，但須重新登入應用系統。"),
            lazy_gettext("若密碼或 Email 不是您本人變更的，請勿確認，並洽貴公司的群組管理員。"),
        ),
        lazy_gettext("繼續綁定"),
        lazy_gettext("已確認繼續綁定%(name)s。"),
    ),
    OwnerAct.END: ActWords(
        lazy_gettext("確定要解除綁定？"),
        (
            lazy_gettext("對方無法再以您的身分登入；進行中的登入會立即結束。"),
            lazy_gettext("您的帳號本身不受影響，仍可直接登入。"),
            lazy_gettext("帳號解除綁定後，仍可透過「綁定帳號」步驟（重新取得驗證碼）再次加入綁定。"),
            lazy_gettext("我們會寄信通知您與對方。"),
        ),
        lazy_gettext("解除綁定"),
        lazy_gettext("帳號解除綁定成功。"),
        is_heavy=True,
    ),
    OwnerAct.KEEP_PASSWORD: ActWords(
        lazy_gettext("要保留目前的密碼嗎？"),
        (
            lazy_gettext("知道這個密碼的人，可以不經由鏈結帳號直接登入您的帳號，解除綁定後也可以。"),
            lazy_gettext("我們不會再為這項綁定提醒您更改密碼。"),
        ),
        lazy_gettext("保留密碼"),
        lazy_gettext("已保留目前的密碼。"),
    ),
}


def owner_badge(found: list[BindingFacts]) -> dict[str, Any]:
    """The badge of an account with these bindings (R-128), and how many wait for its owner's word."""
    label, tone, sign = OWNER_STATES[state_of(one.state for one in found)]
    waiting = [one for one in found if {OwnerAct.AGREE, OwnerAct.CONFIRM} & set(acts_of_owner(one.state, one.proof))]
    return {"label": label, "tone": tone, "sign": sign, "waiting": len(waiting)}


def shown_to_owner(one: BindingFacts) -> dict[str, Any]:
    """A binding as P29 shows it."""
    label, tone, sign = OWNER_STATES[state_of([one.state])]
    return {
        "id": one.id,
        "name": one.linked_name,
        "username": one.linked_username,
        "email": masked_email(one.linked_email),
        "state": {"label": label, "tone": tone, "sign": sign},
        "about": about(one),
        "acts": [(str(act), ACT_WORDS[act]) for act in _acts(one)],
        "expires_at": one.code_expires_at if one.state is Shown.PENDING else None,
        "proof_label": how_bound(one),
        "asked_at": one.created_at,
        "bound_at": one.bound_at,
        "first_used_at": one.first_used_at,
        "last_used_at": one.last_used_at,
        "last_used_where": where(one),
        "advises_password": one.advises_password,
        "needs_new_password": one.needs_new_password,
    }


def _acts(one: BindingFacts) -> list[OwnerAct]:
    acts = acts_of_owner(one.state, one.proof)
    return [act for act in acts if act is not OwnerAct.CONFIRM or not one.needs_new_password]


def about(one: BindingFacts) -> str | None:
    """The sentence about where a binding stands, or None where its badge says all."""
    if one.state is Shown.PENDING:
        return str(ASKED[one.proof])
    if one.state is Shown.NEEDS_CONFIRMATION:
        return str(HELD.get(one.held_because, HELD[HeldBecause.PASSWORD]))
    return str(ABOUT[one.state]) if one.state in ABOUT else None


def how_bound(one: BindingFacts) -> str:
    """How its owner agreed; an operator's word needs no request."""
    return str(PROOF_LABELS[one.proof] if one.resend_at is not None else MADE_BY_OPERATOR)


def where(one: BindingFacts) -> str | None:
    """At which application a binding was used last; our own pages are one as well."""
    if one.last_used_at is None:
        return None
    if one.last_client is None:
        return str(gettext("企業帳號中心"))
    return one.last_client[1] if is_english() else one.last_client[0]


def shown_record(record: ActingRecord) -> dict[str, Any]:
    """An event as P29 lists it."""
    client = client_by_id(record.client_id) if record.client_id else None
    return {
        "at": record.at,
        "sentence": event_sentence(record, application_of(client).name if client else None),
        "is_refused": record.outcome != "done",
        "name": record.linked_name,
        "username": record.linked_username,
        "by": DONE_BY[record.by],
    }
