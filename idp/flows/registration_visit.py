"""A visit of the wizard: a living run with its service, its company and the way that these two make."""

from dataclasses import dataclass, field

from flask import url_for

from idp.db import now, session
from idp.flows.page_context import on_the_way_to
from idp.flows.registration_run import GivenCard, Registration, state_of_run
from idp.models import Company, CompanyDocument, Service, UploadedFile
from idp.policies.cards import PROOF_LASTS, CardRank
from idp.policies.documents import RESUBMITTABLE, FileState
from idp.policies.entities import EntityKind
from idp.policies.registration import (
    CredentialSet,
    Proof,
    RegistrationPolicy,
    has_number_as_name,
    offers_credentials,
    offers_linked,
)
from idp.policies.registration_path import (
    CompanyState,
    Path,
    Step,
    path_of,
    policy_for,
    policy_for_credential,
    takes_card,
)
from idp.policies.registration_steps import OF_A_LINKED_ACCOUNT, current_step, is_reached, step_before, steps_of
from idp.services.clients import client_by_id
from idp.services.company_claims import known_company, state_of
from idp.services.company_documents import document_of_case
from idp.services.flows import KeptRun
from idp.services.service_registry import registration_policy
from idp.services.uploaded_files import counting_file, files_of_run, may_be_seen


