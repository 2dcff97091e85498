"""Messages about applications (申請) and invitations; the wording is the manuals' (R-024 … R-036, R-169 … R-177)."""

from datetime import datetime
from typing import Any

from idp.mails.compose import compose, compose_to
from idp.models import Account, Case, Company, Invitation
from idp.policies.registration import CredentialSet, Reviewer
from idp.policies.standing import Approval

STATUS_PAGE = "/register/status"
CONSOLE_PAGE = "/group/users"


def status_page(case: Case) -> str:
    """Where an application is followed, with its number filled in: who knows the mailbox too sees it (P12)."""
    return f"{STATUS_PAGE}?number={case.number}"


def verification(account: Account, company: Company, case: Case, *, token: str, end: datetime) -> None:
    """註冊驗證信: one link, its end as clock time (R-024, R-081, R-083)."""
    compose(
        "verification",
        account,
        secret_path=f"/verify/{token}",
        **_about(account, company),
        case_number=case.number,
        until=end.isoformat(),
    )


def activation(
    account: Account, company: Company, case: Case, credential: CredentialSet, *, token: str, end: datetime
) -> None:
    """啟用帳號: the account's number, and the one link by which it begins to work (R-186, R-190 … R-193; D-2)."""
    compose(
        "activation",
        account,
        secret_path=f"/activate/{token}",
        **_about(account, company),
        electronic_id=account.electronic_id,
        credential_set=str(credential),
        is_reviewed=case.reviewer is not Reviewer.AUTO,
        case_number=case.number,
        until=end.isoformat(),
    )


def case_link(account: Account, company: Company, case: Case, *, token: str, end: datetime) -> None:
    """To an applicant without a password who wants to correct or take back her application: that it is she (P12)."""
    compose(
        "case_link",
        account,
        secret_path=f"/register/status/open/{token}",
        **_about(account, company),
        case_number=case.number,
        until=end.isoformat(),
    )


def application_received(account: Account, company: Company, case: Case) -> None:
    """申請已收到: the mailbox is confirmed (or comes later), and somebody has to decide (R-033, R-169)."""
    compose(
        "application_received",
        account,
        **_about(account, company),
        path=status_page(case),
        case_number=case.number,
        by_group_admin=case.reviewer is Reviewer.GROUP_ADMIN,
        is_verified=account.email_verified_at is not None,
    )


def application_approved(
    account: Account, company: Company, *, is_first_admin: bool = False, by_password: bool = True
) -> None:
    """審核通過: one can sign in now (R-034); the first of a company is told that she is its group admin (R-029).

    ``by_password``: her account has one; that of a card may have none.
    """
    compose(
        "application_approved",
        account,
        **_about(account, company),
        role=str(account.role),
        is_first_admin=is_first_admin,
        by_password=by_password,
        is_reviewed=account.approval is not Approval.AUTO,
        path="/login",
    )


def application_approved_verify(account: Account, company: Company, case: Case, *, token: str, end: datetime) -> None:
    """審核通過 where the mailbox is confirmed after the review: the link is in this mail (R-171)."""
    compose(
        "application_approved_verify",
        account,
        secret_path=f"/verify/{token}",
        **_about(account, company),
        role=str(account.role),
        case_number=case.number,
        until=end.isoformat(),
    )


def application_rejected(account: Account, company: Company, case: Case, *, reason: str, reason_text: str) -> None:
    """審核未通過, with the reason, and that everything filled in is kept (R-177, R-179)."""
    compose(
        "application_rejected",
        account,
        **_about(account, company),
        path=status_page(case),
        case_number=case.number,
        reason_code=reason,
        reason_text=reason_text,
    )


def application_more_info(account: Account, company: Company, case: Case, *, text: str, until: datetime) -> None:
    """申請請補件: what is wanted, and until when; everything filled in is kept (R-172, R-179)."""
    compose(
        "application_more_info",
        account,
        **_about(account, company),
        path=status_page(case),
        case_number=case.number,
        text=text,
        until=until.isoformat(),
    )


def application_lapsed(account: Account, company: Company, case: Case) -> None:
    """申請逾期未補件: nobody decides about it until it is sent again; nothing is lost."""
    compose("application_lapsed", account, **_about(account, company), path=status_page(case), case_number=case.number)


def application_waits(admin: Account, company: Company, applicant: Account, case: Case) -> None:
    """待審核提醒 to a group admin, once for each application (R-036)."""
    compose_to(
        "application_waits",
        recipient=admin.email,
        locale=admin.locale,
        service_id=case.service_id,
        account_id=admin.id,
        **_about(admin, company),
        path=CONSOLE_PAGE,
        applicant=applicant.name,
        waiting_since=case.waiting_since.isoformat() if case.waiting_since else None,
    )


def applications_wait(admin: Account, company: Company, *, count: int, applicants: list[str]) -> None:
    """The daily 待審核提醒 of all that still wait: 「您有 {n} 筆帳號申請待審核」."""
    compose("applications_wait", admin, **_about(admin, company), path=CONSOLE_PAGE, count=count, applicants=applicants)


def invitation(invited: Invitation, company: Company, inviter: Account, *, token: str) -> None:
    """邀請: one link to a mailbox whose person has no account yet."""
    compose_to(
        "invitation",
        recipient=invited.email,
        locale=invited.locale,
        service_id=invited.service_id,
        secret_path=f"/invitation/{token}",
        name="",
        company_name=company.name,
        company_tax_id=company.tax_id,
        inviter=inviter.name,
        role=str(invited.role),
        until=invited.expires_at.isoformat(),
    )


def first_password(account: Account, company: Company, *, token: str, end: datetime) -> None:
    """To a person whose account was brought in from another system without its password: choose one here."""
    compose(
        "first_password",
        account,
        secret_path=f"/first-password/{token}",
        **_about(account, company),
        until=end.isoformat(),
    )


def rights_changed(account: Account, company: Company) -> None:
    """權限已變更: menu rights were changed by a group admin."""
    compose("rights_changed", account, **_about(account, company), path="/account")


def _about(account: Account, company: Company) -> dict[str, Any]:
    return {
        "name": account.name,
        "username": account.username,
        "company_name": company.name,
        "company_tax_id": company.tax_id,
    }
