"""Messages about a company's document (公司證明文件) to its applicant; the wording is manual 002's (R-172 … R-178)."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from idp.db import session
from idp.mails.cases import status_page
from idp.mails.compose import compose
from idp.models import Account, Case, Client, Company
from idp.policies.case_progress import is_open
from idp.policies.documents import INFECTED
from idp.policies.standing import AccountStatus


def document_approved(account: Account, company: Company, case: Case, *, text: str) -> None:
    """公司文件通過, with 通過說明 and the address of the application that it is for (R-173, R-174)."""
    address = _application_of(case)
    leads = {"address": address} if address is not None else {"path": "/login"}
    compose(
        "document_approved",
        account,
        **_about(account, company, case),
        **leads,
        text=text,
        may_sign_in=account.status is AccountStatus.ACTIVE,
    )


def document_rejected(account: Account, company: Company, case: Case, *, reasons: tuple[str, ...], text: str) -> None:
    """公司文件未通過: why, and that another file is enough (R-178, R-179)."""
    compose("document_rejected", account, **_to_be_mended(account, company, case), document_reasons=reasons, text=text)


def document_more_info(
    account: Account, company: Company, case: Case, *, reasons: tuple[str, ...], text: str, until: datetime | None
) -> None:
    """公司文件請補件: what is wanted, and until when."""
    compose(
        "document_more_info",
        account,
        **_to_be_mended(account, company, case),
        document_reasons=reasons,
        text=text,
        until=until.isoformat() if until is not None else None,
    )


def document_infected(
    account: Account, company: Company, case: Case, *, file_name: str, until: datetime | None
) -> None:
    """公司文件請補件: the file that was sent is infected, and another is wanted."""
    compose(
        "document_infected",
        account,
        **_to_be_mended(account, company, case),
        document_reasons=[INFECTED],
        file_name=file_name,
        until=until.isoformat() if until is not None else None,
    )


def document_lapsed(account: Account, company: Company, case: Case) -> None:
    """公司文件逾期未補件: nothing is lost, it can be sent still."""
    compose("document_lapsed", account, **_to_be_mended(account, company, case))


def _about(account: Account, company: Company, case: Case) -> dict[str, Any]:
    return {
        "name": account.name,
        "username": account.username,
        "company_name": company.name,
        "company_tax_id": company.tax_id,
        "case_number": case.number,
    }


def _to_be_mended(account: Account, company: Company, case: Case) -> dict[str, Any]:
    """``may_correct``: the application is still open, so that its page takes another file."""
    return {**_about(account, company, case), "path": status_page(case), "may_correct": is_open(account.status)}


def _application_of(case: Case) -> str | None:
    """Where the application begins on whose way the applicant came, or the only one of her service; None: not told."""
    if case.client_id is not None:
        client = session.get(Client, case.client_id)
        return client.initiate_login_uri if client is not None else None
    addresses = session.scalars(
        select(Client.initiate_login_uri)
        .where(Client.service_id == case.service_id, Client.initiate_login_uri.is_not(None))
        .limit(2)
    ).all()
    return addresses[0] if len(addresses) == 1 else None
