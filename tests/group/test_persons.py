"""修改使用者 (P33): applications decided, roles given, accounts suspended; one 修改 saves all of it."""

import pytest

from tests.group.conftest import House
from tests.harness.applicants import Applicant, correct
from tests.harness.browser import Browser, Page
from tests.harness.relying_party import RelyingParty
from tests.security.doors import at_once, enter, sign_in


def save(browser: Browser, account_id: str, **chosen: str) -> Page:
    """Open the page of a person, choose, and press 修改."""
    return browser.submit(browser.get(f"/group/users/{account_id}"), "save", **chosen)


def outcomes(house: House, applicant: Applicant) -> list[tuple[str, ...]]:
    """What was decided about an application."""
    return house.town.server.read(
        "SELECT outcome, role FROM reviews WHERE case_id = :id ORDER BY id", {"id": applicant.case_id}
    )


@pytest.mark.requirement("R-039", "R-040", "R-041", "R-042", "R-043")
def test_the_pencil_opens_the_person_with_each_role_explained(house: House) -> None:
    """What was filled in, what the register says, and the three roles in the manual's words."""
    applicant = house.applicant()
    page = house.open("/users?tab=pending")
    assert f'id="edit-{applicant.account_id}"' in page.html
    assert 'title="修改使用者"' in page.html
    page = house.open(f"/users/{applicant.account_id}")
    assert "修改使用者：林雅婷" in page.text
    assert "請選擇此帳號之權限" in page.text
    for label, explained in (
        ("訪客", "訪客僅有觀看權限。"),
        ("一般人員", "一般人員可申請新案場加入DREAMS系統。"),
        ("群組管理員", "群組管理員則有最高權限，可管理群組內使用者。"),
    ):
        assert label + explained in page.text.replace(f"{label} ", label)
    for fact in (applicant.username, applicant.email, applicant.number, house.name, "07-765-4321 #12", "蓬萊路10號"):
        assert fact in page.text
    assert "待群組管理員審核第 7 天起改由服務單位審核" in page.text


@pytest.mark.requirement("R-034", "R-044", "R-045")
def test_an_application_is_approved_with_its_role_by_one_save(house: House) -> None:
    """Nothing is chosen beforehand; one 修改 saves role and decision, and the applicant signs in by her password."""
    applicant = house.applicant()
    page = house.open(f"/users/{applicant.account_id}")
    assert "選審核狀態，是否核准此帳號。" in page.text
    found = page.button("save")
    assert found is not None
    assert found[1].text == "修改"
    wrong = house.browser.submit(page, "save")
    assert wrong.status == 400
    assert wrong.text.count("請選擇此帳號之權限。") == 2
    assert wrong.text.count("請選擇審核狀態。") == 2
    done = house.browser.submit(wrong, "save", role="guest", state="approve")
    assert (done.status, done.path) == (200, "/group/users")
    assert "已核准「林雅婷」的帳號，並已寄出通知信。" in done.text
    assert outcomes(house, applicant) == [("approved", "guest")]
    assert "審核通過" in house.mailbox.newest(applicant.email).text
    home = enter(house.town.browser(), applicant.username, applicant.password)
    assert "權限為訪客。" in home.text
    again = house.open(f"/users/{applicant.account_id}")
    assert "審核者：陳美惠" in again.text
    assert [actor for actor, _ in house.recorded("case:approved", applicant.account_id)] == [house.admin.sub]


