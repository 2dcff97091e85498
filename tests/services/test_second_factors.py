"""Codes after the right password: guesses are few, whatever browsers are known, and the owner learns of them."""

import secrets

import pyotp
import pytest
from flask import Flask
from sqlalchemy import delete, select

from idp.db import now, session, transaction
from idp.errors import BadCode, BadCredentials, TooManyRequests, TooManyTries
from idp.models import Account, Company, KnownBrowser, NameFailures
from idp.policies.limits import (
    CREDENTIALS_ADDED_PER_ACCOUNT,
    FAILED_SIGN_INS_PER_NAME_AND_ADDRESS,
    WRONG_CODES_PER_ACCOUNT,
    WRONG_CODES_TOLD,
)
from idp.policies.standing import BindingState
from idp.services import limits
from idp.services.authenticators import begin_authenticator, unconfirmed_secret
from idp.services.password_changes import change_password
from idp.services.password_sign_in import judge, open_try, settle_try
from idp.services.passwords import hash_password
from idp.services.second_factors import confirm_app, renew_recovery_codes, take_code
from idp.services.secrets import digest
from idp.services.sign_ins import remember_browser
from tests.services.applicants import a_service
from tests.services.binders import CODED, an_agent, mails_to, state_of
from tests.services.people import PASSWORD, mails, person

WRONG = "not a code"
HOME = "her own browser"


@pytest.fixture
def ming(company: Company) -> Account:
    return person(company, password=PASSWORD)


def add_app(account: Account) -> list[str]:
    """An app, set up in her own browser; its recovery codes."""
    with transaction():
        app = begin_authenticator(account.id)
        secret = unconfirmed_secret(app)
    assert secret is not None
    with transaction():
        codes = confirm_app(account.id, app, pyotp.TOTP(secret).now(), browser=HOME)
    assert codes is not None
    return codes


def know(account: Account, *browsers: str) -> None:
    with transaction():
        for browser in browsers:
            remember_browser(account.id, browser, now())


def known(account: Account) -> set[bytes]:
    return set(session.scalars(select(KnownBrowser.browser_hash).where(KnownBrowser.account_id == account.id)))


def guess(account: Account, browser: str) -> None:
    """A wrong code, by somebody who has waited as long as she had to."""
    with transaction():
        session.execute(delete(NameFailures))
    with pytest.raises(BadCode), transaction():
        take_code(account.id, WRONG, browser, "198.51.100.9")


def test_an_app_and_a_new_password_make_strangers_of_the_other_browsers(company: Company, ming: Account) -> None:
    know(ming, HOME, "a thief's", "another of his")
    add_app(ming)
    assert known(ming) == {digest(HOME)}
    know(ming, "a thief's")
    judged = open_try(ming.username, browser=HOME, address="192.0.2.7").hash
    assert judged is not None
    with transaction():
        change_password(ming.id, judged=judged, fresh=hash_password("another-Passw0rd-17"), sign_in_id="", browser=HOME)
    assert known(ming) == {digest(HOME)}


def test_of_wrong_codes_after_the_right_password_the_owner_learns_and_fifty_a_day_are_all(ming: Account) -> None:
    [code, *_] = add_app(ming)
    for n in range(WRONG_CODES_TOLD):
        guess(ming, f"browser {n}")
    assert len(mails_to(ming, "wrong_codes")) == 1
    with transaction():
        for _ in range(WRONG_CODES_PER_ACCOUNT.most - WRONG_CODES_TOLD):
            limits.count(WRONG_CODES_PER_ACCOUNT, ming.id)
    with pytest.raises(TooManyTries), transaction():
        take_code(ming.id, code, HOME, "192.0.2.7")
    assert len(mails_to(ming, "wrong_codes")) == 1
    # Who has the password alone does not keep the owner from setting another one.
    with transaction():
        take_code(ming.id, code, HOME, "192.0.2.7", at_reset=True)


def test_twenty_credentials_are_added_in_a_day(ming: Account) -> None:
    add_app(ming)
    with transaction():
        for _ in range(CREDENTIALS_ADDED_PER_ACCOUNT.most - 1):
            limits.count(CREDENTIALS_ADDED_PER_ACCOUNT, ming.id)
    before = len(mails())
    with pytest.raises(TooManyRequests), transaction():
        renew_recovery_codes(ming.id)
    with pytest.raises(TooManyRequests), transaction():
        confirm_app(ming.id, "", "000000", browser=HOME)
    assert len(mails()) == before


def test_password_and_mailbox_bind_nothing_that_has_a_second_factor(company: Company, database: Flask) -> None:
    policy = CODED | {"company_proof": ["operator"]}
    ming = person(company, service_id=a_service(policy=policy).id, password=PASSWORD)
    add_app(ming)
    asked = an_agent().ask(ming)
    assert (asked.how, state_of(asked.binding_id)) == ("owner", BindingState.PENDING)


def test_a_number_is_not_told_to_be_somebodys_by_how_often_her_name_failed(ming: Account) -> None:
    address = "198.51.100.9"
    for _ in range(2):
        with transaction():
            attempt = open_try(ming.username, browser="x", address=address)
        verdict = judge(attempt, secrets.token_hex(8))
        with pytest.raises(BadCredentials), transaction():
            settle_try(attempt, verdict)
    with transaction():
        for _ in range(FAILED_SIGN_INS_PER_NAME_AND_ADDRESS.most - 2):
            limits.count(FAILED_SIGN_INS_PER_NAME_AND_ADDRESS, f"{ming.username_canonical} {address}")
    with pytest.raises(TooManyTries), transaction():
        open_try(ming.username, browser="x", address=address)
    with transaction():
        open_try(ming.electronic_id, browser="x", address=address)
