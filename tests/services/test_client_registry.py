"""Clients are registered only as tokens.md and RFC 9700 allow; their secrets are told once and kept as hashes."""

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from sqlalchemy import select

from idp.config import Mode, Settings, use_settings
from idp.db import now, session, transaction
from idp.errors import AlreadyExists, InvalidInput
from idp.models import Client, Company, Service
from idp.policies.roles import Role
from idp.services.client_registry import (
    Registration,
    add_client,
    change_client,
    registration_of,
    remove_client,
    rotate_secret,
)
from idp.services.clients import all_clients, client_by_id
from idp.services.service_registry import ServiceProfile, add_service
from tests.services.people import a_client, actions, at_once, audit_rows, person, signed_in, what_is_open

PLAIN = Registration(name_zh="測試", redirect_uris=("https://app.example/cb",))
RSA = RSAKey.generate_key(2048)
BOTH = ("authorization_code", "client_credentials")
PUBLIC = {"keys": [RSA.as_dict(private=False)]}


def registered(registration: Registration = PLAIN, **more: Any) -> tuple[Client, str | None]:
    with transaction():
        return add_client(registration, **more)


def refused(field: str, problem: str, **changes: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        registered(dataclasses.replace(PLAIN, **changes))
    assert (refusal.value.details["field"], refusal.value.details["problem"]) == (field, problem)


def test_a_client_gets_an_id_and_a_secret_that_only_it_knows(database: Flask) -> None:
    client, secret = registered()
    assert secret is not None
    assert len(secret) >= 43
    record = client_by_id(client.id)
    assert record is not None
    assert record.knows_secret(secret)
    assert not record.knows_secret(secret + "x")
    assert record.name("en") == "測試"
    assert record.require_pkce
    assert record.asks_consent
    kept = str([dict(r._mapping) for r in session.execute(select(Client.__table__))])
    assert secret not in kept + str([r.details for r in audit_rows()])
    assert actions() == ["client:added"]


def test_an_id_and_a_secret_may_be_given(database: Flask) -> None:
    client, secret = registered(client_id="dreams", secret="s" * 32)
    assert (client.id, secret) == ("dreams", "s" * 32)


@pytest.mark.parametrize("secret", ["", "short", "s" * 31, "s" * 201, "s" * 40 + " ", "密" * 40, "s" * 40 + "\n"])
def test_a_given_secret_is_long_and_can_be_sent(database: Flask, secret: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        registered(secret=secret)
    assert refusal.value.details["problem"] == "secret.form"


@pytest.mark.parametrize("client_id", ["ga_x", "la_x", "co_x", "op_x"])
def test_an_id_that_looks_like_one_of_ours_is_refused(database: Flask, client_id: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        registered(client_id=client_id)
    assert refusal.value.details == {"field": "client_id", "problem": "client_id.reserved"}


def test_an_id_is_never_given_again(database: Flask) -> None:
    client, _ = registered(client_id="dreams")
    with pytest.raises(AlreadyExists):
        registered(client_id="dreams")
    with transaction():
        remove_client(client)
    assert client_by_id("dreams") is None
    assert all_clients() == []
    with pytest.raises(AlreadyExists):
        registered(client_id="dreams")


@pytest.mark.parametrize(
    "field", ["redirect_uris", "post_logout_redirect_uris", "backchannel_logout_uri", "initiate_login_uri"]
)
def test_every_kind_of_address_is_checked(database: Flask, field: str) -> None:
    address = "https://192.0.2.1/x"
    refused(field, "redirect.ip", **{field: (address,) if field.endswith("s") else address})


def test_loopback_addresses_are_for_development_alone(database: Flask) -> None:
    loopback = dataclasses.replace(PLAIN, redirect_uris=("http://localhost:5101/cb",))
    registered(loopback)
    known: Settings = database.config["IDP"]
    use_settings(known.model_copy(update={"mode": Mode.PRODUCTION}))
    with pytest.raises(InvalidInput) as refusal:
        registered(loopback)
    assert refusal.value.details["problem"] == "redirect.loopback"


@pytest.mark.parametrize(
    ("field", "problem", "changes"),
    [
        ("redirect_uris", "redirect.missing", {"redirect_uris": ()}),
        ("redirect_uris", "redirect.list", {"redirect_uris": ("https://a.example/",) * 2}),
        ("redirect_uris", "redirect.list", {"redirect_uris": tuple(f"https://a.example/{n}" for n in range(51))}),
        ("redirect_uris", "redirect.form", {"redirect_uris": ("https://a.example/" + "x" * 2000,)}),
        ("auth_method", "auth_method.unknown", {"auth_method": "client_secret_jwt"}),
        ("grant_types", "grant.unknown", {"grant_types": ("password",)}),
        ("grant_types", "grant.unknown", {"grant_types": ()}),
        ("grant_types", "grant.refresh_alone", {"grant_types": ("refresh_token",)}),
        ("grant_types", "grant.public", {"auth_method": "none", "grant_types": BOTH}),
        ("scopes", "scope.unknown", {"scopes": ("openid", "sites.read")}),
        ("scopes", "scope.unknown", {"grant_types": ("client_credentials",), "scopes": ("Sites",)}),
        ("scopes", "scope.unknown", {"grant_types": ("client_credentials",), "scopes": ("company:00000016",)}),
        ("scopes", "scope.missing", {"scopes": ()}),
        ("scopes", "scope.linked_public", {"auth_method": "none", "scopes": ("openid", "linked_accounts")}),
        ("scopes", "scope.offline_public", {"auth_method": "none", "scopes": ("openid", "offline_access")}),
        ("require_pkce", "pkce.public", {"auth_method": "none", "require_pkce": False}),
        ("alg", "alg.unknown", {"id_token_alg": "none"}),
        ("alg", "alg.unknown", {"id_token_alg": "HS256"}),
        ("on_narrowing", "narrowing.unknown", {"on_narrowing": "nothing"}),
        ("backchannel_logout_uri", "acting.backchannel", {"acting_understood": True}),
        ("service", "service.unknown", {"service_id": "nowhere"}),
        ("company", "company.unknown", {"company_id": "co_nobody"}),
        ("colour", "colour.form", {"colour": "red;}"}),
        ("colour", "colour.contrast", {"colour": "#ffcc00"}),
        ("icon", "icon.form", {"icon": "../x"}),
        ("admission", "admission.form", {"admission": {"roles": ["king"]}}),
        ("admission", "admission.form", {"admission": {"proofs": []}}),
        ("admission", "admission.form", {"admission": {"colours": ["red"]}}),
        ("name", "client_name.form", {"name_zh": " "}),
        ("name_en", "client_name.form", {"name_en": "a\u202eb"}),
    ],
)  # fmt: skip
def test_metadata_that_breaks_a_rule_is_refused_by_its_name(
    database: Flask, field: str, problem: str, changes: dict[str, Any]
) -> None:
    refused(field, problem, **changes)


def test_scopes_of_a_services_own_are_for_client_credentials(database: Flask) -> None:
    machine = Registration(name_zh="排程", grant_types=("client_credentials",), scopes=("sites.read", "sites:write"))
    client, secret = registered(machine)
    assert secret is not None
    assert client.scopes == ["sites.read", "sites:write"]


def test_a_client_that_understands_acting_is_logged_out_by_sid(database: Flask) -> None:
    address = "https://app.example/backchannel"
    client, _ = registered(dataclasses.replace(PLAIN, acting_understood=True, backchannel_logout_uri=address))
    assert client.backchannel_logout_session_required


def test_a_public_client_has_no_secret(database: Flask) -> None:
    public = dataclasses.replace(PLAIN, auth_method="none")
    client, secret = registered(public)
    assert secret is None
    assert client.secret_hash is None
    with pytest.raises(InvalidInput):
        registered(public, secret="s" * 40)
    with pytest.raises(InvalidInput), transaction():
        rotate_secret(client, timedelta(0))


@pytest.mark.parametrize(
    "key", [RSA, ECKey.generate_key("P-256"), OKPKey.generate_key("Ed25519")], ids=["RSA", "EC", "Ed25519"]
)
def test_a_client_with_keys_registers_its_public_keys(database: Flask, key: Any) -> None:
    jwks = {"keys": [key.as_dict(private=False)]}
    client, secret = registered(dataclasses.replace(PLAIN, auth_method="private_key_jwt", jwks=jwks))
    assert secret is None
    assert client.jwks == jwks


@pytest.mark.parametrize(
    ("jwks", "problem"),
    [
        (None, "jwks.missing"),
        ({}, "jwks.form"),
        ({"keys": []}, "jwks.form"),
        ({"keys": "x"}, "jwks.form"),
        ({"keys": [1]}, "jwks.form"),
        ({"keys": PUBLIC["keys"] * 21}, "jwks.form"),
        ({"keys": [{"kty": "RSA", "e": "AQAB"}]}, "jwks.form"),
        ({"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}, "jwks.form"),
        ({"keys": [{**ECKey.generate_key("secp256k1").as_dict(private=False)}]}, "jwks.form"),
        ({"keys": [OctKey.generate_key(256).as_dict()]}, "jwks.form"),
        ({"keys": [RSA.as_dict(private=True)]}, "jwks.private"),
        ({"keys": [{**PUBLIC["keys"][0], "d": "AA"}]}, "jwks.private"),
        ({"keys": [{"kty": "RSA", "n": PUBLIC["keys"][0]["n"][:171], "e": "AQAB"}]}, "jwks.weak"),
    ],
)
def test_other_key_sets_are_refused(database: Flask, jwks: dict[str, Any] | None, problem: str) -> None:
    refused("jwks", problem, auth_method="private_key_jwt", jwks=jwks)


def test_an_old_secret_works_as_long_as_was_said(database: Flask) -> None:
    client, old = registered(client_id="dreams")
    assert old is not None
    with transaction():
        new = rotate_secret(client, timedelta(hours=1))
    record = client_by_id("dreams")
    assert record is not None
    assert [record.knows_secret(s) for s in (old, new)] == [True, True]
    with transaction():
        client.previous_secret_expires_at = now() - timedelta(seconds=1)
        newest = rotate_secret(client, timedelta(0))
    record = client_by_id("dreams")
    assert record is not None
    assert [record.knows_secret(s) for s in (old, new, newest)] == [False, False, True]
    assert actions()[-1] == "client:secret:rotated"


@pytest.mark.parametrize("overlap", [timedelta(seconds=-1), timedelta(days=31)])
def test_an_old_secret_works_for_at_most_a_month(database: Flask, overlap: timedelta) -> None:
    client, _ = registered()
    with pytest.raises(InvalidInput), transaction():
        rotate_secret(client, overlap)


def test_a_changed_client_is_seen_at_once_and_the_audit_log_says_what(database: Flask) -> None:
    client, _ = registered(client_id="dreams")
    assert client_by_id("dreams") is not None
    with transaction():
        secret = change_client(client, dataclasses.replace(registration_of(client), asks_consent=False))
    record = client_by_id("dreams")
    assert secret is None
    assert record is not None
    assert not record.asks_consent
    assert audit_rows()[-1].details == {"changed": ["asks_consent"]}


def test_a_client_that_begins_to_need_a_secret_gets_one_and_the_other_way_loses_it(database: Flask) -> None:
    client, _ = registered()
    with transaction():
        assert change_client(client, dataclasses.replace(PLAIN, auth_method="none")) is None
    assert client.secret_hash is None
    with transaction():
        assert change_client(client, PLAIN) is not None
    assert client.secret_hash is not None


def test_a_bad_change_changes_nothing(database: Flask) -> None:
    client, _ = registered()
    with pytest.raises(InvalidInput), transaction():
        change_client(client, dataclasses.replace(PLAIN, scopes=()))
    session.expire_all()
    assert registration_of(client) == dataclasses.replace(PLAIN, name_en="測試")


def test_removing_a_client_ends_its_tokens_and_leaves_the_person_signed_in(company: Company) -> None:
    ming, dreams, other = person(company, Role.STAFF), a_client(), a_client("other")
    signed_in(ming, dreams)
    with transaction():
        remove_client(dreams)
    assert what_is_open(ming) == ["SignIn"]
    signed_in(ming, other)
    assert what_is_open(ming)[-3:] == ["ClientSession", "Grant", "Token"]


def test_a_service_owns_clients(database: Flask) -> None:
    with transaction():
        add_service("dreams", ServiceProfile(name_zh="DREAMS 案場申請", name_en="DREAMS sites"))
    client, _ = registered(dataclasses.replace(PLAIN, service_id="dreams"))
    assert session.get_one(Service, client.service_id).name_en == "DREAMS sites"


@pytest.mark.both_databases
def test_operators_who_register_one_id_at_once_get_one_client(database: Flask) -> None:
    def register() -> str:
        return registered(client_id="dreams")[0].id

    assert at_once(database, register) == ["already_exists", "already_exists", "already_exists", "dreams"]
