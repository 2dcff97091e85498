"""A forgotten password is set anew by a link of a mail: for whom, how often, and what ends (PW10, EL rows, D-1)."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from idp.db import now, session, transaction
from idp.errors import LinkUnusable
from idp.mails.compose import unsealed
from idp.models import Account, Company, FormerPassword, LimitCounter, OneTimeSecret, Password
from idp.policies.limits import MAILS_PER_MAILBOX
from idp.policies.standing import AccountStatus, CompanyStatus
from idp.services.limits import is_reached
from idp.services.one_time_links import Purpose, link_of_token
from idp.services.password_resets import ask_reset, awaited_reset, reset_password
from idp.services.password_sign_in import judge, open_try
from idp.services.passwords import hash_password
from idp.services.second_factors import reset_second_factor
from idp.services.secrets import digest
from tests.services.people import PASSWORD, a_client, actions, at_once, mails, person, signed_in, what_is_open
from tests.services.test_passkeys import enrol

NEW = "another-Passw0rd-17"


def asked(name: str, number: str) -> list[str]:
    """What is mailed when somebody asks."""
    before = len(mails())
    with transaction():
        ask_reset(name, number)
    return [mail.template or "" for mail in mails()[before:]]


def newest_token() -> str:
    address = unsealed(mails()[-1].payload)
    assert address is not None
    return address.rpartition("/")[2]


def may_enter(name: str, password: str, company: str | None = None) -> bool:
    with transaction():
        attempt = open_try(name, browser="a browser", address="203.0.113.7", company=company)
    return judge(attempt, password).is_right


@pytest.fixture
def ming(company: Company) -> Account:
    return person(company, password=PASSWORD)


def test_a_link_is_mailed_to_who_names_account_and_company(company: Company, ming: Account) -> None:
    number, wide = company.tax_id, company.tax_id.translate({ord(str(n)): chr(0xFF10 + n) for n in range(10)})
    for name, typed in (("nobody-here", number), (ming.username, "00000037"), (ming.username, ""), ("", number)):
        assert asked(name, typed) == [], f"{name} {typed}"
    for name, typed in ((f" {ming.username.upper()} ", wide), (ming.electronic_id.lower(), number)):
        assert asked(name, typed) == ["password_reset"], f"{name} {typed}"
        assert asked(name, typed) == [], "the link of a moment ago stays the one"
        later()
    assert actions().count("account:password:reset_asked") == 2
    live = select(OneTimeSecret).where(
        OneTimeSecret.purpose == Purpose.PASSWORD_RESET, OneTimeSecret.replaced_at.is_(None)
    )
    [link] = session.scalars(live).all()
    assert link.expires_at - link.created_at == timedelta(minutes=30)


def test_nothing_is_mailed_to_who_could_not_sign_in(company: Company, ming: Account) -> None:
    for status in set(AccountStatus) - {AccountStatus.ACTIVE}:
        session.execute(update(Account).where(Account.id == ming.id).values(status=status))
        session.execute(delete(LimitCounter))
        session.commit()
        assert asked(ming.username, company.tax_id) == [], status


def test_nothing_is_mailed_where_the_company_is_suspended_and_its_link_is_of_no_use(
    company: Company, ming: Account
) -> None:
    assert asked(ming.username, company.tax_id) == ["password_reset"]
    token = newest_token()
    session.execute(update(Company).where(Company.id == company.id).values(status=CompanyStatus.SUSPENDED))
    session.commit()
    assert asked(ming.username, company.tax_id) == []
    with transaction(), pytest.raises(LinkUnusable) as refused:
        reset_password(digest(token), hash_password(NEW))
    assert refused.value.details["because"] == "suspended"


def later() -> None:
    """Two minutes pass for the links that were mailed."""
    for link in session.scalars(select(OneTimeSecret)):
        link.created_at -= timedelta(minutes=2)
        link.expires_at -= timedelta(minutes=2)
    session.commit()


def test_who_has_no_password_is_told_so_by_mail_alone(company: Company) -> None:
    by_card = person(company)
    with transaction():
        enrol(by_card.id)
    assert asked(by_card.username, company.tax_id) == ["no_password"]
    assert session.scalars(select(OneTimeSecret)).all() == []


def test_a_name_is_asked_for_five_times_while_a_link_lasts(company: Company, ming: Account) -> None:
    """And none of the mailbox's other mails are spent by whoever asks."""
    sent = []
    for _ in range(6):
        sent.append(asked(ming.username, company.tax_id))
        later()
    assert [len(one) for one in sent] == [1, 1, 1, 1, 1, 0]
    assert asked(ming.electronic_id, company.tax_id) == ["password_reset"], "counted by what is typed"
    assert not is_reached(MAILS_PER_MAILBOX, ming.email_canonical)


