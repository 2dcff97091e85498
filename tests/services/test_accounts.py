"""General accounts are added, suspended, restored and given roles; a company keeps a group admin."""

import threading
from collections.abc import Callable

import pytest
from flask import Flask

from idp.db import session, transaction
from idp.errors import AlreadyExists, InvalidInput, LastGroupAdmin, PasswordRefused, Refused
from idp.models import Account, Company, Password
from idp.policies.electronic_id import is_electronic_id
from idp.policies.roles import Role
from idp.policies.standing import AccountStatus
from idp.services import accounts as service
from idp.services.accounts import account_by_username, restore_account, set_role, suspend_account
from idp.services.companies import add_company
from idp.services.passwords import matches
from tests.services.people import (
    PASSWORD,
    a_client,
    actions,
    at_once,
    audit_rows,
    mails,
    person,
    signed_in,
    what_is_open,
)


def test_an_account_is_active_and_has_its_numbers_from_the_first_moment(company: Company) -> None:
    ming = person(company, Role.STAFF, username="staff1", password=PASSWORD)
    assert ming.id.startswith("ga_")
    assert (ming.status, ming.role, ming.perm_ver) == (AccountStatus.ACTIVE, Role.STAFF, 1)
    assert is_electronic_id(ming.electronic_id)
    assert actions() == ["company:added", "account:added"]
    assert PASSWORD not in str([row.details for row in audit_rows()])


def test_only_the_hash_of_the_password_is_kept(company: Company) -> None:
    ming = person(company, password=PASSWORD)
    kept = session.get_one(Password, ming.id)
    assert kept.hash.startswith("$argon2id$")
    assert matches(kept.hash, PASSWORD)
    # Equal in the first 72 bytes, which is where older hashes stop reading; and another case.
    long = "風雨山海花鳥魚蟲日月星辰東南西北春夏秋冬金木水火" + "-a1"
    other = person(company, password=long)
    stored = session.get_one(Password, other.id).hash
    assert [matches(stored, p) for p in (long, long[:-1] + "2", long.upper())] == [True, False, False]


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("abc1234", "short"),
        ("a1" * 64 + "x", "long"),
        ("passwordpassword", "mixed"),
        ("password1", "guessable"),
        ("staff-ming1", "made_of"),
        ("00000016a", "made_of"),
        ("測試一號有限公司1", "made_of"),
    ],
)
def test_a_password_that_others_would_guess_is_refused_with_the_reason(
    company: Company, password: str, reason: str
) -> None:
    with pytest.raises(PasswordRefused) as refusal:
        person(company, username="staff-ming", password=password)
    assert refusal.value.details == {"reason": reason}
    assert account_by_username("staff-ming") is None


