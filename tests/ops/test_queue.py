"""「審核佇列」 (P36): what waits for operators, the longest waiting first; taken by one, put back, given up by time."""

from functools import partial

import pytest

from tests.harness.browser import Page
from tests.harness.cases import Sent, an_application, decide, review
from tests.harness.operators import Operator, an_operator, audit_of, stamp_of
from tests.harness.people import Town
from tests.registration.conftest import NewCompany
from tests.security.doors import at_once


def listed(one: Operator, *sent: Sent, **params: str) -> list[str]:
    """Which of these are in the list, on whichever page, in its order."""
    page = one.browser.get("/ops/queue", params=params)
    found: list[str] = []
    while True:
        found += [name.removeprefix("case-") for name in page.ids if name.startswith("case-")]
        if "next" not in page.ids:
            break
        page = one.browser.get(next(link for link in page.links if "after=" in link))
    assert len(found) == len(set(found)) or params.get("tab") == "decided"
    return [number for number in found if number in {one.number for one in sent}]


def take(one: Operator, sent: Sent) -> Page:
    page = one.browser.get("/ops/queue", params={"q": sent.unit.tax_id})
    return one.browser.submit(page, f"take-{sent.number}")


@pytest.mark.both_databases
def test_what_waits_is_listed_taken_and_put_back(town: Town, new_company: NewCompany) -> None:
    first, second = an_application(town, new_company()), an_application(town, new_company())
    boss, other = an_operator(town, "reviewer", name="周文傑"), an_operator(town, "reviewer", name="許雅雯")
    both = (first, second)
    assert listed(boss, *both) == [first.number, second.number]
    assert listed(boss, *both, subject="document", service="harbour") == [first.number, second.number]
    assert listed(boss, *both, subject="account") == [first.number, second.number]
    assert listed(boss, *both, subject="escalated") == listed(boss, *both, service="dreams") == []
    assert listed(boss, *both, q=first.unit.name[:6]) in ([first.number], [first.number, second.number])
    assert listed(boss, *both, q=second.unit.tax_id) == [second.number]
    page = boss.browser.get("/ops/queue", params={"q": second.number.lower().replace("-", " ")})
    assert page.path == second.page
    page = boss.browser.get("/ops/queue", params={"q": "nobody-is-called-so"})
    assert ("找不到符合的案件。" in page.text, page.has("search")) == (True, True)
    assert boss.browser.get("/ops/queue?tab=x&subject=x&service=x&after=9-x").status == 200
    page = boss.browser.get("/ops/queue", params={"q": first.unit.tax_id})
    for words in ("公司文件、帳號", "港區通行證系統（文件）", "0 分鐘", "待審核", "最久等候", first.unit.name):
        assert words in page.text, words
    assert '審核佇列 <span class="tag act">' in page.html

    # Two take it in the same second: one has it, the other reads who.
    pages = [one.browser.get("/ops/queue", params={"q": first.unit.tax_id}) for one in (boss, other)]
    answers = at_once(
        [
            partial(one.browser.submit, page, f"take-{first.number}")
            for one, page in zip((boss, other), pages, strict=True)
        ]
    )
    assert sorted(answer.status for answer in answers) == [200, 409]
    holder, slower = (boss, other) if answers[0].status == 200 else (other, boss)
    lost = answers[1] if holder is boss else answers[0]
    assert "由您接手" in review(holder, first).text
    assert f"{holder.name}已經接手這個案件。" in lost.text
    assert f"{holder.name}正在審核這個案件" in lost.text
    assert (lost.has("doc-send"), lost.has("acct-send"), lost.has("take")) == (False, False, False)
    page = slower.browser.get("/ops/queue", params={"q": first.unit.tax_id})
    assert ("審核中" in page.text, holder.name in page.text, page.has(f"take-{first.number}")) == (True, True, False)
    assert (listed(holder, *both, tab="mine"), listed(slower, *both, tab="mine")) == ([first.number], [])
    sent = {**stamp_of(page), "doc_version": "1", "doc_outcome": "approve"}
    answer = slower.browser.post(f"{first.page}/document", sent, headers={"Origin": town.issuer})
    assert (answer.status, holder.name in answer.text) == (409, True)

    # Put back it is anybody's; kept for eight hours too.
    page = holder.browser.submit(review(holder, first), "release")
    assert f"案件 {first.number} 已放回佇列。" in page.text
    assert "由您接手" in take(slower, first).text
    late = {"number": first.number, "at": "2020-01-01 00:00:00.000000+00:00"}
    of_case = "SELECT id FROM cases WHERE number = :number"
    town.server.write(f"UPDATE company_documents SET taken_at = :at WHERE case_id = ({of_case})", late)
    town.server.write("UPDATE cases SET taken_at = :at WHERE number = :number", late)
    assert "由您接手" in take(holder, first).text
    assert (listed(holder, *both, tab="mine"), listed(slower, *both, tab="mine")) == ([first.number], [])
    town.server.write(f"UPDATE company_documents SET taken_at = :at WHERE case_id = ({of_case})", late)
    town.server.write("UPDATE cases SET taken_at = :at WHERE number = :number", late)
    town.idp("worker", "--once")
    rows = town.server.read(
        "SELECT d.state, d.taken_by, c.taken_by, d.version FROM company_documents d JOIN cases c ON c.id = d.case_id"
        " WHERE c.number = :number",
        {"number": first.number},
    )
    assert [tuple(row) for row in rows] == [("queued", None, None, 1)]
    done = [action for action, _ in audit_of(holder)]
    assert (done.count("document:taken"), done.count("case:taken"), done.count("document:released")) == (2, 2, 1)

    # What the applicant is asked for and what is decided leave the queue.
    decide(boss, first, "doc", "more_info", doc_text="請補上最近一次的變更登記表")
    assert listed(boss, *both, tab="more_info") == [first.number]
    assert listed(boss, *both, subject="document") == [second.number]
    assert listed(boss, *both, subject="account") == [first.number, second.number]
    page = decide(boss, first, "acct", "reject", acct_reason="duplicate")
    assert page.path == "/ops/queue"
    assert listed(boss, *both) == [second.number]
    assert listed(boss, first, tab="decided", q=first.unit.tax_id) == [first.number] * 2


