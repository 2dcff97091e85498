"""A run of the wizard (P3 … P11): what it remembers, and how it is begun, found again, restored and kept.

    begun --> (terms, company, verified | proof, account, check) --> sent: its data wiped, the case noted
    expired --> a new run with all that was typed but the password; the old one leads there
            --> nothing anew where it corrects a case: the password that opened it was asked for too long ago

Every page carries the id of its run, so that two tabs with two services do not mix.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import timedelta
from typing import Any

from idp.browser import browser_id
from idp.models import Account, Case, Company
from idp.policies.company_names import shown_phone
from idp.policies.documents import WANTED
from idp.policies.registration import CredentialSet
from idp.policies.registration_path import Step
from idp.services.card_proofs import card_in
from idp.services.case_policies import citizen_evidence_of, credential_of
from idp.services.company_documents import document_of_case
from idp.services.flows import KeptRun, any_run, finish_run, keep_run, start_run
from idp.services.uploaded_files import give_files_to

KIND = "registration"
LASTS = timedelta(hours=24)
KEPT_CHARACTERS = 300
# What a page may leave in the run as it was typed; a password never.
TYPED = {
    Step.COMPANY: ("id_type", "number", "company_name", "company_phone", "company_address", "responsible"),
    Step.ACCOUNT: ("username", "name", "phone", "email"),
}
# 鏈結帳號: the contact company stands on the same page.
TYPED_OF_LINKED = (
    *TYPED[Step.ACCOUNT],
    *("id_type", "number", "company_name", "company_phone", "company_address"),
)


@dataclass(slots=True)
class Correction:
    """The case that a run corrects: which version was seen, and what can't be changed."""

    case_id: str
    seen_version: int
    username: str


@dataclass(slots=True)
class Trouble:
    """A refusal of the whole application, told beside the field it is about."""

    about: str
    code: str
    details: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class GivenCard:
    """A card that has proven the company in this run: what shows it, whom it names, until when it is valid, and when
    that was (seconds since 1970). ``signs_in``: nobody else's account has it, so it will sign this one in."""

    evidence_id: str
    tax_id: str
    name: str
    rank: str
    until: float
    at: float
    signs_in: bool = True


@dataclass(slots=True)
class Registration:
    """What a run remembers: texts as they were typed, wrong ones too, and which steps hold.

    ``number`` is the company's number that was looked up, in its one form; ``explained`` what the person has read about
    her review or proof, so that she reads it again where it changes; ``judged_with`` the words that the password
    which is kept was judged not to be made of; ``name_seen`` a name like a company's that she was asked about,
    ``email_seen`` a mailbox that looks mistyped; ``username_seen`` the account name that was looked for last;
    ``wants_card`` that the company is to be proven by its card, ``card`` the one that was given, which counts for the
    number it names alone; ``brought`` the number that came from a card which signs nobody in (R-203);
    ``wants_document`` that it is to be proven by a document, whose file is found by the run;
    ``is_linked`` that a linked account is applied for, whose company is but typed; ``credential`` what the account is
    to sign in by (R-187, R-206), ``citizen_evidence_id`` what shows the citizen card that was given for it.
    """

    service_id: str
    client_id: str | None = None
    done: list[str] = field(default_factory=list)
    texts: list[list[str]] = field(default_factory=list)
    typed: dict[str, str] = field(default_factory=dict)
    id_type: str | None = None
    number: str | None = None
    is_confirmed: bool = False
    register_name: str | None = None
    explained: str | None = None
    password_hash: str | None = None
    judged_with: list[str] = field(default_factory=list)
    name_seen: str | None = None
    email_seen: str | None = None
    username_seen: str | None = None
    trouble: Trouble | None = None
    is_restored: bool = False
    corrects: Correction | None = None
    wants_card: bool = False
    wants_document: bool = False
    card: GivenCard | None = None
    brought: str | None = None
    is_linked: bool = False
    credential: str = CredentialSet.PASSWORD
    citizen_evidence_id: str | None = None

    def has_done(self, step: Step) -> None:
        """A step holds from now on."""
        if step not in self.done:
            self.done.append(step)

    def must_redo(self, step: Step) -> None:
        """A step holds no more."""
        if step in self.done:
            self.done.remove(step)

    def name_company(self, id_type: str | None, number: str | None) -> None:
        """Another company is meant: what came after the number is asked anew, card and password too (PW07)."""
        self.id_type, self.number = id_type, number
        self.register_name = self.explained = self.password_hash = self.card = None
        self.is_confirmed = False
        self.typed.pop("company_name", None)
        for step in (Step.COMPANY, Step.DOCUMENT, Step.ACCOUNT):
            self.must_redo(step)


