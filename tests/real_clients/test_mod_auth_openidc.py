"""Apache's mod_auth_openidc signs in: issue 2, "Done when" 3."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.people import MENUS, Town
from tests.harness.processes import Process, free_port, wait_until
from tests.harness.relying_party import Person
from tests.real_clients.conftest import SignIn
from tests.real_clients.test_authlib import answers

MODULES = Path("/usr/lib/apache2/modules")
CONFIGURATION = """
ServerRoot {folder}
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {folder}/apache.pid
ErrorLog {folder}/error.log
DefaultRuntimeDir {folder}
Mutex file:{folder} default
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule dir_module {modules}/mod_dir.so
LoadModule headers_module {modules}/mod_headers.so
LoadModule auth_openidc_module {modules}/mod_auth_openidc.so
DocumentRoot {folder}/site
StartServers 1
ThreadsPerChild 8
MaxRequestWorkers 8

OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {client_id}
OIDCClientSecret {secret}
OIDCRedirectURI http://localhost:{port}/inside/redirect_uri
OIDCCryptoPassphrase a-passphrase-of-this-test-only
OIDCScope "openid profile company menus"
OIDCPKCEMethod S256
OIDCCookie mod_auth_openidc_of_the_tests
OIDCRemoteUserClaim sub

<Location /inside>
    AuthType openid-connect
    Require valid-user
    Header set X-Sub "%{{OIDC_CLAIM_sub}}e"
    Header set X-Tax-Id "%{{OIDC_CLAIM_company_tax_id}}e"
    Header set X-Entitlements "%{{OIDC_CLAIM_entitlements}}e"
</Location>
<Location /managers>
    AuthType openid-connect
    Require claim roles:group_admin
</Location>
"""


@pytest.fixture
def apache(provider: Town) -> Iterator[str]:
    """Apache with a protected folder, running; its address."""
    program = shutil.which("apache2", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None or not (MODULES / "mod_auth_openidc.so").exists():
        pytest.skip("Apache with mod_auth_openidc is not here")
    port = free_port()
    address = f"http://localhost:{port}"
    client = provider.new_client(
        scope="openid profile company menus",
        redirect=f"{address}/inside/redirect_uri",
        consent=False,
        menus=MENUS,
    )
    folder = Path(tempfile.mkdtemp(prefix="idp-apache-"))
    for name in ("inside", "managers"):
        (folder / "site" / name).mkdir(parents=True)
        (folder / "site" / name / "index.html").write_text(f"{name}\n")
    (folder / "site" / "index.html").write_text("outside\n")
    file = folder / "apache.conf"
    file.write_text(
        CONFIGURATION.format(
            folder=folder,
            port=port,
            modules=MODULES,
            issuer=provider.issuer,
            client_id=client.client_id,
            secret=client.secret,
        )
    )
    user = "nobody" if os.geteuid() == 0 else None
    if user:
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, user, "nogroup")
    process = Process(
        [program, "-f", str(file), "-D", "FOREGROUND"],
        folder=folder,
        environment=os.environ,
        log=folder / "output.log",
        as_user=user,
    )
    try:
        wait_until("Apache answers", lambda: answers(f"{address}/"))
        yield address
    finally:
        process.stop()
        shutil.rmtree(folder, ignore_errors=True)


def test_mod_auth_openidc_signs_in_and_passes_claims_on(apache: str, sign_in_at: SignIn, staff: Person) -> None:
    """A static page behind Apache, seen only by who signed in."""
    _, page = sign_in_at(f"{apache}/inside/")
    assert (page.status, page.text) == (200, "inside")
    assert page.response.headers["X-Sub"] == staff.sub
    assert page.response.headers["X-Tax-Id"] == "00000016"
    assert "site.new" in page.response.headers["X-Entitlements"]


def test_mod_auth_openidc_judges_by_the_role(apache: str, sign_in_at: SignIn, staff: Person) -> None:
    """``Require claim roles:group_admin`` keeps a staff out."""
    browser, _ = sign_in_at(f"{apache}/inside/")
    assert browser.get(f"{apache}/managers/").status in {401, 403}
