"""What the page of a conflict carries along: everything typed, but no password."""

import ast
import io
from pathlib import Path

from flask import Flask
from flask_babel import Babel

import idp.flows
from idp.flows.kept_fields import PASSWORDS, kept_in_page, kept_of_request

FLOWS = Path(idp.flows.__file__).parent


def password_fields() -> set[str]:
    """The names of the password fields of all our forms; the console has a conflict page of its own."""
    found = set()
    for file in FLOWS.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
                continue
            if isinstance(node.value.func, ast.Name) and node.value.func.id == "PasswordField":
                found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def test_every_password_field_is_known_by_its_name() -> None:
    """A password is never carried in a page: whatever a form calls it, it has to be in the list."""
    assert password_fields()
    assert password_fields() <= PASSWORDS


def test_what_was_typed_is_kept_and_what_was_not_is_named() -> None:
    """Passwords, files and what a card has answered are given again; whoever carries fields carries no stamp."""
    app = Flask("kept")
    Babel(app, default_locale="zh_Hant_TW")
    sent = {
        "csrf_token": "t",
        "account": "ga_1",
        "name": ["王小明", "陳美惠"],
        "note": "",
        "password": "secret-1",
        "message": "MII",
        "document": (io.BytesIO(b"%PDF-1.7"), "證明.pdf"),
    }
    with app.test_request_context("/group/x", method="POST", data=sent):
        kept = kept_of_request()
    assert kept.fields == [("name", "王小明"), ("name", "陳美惠"), ("note", "")]
    assert kept.lost == ["密碼", "憑證卡片的驗證", "檔案「證明.pdf」"]
    carried = {"kept.name": "王小明", "kept.password": "secret-1", "kept.account": "ga_2", "binding": "bi_1"}
    with app.test_request_context("/linked/act", method="POST", data=carried):
        assert kept_in_page() == [("name", "王小明")]
