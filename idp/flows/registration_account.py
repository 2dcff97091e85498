"""The account step (P9): who she is and how she will sign in. The password is hashed where no write waits for it."""

from dataclasses import dataclass, field

from flask import request
from flask_babel import gettext

from idp.browser import browser_id, peer_address
from idp.db import end_reading, transaction
from idp.errors import AlreadyExists, PasswordRefused, TooManyRequests
from idp.flows.account_fields import add_error
from idp.flows.messages import sentence_for
from idp.flows.registration_company import company_name
from idp.flows.registration_forms import AccountForm
from idp.flows.registration_run import KEPT_CHARACTERS, Registration, find_run
from idp.flows.registration_steps import Outcome
from idp.flows.registration_visit import Visit, visit_of
from idp.policies.company_names import looks_like_company
from idp.policies.limits import NAMES_TRIED_PER_ADDRESS, NAMES_TRIED_PER_BROWSER, PASSWORDS_JUDGED_PER_ADDRESS
from idp.policies.mailboxes import probably_meant
from idp.policies.names import canonical_email, canonical_username
from idp.policies.passwords import words_that_count
from idp.policies.registration_path import Step
from idp.services.cases import username_is_free
from idp.services.limits import spend
from idp.services.passwords import check_password, hash_password


@dataclass(frozen=True, slots=True)
class TypedPassword:
    """What became of a password that was typed: its hash, or why it was refused; for which company and words."""

    number: str | None
    hash: str | None = None
    words: list[str] = field(default_factory=list)
    refused: PasswordRefused | TooManyRequests | None = None


def account_form(state: Registration, *, is_numbered: bool, is_sent: bool = False) -> AccountForm:
    """The form as it was sent, or filled in with what was typed before."""
    return AccountForm(
        request.form if is_sent else None,
        keeps_password=state.password_hash is not None or state.corrects is not None,
        keeps_username=state.corrects is not None,
        is_numbered=is_numbered,
        data=state.typed,
    )


def hashed_password() -> TypedPassword | None:
    """Judge and hash the password that was sent, if there is one. Counted, then judged; no lock is held."""
    kept = find_run(request.form.get("run", ""))
    if kept is None or kept.is_finished or kept.has_expired:
        return None
    visit = visit_of(kept)
    if visit.is_numbered:
        return None
    state = visit.state
    end_reading()
    form = account_form(state, is_numbered=False, is_sent=True)
    form.validate()
    if not form.has_good_password:
        return None
    password, words = form.password.data or "", _words_about(state)
    try:
        with transaction():
            spend(PASSWORDS_JUDGED_PER_ADDRESS, peer_address())
        check_password(password, words)
    except (PasswordRefused, TooManyRequests) as refused:
        return TypedPassword(state.number, refused=refused)
    return TypedPassword(state.number, hash_password(password), words_that_count(words))


def take_account(visit: Visit, typed: TypedPassword | None) -> Outcome:
    """Judge what was sent. A good password is kept by its hash even where another field is wrong."""
    return judge_account(visit, account_form(visit.state, is_numbered=visit.is_numbered, is_sent=True), typed)


def judge_account(visit: Visit, form: AccountForm, typed: TypedPassword | None) -> Outcome:
    """Judge a form as it was sent: its fields, and what only this run or the database knows of them."""
    state = visit.state
    form.validate()
    if "password" in form:
        _take_password(visit, form, typed)
    if "username" in form and not form.username.errors:
        _look_for_name(visit, form)
    if not form.name.errors:
        _ask_about_name(state, form)
    if not form.email.errors:
        _ask_about_mailbox(state, form)
    if form.errors:
        return form
    state.has_done(Step.ACCOUNT)
    return None


def _take_password(visit: Visit, form: AccountForm, typed: TypedPassword | None) -> None:
    state = visit.state
    was_typed = bool(form.password.data or form.password_again.data)
    if typed is not None and typed.number == state.number and typed.hash is not None:
        state.password_hash, state.judged_with = typed.hash, typed.words
    elif was_typed:
        # Whoever types another one does not mean the one before.
        state.password_hash = None
    elif state.password_hash is not None and not _was_judged_with_all(state):
        state.password_hash = None
        add_error(form, "password", gettext("請重新輸入密碼。"))
    if typed is not None and typed.refused is not None:
        add_error(form, "password", sentence_for(typed.refused))
        if isinstance(typed.refused, TooManyRequests):
            _come_back(visit, typed.refused)


def _was_judged_with_all(state: Registration) -> bool:
    """Whether the password that is kept was judged with all names it must not be made of, as they are now (PW07)."""
    return set(words_that_count(_words_about(state))) <= set(state.judged_with)


def _come_back(visit: Visit, refused: TooManyRequests) -> None:
    visit.status, visit.retry_seconds = refused.status, refused.retry_seconds


def _look_for_name(visit: Visit, form: AccountForm) -> None:
    """「帳號已經存在」 is said here alone, and to nobody who tries names (security.md §1.9-2)."""
    name = canonical_username(form.username.data or "")
    try:
        if name != visit.state.username_seen:
            spend(NAMES_TRIED_PER_BROWSER, browser_id())
            spend(NAMES_TRIED_PER_ADDRESS, peer_address())
            visit.state.username_seen = name
        if not username_is_free(name):
            add_error(form, "username", sentence_for(AlreadyExists()))
    except TooManyRequests as refused:
        _come_back(visit, refused)
        add_error(form, "username", sentence_for(refused))


def _ask_about_name(state: Registration, form: AccountForm) -> None:
    """A company's name as a person's is asked about once; who sends it again goes on to the reviewer (R-063)."""
    name = (form.name.data or "").strip()
    if looks_like_company(name) and name != state.name_seen:
        form.ask_about_name()
    state.name_seen = name


def _ask_about_mailbox(state: Registration, form: AccountForm) -> None:
    """A mailbox one slip away from a common one is asked about once: what is sent there would reach a stranger."""
    email = canonical_email(form.email.data or "") or ""
    meant = probably_meant(email)
    if meant is not None and email != state.email_seen:
        form.ask_about_mailbox(meant)
    state.email_seen = email


def _words_about(state: Registration) -> list[str]:
    sent = ("username", "name", "email", *(("number", "company_name") if state.is_linked else ()))
    typed = state.typed | {name: request.form.get(name, "")[:KEPT_CHARACTERS] for name in sent}
    words = [typed.get("username"), typed.get("name"), typed.get("email", "").partition("@")[0]]
    if state.is_linked:
        words += [typed.get("company_name"), typed.get("number")]
    return [w for w in (*words, company_name(state), state.register_name, state.number, state.service_id) if w]
