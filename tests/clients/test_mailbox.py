"""The demo's mailbox, run as the demo runs it: mails go in by SMTP, people read them as pages."""

import json
import os
import smtplib
import socket
import sys
import time
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pyotp
import pytest
import requests

from tests.harness.processes import ROOT, Process, free_port, wait_until


class Mailbox:
    """A running mailbox with a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "mails"
        self.port, self.smtp_port = free_port(), free_port()
        self.url = f"http://localhost:{self.port}"
        self._log = folder / "mailbox.log"
        self._process: Process | None = None

    def start(self) -> None:
        environment = os.environ | {
            "MAILBOX_FOLDER": str(self.folder),
            "MAILBOX_PORT": str(self.port),
            "MAILBOX_SMTP_PORT": str(self.smtp_port),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self._process = Process(
            [sys.executable, "-m", "clients.mailbox"], folder=ROOT, environment=environment, log=self._log
        )
        wait_until("the mailbox listens", self._listens)

    def _listens(self) -> bool:
        try:
            return requests.get(f"{self.url}/newest", timeout=5).ok
        except requests.RequestException:
            return False

    def stop(self, *, kill: bool = False) -> None:
        if self._process:
            self._process.stop(kill=kill)
            self._process = None

    def post(self, content: bytes, *recipients: str, sender: str = "dreams@example.test") -> None:
        """Give it these bytes as a mail."""
        with smtplib.SMTP("localhost", self.smtp_port, timeout=10) as smtp:
            smtp.sendmail(sender, recipients or ("staff1@example.test",), content)

    def get(self, path: str) -> requests.Response:
        return requests.get(self.url + path, timeout=10)

    def newest(self) -> str:
        return self.get("/newest").text


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailbox]:
    mailbox = Mailbox(tmp_path_factory.mktemp("mailbox"))
    try:
        mailbox.start()
        yield mailbox
    finally:
        mailbox.stop()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Mailbox]:
    mailbox = Mailbox(tmp_path)
    try:
        mailbox.start()
        yield mailbox
    finally:
        mailbox.stop()


def verification(to: str = "guest1@example.test") -> bytes:
    mail = EmailMessage()
    mail["From"] = "DREAMS 帳號服務 <dreams@example.test>"
    mail["To"] = to
    mail["Subject"] = "DREAMS 案場申請註冊通知信件"
    mail.set_content("林小玉 您好：\n請點選 http://localhost:5100/verify/Zk3v9QmT。\n若非您本人申請，請忽略本信。")
    mail.add_alternative(
        "<html><head><title>t</title></head><body><h1>請完成 Email 驗證</h1>"
        '<a href="http://localhost:5100/verify/Zk3v9QmT">完成 Email 驗證</a></body></html>',
        subtype="html",
    )
    return mail.as_bytes(policy=policy.SMTP)


def test_a_mail_is_shown_with_sender_recipient_subject_and_both_parts(running: Mailbox) -> None:
    running.post(verification(), "guest1@example.test")
    page = running.get(f"/mail/{running.newest()}").text
    for said in ("DREAMS 案場申請註冊通知信件", "DREAMS 帳號服務", "guest1@example.test", "林小玉 您好："):
        assert said in page
    assert '<a href="http://localhost:5100/verify/Zk3v9QmT" target="_blank"' in page


def test_the_list_has_the_newest_first_and_can_be_narrowed_to_one_person(running: Mailbox) -> None:
    running.post(verification("a@example.test"), "a@example.test")
    running.post(verification("b@example.test"), "b@example.test")
    everything = running.get("/mails.json").json()
    assert [mail["to"] for mail in everything[:2]] == [["b@example.test"], ["a@example.test"]]
    assert [mail["to"] for mail in running.get("/mails.json?to=A@example.test").json()] == [["a@example.test"]]
    assert "沒有符合的信件" in running.get("/?q=這幾個字不在任何信裡").text


def test_a_script_finds_the_link_of_a_mail(running: Mailbox) -> None:
    running.post(verification("link@example.test"), "link@example.test")
    assert running.get("/mails.json?to=link@example.test").json()[0]["links"] == [
        "http://localhost:5100/verify/Zk3v9QmT"
    ]


def test_a_blind_copy_is_seen_because_the_envelope_is_kept(running: Mailbox) -> None:
    running.post(verification("shown@example.test"), "shown@example.test", "blind@example.test")
    assert "blind@example.test" in running.get(f"/mail/{running.newest()}").text


def test_html_of_a_mail_runs_no_script_and_its_links_leave_the_frame(running: Mailbox) -> None:
    running.post(verification())
    part = running.get(f"/mail/{running.newest()}/html")
    policy = part.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert '<base target="_blank">' in part.text
    assert "sandbox=" in running.get(f"/mail/{running.newest()}").text


def test_the_original_comes_back_byte_by_byte(running: Mailbox) -> None:
    content = b"Subject: x\r\n\r\n" + bytes(range(32, 256)) + b"\r\n"
    running.post(content)
    assert running.get(f"/mail/{running.newest()}/raw").content == content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\r\n\r\n",
        b"no header at all",
        b"Subject: =?utf-8?b?//79?= \x00 \xff\r\nFrom: <<>>@,;\r\n\r\n\x00\xff\xed\xa0\x80",
        b"Content-Type: text/plain; charset=no-such-charset\r\n\r\nhello",
        b"Content-Type: multipart/alternative\r\n\r\nno boundary",
        b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!",
        b"Subject: " + b"a" * 900 + b"\r\nTo: " + b"[" * 500 + b"\r\n\r\nx",
        "Subject: \u202e<script>alert(1)</script>\r\n\r\n<script>alert(1)</script>".encode(),
    ],
)
def test_a_mail_of_any_bytes_is_shown_and_never_breaks_the_list(running: Mailbox, content: bytes) -> None:
    running.post(content, "odd@example.test")
    mail_id = running.newest()
    for path in (f"/mail/{mail_id}", f"/mail/{mail_id}/html", f"/mail/{mail_id}/raw", "/", "/mails.json"):
        answer = running.get(path)
        assert answer.status_code == 200, path
        assert path.endswith(("raw", "json")) or "<script>alert" not in answer.text


@pytest.mark.parametrize(
    "path", ["/mail/x", "/mail/0000000000000000000-00000000", "/mail/..%2f..%2fetc%2fpasswd", "/mail/%00"]
)
def test_a_mail_that_is_not_there_is_a_page_in_words(running: Mailbox, path: str) -> None:
    answer = running.get(path)
    assert answer.status_code == 404
    assert "找不到這封信" in answer.text


def test_another_name_for_this_machine_is_not_answered(running: Mailbox) -> None:
    answer = requests.get(f"{running.url}/mails.json", headers={"Host": "evil.example"}, timeout=10)
    assert answer.status_code == 400


def test_both_loopback_addresses_answer(running: Mailbox) -> None:
    for address in ("127.0.0.1", "::1"):
        for port in (running.port, running.smtp_port):
            with socket.create_connection((address, port), timeout=5):
                pass
    named = {"Host": f"localhost:{running.port}"}
    assert requests.get(f"http://[::1]:{running.port}/", headers=named, timeout=5).status_code == 200


def test_mails_outlive_a_killed_mailbox(own: Mailbox) -> None:
    own.post(verification("kept@example.test"), "kept@example.test")
    own.stop(kill=True)
    own.start()
    assert [mail["to"] for mail in own.get("/mails.json").json()] == [["kept@example.test"]]


def test_a_half_written_mail_is_not_listed(own: Mailbox) -> None:
    (own.folder / ".0000000000000000001-aaaaaaaa.eml").write_bytes(b"Subject: half")
    (own.folder / "0000000000000000002-aaaaaaaa.json").write_text(json.dumps({"sender": "", "recipients": []}))
    assert own.get("/mails.json").json() == []
    assert "還沒有信件" in own.get("/").text


def test_only_the_owner_of_the_demo_can_read_the_files(own: Mailbox) -> None:
    own.post(verification())
    assert own.folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in own.folder.iterdir()} == {0o600}


def test_it_shows_what_the_operators_phone_would_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app_file = tmp_path / "operator.json"
    monkeypatch.setenv("MAILBOX_AUTHENTICATOR", str(app_file))
    mailbox = Mailbox(tmp_path)
    try:
        mailbox.start()
        assert mailbox.get("/authenticator").status_code == 404
        secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        app_file.write_text(json.dumps({"name": "周文傑（operator）", "secret": secret}), encoding="utf-8")
        now = time.time()
        codes = {pyotp.TOTP(secret).at(now + seconds) for seconds in (0, 5)}
        page = mailbox.get("/authenticator")
        shown = page.text.partition('id="code">')[2].partition("<")[0].replace(" ", "")
        assert (shown in codes, "周文傑（operator）" in page.text) == (True, True)
        assert page.headers["Cache-Control"] == "no-store"
    finally:
        mailbox.stop()
