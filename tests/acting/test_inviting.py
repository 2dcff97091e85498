"""Who acts as a group admin invites colleagues, not herself and no group admin; what she sent ends with the binding."""

from tests.acting.test_switching import act, an_inviting_seat, come
from tests.harness.browser import Browser
from tests.harness.linked import an_agent
from tests.harness.mailbox import Mailbox
from tests.harness.people import Town
from tests.invitations.place import LIST, NEW, new_mailbox, press
from tests.security.doors import sign_in


def test_an_agent_invites_colleagues_and_neither_herself_nor_a_group_admin(provider: Town, browser: Browser) -> None:
    agent = an_agent(provider)
    led = an_inviting_seat(provider, agent)
    come(browser, agent)
    act(browser, led)
    refused = press(browser, browser.get(NEW), "send", {"role": ["staff"]}, email=agent.email)
    assert refused.status == 400
    assert "這是您的鏈結帳號，或您所代表帳號的 Email，不能由您邀請。" in refused.text
    assert 'id="email-err"' in refused.html, "beside the field"
    email = new_mailbox()
    refused = press(browser, browser.get(NEW), "send", {"role": ["group_admin"]}, email=email)
    assert refused.status == 400
    assert "經由鏈結帳號登入時，不能邀請群組管理員。請選擇其他權限，或由群組管理員本人登入後邀請。" in refused.text
    assert 'id="role-err"' in refused.html, "beside the field"
    sent = press(browser, browser.get(NEW), "send", {"role": ["staff"]}, email=email)
    assert (sent.path, "等待接受" in sent.text) == (LIST, True)
    link = Mailbox(provider).newest(email).link
    guest = provider.browser()
    assert guest.get(link).status == 200
    owner = provider.browser()
    sign_in(owner, led.person)
    owner.submit(owner.get(f"/account/bindings/{led.binding}/unbind"), "unbind")
    assert "已失效" in owner.get(LIST).text
    assert "這個邀請已經失效" in guest.get(link).text
