"""The review of an application (P36): the document beside data and register, two decisions, and who sees a file."""

from functools import partial

import pytest

from tests.harness.cases import Sent, an_application, decide, review
from tests.harness.documents import pdf
from tests.harness.mailbox import Mailbox
from tests.harness.operators import Operator, an_operator, audit_of
from tests.harness.people import Town
from tests.registration.conftest import NewCompany
from tests.registration.wizard import value_of
from tests.security.doors import at_once, but_when, sign_in

OBSOLETE = "「營利事業登記證」自98年4月13日起停止使用，不再作為證明文件，請改提出其他最新版本之「商業登記證明文件」。"
NOTE = "資料無誤，請於領證時攜帶正本。"


def decisions(town: Town, sent: Sent) -> list[tuple[str, int]]:
    """What was decided about the document: outcome and version."""
    rows = town.server.read(
        "SELECT r.outcome, r.document_version FROM document_reviews r JOIN company_documents d ON d.id = r.document_id"
        " JOIN cases c ON c.id = d.case_id WHERE c.number = :number ORDER BY r.id",
        {"number": sent.number},
    )
    return [(row[0], row[1]) for row in rows]


def file_links(one: Operator, sent: Sent) -> list[str]:
    """The files that the page of the review leads to, the one that counts first."""
    links = [link for link in review(one, sent).links if "/files/" in link]
    return [link for link in links if link.rpartition("/")[2].startswith("uf_")]


@pytest.mark.requirement("R-172", "R-174", "R-178")
def test_document_and_account_are_decided_apart_with_reasons_that_their_applicant_reads(
    town: Town, new_company: NewCompany
) -> None:
    files = (("營利事業登記證.pdf", pdf(text="Old")), ("登記.pdf", pdf(pages=2)))
    sent = an_application(town, new_company(), files=files)
    boss, mailbox = an_operator(town, "reviewer", name="周文傑"), Mailbox(town)
    page = review(boss, sent)
    for words in (
        sent.unit.name, sent.unit.tax_id, "港區通行證系統（文件）", "登記.pdf‧2 頁",
        "已取代前一個檔案 營利事業登記證.pdf",
        "公司地址 不同", "登記資料無此欄位", "財政部財政資訊中心", "陳小美", sent.username, "0912-345-678", sent.email,
        "公司文件審核", "帳號申請審核", "通過說明", OBSOLETE, "文件種類已停止使用（營利事業登記證）", "14 天內有效",
    ):  # fmt: skip
        assert words in page.text, words
    assert page.html.count('<tr role="row" class="neq">') == 1

    # Nothing chosen, nothing said: the sentence stands beside the field, and what was typed stays.
    page = boss.browser.submit(page, "doc-send", doc_text="先寫下的說明")
    assert (page.status, "請選擇審核結果。" in page.text, value_of(page, "doc_text")) == (400, True, "先寫下的說明")
    page = decide(boss, sent, "doc", "reject")
    assert (page.status, "請選擇原因，或填寫說明。" in page.text) == (400, True)
    page = decide(boss, sent, "acct", "approve")
    assert (page.status, "請選擇此帳號之權限。" in page.text) == (400, True)
    page = decide(boss, sent, "acct", "reject", acct_text="太久")
    assert (page.status, "請選擇不核准的原因。" in page.text, value_of(page, "acct_text")) == (400, True, "太久")
    page = decide(boss, sent, "acct", "approve", acct_role="staff")
    assert (page.status, "這家公司尚未通過驗證" in page.text) == (409, True)
    assert decisions(town, sent) == []

    stale = review(boss, sent)
    page = decide(boss, sent, "doc", "reject", doc_reasons="obsolete", doc_text="請附最新的抄本")
    assert (page.path, "公司文件的決定已送出，並已寄信通知申請人。" in page.text) == (sent.page, True)
    assert "此公司先前的文件曾未通過或須補件：" in page.text
    assert (page.has("doc-send"), page.has("acct-send")) == (False, True)
    mail = mailbox.newest(sent.email)
    assert (OBSOLETE in mail.text, "請附最新的抄本" in mail.text) == (True, True)
    page = boss.browser.submit(stale, "doc-send", doc_outcome="approve", doc_text=NOTE)
    assert (page.status, NOTE in page.text) == (409, True)
    assert decisions(town, sent) == [("rejected", 1)]

    # The same with a second company: the document is taken, then the person; two mails.
    other = an_application(town, new_company())
    before = len(mailbox.all(other.email))
    page = decide(boss, other, "doc", "approve", doc_text=NOTE)
    assert page.path == other.page
    mails = mailbox.all(other.email)
    assert (len(mails) - before, "通過說明：" in mails[-1].text, NOTE in mails[-1].text) == (1, True, True)
    page = decide(boss, other, "acct", "approve", acct_role="staff")
    assert page.path == "/ops/queue"
    mails = mailbox.all(other.email)
    assert (len(mails) - before, other.username in mails[-1].text) == (2, True)
    page = review(boss, other)
    for words in ("先前的審核", "公司文件：通過", NOTE, "帳號申請：通過，權限為「一般人員」", "周文傑"):
        assert words in page.text, words
    done = [action for action, outcome in audit_of(boss) if outcome == "done"]
    assert (done.count("document:approved"), done.count("case:approved")) == (1, 1)


