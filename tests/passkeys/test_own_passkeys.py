"""通行密鑰 (P30): a person puts passkeys on her account, names them and takes them off, each time told by mail."""

from typing import Any

from tests.cards.steps import events, said
from tests.harness.authenticator import SoftPasskey, bytes_of
from tests.harness.linked import an_agent, bind
from tests.harness.mailbox import Mailbox
from tests.harness.people import Town
from tests.harness.relying_party import Person
from tests.passkeys.steps import LIST, NEW, enrolled, question, send, use
from tests.security.doors import is_in, is_signed_in, sign_in


def test_a_person_adds_a_passkey_names_it_and_takes_it_off(provider: Town, staff: Person) -> None:
    """PK07, PK09: fresh sign-in, mails, audit rows; another's passkey is not there."""
    browser, passkey, mailbox = provider.browser(), SoftPasskey(provider.issuer), Mailbox(provider)
    sign_in(browser, staff)
    page = browser.get(LIST)
    assert "這個帳號還沒有通行密鑰。" in page.text
    assert f"{provider.issuer}{NEW}" in page.links
    page = browser.get(NEW)
    assert "通行密鑰需要啟用 JavaScript。" in page.text
    options = question(browser, page, "enrol")
    assert (options["rp"]["id"], options["attestation"]) == ("localhost", "none")
    assert bytes_of(options["user"]["id"]) == staff.sub.encode()
    assert (options["user"]["name"], len(bytes_of(options["challenge"]))) == (staff.username, 32)
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    made = passkey.make(options)
    page = send(browser, page, made, name=" 公司的筆電 ")
    assert (page.status, page.path) == (200, LIST)
    assert "已新增通行密鑰「公司的筆電」，下次可以用它登入。" in page.text
    assert "只在這個裝置或安全金鑰" in page.text
    mail = mailbox.newest(staff.email, "已新增登入方式")
    assert "公司的筆電" in mail.text
    assert "若不是您本人新增" in mail.text
    # From now on a password alone changes nothing here: her passkey does, and she comes back.
    page = browser.get(NEW)
    assert (page.path, "只輸入密碼無法繼續" in page.text) == ("/login", True)
    assert "若這些驗證方式都已遺失，請洽客服" in page.text
    page = browser.submit(page, "sign-in", password=staff.password)
    assert page.path == "/login", "and so it stays"
    assert use(browser, browser.get(page.url.replace("/login", "/login/passkey")), passkey).path == NEW
    # The same answer again is over, and what is there already is not made twice.
    assert "已經使用過或逾時" in said(send(browser, browser.get(NEW), made))
    page = browser.get(NEW)
    options = question(browser, page, "enrol")
    assert [bytes_of(one["id"]) for one in options["excludeCredentials"]] == [passkey.credential_id]
    assert "這把通行密鑰已經新增過" in said(send(browser, page, passkey.make(options)))
    # Another name.
    [way] = [link for link in browser.get(LIST).links if "/passkeys/pk_" in link and not link.endswith("/remove")]
    page = browser.submit(browser.get(way), "rename", name="\u200b")
    assert (page.status, "通行密鑰名稱應為 1 至 60 個字。" in said(page)) == (400, True)
    page = browser.submit(page, "rename", name="家裡的筆電")
    assert "已將通行密鑰改名為「家裡的筆電」。" in page.text
    # Nobody else's (PK09).
    stranger = provider.browser()
    sign_in(stranger, provider.person("staff"))
    fields = dict(stranger.get("/account").forms[0].fields)
    for address in (way, f"{way}/remove"):
        assert stranger.get(address).status == 404
        assert stranger.post(address, fields | {"name": "x"}, headers={"Origin": provider.issuer}).status == 404
    elsewhere = provider.browser()
    assert is_in(use(elsewhere, elsewhere.get("/login/passkey"), passkey))
    page = browser.submit(browser.get(f"{way}/remove"), "remove")
    assert not is_signed_in(elsewhere), "ticked: whoever has it is out"
    assert "已移除通行密鑰「家裡的筆電」，它不能再登入。" in page.text
    assert "家裡的筆電" in mailbox.newest(staff.email, "已移除登入方式").text
    window = provider.browser()
    assert "這把通行密鑰無法使用" in said(use(window, window.get("/login/passkey"), passkey))
    acts = ("enrolled", "renamed", "removed")
    assert [len(events(provider, f"account:passkey:{act}", account=staff.sub)) for act in acts] == [1, 1, 1]


