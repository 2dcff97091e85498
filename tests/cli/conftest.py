"""The ``idp`` command with a database of its own, as an operator uses it."""

import os
from pathlib import Path

import pytest

from tests.harness.command import Command
from tests.harness.processes import ROOT
from tests.harness.server import FAST, new_key


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a provider whose database is not there yet."""
    database = tmp_path_factory.mktemp("cli") / "data" / "idp.db"
    outside = {name: value for name, value in os.environ.items() if not name.startswith("IDP_")}
    own = {
        "IDP_MODE": "test",
        "IDP_ISSUER": "http://localhost:5999",
        "IDP_DATABASE_URL": f"sqlite:///{database}",
        "IDP_SECRET_KEY": new_key(),
        "IDP_MASTER_KEY": new_key(),
        "IDP_KEY_PUBLISH_HOURS": "0",
        "IDP_MAIL_PORT": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(ROOT),
    }
    return {**outside, **own, **FAST}


@pytest.fixture(scope="module")
def idp(surroundings: dict[str, str]) -> Command:
    """The command of a provider that is set up and has two companies."""
    command = Command(ROOT, surroundings)
    command("init")
    command("company", "add", "--tax-id", "00000016", "--name", "測試一號有限公司")
    command("company", "add", "--tax-id", "00000022", "--name", "測試二號有限公司", "--proof", "card")
    return command


@pytest.fixture
def database(surroundings: dict[str, str]) -> Path:
    return Path(surroundings["IDP_DATABASE_URL"].removeprefix("sqlite:///"))
