"""What tests of the mailbox check and of the status page begin with."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.harness.mailbox import Mailbox
from tests.harness.people import Town


@pytest.fixture
def mailbox(provider: Town) -> Mailbox:
    """All mail of the provider."""
    return Mailbox(provider)


@pytest.fixture
def proven(provider: Town) -> str:
    """The tax ID of a company that is proven and has no group admin yet."""
    tax_id: str = provider.new_company("綠能")["tax_id"]
    provider.idp("company", "prove", "--tax-id", tax_id, "--proof", "document", "--reason", "tests")
    return tax_id


def set_link(provider: Town, account_id: str, **moments: timedelta) -> None:
    """Move moments of an account's links, counted from now."""
    for column, distance in moments.items():
        moment = (datetime.now(UTC) + distance).strftime("%Y-%m-%d %H:%M:%S.%f")
        zone = "" if provider.server.kind == "sqlite" else "+00:00"
        statement = f"UPDATE one_time_secrets SET {column} = :moment WHERE account_id = :id"
        assert provider.server.write(statement, {"moment": moment + zone, "id": account_id}) > 0


def use_up_but_one(provider: Town, limit: str, most: int) -> None:
    """Whoever was counted for this limit has one time left."""
    values = {"name": limit, "count": str(most - 1)}
    assert provider.server.write("UPDATE limit_counters SET count = :count WHERE name = :name", values) > 0
