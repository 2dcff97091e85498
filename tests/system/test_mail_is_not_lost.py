"""No mail of an application is lost, and none comes twice that could come once: real workers, real mail server, faults.

FT01, and issue 3 "Done when" 3.
"""

import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.conftest import address_of_new_database
from tests.harness.applicants import Applicant, an_applicant
from tests.harness.browser import Browser
from tests.harness.databases import ON_EACH_DATABASE
from tests.harness.processes import ROOT, Process, wait_until
from tests.harness.server import Server
from tests.registration.wizard import Wizard, number_of
from tests.services.post_office import PostOffice

pytestmark = pytest.mark.both_databases

PATIENT, HASTY = "30", "0.5"  # how many seconds a worker waits for the mail server


class Here:
    """A provider's database, its workers, its mail server, and people who apply."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.post = PostOffice()
        self.post.open()
        self.workers: list[Process] = []
        server.write("DELETE FROM outbox", {})

    def close(self) -> None:
        for worker in self.workers:
            worker.stop(kill=True)
        self.post.close()

    def worker(self, patience: str = PATIENT) -> Process:
        """Start one more ``idp worker``."""
        process = self.server.start_worker(
            self.server.folder / "worker.log",
            IDP_MAIL_SERVER="127.0.0.1",
            IDP_MAIL_PORT=str(self.post.port),
            IDP_MAIL_TIMEOUT_SECONDS=patience,
        )
        self.workers.append(process)
        return process

    def applicants(self, names: str) -> dict[str, Applicant]:
        """Somebody applies for each of these names, and is answered."""
        tail = secrets.token_hex(4)
        return {name: an_applicant(self.server, email=f"{name}-{tail}@example.test") for name in names.split()}

    def left(self) -> dict[str, str]:
        """The state of each mail of this test that is not sent, by the name of who shall get it, and why not."""
        rows = self.server.read("SELECT recipient, state, last_error FROM outbox WHERE state <> 'sent'", {})
        return {
            recipient.split("-")[0]: f"{state} {(error or '').split(':')[0]}".strip()
            for recipient, state, error in rows
        }

    def time_passes(self) -> None:
        """What waits for its next try is due, and the leases of who is no more are over."""
        self.server.write("UPDATE outbox SET next_attempt_at = created_at WHERE state = 'waiting'", {})
        self.server.write("UPDATE outbox SET leased_until = created_at WHERE state = 'sending'", {})

    def all_sent(self, seconds: float = 60.0) -> None:
        wait_until("every mail is sent", lambda: not self.left(), seconds)

    def identities(self, applicant: Applicant) -> list[str]:
        """The Message-ID of each time that something arrived in a mailbox."""
        return [mail["Message-ID"] for to, mail in self.post.taken if to == applicant.email]

    def identity(self, applicant: Applicant) -> str:
        """The Message-ID that the mail was written with."""
        [(identity,)] = self.server.read(
            "SELECT message_id FROM outbox WHERE recipient = :address", {"address": applicant.email}
        )
        return str(identity)


@pytest.fixture(scope="module", params=ON_EACH_DATABASE)
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Server:
    folder = tmp_path_factory.mktemp("not-lost")
    server = Server(folder, address_of_new_database(request.param, folder, request))
    an_applicant(server)  # the first one makes the service
    return server


@pytest.fixture
def here(shared: Server) -> Iterator[Here]:
    place = Here(shared)
    try:
        yield place
    finally:
        place.close()


def test_a_worker_killed_before_or_in_the_middle_of_a_delivery_loses_no_mail(here: Here) -> None:
    here.post.greets_after = 60
    early = here.applicants("early")["early"]
    worker = here.worker()
    wait_until("the worker has the mail", lambda: here.left() == {"early": "sending"})
    worker.stop(kill=True)
    assert here.post.taken == []
    here.post.greets_after = 0
    here.time_passes()
    worker = here.worker()
    here.all_sent()
    assert here.identities(early) == [here.identity(early)]

    late = here.applicants("late")["late"]
    here.post.answers[late.email] = "silent"
    here.time_passes()
    wait_until("the mail server has the mail and does not say so", lambda: len(here.identities(late)) == 1)
    worker.stop(kill=True)
    assert here.left() == {"late": "sending"}
    here.post.answers.clear()
    here.time_passes()
    here.worker()
    here.all_sent()
    # It could not be known that it had arrived; that it is the same mail can be seen.
    assert here.identities(late) == [here.identity(late)] * 2
    assert here.identities(early) == [here.identity(early)]


def test_a_mail_server_that_is_away_slow_or_rude_gets_each_mail_once_when_it_is_well(here: Here) -> None:
    here.post.close()
    people = here.applicants("fine 450 hang close 550")
    here.worker(HASTY)
    wait_until("all was tried in vain", lambda: here.left() == dict.fromkeys(people, "waiting ConnectionRefusedError"))

    here.post.greets_after = 5
    here.post.release = threading.Event()
    here.post.open()
    here.time_passes()
    wait_until(
        "nobody waits for the greeting", lambda: here.left() == dict.fromkeys(people, "waiting SMTPServerDisconnected")
    )

    here.post.greets_after = 0.0
    rude = {"450": "450 busy", "hang": "hang", "close": "close", "550": "550 unknown"}
    here.post.answers = {people[name].email: answer for name, answer in rude.items()}
    here.time_passes()
    told = {
        "450": "waiting SMTPRecipientsRefused",
        "hang": "waiting SMTPServerDisconnected",
        "close": "waiting SMTPServerDisconnected",
        "550": "dead SMTPRecipientsRefused",
    }
    wait_until("each was answered", lambda: here.left() == told)
    assert [to for to, _ in here.post.taken] == [people["fine"].email]

    here.post.answers.clear()
    here.post.release.set()
    here.time_passes()
    wait_until("only what is refused for good is left", lambda: list(here.left()) == ["550"])
    del people["550"]
    assert Counter(to for to, _ in here.post.taken) == Counter(person.email for person in people.values())
    assert all(here.identities(person) == [here.identity(person)] for person in people.values())


@pytest.mark.parametrize("many", [60, pytest.param(200, marks=pytest.mark.soak)])
def test_two_workers_send_many_mails_once_each(here: Here, many: int) -> None:
    people = here.applicants(" ".join(f"p{number}" for number in range(many)))
    for _ in range(2):
        here.worker()
    here.all_sent()
    arrived = Counter(to for to, _ in here.post.taken)
    assert arrived == Counter(person.email for person in people.values())
    assert len({mail["Message-ID"] for _, mail in here.post.taken}) == many


class Sender:
    """Somebody at the last page of the wizard, who sends her application until she is answered."""

    def __init__(self, server: Server, tax_id: str) -> None:
        self.wizard = Wizard(Browser(server.issuer))
        self.email = self.wizard.person["email"]
        self.check = self.wizard.to_check(tax_id)
        self.tries = 0
        self.number = ""

    def send(self) -> None:
        while not self.number:
            self.tries += 1
            try:
                page = self.wizard.browser.submit(self.check, "submit")
            except requests.RequestException:
                continue  # cut off, or nobody there yet: she cannot know whether it was taken
            assert page.path == "/register/done", page
            self.number = number_of(page)


def test_web_workers_killed_in_the_middle_of_submits_lose_no_mail_and_send_none_twice(here: Here) -> None:
    server = here.server
    server.idp("registry", "import", str(ROOT / "data" / "companies_sample.csv"))
    server.start()
    try:
        company = server.idp("company", "add", "--tax-id", "00000037", "--name", "測試三號有限公司", "--proof", "card")
        senders = [Sender(server, company["tax_id"]) for _ in range(12)]
        with ThreadPoolExecutor(len(senders)) as pool:
            under_way = [pool.submit(sender.send) for sender in senders]
            for _ in range(3):
                wait_until("two workers are there", lambda: len(server.workers()) == 2)
                server.kill_a_worker()
                time.sleep(0.15)
            for one in under_way:
                one.result()
    finally:
        server.close()
    assert any(sender.tries > 1 for sender in senders)
    written = server.read(
        "SELECT a.email, c.number, o.message_id FROM accounts a JOIN cases c ON c.account_id = a.id"
        " LEFT JOIN outbox o ON o.account_id = a.id WHERE a.company_id = :id",
        {"id": company["id"]},
    )
    assert Counter((email, number) for email, number, _ in written) == Counter((s.email, s.number) for s in senders)
    here.worker()
    here.all_sent()
    assert sorted((to, mail["Message-ID"]) for to, mail in here.post.taken) == sorted(
        (email, identity) for email, _, identity in written
    )
