"""P8: a company is proven by a file, which is looked at before it is taken and shown to nobody but its owner."""

import contextlib
import re
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests

from tests.harness.browser import BOUNDED, Browser, Page
from tests.harness.documents import image, javascript, pdf, photo
from tests.harness.people import PASSWORD, Town
from tests.registration.conftest import NewCompany
from tests.registration.wizard import Unit, Wizard, number_of, run_of

OBSOLETE = "「營利事業登記證」自98年4月13日起停止使用，不再作為證明文件，請改提出其他最新版本之「商業登記證明文件」。"
MEGABYTE = 1024 * 1024


def to_document(browser: Browser, tax_id: str, service: str = "harbour") -> Page:
    """P8, the company named."""
    wizard = Wizard(browser, service)
    page = wizard.begin()
    page = browser.submit(page, "next", **({"agreed": "y"} if "我同意條款" in page.text else {}))
    page = browser.submit(page, "lookup", number=tax_id)
    return wizard.name_company(page, **({"responsible": "陳大文"} if "公司負責人" in page.text else {}))


def send(browser: Browser, page: Page, name: str = "proof.pdf", content: bytes = b"", button: str = "upload") -> Page:
    """Send a file from P8."""
    return browser.submit(page, button, files={"document": (name, content or pdf())})


def preview_of(page: Page) -> str:
    """Where the picture of the file is."""
    found = re.search(r'<img class="[^"]*page" src="([^"]+)"', page.html)
    assert found is not None, page
    return found[1].replace("&amp;", "&")


def files_of(town: Town, run: str) -> list[tuple[Any, ...]]:
    """(name, state) of each file of a run, the first first."""
    rows = "SELECT name, state FROM uploaded_files WHERE run_id = :run ORDER BY uploaded_at, id"
    return town.server.read(rows, {"run": run})


def document_of(town: Town, number: str) -> tuple[Any, ...]:
    """(state, version, file's name, number of its files) of the document of a case."""
    rows = town.server.read(
        "SELECT d.state, d.version, f.name, (SELECT count(*) FROM uploaded_files u WHERE u.document_id = d.id)"
        " FROM company_documents d JOIN cases c ON c.id = d.case_id JOIN uploaded_files f ON f.id = d.file_id"
        " WHERE c.number = :number",
        {"number": number},
    )
    assert len(rows) == 1
    return rows[0]


@pytest.mark.requirement("R-160", "R-161", "R-162", "R-163", "R-178")
def test_a_company_is_proven_by_a_file_and_the_last_one_counts(town: Town, browser: Browser, unit: Unit) -> None:
    page = to_document(browser, unit.tax_id)
    assert page.path == "/register/document"
    assert "公司證明文件檔名" in page.text
    assert "公司證明文件是指何種文件？需涵蓋那些內容？" in page.text
    assert "公司登記表" in page.text
    assert OBSOLETE in page.text
    assert "如有多頁面請先合併為單一檔案，重複上傳多個檔案(頁面)，僅保留最後一個上傳檔案。" in page.text
    found = page.button("upload")
    assert found is not None
    assert found[1].text == "上傳公司證明文件"
    assert page.button("next") is None
    page = browser.submit(page, "upload")
    assert (page.status, "請選擇要上傳的公司證明文件。" in page.text) == (400, True)
    page = send(browser, page, "登記表.pdf", pdf(pages=2))
    assert page.status == 200
    for told in ("登記表.pdf", "2 頁", "1 KB"):
        assert told in page.text
    assert "已取代" not in page.text
    # What is refused leaves the file before in its place.
    page = send(browser, page, "script.pdf", pdf(change=javascript))
    assert page.status == 400
    assert page.text.startswith("請修正：")
    assert "檔案含有指令碼或會自動執行的內容，請改以「列印成 PDF」另存後再上傳。" in page.text
    assert "登記表.pdf" in page.text
    page = send(browser, page, "照片.jpg", photo(), button="next")
    assert "已取代前一個檔案 登記表.pdf" in page.text
    assert files_of(town, run_of(page)) == [("登記表.pdf", "superseded"), ("照片.jpg", "ready")]
    page = browser.submit(page, "next")
    assert page.path == "/register/account"
    page = browser.submit(page, "next", **Wizard(browser).person)
    assert page.path == "/register/check"
    assert "照片.jpg" in page.text
    assert f"{browser.origin}/register/document?run={run_of(page)}#document" in page.links
    picture = preview_of(page)
    assert browser.http.get(browser.origin + picture, timeout=BOUNDED).status_code == 200
    page = browser.submit(page, "submit")
    assert page.path == "/register/done"
    assert document_of(town, number_of(page)) == ("queued", 1, "照片.jpg", 2)
    # It is the reviewers' now.
    assert browser.http.get(browser.origin + picture, timeout=BOUNDED).status_code == 404
    done = "SELECT count(*) FROM audit_log WHERE action = :action AND company_id IS NOT NULL"
    assert town.server.read(done, {"action": "document:queued"})[0][0] > 0


