"""An operator sets up companies, people, clients, menus and keys; each step answers and is recorded."""

import getpass
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from tests.harness.command import Command, CommandFailed

PASSWORD = "tests-Passw0rd-92"
MENUS = [{"code": "site.list", "label_zh": "案場", "label_en": "Sites", "parent": None, "default_roles": ["guest"]}]


def add_person(idp: Command, username: str, role: str = "staff", *, tax_id: str = "00000016") -> Any:
    return idp(
        "account", "add", "--tax-id", tax_id, "--username", username, "--name", "王小明",
        "--email", f"{username}@example.test", "--role", role, "--password-stdin", stdin=f"{PASSWORD}\n",
    )  # fmt: skip


def add_client(idp: Command, client_id: str, *more: str, stdin: str = "") -> Any:
    address = f"https://{client_id}.example/callback"
    given = ("client", "add", "--client-id", client_id, "--name", "測試", "--redirect-uri", address)
    return idp(*given, "--scope", "openid profile", *more, stdin=stdin)


def refused(idp: Command, *words: str, stdin: str = "", status: int = 1) -> str:
    """What the command says when it does not do it."""
    ended, shown, said = idp.attempt(*words, stdin=stdin)
    assert (ended, shown) == (status, ""), said
    assert "Traceback" not in said
    assert len(said.splitlines()) <= 4
    return said