@pytest.mark.parametrize("spelling", ["ADMIN", "ａdmin", "admin "])
@pytest.mark.requirement("R-079")
def test_another_spelling_of_a_taken_name_is_taken(company: Company, spelling: str) -> None:
    admin = person(company, username="admin")
    with pytest.raises(AlreadyExists) as refusal:
        person(company, username=spelling, email="x@example.test")
    assert refusal.value.details == {"field": "username"}
    assert account_by_username(spelling) == admin


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", "аdmin"),
        ("username", "a"),
        ("name", "\0"),
        ("name", ""),
        ("email", "a@example.test\r\nBcc: b@example.test"),
        ("email", "nobody"),
        ("service_id", "nowhere"),
    ],
)
def test_input_that_breaks_a_rule_is_refused_by_its_field(company: Company, field: str, value: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        person(company, **({"username": "ming", "email": "ming@example.test"} | {field: value}))
    assert refusal.value.details["field"] == field.removesuffix("_id")


@pytest.mark.parametrize("text", ["", "nobody", "\0", "\ud800", "x" * 100_000])
def test_a_name_nobody_has_finds_nobody(database: Flask, text: str) -> None:
    assert account_by_username(text) is None


def test_a_taken_electronic_id_is_drawn_anew(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter([7, 7, 8])
    monkeypatch.setattr(service.secrets, "randbelow", lambda _: next(drawn))
    first, second = person(company), person(company)
    assert [a.electronic_id[:-1] for a in (first, second)] == ["IC000000007", "IC000000008"]


@pytest.mark.both_databases
def test_people_who_take_one_name_at_once_get_it_once(database: Flask, company: Company) -> None:
    def take() -> str:
        return person(company, username="taken-once").username

    assert at_once(database, take) == ["already_exists", "already_exists", "already_exists", "taken-once"]


def test_no_free_number_is_an_accident_and_not_an_account(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service.secrets, "randbelow", lambda _: 7)
    person(company)
    with pytest.raises(RuntimeError, match="electronic ID"):
        person(company, username="second")
    assert account_by_username("second") is None


@pytest.mark.requirement("R-048")
def test_suspending_ends_all_an_account_has_open_at_once_and_tells_the_person(company: Company) -> None:
    ming, client = person(company), a_client()
    signed_in(ming, client)
    with transaction():
        suspend_account(ming, "離職")
    assert (ming.status, ming.status_reason, ming.perm_ver) == (AccountStatus.SUSPENDED, "離職", 2)
    assert what_is_open(ming) == []
    mail = mails()[-1]
    assert (mail.recipient, mail.payload["template"]) == (ming.email, "account_suspended")
    assert mail.message_id.endswith("@idp.test>")
    assert actions()[-1] == "account:suspended"


def test_a_restored_account_is_active_but_nothing_old_comes_back(company: Company) -> None:
    ming, client = person(company), a_client()
    signed_in(ming, client)
    with transaction():
        suspend_account(ming, "離職")
    with transaction():
        restore_account(ming)
    assert (ming.status, ming.status_reason) == (AccountStatus.ACTIVE, None)
    assert what_is_open(ming) == []
    assert [m.payload["template"] for m in mails()] == ["account_suspended", "account_restored"]


def test_only_an_active_account_is_suspended_and_only_a_suspended_one_restored(company: Company) -> None:
    ming = person(company)
    with pytest.raises(InvalidInput), transaction():
        restore_account(ming)
    with transaction():
        suspend_account(ming, "離職")
    with pytest.raises(InvalidInput), transaction():
        suspend_account(ming, "離職")
    assert len(mails()) == 1


@pytest.mark.requirement("R-040")
def test_another_role_counts_up_the_version_of_rights_and_tells_the_person(company: Company) -> None:
    ming = person(company, Role.GUEST)
    with transaction():
        set_role(ming, Role.STAFF)
    with transaction():
        set_role(ming, Role.STAFF)
    assert (ming.role, ming.perm_ver) == (Role.STAFF, 2)
    assert [m.payload["context"]["role"] for m in mails()] == ["staff"]
    assert audit_rows()[-1].details == {"before": "guest", "after": "staff"}


@pytest.mark.requirement("R-046")
@pytest.mark.parametrize("step_down", [lambda a: set_role(a, Role.STAFF), lambda a: suspend_account(a, "離職")])
def test_the_last_group_admin_stays(company: Company, step_down: Callable[[Account], None]) -> None:
    chen, second = person(company, Role.GROUP_ADMIN), person(company, Role.GROUP_ADMIN)
    with transaction():
        step_down(second)
    with pytest.raises(LastGroupAdmin), transaction():
        step_down(chen)
    assert session.get_one(Account, chen.id, populate_existing=True).role is Role.GROUP_ADMIN
    assert len(mails()) == 1


def test_group_admins_of_another_company_do_not_count(company: Company) -> None:
    with transaction():
        other = add_company(tax_id="00000022", name="測試二號有限公司")
    person(other, Role.GROUP_ADMIN)
    with pytest.raises(LastGroupAdmin), transaction():
        set_role(person(company, Role.GROUP_ADMIN), Role.GUEST)


@pytest.mark.both_databases
@pytest.mark.requirement("R-046")
@pytest.mark.parametrize("round_", range(5))
def test_group_admins_who_dismiss_each_other_at_once_leave_one(database: Flask, company: Company, round_: int) -> None:
    admins = [person(company, Role.GROUP_ADMIN).id for _ in range(4)]
    gate = threading.Barrier(len(admins))
    answers: list[str] = []

    def dismiss(account_id: str) -> None:
        with database.app_context():
            account = session.get_one(Account, account_id)
            session.rollback()
            gate.wait()
            try:
                with transaction():
                    set_role(account, Role.STAFF)
                answers.append("done")
            except Refused as refusal:
                answers.append(refusal.code)

    threads = [threading.Thread(target=dismiss, args=(i,)) for i in admins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["done", "done", "done", "group.lastadmin"]
