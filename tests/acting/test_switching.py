"""An agent acts for several companies at our own pages, and never in another's name than the one she sees."""

import re
import secrets
from dataclasses import dataclass

import pytest

from tests.harness.browser import Browser, Page, parameters_of
from tests.harness.linked import Agent, acting_client, an_agent, bind
from tests.harness.people import Town, new_tax_id
from tests.harness.relying_party import Person
from tests.invitations.place import new_house
from tests.security.doors import SESSION, enter, send_by_hand


@dataclass(frozen=True)
class Seat:
    """An account that is bound to the agent, of a company of its own."""

    person: Person
    company: str
    binding: str


def a_seat(town: Town, agent: Agent, role: str, *, may_lead: bool = False) -> Seat:
    """A company with one account of this role, bound to the agent's."""
    tax_id, company = new_tax_id(), f"第{secrets.token_hex(4)}號有限公司"
    town.idp.kept("company", "add", "--tax-id", tax_id, "--name", company, "--proof", "document")
    person = town.person(role, tax_id=tax_id)
    if may_lead:
        town.server.write("UPDATE companies SET linked_admin = true WHERE tax_id = :tax_id", {"tax_id": tax_id})
    return Seat(person, company, bind(town, agent, person))


def an_inviting_seat(town: Town, agent: Agent) -> Seat:
    """A group admin who may invite, with the same powers through the agent."""
    house = new_house(town)
    town.server.write("UPDATE companies SET linked_admin = true WHERE tax_id = :id", {"id": house.tax_id})
    return Seat(house.admin, str(house.company["name"]), bind(town, agent, house.admin))


def come(browser: Browser, agent: Agent) -> None:
    """Sign in with the linked account, at our own pages."""
    page = enter(browser, agent.username, agent.password)
    assert page.path == "/linked", f"{page!r}"


def act(browser: Browser, seat: Seat, *, back: str = "") -> Page:
    """Choose at 切換公司, as in another tab."""
    return browser.submit(browser.get("/linked/switch", {"back": back}), f"act-{seat.binding}")


def said_of(town: Town, seat: Seat) -> list[tuple[str, str, str | None, str | None]]:
    """What the audit log says that was done through this binding: act, actor, linked account, account."""
    return [
        tuple(row)
        for row in town.server.read(
            "SELECT action, actor, linked_account_id, account_id FROM audit_log WHERE binding_id = :id ORDER BY id",
            {"id": seat.binding},
        )
    ]


@pytest.mark.requirement("R-114", "R-115", "R-116", "R-117", "R-118")
def test_an_agent_acts_for_one_company_and_then_another(provider: Town, browser: Browser) -> None:
    """SS01, LK09, LK10: a new cookie each time, the rights of the company acted for only, the human in the log."""
    agent = an_agent(provider)
    plain, led = a_seat(provider, agent, "group_admin"), a_seat(provider, agent, "group_admin", may_lead=True)
    come(browser, agent)
    cookies = [browser.cookie(SESSION)]
    choice = browser.get("/linked/switch")
    assert "您要代表哪一家公司" in choice.text
    assert plain.company in choice.text
    assert led.company in choice.text
    home = browser.get("/linked", {"binding": plain.binding})
    assert "登入" in home.html[home.html.index('id="act"') :].partition("</button>")[0]
    page = browser.submit(home, "act")
    cookies.append(browser.cookie(SESSION))
    assert page.path == "/account"
    assert f"您現在代表「{plain.company}」。" in page.text
    # Through a linked account a group admin is staff, unless her company has it otherwise.
    assert f"您目前代表{plain.company}，權限為一般人員。" in page.text
    header = page.html[page.html.index("<header") : page.html.index("</section>")]
    assert "經由鏈結帳號 錢大明" in header
    assert "前往鏈結帳號管理與登入" in header
    assert "切換公司" in header
    assert re.search(rf"<title>[^<]*{plain.company} {plain.person.tax_id[-3:]}", page.html)
    assert browser.get("/group/users").status == 403

    page = act(browser, led, back="/group/users?tab=all")
    cookies.append(browser.cookie(SESSION))
    assert (page.path, page.status) == ("/group/users", 200)
    assert led.company in page.text
    assert plain.company not in page.text
    page = act(browser, plain, back="/group/users")
    assert page.path == "/account", "plain has no such page"

    assert len(set(cookies)) == 3
    assert None not in cookies
    for old in cookies[:2]:
        stale = provider.browser()
        stale.http.cookies.set(SESSION, old or "", domain="localhost.local", path="/")
        assert stale.get("/account").asks_for_password, "an old cookie is dead (SS01)"

    page = browser.submit(page, "to-linked-home")
    assert page.path == "/linked"
    assert browser.get("/group/users").status == 403
    acts = said_of(provider, led)
    assert ("linked:switched", agent.sub, agent.sub, led.person.sub) in acts


