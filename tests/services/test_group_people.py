"""A company's people as its group admins see them: pages, searches, and what may be done (P32 … P34)."""

from dataclasses import replace

import pytest

from idp.db import session, transaction
from idp.errors import CompanyClosed, InvalidInput, NotFound, Refused
from idp.models import Account, Case, Company, MenuRight, Service
from idp.policies.managing import Task
from idp.policies.reviews import Outcome
from idp.policies.roles import Role
from idp.policies.standing import AccountKind, AccountStatus, Approval, CompanyProof
from idp.services.companies import add_company, suspend_company
from idp.services.group_changes import PersonChange, Verdict, change_person, hold_company, review_person
from idp.services.group_people import (
    ON_A_PAGE,
    Search,
    Tab,
    count_people,
    count_waiting,
    people_of,
    person_of,
)
from idp.services.menu_catalogue import import_menus
from idp.services.menu_rights import Ticks, menus_before, rights_of, set_menu_rights
from tests.services.applicants import a_service, account_of, apply, confirm
from tests.services.people import a_client, actions, mails, person

pytestmark = pytest.mark.both_databases

OPERATORS = {"preset": "dreams", "company_proof": ["operator"], "member_approval": "operator"}
NO_MENUS = {"preset": "dreams", "company_proof": ["operator"], "menu_rights": False, "roles": ["staff", "group_admin"]}


@pytest.fixture
def proven(company: Company) -> Company:
    with transaction():
        company.proof = CompanyProof.DOCUMENT
    return company


@pytest.fixture
def admin(proven: Company) -> Account:
    return person(proven, Role.GROUP_ADMIN, username="chen.meihui", name="陳美惠")


def usernames(company: Company, **search: object) -> list[str]:
    page = people_of(company.id, replace(Search(), **search), count_people(company.id))  # type: ignore[arg-type]
    return [one.account.username for one in page.rows]


def test_a_list_has_twenty_a_page_and_the_last_page_for_any_beyond(admin: Account, proven: Company) -> None:
    for number in range(ON_A_PAGE + 1):
        person(proven, username=f"staff-{number:02}")
    counts = count_people(proven.id)
    first, last = (people_of(proven.id, Search(page=page), counts) for page in (1, 99))
    assert (first.total, first.pages, first.first, len(first.rows)) == (22, 2, 1, 20)
    assert (last.number, last.first, [one.account.username for one in last.rows]) == (2, 21, ["staff-19", "staff-20"])
    assert people_of(proven.id, Search(tab=Tab.PENDING, page=7), counts).pages == 1
    assert people_of(proven.id, Search(tab=Tab.ACTIVE, page=2), counts).number == 2
    assert people_of(proven.id, Search(text="staff", page=9), counts).number == 1


def test_a_search_knows_no_wildcards_and_no_other_company(admin: Account, proven: Company) -> None:
    with transaction():
        other = add_company(tax_id="00000022", name="測試二號有限公司")
    person(other, username="wang.other", name="王小明")
    person(proven, username="wang_ming", name="王小明", email="Xiaoming@Example.test")
    person(proven, username="wang.dahua", name="100%王大華")
    for text, found in {
        "王小明": ["wang_ming"],
        "WANG_": ["wang_ming"],
        "xiaoMING@": ["wang_ming"],
        "100%": ["wang.dahua"],
        "%": ["wang.dahua"],
        "_": ["wang_ming"],
        "\\": [],
        "x" * 500: [],
    }.items():
        assert usernames(proven, text=text) == found, text
    assert usernames(proven, role=Role.GROUP_ADMIN) == ["chen.meihui"]


def test_who_has_not_confirmed_her_mailbox_is_counted_nowhere_until_she_was_approved(
    admin: Account, proven: Company
) -> None:
    service = a_service(policy={"preset": "dreams", "company_proof": ["operator"], "mail_check": "after_review"})
    unconfirmed = apply(a_service("other"))
    waiting = apply(service)
    assert count_people(proven.id) == {Tab.PENDING: 1, Tab.ACTIVE: 1, Tab.SUSPENDED: 0, Tab.ALL: 2}
    assert count_waiting(proven.id) == 1
    verdict = Verdict(account_id=waiting.account_id, seen_version=1, outcome=Outcome.APPROVED, role=Role.STAFF)
    with transaction():
        assert review_person(admin.id, verdict).status is AccountStatus.EMAIL_PENDING
    assert count_people(proven.id)[Tab.ALL] == 2
    assert count_waiting(proven.id) == 0
    assert account_of(waiting).username in usernames(proven)
    assert account_of(unconfirmed).username not in usernames(proven)
    seen = person_of(proven.id, waiting.account_id)
    assert [(review.outcome, name) for review, name in seen.reviews] == [(Outcome.APPROVED, "陳美惠")]


def test_where_operators_decide_a_group_admin_looks_on(admin: Account, proven: Company) -> None:
    case = apply(a_service(policy=OPERATORS))
    confirm(case)
    seen = person_of(proven.id, case.account_id)
    assert (seen.task, count_waiting(proven.id)) == (None, 0)
    verdict = Verdict(account_id=case.account_id, seen_version=case.version, outcome=Outcome.APPROVED, role=Role.STAFF)
    with pytest.raises(Refused), transaction():
        review_person(admin.id, verdict)
    assert account_of(case).status is AccountStatus.REVIEW_PENDING


