"""The demo's operator, ready to sign in: the mailbox shows the codes that a phone would show. In demo mode alone."""

import json
import os
import time
from pathlib import Path

import click
import pyotp

from idp.config import Mode, settings
from idp.db import transaction
from idp.models import Operator
from idp.policies.duties import Duty, OperatorStatus
from idp.services.audit import Circumstances, set_circumstances
from idp.services.authenticators import begin_authenticator, confirm_authenticator, unconfirmed_secret
from idp.services.operators import (
    NewOperator,
    activate,
    add_operator,
    hashed_operator_password,
    operator_by_name,
    reset_operator,
)
from idp.services.secrets import digest

USERNAME, NAME = "operator", "周文傑"


def app_file(folder: Path) -> Path:
    """Where the operator's authenticator app is kept, for the mailbox to show its codes."""
    return folder / "operator.json"


def make_operator(folder: Path, password: str) -> None:
    """Add the operator with all duties, or set it up anew where its app is lost; what works is left as it is."""
    from idp.app import create_app

    if settings().mode is not Mode.DEMO:
        raise click.ClickException("Only the demo has an operator that is set up by a program.")
    with create_app().app_context():
        set_circumstances(Circumstances(actor="cli:demo"))
        found = operator_by_name(USERNAME)
        if found is None or found.status is OperatorStatus.INVITED or not app_file(folder).exists():
            _set_up(folder, found, password)


def _set_up(folder: Path, found: Operator | None, password: str) -> None:
    said = NewOperator(
        username=USERNAME, name=NAME, email=f"{USERNAME}@example.test", duties=tuple(str(duty) for duty in Duty)
    )
    with transaction():
        if found is None:
            operator, link = add_operator(said)
        else:
            operator, link = reset_operator(found.id, found.version, may_be_last=True)
        authenticator_id = begin_authenticator(operator.id)
        secret = unconfirmed_secret(authenticator_id) or ""
        # A code of before: the one that is shown now is left for the first sign-in.
        confirm_authenticator(operator.id, authenticator_id, pyotp.TOTP(secret).at(time.time() - 25))
        activate(
            digest(link.rpartition("/")[2]),
            password_hash=hashed_operator_password(operator, password),
            authenticator_id=authenticator_id,
        )
        _keep(app_file(folder), {"name": f"{NAME}（{USERNAME}）", "secret": secret})


def _keep(path: Path, content: dict[str, str]) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False)
