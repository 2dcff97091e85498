"""A sign-in is raised while it runs; what was shown in one that has ended counts for nothing."""

import pytest
from sqlalchemy import func, select

from idp.db import session, transaction
from idp.errors import SignInEnded
from idp.models import Company, SignIn
from idp.policies.assurance import Method
from idp.services.acting import acting_account
from idp.services.sign_ins import begin_sign_in, end_sign_in, find_sign_in
from tests.services.people import person


@pytest.mark.both_databases
def test_a_sign_in_that_ended_meanwhile_is_not_begun_anew_by_what_was_to_raise_it(
    company: Company,
) -> None:
    acting = acting_account(person(company).id)
    assert acting is not None
    with transaction():
        _, token = begin_sign_in(
            acting, [Method.PASSWORD], previous=None, browser="b", address="127.0.0.1", user_agent=None
        )
    previous = find_sign_in(token)
    assert previous is not None
    with transaction():
        end_sign_in(previous.id, because="owner")
    raised = [Method.PASSWORD, Method.ONE_TIME_CODE]
    with pytest.raises(SignInEnded), transaction():
        begin_sign_in(
            acting, raised, previous=previous, browser="b", address="127.0.0.1", user_agent=None, must_live=True
        )
    assert session.scalar(select(func.count()).select_from(SignIn).where(SignIn.ended_at.is_(None))) == 0
