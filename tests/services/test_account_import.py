"""People of an existing system are brought in: all checked first, each written whole, run again without harm."""

import csv
import hashlib
import itertools
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from idp.db import session, transaction
from idp.errors import BadCredentials
from idp.models import Account, Company, OneTimeSecret, Password
from idp.policies.roles import Role
from idp.policies.standing import CompanyProof
from idp.services import account_import, passwords
from idp.services.account_import import Chosen, Written, write_accounts
from idp.services.account_import_check import ALREADY, BAD, NEW, CheckedFile
from idp.services.account_import_rows import COLUMNS, ImportRefused, Problem
from idp.services.accounts import set_role, suspend_account
from idp.services.companies import suspend_company
from idp.services.password_sign_in import judge, open_try, settle_try
from tests.policies.test_imported_hashes import BCRYPT, MADE_BY
from tests.services.applicants import OPERATOR, a_service
from tests.services.people import actions, audit_rows, mails, person

pytestmark = pytest.mark.both_databases

OLD = "old-Passw0rd"
WANG = {
    "tax_id": "00000022", "company_name": "測試二號有限公司", "username": "ming", "name": "王小明",
    "email": "ming@example.test", "phone": "0912345678", "role": "staff", "password_hash": BCRYPT,
}  # fmt: skip
LIN = WANG | {
    "username": "yulin",
    "name": "林小玉",
    "email": "yulin@example.test",
    "role": "group_admin",
    "password_hash": "",
}
addresses = (f"192.0.2.{n}" for n in itertools.count(1))


def a_file(folder: Path, *rows: dict[str, str]) -> Path:
    """A file of these rows, as a spreadsheet saves it."""
    path = folder / "people.csv"
    columns = [column for column in COLUMNS if any(column in row for row in rows)]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return path


def nobody(_done: int) -> None:
    """Is told how far it is."""


def problems_of(path: Path) -> list[tuple[int, str, str, str | None]]:
    with CheckedFile(path, nobody) as checked:
        return [(p.line, p.column, p.problem, p.about) for p in checked.problems()]


def bring_in(path: Path, **chosen: Any) -> Written:
    with CheckedFile(path, nobody) as checked:
        assert list(checked.problems()) == []
        return write_accounts(checked, Chosen(**chosen), nobody)


def account(username: str) -> Account:
    return session.query(Account).filter_by(username=username).populate_existing().one()


def sign_in(username: str, password: str) -> bool:
    """Whether somebody signs in so."""
    try:
        with transaction():
            attempt = open_try(username, browser="a browser", address=next(addresses))
        verdict = judge(attempt, password)
        with transaction():
            settle_try(attempt, verdict)
    except BadCredentials:
        return False
    return True


def test_people_and_their_companies_are_brought_in(company: Company, tmp_path: Path) -> None:
    a_service()
    known = WANG | {
        "tax_id": "００００００１６",
        "company_name": "測試一號 有限公司",
        "username": "Old.Name",
        "service": "dreams",
    }
    gone = LIN | {
        "username": "gone",
        "email": "g@example.test",
        "status": "suspended",
        "status_reason": "離職",
        "locale": "en",
    }
    path = a_file(tmp_path, WANG, {}, LIN, known, gone)
    written = bring_in(path, proof=CompanyProof.DOCUMENT, reason="合約書影本")
    assert written == Written(accounts=4, companies=1, passwords=2, invited=1)
    made = session.query(Company).filter_by(tax_id="00000022").one()
    assert (made.name, made.proof, made.first_admin_id) == (
        "測試二號有限公司",
        CompanyProof.DOCUMENT,
        account("yulin").id,
    )
    ming = account("ming")
    assert (ming.company_id, ming.role, ming.phone, ming.email_verified_at) == (
        made.id,
        Role.STAFF,
        "+886912345678",
        None,
    )
    assert (ming.perm_ver, ming.version, ming.locale, ming.approval) == (1, 1, "zh-TW", "operator")
    old = account("Old.Name")
    assert (old.company_id, old.username_canonical, old.service_id) == (company.id, "old.name", "dreams")
    assert (account("gone").status, account("gone").status_reason, account("gone").locale) == (
        "suspended",
        "離職",
        "en",
    )
    assert len({a.electronic_id for a in session.query(Account)}) == 4
    assert [(mail.recipient, mail.payload["template"]) for mail in mails()] == [
        ("yulin@example.test", "first_password")
    ]
    told = {row.account_id: row.details for row in audit_rows() if row.action == "account:imported"}
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert told[ming.id] == {"role": "staff", "status": "active", "password": "bcrypt", "file": digest}
    assert told[account("yulin").id]["password"] == "none"
    proven = next(row for row in audit_rows() if row.action == "company:proven")
    assert (proven.company_id, proven.details["reason"], proven.actor) == (made.id, "合約書影本", "cli:tests")


