"""People who apply for an account, as the tests of services need them."""

import secrets
from dataclasses import replace
from typing import Any

from idp.db import session, transaction
from idp.mails.compose import unsealed
from idp.models import Account, Case, OutboxEntry, Service
from idp.services.case_standing import Standing
from idp.services.cases import PersonAnswers, Submission, submit_case
from idp.services.company_claims import CompanyAnswers
from idp.services.mailbox_checks import confirm_mailbox
from idp.services.passwords import hash_password
from idp.services.secrets import digest
from idp.services.service_registry import ServiceProfile, add_service
from tests.services.people import PASSWORD

OPERATOR = {"preset": "dreams", "company_proof": ["operator"]}


COMPANY_SAID = CompanyAnswers(
    id_type="ubn",
    number="00000016",
    name="測試一號有限公司",
    register_name="測試一號有限公司",
    address="804004高雄市鼓山區蓬萊路10號",
    phone="+88677654321#12",
)


def a_service(service_id: str = "dreams", policy: dict[str, Any] | None = None) -> Service:
    """A service where people register."""
    with transaction():
        return add_service(service_id, ServiceProfile(name_zh="再生能源管理系統", policy=policy or OPERATOR))


def apply(service: Service, tax_id: str = "00000016", **more: Any) -> Case:
    """Somebody applies for an account of this company."""
    username = more.pop("username", f"p{secrets.token_hex(5)}")
    company = replace(
        COMPANY_SAID,
        number=tax_id,
        name=more.pop("company_name", COMPANY_SAID.name),
        register_name=more.pop("register_name", COMPANY_SAID.register_name),
    )
    person = PersonAnswers(
        username=username,
        name=more.pop("name", "王小明"),
        phone="+886912345678",
        email=more.pop("email", f"{username}@example.test"),
        locale="zh-TW",
    )
    with transaction():
        return submit_case(
            Submission(
                service=service,
                company=company,
                person=person,
                password_hash=more.pop("password_hash", hash_password(PASSWORD)),
                texts=(("terms", "1"),),
                browser=more.pop("browser", "a browser"),
                address="192.0.2.1",
                **more,
            )
        )


def token_mailed_to(account_id: str) -> str:
    """The token of the last link that was mailed to this account."""
    rows = session.query(OutboxEntry).filter_by(account_id=account_id).order_by(OutboxEntry.id.desc()).all()
    link = next(link for row in rows if (link := unsealed(row.payload)))
    return link.rpartition("/")[2]


def confirm(case: Case) -> Standing:
    """The applicant opens the link of her mail and confirms."""
    with transaction():
        return confirm_mailbox(digest(token_mailed_to(case.account_id)))[2]


def account_of(case: Case) -> Account:
    """The account of a case as it is now."""
    return session.get_one(Account, case.account_id, populate_existing=True)