def test_an_application_is_refused_with_a_reason_that_its_applicant_reads(house: House) -> None:
    """Nothing typed is lost where something is missing; she can't approve herself by the form of before (GA05)."""
    applicant = house.applicant()
    page = house.open(f"/users/{applicant.account_id}")
    wrong = house.browser.submit(page, "save", state="reject", reason_text="請填<b>全名</b>\n謝謝")
    assert (wrong.status, wrong.text.count("請選擇不核准的原因。")) == (400, 2)
    assert "請填&lt;b&gt;全名&lt;/b&gt;" in wrong.html
    wrong = house.browser.submit(wrong, "save", state="reject", reason="other", reason_text=" ")
    assert (wrong.status, wrong.text.count("請說明原因，最多 500 個字。")) == (400, 2)
    done = house.browser.submit(wrong, "save", state="reject", reason="wrong_name", reason_text="請填全名")
    assert "未核准「林雅婷」的申請，並已寄出通知信。" in done.text
    assert outcomes(house, applicant) == [("rejected", None)]
    mail = house.mailbox.newest(applicant.email)
    assert "不可為公司名稱" in mail.text
    assert "請填全名" in mail.text
    refused = enter(house.town.browser(), applicant.username, applicant.password)
    assert "未審核通過" in refused.text
    late = house.browser.submit(page, "save", role="group_admin", state="approve", reason_text="我的理由")
    assert late.status == 409
    assert "這筆申請已由陳美惠完成審核，結果為「不核准」，您的決定沒有送出。" in late.text
    assert "您填寫的原因：我的理由" in late.text
    assert house.status_of(applicant.account_id) == "rejected"
    assert "請填全名" in house.open(f"/users/{applicant.account_id}").text
    assert "未核准" in house.open("/users").text


@pytest.mark.both_databases
def test_two_group_admins_who_decide_in_the_same_second_give_one_decision(house: House) -> None:
    """GA06: over both workers; the second reads who was quicker, and one mail goes out."""
    applicant = house.applicant()
    second, browser = house.another_admin()
    forms = [(one, one.get(f"/group/users/{applicant.account_id}")) for one in (house.browser, browser)]
    chosen = [{"role": "staff", "state": "approve"}, {"state": "reject", "reason": "duplicate"}]
    answers = at_once([lambda b=b, p=p, c=c: b.submit(p, "save", **c) for (b, p), c in zip(forms, chosen, strict=True)])
    assert sorted(answer.status for answer in answers) == [200, 409]
    loser = next(answer for answer in answers if answer.status == 409)
    assert "這筆申請已由" in loser.text
    assert second.name in loser.text or house.admin.name in loser.text
    assert len(outcomes(house, applicant)) == 1
    subjects = [mail.subject for mail in house.mailbox.all(applicant.email)]
    assert sum("審核通過" in one or "審核未通過" in one for one in subjects) == 1


def test_what_the_applicant_changed_meanwhile_is_looked_at_first(house: House) -> None:
    """GA, RC05: the fresh data with what was chosen kept; then it counts. Who has withdrawn is not approved."""
    applicant = house.applicant()
    page = house.open(f"/users/{applicant.account_id}")
    correct(house.town, applicant, name="林雅亭")
    late = house.browser.submit(page, "save", role="staff", state="approve", reason_text="備註")
    assert late.status == 409
    assert "資料在您開啟頁面後已經變更，因此沒有儲存。請確認最新內容後再試一次。" in late.text
    assert "修改使用者：林雅亭" in late.text
    found = late.button("save")
    assert found is not None
    kept = {name: found[0].value(name) for name in ("role", "state")}
    assert kept == {"role": "staff", "state": "approve"}
    assert "備註</textarea>" in late.html
    assert house.status_of(applicant.account_id) == "review_pending"
    house.browser.submit(late, "save")
    assert house.status_of(applicant.account_id) == "active"
    other = house.applicant("吳佩珊")
    page = house.open(f"/users/{other.account_id}")
    browser = house.town.browser()
    browser.submit(browser.get("/register/status"), "look-up", number=other.number, email=other.email)
    browser.submit(browser.get("/register/status/withdraw"), "withdraw", password=other.password)
    late = house.browser.submit(page, "save", role="staff", state="approve")
    assert (late.status, house.status_of(other.account_id)) == (409, "withdrawn")