def test_neither_added_nor_removed_without_a_fresh_sign_in_and_the_only_way_in_stays(
    provider: Town, staff: Person
) -> None:
    """PK07: older than ten minutes, and the person signs in again, by her passkey too; it can't lock her out."""
    passkey = enrolled(provider, staff)
    browser = provider.browser()
    use(browser, browser.get("/login/passkey"), passkey)
    [way] = [link for link in browser.get(LIST).links if link.endswith("/remove")]
    new, confirmation = browser.get(NEW), browser.get(way)
    options = question(browser, new, "enrol")
    provider.server.write(
        "UPDATE sign_ins SET auth_time = :then WHERE account_id = :id", {"then": "2026-01-01 00:00:00", "id": staff.sub}
    )
    for page in (
        browser.get(NEW),
        browser.get(way),
        send(browser, new, SoftPasskey(provider.issuer).make(options)),
        browser.submit(confirmation, "remove"),
    ):
        assert page.path == "/login"
        assert "為了您的安全，請再次登入" in page.text
    assert way in browser.get(LIST).links
    # What she came for waits behind her passkey, which must be one of this account.
    other = enrolled(provider, provider.person("staff"))
    page = browser.get(browser.get(way).url.replace("/login", "/login/passkey"))
    assert "這把通行密鑰屬於另一個帳號" in said(use(browser, page, other))
    asked = question(browser, page, "sign-in")
    assert [bytes_of(one["id"]) for one in asked["allowCredentials"]] == [passkey.credential_id]
    page = send(browser, page, passkey.use(asked, handle=b""))
    assert page.url == way
    provider.server.write(
        "UPDATE passwords SET disabled_at = :at WHERE account_id = :id", {"at": "2026-01-01 00:00:00", "id": staff.sub}
    )
    refused = browser.submit(page, "remove")
    assert (refused.status, "這是您唯一的登入方式，因此不能移除。" in said(refused)) == (409, True)
    assert browser.get(way).button("remove") is None


def test_a_linked_account_has_passkeys_and_who_acts_through_one_touches_nobody_elses(
    provider: Town, staff: Person
) -> None:
    agent = an_agent(provider)
    passkey = enrolled(provider, Person(agent.username, agent.password), SoftPasskey(provider.issuer, is_synced=True))
    binding = bind(provider, agent, staff)
    hers = enrolled(provider, staff)
    browser = provider.browser()
    page = use(browser, browser.get("/login/passkey"), passkey)
    assert page.path == "/linked"
    new = browser.get(NEW)
    page = browser.submit(browser.get("/linked"), f"act-{binding}") if page.has(f"act-{binding}") else page
    fields = dict(browser.get("/linked").forms[0].fields) | {"binding": binding}
    browser.post("/linked/act", fields, headers={"Origin": provider.issuer})
    page = browser.get(LIST)
    assert "手機" in page.text
    assert not [link for link in page.links if "/passkeys/" in link]
    assert browser.get(NEW).status == 403
    options = question(browser, new, "enrol")
    assert send(browser, new, hers.make(options)).status in {403, 409}
    assert len(events(provider, "account:passkey:enrolled", account=staff.sub)) == 1


LIES: dict[str, dict[str, Any]] = {
    "nobody verified": {"verified": False},
    "another origin": {"origin": "http://evil.localhost"},
    "another relying party": {"rp_id": "evil.localhost"},
    "an answer of sign-in": {"type": "webauthn.get"},
    "a frame of another site": {"cross_origin": True},
}


def test_what_is_made_wrongly_is_not_enrolled(provider: Town, guest: Person) -> None:
    """PK02, PK03 at enrolment; and what is no answer at all."""
    browser = provider.browser()
    sign_in(browser, guest)
    page = browser.get(NEW)
    answers = [SoftPasskey(provider.issuer).make(question(browser, page, "enrol"), **lie) for lie in LIES.values()]
    answers.append(
        SoftPasskey(provider.issuer).make(question(browser, page, "enrol")) | {"attestation": "oWNmbXRkbm9uZQ"}
    )
    answers.append({"credential_id": "AA"})
    for answer in answers:
        refused = send(browser, page, answer)
        assert (refused.status, "這把通行密鑰無法使用" in said(refused)) == (400, True)
    assert "這個帳號還沒有通行密鑰。" in browser.get(LIST).text
    assert browser.get("/passkey/challenge").status == 405
    stamp = {name: value for name, value in browser.get(NEW).forms[-1].fields if name in {"csrf_token", "account"}}
    asked = browser.post("/passkey/challenge", stamp | {"purpose": "sign"}, headers={"Origin": provider.issuer})
    assert asked.status == 404