def test_who_may_look_does_not_take_or_decide(town: Town, new_company: NewCompany) -> None:
    """GA05: an auditor's typed form; her own company's; a group admin's and nobody's."""
    sent = an_application(town, new_company())
    auditor = an_operator(town, "auditor")
    own = an_operator(town, "reviewer", own_tax_id=sent.unit.tax_id)
    setter = an_operator(town, "configurator")
    assert listed(auditor, sent) == [sent.number]
    for one in (auditor, own):
        page = review(one, sent)
        assert (page.status, page.has("take"), page.has("doc-send"), page.has("acct-send")) == (200, *[False] * 3)
        for act in ("take", "document", "account", "release"):
            typed = {**stamp_of(page), "doc_version": "1", "doc_outcome": "approve", "acct_version": "1"}
            typed |= {"acct_outcome": "approve", "acct_role": "staff"}
            answer = one.browser.post(f"{sent.page}/{act}", typed, headers={"Origin": town.issuer})
            if one is own and act == "release":
                continue
            assert answer.status == 403, (act, answer)
            assert "不能由您處理" in answer.text if one is own else "您的職責不包含「審核案件」。" in answer.text
    assert "這是您所屬的公司，您只能查看。" in review(own, sent).text
    assert (setter.browser.get("/ops/queue").status, review(setter, sent).status) == (403, 403)
    assert town.browser().get(sent.page).path == "/ops/login"
    assert auditor.browser.get("/ops/queue/AAAA-AAAA-AAAA").status == 404
    rows = town.server.read(
        "SELECT d.state FROM company_documents d JOIN cases c ON c.id = d.case_id WHERE c.number = :number",
        {"number": sent.number},
    )
    assert [row[0] for row in rows] == ["queued"]
