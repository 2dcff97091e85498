"""Applications for an account (申請): sent, corrected, withdrawn, looked up; the decision is made in case_reviews."""

import secrets
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from idp.db import now, session
from idp.errors import AlreadyExists, ChangedMeanwhile
from idp.models import Account, Case, Company, Password, Review, Service
from idp.policies.company_names import looks_like_company
from idp.policies.names import canonical_email, canonical_username, email_key
from idp.policies.registration import CredentialSet, MailCheck, has_number_as_name
from idp.policies.registration_path import first_role, path_of, policy_for_credential
from idp.policies.reviews import Outcome
from idp.policies.roles import Role
from idp.policies.standing import AccountKind, AccountStatus
from idp.services.accounts import insert_account
from idp.services.agreements import keep_agreements
from idp.services.audit import record
from idp.services.card_proofs import card_in, check_names
from idp.services.case_policies import CITIZEN_EVIDENCE, CREDENTIAL, citizen_evidence_of, credential_of, policy_of_case
from idp.services.case_standing import hold_case, move_account, settle
from idp.services.citizen_cards import claim_evidence
from idp.services.company_claims import (
    CompanyAnswers,
    check_usable,
    claim_company,
    hints_about,
    state_of,
)
from idp.services.company_documents import withdraw_document
from idp.services.company_places import HOLDING, check_place
from idp.services.constraints import breaks_unique
from idp.services.mailbox_checks import check_mails_to, has_live_link, send_verification
from idp.services.one_time_links import void_confirming_links
from idp.services.secrets import new_id
from idp.services.service_registry import registration_policy

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
NUMBER_TRIES = 10
OPEN = (AccountStatus.EMAIL_PENDING, AccountStatus.EMAIL_EXPIRED, AccountStatus.REVIEW_PENDING, AccountStatus.REJECTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAnswers:
    """What an applicant says of herself, checked: names as typed, ``phone`` and ``email`` in their one form.

    ``username`` is empty where the account is called by its number.
    """

    username: str
    name: str
    phone: str
    email: str
    locale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A whole application. ``password_hash``: the password was hashed when it was typed and is kept nowhere; None where
    it is set at the activation (R-188). ``credential``: the kind of account that was chosen."""

    service: Service
    company: CompanyAnswers
    person: PersonAnswers
    password_hash: str | None
    texts: tuple[tuple[str, str], ...]
    browser: str
    address: str | None
    client_id: str | None = None
    card_evidence_id: str | None = None
    credential: CredentialSet = CredentialSet.PASSWORD
    citizen_evidence_id: str | None = None


def submit_case(sent: Submission) -> Case:
    """Take an application: company claimed where it is unknown, account made, mailbox check or review begun.

    A card that was given counts once the mailbox is confirmed. Raises AlreadyExists (``field`` username or email),
    CompanyClosed, OneAccountOnly, CardMismatch. Writes outbox and audit rows.
    """
    policy = policy_for_credential(registration_policy(sent.service), sent.credential)
    is_numbered = has_number_as_name(policy)
    if not is_numbered and not username_is_free(sent.person.username):
        raise AlreadyExists(field="username")
    check_mails_to(sent.person.email)
    # A refusal is committed: where the name is taken in this very moment, no company stays behind.
    with session.begin_nested():
        company = claim_company(sent.company, policy)
        check_place(policy, company, sent.person.email)
        card = card_in(sent.card_evidence_id)
        if card is not None:
            check_names(card, company)
        path = path_of(policy, state_of(company, policy), card=card.rank if card else None)
        account = new_account(sent.service, company, sent.person)
        account.role = first_role(policy)
        account.status = AccountStatus.EMAIL_PENDING
        insert_account(account, number_is_name=is_numbered)
        claim_evidence(sent.citizen_evidence_id, account)
    keep_agreements(account.id, sent.service.id, sent.texts, sent.address)
    if sent.password_hash is not None:
        session.add(Password(account_id=account.id, hash=sent.password_hash, changed_at=now()))
    case = new_case(account, sent.service, company, client_id=sent.client_id)
    case.card_evidence_id = sent.card_evidence_id
    case.reviewer = path.reviewer
    kept = {CREDENTIAL: str(sent.credential), CITIZEN_EVIDENCE: sent.citizen_evidence_id}
    case.answers = answers_of(sent.company) | {"expected_first": path.becomes_admin} | kept
    case.hints = hints_of(sent.company, company, sent.person.name)
    insert_case(case)
    told = {"account_id": account.id, "company_id": company.id, "case": case.number}
    record("case:submitted", actor=account.id, credential=str(sent.credential), **told)
    if policy.mail_check is MailCheck.AFTER_REVIEW:
        settle(case, account)
    else:
        send_verification(account, case, browser=sent.browser)
    return case


def correct_case(
    case_id: str, seen_version: int, person: PersonAnswers, answers: CompanyAnswers, *, browser: str
) -> Case:
    """Take a corrected application: the same case, company and account name, everything else as it is now (R-179).

    A new mailbox is confirmed anew; a refused application waits again. A password that was typed anew is set by the
    caller. Raises ChangedMeanwhile when the case was decided, withdrawn or edited since it was opened, CompanyClosed,
    AlreadyExists (``field`` email).
    """
    company, case, account = hold_case(case_id)
    if case.version != seen_version or account.status not in OPEN or company.tax_id != answers.number:
        raise ChangedMeanwhile
    check_usable(company)
    policy = policy_of_case(case)
    was, is_new_mailbox = account.status, person.email != account.email
    if is_new_mailbox:
        check_place(policy, company, person.email, besides=account.id)
    elif account.status not in HOLDING:
        check_place(policy, company, account.email, besides=account.id)
    asks_mailbox = policy.mail_check is not MailCheck.AFTER_REVIEW and (
        is_new_mailbox or (account.email_verified_at is None and not has_live_link(account.id))
    )
    if asks_mailbox:
        check_mails_to(person.email)
    account.name, account.phone, account.locale = person.name, person.phone, person.locale
    kept = {CREDENTIAL: str(credential_of(case)), CITIZEN_EVIDENCE: citizen_evidence_of(case)}
    case.answers = answers_of(answers) | {"expected_first": case.answers.get("expected_first", False)} | kept
    case.hints = hints_of(answers, company, person.name)
    was_asked = case.more_info_until is not None
    case.version += 1
    case.decided_at = case.more_info_until = None
    case.updated_at = now()
    session.flush()
    record("case:corrected", actor=account.id, account_id=account.id, company_id=company.id, case=case.number)
    if is_new_mailbox:
        account.email, account.email_canonical, account.email_verified_at = person.email, email_key(person.email), None
    if asks_mailbox:
        move_account(account, *OPEN, status=AccountStatus.EMAIL_PENDING, status_reason=None)
        case.waiting_since = None
        send_verification(account, case, browser=browser)
    elif was is AccountStatus.REJECTED or was_asked or account.approval is not None:
        _wait_again(case, account, first_role(policy))
    return case


def _wait_again(case: Case, account: Account, role: Role) -> None:
    """What was decided is about what was sent then: a corrected application is decided anew, also an approved one."""
    void_confirming_links(account.id)
    move_account(account, *OPEN, status=AccountStatus.REVIEW_PENDING, status_reason=None, role=role, approval=None)
    settle(case, account)


def withdraw_case(case_id: str, seen_version: int) -> None:
    """Take an application back at the applicant's word. Raises ChangedMeanwhile where it was decided meanwhile."""
    _, case, account = hold_case(case_id)
    if case.version != seen_version or not move_account(account, *OPEN, status=AccountStatus.WITHDRAWN):
        raise ChangedMeanwhile
    session.add(
        Review(
            case_id=case.id,
            case_version=case.version,
            outcome=Outcome.WITHDRAWN,
            decided_by=account.id,
            decided_at=now(),
        )
    )
    case.version += 1
    case.waiting_since = case.taken_by = case.taken_at = case.more_info_until = None
    case.decided_at = case.updated_at = now()
    void_confirming_links(account.id)
    session.flush()
    withdraw_document(case)
    record("case:withdrawn", actor=account.id, account_id=account.id, company_id=case.company_id, case=case.number)


def case_of_account(account_id: str) -> Case | None:
    """The case that an account came by, or None."""
    return session.scalar(select(Case).where(Case.account_id == account_id))


def case_by_number(number: str, email: str) -> Case | None:
    """The case of this number whose applicant's mailbox this is; None, whichever of the two is wrong (P12)."""
    mailbox = email_key(canonical_email(email) or email.strip())
    return session.scalar(
        select(Case)
        .join(Account, Account.id == Case.account_id)
        .where(Case.number == read_number(number), Account.email_canonical == mailbox)
    )


def read_number(text: str) -> str:
    """A case number as it is kept, ``4F7K-29QX-H3TB``, from however a person types it."""
    letters = "".join(c for c in text.upper() if c in ALPHABET)
    return "-".join(letters[i : i + 4] for i in range(0, len(letters), 4))[:16]


def reviews_of(case: Case) -> list[Review]:
    """What was decided about a case, oldest first."""
    return list(session.scalars(select(Review).where(Review.case_id == case.id).order_by(Review.id)))


def username_is_free(username: str) -> bool:
    """Whether nobody has this account name, in any spelling. Ask it within a registration only (security.md §1.9-2)."""
    name = canonical_username(username)
    return session.scalar(select(Account.id).where(Account.username_canonical == name)) is None


def new_account(service: Service, company: Company, person: PersonAnswers) -> Account:
    """A general account of these answers, neither written nor let in yet."""
    moment = now()
    return Account(
        id=new_id("ga_"),
        kind=AccountKind.GENERAL,
        company_id=company.id,
        service_id=service.id,
        username=person.username.strip(),
        username_canonical=canonical_username(person.username),
        name=person.name,
        email=person.email,
        email_canonical=email_key(person.email),
        phone=person.phone,
        locale=person.locale,
        created_at=moment,
        updated_at=moment,
    )


def new_case(account: Account, service: Service, company: Company, *, client_id: str | None) -> Case:
    """A case of this account, sent now and not written yet."""
    moment = now()
    return Case(
        id=new_id("ca_"),
        service_id=service.id,
        company_id=company.id,
        account_id=account.id,
        client_id=client_id,
        answers={},
        hints=[],
        submitted_at=moment,
        updated_at=moment,
        version=1,
    )


def insert_case(case: Case) -> None:
    """Write a case under a number that nobody else has: 12 of 30 characters, so that it can't be guessed either."""
    for _ in range(NUMBER_TRIES):
        case.number = read_number("".join(secrets.choice(ALPHABET) for _ in range(12)))
        try:
            with session.begin_nested():
                session.add(case)
                session.flush()
        except IntegrityError as error:
            if not breaks_unique(error, "cases", "number"):
                raise
        else:
            return
    raise RuntimeError("no free case number was found")


def answers_of(company: CompanyAnswers) -> dict[str, object]:
    """What a case keeps of the company as its applicant sees it."""
    return {
        "company_name": company.name,
        "register_name": company.register_name,
        "company_address": company.address,
        "company_phone": company.phone,
        "responsible": company.responsible,
    }


def hints_of(answers: CompanyAnswers, company: Company, name: str) -> list[str]:
    """What the reviewer should look at, as keys of the texts."""
    return hints_about(answers, company) + (["hint.name_of_company"] if looks_like_company(name) else [])
