"""Messages about cards: put on an account, taken off, ending soon; and that a card has made somebody group admin."""

from typing import Any

from idp.mails.compose import compose
from idp.models import Account, Card, Company

CREDENTIALS_PAGE = "/account/credentials"


def card_enrolled(account: Account, company: Company | None, card: Card) -> None:
    """已登錄憑證: from now on this card signs the account in; who did not do it hears of it."""
    compose("card_enrolled", account, **_about(account, company, card), path=CREDENTIALS_PAGE)


def card_removed(account: Account, company: Company | None, card: Card) -> None:
    """已移除憑證: the card signs nobody in any more."""
    compose("card_removed", account, **_about(account, company, card), path=CREDENTIALS_PAGE)


def card_ends(account: Account, company: Company | None, card: Card) -> None:
    """憑證即將到期: 60 days before its end, when the centre renews it (domain.md 3.7)."""
    compose("card_ends", account, **_about(account, company, card), path=CREDENTIALS_PAGE)


def group_admin_by_card(former: Account, company: Company, successor: Account) -> None:
    """群組管理員已接任, to one who was group admin before: the bearer of the company's 正卡 leads the company now."""
    compose(
        "group_admin_by_card",
        former,
        name=former.name,
        username=former.username,
        company_name=company.name,
        company_tax_id=company.tax_id,
        successor=successor.name,
        path="/help/card",
    )


def _about(account: Account, company: Company | None, card: Card) -> dict[str, Any]:
    return {
        "name": account.name,
        "username": account.username,
        # A linked account has no company.
        "company_name": company.name if company else None,
        "company_tax_id": company.tax_id if company else None,
        "card_kind": str(card.kind),
        "card_serial": card.serial,
        "card_rank": str(card.rank),
        "until": card.not_after.isoformat(),
    }