def test_a_preview_is_a_picture_for_its_own_browser_alone(town: Town, browser: Browser, unit: Unit) -> None:
    """DU01, DU05, DU08."""
    page = send(browser, to_document(browser, unit.tax_id), "<script>alert(1)</script>\u202egpj.html", image())
    assert "&lt;script&gt;alert(1)" not in page.html
    assert "script&gt;gpj.html" in page.html
    address = browser.origin + preview_of(page)
    answer = browser.http.get(address, timeout=BOUNDED)
    assert answer.content.startswith(b"\x89PNG")
    headers = answer.headers
    assert headers["Content-Type"] == "image/png"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Content-Disposition"] == 'inline; filename="page-1.png"'
    assert "ETag" not in headers
    run = run_of(page)
    for stranger, wanted in (
        (town.browser(), address),
        (browser, address + "x"),
        (browser, f"{browser.origin}/register/document/preview?run={run}"),
        (browser, f"{browser.origin}/register/document/preview?run={'x' * 22}&file={address[-25:]}"),
    ):
        assert stranger.http.get(wanted, timeout=BOUNDED).status_code == 404
    page = browser.submit(page, "remove")
    assert page.button("next") is None
    assert files_of(town, run)[0][1] == "superseded"
    assert browser.http.get(address, timeout=BOUNDED).status_code == 404


NAMES = {
    "../../x.pdf": "x.pdf",
    "C:\\Users\\me\\x.pdf": "x.pdf",
    "a\0b.pdf": "ab.pdf",
    "x.pdf\r\nSet-Cookie: x=y": "x.pdfSet-Cookie: x=y",
    "\u202efdp.exe": "fdp.exe",
    "長" * 300 + ".pdf": "長" * 196 + ".pdf",
    "...": "document",
}


def test_any_name_is_shown_and_none_is_believed(town: Town, browser: Browser, unit: Unit) -> None:
    """DU02."""
    page = to_document(browser, unit.tax_id)
    run, form = run_of(page), page.button("upload")
    assert form is not None
    for name in NAMES:
        fields = [*form[0].fields, ("do", "upload")]
        body = b"".join(
            f'--xx\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode() for key, value in fields
        )
        named = quote(name, safe="")
        head = f"--xx\r\nContent-Disposition: form-data; name=\"document\"; filename*=UTF-8''{named}\r\n\r\n"
        answer = browser.http.post(
            form[0].action,
            data=body + head.encode() + pdf() + b"\r\n--xx--\r\n",
            headers={"Origin": browser.origin, "Content-Type": "multipart/form-data; boundary=xx"},
            timeout=BOUNDED,
        )
        assert answer.status_code == 200, name
        assert "x=y" not in answer.headers.get("Set-Cookie", "")
    assert [name for name, _ in files_of(town, run)] == list(NAMES.values())
    stored = town.server.read("SELECT stored_name FROM uploaded_files WHERE run_id = :run", {"run": run})
    assert all(re.fullmatch("[0-9a-f]{40}", name) for (name,) in stored)


def chunked(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), 65_536):
        yield content[start : start + 65_536]


def test_a_file_that_is_too_large_is_told_beside_its_field(town: Town, browser: Browser, unit: Unit) -> None:
    """DU03: by its length, without one, and by a byte; nothing is lost, and other forms stay small."""
    page = send(browser, to_document(browser, unit.tax_id), "before.pdf")
    told = "檔案超過 10 MB，請縮小後再上傳。"
    for size in (10 * MEGABYTE + 1, 14 * MEGABYTE):
        page = send(browser, page, "large.pdf", pdf() + b"x" * (size - len(pdf())))
        assert page.status == 413
        assert told in page.text
        assert "before.pdf" in page.text
    found = page.button("upload")
    assert found is not None
    whole = requests.Request(
        "POST", found[0].action, data=found[0].fields, files={"document": ("large.pdf", b"x" * 14 * MEGABYTE)}
    ).prepare()
    assert isinstance(whole.body, bytes)
    headers = {"Content-Type": whole.headers["Content-Type"], "Origin": browser.origin}
    answer = browser.http.post(found[0].action, data=chunked(whole.body), headers=headers, timeout=BOUNDED)
    assert (answer.status_code, told in answer.text) == (413, True)
    stranger = browser.http.post(
        f"{browser.origin}/register/document", data=whole.body, headers=headers, timeout=BOUNDED
    )
    assert (stranger.status_code, "送出的資料太大" in stranger.text) == (413, True)
    assert files_of(town, run_of(page)) == [("before.pdf", "ready")]
    assert browser.submit(page, "next").path == "/register/account"