@pytest.mark.requirement("R-115")
def test_a_form_opened_for_one_company_is_not_sent_for_another(provider: Town, browser: Browser) -> None:
    """domain.md §4: 409 with both choices, and what was typed is kept; nothing was done in between."""
    agent = an_agent(provider)
    one, two = (an_inviting_seat(provider, agent) for _ in range(2))
    come(browser, agent)
    act(browser, one)
    form = browser.get("/group/invitations/new")
    act(browser, two)
    mailbox = f"{secrets.token_hex(5)}@example.test"
    invited = "SELECT company_id FROM invitations WHERE email = :email"
    of = {"email": mailbox}

    page = browser.submit(form, "send", email=mailbox, role="guest")
    assert page.status == 409
    assert f"這份表單是以「{one.company}」開啟，目前身分為「{two.company}」。" in page.text
    assert page.has("conflict-switch")
    assert page.has("conflict-stay")
    assert provider.server.read(invited, of) == []

    kept = browser.submit(page, "conflict-switch")
    assert kept.status == 200
    assert "已切換身分，表單還沒有送出" in kept.text
    assert one.company in kept.text
    assert provider.server.read(invited, of) == []
    sent = browser.submit(kept, "resend")
    assert (sent.path, sent.status) == ("/group/invitations", 200)
    [(company,)] = provider.server.read(invited, of)
    [(expected,)] = provider.server.read("SELECT company_id FROM accounts WHERE id = :id", {"id": one.person.sub})
    assert company == expected
    [row] = [row for row in said_of(provider, one) if row[0] == "invitation:sent"]
    assert row[1:3] == (agent.sub, agent.sub), "the agent did it, through this binding (LK10)"

    # The other choice: as whom she is now.
    of["email"] = f"{secrets.token_hex(5)}@example.test"
    act(browser, two)
    page = browser.submit(form, "send", email=of["email"], role="guest")
    sent = browser.submit(page, "conflict-stay")
    assert (sent.path, sent.status) == ("/group/invitations", 200)
    assert two.company in sent.text

    # Its owner unbinds: what was opened through the binding is as good as nobody's.
    form = browser.get("/group/invitations/new")
    provider.server.write("UPDATE bindings SET state = 'unbound' WHERE id = :id", {"id": two.binding})
    page = browser.submit(form, "send", email=mailbox, role="guest")
    assert page.status == 409
    assert "已解除綁定" in page.text
    assert not page.has("conflict-switch")


