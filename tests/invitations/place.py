"""A company whose group admin may invite, and the steps that inviting and accepting take."""

import json
import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.harness.browser import Browser, Page
from tests.harness.mailbox import Mail, Mailbox
from tests.harness.people import PASSWORD, Town
from tests.harness.relying_party import Person
from tests.security.doors import sign_in

SERVICE = "inviting"
POLICY = {"preset": "dreams", "company_proof": ["operator"]}
LIST = "/group/invitations"
NEW = "/group/invitations/new"


@dataclass
class House:
    """One company that nobody else uses, with its group admin signed in."""

    town: Town
    company: dict[str, Any]
    admin: Person
    browser: Browser

    @property
    def tax_id(self) -> str:
        return str(self.company["tax_id"])

    def someone(self, role: str, name: str = "王小明", service: str = SERVICE) -> Person:
        """Another account of this company."""
        return someone(self.town, self.tax_id, role, name, service)


def new_house(town: Town) -> House:
    """A proven company with one group admin, 陳美惠."""
    if SERVICE not in {one["id"] for one in town.idp("service", "list", "--json")}:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "policy.json")
            file.write_text(json.dumps(POLICY))
            town.idp("service", "add", "--id", SERVICE, "--name", "再生能源管理系統", "--policy", str(file))
    company = town.new_company("測試邀請公司")
    town.idp("company", "prove", "--tax-id", company["tax_id"], "--proof", "card", "--reason", "test")
    admin = someone(town, str(company["tax_id"]), "group_admin", "陳美惠", SERVICE)
    browser = town.browser()
    sign_in(browser, admin)
    return House(town, company, admin, browser)


def someone(town: Town, tax_id: str, role: str, name: str, service: str) -> Person:
    """An account of a service."""
    username = f"in-{secrets.token_hex(5)}"
    email = f"{username}@example.test"
    account = town.idp(
        "account", "add", "--tax-id", tax_id, "--username", username, "--name", name, "--email", email, "--role", role,
        "--service", service, "--password-stdin", stdin=PASSWORD,
    )  # fmt: skip
    return Person(username, PASSWORD, account["sub"], tax_id, name, email, role)


def new_mailbox() -> str:
    """A mailbox that nobody has yet."""
    return f"new-{secrets.token_hex(5)}@example.test"


def press(
    browser: Browser, page: Page, button: str, ticks: dict[str, Sequence[str]] | None = None, **values: str
) -> Page:
    """Press a button with fields filled in; ``ticks`` are choices, one value for each that is ticked."""
    found = page.button(button)
    assert found is not None, f"no button {button} on {page!r}"
    form, pressed = found
    chosen = {name: list(several) for name, several in (ticks or {}).items()}
    replaced = {**{name: [value] for name, value in values.items()}, **chosen}
    assert replaced.keys() <= {name for name, _ in form.fields} | form.kinds.keys(), f"{replaced} on {page!r}"
    data = [(name, value) for name, value in form.fields if name not in replaced]
    data += [(name, value) for name, several in replaced.items() for value in several]
    if pressed.name:
        data.append((pressed.name, pressed.value))
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
    return browser.post(form.action, data, headers={"Origin": origin, "Referer": page.url})


def stamp_of(page: Page) -> dict[str, str]:
    """What makes a form of this browser's own out of any data."""
    return {name: value for name, value in page.forms[0].fields if name in {"csrf_token", "account"}}


def send_invitation(house: House, email: str, role: str = "staff") -> Page:
    """Fill in the form and send it."""
    return press(house.browser, house.browser.get(NEW), "send", {"role": [role]}, email=email)


def invited(house: House, role: str = "staff", email: str | None = None) -> Mail:
    """Invite somebody; her mail."""
    email = email or new_mailbox()
    page = send_invitation(house, email, role)
    assert page.path == LIST, page
    return Mailbox(house.town).newest(email)


def fill_in(browser: Browser, page: Page, username: str, **more: str) -> Page:
    """Fill in the invited person's form and press 建立帳號."""
    given = {"name": "林雅婷", "phone": "0922111333", "password": PASSWORD, "password_again": PASSWORD, **more}
    return press(browser, page, "accept", {"agree": ["y"]}, username=username, **given)


def new_username() -> str:
    """An account name that nobody has."""
    return f"new.{secrets.token_hex(5)}"


def id_of(house: House, email: str) -> str:
    """The id of the newest invitation to a mailbox."""
    rows = house.town.server.read(
        "SELECT id FROM invitations WHERE email = :email ORDER BY created_at DESC", {"email": email}
    )
    return str(rows[0][0])


def accounts_of(town: Town, email: str) -> list[tuple[Any, ...]]:
    """Account id, role and status of each account of a mailbox."""
    return town.server.read("SELECT id, role, status FROM accounts WHERE email = :email", {"email": email})