@dataclass(slots=True)
class Visit:
    """A living run with all that decides about it; ``status`` is that of the page if the person stays at it.

    ``policy`` is the service's as it is for the kind of account that was chosen; ``asks_kind``: there were several.
    """

    run_id: str
    request_id: str | None
    state: Registration
    service: Service
    policy: RegistrationPolicy
    company: Company | None = None
    company_state: CompanyState = field(default_factory=CompanyState)
    # The document that is corrected, and the files that were sent in this run, the last first.
    document: CompanyDocument | None = None
    files: list[UploadedFile] = field(default_factory=list)
    is_sent: bool = False
    status: int = 400
    retry_seconds: int | None = None
    asks_kind: bool = False

    def know_company(self) -> None:
        """Look for the company of the number that the run has now."""
        id_type, number = self.state.id_type, self.state.number
        self.company = known_company(id_type, number) if id_type and number else None
        self.company_state = state_of(self.company, self.policy)

    def know_files(self) -> None:
        """Look for the files of this run, and for the document that it corrects."""
        if Proof.DOCUMENT not in self.policy.company_proof:
            return
        self.files = files_of_run(self.run_id)
        if self.state.corrects is not None:
            self.document = document_of_case(self.state.corrects.case_id)

    @property
    def file(self) -> UploadedFile | None:
        """The file that counts: the last that was sent, or in a correction that of the case."""
        own = counting_file(self.files)
        if own is not None or self.document is None:
            return own
        there = session.get(UploadedFile, self.document.file_id)
        return there if there is not None and there.state is not FileState.INFECTED else None

    @property
    def replaced_file(self) -> UploadedFile | None:
        """What the file that counts has replaced (R-163): the last one before, taken back or not."""
        file = self.file
        before = [other for other in self.files if file is not None and other is not file]
        if before:
            return before[0]
        is_new = self.document is not None and file is not None and file.id != self.document.file_id
        return session.get(UploadedFile, self.document.file_id) if is_new and self.document is not None else None

    @property
    def infected_file(self) -> UploadedFile | None:
        """The last file, where that turned out to be infected."""
        return self.files[0] if self.files and self.files[0].state is FileState.INFECTED else None

    @property
    def preview_address(self) -> str | None:
        """Where the picture of the file's first page is; None while nobody may see it."""
        file = self.file
        if file is None or not may_be_seen(file):
            return None
        return url_for("registration.document_preview", run=self.run_id, file=file.id)

    @property
    def path(self) -> Path:
        """The way that this policy and company make."""
        card = self.card
        return path_of(
            self.policy_here,
            self.company_state,
            card=CardRank(card.rank) if card else None,
            wants_card=self.state.wants_card or self.must_show_card,
            wants_citizen=self.credential is CredentialSet.CITIZEN_CARD,
            wants_document=self.state.wants_document,
        )

    @property
    def credential(self) -> CredentialSet:
        """What the account is to sign in by."""
        return CredentialSet(self.state.credential)

    @property
    def must_show_card(self) -> bool:
        """Whether a certificate account is applied for: its company's card is shown, whatever is known (R-180)."""
        return self.credential is CredentialSet.COMPANY_CARD

    @property
    def is_numbered(self) -> bool:
        """Whether the account is called by a number that is made for it: no name or password is asked (R-188)."""
        return has_number_as_name(self.policy) and not self.state.is_linked

    @property
    def policy_here(self) -> RegistrationPolicy:
        """The policy for the kind of number that this run has."""
        return policy_for(self.policy, self.state.id_type)

    @property
    def card(self) -> GivenCard | None:
        """The card that proves this run's company: of this very number, taken by the service, and not long ago.

        That of a case which is corrected has done so when the case was sent.
        """
        card = self.state.card
        if card is None or self.state.id_type != EntityKind.UBN or card.tax_id != self.state.number:
            return None
        is_fresh = self.is_correction or now().timestamp() - card.at <= PROOF_LASTS.total_seconds()
        return card if is_fresh and takes_card(self.policy, CardRank(card.rank)) else None

    @property
    def is_correction(self) -> bool:
        """Whether a case that is there is corrected."""
        return self.state.corrects is not None

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of this run, as its company stands now."""
        if self.state.is_linked:
            return OF_A_LINKED_ACCOUNT
        steps = steps_of(self.path, is_correction=self.is_correction)
        # A document that is being reviewed, or was approved, is not exchanged.
        is_fixed = self.document is not None and self.document.state not in RESUBMITTABLE
        return tuple(step for step in steps if step is not Step.DOCUMENT) if is_fixed else steps

    @property
    def explanation(self) -> str:
        """Names what is explained about proof and review: where it changes, it is read again."""
        proof = self.company.proof if self.company is not None and self.company_state.is_proven else "none"
        return f"{proof} {self.path.reviewer}"

    @property
    def done(self) -> set[Step]:
        """The steps that hold."""
        done = {Step(step) for step in self.state.done}
        if self.state.explained == self.explanation:
            done |= {Step.VERIFIED, Step.PROOF}
        done = done | {Step.CARD} if self.card is not None else done - {Step.CARD}
        done = done | {Step.CITIZEN} if self.state.citizen_evidence_id is not None else done - {Step.CITIZEN}
        done = done - {Step.DOCUMENT} if self.file is None else done
        return (
            done if set(self.texts) <= {(text, version) for text, version in self.state.texts} else done - {Step.TERMS}
        )

    @property
    def texts(self) -> list[tuple[str, str]]:
        """The texts to agree to before applying: (id, version)."""
        return [(text.id, text.version) for text in self.policy.consents if text.when == "before_apply"]

    @property
    def current(self) -> Step:
        """The step the run is at."""
        return current_step(self.steps, self.done)

    def has_reached(self, step: Step) -> bool:
        """Whether the step may be opened."""
        return is_reached(self.steps, self.done, step)

    @property
    def texts_stamp(self) -> str:
        """Names the texts to agree to, for the form that shows them."""
        return " ".join(f"{text}/{version}" for text, version in self.texts)

    def address(self, step: Step | None = None) -> str:
        """Where a step of this run is; without one, the step the run is at."""
        return url_for(f"registration.{step or self.current}", run=self.run_id)

    def way_back(self, step: Step) -> str | None:
        """Where the step before is; at the first the kinds of account, or None where nobody was asked for the kind."""
        before = step_before(self.steps, step)
        if before is None and self.asks_kind and not self.is_correction and self.state.brought is None:
            return url_for("registration.begin", run=self.run_id)
        return self.address(before) if before else None


def visit_of(kept: KeptRun) -> Visit:
    """The visit of a living run."""
    state = state_of_run(kept)
    service = session.get_one(Service, state.service_id)
    on_the_way_to(client_by_id(state.client_id) if state.client_id else None)
    whole = registration_policy(service)
    policy = policy_for_credential(whole, CredentialSet(state.credential))
    asks_kind = offers_linked(whole) or offers_credentials(whole)
    visit = Visit(kept.id, kept.request_id, state, service, policy, asks_kind=asks_kind)
    visit.know_company()
    visit.know_files()
    return visit
