"""The phone of the demo's operator: the page /authenticator shows what an authenticator app would show."""

import json
import time
from pathlib import Path

import pyotp
from flask import Blueprint, abort, current_app, render_template

STEP = 30

pages = Blueprint("authenticator", __name__)


@pages.get("/authenticator")
def show() -> str:
    """The code of now, and for how long it is shown; the page is read anew when it is over."""
    path: Path | None = current_app.extensions["authenticator"]
    if path is None or not path.exists():
        abort(404)
    kept = json.loads(path.read_text(encoding="utf-8"))
    left = STEP - int(time.time()) % STEP
    code = pyotp.TOTP(kept["secret"]).now()
    return render_template("authenticator.html", name=kept["name"], code=code, left=left, newest="")
