"""People change their own password, knowing the old one (P28)."""

import pytest

from tests.harness.browser import Browser, Page
from tests.harness.linked import an_agent, bind
from tests.harness.mailbox import Mailbox
from tests.harness.people import Town
from tests.harness.relying_party import Person, RelyingParty
from tests.security.doors import SESSION, enter, is_in, is_signed_in, sign_in

NEW = ("first-Passw0rd-31", "second-Passw0rd-32", "third-Passw0rd-33")


def change(browser: Browser, old: str, new: str, again: str | None = None) -> Page:
    page = browser.get("/account/password")
    assert (page.status, page.path, page.controls_without_id) == (200, "/account/password", []), f"{page!r}"
    return browser.submit(
        page, "change-password", old_password=old, password=new, password_again=new if again is None else again
    )


@pytest.mark.requirement("R-221", "R-223", "R-224", "R-225")
def test_a_person_changes_her_password_and_every_other_sign_in_ends(
    provider: Town, staff: Person, app: RelyingParty
) -> None:
    """PW11: refused without the current password; with it other sign-ins end, and a mail is sent."""
    browser, elsewhere = provider.browser(), provider.browser()
    for one in (browser, elsewhere):
        sign_in(one, staff)
    theirs, ours = app.sign_in(elsewhere, staff), app.sign_in(browser, staff)
    page = browser.get("/account/password")
    for words in ("定期變更密碼，以維持帳號安全性。", "舊密碼", "新密碼", "新密碼確認", "送出", "清除"):
        assert words in page.text, words
    assert 'id="clear" type="reset"' in page.html
    for old, new, again, told, status in (
        ("", NEW[0], None, "請輸入舊密碼。", 400),
        ("wrong-Passw0rd-0", NEW[0], None, "密碼不正確。", 200),
        (staff.password, NEW[0], "another", "兩次輸入的密碼不同。", 400),
        (staff.password, "short1", None, "密碼至少 8 個字元，且須同時包含英文與數字。", 400),
        (staff.password, f"{staff.username}1", None, "密碼不可由公司名稱", 400),
        (staff.password, staff.password, None, "不可使用最近三次使用過的密碼", 400),
    ):
        refused = change(browser, old, new, again)
        assert (refused.status, told in refused.text) == (status, True), f"{new}: {refused!r}"
        assert NEW[0] not in refused.html
    assert is_signed_in(elsewhere)
    copied = browser.copy()
    done = change(browser, staff.password, NEW[0])
    assert "密碼已變更，其他裝置的登入已經結束。" in done.text
    assert copied.cookie(SESSION) != browser.cookie(SESSION)
    assert [is_signed_in(one) for one in (browser, elsewhere, copied)] == [True, False, False]
    assert app.refresh(theirs.refresh_token).json()["error"] == "invalid_grant"
    assert app.refresh(ours.refresh_token).status_code == 200
    assert not is_in(enter(provider.browser(), staff.username, staff.password))
    assert is_in(enter(provider.browser(), staff.username, NEW[0]))
    assert "您的密碼已變更" in Mailbox(provider).newest(staff.email).subject
    assert "不可使用最近三次" in change(browser, NEW[0], staff.password).text
    for old, new in ((NEW[0], NEW[1]), (NEW[1], NEW[2])):
        assert "密碼已變更" in change(browser, old, new).text
    assert "密碼已變更" in change(browser, NEW[2], staff.password).text, "the fourth last may be taken again"
    kept = provider.server.read("SELECT hash FROM former_passwords WHERE account_id = :sub", {"sub": staff.sub})
    assert len(kept) == 2


def test_the_owner_who_knows_her_password_keeps_her_agents_but_not_a_change_of_mailbox(
    provider: Town, staff: Person
) -> None:
    agent, browser = an_agent(provider), provider.browser()
    binding = bind(provider, agent, staff)
    agents = provider.browser()
    enter(agents, agent.username, agent.password)
    sign_in(browser, staff)
    asked = f"thief-{staff.username}@example.test"
    browser.submit(browser.get("/account/email"), "change-email", email=asked)
    change(browser, staff.password, NEW[0])
    read = "SELECT state, password_advised_at FROM bindings WHERE id = :id"
    state, advised = provider.server.read(read, {"id": binding})[0]
    assert (state, advised is not None) == ("bound", True)
    assert agents.get("/linked").status == 200
    assert "這個連結已經失效" in browser.get(Mailbox(provider).newest(asked).link).text
    assert "尚未完成的 Email 變更也已取消" in Mailbox(provider).newest(staff.email).text


@pytest.mark.requirement("R-222")
def test_who_signs_in_by_card_alone_is_told_why_there_is_nothing_to_change(provider: Town, staff: Person) -> None:
    browser = provider.browser()
    sign_in(browser, staff)
    form = browser.get("/account/password")
    provider.server.write("DELETE FROM passwords WHERE account_id = :sub", {"sub": staff.sub})
    page = browser.get("/account/password")
    told = "更改密碼功能僅提供非憑證帳號登入者使用，憑證登入者無法在本系統變更憑證 PIN 密碼。"
    assert (page.status, told in page.text, page.button("change-password")) == (200, True, None)
    sent = browser.submit(form, "change-password", old_password="x", password=NEW[0], password_again=NEW[0])
    assert (sent.status, told in sent.text) == (400, True)
    assert "修改密碼" not in browser.get("/account/profile").text
