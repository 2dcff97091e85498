"""Who asks an owner by her account's name does not learn whether there is such an account, not by the time either."""

import time

from tests.harness.browser import Browser
from tests.harness.linked import an_agent
from tests.harness.people import Town
from tests.harness.relying_party import Person
from tests.security.doors import enter

LONGER_THAN_ANY_MAIL_TAKES = 0.1


def test_every_answer_takes_as_long_whether_there_is_such_an_account_or_not(
    provider: Town, staff: Person, browser: Browser
) -> None:
    """D-6: known, unknown and, from the eleventh name on, refused: the same words after the same time."""
    agent = an_agent(provider)
    enter(browser, agent.username, agent.password)
    form = browser.get("/linked/bind")
    said = set()
    for name in (staff.username, *(f"nobody-{number}" for number in range(9))):
        begun = time.monotonic()
        page = browser.submit(form, "ask-owner", username=name)
        assert time.monotonic() - begun >= LONGER_THAN_ANY_MAIL_TAKES
        assert page.path == "/linked"
        told = f"若「{name}」是可以由使用者同意綁定的一般帳號，我們已通知其使用者。使用者同意後，會出現在綁定帳號清單。"
        said.add(page.text.replace(told, "", 1))
        assert told in page.text
    assert len(said) == 1
    begun = time.monotonic()
    refused = browser.submit(form, "ask-owner", username="nobody-10")
    assert refused.status == 429
    assert time.monotonic() - begun >= LONGER_THAN_ANY_MAIL_TAKES