def audit(database: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(database) as connection:
        rows = connection.execute("SELECT action, actor FROM audit_log ORDER BY id").fetchall()
    connection.close()
    return rows


def test_setting_up_twice_changes_nothing(idp: Command, database: Path) -> None:
    before = idp("keys", "list", "--json")
    idp("init")
    assert idp("keys", "list", "--json") == before
    assert database.stat().st_mode & 0o077 == 0


def test_every_command_is_recorded_with_who_ran_it(idp: Command, database: Path, tmp_path: Path) -> None:
    menus = tmp_path / "menus.json"
    menus.write_text(json.dumps({"client_id": "recorded", "menus": MENUS}))
    add_client(idp, "recorded")
    add_person(idp, "recorded1")
    words = [
        ("company", "show", "--tax-id", "00000016"),
        ("account", "show", "--username", "recorded1"),
        ("account", "set-role", "--username", "recorded1", "--role", "guest"),
        ("account", "suspend", "--username", "recorded1", "--reason", "離職"),
        ("account", "restore", "--username", "recorded1"),
        ("client", "list"),
        ("client", "show", "recorded"),
        ("client", "set", "recorded", "--no-consent"),
        ("client", "rotate-secret", "recorded"),
        ("menu", "import", str(menus)),
        ("client", "remove", "recorded"),
        ("keys", "list"),
        ("keys", "rotate", "--alg", "ES256"),
        ("audit", "verify"),
        ("init",),
    ]
    for command in words:
        before = len(audit(database))
        assert idp.attempt(*command)[0] == 0, command
        new = audit(database)[before:]
        assert new, command
        assert {actor for _, actor in new} == {f"cli:{getpass.getuser()}"}
    before = len(audit(database))
    refused(idp, "company", "show", "--tax-id", "00000037")
    assert [action for action, _ in audit(database)[before:]] == ["operator:command:refused"]


def test_a_company_is_added_shown_suspended_and_restored(idp: Command) -> None:
    added = idp("company", "add", "--tax-id", "００００００４３", "--name", "測試四號", "--proof", "document")
    assert (added["tax_id"], added["status"], added["proof"]) == ("00000043", "active", "document")
    assert idp("company", "show", "--tax-id", "00000043", "--json") == added
    assert "測試四號" in idp("company", "show", "--tax-id", "00000043")
    assert idp("company", "suspend", "--tax-id", "00000043", "--reason", "歇業")["status"] == "suspended"
    assert "not in use" in refused(idp, "company", "suspend", "--tax-id", "00000043", "--reason", "x")
    assert idp("company", "restore", "--tax-id", "00000043")["status"] == "active"
    assert "taken" in refused(idp, "company", "add", "--tax-id", "00000043", "--name", "x")
    assert "tax ID" in refused(idp, "company", "add", "--tax-id", "12345678", "--name", "x")


def test_an_account_lives_through_its_commands(idp: Command) -> None:
    added = add_person(idp, "ming")
    assert added["sub"].startswith("ga_")
    assert (added["role"], added["status"], added["company_tax_id"]) == ("staff", "active", "00000016")
    assert idp("account", "show", "--username", "MING", "--json") == added
    changed = idp("account", "set-role", "--username", "ming", "--role", "guest")
    assert (changed["role"], changed["perm_ver"]) == ("guest", 2)
    suspended = idp("account", "suspend", "--username", "ming", "--reason", "離職")
    assert (suspended["status"], suspended["status_reason"]) == ("suspended", "離職")
    assert idp("account", "restore", "--username", "ming")["status"] == "active"
    assert idp("account", "close", "--username", "ming", "--reason", "離職")["status"] == "closed"
    assert "closed already" in refused(idp, "account", "close", "--username", "ming", "--reason", "離職")
    assert "no such account" in refused(idp, "account", "show", "--username", "nobody")


def test_the_last_group_admin_stays(idp: Command) -> None:
    add_person(idp, "only-admin", "group_admin", tax_id="00000022")
    said = refused(idp, "account", "set-role", "--username", "only-admin", "--role", "staff")
    assert "group admin" in said


@pytest.mark.parametrize(
    ("password", "reason"),
    [("short1\n", "8 characters"), ("password1\n", "guess"), ("\n", "one line"), ("", "one line"),
     ("lettersonly\n", "letters and digits"), ("x1" * 600_000, "one line")],
)  # fmt: skip
def test_a_bad_password_is_refused_in_words_and_nothing_is_added(idp: Command, password: str, reason: str) -> None:
    said = refused(
        idp, "account", "add", "--tax-id", "00000016", "--username", "badpass", "--name", "王",
        "--email", "a@example.test", "--role", "staff", "--password-stdin", stdin=password,
    )  # fmt: skip
    assert reason in said
    assert "no such account" in refused(idp, "account", "show", "--username", "badpass")


def test_a_client_is_registered_and_its_secret_told_once(idp: Command, database: Path) -> None:
    added = add_client(idp, "dreams", "--service", "dreams", "--alg", "ES256", "--no-pkce", "--no-consent")
    assert set(added) == {"client_id", "client_secret"}
    shown = idp("client", "show", "dreams", "--json")
    assert (shown["alg"], shown["pkce"], shown["consent"], shown["service"]) == ("ES256", False, False, "dreams")
    assert shown["grant_types"] == ["authorization_code"]
    assert added["client_secret"] not in json.dumps(shown)
    assert added["client_secret"].encode() not in database.read_bytes()
    assert "dreams" in [c["client_id"] for c in idp("client", "list", "--json")]
    assert "dreams" in idp("client", "list")


def test_a_refused_client_leaves_no_service_behind(idp: Command) -> None:
    given = ("client", "add", "--name", "x", "--redirect-uri", "https://x.example/", "--service", "left-behind")
    refused(idp, *given, "--scope", "unknown")
    said = refused(
        idp, "account", "add", "--tax-id", "00000016", "--username", "of-service", "--name", "王",
        "--email", "a@example.test", "--role", "staff", "--service", "left-behind",
    )  # fmt: skip
    assert "service" in said


def test_a_secret_may_come_from_standard_input(idp: Command) -> None:
    assert add_client(idp, "given", "--secret-stdin", stdin="s" * 40)["client_secret"] == "s" * 40
    said = refused(
        idp, "client", "add", "--name", "x", "--redirect-uri", "https://x.example/", "--secret-stdin", stdin="s"
    )
    assert "32" in said


def test_a_clients_metadata_is_changed_and_taken_away(idp: Command) -> None:
    add_client(idp, "changing", "--initiate-login-uri", "https://changing.example/login")
    changed = idp(
        "client", "set", "changing", "--name", "新名", "--redirect-uri", "https://b.example/", "--scope", "openid",
        "--initiate-login-uri", "",
    )  # fmt: skip
    assert changed["name"] == "新名"
    assert changed["redirect_uris"] == ["https://b.example/"]
    assert changed["scope"] == "openid"
    assert changed["initiate_login_uri"] is None
    assert "at least one" in refused(idp, "client", "set", "changing", "--redirect-uri", "")
    assert "client_secret" not in idp("client", "set", "changing", "--auth-method", "none")
    assert "client_secret" in idp("client", "set", "changing", "--auth-method", "client_secret_post")


def test_a_secret_is_renewed_with_an_overlap(idp: Command) -> None:
    first = add_client(idp, "renewed")
    second = idp("client", "rotate-secret", "renewed", "--overlap-hours", "2")
    assert second["client_secret"] != first["client_secret"]
    assert second["previous_secret_expires_at"]
    assert idp("client", "rotate-secret", "renewed", "--overlap-hours", "0")["previous_secret_expires_at"] is None
    refused(idp, "client", "rotate-secret", "renewed", "--overlap-hours", "nan", status=2)
    assert "30 days" in refused(idp, "client", "rotate-secret", "renewed", "--overlap-hours", "1000")


def test_a_client_with_keys_registers_them_from_a_file(idp: Command, tmp_path: Path) -> None:
    key, file = RSAKey.generate_key(2048), tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    assert add_client(idp, "keyed", "--auth-method", "private_key_jwt", "--jwks", str(file)) == {"client_id": "keyed"}
    file.write_text(json.dumps({"keys": [key.as_dict(private=True)]}))
    with pytest.raises(CommandFailed, match="private key"):
        add_client(idp, "keyed2", "--auth-method", "private_key_jwt", "--jwks", str(file))
    file.write_text("{")
    with pytest.raises(CommandFailed, match="not readable as JSON"):
        add_client(idp, "keyed3", "--auth-method", "private_key_jwt", "--jwks", str(file))


def test_a_removed_client_is_gone_for_good(idp: Command) -> None:
    add_client(idp, "removed")
    assert idp("client", "remove", "removed")["removed"]
    assert "no such client" in refused(idp, "client", "show", "removed")
    with pytest.raises(CommandFailed, match="taken"):
        add_client(idp, "removed")


@pytest.mark.parametrize(
    "address", ["http://a.example/", "https://a.example/#x", "https://*.example/", "javascript:alert(1)", "\x01"]
)
def test_an_unsafe_address_is_refused_by_name(idp: Command, address: str) -> None:
    said = refused(idp, "client", "add", "--name", "x", "--redirect-uri", address)
    assert "address" in said


def test_menus_are_imported_and_a_bad_file_is_refused(idp: Command, tmp_path: Path) -> None:
    add_client(idp, "menued")
    file = tmp_path / "menus.json"
    file.write_text(json.dumps({"client_id": "menued", "menus": MENUS}))
    difference = {"client_id": "menued", "added": ["site.list"], "changed": [], "retired": []}
    assert idp("menu", "import", str(file)) == difference
    for content, reason in (
        ("[]", "object"),
        ("{", "JSON"),
        ("[" * 100_000, "JSON"),
        ('{"client_id": 1, "menus": []}', "object"),
        ('{"client_id": "menued", "menus": 1}', "list"),
        ('{"client_id": "nobody", "menus": []}', "no such client"),
    ):
        file.write_text(content)
        assert reason in refused(idp, "menu", "import", str(file))
    refused(idp, "menu", "import", str(tmp_path / "nowhere.json"), status=2)


def test_keys_are_rotated_and_retired(idp: Command) -> None:
    def states(alg: str) -> dict[str, str]:
        return {k["kid"]: k["state"] for k in idp("keys", "list", "--json") if k["alg"] == alg}

    before = states("EdDSA")
    active = next(kid for kid, state in before.items() if state == "active")
    following = next(kid for kid, state in before.items() if state == "next")
    assert idp("keys", "rotate", "--alg", "EdDSA") == {"alg": "EdDSA", "active": following}
    assert states("EdDSA")[active] == "retired"
    idp("keys", "retire", following)
    assert sorted(states("EdDSA").values()) == ["active", "next", "retired", "retired"]
    refused(idp, "keys", "retire", "nobody")


def test_bytes_that_are_no_text_get_a_sentence(idp: Command, surroundings: dict[str, str]) -> None:
    add = ["company", "add", "--tax-id", "00000037", "--name", "\udcff\udcfe"]
    # A process of its own shows how Python hands such bytes on; the others are given them as it does.
    ended = subprocess.run(
        [os.fsencode(sys.executable), b"-m", b"idp.cli", *map(os.fsencode, add)],
        env=surroundings, capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    answers = {"company add in a process": (ended.returncode, ended.stderr)}
    for words in (
        add,
        ["company", "show", "--tax-id", "\udcff"],
        ["client", "show", "\udcff"],
        ["account", "show", "--username", "\udcff"],
        ["keys", "retire", "\udcff"],
    ):
        status, _, said = idp.attempt(*words)
        answers[" ".join(words[:2])] = (status, said)
    for name, (status, said) in answers.items():
        assert status == 1, name
        assert said.strip(), name
        assert "Traceback" not in said, name
