"""Passwords: the same work for known and unknown names, and only what fits the rules is kept."""

import pytest
from flask import Flask

from idp.db import session, transaction
from idp.errors import PasswordRefused
from idp.models import Company, Password
from idp.services.passwords import hash_password, matches, set_password
from idp.services.service_registry import ServiceProfile, add_service
from tests.services.people import PASSWORD, person


def test_a_password_fits_its_own_hash_in_every_spelling_of_its_letters(database: Flask) -> None:
    stored = hash_password("cafe\u03011234")
    assert matches(stored, "caf\u00e91234")
    assert not matches(stored, "Caf\u00e91234")


def test_nobodys_password_never_fits(database: Flask) -> None:
    assert not matches(None, PASSWORD)
    assert not matches(None, "nobody's password, hashed once per process")


def test_a_megabyte_is_refused_without_being_hashed(database: Flask) -> None:
    assert not matches(hash_password(PASSWORD), PASSWORD * 60_000)


def test_a_damaged_hash_fits_nothing(database: Flask) -> None:
    assert not matches("$argon2id$damaged", PASSWORD)


def test_a_new_password_takes_the_place_of_the_old_one(company: Company) -> None:
    ming = person(company, password=PASSWORD)
    with transaction():
        set_password(ming, "another-Passw0rd-17")
    stored = session.get_one(Password, ming.id).hash
    assert [matches(stored, p) for p in (PASSWORD, "another-Passw0rd-17")] == [False, True]


def test_the_name_of_the_service_is_no_password(company: Company) -> None:
    with transaction():
        add_service("portpass", ServiceProfile(name_zh="通行證"))
    with pytest.raises(PasswordRefused) as refusal:
        person(company, service_id="portpass", password="portpass2026")
    assert refusal.value.details == {"reason": "made_of"}
