"""A company's own records: who did what, as its group admins may read it (P35)."""

from datetime import timedelta

import pytest

from idp.db import now, transaction
from idp.models import Company
from idp.policies.roles import Role
from idp.services.acting_records import acting_records
from idp.services.audit import record
from idp.services.binding_decisions import owner_agrees
from idp.services.binding_facts import bindings_of_account
from idp.services.binding_requests import cancel_request
from idp.services.companies import add_company
from idp.services.group_audit import Colleague, Kind, Party, RecordSearch, records_of
from tests.services.binders import acting, an_agent
from tests.services.people import PASSWORD, person

pytestmark = pytest.mark.both_databases

ALL = RecordSearch()


def test_who_did_it_is_told_by_name_for_colleagues_only(company: Company) -> None:
    ming = person(company, name="王小明")
    with transaction():
        other = add_company(tax_id="00000022", name="測試二號有限公司")
    stranger = person(other, name="別家的人")
    actors = [ming.id, stranger.id, "la_linked", "cli:somebody", "worker", None]
    with transaction():
        for actor in actors:
            record("invented:act", actor=actor, account_id=ming.id, company_id=company.id)
        record("invented:act", actor="worker", company_id=company.id, by=ming.id)
        record("case:approved", actor="worker", company_id=company.id, by="policy")
        record("invented:act", actor=ming.id, company_id=other.id)
    found = [one for one in records_of(company.id, ALL) if one.action != "account:added"][::-1]
    himself = Colleague(ming.id, "王小明", ming.username)
    # Without an actor of its own a row has that of its circumstances: a command of the tests.
    outside = [Party.OUTSIDER, Party.OUTSIDER, Party.OPERATOR, Party.SYSTEM, Party.OPERATOR]
    assert [one.by for one in found] == [Party.OPERATOR, himself, *outside, Party.SYSTEM, Party.SYSTEM]
    assert {one.about for one in found[1:7]} == {himself}
    assert found[-1].about is None
    assert all(one.by != "別家的人" for one in found)


def test_what_an_owner_has_not_answered_is_hers_alone(company: Company) -> None:
    """Whoever asks for an account, by password or by name: her company reads of it once she has agreed."""
    ming, agent, other = person(company, password=PASSWORD), an_agent("錢大明"), an_agent("周代辦")
    binding_id = agent.ask(ming).binding_id
    with transaction():
        cancel_request(agent.acting, binding_id)
    other.ask_by_name(ming.username)
    hers = ["binding:owner:asked", "binding:asked", "binding:unbound", "binding:owner:asked", "binding:asked"]
    assert [one.action for one in acting_records(ming.id)] == hers
    assert records_of(company.id, RecordSearch(kind=Kind.LINKED)) == []
    with transaction():
        owner_agrees(acting(ming), bindings_of_account(ming.id)[0].id)
    [one] = records_of(company.id, RecordSearch(kind=Kind.LINKED))
    assert (one.action, one.linked.name if one.linked else None) == ("binding:bound", "周代辦")
    assert records_of(company.id, RecordSearch(text="錢大明")) == []


def test_records_are_found_by_person_kind_and_time(company: Company) -> None:
    ming = person(company, name="王小明")
    chen = person(company, Role.GROUP_ADMIN, name="陳美惠")
    with transaction():
        record("account:sign_in:begun", actor=ming.id, account_id=ming.id, company_id=company.id)
        record("account:role:changed", actor=chen.id, account_id=ming.id, company_id=company.id)
        record("case:approved", actor=chen.id, company_id=company.id)

    def actions(before: int | None = None, **search: object) -> list[str]:
        found = records_of(company.id, RecordSearch(**search), before=before)  # type: ignore[arg-type]
        return [one.action for one in found]

    assert actions() == ["case:approved", "account:role:changed", "account:added", "account:added", "company:added"]
    assert actions(kind=Kind.SIGN_IN) == ["account:sign_in:begun"]
    assert actions(kind=Kind.REVIEW) == ["case:approved"]
    assert actions(text=ming.username) == ["account:role:changed", "account:added"]
    assert actions(text="陳美惠", kind=Kind.REVIEW) == ["case:approved"]
    assert actions(text="_") == []
    assert actions(since=now() + timedelta(minutes=1)) == []
    assert actions(until=now() - timedelta(minutes=1)) == []
    newest = records_of(company.id, ALL, most=1)
    assert [one.action for one in newest] == ["case:approved"]
    assert actions(before=newest[0].id)[0] == "account:role:changed"
