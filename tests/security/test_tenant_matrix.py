"""Every route × everybody × what is one's own, another company's, or nobody's (GA01, GA02; I5; security.md §3)."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from tests.harness.applicants import an_applicant
from tests.harness.browser import BOUNDED, Browser
from tests.harness.cards import a_card, answer
from tests.harness.cases import a_document_of
from tests.harness.linked import Agent, an_agent, bind
from tests.harness.people import Town, new_tax_id
from tests.harness.relying_party import Person
from tests.passkeys.steps import enrolled, use
from tests.security.doors import enter, sign_in
from tests.security.routes import GET_ROUTES, POST_ROUTES
from tests.security.tenant_table import TABLE, Kind, Row

ROLES = ("anonymous", "pending", "guest", "staff", "group_admin", "other_group_admin", "linked_group_admin")
MISSING = {
    "account_id": "ga_" + "x" * 22,
    "binding_id": "bi_" + "x" * 22,
    "act": "unbind",
    "card_id": "cd_" + "x" * 22,
    "file_id": "uf_" + "x" * 22,
    "invitation_id": "in_" + "x" * 22,
    "operator_id": "op_" + "x" * 22,
    "passkey_id": "pk_" + "x" * 22,
    "request_id": "ar_" + "x" * 22,
    "run_id": "fl_" + "x" * 22,
    "sign_in": "si_" + "x" * 22,
    "client": "t-nobody",
    "nobody": "t-nobody",
    "token": "x" * 43,
    "code": "zh-TW",
    "filename": "look.css",
}
NAMING = sorted({rule for _, rule in TABLE if "_id>" in rule and any(f"<{name}>" in rule for name in MISSING)})
# Shown to its owner alone, as is whatever changes her account (tokens.md "Acting through a linked account").
ONLY_BY_OWNER = (
    *("/account/credentials/", "/account/bindings", "/account/email", "/account/password"),
    *("/account/close", "/account/export"),
)
# For what is named by nothing of a company's: a page's number, whatever the console calls what it is about.
ANYTHING = "1"
# What two pages about the same thing never share.
NEVER_SAME = re.compile(r'nonce="[^"]*"|name="csrf_token" value="[^"]*"|\d\d:\d\d:\d\d')


@dataclass(frozen=True)
class Side:
    """A company: who is there, the words that nobody else may read, and what of it can be named."""

    people: dict[str, Person]
    canaries: list[str]
    ids: dict[str, str]
    # Through which the agent of the company acts as its group admin.
    binding: str


@dataclass(frozen=True)
class Visit:
    """One request, as whom, for whose thing, and its answer."""

    row: Row
    where: str
    whose: str
    answer: requests.Response


def a_side(town: Town, mark: str) -> Side:
    """A company with everybody in it, an application that waits, an invitation, and what its group admin has begun."""
    tax_id, name = new_tax_id(), f"{mark}{secrets.token_hex(8)}有限公司"
    town.idp.kept("company", "add", "--tax-id", tax_id, "--name", name, "--proof", "document")
    people = {role: town.person(role, tax_id=tax_id) for role in ("guest", "staff", "group_admin")}
    browser = town.browser()
    applicant = an_applicant(town, tax_id=tax_id, company_name=name, browser=browser)
    asleep = {"id": applicant.account_id}
    town.server.write("UPDATE accounts SET status = 'review_pending' WHERE id = :id", asleep)
    people["pending"] = Person(
        applicant.username, applicant.password, applicant.account_id, tax_id, "", applicant.email, "guest"
    )
    browser = town.browser()
    home = sign_in(browser, people["group_admin"])
    found = home.button("end-1")
    assert found is not None
    invited = f"{secrets.token_hex(6)}@example.test"
    page = browser.submit(browser.get("/group/invitations/new"), "send", email=invited, role="guest")
    assert page.path == "/group/invitations"
    [(invitation,)] = town.server.read("SELECT id FROM invitations WHERE email = :email", {"email": invited})
    signs_in = enrolled(town, people["group_admin"])
    use(browser, browser.get("/login/passkey?again=1"), signs_in)
    page = answer(browser, browser.get("/account/credentials"), a_card(town, tax_id, name))
    assert page.path == "/account/credentials"
    [(card,)] = town.server.read("SELECT id FROM cards WHERE account_id = :id", {"id": people["group_admin"].sub})
    [(passkey,)] = town.server.read("SELECT id FROM passkeys WHERE account_id = :id", {"id": people["group_admin"].sub})
    second = town.rp("second")
    consent = second.open(browser, second.ask())
    assert consent.asks_for_consent
    leaving = browser.get("/logout")
    agent = an_agent(town, f"{mark}代理人")
    people["linked_group_admin"] = Person(
        agent.username, agent.password, agent.sub, tax_id, agent.name, agent.email, "group_admin"
    )
    town.server.write("UPDATE companies SET linked_admin = true WHERE tax_id = :id", {"id": tax_id})
    ids = {
        "account_id": applicant.account_id,
        "binding_id": bind(town, agent, people["staff"]),
        "card_id": card,
        "file_id": a_document_of(town, tax_id),
        "invitation_id": invitation,
        "passkey_id": passkey,
        "request_id": consent.path.rpartition("/")[2],
        "run_id": leaving.path.rpartition("/")[2],
        "sign_in": found[1].value,
        "client": second.client.client_id,
    }
    # The agent is no secret: she acts for the other company too.
    words = [name, invited, *(one.username for one in people.values() if one.sub != agent.sub)]
    return Side(people, words, MISSING | ids, bind(town, agent, people["group_admin"]))


@pytest.fixture(scope="module")
def sides(bent: Town) -> tuple[Side, Side]:
    """Two companies that have nothing in common but the first one's agent, who acts for the other one too."""
    one, other = a_side(bent, "甲"), a_side(bent, "乙")
    agent = one.people["linked_group_admin"]
    as_agent = Agent(agent.username, agent.password, agent.sub, agent.name, agent.email)
    bind(bent, as_agent, other.people["group_admin"])
    return one, other


