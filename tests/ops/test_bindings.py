"""Operators end a binding with a reason, and see which applications could not be told of a session's end."""

from tests.harness.linked import acting_client, an_agent, bind, enter
from tests.harness.mailbox import Mailbox
from tests.harness.operators import an_operator, audit_of
from tests.harness.people import Town
from tests.harness.relying_party import Person


def test_an_operator_ends_a_binding_and_a_client_that_was_not_told_is_told_again(
    provider: Town, staff: Person, other_staff: Person
) -> None:
    """AD, SS05: for either side, with a reason that both read; what was not delivered is seen and sent once more."""
    support, auditor = an_operator(provider, "support"), an_operator(provider, "auditor")
    agent, app = an_agent(provider), acting_client(provider)
    binding, other = bind(provider, agent, staff), bind(provider, agent, other_staff)
    tokens = enter(app, provider.browser(), agent, binding)
    page = support.browser.get(f"/ops/accounts/{agent.sub}")
    assert page.has(f"unbind-{binding}") or f"unbind-{binding}" in page.ids
    assert "測試二號有限公司" in page.text
    # Those of one account are listed by the page.
    rest = support.browser.get(f"/ops/accounts/{agent.sub}", {"since": "2999-01-01T00:00:00+00:00", "after": "x"})
    assert {"newest", f"unbind-{binding}", f"unbind-{other}"} <= set(rest.ids)
    before = {"since": "2020-01-01T00:00:00+00:00", "after": "x"}
    assert f"unbind-{binding}" not in support.browser.get(f"/ops/accounts/{agent.sub}", before).ids
    watched = auditor.browser.get(f"/ops/accounts/{staff.sub}")
    assert agent.username in watched.text
    assert f"unbind-{binding}" not in watched.ids
    assert auditor.browser.get(f"/ops/accounts/{staff.sub}/bindings/{binding}/unbind").status == 403
    assert support.browser.get(f"/ops/accounts/{other_staff.sub}/bindings/{binding}/unbind").status == 404
    question = support.browser.get(f"/ops/accounts/{staff.sub}/bindings/{binding}/unbind")
    again = support.browser.submit(question, "unbind", reason=" ")
    assert again.status == 400
    done = support.browser.submit(question, "unbind", reason="帳號疑似遭冒用")
    assert "已解除綁定，並寄信通知雙方。" in done.text
    assert app.userinfo(tokens.access_token).status_code == 401
    assert "帳號疑似遭冒用" in Mailbox(provider).newest(staff.email).text
    assert ("binding:unbound", "done") in audit_of(support)
    assert f"unbind-{other}" in support.browser.get(f"/ops/accounts/{agent.sub}").ids

    client = app.client.client_id
    provider.server.write(
        "UPDATE outbox SET state = 'dead', attempts = 9, last_error = 'Unreachable: refused'"
        " WHERE kind = 'backchannel' AND client_id = :id",
        {"id": client},
    )
    assert "則登出通知未能送達" in support.browser.get("/ops").text
    listed = support.browser.get(f"/ops/notices?client={client}")
    assert "未能送達" in listed.text
    assert "解除綁定" in listed.text
    assert "連不上應用系統，或等候逾時。" in listed.text
    [number] = [name.removeprefix("again-") for name in listed.ids if name.startswith("again-")]
    seen = auditor.browser.get("/ops/notices")
    assert f"again-{number}" not in seen.ids
    assert "已排入通知" in support.browser.submit(listed, f"again-{number}").text
    assert "已由背景程式或其他人處理" in support.browser.submit(listed, f"again-{number}").text
    waits = support.browser.get(f"/ops/notices?state=waiting&client={client}")
    assert "已放棄這則登出通知。" in support.browser.submit(waits, f"give-up-{number}").text
    assert "已將 0 則登出通知排入通知。" in support.browser.submit(listed, "all-again").text
    told = [act for act, _ in audit_of(support)]
    assert ("logout_notice:sent:again" in told, "logout_notice:given_up" in told) == (True, True)