def test_nobody_acts_as_what_is_not_bound_to_her(provider: Town, browser: Browser, staff: Person) -> None:
    """LK01: a tampered form, another agent's binding, one that ended; told as a missing one, and noted."""
    agent, other = an_agent(provider), an_agent(provider, "李四海")
    mine, gone, foreign = (a_seat(provider, whose, "staff") for whose in (agent, agent, other))
    held = a_seat(provider, agent, "staff")
    come(browser, agent)
    page = act(browser, mine)
    provider.server.write("UPDATE bindings SET state = 'unbound' WHERE id = :id", {"id": gone.binding})
    provider.server.write("UPDATE bindings SET state = 'needs_confirmation' WHERE id = :id", {"id": held.binding})
    choice = browser.get("/linked/switch")
    assert not choice.has(f"act-{held.binding}")
    assert held.company in choice.text
    for binding, status in ((gone.binding, 404), (foreign.binding, 404), ("bi_" + "x" * 22, 404), (held.binding, 403)):
        answer = send_by_hand(browser, page, "to-linked-home", binding=binding)
        assert answer.status_code == status, binding
        assert foreign.company not in answer.text
        assert mine.company in browser.get("/account").text
    [(noted,)] = provider.server.read(
        "SELECT count(*) FROM audit_log WHERE action = 'linked:switch:refused' AND actor = :id", {"id": agent.sub}
    )
    assert noted == 3
    assert send_by_hand(browser, page, "to-linked-home", binding="x" * 900).status_code == 404
    [(longest,)] = provider.server.read(
        "SELECT max(length(CAST(details AS TEXT))) FROM audit_log WHERE action = 'linked:switch:refused'"
        " AND actor = :id",
        {"id": agent.sub},
    )
    assert longest < 100, "what was typed is cut"
    direct = provider.browser()
    page = enter(direct, staff.username, staff.password)
    assert send_by_hand(direct, page, "sign-out").status_code == 303
    token = page.forms[0].value("csrf_token") or ""
    direct = provider.browser()
    page = enter(direct, staff.username, staff.password)
    token = page.forms[0].value("csrf_token") or ""
    sent = {"csrf_token": token, "account": staff.sub, "binding": mine.binding}
    assert direct.post("/linked/act", sent, headers={"Origin": direct.origin}).status == 404
    assert direct.get("/linked/switch").path == "/account"


def test_who_acts_changes_nothing_that_is_the_owners(provider: Town, browser: Browser) -> None:
    """tokens.md: no credential, consent, sign-in of the account, whatever the role; no decision about her own seats."""
    agent = an_agent(provider)
    party = acting_client(provider)
    led = a_seat(provider, agent, "group_admin", may_lead=True)
    colleague = provider.person("staff", tax_id=led.person.tax_id)
    come(browser, agent)
    page = act(browser, led)
    assert "只能由帳號本人變更" in page.text
    assert "登入中的裝置" not in page.text
    page = browser.submit(page, f"open-{party.client.client_id}")
    assert page.left_to is not None
    told = parameters_of(page.left_to)
    assert (told["login_hint"], told["iss"]) == (led.person.sub, provider.issuer)
    [kept] = provider.server.read("SELECT binding_id FROM launches WHERE account_id = :id", {"id": led.person.sub})
    assert kept == (led.binding,), "kept here for an application that drops the hints (tokens.md rule 6)"
    page = browser.get("/account")
    assert "只能由帳號本人變更" in browser.get("/account/credentials").text
    stamp = {name: page.forms[0].value(name) or "" for name in ("csrf_token", "account")}
    for path in ("/account/sign-ins/end", "/account/authorizations/end", "/account/credentials", "/account/succession"):
        answer = browser.post(path, stamp, headers={"Origin": browser.origin})
        assert answer.status == 403, path
        assert "您正經由鏈結帳號代表這個帳號" in answer.text
    assert browser.get("/account/credentials/company").status == 403

    # A colleague may be changed; who is bound to the same agent, she herself and whoever shares her mailbox not.
    ours = f"/group/users/{colleague.sub}"
    page = browser.submit(browser.get(ours), "save", role="guest")
    assert page.path == "/group/users"
    page = browser.submit(browser.get(f"/group/users/{led.person.sub}"), "save", role="staff")
    assert page.status == 403
    assert "與您的鏈結帳號綁定" in page.text
    provider.server.write(
        "UPDATE accounts SET email_canonical = :email WHERE id = :id",
        {"email": agent.email.lower(), "id": colleague.sub},
    )
    page = browser.submit(browser.get(ours), "save", role="staff")
    assert page.status == 403
    [(role,)] = provider.server.read("SELECT role FROM accounts WHERE id = :id", {"id": colleague.sub})
    assert role == "guest"
