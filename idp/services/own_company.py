"""Nobody at the console acts on her own company: whose that is, looked up before anything is written (AD rows)."""

from sqlalchemy import exists, or_, select

from idp.db import session
from idp.errors import OwnCompany
from idp.models import Account, Company, Operator
from idp.policies.names import email_key
from idp.services.companies import UBN


def check_not_own(operator_id: str, company_id: str) -> None:
    """Raise OwnCompany where this operator belongs to this company; anybody else's id (an account's) passes.

    She does where the company's number is noted with her, and where an account of it, in whatever standing, has her
    mailbox: an applicant whose mailbox is not confirmed yet counts, for her approval may come before that.
    """
    operator = session.get(Operator, operator_id)
    if operator is not None and is_own(operator.email, operator.own_tax_id, company_id):
        raise OwnCompany


def is_own(email: str, own_tax_id: str | None, company_id: str) -> bool:
    """Whether who has this mailbox, and this company's number noted, belongs to this company."""
    named = exists().where(Company.id == company_id, Company.id_type == UBN, Company.tax_id == own_tax_id)
    has_account = exists().where(Account.company_id == company_id, Account.email_canonical == email_key(email))
    belongs = has_account if own_tax_id is None else or_(named, has_account)
    return bool(session.scalar(select(belongs)))
