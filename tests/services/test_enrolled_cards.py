"""Cards on accounts: put on, taken off, told of before they end; by key, and one card is one account."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from clients.testca.authority import Card as MadeCard
from idp.db import now, session, transaction
from idp.errors import AccountUnusable, CardEnrolledElsewhere, CardMismatch, LastCredential, NotFound
from idp.models import Account, Card, CardEvidence, Company
from idp.policies.roles import Role
from idp.policies.standing import AccountStatus
from idp.services.enrolled_cards import card_of_key, cards_of, is_last_credential, note_use, tell_of_ending_cards
from idp.services.own_cards import enrol_own, remove_own
from idp.services.passwords import set_password
from tests.services.bearers import card_of, presented
from tests.services.people import PASSWORD, at_once, audit_rows, mails, person
from tests.services.test_case_races import Act
from tests.services.test_case_races import at_once as each_at_once


def enrol(card: MadeCard, account: Account) -> Card:
    with transaction():
        return enrol_own(presented(card), account.id)


def told(action: str) -> list[dict[str, Any]]:
    """What the audit log has of this act, with who it was about."""
    rows = (row for row in audit_rows() if row.action == action)
    return [row.details | {"outcome": row.outcome, "account": row.account_id, "actor": row.actor} for row in rows]


def mailed(template: str) -> list[str]:
    return [mail.recipient for mail in mails() if mail.payload["template"] == template]


def living() -> list[Card]:
    return list(session.scalars(select(Card).where(Card.removed_at.is_(None)).order_by(Card.enrolled_at)))


def test_a_card_is_enrolled_with_evidence_audit_row_and_mail_and_again_is_no_harm(company: Company) -> None:
    account, made = person(company), card_of(rank="secondary")
    card = enrol(made, account)
    [evidence] = session.scalars(select(CardEvidence))
    [row] = told("account:card:enrolled")
    assert (row["evidence"], row["card"], row["rank"]) == (evidence.id, card.id, "secondary")
    assert (row["account"], row["actor"], row["serial"]) == (account.id, account.id, card.serial)
    assert (evidence.account_id, evidence.company_id) == (account.id, company.id)
    assert (evidence.certificate, evidence.key_sha256) == (made.der, card.key_sha256)
    assert mailed("card_enrolled") == [account.email]
    assert enrol(made, account).id == card.id
    assert len(living()) == len(told("account:card:enrolled")) == len(mailed("card_enrolled")) == 1
    [shown] = cards_of(account.id)
    assert (shown.id, shown.tax_id, shown.last_used_at) == (card.id, "00000016", None)
    with transaction():
        note_use(card)
    assert cards_of(account.id)[0].last_used_at is not None


def test_a_card_that_another_account_has_and_another_companys_are_refused_and_told(company: Company) -> None:
    first, second = person(company), person(company)
    made = card_of()
    enrol(made, first)
    with pytest.raises(CardEnrolledElsewhere):
        enrol(made, second)
    with pytest.raises(CardMismatch) as told_of:
        enrol(card_of("00000022", "測試二號有限公司"), second)
    assert told_of.value.details == {"card": "00000022", "entered": "00000016"}
    assert [card.account_id for card in living()] == [first.id]
    refused = [row for row in told("account:card:enrolled") if row["outcome"] == "refused"]
    assert [row["because"] for row in refused] == ["card.elsewhere", "card.mismatch"]
    kept = {evidence.id for evidence in session.scalars(select(CardEvidence))}
    assert {row["evidence"] for row in refused} < kept
    # Once it is taken off there, it is free.
    give_password(first)
    [card] = living()
    with transaction():
        remove_own(card.id, first.id)
    enrol(made, second)
    assert [card.account_id for card in living()] == [second.id]


def test_who_is_suspended_meanwhile_enrols_nothing(company: Company) -> None:
    account = person(company)
    with transaction():
        session.execute(update(Account).where(Account.id == account.id).values(status=AccountStatus.SUSPENDED))
    with pytest.raises(AccountUnusable):
        enrol(card_of(), account)
    assert living() == []


def give_password(account: Account) -> None:
    with transaction():
        set_password(session.get_one(Account, account.id), PASSWORD)


def test_a_card_is_removed_by_its_owner_alone(company: Company) -> None:
    account, other = person(company, password=PASSWORD), person(company, password=PASSWORD)
    card = enrol(card_of(), account)
    for card_id in (card.id, "cd_nothing"):
        with pytest.raises(NotFound), transaction():
            remove_own(card_id, other.id)
    with transaction():
        remove_own(card.id, account.id)
    assert card_of_key(card.key_sha256) is None
    assert cards_of(account.id) == []
    [row] = told("account:card:removed")
    assert (row["card"], row["because"], row["account"]) == (card.id, "owner", account.id)
    assert mailed("card_removed") == [account.email]
    # Removed once and for all: the row stays for the evidence.
    with pytest.raises(NotFound), transaction():
        remove_own(card.id, account.id)
    assert session.get_one(Card, card.id).removed_because == "owner"


def test_the_only_way_to_sign_in_is_not_taken_away(company: Company) -> None:
    account = person(company)
    first = enrol(card_of(), account)
    assert is_last_credential(account.id, first.id)
    with pytest.raises(LastCredential), transaction():
        remove_own(first.id, account.id)
    second = enrol(card_of(), account)
    assert not is_last_credential(account.id, first.id)
    with transaction():
        remove_own(first.id, account.id)
    assert [card.id for card in living()] == [second.id]
    assert is_last_credential(account.id, second.id)
    give_password(account)
    with transaction():
        remove_own(second.id, account.id)
    assert living() == []


# At the same instant.


def enrols(card: MadeCard, account: Account) -> Act:
    account_id, shown = account.id, presented(card)
    return lambda: enrol_own(shown, account_id).account_id


def removes(card: Card, account: Account) -> Act:
    card_id, account_id = card.id, account.id

    def act() -> str:
        remove_own(card_id, account_id)
        return "removed"

    return act


def test_of_two_accounts_with_one_card_at_once_one_gets_it(database: Flask, company: Company) -> None:
    for _ in range(3):
        accounts, made = [person(company) for _ in range(2)], card_of()
        ends = each_at_once(database, *(enrols(made, account) for account in accounts))
        [winner] = [end for end in ends if end != "card.elsewhere"]
        assert len(set(ends)) == 2
        [card] = session.scalars(select(Card).where(Card.account_id.in_([one.id for one in accounts])))
        assert card.account_id == winner


def test_one_card_enrolled_twice_at_once_is_told_once(database: Flask, company: Company) -> None:
    account, made = person(company), card_of()
    ends = each_at_once(database, *(enrols(made, account) for _ in range(3)))
    assert set(ends) == {account.id}
    assert len(living()) == len(told("account:card:enrolled")) == len(mailed("card_enrolled")) == 1


def test_two_cards_removed_at_once_leave_one_where_there_is_no_password(database: Flask, company: Company) -> None:
    for _ in range(3):
        account = person(company)
        cards = [enrol(card_of(), account) for _ in range(2)]
        ends = each_at_once(database, *(removes(card, account) for card in cards))
        assert sorted(ends) == ["card.last_credential", "removed"]
        assert len(cards_of(account.id)) == 1


# Before they end.


def ends_in(card: Card, **left: float) -> None:
    with transaction():
        session.execute(update(Card).where(Card.id == card.id).values(not_after=now() + timedelta(**left)))
    session.expire_all()


@pytest.mark.both_databases
def test_a_holder_is_told_once_from_60_days_before_the_end(database: Flask, company: Company) -> None:
    holder, late, early, away = (person(company, Role.STAFF) for _ in range(4))
    due, over, far, asleep = (enrol(card_of(), who) for who in (holder, late, early, away))
    ends_in(due, days=60)
    ends_in(over, seconds=-1)
    ends_in(far, days=60, minutes=5)
    ends_in(asleep, days=3)
    with transaction():
        session.execute(update(Account).where(Account.id == away.id).values(status=AccountStatus.SUSPENDED))
    assert sum(int(end) for end in at_once(database, lambda: str(tell_of_ending_cards()), times=3)) == 1
    assert mailed("card_ends") == [holder.email]
    [row] = told("account:card:ending:told")
    assert (row["card"], row["account"]) == (due.id, holder.id)
    assert tell_of_ending_cards() == 0
    # Who comes back is told then.
    with transaction():
        session.execute(update(Account).where(Account.id == away.id).values(status=AccountStatus.ACTIVE))
    assert tell_of_ending_cards() == 1
    assert mailed("card_ends") == [holder.email, away.email]
    until = mails()[-1].payload["context"]["until"]
    assert until == session.get_one(Card, asleep.id).not_after.isoformat()