@pytest.mark.parametrize("made", MADE_BY.values(), ids=MADE_BY)
def test_a_password_of_the_old_system_signs_in_and_its_hash_is_replaced(
    company: Company, tmp_path: Path, made: str
) -> None:
    row = WANG | {"tax_id": "00000016", "company_name": "", "password_hash": made}
    bring_in(a_file(tmp_path, row), emails_confirmed=True)
    ming = account("ming")
    assert ming.email_verified_at is not None
    assert not sign_in("ming", OLD.upper())
    assert session.get_one(Password, ming.id, populate_existing=True).hash == made
    assert sign_in("ming", OLD)
    kept = session.get_one(Password, ming.id, populate_existing=True).hash
    assert kept != made
    assert kept.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert sign_in("ming", OLD)
    assert not sign_in("ming", OLD + "x")
    assert session.get_one(Password, ming.id, populate_existing=True).hash == kept


def test_bcrypt_reads_72_bytes_until_the_first_sign_in_and_ours_reads_all(database: Flask) -> None:
    import bcrypt

    long = "密碼" * 20 + "1"
    stored = bcrypt.hashpw(long.encode()[:72], bcrypt.gensalt(4)).decode()
    assert passwords.matches(stored, long)
    assert passwords.matches(stored, long + "2")
    assert not passwords.matches(stored, "密" + long)
    fresh = passwords.rehashed(stored, long)
    assert fresh is not None
    assert not passwords.matches(fresh, long + "2")
    assert not passwords.matches(stored, "x" * 1000)
    assert not passwords.matches("$2b$04$damaged", "x")
    assert not passwords.matches("pbkdf2:damaged", "x")
    assert not passwords.matches(stored, "\ud800")


def test_a_password_changed_meanwhile_is_not_replaced_by_the_old_one(company: Company, tmp_path: Path) -> None:
    bring_in(a_file(tmp_path, WANG | {"tax_id": "00000016", "company_name": ""}))
    ming = account("ming")
    with transaction():
        attempt = open_try("ming", browser="a browser", address=next(addresses))
    verdict = judge(attempt, OLD)
    with transaction():
        passwords.set_password(ming, "another-Passw0rd-17")
        settle_try(attempt, verdict)
    assert sign_in("ming", "another-Passw0rd-17")
    assert not sign_in("ming", OLD)


@pytest.mark.parametrize(
    ("changed", "column", "problem"),
    [
        ({"tax_id": "12345678"}, "tax_id", "tax_id.form"), ({"tax_id": "22"}, "tax_id", "tax_id.zeros"),
        ({"tax_id": '="00000022"'}, "tax_id", "tax_id.form"), ({"tax_id": ""}, "tax_id", "cell.empty"),
        ({"id_type": "agency"}, "tax_id", "entity.form"), ({"id_type": "vat"}, "id_type", "id_type.unknown"),
        ({"company_name": ""}, "company_name", "company_name.missing"),
        ({"company_name": "=cmd|' /C calc'!A0"}, "company_name", "cell.formula"),
        ({"company_name": "名" * 201}, "company_name", "company_name.form"),
        ({"username": "m"}, "username", "username.form"), ({"username": "mіng"}, "username", "username.form"),
        ({"name": "=HYPERLINK(1)"}, "name", "cell.formula"), ({"name": "王" * 51}, "name", "name.form"),
        ({"name": "王\n小明"}, "name", "cell.control"), ({"name": "王\u202e小明"}, "name", "cell.control"),
        ({"name": "a" * 1001}, "name", "cell.long"), ({"email": "a@b.test, c@d.test"}, "email", "email.form"),
        ({"email": "Ming <m@example.test>"}, "email", "email.form"), ({"phone": "12"}, "phone", "phone.form"),
        ({"phone": "912345678"}, "phone", "phone.zero"), ({"role": "admin"}, "role", "role.unknown"),
        ({"status": "locked"}, "status", "status.unknown"), ({"status": "suspended"}, "status", "status.reason"),
        ({"status": "suspended", "status_reason": ""}, "status_reason", "status.reason"),
        ({"status": "suspended", "status_reason": "x" * 501}, "status_reason", "reason.form"),
        ({"password_hash": "hunter2"}, "password_hash", "hash.form"),
        ({"password_hash": BCRYPT.replace("$04$", "$31$")}, "password_hash", "hash.cost"),
        ({"service": "nothing"}, "service", "service.unknown"), ({"locale": "fr"}, "locale", "locale.unknown"),
    ],
)  # fmt: skip
def test_a_row_is_held_against_the_rules(
    database: Flask, tmp_path: Path, changed: dict[str, str], column: str, problem: str
) -> None:
    assert problems_of(a_file(tmp_path, WANG | changed)) == [
        (3 if "\n" in changed.get("name", "") else 2, column, problem, None)
    ]


