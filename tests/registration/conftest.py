"""What tests of the wizard begin with: the register, services with their policies, companies that no other test has."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness.mailbox import Mailbox
from tests.harness.people import Town
from tests.harness.processes import ROOT
from tests.registration.wizard import DREAMS, Unit

SAMPLE = ROOT / "data" / "companies_sample.csv"
MAILBOX = "dreams@taipower.com.tw"
OPERATOR = {"company_proof": ["operator"]}
SERVICES: dict[str, tuple[str, dict[str, Any]]] = {
    DREAMS: ("DREAMS 案場申請", {"preset": "dreams", **OPERATOR}),
    "port": (
        "港區通行證系統",
        {"preset": "twport", **OPERATOR, "entity_types": ["ubn", "agency", "oid", "foreign", "other"]},
    ),
    "cards": ("工商憑證服務", {"preset": "dreams"}),
    "choice": ("兩種驗證服務", {"preset": "dreams", "company_proof": ["card", "operator"]}),
    "papers": (
        "免稅函申辦",
        {"preset": "dreams", "company_proof": ["card", "none"], "first_admin": "none", "member_approval": "auto"},
    ),
    "harbour": ("港區通行證系統（文件）", {"preset": "twport"}),
    "either": ("兩種證明服務", {"preset": "dreams", "company_proof": ["operator", "document"]}),
    "single": ("單一帳號服務", {"preset": "dreams", **OPERATOR, "accounts_per_company": "one"}),
}
NewCompany = Callable[..., Unit]


def _units() -> Iterator[Unit]:
    """Companies of the sample that operate, in its order."""
    with SAMPLE.open(encoding="utf-8") as file:
        for row in list(csv.reader(file))[2:]:
            if "（" not in row[3] and "(" not in row[3] and row[1] not in {"00000016", "00000022", "00000037"}:
                yield Unit(row[1], row[3])


_left: dict[str, Iterator[Unit]] = {}


@pytest.fixture
def town(provider: Town, tmp_path: Path) -> Town:
    """The provider with the register and three services; prepared at its first use."""
    if provider.issuer not in _left:
        provider.idp.kept("registry", "import", str(SAMPLE))
        there = {service["id"] for service in provider.idp.kept("service", "list", "--json")}
        for service, (name, policy) in SERVICES.items():
            file = tmp_path / f"{service}.json"
            file.write_text(json.dumps(policy))
            brand = ("--mail-from", MAILBOX, "--reply-to", MAILBOX, "--policy", str(file))
            if service not in there:
                provider.idp.kept("service", "add", "--id", service, "--name", name, *brand)
        _left[provider.issuer] = _units()
    return provider


@pytest.fixture
def new_company(town: Town) -> NewCompany:
    """Gives a company of the register that no other test has; ``proof``: an operator has given a word for it."""

    def give(proof: str | None = None) -> Unit:
        unit = next(_left[town.issuer])
        if proof is not None:
            town.idp.kept("company", "add", "--tax-id", unit.tax_id, "--name", unit.name, "--proof", proof)
        return unit

    return give


@pytest.fixture
def unit(new_company: NewCompany) -> Unit:
    """A company that nobody has applied for."""
    return new_company()


@pytest.fixture
def mailbox(town: Town) -> Mailbox:
    """All mail of the provider."""
    return Mailbox(town)
