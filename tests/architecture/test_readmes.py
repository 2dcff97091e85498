"""The two READMEs say the same: commands, addresses, people, files and settings; and the demo is as they say."""

import re

from idp.cli.demo_data import AGENTS, PEOPLE, Ports
from idp.cli.demo_numbers import NUMBERED
from tests.harness.processes import ROOT

ENGLISH, CHINESE = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-TW.md"))
ALIKE = (
    r"^    (\S[^#\n]*?) *(?:#.*)?$",  # commands
    r"(http://localhost:\d+\S*)",
    r"`([^`]+)`",
    r"\]\(([^)]+)\)",
    r"\b\d{8}\b",
    r"IDP_[A-Z_]+",
    r"[A-Z]+=\w+",
)


def said(page: str, pattern: str) -> set[str]:
    found = set(re.findall(pattern, page, re.MULTILINE))
    return {one.strip() for one in found} - {"README.md", "README.zh-TW.md"}


def test_both_name_the_same() -> None:
    for pattern in ALIKE:
        assert said(ENGLISH, pattern) == said(CHINESE, pattern), pattern
    assert ENGLISH.count("\n| ") == CHINESE.count("\n| ")


def test_everybody_and_every_application_of_the_demo_is_named() -> None:
    people = [*(one.username for one in (*PEOPLE, *AGENTS)), *(one.electronic_id for one in NUMBERED)]
    names = [one.name for one in (*PEOPLE, *AGENTS, *NUMBERED)]
    ports = Ports(5100)
    for page in (ENGLISH, CHINESE):
        assert [word for word in [*(f"`{one}`" for one in people), *names] if word not in page] == []
        for port in (ports.dreams, ports.portpass, ports.ida, ports.mailbox, ports.ca):
            assert f"http://localhost:{port}" in page