def test_rows_are_held_against_each_other_and_against_who_is_here(company: Company, tmp_path: Path) -> None:
    a_service()
    a_service("one", OPERATOR | {"accounts_per_company": "one", "email_unique": "none"})
    a_service("port", {"preset": "twport", "company_proof": ["operator"]})
    person(company, username="taken", email="here@example.test")
    here = WANG | {"tax_id": "00000016", "company_name": ""}
    alone = WANG | {"tax_id": "00000037", "company_name": "測試三號有限公司", "service": "one"}
    found = problems_of(
        a_file(
            tmp_path,
            WANG,
            WANG | {"username": "ＭＩＮＧ", "email": "2@example.test"},
            WANG | {"username": "third", "email": "MING@example.test"},
            WANG | {"username": "fourth", "email": "4@example.test", "company_name": "測試五號"},
            WANG
            | {"username": "fifth", "email": "5@example.test", "company_name": "", "role": "guest", "service": "port"},
            here | {"username": "Taken", "email": "6@example.test"},
            here | {"username": "seventh", "email": "Here@example.test"},
            here | {"username": "eighth", "email": "8@example.test", "company_name": "測試八號"},
            here | {"username": "ninth", "email": "9@example.test", "service": "one"},
            alone | {"username": "tenth"},
            alone | {"username": "eleventh", "email": "11@example.test"},
            alone | {"username": "twelfth", "id_type": "agency", "tax_id": "376610000A", "service": "dreams"},
        )
    )
    assert found == [
        (3, "username", "username.twice", "2"),
        (4, "email", "email.twice", "2"),
        (5, "company_name", "company_name.twice", "2"),
        (6, "role", "role.not_of_service", None),
        (7, "username", "username.taken", None),
        (8, "email", "email.used", None),
        (9, "company_name", "company_name.differs", None),
        (10, "tax_id", "company.has_account", None),
        (12, "tax_id", "company.twice", "11"),
        (13, "id_type", "id_type.not_of_service", None),
    ]
    with transaction():
        suspend_company(company, "歇業")
    assert problems_of(a_file(tmp_path, here)) == [(2, "tax_id", "company.not_active", None)]


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", ("empty", None, None)),
        (b"\xef\xbb\xbf", ("empty", None, None)),
        (b"tax_id,username,name,email,role\r\n", ("no_rows", None, None)),
        (b"tax_id,username,name,email,role\r\n,,,,\r\n\r\n", ("no_rows", None, None)),
        (b"tax_id,username,name,email\n", ("column_missing", 1, "role")),
        (b"tax_id,username,name,email,role,password\n", ("column_unknown", 1, "password")),
        (b"tax_id;username;name;email;role\n", ("column_unknown", 1, "tax_id;username;name;email;role")),
        (b"tax_id,username,name,email,role,role\n", ("column_twice", 1, "role")),
        (b"tax_id,username,name,email,role,\n", ("column_nameless", 1, "6")),
        ("tax_id,username,name,email,role\n1,2,王,4,5\n".encode("big5"), ("encoding", 2, None)),
        ("tax_id,username,name,email,role\n".encode("utf-16"), ("encoding", 1, None)),
        (b'tax_id,username,name,email,role\n"1"2,2,3,4,5\n', ("csv", 2, None)),
        (b'tax_id,username,name,email,role\n"1,2,3,4,5\n', ("csv", 2, None)),
        (b"tax_id,username,name,email,role\n1,2,3,4," + b"5" * 10_000_000, ("line_long", 2, None)),
        (b'tax_id,username,name,email,role\n1,2,3,4,"' + b"5\n" * 5_000_000, ("csv", None, None)),
        (b"tax_id,username,name,email,role\r1,2,3,4,5\r", ("csv", 1, None)),
    ],
    ids=["empty", "mark", "header", "blank", "missing", "unknown", "semicolons", "twice", "nameless", "big5", "utf16",
         "quote", "unclosed", "long line", "long cell", "old mac"],
)  # fmt: skip
def test_a_file_that_can_not_be_read_is_refused_whole(
    database: Flask, tmp_path: Path, content: bytes, refusal: tuple[str, int | None, str | None]
) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(content)
    with pytest.raises(ImportRefused) as refused, CheckedFile(path, nobody):
        pass
    told = refused.value
    assert (told.problem, told.value) == (refusal[0], refusal[2])
    assert refusal[1] is None or told.line == refusal[1]


