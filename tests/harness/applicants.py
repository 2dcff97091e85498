"""People who apply for an account at a running provider, without its pages: for tests that begin after the wizard.

    applicant = an_applicant(provider)                                  # at the service ``dreams``, company 00000016
    applicant = an_applicant(provider, tax_id=tax_id, browser=browser)  # her link confirms in this browser at once
    Mailbox(provider).newest(applicant.email).link

The first call for a provider starts a process that has the services imported (about a second); each further one takes
some milliseconds. Run as a program it reads one JSON object a line and answers each with one line.
"""

import atexit
import base64
import json
import os
import subprocess
import sys
import threading
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.harness.browser import Browser
from tests.harness.people import PASSWORD, Town
from tests.harness.server import Server

SERVICE_MAILBOX = "dreams@taipower.com.tw"
OPERATOR = {"preset": "dreams", "company_proof": ["operator"]}


@dataclass(frozen=True, slots=True)
class Applicant:
    """One person who has applied, and how she finds her case again."""

    number: str
    case_id: str
    account_id: str
    username: str
    name: str
    email: str
    password: str
    tax_id: str


def an_applicant(
    provider: Town | Server,
    *,
    tax_id: str = "00000016",
    company_name: str = "測試一號有限公司",
    username: str | None = None,
    name: str = "林小玉",
    email: str | None = None,
    password: str = PASSWORD,
    locale: str = "zh-TW",
    service: str = "dreams",
    policy: dict[str, Any] | None = None,
    browser: Browser | str | None = None,
    client_id: str | None = None,
) -> Applicant:
    """Somebody sends an application. ``policy`` is that of a service that this call is the first to name.

    ``browser`` is where she sent it, or the cookie ``idp_browser`` of a real one; None stands for one that no test has.
    """
    server = provider.server if isinstance(provider, Town) else provider
    cookie = browser if isinstance(browser, str) else _cookie_of(browser) if browser is not None else None
    answer = _desk_of(server).ask(
        {
            "tax_id": tax_id,
            "company_name": company_name,
            "username": username,
            "name": name,
            "email": email,
            "locale": locale,
            "service": service,
            "policy": policy or OPERATOR,
            "browser": browser_id_in(cookie) if cookie else "a browser that no test has",
            "client_id": client_id,
            "password": password,
        }
    )
    return Applicant(**answer, name=name, password=password, tax_id=tax_id)


def decide(
    provider: Town | Server,
    applicant: Applicant,
    outcome: str,
    *,
    role: str = "guest",
    reason: str = "wrong_name",
    text: str = "",
    by: str = "cli:tests",
) -> None:
    """Somebody (an account's id) approves or refuses the application as it is now."""
    server = provider.server if isinstance(provider, Town) else provider
    wanted = {"outcome": outcome, "role": role, "reason": reason, "text": text, "by": by}
    _desk_of(server).ask({"case_id": applicant.case_id, "decide": wanted})


def correct(provider: Town | Server, applicant: Applicant, *, name: str) -> None:
    """The applicant corrects her name in the application as it is now."""
    server = provider.server if isinstance(provider, Town) else provider
    _desk_of(server).ask({"case_id": applicant.case_id, "correct": name})


def browser_id_in(cookie: str) -> str:
    """The secret id of a browser, from the signed (not sealed) cookie that the provider gave it."""
    packed, _, rest = cookie.lstrip(".").partition(".")
    assert rest, "no signed cookie"
    content = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
    return str(json.loads(zlib.decompress(content) if cookie.startswith(".") else content)["browser"])


def _cookie_of(browser: Browser) -> str:
    if browser.cookie("idp_browser") is None:
        browser.get("/login")
    return browser.cookie("idp_browser") or ""


