"""What the tests of the protocol through a linked account begin with."""

import pytest

from tests.harness.people import Town
from tests.oidc.rounds import Round, a_round


@pytest.fixture
def around(provider: Town) -> Round:
    """An agent with two companies."""
    return a_round(provider)