def test_every_route_has_its_row() -> None:
    """A route without a row fails the suite, and so does a row without a route."""
    routes = {("GET", rule) for rule in GET_ROUTES} | {("POST", rule) for rule in POST_ROUTES}
    assert set(TABLE) == routes


@pytest.mark.parametrize("role", ROLES)
def test_everybody_gets_what_is_theirs_and_nothing_else(bent: Town, sides: tuple[Side, Side], role: str) -> None:
    """GA01, I5: 404 for another company's as for what is missing, and no word of it in any answer."""
    own, other = reversed(sides) if role == "other_group_admin" else sides
    person = own.people.get(role.removeprefix("other_"))
    wrong = []
    for visit in visits(bent, own, other, person, role):
        said = [canary for canary in other.canaries if canary in visit.answer.text]
        # Her own list has both companies; every other page only the one she acts for.
        said = [] if role.startswith("linked") and visit.row.kind is Kind.LINKED else said
        if said:
            wrong.append(f"{visit.where}: tells {said}")
        if not as_expected(visit, role):
            wrong.append(f"{visit.where} ({visit.whose}): {visit.answer.status_code} {where_to(visit.answer)}")
    assert wrong == []


def visits(town: Town, own: Side, other: Side, person: Person | None, role: str) -> Iterator[Visit]:
    """Every route, with each id in turn."""
    browser = town.browser()
    if person is not None:
        come_in(browser, own, person, role)
    is_in = person is not None and role != "pending"
    home = browser.get("/account" if is_in else "/login")
    stamp = {name: home.forms[0].value(name) or "" for name in ("csrf_token", "account")}
    for (method, rule), row in TABLE.items():
        if row.ends and is_in:
            continue
        several = "<" in rule or row.fields
        for whose, ids in {"own": own.ids, "other": other.ids, "missing": MISSING}.items():
            if whose != "own" and not several:
                continue
            if whose == "own" and row.fields and is_in:
                continue  # what one takes back of one's own is told by other tests
            path = filled_with(ids, rule)
            data = stamp | {name: ids[key] for name, key in row.fields.items()}
            answer = send(browser, method, path, data)
            yield Visit(row, f"{method} {rule}", whose, answer)