class _Desk:
    """The process that takes the applications of one provider."""

    def __init__(self, server: Server) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve())],
            cwd=server.tree,
            env={**server.environment, "PYTHONPATH": str(server.tree)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        self._turn = threading.Lock()
        atexit.register(self._process.kill)

    def ask(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """One application."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._turn:
            self._process.stdin.write(json.dumps(wanted) + "\n")
            self._process.stdin.flush()
            answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        assert "refused" not in answer, answer
        return answer


_desks: dict[str, _Desk] = {}


def _desk_of(server: Server) -> _Desk:
    if server.issuer not in _desks:
        _desks[server.issuer] = _Desk(server)
    return _desks[server.issuer]


def _serve() -> None:
    from flask import Flask

    from idp import db
    from idp.config import settings
    from idp.services.audit import Circumstances, under

    app = Flask("idp.services")
    db.init_app(app, settings())
    for line in sys.stdin:
        with app.app_context(), under(Circumstances(actor="tests")):
            try:
                asked = json.loads(line)
                if "correct" in asked:
                    answer = _correct(asked["case_id"], asked["correct"])
                else:
                    answer = _decide(asked["case_id"], **asked["decide"]) if "decide" in asked else _take(asked)
            except Exception as error:
                answer = {"refused": repr(error), **getattr(error, "details", {})}
        print(json.dumps(answer, default=str), flush=True)


def _decide(case_id: str, *, outcome: str, role: str, reason: str, text: str, by: str) -> dict[str, Any]:
    from idp.db import session, transaction
    from idp.models import Case
    from idp.policies.reviews import Outcome
    from idp.policies.roles import Role
    from idp.policies.standing import Approval
    from idp.services.case_reviews import Decision, decide_case

    is_approved = outcome == Outcome.APPROVED
    with transaction():
        decision = Decision(
            case_id=case_id,
            seen_version=session.get_one(Case, case_id).version,
            outcome=Outcome(outcome),
            approval=Approval.GROUP_ADMIN,
            decided_by=by,
            role=Role(role) if is_approved else None,
            reason=None if is_approved else reason,
            reason_text=text,
        )
        decide_case(decision)
    return {}


def _correct(case_id: str, name: str) -> dict[str, Any]:
    from idp.db import session, transaction
    from idp.models import Account, Case, Company
    from idp.services.cases import PersonAnswers, correct_case
    from idp.services.company_claims import CompanyAnswers

    with transaction():
        case = session.get_one(Case, case_id)
        account, company = session.get_one(Account, case.account_id), session.get_one(Company, case.company_id)
        answers = CompanyAnswers(
            id_type=company.id_type,
            number=company.tax_id,
            name=case.answers["company_name"],
            register_name=case.answers["register_name"],
            address=case.answers["company_address"],
            phone=case.answers["company_phone"],
        )
        person = PersonAnswers(
            username=account.username,
            name=name,
            phone=account.phone or "",
            email=account.email,
            locale=account.locale,
        )
        correct_case(case_id, case.version, person, answers, browser="a browser that no test has")
    return {}


def _take(wanted: dict[str, Any]) -> dict[str, Any]:
    from idp.db import session, transaction
    from idp.models import Service
    from idp.services.cases import PersonAnswers, Submission, submit_case
    from idp.services.company_claims import CompanyAnswers
    from idp.services.passwords import hash_password
    from idp.services.service_registry import ServiceProfile, add_service

    username = wanted["username"] or f"p{os.urandom(5).hex()}"
    email = wanted["email"] or f"{username}@example.test"
    hashed = hash_password(wanted["password"])
    with transaction():
        service = session.get(Service, wanted["service"]) or add_service(
            wanted["service"],
            ServiceProfile(
                name_zh="DREAMS 案場申請",
                name_en="DREAMS sites",
                colour="#12462a",
                mail_from=SERVICE_MAILBOX,
                mail_reply_to=SERVICE_MAILBOX,
                policy=wanted["policy"],
            ),
        )
        company = CompanyAnswers(
            id_type="ubn",
            number=wanted["tax_id"],
            name=wanted["company_name"],
            register_name=wanted["company_name"],
            address="804004高雄市鼓山區蓬萊路10號",
            phone="+88677654321#12",
        )
        person = PersonAnswers(
            username=username, name=wanted["name"], phone="+886912345678", email=email, locale=wanted["locale"]
        )
        case = submit_case(
            Submission(
                service=service,
                company=company,
                person=person,
                password_hash=hashed,
                texts=(("terms", "1"),),
                browser=wanted["browser"],
                address="192.0.2.1",
                client_id=wanted["client_id"],
            )
        )
    return {
        "number": case.number,
        "case_id": case.id,
        "account_id": case.account_id,
        "username": username,
        "email": email,
    }


if __name__ == "__main__":
    _serve()
