"""A service whose accounts are called by a number and activated by a link (preset ``ida``), and who applies there."""

from collections.abc import Callable

import pytest

from tests.activation.place import IDA, Newcomer, apply_by_password
from tests.harness.mailbox import Mailbox
from tests.harness.people import Town, new_tax_id


@pytest.fixture
def town(provider: Town) -> Town:
    """The provider with that service."""
    there = {service["id"] for service in provider.idp.kept("service", "list", "--json")}
    if IDA not in there:
        brand = ("--name", "免稅函線上申辦", "--name-en", "Duty-free letters", "--mail-from", "ida@example.test")
        provider.idp.kept("service", "add", "--id", IDA, "--preset", "ida", *brand)
    return provider


@pytest.fixture
def mailbox(town: Town) -> Mailbox:
    """All mail of the provider."""
    return Mailbox(town)


@pytest.fixture
def tax_id(town: Town) -> str:
    """The number of a company that nobody has applied for."""
    return new_tax_id()


@pytest.fixture
def apply(town: Town, mailbox: Mailbox) -> Callable[[], Newcomer]:
    """Gives somebody who has applied for a 非憑證帳號 and has her mail."""
    return lambda: apply_by_password(town, mailbox, new_tax_id())
