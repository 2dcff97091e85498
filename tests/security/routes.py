"""The routes as the application itself lists them, and what the tests put into their variables."""

import os
import re
import subprocess
import sys
from functools import cache

from tests.harness.processes import ROOT
from tests.harness.server import new_key

LIST = """
from idp.app import create_app
for rule in create_app().url_map.iter_rules():
    for method in sorted(rule.methods or ()):
        print(method, rule.rule, rule.endpoint)
"""
BEFORE_FLASK = ["/.well-known/openid-configuration", "/jwks"]
VALUES = {"filename": "look.css", "code": "en"}


@cache
def _listed() -> tuple[tuple[str, str, str], ...]:
    # In a process of its own: an application made here would open the database of the tests' process.
    outside = {name: value for name, value in os.environ.items() if not name.startswith("IDP_")}
    settings = {
        "IDP_MODE": "test",
        "IDP_ISSUER": "http://localhost:5999",
        "IDP_DATABASE_URL": "sqlite:////tmp/idp-tests-routes/none.db",
        "IDP_SECRET_KEY": new_key(),
        "IDP_MASTER_KEY": new_key(),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", LIST],
        cwd=ROOT,
        env=outside | settings,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    lines = [line.split(" ") for line in done.stdout.splitlines()]
    return tuple((method, rule, endpoint) for method, rule, endpoint in lines)


def filled(path: str) -> str:
    """A route's path with something in each of its variables."""
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: VALUES.get(found[1], "x" * 22), path)


GET_ROUTES = sorted({rule for method, rule, _ in _listed() if method == "GET"} | set(BEFORE_FLASK))
POST_ROUTES = sorted({rule for method, rule, _ in _listed() if method == "POST"})
OTHER_METHODS = sorted({method for method, _, _ in _listed()} - {"GET", "HEAD", "OPTIONS", "POST"})
