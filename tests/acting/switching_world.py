"""Where people switch at random: a running provider, two applications, three companies and two agents.

The provider is driven as people and applications drive it: its forms, its endpoints, the ``idp`` command. Only between
two sequences is the scene set back behind its back, for a new one would cost more than a sequence.
"""

import hashlib
import secrets
from datetime import UTC, datetime
from functools import cached_property

from joserfc.jwk import KeySet

from tests.acting.switching_model import Seat, Session
from tests.harness.browser import Browser, Page
from tests.harness.linked import Agent, acting_client, an_agent, bind
from tests.harness.mailbox import Mailbox
from tests.harness.people import EVERYTHING, OTHER_MENUS, Town, new_tax_id
from tests.harness.relying_party import Person, RelyingParty
from tests.linked.test_home import CODE
from tests.security.doors import enter

# The company of each account: the third has two, the last of them its group admin.
ACCOUNTS = ((0, "staff"), (1, "staff"), (2, "staff"), (2, "group_admin"))
# Set back so often a scene is worn: its lists would grow long.
ROUNDS = 40


class Application(RelyingParty):
    """A relying party that keeps the provider's keys and its connection, as a real one does."""

    def __init__(self, party: RelyingParty) -> None:
        super().__init__(party.issuer, party.client)
        self.http.headers["Connection"] = "keep-alive"

    @cached_property
    def _kept_keys(self) -> KeySet:
        return super().keys()

    def keys(self) -> KeySet:
        """The provider's keys, fetched once."""
        return self._kept_keys


