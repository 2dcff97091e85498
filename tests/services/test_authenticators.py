"""One-time codes and recovery codes: each once, in its time, and of one holder (RFC 6238)."""

import time
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select, update

from idp.config import use_settings
from idp.db import now, session, transaction
from idp.models import Authenticator, RecoveryCode
from idp.services.authenticators import (
    ALPHABET,
    STEP_SECONDS,
    UNCONFIRMED_KEPT,
    address_of,
    authenticator_of,
    begin_authenticator,
    check_code,
    confirm_authenticator,
    make_recovery_codes,
    recovery_codes_left,
    remove_authenticator,
    unconfirmed_secret,
    use_recovery_code,
)
from tests.services.conftest import settings_for

pytestmark = pytest.mark.usefixtures("database")
HOLDER, OTHER = "op_holder", "op_other"


def code_of(secret: str, steps: int = 0) -> str:
    """The code of now, or of so many steps later; never at the turn of a step."""
    while time.time() % STEP_SECONDS > STEP_SECONDS - 1:
        time.sleep(0.1)
    return pyotp.TOTP(secret).at(time.time() + steps * STEP_SECONDS)


def an_app(holder: str = HOLDER) -> str:
    """A confirmed app of this holder, whose last code was of the step before; its secret."""
    with transaction():
        authenticator_id = begin_authenticator(holder)
        secret = unconfirmed_secret(authenticator_id) or ""
        assert confirm_authenticator(holder, authenticator_id, code_of(secret, -1))
    return secret


def forget_steps() -> None:
    with transaction():
        session.execute(update(Authenticator).values(last_step=0))


def taken(code: str, holder: str = HOLDER) -> bool:
    with transaction():
        return check_code(holder, code)


def test_a_secret_is_shown_until_its_first_code_and_kept_sealed() -> None:
    with transaction():
        authenticator_id = begin_authenticator(HOLDER)
    secret = unconfirmed_secret(authenticator_id)
    assert secret is not None
    assert len(secret) == 32
    [sealed] = session.scalars(select(Authenticator.sealed_secret))
    assert secret.encode() not in sealed
    assert not taken(code_of(secret)), "of no effect before it was confirmed"
    with transaction():
        assert not confirm_authenticator(OTHER, authenticator_id, code_of(secret)), "another's"
        assert not confirm_authenticator(HOLDER, authenticator_id, "000000")
        assert authenticator_of(HOLDER) is None
        assert confirm_authenticator(HOLDER, authenticator_id, code_of(secret))
    assert (authenticator_of(HOLDER), unconfirmed_secret(authenticator_id)) == (authenticator_id, None)
    assert not taken(code_of(secret)), "the first code was taken"
    with transaction():
        assert not confirm_authenticator(HOLDER, authenticator_id, code_of(secret, 1)), "confirmed once"


def test_the_address_in_the_image_says_whose_and_where() -> None:
    address = urlsplit(address_of("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", name="op-1", issuer="企業帳號中心"))
    assert (address.scheme, address.netloc, unquote(address.path)) == ("otpauth", "totp", "/企業帳號中心:op-1")
    assert parse_qs(address.query) == {"secret": ["JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"], "issuer": ["企業帳號中心"]}


@pytest.mark.parametrize(
    ("steps", "is_taken"), [(-3, False), (-2, False), (-1, True), (0, True), (1, True), (3, False)]
)
def test_a_clock_may_be_half_a_minute_wrong(steps: int, is_taken: bool) -> None:
    secret = an_app()
    forget_steps()
    assert taken(code_of(secret, steps)) is is_taken


def test_a_code_is_taken_once_and_none_before_it() -> None:
    secret = an_app()
    later = code_of(secret, 1)
    assert taken(f" {later[:3]} {later[3:]} "), "as the app shows it"
    assert [taken(later), taken(code_of(secret))] == [False, False]


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "１２３４５６", "abcdef", "12345\x00", "²²²²²²", "-12345"])
def test_what_is_no_code_is_none(typed: str) -> None:
    an_app()
    assert not taken(typed)


def test_codes_are_of_one_holder() -> None:
    mine, others = an_app(), an_app(OTHER)
    forget_steps()
    assert not taken(code_of(mine), OTHER)
    assert taken(code_of(others), OTHER)


def test_of_several_set_ups_the_last_confirmed_counts() -> None:
    with transaction():
        first, second = begin_authenticator(HOLDER), begin_authenticator(HOLDER)
    secrets = {one: unconfirmed_secret(one) or "" for one in (first, second)}
    assert len(set(secrets.values())) == 2
    for one in (first, second):
        with transaction():
            assert confirm_authenticator(HOLDER, one, code_of(secrets[one]))
        assert authenticator_of(HOLDER) == one
    forget_steps()
    assert [taken(code_of(secrets[one])) for one in (first, second)] == [False, True]


def test_removed_is_gone_with_its_recovery_codes() -> None:
    secret = an_app()
    with transaction():
        codes = make_recovery_codes(HOLDER)
        remove_authenticator(HOLDER)
    assert (authenticator_of(HOLDER), recovery_codes_left(HOLDER)) == (None, 0)
    forget_steps()
    assert not taken(code_of(secret))
    with transaction():
        assert not use_recovery_code(HOLDER, codes[0])


def test_recovery_codes_work_once_however_they_are_typed() -> None:
    with transaction():
        before = make_recovery_codes(HOLDER)
        codes = make_recovery_codes(HOLDER)
    assert len({*codes, *before}) == 20
    assert all(set(code.replace("-", "")) <= set(ALPHABET) and len(code) == 19 for code in codes)
    kept = session.scalars(select(RecoveryCode.hash)).all()
    assert not any(code.encode() in hashed for code in codes for hashed in kept)
    typed = [before[0], codes[0], codes[0], codes[1].lower(), codes[2].replace("-", " "), codes[3], "", "-", codes[4]]
    holders = [HOLDER] * 5 + [OTHER] + [HOLDER] * 3
    with transaction():
        used = [use_recovery_code(holder, text) for holder, text in zip(holders, typed, strict=True)]
    assert used == [False, True, False, True, True, False, False, False, True]
    assert recovery_codes_left(HOLDER) == 6


def test_with_another_secret_key_no_code_is_right_and_nothing_breaks(database: Flask) -> None:
    secret = an_app()
    forget_steps()
    use_settings(settings_for(database.config["IDP"].database_url))
    assert not taken(code_of(secret))
    use_settings(database.config["IDP"])
    assert taken(code_of(secret))


def test_what_was_never_confirmed_is_not_kept_for_ever() -> None:
    with transaction():
        old = session.get_one(Authenticator, begin_authenticator(HOLDER))
        old.created_at = now() - UNCONFIRMED_KEPT * 2
        another = session.get_one(Authenticator, begin_authenticator(OTHER))
        another.created_at = old.created_at
        session.flush()
        fresh = begin_authenticator(HOLDER)
    assert set(session.scalars(select(Authenticator.id))) == {another.id, fresh}
