"""docs/company-switching.md says what the self-test asks, and what our applications do."""

import re
import textwrap

from idp.cli.selftest_rules import RULES
from tests.harness.processes import ROOT

PAGE = (ROOT / "docs" / "company-switching.md").read_text(encoding="utf-8")
EXCERPT = re.compile(r"^```python\n# (clients/\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_page_has_the_ten_rules_of_the_selftest_in_their_words() -> None:
    told = re.findall(r"^\*\*(\d+)\. (.+?)\*\*", PAGE, re.MULTILINE)
    assert {int(number): words for number, words in told} == {number: rule for number, (rule, _) in RULES.items()}
    assert PAGE.count("*Otherwise*") == len(RULES) == 10


def test_what_the_page_quotes_stands_in_our_applications() -> None:
    quoted = EXCERPT.findall(PAGE)
    assert len(quoted) == PAGE.count("```python") >= 6
    for path, excerpt in quoted:
        lines = [line.strip() for line in (ROOT / path).read_text(encoding="utf-8").splitlines()]
        wanted = [line.strip() for line in textwrap.dedent(excerpt).splitlines()]
        assert any(lines[at : at + len(wanted)] == wanted for at in range(len(lines))), (path, excerpt)
