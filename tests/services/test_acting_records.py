"""Who acted through which linked account, as both sides read it (LK10): the owner at P29, the group admin at P35."""

import pytest
from flask import Flask

from idp.db import transaction
from idp.models import Account, Company
from idp.policies.roles import Role
from idp.services.acting_records import ActingRecord, DoneBy, acting_records
from idp.services.audit import Circumstances, record, under
from idp.services.binding_decisions import owner_unbinds
from idp.services.bindings import bind_by_operator
from idp.services.companies import add_company
from idp.services.group_audit import Colleague, GroupRecord, Kind, LinkedPerson, Party, RecordSearch, records_of
from tests.services.binders import Agent, acting, an_agent
from tests.services.people import person

pytestmark = pytest.mark.both_databases


def bound(agent: Agent, account: Account) -> str:
    with transaction():
        return bind_by_operator(agent.account, account, "移轉既有資料").id


def enters(agent: Agent, account: Account, binding_id: str, client_id: str = "dreams") -> None:
    with transaction():
        record(
            "account:client_session:begun",
            actor=agent.account.id,
            account_id=account.id,
            linked_account_id=agent.account.id,
            binding_id=binding_id,
            company_id=account.company_id,
            client_id=client_id,
        )


def linked_records(company: Company, **search: str) -> list[GroupRecord]:
    return records_of(company.id, RecordSearch(kind=Kind.LINKED, **search))  # type: ignore[arg-type]


def told(records: list[ActingRecord]) -> list[tuple[str, str, DoneBy]]:
    return [(one.action, one.linked_name, one.by) for one in records]


def test_an_owner_reads_who_acted_as_her_when_and_where(company: Company) -> None:
    ming, other = person(company), person(company)
    agent, second = an_agent("錢大明"), an_agent("周代辦")
    one, two = bound(agent, ming), bound(second, ming)
    elsewhere = bound(agent, other)
    enters(agent, ming, one)
    enters(agent, other, elsewhere, "portpass")
    enters(second, ming, two, "portpass")
    with transaction():
        record("account:sign_in:begun", actor=ming.id, account_id=ming.id, company_id=company.id)
    with transaction(), under(Circumstances(actor=ming.id)):
        owner_unbinds(acting(ming), one)
    found = acting_records(ming.id)
    assert told(found) == [
        ("binding:unbound", "錢大明", DoneBy.OWNER),
        ("account:client_session:begun", "周代辦", DoneBy.LINKED),
        ("account:client_session:begun", "錢大明", DoneBy.LINKED),
        ("binding:bound", "周代辦", DoneBy.OPERATOR),
        ("binding:bound", "錢大明", DoneBy.OPERATOR),
    ]
    assert [one.client_id for one in found][1:3] == ["portpass", "dreams"]
    assert told(acting_records(ming.id, before=found[1].id, most=1)) == told(found[2:3])


def test_a_group_admin_reads_it_of_all_her_company_and_finds_it_by_the_linked_persons_name(company: Company) -> None:
    ming, agent = person(company), an_agent("錢大明")
    binding = bound(agent, ming)
    enters(agent, ming, binding)
    entered, made = linked_records(company)
    himself, she = Colleague(ming.id, ming.name, ming.username), agent.account
    assert entered.by == LinkedPerson(she.id, "錢大明", she.username, seat=himself)
    assert (entered.about, entered.client_id) == (himself, "dreams")
    assert (made.by, made.linked) == (Party.OPERATOR, LinkedPerson(she.id, "錢大明", she.username))
    assert linked_records(company, text=she.username) == [entered]
    assert linked_records(company, text=ming.username) == [entered, made]
    assert linked_records(company, text="別人") == []


def test_what_an_agent_did_as_group_admin_is_told_with_both_names(company: Company) -> None:
    """LK10: the real actor and the account acted as."""
    ming, admin, agent = person(company), person(company, Role.GROUP_ADMIN, name="陳美惠"), an_agent("錢大明")
    binding = bound(agent, admin)
    with transaction(), under(Circumstances(actor=agent.account.id, binding_id=binding)):
        record("account:role:changed", account_id=ming.id, company_id=company.id)
    changed = records_of(company.id, RecordSearch(kind=Kind.RIGHTS))[0]
    assert isinstance(changed.by, LinkedPerson)
    assert (changed.by.name, changed.by.seat, changed.about) == (
        "錢大明", Colleague(admin.id, "陳美惠", admin.username), Colleague(ming.id, ming.name, ming.username)
    )  # fmt: skip


def test_of_another_company_an_agents_records_tell_nothing(database: Flask, company: Company) -> None:
    """I5: her agent's other customers are no business of hers."""
    agent = an_agent("錢大明")
    with transaction():
        other = add_company(tax_id="00000022", name="測試二號有限公司")
    binding = bound(agent, person(other, name="別家的人"))
    with transaction():
        # A row that names another company's binding, as none should.
        record("invented:act", actor=agent.account.id, linked_account_id=agent.account.id, binding_id=binding,
               company_id=company.id)  # fmt: skip
    invented = linked_records(company)[0]
    assert (invented.by, invented.linked, invented.about) == (Party.OUTSIDER, None, None)
    assert {one.action for one in linked_records(other)} == {"binding:bound"}