def test_a_form_of_nobodys_leaves_nothing_behind(town: Town, browser: Browser, unit: Unit) -> None:
    page = to_document(browser, unit.tax_id)
    found = page.button("upload")
    assert found is not None
    before = town.server.read("SELECT count(*) FROM uploaded_files", {})
    without = [(name, value) for name, value in found[0].fields if name != "csrf_token"]
    sent = {"document": ("x.pdf", pdf())}
    for data, headers in ((without, {"Origin": browser.origin}), (found[0].fields, {"Origin": "https://evil.example"})):
        answer = browser.http.post(found[0].action, data=data, files=sent, headers=headers, timeout=BOUNDED)
        assert answer.status_code == 403
    # Another browser's run, an unknown one, and a step that is not reached.
    stranger = town.browser()
    other = Wizard(stranger, "harbour").begin()
    token = other.forms[0].value("csrf_token") or ""
    for run in (run_of(page), "x" * 22, run_of(other)):
        fields = {"csrf_token": token, "run": run, "service": "harbour", "account": "", "do": "upload"}
        answer = stranger.http.post(
            f"{browser.origin}/register/document",
            data=fields,
            files=sent,
            headers={"Origin": browser.origin},
            timeout=BOUNDED,
        )
        assert urlsplit(answer.url).path == "/register/terms"
    assert town.server.read("SELECT count(*) FROM uploaded_files", {}) == before