@pytest.mark.both_databases
def test_of_two_operators_in_the_same_second_one_decides(town: Town, new_company: NewCompany) -> None:
    """GA06, RC rows: one decision, one mail; the other reads who was quicker."""
    sent = an_application(town, new_company())
    pair = [an_operator(town, "reviewer", name=name) for name in ("周文傑", "許雅雯")]
    pages = [review(one, sent) for one in pair]
    mailbox = Mailbox(town)
    before = len(mailbox.all(sent.email))
    said = [{"doc_outcome": outcome, "doc_text": f"{outcome}的說明"} for outcome in ("approve", "reject")]
    acts = [
        partial(one.browser.submit, page, "doc-send", **words)
        for one, page, words in zip(pair, pages, said, strict=True)
    ]
    answers = at_once(acts)
    assert sorted(answer.status for answer in answers) == [200, 409]
    winner = 0 if answers[0].status == 200 else 1
    told = answers[1 - winner].text
    assert (pair[winner].name in told, said[1 - winner]["doc_text"] in told) == (True, True)
    assert len(decisions(town, sent)) == 1
    assert len(mailbox.all(sent.email)) - before == 1
    assert [a for one in pair for a, o in audit_of(one) if o == "done" and a.startswith("document:")] in (
        ["document:approved"],
        ["document:refused"],
    )


def test_a_file_is_seen_by_its_reviewers_and_its_companys_group_admin_alone(
    town: Town, new_company: NewCompany
) -> None:
    """DU01, DU02, DU05, DU06, DU08."""
    evil = 'a"><script>alert(1)</script>\u202efdp.exe.pdf'
    sent = an_application(town, new_company(), files=(("舊.pdf", pdf()), (evil, pdf(text="<b>", pages=2))))
    other = an_application(town, new_company())
    boss = an_operator(town, "reviewer")
    page = review(boss, sent)
    assert "<script>alert" not in page.html
    current, replaced = file_links(boss, sent)
    foreign = file_links(boss, other)[0].rpartition("/")[2]

    answer = boss.browser.http.get(current)
    assert answer.content.startswith(b"%PDF")
    for header, value in (
        ("Content-Type", "application/pdf"), ("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store"),
        ("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'"),
    ):  # fmt: skip
        assert answer.headers[header] == value
    said = answer.headers["Content-Disposition"]
    assert said.startswith("attachment; ")
    assert not {"<", "\u202e", "\r", "\n"} & set(said)
    picture = boss.browser.http.get(f"{current}/2")
    assert (picture.headers["Content-Type"], picture.content[:4]) == ("image/png", b"\x89PNG")
    assert (picture.headers["Cache-Control"], picture.headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert boss.browser.get(replaced).status == 200
    for address in (f"{current}/0", f"{current}/3", f"{sent.page}/files/{foreign}", f"{sent.page}/files/../x"):
        assert boss.browser.get(address).status == 404, address
    assert town.browser().get(current).path == "/ops/login"
    assert an_operator(town, "configurator").browser.get(current).status == 403
    assert sent.browser.get(current).path == "/ops/login"

    # The company's group admin has a page of them; nobody else's admin has.
    own = current.rpartition("/")[2]
    admin, stranger = town.person("group_admin", tax_id=sent.unit.tax_id), town.person("group_admin")
    staff = town.person("staff", tax_id=sent.unit.tax_id)
    browser = town.browser()
    sign_in(browser, admin)
    page = browser.get("/group/documents")
    assert (page.has(f"see-{own}"), "待審核" in page.text, "<script>alert" in page.html) == (True, True, False)
    for address, kind in ((f"/group/documents/{own}", "application/pdf"), (f"/group/documents/{own}/1", "image/png")):
        answer = browser.http.get(town.issuer + address)
        assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == (kind, "no-store")
    assert (browser.get(f"/group/documents/{foreign}").status, browser.get(current).path) == (404, "/ops/login")
    others = town.browser()
    sign_in(others, stranger)
    missing = others.get("/group/documents/uf_none")
    for address in (f"/group/documents/{own}", f"/group/documents/{own}/1"):
        answer = others.get(address)
        assert (answer.status, but_when(answer)) == (404, but_when(missing))
    colleague = town.browser()
    sign_in(colleague, staff)
    assert colleague.get(f"/group/documents/{own}").status == 403
    browser.submit(browser.get("/account"), "sign-out")
    assert browser.get(f"/group/documents/{own}").path == "/login"

    # Nobody sees a file before it was scanned, or after it was found infected.
    for state, words in (
        ("quarantined", "檔案等候掃毒；掃毒完成前，任何人都不能檢視。"),
        ("infected", "檔案含有病毒，已經刪除"),
    ):
        town.server.write("UPDATE uploaded_files SET state = :state WHERE id = :id", {"state": state, "id": own})
        page = review(boss, sent)
        assert (words in page.text, own in page.html) == (True, False)
        assert [boss.browser.get(a).status for a in (current, f"{current}/1")] == [404, 404]
        page = decide(boss, sent, "doc", "approve")
        assert (page.status, "不能通過" in page.text) == (400, True)
