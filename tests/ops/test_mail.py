"""「寄件匣」: what was mailed, what came to nothing and why; nobody at the console gets another's link."""

import secrets
from urllib.parse import urlsplit

from idp.mails.samples import template_names
from tests.harness.browser import Page
from tests.harness.mailbox import Mailbox
from tests.harness.operators import Operator, an_invited_operator, an_operator, audit_of, set_up, stamp_of
from tests.harness.people import Town


def mails_to(operator: Operator, address: str) -> Page:
    """The list of what was mailed to this address."""
    return operator.browser.submit(operator.browser.get("/ops/mail"), "do-filter", address=address)


def newest_of(operator: Operator, address: str) -> Page:
    """The newest mail to it, opened."""
    page = mails_to(operator, address)
    return operator.browser.get(next(link for link in page.links if link.rpartition("/ops/mail/")[2].isdigit()))


def given(operator: Operator, page: Page, act: str) -> Page:
    """Send a form by hand that the page may not offer."""
    headers = {"Origin": operator.server.issuer}
    return operator.browser.post(f"{page.path}/{act}", stamp_of(page), headers=headers)


def test_a_mail_that_was_not_taken_is_seen_without_its_link_and_sent_again(provider: Town) -> None:
    """DU, LG rows for mail: the link of another is shown to nobody, not even in what a mail server said about it."""
    support, mailbox = an_operator(provider, "support"), Mailbox(provider)
    found, link = an_invited_operator(provider, "reviewer", name="林大同")
    token = link.rpartition("/")[2]
    page = newest_of(support, found.email)
    assert "營運人員設定連結" in page.html
    assert "待寄送" in page.text
    for shown in (page, support.browser.get(f"{page.path}/html")):
        assert token not in shown.html
        assert "●●●●●●●●" in shown.html
        assert "林大同 您好：" in shown.html
    frame = support.browser.http.get(f"{provider.issuer}{page.path}/html", timeout=10)
    assert "sandbox" in frame.headers["Content-Security-Policy"]
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-src 'self'" in support.browser.http.get(page.url, timeout=10).headers["Content-Security-Policy"]

    mailbox._office.answers[found.email] = f"554 data refused for {link}"
    mailbox.collect()
    page = newest_of(support, found.email)
    assert "未能寄達" in page.text
    assert "對方的郵件主機不收這封信的內容。" in page.text
    assert "554" in page.text
    assert token not in page.html
    assert "封信件未能寄達" in support.browser.get("/ops").text
    assert (
        "對方的郵件主機不收這封信的內容。" in support.browser.get("/ops/mail?state=dead&template=operator_set_up").text
    )
    stale = page
    page = support.browser.submit(page, "again")
    assert "已排入寄送，請稍後重新整理本頁查看結果。" in page.text
    mailbox._office.answers[found.email] = "250 OK"
    mailbox.collect()
    page = support.browser.get(page.path)
    assert "已寄出" in page.text
    assert "信件寄出或放棄後不再保留內容" in page.text
    assert not page.has("again")
    page = support.browser.submit(stale, "give-up")
    assert (page.status, "資料在您開啟頁面後已經變更" in page.text) == (409, True)
    set_up(found, mailbox.newest(found.email).link)
    assert ("mail:sent:again", "done") in audit_of(support)


def test_a_mail_whose_link_is_over_is_given_up_by_those_who_may(provider: Town) -> None:
    support, mailbox = an_operator(provider, "support"), Mailbox(provider)
    found, _ = an_invited_operator(provider, "reviewer", name="林大同")
    mailbox._office.answers[found.email] = "550 no such mailbox"
    mailbox.collect()
    dead = newest_of(support, found.email)
    assert "對方的郵件主機不收這個信箱的信，信箱可能不存在或已滿。" in dead.text
    assert (dead.has("again"), dead.has("give-up")) == (True, True)
    for duty, reads in (("auditor", True), ("configurator", False)):
        other = an_operator(provider, duty)
        page = other.browser.get(dead.path)
        assert (page.has("again"), page.has("give-up"), page.has("mail-html")) == (False, False, reads)
        assert ("信件內容有個人資料" in page.text) is not reads
        assert given(other, page, "again").status == given(other, page, "give-up").status == 403
        assert other.browser.get(f"{dead.path}/html").status == (200 if reads else 403)
    provider.idp.kept("operator", "reset", "--username", found.username)
    page = support.browser.get(dead.path)
    assert "信中的連結已經失效，再寄一次也無法使用。請改為補發新的連結。" in page.text
    assert not page.has("again")
    assert given(support, page, "again").status == 409
    page = support.browser.submit(page, "give-up")
    assert "已放棄寄送這封信，信件內容已刪除。" in page.text
    assert "已放棄" in mails_to(support, found.email).text
    [kept] = provider.server.read("SELECT payload FROM outbox WHERE id = :id", {"id": urlsplit(dead.url).path[10:]})
    assert "sealed" not in str(kept)
    assert "沒有符合條件的信件。" in mails_to(support, f"{secrets.token_hex(4)}@example.test").text
    for path in ("/ops/mail/x", "/ops/mail/99999999", "/ops/mail/" + "9" * 40, "/ops/mail/templates/base"):
        assert support.browser.get(path).status == 404, path


def test_every_mail_is_shown_as_its_readers_have_it(provider: Town) -> None:
    """A template without words for it or values of a sample fails here."""
    configurator = an_operator(provider, "configurator")
    page = configurator.browser.get("/ops/mail/templates")
    listed = {link.rpartition("/")[2] for link in page.links if "/ops/mail/templates/" in link}
    assert listed == set(template_names())
    for name in template_names():
        assert f">{name}</a>" not in page.html, f"{name} has no words in flows/ops/mail_words.py"
        for language in ("zh-TW", "en"):
            shown = configurator.browser.get(f"/ops/mail/templates/{name}", params={"language": language})
            assert (shown.status, shown.has("sample-text")) == (200, True), name
            address = next(
                part for part in shown.html.split('"') if part.startswith(f"/ops/mail/templates/{name}/html")
            )
            frame = configurator.browser.get(address.replace("&amp;", "&"))
            assert (frame.status, "</html>" in frame.html) == (200, True), name
            assert ('lang="en"' in frame.html) is (language == "en")
