"""Accounts that are called by their number (C-7): who is invited, who corrects, whose activation comes too late."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from idp.db import now, session, transaction
from idp.errors import InvalidInput, LinkUnusable
from idp.models import Account, Company, OneTimeSecret
from idp.policies.electronic_id import is_electronic_id
from idp.policies.registration import CredentialSet
from idp.policies.roles import Role
from idp.policies.standing import AccountStatus, CompanyProof
from idp.services.activations import activate, awaited_activation
from idp.services.case_deadlines import keep_deadlines
from idp.services.case_policies import credential_of
from idp.services.cases import withdraw_case
from idp.services.company_standing import prove_company
from idp.services.invited import gives_number, opened_invitation
from idp.services.mailbox_checks import resend_verification
from idp.services.one_time_links import confirming_link
from idp.services.passwords import has_password, hash_password
from idp.services.secrets import digest
from tests.services.applicants import a_service, account_of, apply, token_mailed_to
from tests.services.people import PASSWORD, person
from tests.services.test_invitations import accept, invited, token

IDA = {"preset": "ida"}


def test_an_invited_person_gets_a_number(company: Company) -> None:
    service = a_service("ida", IDA)
    with transaction():
        prove_company(company, CompanyProof.CARD, "seen")
    admin = person(company, Role.GROUP_ADMIN, service_id=service.id, name="陳美惠")
    invited(admin, service_id="ida")
    secret = token()
    opened = opened_invitation(digest(secret))
    assert opened is not None
    assert gives_number(opened.service)
    account = accept(secret, username="")
    assert is_electronic_id(account.username)
    assert (account.username, account.username_canonical) == (account.electronic_id, account.electronic_id.lower())
    assert account.status is AccountStatus.ACTIVE
    assert has_password(account.id)


def test_an_account_without_a_password_expires_is_resent_and_withdrawn_like_others(database: Flask) -> None:
    case = apply(a_service("ida", IDA), username="", password_hash=None, email="lin@example.test")
    account = account_of(case)
    assert (account.status, account.username) == (AccountStatus.EMAIL_PENDING, account.electronic_id)
    assert credential_of(case) is CredentialSet.PASSWORD
    assert not has_password(account.id)
    first = digest(token_mailed_to(account.id))
    # Nothing would sign her in: the link stays unused.
    with pytest.raises(InvalidInput), transaction():
        activate(first, None)
    assert awaited_activation(first).needs_password
    past = now() - timedelta(days=2)
    with transaction():
        session.execute(update(OneTimeSecret).values(created_at=past, expires_at=past + timedelta(days=1)))
        session.execute(update(Account).values(updated_at=past))
    keep_deadlines()
    assert account_of(case).status is AccountStatus.EMAIL_EXPIRED
    with transaction():
        resend_verification(account_of(case), case, browser=None)
    assert account_of(case).status is AccountStatus.EMAIL_PENDING
    newer = digest(token_mailed_to(account.id))
    assert newer != first
    with transaction():
        withdraw_case(case.id, case.version)
    link = confirming_link(account.id)
    assert link is None
    with pytest.raises(LinkUnusable), transaction():
        activate(newer, hash_password(PASSWORD))
    assert account_of(case).status is AccountStatus.WITHDRAWN
