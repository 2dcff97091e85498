"""Invitations: one link lets one person in, with what was chosen beforehand, and only while its sender may invite."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from idp.db import now, session, transaction
from idp.errors import (
    AlreadyExists,
    ChangedMeanwhile,
    CompanyClosed,
    CompanyNotProven,
    InvalidInput,
    InvitationUnusable,
    NotFound,
    OneAccountOnly,
    PasswordRefused,
    Refused,
    TooManyRequests,
)
from idp.mails.compose import unsealed
from idp.models import (
    Account,
    Case,
    Company,
    Invitation,
    LimitCounter,
    MenuItem,
    MenuRight,
    OneTimeSecret,
    Review,
    Service,
    TextAgreement,
)
from idp.policies.invitations import InvitationState
from idp.policies.limits import INVITATIONS_PER_COMPANY, MAILS_PER_MAILBOX
from idp.policies.registration import Reviewer
from idp.policies.reviews import Outcome
from idp.policies.roles import Role
from idp.policies.standing import AccountStatus, Approval, CompanyProof
from idp.services.accounts import set_role, suspend_account
from idp.services.cases import PersonAnswers
from idp.services.companies import add_company, suspend_company
from idp.services.company_standing import prove_company
from idp.services.invitations import (
    Wanted,
    cancel_invitation,
    invitation_of,
    invitations_of,
    invite,
    send_again,
    services_to_invite_to,
)
from idp.services.invited import Acceptance, accept_invitation, check_new_password, opened_invitation
from idp.services.menu_catalogue import import_menus
from idp.services.passwords import hash_password
from idp.services.secrets import digest
from idp.services.service_registry import ServiceProfile, add_service, change_service
from tests.services.applicants import OPERATOR, a_service
from tests.services.people import PASSWORD, a_client, actions, at_once, audit_rows, mails, person

MAILBOX = "yating@example.test"


@pytest.fixture
def admin(company: Company) -> Account:
    """The group admin of a proven company whose service lets her invite."""
    service = a_service()
    with transaction():
        prove_company(company, CompanyProof.CARD, "seen")
    return person(company, Role.GROUP_ADMIN, service_id=service.id, name="陳美惠")


def wanted(**more: Any) -> Wanted:
    given = {"service_id": "dreams", "email": MAILBOX, "role": "staff", "locale": "zh-TW", "menus": {}, **more}
    return Wanted(**given)


def invited(admin: Account, **more: Any) -> Invitation:
    with transaction():
        return invite(admin.id, wanted(**more))


def token() -> str:
    """The token of the last invitation that was mailed."""
    mail = [mail for mail in mails() if mail.payload["template"] == "invitation"][-1]
    return str(unsealed(mail.payload)).rpartition("/")[2]


def answers(**more: Any) -> PersonAnswers:
    given = {"username": "yating.lin", "name": "林雅婷", "phone": "+886922111333", "email": "", "locale": "en", **more}
    return PersonAnswers(**given)


def accept(secret: str, **more: Any) -> Account:
    with transaction():
        return accept_invitation(
            Acceptance(
                link_hash=digest(secret),
                person=answers(**more),
                password_hash=hash_password(PASSWORD),
                texts=(("terms", "1"),),
                address="192.0.2.1",
            )
        )


def trouble(secret: str) -> str | None:
    session.rollback()
    opened = opened_invitation(digest(secret))
    assert opened is not None
    return opened.trouble


def state(invitation: Invitation) -> InvitationState:
    session.rollback()
    return invitation_of(invitation.company_id, invitation.id).state


def accounts() -> int:
    session.rollback()
    return len(list(session.scalars(select(Account.id))))


def menu() -> dict[str, int]:
    """Three items of a client, by their codes."""
    a_client()
    with transaction():
        import_menus(
            "dreams",
            [
                {"code": c, "label_zh": c, "label_en": c, "parent": None, "default_roles": ["staff"]}
                for c in ("one", "two", "three")
            ],
        )
    return {item.code: item.id for item in session.scalars(select(MenuItem))}


def test_who_accepts_gets_exactly_what_was_chosen(admin: Account) -> None:
    items = menu()
    invitation = invited(
        admin, email=" YaTing@Example.TEST ", role="guest", menus={items["one"]: True, items["two"]: True}
    )
    assert (invitation.email, state(invitation)) == (MAILBOX, InvitationState.WAITING)
    assert invitation.expires_at - invitation.created_at == pytest.approx(timedelta(days=7), abs=timedelta(seconds=5))
    with transaction():
        session.execute(update(MenuItem).where(MenuItem.code == "two").values(retired_at=now()))
    account = accept(token(), email="somebody.else@example.test")
    assert (account.role, account.status, account.approval) == (Role.GUEST, AccountStatus.ACTIVE, Approval.GROUP_ADMIN)
    assert (account.email, account.company_id, account.service_id, account.locale) == (
        MAILBOX,
        admin.company_id,
        "dreams",
        "en",
    )
    assert account.email_verified_at is not None
    rights = session.scalars(select(MenuRight).where(MenuRight.account_id == account.id)).all()
    assert [(right.menu_item_id, right.allowed) for right in rights] == [(items["one"], True)]
    case = session.scalars(select(Case).where(Case.account_id == account.id)).one()
    assert (case.invitation_id, case.reviewer, case.waiting_since) == (invitation.id, Reviewer.GROUP_ADMIN, None)
    review = session.scalars(select(Review).where(Review.case_id == case.id)).one()
    assert (review.outcome, review.role, review.decided_by) == (Outcome.APPROVED, Role.GUEST, admin.id)
    agreed = session.scalars(select(TextAgreement).where(TextAgreement.account_id == account.id)).one()
    assert (agreed.text_id, agreed.version, agreed.address) == ("terms", "1", "192.0.2.1")
    assert [mail.payload["template"] for mail in mails()] == ["invitation", "application_approved"]
    assert mails()[-1].recipient == MAILBOX
    assert actions()[-2:] == ["invitation:accepted", "case:approved"]
    assert audit_rows()[-1].details["by"] == admin.id
    listed = invitation_of(invitation.company_id, invitation.id)
    assert (listed.state, listed.invited_by, listed.accepted_by) == (InvitationState.ACCEPTED, "陳美惠", "林雅婷")


def test_a_link_works_once_and_the_token_is_nowhere(admin: Account) -> None:
    invitation = invited(admin)
    secret = token()
    stored = session.scalars(select(OneTimeSecret).where(OneTimeSecret.invitation_id == invitation.id)).one()
    assert stored.hash == digest(secret)
    for mail in mails():
        assert secret not in str(mail.payload)
    assert all(secret not in str(row.details) for row in audit_rows())
    accept(secret)
    assert trouble(secret) == "used"
    with pytest.raises(InvitationUnusable) as refusal:
        accept(secret, username="second.one")
    assert refusal.value.details == {"because": "used"}
    assert accounts() == 2


@pytest.mark.both_databases
def test_several_who_use_one_link_at_once_make_one_account(admin: Account, database: Flask) -> None:
    invited(admin)
    secret = token()
    names = iter("abcd")
    given = at_once(database, lambda: accept(secret, username=f"yating.{next(names)}").status.value)
    assert given == ["active", *["invitation.unusable"] * 3]
    assert accounts() == 2


def test_a_refused_answer_uses_the_link_up_no_more_than_looking_does(admin: Account) -> None:
    invited(admin)
    secret = token()
    for _ in range(3):
        assert trouble(secret) is None
    with pytest.raises(AlreadyExists) as refusal:
        accept(secret, username=admin.username)
    assert refusal.value.details == {"field": "username"}
    opened = opened_invitation(digest(secret))
    assert opened is not None
    with pytest.raises(PasswordRefused):
        check_new_password(opened, answers(), "yating.lin1")
    check_new_password(opened, answers(), PASSWORD)
    assert accept(secret).name == "林雅婷"


def test_a_newer_invitation_to_a_mailbox_replaces_the_older(admin: Account) -> None:
    first = invited(admin)
    old = token()
    second = invited(admin, role="guest", email="YATING@example.test")
    assert (trouble(old), trouble(token())) == ("replaced", None)
    assert (state(first), state(second)) == (InvitationState.CANCELLED, InvitationState.WAITING)
    with pytest.raises(InvitationUnusable):
        accept(old)
    assert accept(token()).role is Role.GUEST


@pytest.mark.both_databases
def test_two_admins_who_invite_the_same_mailbox_at_once_leave_one_link(admin: Account, database: Flask) -> None:
    assert at_once(database, lambda: invited(admin).role.value) == ["staff"] * 4
    session.rollback()
    rows, total = invitations_of(str(admin.company_id))
    assert (total, [row.state for row in rows].count(InvitationState.WAITING), trouble(token())) == (4, 1, None)


def test_it_is_sent_again_by_whoever_vouches_for_it_then(admin: Account, company: Company) -> None:
    invitation = invited(admin)
    old = token()
    other = person(company, Role.GROUP_ADMIN, service_id="dreams", name="張志豪")
    with transaction():
        session.execute(update(OneTimeSecret).values(expires_at=now()))
        session.execute(update(Invitation).values(expires_at=now()))
    assert (trouble(old), state(invitation)) == ("expired", InvitationState.EXPIRED)
    with transaction():
        send_again(other.id, invitation.id)
    assert (trouble(old), trouble(token())) == ("replaced", None)
    assert invitation_of(company.id, invitation.id).invited_by == "張志豪"
    with transaction():
        suspend_account(admin, "離職")
    assert accept(token()).status is AccountStatus.ACTIVE


def test_a_cancelled_one_lets_nobody_in_and_stays_cancelled(admin: Account) -> None:
    invitation = invited(admin)
    with transaction():
        cancel_invitation(admin.id, invitation.id)
    assert (trouble(token()), state(invitation)) == ("cancelled", InvitationState.CANCELLED)
    with pytest.raises(InvitationUnusable):
        accept(token())
    for act in (cancel_invitation, send_again):
        with pytest.raises(ChangedMeanwhile), transaction():
            act(admin.id, invitation.id)
    assert accounts() == 1


def test_it_is_void_while_its_sender_may_invite_nobody(admin: Account, company: Company) -> None:
    invitation = invited(admin)
    person(company, Role.GROUP_ADMIN)
    with transaction():
        set_role(admin, Role.STAFF)
    assert (trouble(token()), state(invitation)) == ("void", InvitationState.VOID)
    with pytest.raises(InvitationUnusable) as refusal:
        accept(token())
    assert refusal.value.details == {"because": "void"}
    for act in (lambda: invite(admin.id, wanted()), lambda: cancel_invitation(admin.id, invitation.id)):
        with pytest.raises(Refused) as refused, transaction():
            act()
        assert refused.value.code == "refused"
    assert accounts() == 2


def test_a_suspended_company_takes_nobody_in(admin: Account, company: Company) -> None:
    invited(admin)
    with transaction():
        suspend_company(company, "查核中")
    assert trouble(token()) == "company"
    with pytest.raises(InvitationUnusable):
        accept(token())
    with pytest.raises(CompanyClosed), transaction():
        invite(admin.id, wanted())


def test_a_service_that_takes_the_role_or_the_word_of_group_admins_back_voids_it(admin: Account) -> None:
    invited(admin)
    service = session.get_one(Service, "dreams")
    for policy in (OPERATOR | {"roles": ["guest", "group_admin"]}, OPERATOR | {"member_approval": "operator"}):
        with transaction():
            change_service(service, ServiceProfile(name_zh="再生能源管理系統", policy=policy))
        assert trouble(token()) == "void"
    with pytest.raises(NotFound), transaction():
        invite(admin.id, wanted())
    with transaction():
        change_service(service, ServiceProfile(name_zh="再生", policy=OPERATOR | {"accounts_per_company": "one"}))
    with pytest.raises(OneAccountOnly), transaction():
        invite(admin.id, wanted())


def test_what_was_not_offered_is_refused_and_nothing_is_sent(admin: Account, database: Flask) -> None:
    menu()
    with transaction():
        add_service("port", ServiceProfile(name_zh="港務", policy=OPERATOR))
        add_service("twport", ServiceProfile(name_zh="港務", policy=OPERATOR | {"member_approval": "operator"}))
    for more, kind in (
        ({"role": "operator"}, InvalidInput),
        ({"email": "a@example.test\nBcc: b@example.test"}, InvalidInput),
        ({"email": "a@example.test, b@example.test"}, InvalidInput),
        ({"menus": {999_999: True}}, NotFound),
        ({"service_id": "port"}, NotFound),
        ({"service_id": "none"}, NotFound),
        ({"email": admin.email.upper()}, AlreadyExists),
    ):
        with pytest.raises(kind), transaction():
            invite(admin.id, wanted(**more))
    assert mails() == []
    assert [one.id for one in services_to_invite_to("dreams")] == ["dreams"]
    assert [one.id for one in services_to_invite_to(None)] == ["dreams", "port"]


def test_an_account_that_came_up_meanwhile_stops_it(admin: Account, company: Company) -> None:
    invited(admin)
    person(company, email=MAILBOX)
    with pytest.raises(AlreadyExists) as refusal:
        accept(token())
    assert refusal.value.details["field"] == "email"
    assert trouble(token()) is None


def test_an_invitation_is_no_way_around_the_proof_of_a_company(database: Flask) -> None:
    service = a_service()
    with transaction():
        unproven = add_company(tax_id="00000022", name="測試二號有限公司")
    admin = person(unproven, Role.GROUP_ADMIN, service_id=service.id)
    with pytest.raises(CompanyNotProven), transaction():
        invite(admin.id, wanted())


def test_only_so_many_are_sent_a_day_and_to_one_mailbox(admin: Account) -> None:
    for _ in range(MAILS_PER_MAILBOX.most):
        invited(admin)
    with pytest.raises(TooManyRequests), transaction():
        invite(admin.id, wanted())
    with transaction():
        session.execute(
            update(LimitCounter)
            .where(LimitCounter.name == INVITATIONS_PER_COMPANY.name)
            .values(count=INVITATIONS_PER_COMPANY.most)
        )
    with pytest.raises(TooManyRequests), transaction():
        invite(admin.id, wanted(email="other@example.test"))


def test_another_companys_invitation_is_not_there(admin: Account, database: Flask) -> None:
    invitation = invited(admin)
    with transaction():
        other = add_company(tax_id="00000022", name="測試二號有限公司")
        prove_company(other, CompanyProof.CARD, "seen")
    stranger = person(other, Role.GROUP_ADMIN, service_id="dreams")
    for act in (cancel_invitation, send_again):
        with pytest.raises(NotFound), transaction():
            act(stranger.id, invitation.id)
    with pytest.raises(NotFound):
        invitation_of(other.id, invitation.id)
    assert invitations_of(other.id) == ([], 0)
    assert trouble(token()) is None


def test_the_list_is_paged_with_those_that_wait_first(admin: Account) -> None:
    first = invited(admin, email="a@example.test")
    for name in "bcd":
        invited(admin, email=f"{name}@example.test")
    with transaction():
        cancel_invitation(admin.id, first.id)
    rows, total = invitations_of(first.company_id, most=3)
    assert (total, [row.invitation.email[0] for row in rows]) == (4, ["d", "c", "b"])
    rows, _ = invitations_of(first.company_id, first=3, most=3)
    assert [(row.invitation.email[0], row.state) for row in rows] == [("a", InvitationState.CANCELLED)]


def test_an_invited_group_admin_closes_the_first_place(database: Flask) -> None:
    service = a_service()
    with transaction():
        company = add_company(tax_id="00000022", name="測試二號有限公司", proof=CompanyProof.CARD)
    admin = person(company, Role.GROUP_ADMIN, service_id=service.id)
    with transaction():
        session.execute(update(Company).values(first_admin_id=None))
    invited(admin, role="group_admin")
    account = accept(token())
    session.expire_all()
    assert session.get_one(Company, company.id).first_admin_id == account.id