@pytest.mark.requirement("R-046")
def test_several_group_admins_and_never_none(house: House) -> None:
    """A second one is appointed; the last can neither step down nor suspend herself, by whatever way."""
    staff = house.person("staff")
    for chosen in ({"role": "staff"}, {"state": "suspended", "reason_text": "離職"}):
        refused = save(house.browser, house.admin.sub, **chosen)
        assert refused.status == 409
        assert "您是唯一的群組管理員，請先指派另一位群組管理員。" in refused.text
    done = save(house.browser, staff.sub, role="group_admin")
    assert "已修改使用者，並已寄出通知信。" in done.text
    applicant = house.applicant()
    for admin in (house.admin, staff):
        assert "審核" in house.mailbox.newest(admin.email, "待審核").text, "both are reminded"
    browser = house.town.browser()
    sign_in(browser, staff)
    assert browser.get(f"/group/users/{applicant.account_id}").status == 200
    stepped_down = save(house.browser, house.admin.sub, role="staff")
    assert stepped_down.path == "/account"
    assert "已修改使用者，並已寄出通知信。" in stepped_down.text
    assert house.open("/users").status == 403
    assert save(browser, staff.sub, role="guest").status == 409


def test_role_and_state_are_changed_together_and_seen_by_the_application(house: House, app: RelyingParty) -> None:
    """A suspension ends everything at once and says why; a restoration counts from the next sign-in."""
    staff, browser = house.person("staff"), house.town.browser()
    tokens = app.sign_in(browser, staff)
    page = house.open(f"/users/{staff.sub}")
    missing = house.browser.submit(page, "save", state="suspended", role="guest")
    assert (missing.status, missing.text.count("請填寫原因，最多 500 個字。")) == (400, 2)
    house.browser.submit(missing, "save", state="suspended", role="guest", reason_text="已經\r\n離職")
    assert house.status_of(staff.sub) == "suspended"
    assert app.userinfo(tokens.access_token).status_code == 401
    assert browser.get("/account").asks_for_password
    assert [mail.subject.rpartition("：")[2] for mail in house.mailbox.all(staff.email)] == [
        "您的權限已變更",
        "您的帳號已停用",
    ]
    assert "已經 離職" in house.mailbox.newest(staff.email).text
    page = house.open(f"/users/{staff.sub}")
    assert "停用原因已經 離職" in page.text
    house.browser.submit(page, "save", state="active", role="staff")
    assert app.sign_in(house.town.browser(), staff).claims["roles"] == ["staff"]
    assert "沒有變更。" in save(house.browser, staff.sub).text


def test_a_change_counts_for_the_account_that_was_looked_at(house: House) -> None:
    """Another admin was quicker: what was chosen is kept, nothing is saved. Nor does who leads no more."""
    staff = house.person("staff")
    second, browser = house.another_admin()
    page = house.open(f"/users/{staff.sub}")
    save(browser, staff.sub, role="guest")
    late = house.browser.submit(page, "save", role="group_admin", state="suspended", reason_text="理由")
    assert late.status == 409
    assert "資料在您開啟頁面後已經變更" in late.text
    assert "理由" in late.html
    found = late.button("save")
    assert found is not None
    assert (found[0].value("role"), found[0].value("state")) == ("group_admin", "suspended")
    own = browser.get(f"/group/users/{staff.sub}")
    save(house.browser, second.sub, role="staff")
    assert browser.submit(own, "save", role="staff").status == 403
    assert house.town.server.read("SELECT role FROM accounts WHERE id = :id", {"id": staff.sub}) == [("guest",)]


ODD: list[dict[str, str]] = [
    {"role": "owner"},
    {"role": ""},
    {"state": "closed"},
    {"state": "approve", "role": "staff"},
    {"version": "x"},
    {"version": "-1"},
    {"version": "9" * 30},
]


def test_what_no_form_of_ours_sends_changes_nothing(house: House) -> None:
    """RG09, UN05: a sentence, and the account as it was."""
    staff = house.person("staff")
    for odd in ODD:
        page = save(house.browser, staff.sub, **({"role": "guest"} | odd))
        assert 400 <= page.status < 500, odd
        rows = house.town.server.read("SELECT role, status FROM accounts WHERE id = :id", {"id": staff.sub})
        assert rows == [("staff", "active")], odd