def test_who_has_nothing_left_to_sign_in_by_is_sent_the_way_to_a_first_password(company: Company) -> None:
    ming = person(company)
    with transaction():
        enrol(ming.id)
    with transaction():
        reset_second_factor(ming, "lost")
    assert asked(ming.username, company.tax_id) == ["first_password"]


def test_a_new_password_ends_whatever_the_old_one_had_opened(company: Company, ming: Account) -> None:
    signed_in(ming, a_client())
    session.execute(update(Password).where(Password.account_id == ming.id).values(disabled_at=now()))
    session.commit()
    assert not may_enter(ming.username, PASSWORD)
    asked(ming.username, company.tax_id)
    token = newest_token()
    with transaction():
        reset_password(digest(token), hash_password(NEW))
    assert what_is_open(ming) == []
    # PW01: a password that failures have ended lives again as another one, and nobody waits for the old failures.
    assert [may_enter(ming.username, password) for password in (NEW, PASSWORD)] == [True, False]
    assert session.scalars(select(FormerPassword.account_id)).all() == [ming.id]
    assert [mail.template for mail in mails()][-1] == "password_was_reset"
    assert "account:password:reset" in actions()
    for purpose in (Purpose.PASSWORD_RESET, Purpose.VERIFY):
        link = link_of_token(purpose, token)
        assert (link.trouble if link else None) == ("used" if purpose is Purpose.PASSWORD_RESET else None)
    with pytest.raises(LinkUnusable):
        awaited_reset(digest(token))


@pytest.mark.both_databases
def test_of_several_resets_at_once_one_holds(database: Flask, company: Company, ming: Account) -> None:
    asked(ming.username, company.tax_id)
    hashed, account_id = digest(newest_token()), ming.id
    session.commit()

    def reset() -> str:
        fresh = hash_password(NEW)
        with transaction():
            reset_password(hashed, fresh)
        return "reset"

    assert at_once(database, reset) == [*["link.unusable"] * 3, "reset"]
    session.rollback()
    assert session.scalars(select(FormerPassword.account_id)).all() == [account_id]


@pytest.mark.both_databases
def test_of_several_who_ask_at_once_one_link_lives(database: Flask, company: Company, ming: Account) -> None:
    name, number = ming.username, company.tax_id
    session.commit()

    def ask() -> str:
        with transaction():
            ask_reset(name, number)
        return "asked"

    assert at_once(database, ask) == ["asked"] * 4
    session.rollback()
    live = select(OneTimeSecret).where(OneTimeSecret.replaced_at.is_(None), OneTimeSecret.used_at.is_(None))
    assert len(session.scalars(live).all()) == 1


def test_a_try_is_right_for_its_company_alone(company: Company, ming: Account) -> None:
    """PW08 with 統一編號: a wrong one makes the right password wrong, and counts."""
    name = ming.username
    assert may_enter(name, PASSWORD, company.tax_id)
    assert may_enter(ming.electronic_id, PASSWORD, f" {company.tax_id} ")
    for typed in ("00000037", "", "x" * 64):
        assert not may_enter(name, PASSWORD, typed), typed
    for _ in range(2):
        # By number and by name the failures are those of one account.
        assert not may_enter(ming.electronic_id, NEW, company.tax_id)
    assert not may_enter(name, PASSWORD, company.tax_id), "five failures in a row"