def come_in(browser: Browser, own: Side, person: Person, role: str) -> None:
    """Sign in as far as one can: an agent goes on to act for her company."""
    if role == "pending":
        assert enter(browser, person.username, person.password).asks_for_password
    elif role.startswith("linked"):
        enter(browser, person.username, person.password)
        assert browser.submit(browser.get("/linked/switch"), f"act-{own.binding}").path == "/account"
    else:
        sign_in(browser, person)


def filled_with(ids: dict[str, str], rule: str) -> str:
    """A route's path about one thing."""
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda name: ids.get(name[1], ANYTHING), rule)


def send(browser: Browser, method: str, path: str, data: dict[str, str]) -> requests.Response:
    """One request that follows nothing."""
    more: dict[str, Any] = {"data": data, "headers": {"Origin": browser.origin}} if method == "POST" else {}
    return browser.http.request(method, browser.origin + path, allow_redirects=False, timeout=BOUNDED, **more)


def where_to(answer: requests.Response) -> str:
    """Where an answer leads, or nothing."""
    return answer.headers.get("Location", "")


def as_expected(visit: Visit, role: str) -> bool:
    """Whether this is what the table says."""
    status = visit.answer.status_code
    if status >= 500:
        return False
    if visit.row.kind is Kind.CLIENT:
        return status in {400, 401}
    if visit.row.kind in {Kind.PUBLIC, Kind.BROWSER}:
        return True
    if visit.row.kind is Kind.OPERATOR or role in {"anonymous", "pending"}:
        doors = ("/ops/login",) if visit.row.kind is Kind.OPERATOR else ("/login", "/account")
        return status == 303 and where_to(visit.answer).startswith(doors)
    return _as_expected_inside(visit, role, status)


def _as_expected_inside(visit: Visit, role: str, status: int) -> bool:
    """The same for who is signed in, at the pages of accounts."""
    if visit.row.kind is Kind.LINKED:
        return _as_expected_of_linked(visit, role)
    if role.startswith("linked") and _is_only_by_owner(visit):
        return status in {403, 404}
    if visit.row.kind is Kind.SELF:
        return status == 404 if _is_nobodys(visit, role) else status in {200, 303, 400}
    if "group_admin" not in role:
        return status == 403
    if visit.whose == "own":
        return status not in {403, 404} and not where_to(visit.answer).startswith("/login")
    return status == 404


def _as_expected_of_linked(visit: Visit, role: str) -> bool:
    """Her own bindings alone; who has no linked account is told of none, or led home."""
    status = visit.answer.status_code
    if not role.startswith("linked"):
        return status in {200, 303, 404}
    return status in {200, 303, 400} if visit.whose == "own" else status == 404


def _is_only_by_owner(visit: Visit) -> bool:
    method, _, rule = visit.where.partition(" ")
    is_owners = visit.row.kind is Kind.SELF or rule.startswith("/group/bindings")
    return rule.startswith(ONLY_BY_OWNER) or (method == "POST" and is_owners and rule != "/account/open")


def _is_nobodys(visit: Visit, role: str) -> bool:
    """Whether what is named is not hers: of her company the group admin alone has a card."""
    return bool(visit.row.fields) or ("<" in visit.where and not (visit.whose == "own" and "group_admin" in role))


@pytest.mark.parametrize("rule", NAMING)
def test_what_is_anothers_and_what_is_missing_are_told_alike(bent: Town, sides: tuple[Side, Side], rule: str) -> None:
    """GA01: the same status, place and page, for a company's things and for what another browser has begun."""
    own, other = sides
    browser = bent.browser()
    home = sign_in(browser, own.people["group_admin"])
    stamp = {name: home.forms[0].value(name) or "" for name in ("csrf_token", "account")}
    for method in (method for method, known in TABLE if known == rule):
        told = []
        for ids in (other.ids, MISSING):
            name = next(name for name in MISSING if f"<{name}>" in rule)
            answer = send(browser, method, filled_with({name: ids[name]}, rule), stamp)
            page = NEVER_SAME.sub("", answer.text).replace(ids[name], "")
            told.append((answer.status_code, where_to(answer).replace(ids[name], ""), page))
        assert told[0] == told[1], method
