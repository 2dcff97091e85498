"""A migrated database on SQLite and one on PostgreSQL, empty for each test."""

import base64
import hashlib
import secrets
from collections.abc import Iterator

import pytest
from flask import Flask

from clients.testca.authority import Card
from idp import db as database_room
from idp.config import Mode, Settings, use_settings
from idp.db import Base, db, session, transaction
from idp.migrations import migrate
from idp.models import Company
from idp.services.audit import Circumstances, under
from idp.services.clients import forget_cached_clients
from idp.services.companies import add_company
from idp.services.menus import forget_cached_menus
from idp.services.trust import add_anchor
from tests.conftest import address_of_new_database
from tests.harness.databases import ON_EACH_DATABASE
from tests.services.ca_server import Ca


def settings_for(database_url: str, **more: object) -> Settings:
    """Settings of a provider of the tests, with fresh keys."""
    keys = {name: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode() for name in ("secret_key", "master_key")}
    common = {"mode": Mode.TEST, "issuer": "https://idp.test", "argon2_time": 1, "argon2_memory_kib": 64}
    return Settings.model_validate({**common, **keys, "database_url": database_url, **more})


@pytest.fixture(scope="session", params=ON_EACH_DATABASE)
def storage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An application that has a database and nothing else."""
    folder = tmp_path_factory.mktemp("services")
    address = address_of_new_database(request.param, folder, request)
    chosen = settings_for(address, documents_folder=folder / "documents")
    migrate(chosen.database_url)
    app = Flask("idp.services")
    app.config["IDP"] = chosen
    database_room.init_app(app, chosen)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def database(storage: Flask) -> Iterator[Flask]:
    """The empty database, as seen by one command of the test's own."""
    use_settings(storage.config["IDP"])
    forget_cached_clients()
    forget_cached_menus()
    with storage.app_context(), under(Circumstances(actor="cli:tests")):
        with transaction():
            for table in reversed(Base.metadata.sorted_tables):
                session.execute(table.delete())
        yield storage
        session.rollback()
    use_settings(None)


@pytest.fixture
def company(database: Flask) -> Company:
    """測試一號有限公司."""
    with transaction():
        return add_company(tax_id="00000016", name="測試一號有限公司")


@pytest.fixture
def ca(database: Flask) -> Iterator[Ca]:
    """A CA that answers, whose host is on our list and whose certificates are pinned."""
    with Ca() as running:
        use_settings(database.config["IDP"].model_copy(update={"card_hosts": (running.host,)}))
        with transaction():
            for authority in (running.pki.root, running.pki.companies):
                add_anchor(authority.der, hashlib.sha256(authority.der).hexdigest(), "tests")
        yield running


@pytest.fixture
def card(ca: Ca) -> Card:
    """A good company card of that CA."""
    return ca.pki.company()
