"""The applications that wait, as operators list them."""

import pytest

from idp.errors import NotFound
from idp.models import Company
from idp.policies.registration import Reviewer
from idp.services.case_queue import case_of_number, waiting_cases
from tests.services.applicants import a_service, apply, confirm

pytestmark = pytest.mark.both_databases


def test_what_waits_is_listed_the_longest_waiting_first(company: Company) -> None:
    service = a_service()
    cases = [apply(service) for _ in range(3)]
    assert waiting_cases(most=10) == ([], 0)
    for case in reversed(cases):
        confirm(case)
    listed, total = waiting_cases(Reviewer.OPERATOR, most=2)
    assert ([waiting.number for waiting in listed], total) == ([cases[2].number, cases[1].number], 3)
    assert (listed[0].company_tax_id, listed[0].service, listed[0].waits_for) == ("00000016", "dreams", "operator")
    assert waiting_cases(Reviewer.GROUP_ADMIN, most=2) == ([], 0)


def test_a_case_is_found_by_its_number_alone(company: Company) -> None:
    case = apply(a_service())
    found, account, of = case_of_number(case.number.lower().replace("-", ""))
    assert (found.id, account.id, of.id) == (case.id, case.account_id, company.id)
    with pytest.raises(NotFound):
        case_of_number("AAAA-AAAA-AAAA")
