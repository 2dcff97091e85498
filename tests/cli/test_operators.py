"""``idp operator``: the first one comes by the command line; nothing secret stands among the arguments (AD01, AD03)."""

import getpass

from tests.harness.command import Command
from tests.harness.operators import an_invited_operator, an_operator, is_on_duty, set_up, sign_in_operator
from tests.harness.people import Town

ADD = ("operator", "add", "--username", "first-one", "--name", "周文傑", "--email", "first@example.test")


def refused(idp: Command, *words: str) -> str:
    status, shown, said = idp.attempt(*words)
    assert (status, shown) == (1, ""), said
    return said


def test_there_is_no_operator_until_one_is_added(idp: Command) -> None:
    """AD01: `idp init` makes none, and none has a password before the link was used."""
    assert idp("operator", "list", "--json") == []
    assert "username" in idp("operator", "list")
    told = idp(*ADD, "--duty", "configurator", "--duty", "auditor", "--own-tax-id", "00000016")
    assert told["set_up_link"].startswith("http://localhost:5999/ops/setup/")
    assert (told["set_up_hours"], told["status"], told["duties"]) == (24, "invited", ["configurator", "auditor"])
    [row] = idp("operator", "list", "--json")
    assert (row["username"], "set_up_link" in row) == ("first-one", False)
    assert told["set_up_link"] not in idp("operator", "list")
    assert "first-one  周文傑" in idp("operator", "list")
    assert "username is taken already" in refused(idp, *ADD, "--duty", "auditor")
    assert "not one mail address" in refused(idp, *ADD[:-1], "nobody", "--duty", "auditor")
    assert "check digit" in refused(idp, *ADD, "--duty", "auditor", "--own-tax-id", "1")
    assert "no such operator" in refused(idp, "operator", "reset", "--username", "nobody")
    again = idp("operator", "reset", "--username", "FIRST-ONE")
    assert again["set_up_link"] != told["set_up_link"]
    assert idp("operator", "suspend", "--username", "first-one")["status"] == "suspended"


def test_what_the_command_does_counts_at_once_and_is_in_the_audit_log(provider: Town) -> None:
    provider.server.write("UPDATE operators SET status = 'suspended' WHERE status = :s", {"s": "active"})
    boss = an_operator(provider)
    status, _, said = provider.idp.attempt("operator", "suspend", "--username", boss.username)
    assert (status, "Nobody else can configure the provider" in said) == (1, True)
    told = provider.idp("operator", "reset", "--username", boss.username)
    assert not is_on_duty(boss.browser.get("/ops")), "the last one too: here somebody can help"
    set_up(boss, told["set_up_link"])
    assert is_on_duty(sign_in_operator(boss))
    other, link = an_invited_operator(provider, "auditor")
    provider.idp("operator", "suspend", "--username", other.username)
    assert "這個營運人員帳號目前停用。" in other.browser.get(link).text
    rows = provider.server.read(
        "SELECT action, actor, details FROM audit_log WHERE action LIKE :a", {"a": "operator:%"}
    )
    by = [str(details) for action, actor, details in rows if actor == f"cli:{getpass.getuser()}"]
    assert any(boss.id in details for details in by)
    assert not any(link.rpartition("/")[2] in str(row) or told["set_up_link"][-43:] in str(row) for row in rows)
