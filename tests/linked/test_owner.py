"""被綁定資訊 (P29): the owner of a general account agrees, reads who acted as her, and unbinds."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.harness.browser import Browser, Page
from tests.harness.linked import Agent, acting_client, an_agent, bind, enter
from tests.harness.mailbox import Mailbox
from tests.harness.people import Town
from tests.harness.relying_party import Person
from tests.security.doors import enter as come_in
from tests.security.doors import sign_in


def ask_owner(town: Town, agent: Agent, owner: Person) -> None:
    """An agent asks the owner of an account to agree."""
    browser = town.browser()
    come_in(browser, agent.username, agent.password)
    assert browser.submit(browser.get("/linked/bind"), "ask-owner", username=owner.username).path == "/linked"


def opened(browser: Browser, act: str) -> Page:
    """The question of the first act of this name on the page."""
    page = browser.get("/account/bindings")
    link = next(link for link in page.links if link.endswith(f"/{act}"))
    return browser.get(link)


def states_of(town: Town, owner: Person) -> list[str]:
    """How the bindings of an account stand."""
    rows = town.server.read("SELECT state FROM bindings WHERE account_id = :id ORDER BY state", {"id": owner.sub})
    return [str(row[0]) for row in rows]


def prove_by(town: Town, owner: Person, proof: str) -> None:
    """Say how the requests for an account are to be proven."""
    town.server.write("UPDATE bindings SET proof = :proof WHERE account_id = :id", {"proof": proof, "id": owner.sub})


@pytest.mark.requirement("R-124", "R-125", "R-126", "R-127", "R-128")
def test_an_owner_reads_who_acts_as_her_and_unbinds(provider: Town, staff: Person, browser: Browser) -> None:
    """Three states; since when, first and last use and where; unbinding ends what runs at once, and her own goes on."""
    home = sign_in(browser, staff)
    assert "帳號資料修改未被綁定" in home.text
    assert "您的帳號未被綁定。" in browser.get("/account/bindings").text
    agent, other = an_agent(provider), an_agent(provider, "周代辦")
    app, binding = acting_client(provider), bind(provider, agent, staff)
    tokens, own = enter(app, provider.browser(), agent), app.sign_in(browser, staff)
    stays = enter(app, provider.browser(), other, bind(provider, other, staff))
    page = browser.get("/account/bindings")
    assert "已綁定並驗證" in page.text
    assert "錢大明" in page.text
    assert agent.username in page.text
    assert agent.email not in page.text, "masked"
    where = app.client.client_id
    assert f"進入「應用程式 {where}」" in page.text
    assert "最近登入" in page.text
    [entered] = provider.server.read(
        "SELECT actor, account_id, linked_account_id, client_id FROM audit_log"
        " WHERE action = :action AND binding_id = :id",
        {"action": "account:client_session:begun", "id": binding},
    )
    assert entered == (agent.sub, staff.sub, agent.sub, where)

    question = browser.get(f"/account/bindings/{binding}/unbind")
    assert "確定要解除綁定？" in question.text
    assert "進行中的登入會立即結束" in question.text
    done = browser.submit(question, "unbind")
    assert done.path == "/account/bindings"
    assert "帳號解除綁定成功。" in done.text
    assert app.userinfo(tokens.access_token).status_code == 401
    assert app.userinfo(stays.access_token).status_code == 200, "the other agent's goes on"
    assert app.userinfo(own.access_token).status_code == 200, "and her own (R-130)"
    assert browser.submit(question, "unbind").status == 404, "ended once"
    assert "已解除鏈結帳號綁定" in Mailbox(provider).newest(agent.email).subject
    assert "您本人" in done.text


@pytest.mark.requirement("R-129")
def test_an_owner_is_asked_and_agrees_or_refuses_after_a_fresh_sign_in(provider: Town, staff: Person) -> None:
    """LK04: to let somebody act she proves again who she is, where she signed in longer ago; to refuse she need not."""
    browser, agent = provider.browser(), an_agent(provider, "錢大明")
    ask_owner(provider, agent, staff)
    ask_owner(provider, an_agent(provider, "周代辦"), staff)
    home = sign_in(browser, staff)
    assert "有 2 項鏈結帳號的綁定等候您決定。" in home.text
    assert "已綁定未驗證" in browser.get("/account/bindings").text
    long_ago = f"{datetime.now(UTC) - timedelta(minutes=11):%Y-%m-%d %H:%M:%S.%f}"
    provider.server.write(
        "UPDATE sign_ins SET auth_time = :at WHERE account_id = :id", {"at": long_ago, "id": staff.sub}
    )
    refusal = opened(browser, "refuse")
    assert "要拒絕綁定嗎？" in refusal.text
    assert "已拒絕周代辦綁定您的帳號。" in browser.submit(refusal, "refuse").text
    again = opened(browser, "agree")
    assert again.path == "/login"
    question = browser.submit(again, "sign-in", password=staff.password)
    assert "要同意綁定嗎？" in question.text
    # Where a code was mailed, her own word is no way around it: who has her password signs in as her as well (BC01).
    prove_by(provider, staff, "password_and_code")
    assert "這項綁定的狀態已經變更，目前不能進行這項操作。" in browser.get(question.path).text
    assert browser.submit(question, "agree").status == 409
    assert states_of(provider, staff) == ["pending", "unbound"]
    prove_by(provider, staff, "owner_approves")
    agreed = browser.submit(question, "agree")
    assert "已同意錢大明綁定您的帳號。" in agreed.text
    assert "已綁定並驗證" in agreed.text
    assert states_of(provider, staff) == ["bound", "unbound"]
    late = browser.submit(question, "agree")
    assert late.status == 409
    assert "資料在您開啟頁面後已經變更" in late.text
    provider.server.write(
        "UPDATE bindings SET state = 'needs_confirmation', held_because = 'password'"
        " WHERE account_id = :id AND state = 'bound'",
        {"id": staff.sub},
    )
    held = browser.get("/account/bindings")
    assert "您的密碼已重新設定，對方暫時不能以您的身分登入，等候您確認是否繼續綁定。" in held.text
    # Whoever has her password signs in as her, so after another mailbox her word counts with another password.
    question = opened(browser, "confirm")
    of_mailbox = "UPDATE bindings SET held_because = 'mailbox', proof = :proof WHERE account_id = :id"
    provider.server.write(of_mailbox, {"proof": "password_and_code", "id": staff.sub})
    advice = "對方知道您目前的密碼。請先更改密碼，再確認繼續綁定。"
    for page in (browser.get("/account/bindings"), browser.get(question.path)):
        assert advice in page.text
        assert 'id="change-password' in page.html
        assert not page.has("confirm")
    refused = browser.submit(question, "confirm")
    assert refused.status == 409
    assert "您的 Email 已經變更，而對方知道您目前的密碼。請先更改密碼，再確認繼續綁定。" in refused.text
    prove_by(provider, staff, "owner_approves")
    assert "已確認繼續綁定錢大明。" in browser.submit(opened(browser, "confirm"), "confirm").text

    question = opened(browser, "unbind")
    assert "帳號解除綁定後，仍可透過「綁定帳號」步驟（重新取得驗證碼）再次加入綁定。" in question.text
    browser.submit(question, "unbind")
    provider.server.write(
        "UPDATE bindings SET code_sent_at = :at WHERE account_id = :id", {"at": long_ago, "id": staff.sub}
    )
    ask_owner(provider, agent, staff)
    browser.submit(opened(browser, "agree"), "agree")
    assert states_of(provider, staff) == ["bound", "unbound", "unbound"], "a new binding; the old one stays ended"