@pytest.mark.both_databases
def test_of_two_files_sent_at_once_one_counts(town: Town, browser: Browser, unit: Unit) -> None:
    page = to_document(browser, unit.tax_id)
    answers: list[int] = []
    twins = [browser.copy() for _ in range(2)]
    threads = [
        threading.Thread(target=lambda own=own: answers.append(send(own, page, secrets.token_hex(4) + ".pdf").status))
        for own in twins
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(BOUNDED)
    assert answers == [200, 200]
    assert sorted(state for _, state in files_of(town, run_of(page))) == ["ready", "superseded"]
    assert browser.submit(browser.get(page.url), "next").path == "/register/account"


@contextlib.contextmanager
def slow_senders(browser: Browser, page: Page, count: int) -> Iterator[None]:
    """So many who send their file a byte at a time."""
    found = page.button("upload")
    assert found is not None
    address = urlsplit(found[0].action)
    head = (
        f"POST {address.path}?{address.query} HTTP/1.1\r\nHost: {address.netloc}\r\nOrigin: {browser.origin}\r\n"
        f"Content-Type: multipart/form-data; boundary=xx\r\nContent-Length: 5000000\r\n\r\n--xx\r\n"
    )
    with contextlib.ExitStack() as stack:
        senders = [
            stack.enter_context(socket.create_connection(("127.0.0.1", address.port or 80))) for _ in range(count)
        ]
        for sender in senders:
            sender.sendall(head.encode())
        yield


def test_slow_senders_keep_nobody_from_being_served(town: Town, browser: Browser, unit: Unit) -> None:
    """DU03: 2 processes of 4 threads, 12 files a byte at a time; files use half of the threads at most."""
    page = to_document(browser, unit.tax_id)
    with contextlib.ExitStack() as crowd:
        crowd.enter_context(slow_senders(browser, page, 12))
        # Who finds no seat is told at once, and her thread is free again.
        time.sleep(1)
        began = time.monotonic()
        for _ in range(10):
            assert browser.get("/login").status == 200
        assert time.monotonic() - began < 8
        # Which process takes a connection is the kernel's to say: more come until both have no seat left.
        for _ in range(8):
            if (busy := send(browser, page)).status == 503:
                break
            crowd.enter_context(slow_senders(browser, page, 6))
            time.sleep(0.5)
        assert (busy.status, "目前同時上傳的檔案過多，請稍候幾秒再試一次。" in busy.text) == (503, True)
        assert busy.response.headers["Retry-After"] == "10"
    deadline = time.monotonic() + 10
    while (again := send(browser, page)).status == 503 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert again.status == 200


def later(town: Town, run: str) -> None:
    """Let the run's day pass."""
    assert town.server.write("UPDATE flows SET expires_at = created_at WHERE id = :run", {"run": run}) == 1


@pytest.mark.requirement("R-179")
def test_a_corrected_application_keeps_its_file_or_has_another(town: Town, browser: Browser, unit: Unit) -> None:
    wizard = Wizard(browser, "harbour")
    page = send(browser, to_document(browser, unit.tax_id), "first.pdf")
    # A day later all that was filled in is there, the file too.
    later(town, run_of(page))
    page = browser.get(page.url)
    assert "first.pdf" in page.text
    assert "上次填寫的內容已為您保留" in page.text
    page = browser.submit(browser.submit(page, "next"), "next", **wizard.person)
    number = number_of(browser.submit(page, "submit"))
    refuse = (
        "UPDATE company_documents SET state = 'rejected' WHERE case_id = (SELECT id FROM cases WHERE number = :number)"
    )
    town.server.write(refuse, {"number": number})

    def correct() -> Page:
        page = browser.get("/register/status")
        page = browser.submit(page, "look-up", number=number, email=wizard.person["email"])
        return browser.submit(browser.get("/register/status/correct"), "correct", password=PASSWORD)

    page = correct()  # where the file alone is wanted
    assert page.path == "/register/document"
    assert "first.pdf" in page.text
    assert not page.has("remove")
    page = send(browser, page, "second.pdf")
    assert "已取代前一個檔案 first.pdf" in page.text
    page = browser.submit(page, "next")
    assert page.path == "/register/check", page
    browser.submit(page, "submit")
    assert document_of(town, number) == ("queued", 2, "second.pdf", 2)
    # While it is being reviewed it is not exchanged.
    town.server.write(refuse.replace("rejected", "in_review"), {"number": number})
    page = browser.submit(correct(), "next")
    assert page.path == "/register/check"
    assert "second.pdf" not in page.text
    browser.submit(page, "submit")
    assert document_of(town, number)[:2] == ("in_review", 2)


def test_where_an_operators_word_is_enough_the_file_is_one_way_of_two(
    town: Town, browser: Browser, new_company: NewCompany
) -> None:
    page = to_document(browser, new_company().tax_id, "either")
    assert page.path == "/register/proof"
    page = browser.submit(page, "choose-document")
    assert page.path == "/register/document"
    page = browser.submit(page, "other-way")
    assert page.path == "/register/proof"
    assert browser.submit(page, "next").path == "/register/account"
    proven = new_company("document")
    assert to_document(browser, proven.tax_id, "either").path == "/register/account"


def test_twenty_files_and_no_more(town: Town, browser: Browser, unit: Unit) -> None:
    """DU09."""
    page = send(browser, to_document(browser, unit.tax_id))
    run = run_of(page)
    columns = "run_id, name, kind, size, pages, sha256, state, uploaded_at"
    for number in range(19):
        assert town.server.write(
            f"INSERT INTO uploaded_files (id, stored_name, {columns}) SELECT :id, :id, {columns}"
            " FROM uploaded_files WHERE run_id = :run AND length(stored_name) = 40",
            {"id": f"uf_{number}_{run[-8:]}", "run": run},
        )
    refused = send(browser, page)
    assert (refused.status, "這次申請上傳的檔案已達上限（20 個），無法再上傳。" in refused.text) == (400, True)


def test_the_page_is_there_in_english(town: Town, unit: Unit) -> None:
    browser = Browser(town.issuer, language="en")
    wizard = Wizard(browser, "harbour")
    page = browser.submit(browser.submit(wizard.begin(), "next"), "lookup", number=unit.tax_id)
    page = wizard.name_company(page, responsible="陳大文")
    assert "Which documents count, and what must they show?" in page.text
    page = send(browser, page, "x.pdf", b"<html>")
    assert "This file is not a PDF, PNG or JPG. Save it as one of these and upload it again." in page.text
    page = send(browser, send(browser, page), "y.pdf", pdf(pages=2))
    for told in ("Replaced the file before it: proof.pdf", "2 pages"):
        assert told in page.text
