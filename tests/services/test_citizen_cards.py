"""Citizen cards (自然人憑證) on accounts and in applications: one card, one account; of strangers nothing stays."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from flask import Flask
from sqlalchemy import select, update

from clients.testca.authority import Card as MadeCard
from clients.testca.cards import Gpki
from idp.db import now, session, transaction
from idp.errors import AccountUnusable, CardEnrolledElsewhere, CitizenCardElsewhere, CitizenCardUnknown, LastCredential
from idp.models import Account, Card, CardEvidence, Case, Company
from idp.policies.cards import CardKind
from idp.policies.standing import AccountStatus
from idp.services.accounts import add_linked_account
from idp.services.card_sign_in import account_raised_by_citizen
from idp.services.case_policies import CITIZEN_EVIDENCE
from idp.services.citizen_cards import (
    check_raises,
    citizen_shown,
    claim_evidence,
    enrol_citizen_of_case,
    give_in_application,
    takes_citizens,
    will_sign_in,
)
from idp.services.enrolled_cards import cards_of, tell_of_ending_cards
from idp.services.factors import factors_of
from idp.services.housekeeping import tidy
from idp.services.own_cards import enrol_own, remove_own
from idp.services.trust import add_anchor, citizen_issuers, trusted_issuers
from tests.services.bearers import citizen_card, presented_citizen
from tests.services.people import person
from tests.services.test_case_races import Act
from tests.services.test_case_races import at_once as each_at_once
from tests.services.test_enrolled_cards import living, mailed, told


def enrol(card: MadeCard, account: Account) -> Card:
    with transaction():
        return enrol_own(presented_citizen(card), account.id)


def given(card: MadeCard, run: str = "fl_1") -> str:
    with transaction():
        return give_in_application(presented_citizen(card), run)


def case_with(evidence_id: str | None) -> Case:
    """An application in which this card was shown; only its answers are looked at."""
    return Case(answers={CITIZEN_EVIDENCE: evidence_id})


def test_a_citizen_card_is_enrolled_on_one_account_and_keeps_no_certificate(company: Company) -> None:
    account, other, made = person(company), person(company), citizen_card("王小明")
    card = enrol(made, account)
    assert (card.kind, card.company_id, card.tax_id, card.certificate) == (CardKind.CITIZEN, None, None, b"")
    [evidence] = session.scalars(select(CardEvidence))
    [row] = told("account:card:enrolled")
    assert (row["kind"], row["evidence"], row["name_differs"]) == ("citizen", evidence.id, account.name != "王小明")
    assert enrol(made, account).id == card.id
    with pytest.raises(CitizenCardElsewhere):
        enrol(made, other)
    assert [one["outcome"] for one in told("account:card:enrolled")] == ["done", "refused"]
    assert mailed("card_enrolled") == [account.email]
    assert factors_of(account.id).citizen_cards == 1
    [shown] = cards_of(account.id)
    assert (shown.kind, shown.name, shown.tax_id) == (CardKind.CITIZEN, "王小明", None)
    with transaction():
        session.execute(update(Account).where(Account.id == other.id).values(status=AccountStatus.SUSPENDED))
    with pytest.raises(AccountUnusable):
        enrol(citizen_card(), other)


def test_a_linked_account_has_its_agents_card_is_told_and_keeps_its_last(database: Flask) -> None:
    with transaction():
        agent = add_linked_account(username="agent-1", name="錢大明", email="agent@example.test")
    card = enrol(citizen_card(agent.name), agent)
    assert mailed("card_enrolled") == [agent.email]
    with transaction():
        session.execute(update(Card).values(not_after=now() + timedelta(days=30)))
    assert tell_of_ending_cards() == 1
    assert mailed("card_ends") == [agent.email]
    with pytest.raises(LastCredential), transaction():
        remove_own(card.id, agent.id)
    second = enrol(citizen_card(agent.name), agent)
    with transaction():
        remove_own(card.id, agent.id)
    assert mailed("card_removed") == [agent.email]
    assert [one.id for one in living()] == [second.id]


@pytest.mark.both_databases
def test_one_card_put_on_two_accounts_at_once_is_on_one(database: Flask, company: Company) -> None:
    first, second, made = person(company), person(company), citizen_card()
    shown, ids = presented_citizen(made), [first.id, second.id]
    acts: list[Act] = [lambda one=one: enrol_own(shown, one).account_id for one in ids]  # type: ignore[misc]
    ends = each_at_once(database, *acts)
    [winner] = [end for end in ends if end != "card.citizen_elsewhere"]
    assert (len(set(ends)), [card.account_id for card in living()]) == (2, [winner])


def test_a_sign_in_is_raised_by_an_own_card_that_was_enrolled_before_and_by_no_other(company: Company) -> None:
    """Who stole a password has a citizen card of her own, too: it is never enrolled on the way."""
    account, other, made = person(company), person(company), citizen_card()
    with pytest.raises(CitizenCardUnknown):
        check_raises(presented_citizen(made), account.id)
    assert living() == []
    enrol(made, account)
    with pytest.raises(CardEnrolledElsewhere):
        check_raises(presented_citizen(made), other.id)
    with transaction():
        assert account_raised_by_citizen(presented_citizen(made), account.id).account_id == account.id
    assert living()[0].last_used_at is not None


def test_a_card_given_in_an_application_signs_in_once_its_person_is_let_in(company: Company) -> None:
    account, made = person(company), citizen_card("陳美惠")
    evidence_id = given(made)
    case = case_with(evidence_id)
    holder = citizen_shown(evidence_id)
    assert holder is not None
    assert holder.name == "陳美惠"
    assert (citizen_shown(None), will_sign_in(case_with(None), account)) == (None, False)
    assert will_sign_in(case, account)
    with transaction():
        enrol_citizen_of_case(case_with(None), account)
        enrol_citizen_of_case(case, account)
    assert [card.account_id for card in living()] == [account.id]
    assert will_sign_in(case, account)
    with pytest.raises(CitizenCardElsewhere):
        given(made)
    late = person(company)
    assert not will_sign_in(case, late)
    with transaction():
        enrol_citizen_of_case(case, late)
    assert [card.account_id for card in living()] == [account.id]
    assert told("account:card:enrolled")[-1]["because"] == "card.citizen_elsewhere"


def test_what_a_card_showed_in_an_application_that_nobody_sent_is_deleted(company: Company) -> None:
    account, sent, unsent, fresh = person(company), given(citizen_card()), given(citizen_card()), given(citizen_card())
    with transaction():
        claim_evidence(sent, account)
        claim_evidence(None, account)
        long_ago = update(CardEvidence).where(CardEvidence.id != fresh).values(at=now() - timedelta(days=3))
        session.execute(long_ago)
    tidy()
    assert {one.id for one in session.scalars(select(CardEvidence))} == {sent, fresh}
    assert unsent not in {sent, fresh}


def test_citizen_cards_are_taken_where_a_ca_of_persons_is_pinned(database: Flask) -> None:
    pki = Gpki()
    assert not takes_citizens()
    with transaction():
        for authority in (pki.root, pki.companies):
            add_anchor(authority.der, authority.certificate.fingerprint(_sha256()).hex(), None)
    assert (takes_citizens(), len(trusted_issuers())) == (False, 2)
    with transaction():
        sha256 = pki.citizens.certificate.fingerprint(_sha256()).hex()
        add_anchor(pki.citizens.der, sha256, None, issues=CardKind.CITIZEN)
    assert citizen_issuers() == {pki.citizens.der}
    assert takes_citizens()


def _sha256() -> hashes.SHA256:
    return hashes.SHA256()
