"""Bindings from the other sides: their owner's pages, the group admin's, and the operators'."""

import json
import secrets
from functools import cache

from tests.browser.place import Place
from tests.browser.scenes import Scenes
from tests.browser.scenes_of_acting import AGENT_NAME
from tests.browser.scenes_of_the_operators import at_console
from tests.browser.visitor import Visitor
from tests.harness.linked import an_agent, bind
from tests.harness.people import new_tax_id
from tests.harness.relying_party import Person

BINDINGS = Scenes()
WAITING = "UPDATE bindings SET state = 'awaits_admin', bound_at = NULL WHERE id = :id"
HELD = (
    "UPDATE bindings SET state = 'needs_confirmation', held_because = 'mailbox', proof = 'password_and_code'"
    " WHERE id = :id"
)


@cache
def bound_people(place: Place) -> tuple[Person, Person, dict[str, str]]:
    """An owner and a group admin of a company of their own, and bindings: one that works, waits, and is held."""
    town, tax_id = place.town, new_tax_id()
    town.idp.kept("company", "add", "--tax-id", tax_id, "--name", "測試二號有限公司", "--proof", "document")
    owner = town.person("staff", tax_id=tax_id)
    admin = town.person("group_admin", tax_id=tax_id, name="陳美惠")
    made = {kind: bind(town, an_agent(town, AGENT_NAME), owner) for kind in ("works", "waits", "held")}
    town.server.write(WAITING, {"id": made["waits"]})
    town.server.write(HELD, {"id": made["held"]})
    return owner, admin, made


def come_in(window: Visitor, person: Person, path: str) -> None:
    """Sign in and open a page."""
    window.open("/login")
    window.fill(person).click("sign-in")
    window.open(path)


@BINDINGS.page()
def own_bindings(window: Visitor) -> None:
    come_in(window, bound_people(window.place)[0], "/account/bindings")


@BINDINGS.page()
def own_binding_to_end(window: Visitor) -> None:
    owner, _, made = bound_people(window.place)
    come_in(window, owner, f"/account/bindings/{made['held']}/unbind")


@BINDINGS.page()
def own_binding_to_confirm_with_another_password(window: Visitor) -> None:
    owner, _, made = bound_people(window.place)
    come_in(window, owner, f"/account/bindings/{made['held']}/confirm")


@BINDINGS.page()
def group_bindings(window: Visitor) -> None:
    come_in(window, bound_people(window.place)[1], "/group/bindings")


@BINDINGS.page()
def group_binding_to_approve(window: Visitor) -> None:
    _, admin, made = bound_people(window.place)
    come_in(window, admin, f"/group/bindings/{made['waits']}/approve")


@BINDINGS.page()
def group_bindings_to_forbid(window: Visitor) -> None:
    come_in(window, bound_people(window.place)[1], "/group/bindings")
    window.page.check("#linked-accounts-forbidden")
    window.click("save-policy")


@BINDINGS.page(focus="summary")
def ops_unbind_without_a_reason(window: Visitor) -> None:
    owner, _, made = bound_people(window.place)
    at_console(window, f"/ops/accounts/{owner.sub}")
    window.click(f"unbind-{made['works']}")
    window.click("unbind")


@BINDINGS.page()
def ops_notices(window: Visitor) -> None:
    owner, _, _ = bound_people(window.place)
    key = secrets.token_hex(8)
    window.place.server.write(
        "INSERT INTO outbox (kind, state, recipient, account_id, client_id, payload, message_id, attempts, created_at,"
        " next_attempt_at, last_error) SELECT 'backchannel', 'dead', 'https://app.example/logout', :owner,"
        " id, :payload, :key, 9, '2026-11-19 10:20:30', '2026-11-19 10:20:30', 'Unreachable: refused'"
        " FROM clients ORDER BY id LIMIT 1",
        {"owner": owner.sub, "key": key, "payload": json.dumps({"sid": key, "sub": owner.sub, "reason": "unbound"})},
    )
    at_console(window, "/ops/notices")
