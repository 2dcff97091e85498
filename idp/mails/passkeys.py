"""Messages about a passkey that may have been copied (security.md PK06); of those put on and taken off credentials.py
tells."""

from idp.db import session
from idp.mails.compose import compose
from idp.mails.credentials import CREDENTIALS_PAGE
from idp.models import Account, Company


def passkey_copied(account: Account, name: str) -> None:
    """通行密鑰可能遭複製: it signed rightly but counted backwards, so it was refused."""
    company = session.get(Company, account.company_id) if account.company_id else None
    compose(
        "passkey_copied",
        account,
        name=account.name,
        username=account.username,
        company_name=company.name if company else None,
        company_tax_id=company.tax_id if company else None,
        credential="passkey",
        credential_name=name,
        path=CREDENTIALS_PAGE,
    )