def test_a_zero_byte_and_a_row_of_another_length_are_told(database: Flask, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(b"tax_id,username,name,email,role\n00000016,mi\0ng,w,m@example.test,staff\n1,2\n1,2,3,4,5,6\n")
    assert problems_of(path) == [
        (2, "username", "cell.control", None),
        (3, "", "row.cells", None),
        (4, "", "row.cells", None),
    ]


def test_an_import_broken_off_is_finished_by_running_it_again(
    database: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_import, "BATCH", 2)
    rows = [LIN | {"username": f"user{n}", "email": f"{n}@example.test"} for n in range(5)]
    path = a_file(tmp_path, *rows)
    with CheckedFile(path, nobody) as checked, pytest.raises(KeyboardInterrupt):
        write_accounts(checked, Chosen(), stop_after(4))
    assert session.query(Account).count() == 4
    with transaction():
        set_role(account("user0"), Role.STAFF)
        suspend_account(account("user1"), "離職")
    with CheckedFile(path, nobody) as checked:
        assert [checked.count(outcome) for outcome in (NEW, ALREADY, BAD)] == [1, 4, 0]
        assert write_accounts(checked, Chosen(), nobody) == Written(accounts=1, invited=1)
    assert (account("user0").role, account("user1").status) == (Role.STAFF, "suspended")
    invited = [mail.recipient for mail in mails() if mail.payload["template"] == "first_password"]
    assert invited == [f"{n}@example.test" for n in range(5)]
    assert session.query(OneTimeSecret).count() == 5
    assert bring_in(path) == Written()
    assert actions().count("account:imported") == 5
    assert actions().count("company:added") == 1


def stop_after(done: int) -> Any:
    def told(now: int) -> None:
        if now >= done:
            raise KeyboardInterrupt

    return told


def test_who_takes_a_name_between_check_and_writing_is_told(company: Company, tmp_path: Path) -> None:
    here = WANG | {"tax_id": "00000016", "company_name": ""}
    other = here | {"username": "yulin", "email": "yulin@example.test"}
    with CheckedFile(a_file(tmp_path, here, other), nobody) as checked:
        person(company, username="ming")
        assert write_accounts(checked, Chosen(), nobody) == Written(accounts=1, passwords=1)
        assert list(checked.problems()) == [Problem(2, "ming", "username", "username.taken", None)]
        assert checked.count(BAD) == 1


def test_two_imports_of_one_file_at_once_make_each_account_once(
    database: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.services.people import at_once

    monkeypatch.setattr(account_import, "BATCH", 3)
    rows = [
        WANG | {"username": f"user{n}", "email": f"{n}@example.test", "role": ("staff", "group_admin")[n % 2]}
        for n in range(30)
    ]
    path = a_file(tmp_path, *rows)

    def act() -> str:
        with CheckedFile(path, nobody) as checked:
            written = write_accounts(checked, Chosen(), nobody)
            return f"{written.accounts} {checked.count(BAD)}"

    answers = [tuple(map(int, answer.split())) for answer in at_once(database, act, times=2)]
    assert sum(accounts for accounts, _ in answers) == 30
    assert [bad for _, bad in answers] == [0, 0]
    session.expire_all()
    assert session.query(Account).count() == 30
    assert session.query(Company).count() == 1
    assert actions().count("company:added") == 1
