"""Messages about a company to its group admins."""

from idp.mails.compose import compose
from idp.models import Account, Company


def company_suspended(admin: Account, company: Company, reason: str) -> None:
    """公司停用: nobody of the company signs in, and why (I-5)."""
    compose("company_suspended", admin, **_about(admin, company), reason=reason)


def company_restored(admin: Account, company: Company, reason: str | None) -> None:
    """公司恢復使用, and why where a reason is given."""
    compose("company_restored", admin, **_about(admin, company), reason=reason, path="/login")


def _about(admin: Account, company: Company) -> dict[str, str]:
    return {"name": admin.name, "company_name": company.name, "company_tax_id": company.tax_id}