def note_form(state: Registration, step: Step, form: Mapping[str, str]) -> None:
    """Keep what was typed into a step, right or wrong; whether the step holds is to be seen."""
    for name in TYPED_OF_LINKED if state.is_linked else TYPED.get(step, ()):
        if name in form:
            state.typed[name] = form[name][:KEPT_CHARACTERS]
    state.must_redo(step)


def begin_run(state: Registration, *, request_id: str | None = None) -> str:
    """Begin an application, perhaps on the way to a client whose request waits; the run's id."""
    return _start(state, Step.TERMS, request_id)


def begin_correction(case: Case, account: Account, company: Company) -> str:
    """Begin to correct a case; the run's id. The caller has made sure of the person, and is within a transaction.

    The first page is ``url_for("registration.company", run=…)``. Number and account name stay, the password is asked
    for only where it is to change, and the texts were agreed to. The card that was given with the case stays given.
    """
    answers = case.answers
    typed = {
        "id_type": company.id_type,
        "number": company.tax_id,
        "company_name": str(answers.get("company_name") or company.name),
        "company_phone": shown_phone(str(answers.get("company_phone") or "")),
        "company_address": str(answers.get("company_address") or ""),
        "responsible": str(answers.get("responsible") or ""),
        "username": account.username,
        "name": account.name,
        "phone": shown_phone(account.phone or ""),
        "email": account.email,
    }
    state = Registration(
        case.service_id,
        case.client_id,
        done=[Step.COMPANY, Step.ACCOUNT, *([] if _asks_for_another(case) else [Step.DOCUMENT])],
        typed=typed,
        id_type=company.id_type,
        number=company.tax_id,
        is_confirmed=True,
        register_name=answers.get("register_name"),
        name_seen=account.name,
        email_seen=account.email,
        corrects=Correction(case.id, case.version, account.username),
        card=_card_of(case),
        wants_document=document_of_case(case.id) is not None,
        credential=credential_of(case),
        citizen_evidence_id=citizen_evidence_of(case),
    )
    return _start(state, Step.COMPANY, None)


def _card_of(case: Case) -> GivenCard | None:
    holder = card_in(case.card_evidence_id)
    if holder is None or case.card_evidence_id is None:
        return None
    return GivenCard(
        case.card_evidence_id,
        str(holder.tax_id),
        holder.name,
        str(holder.rank),
        holder.not_after.timestamp(),
        case.submitted_at.timestamp(),
    )


def _asks_for_another(case: Case) -> bool:
    """Whether the document was refused or asked about: its page is passed through then, even if the file stays."""
    document = document_of_case(case.id)
    return document is not None and document.state in WANTED


def find_run(run_id: str, *, lock: bool = False) -> KeptRun | None:
    """The run of this id in this browser, living or not; None when there is none, or it is another browser's."""
    return any_run(run_id, KIND, browser=browser_id(), lock=lock)


def state_of_run(kept: KeptRun) -> Registration:
    """What a run remembers. A run that began before this program was updated lacks nothing that has a default."""
    known = {f.name for f in fields(Registration)}
    data = {name: value for name, value in kept.data.items() if name in known}
    for name, kind in (("trouble", Trouble), ("corrects", Correction), ("card", GivenCard)):
        if data.get(name) is not None:
            data[name] = kind(**data[name])
    return Registration(**data)


def save_run(run_id: str, step: Step, state: Registration) -> None:
    """Keep a living run."""
    keep_run(run_id, step, asdict(state))


def restore_run(kept: KeptRun) -> tuple[str, Registration]:
    """Begin an expired run anew with all that was typed but the password; the old one leads there from now on."""
    state = state_of_run(kept)
    state.password_hash = state.trouble = None
    state.is_restored = True
    state.must_redo(Step.ACCOUNT)
    run_id = _start(state, Step(kept.step), kept.request_id)
    give_files_to(run_id, kept.id)
    finish_run(kept.id, {"moved": run_id})
    return run_id, state


def finish_with_linked(run_id: str, account_id: str) -> None:
    """End a run: its form sent again shows what became of this linked account."""
    finish_run(run_id, {"linked": account_id})


def finish_with_case(run_id: str, case_id: str) -> None:
    """End a run: its form sent again shows this case."""
    finish_run(run_id, {"case": case_id})


def _start(state: Registration, step: Step, request_id: str | None) -> str:
    data: dict[str, Any] = asdict(state)
    return start_run(KIND, step, data, browser=browser_id(), lasts=LASTS, request_id=request_id)