class World:
    """One scene. ``seats`` and ``agents`` stay; who is bound, suspended or signed in begins anew with each sequence."""

    def __init__(self, town: Town) -> None:
        self.town = town
        # The second asks for consent: a page more, while which others can act.
        words = ["--acting", "--backchannel-logout-uri", "http://127.0.0.1:9/never-asked"]
        second = town.new_rp(scope=EVERYTHING, menus=OTHER_MENUS, more=words)
        self.applications = [Application(one) for one in (acting_client(town), second)]
        self.mailbox = Mailbox(town)
        service = f"s-{secrets.token_hex(4)}"
        town.idp.kept("service", "add", "--id", service, "--name", "港區通行證系統", "--preset", "twport")
        self.service = service
        # Whose session each sid was that was ever seen here.
        self.sids: dict[str, Session] = {}
        self._rounds = 0
        self._cast()

    def _cast(self) -> None:
        companies = []
        for number in range(3):
            tax_id = new_tax_id()
            name = f"第{number}號{tax_id}有限公司"
            words = ("company", "add", "--tax-id", tax_id, "--name", name, "--proof", "document")
            companies.append((tax_id, self.town.idp.kept(*words)["id"]))
        self.seats: list[Seat] = []
        for number, (company, role) in enumerate(ACCOUNTS):
            tax_id, tenant = companies[company]
            self.seats.append(Seat(number, self.town.person(role, tax_id=tax_id), tenant))
        self.agents: list[Agent] = [an_agent(self.town), an_agent(self.town, "周代辦")]
        # Bound by password and code; the others by their owner's word.
        of = {"service": self.service, "id": self.seats[2].person.sub}
        self.town.server.write("UPDATE accounts SET service_id = :service WHERE id = :id", of)

    def begin(self) -> None:
        """Set the scene back."""
        self._rounds += 1
        if self._rounds % ROUNDS == 0:
            self._cast()
            return
        moment = {"now": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"}
        accounts = _one_of([seat.person.sub for seat in self.seats])
        agents = _one_of([agent.sub for agent in self.agents])
        everybody = _one_of([*(seat.person.sub for seat in self.seats), *(agent.sub for agent in self.agents)])
        write = self.town.server.write
        write(f"UPDATE accounts SET status = 'active', status_reason = NULL, suspended_by = NULL WHERE {accounts}", {})
        write(
            "UPDATE companies SET status = 'active', status_reason = NULL WHERE status = 'suspended'"
            f" AND id IN (SELECT company_id FROM accounts WHERE {accounts})",
            {},
        )
        write(
            "UPDATE bindings SET state = 'unbound', ended_at = :now WHERE state <> 'unbound'"
            f" AND {agents.replace('id ', 'linked_account_id ')}",
            moment,
        )
        write(
            "UPDATE sign_ins SET ended_at = :now, ended_because = 'signed_out' WHERE ended_at IS NULL"
            f" AND {everybody.replace('id ', 'account_id ')}",
            moment,
        )
        write(f"DELETE FROM consents WHERE {everybody.replace('id ', 'human_id ')}", {})
        write("DELETE FROM limit_counters", {})
        for seat in self.seats:
            seat.is_suspended = False

    def browser(self) -> Browser:
        """A fresh browser that keeps its connection."""
        browser = self.town.browser()
        browser.http.headers["Connection"] = "keep-alive"
        return browser

    def desk_of(self, person: Person) -> Browser:
        """A browser in which somebody has just signed in at the provider itself."""
        browser = self.browser()
        page = enter(browser, person.username, person.password)
        assert page.path in {"/account", "/linked"}, f"{page!r}"
        return browser

    # How one comes to be bound.

    def bind_by_operator(self, agent: Agent, seat: Seat) -> str:
        """By the ``idp`` command."""
        return bind(self.town, agent, seat.person)

    def bind_by_owner(self, agent: Agent, seat: Seat) -> str:
        """The agent asks, and the owner agrees at P29."""
        asker = self._asker(agent)
        asker.submit(asker.get("/linked/bind"), "ask-owner", username=seat.person.username)
        owner = self.desk_of(seat.person)
        question = next(link for link in owner.get("/account/bindings").links if link.endswith("/agree"))
        _done(owner.submit(owner.get(question), "agree"), "/account/bindings")
        return question.split("/")[-2]

    def bind_by_code(self, agent: Agent, seat: Seat) -> str:
        """The agent has the account's password, and is told the mailed code."""
        asker = self._asker(agent)
        given = {"username": seat.person.username, "password": seat.person.password}
        page = asker.submit(asker.get("/linked/bind"), "bind", **given)
        [code] = CODE.findall(self.mailbox.newest(seat.person.email, "鏈結帳號綁定驗證碼通知").text)
        _done(asker.submit(page, "verify", code=code), "/linked")
        return page.path.rpartition("/")[2]

    def _asker(self, agent: Agent) -> Browser:
        """The agent, a minute after she asked for anything."""
        self.town.server.write(
            "UPDATE bindings SET code_sent_at = :at WHERE linked_account_id = :id AND state = 'unbound'",
            {"at": "2026-01-01 00:00:00.000000", "id": agent.sub},
        )
        return self.desk_of(_person_of(agent))

    # How it ends, or is held.

    def unbind_by_agent(self, agent: Agent, binding: str) -> None:
        """P24."""
        browser = self.desk_of(_person_of(agent))
        _done(browser.submit(browser.get(f"/linked/bindings/{binding}/unbind"), "unbind"), "/linked")

    def unbind_by_owner(self, seat: Seat, binding: str) -> None:
        """P29."""
        browser = self.desk_of(seat.person)
        _done(browser.submit(browser.get(f"/account/bindings/{binding}/unbind"), "unbind"), "/account/bindings")

    def unbind_by_group_admin(self, admin: Seat, binding: str) -> None:
        """The group console."""
        browser = self.desk_of(admin.person)
        _done(browser.submit(browser.get(f"/group/bindings/{binding}/unbind"), "unbind"), "/group/bindings")

    def change_mailbox(self, seat: Seat) -> None:
        """The owner's mailbox becomes another; the link of the mail is replaced by one that is known here."""
        browser, token = self.desk_of(seat.person), secrets.token_urlsafe(32)
        email = f"{secrets.token_hex(6)}@example.test"
        _done(browser.submit(browser.get("/account/email"), "change-email", email=email), "/account/email")
        changed = self.town.server.write(
            "UPDATE one_time_secrets SET hash = :hash WHERE account_id = :id AND purpose = 'mailbox_change'"
            " AND used_at IS NULL AND replaced_at IS NULL",
            {"hash": hashlib.sha256(token.encode()).digest(), "id": seat.person.sub},  # type: ignore[dict-item]
        )
        assert changed == 1
        _done(browser.submit(browser.get(f"/mailbox/{token}"), "mailbox-confirm"), "/mailbox")
        seat.person.email = email

    def confirm(self, seat: Seat, binding: str) -> None:
        """The owner says that it goes on."""
        browser = self.desk_of(seat.person)
        _done(browser.submit(browser.get(f"/account/bindings/{binding}/confirm"), "confirm"), "/account/bindings")


def _person_of(agent: Agent) -> Person:
    return Person(agent.username, agent.password)


def _done(page: Page, path: str) -> None:
    assert (page.status, page.path) == (200, path), f"{page!r}"


def _one_of(ids: list[str]) -> str:
    """A condition on ids, which are ours and have no quotes."""
    return f"id IN ({', '.join(repr(one) for one in ids)})"