def test_nobody_decides_what_was_never_applied_for_or_is_anothers(admin: Account, proven: Company) -> None:
    staff = person(proven)
    with transaction():
        other = add_company(tax_id="00000022", name="測試二號有限公司", proof=CompanyProof.DOCUMENT)
    stranger = apply(a_service(), "00000022")
    for account_id in (staff.id, stranger.account_id, "ga_nobody"):
        verdict = Verdict(account_id=account_id, seen_version=1, outcome=Outcome.APPROVED, role=Role.STAFF)
        with pytest.raises(NotFound), transaction():
            review_person(admin.id, verdict)
    assert other.id != proven.id
    assert person_of(proven.id, staff.id).task is Task.CHANGE


def test_only_who_leads_a_usable_company_holds_it(admin: Account, proven: Company) -> None:
    staff = person(proven)
    with transaction():
        suspended = person(proven, Role.GROUP_ADMIN)
        suspended.status = AccountStatus.SUSPENDED
    linked = Account(
        id="la_1", kind=AccountKind.LINKED, electronic_id="IC1", username="linked", username_canonical="linked",
        name="錢大明", email="l@example.test", email_canonical="l@example.test", status=AccountStatus.ACTIVE,
        created_at=admin.created_at, updated_at=admin.created_at,
    )  # fmt: skip
    with transaction():
        session.add(linked)
    for one in (staff.id, suspended.id, linked.id, "ga_nobody"):
        with pytest.raises(Refused), transaction():
            hold_company(one)
    with transaction():
        assert hold_company(admin.id).id == proven.id
        suspend_company(proven, "查核")
    with pytest.raises(CompanyClosed), transaction():
        hold_company(admin.id)


def test_a_change_is_refused_before_anything_of_it_is_written(admin: Account, proven: Company) -> None:
    """Role and state are one act: a refused state leaves the role as it was."""
    service = a_service(policy=NO_MENUS)
    staff = person(proven, service_id=service.id)
    assert person_of(proven.id, staff.id).roles == (Role.STAFF, Role.GROUP_ADMIN)
    change = PersonChange(
        account_id=staff.id,
        seen_version=staff.version,
        role=Role.GROUP_ADMIN,
        status=AccountStatus.SUSPENDED,
        reason=" \n ",
    )
    before = actions()
    with pytest.raises(InvalidInput) as refused, transaction():
        change_person(admin.id, change)
    assert refused.value.details["field"] == "reason"
    with pytest.raises(InvalidInput) as refused, transaction():
        change_person(admin.id, replace(change, role=Role.GUEST))
    assert refused.value.details["field"] == "role"
    session.refresh(staff)
    assert (staff.role, staff.status, actions()) == (Role.STAFF, AccountStatus.ACTIVE, before)
    with transaction():
        assert change_person(admin.id, replace(change, reason="離職"))
    assert actions()[len(before) :] == ["account:role:changed", "account:suspended"]


def test_a_service_without_menu_rights_has_none_to_set(admin: Account, proven: Company) -> None:
    """C-16; and an account that is not approved yet is judged as if a group admin had."""
    client = a_client(admission={"approvals": ["group_admin"]})
    with transaction():
        import_menus(
            client.id, [{"code": "a", "label_zh": "甲", "label_en": "A", "parent": None, "default_roles": ["staff"]}]
        )
    waiting = apply(a_service(policy=NO_MENUS))
    confirm(waiting)
    account = account_of(waiting)
    [menu] = [one for one in menus_before(account) if one.client.id == client.id]
    assert (menu.problem, account.approval) == (None, None)
    assert menus_before(admin)[0].problem == "admission.approval"
    seen = person_of(proven.id, account.id)
    assert (seen.has_menu_rights, seen.takes_menus) == (False, False)
    item = menu.items[0].id
    ticks = Ticks(
        account_id=account.id, seen_version=account.version, shown=frozenset({item}), ticked=frozenset({item})
    )
    with pytest.raises(Refused), transaction():
        set_menu_rights(admin.id, ticks)
    assert rights_of(account.id) == {}


def test_a_tick_left_over_from_another_role_is_kept_as_a_difference_only(admin: Account, proven: Company) -> None:
    """What was taken from a staff is the default of a guest: with the next change nothing of it is kept."""
    client = a_client()
    rows = [("a", ["guest", "staff"]), ("b", ["staff"])]
    with transaction():
        import_menus(
            client.id,
            [{"code": c, "label_zh": c, "label_en": c, "parent": None, "default_roles": roles} for c, roles in rows],
        )
    staff = person(proven, approval=Approval.GROUP_ADMIN)
    a, b = (item.id for item in menus_before(staff)[0].items)
    ticks = Ticks(account_id=staff.id, seen_version=staff.version, shown=frozenset({a, b}), ticked=frozenset({a}))
    with transaction():
        assert set_menu_rights(admin.id, ticks)
    assert rights_of(staff.id) == {b: False}
    with transaction():
        change_person(
            admin.id,
            PersonChange(account_id=staff.id, seen_version=staff.version, role=Role.GUEST, status=AccountStatus.ACTIVE),
        )
    count = len(mails())
    with transaction():
        assert not set_menu_rights(admin.id, replace(ticks, seen_version=staff.version))
    assert (rights_of(staff.id), len(mails())) == ({b: False}, count)
    with transaction():
        assert set_menu_rights(admin.id, replace(ticks, seen_version=staff.version, ticked=frozenset()))
    assert rights_of(staff.id) == {a: False}
    assert session.query(MenuRight).count() == 1
    assert session.query(Case).count() == 0
    assert session.query(Service).count() == 0
