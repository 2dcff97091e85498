"""Passkeys in the database: two at once, the twentieth, and challenges that run out."""

import secrets
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update

from idp.db import now, session, transaction
from idp.models import Company, LimitCounter, Passkey, PasskeyChallenge
from idp.policies.passkeys import MOST_PER_ACCOUNT, PasskeyPurpose
from idp.services.housekeeping import tidy
from idp.services.passkey_answers import MadePasskey
from idp.services.passkey_challenges import ask_authenticator, use_passkey_challenge
from idp.services.passkey_refusals import LastPasskey, PasskeyChallengeGone, PasskeyThere, TooManyPasskeys
from idp.services.passkeys import enrol_passkey, passkeys_of, remove_passkey
from tests.services.people import person
from tests.services.races import at_once


def made(credential_id: bytes | None = None) -> MadePasskey:
    return MadePasskey(credential_id or secrets.token_bytes(16), b"key", 0, "", is_synced=False)


def enrol(account_id: str, one: MadePasskey | None = None) -> str:
    return enrol_passkey(one or made(), account_id, name="x", transports=()).id


@pytest.mark.both_databases
def test_of_two_answers_to_one_challenge_one_is_looked_at(database: Flask, company: Company) -> None:
    """PK01."""
    with transaction():
        challenge = ask_authenticator(PasskeyPurpose.SIGN_IN, browser="b")

    def answer() -> str:
        use_passkey_challenge(challenge, PasskeyPurpose.SIGN_IN, browser="b")
        return "taken"

    assert sorted(at_once(database, answer, answer)) == ["passkey.challenge_gone", "taken"]
    with transaction():
        challenge = ask_authenticator(PasskeyPurpose.STEP_UP, browser="b", subject="ga_1")
    for purpose, browser, subject in (
        (PasskeyPurpose.SIGN_IN, "b", "ga_1"),
        (PasskeyPurpose.STEP_UP, "other", "ga_1"),
        (PasskeyPurpose.STEP_UP, "b", "ga_2"),
    ):
        with pytest.raises(PasskeyChallengeGone), transaction():
            use_passkey_challenge(challenge, purpose, browser=browser, subject=subject)
    with transaction():
        session.execute(update(PasskeyChallenge).values(expires_at=now() - timedelta(days=2)))
    assert tidy() == 2
    assert session.scalar(select(func.count()).select_from(PasskeyChallenge)) == 0


@pytest.mark.both_databases
def test_of_the_last_two_passkeys_removed_at_once_one_stays(database: Flask, company: Company) -> None:
    account = person(company)
    with transaction():
        first, second = enrol(account.id), enrol(account.id)

    def remove(passkey_id: str) -> str:
        remove_passkey(passkey_id, account.id)
        return "removed"

    assert sorted(at_once(database, lambda: remove(first), lambda: remove(second))) == ["passkey.last", "removed"]
    [left] = passkeys_of(account.id)
    with pytest.raises(LastPasskey), transaction():
        remove_passkey(left.id, account.id)


@pytest.mark.both_databases
def test_an_account_has_twenty_passkeys_and_each_is_one_accounts(database: Flask, company: Company) -> None:
    account, other = person(company), person(company)
    one = made()
    assert at_once(database, lambda: enrol(account.id, one)[:3], lambda: enrol(other.id, one)[:3]) in {
        ("pk_", "passkey.there"),
        ("passkey.there", "pk_"),
    }
    with pytest.raises(PasskeyThere), transaction():
        enrol(account.id, one)
    with transaction():
        for _ in range(MOST_PER_ACCOUNT - 1 - len(passkeys_of(account.id))):
            enrol(account.id)
    assert sorted(at_once(database, lambda: enrol(account.id)[:3], lambda: enrol(account.id)[:3])) == [
        "passkey.many",
        "pk_",
    ]
    with pytest.raises(TooManyPasskeys), transaction():
        enrol(account.id)
    # Once taken off, a passkey may be put on again.
    with transaction():
        session.execute(update(Passkey).values(removed_at=now()))
        session.execute(delete(LimitCounter))
        assert enrol(account.id, one).startswith("pk_")
