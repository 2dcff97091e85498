"""What is held about a person, for herself (個資法第3條: to ask for and copy one's data): in portions, never a secret.

Of others there is no more than she is shown elsewhere: names of those she is bound with, mailboxes masked.
"""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Select, or_, select

from idp.db import session
from idp.models import (
    Account,
    AuditEntry,
    Binding,
    Card,
    Case,
    Client,
    ClientSession,
    Company,
    Consent,
    Grant,
    HomeCompany,
    MenuItem,
    MenuRight,
    Passkey,
    Password,
    Review,
    SignIn,
    TextAgreement,
)
from idp.policies.limits import EXPORTS_PER_ACCOUNT
from idp.policies.masking import told_to_owner
from idp.policies.names import masked_email
from idp.services.audit import record
from idp.services.authenticators import app_since, recovery_codes_left
from idp.services.limits import spend

PORTION = 500
Row = dict[str, Any]


def begin_export(account_id: str) -> None:
    """Count and record that somebody takes her data away. Raises TooManyRequests, five a day."""
    spend(EXPORTS_PER_ACCOUNT, account_id)
    company_id = session.scalar(select(Account.company_id).where(Account.id == account_id))
    record("account:exported", account_id=account_id, company_id=company_id)


def export_of(account_id: str) -> Iterator[tuple[str, Row | Iterator[Row]]]:
    """The parts of an export, each under its name: what there is once, and lists that are read in portions."""
    account = session.get_one(Account, account_id, populate_existing=True)
    yield "account", _account(account)
    yield "company", _company(account)
    yield "credentials", _credentials(account_id)
    for name, rows in LISTS.items():
        yield name, rows(account_id)
    yield "audit_log", _audit(account)


def _account(account: Account) -> Row:
    return {
        "sub": account.id,
        "kind": account.kind,
        "electronic_id": account.electronic_id,
        "username": account.username,
        "name": account.name,
        "email": account.email,
        "email_verified_at": account.email_verified_at,
        "phone": account.phone,
        "locale": account.locale,
        "role": account.role,
        "data_scope": account.data_scope,
        "approved_by": account.approval,
        "status": account.status,
        "service": account.service_id,
        "created_at": account.created_at,
        "updated_at": account.updated_at,
        "last_used_at": account.last_used_at,
    }


def _company(account: Account) -> Row:
    company = session.get(Company, account.company_id) if account.company_id else None
    if company is not None:
        named = {"name": company.name, "tax_id": company.tax_id, "id_type": company.id_type}
        return {**named, "status": company.status, "proof": company.proof}
    home = session.get(HomeCompany, account.id)
    if home is None:
        return {}
    return {"contact": True, "name": home.name, "tax_id": home.tax_id, "phone": home.phone, "address": home.address}


def _credentials(account_id: str) -> Row:
    """What signs the account in, and since when; what makes it up is nobody's to read."""
    password = session.get(Password, account_id, populate_existing=True)
    return {
        "password_since": password.changed_at if password else None,
        "app_since": app_since(account_id),
        "recovery_codes_left": recovery_codes_left(account_id),
        "passkeys": [
            {
                "name": one.name,
                "enrolled_at": one.enrolled_at,
                "last_used_at": one.last_used_at,
                "removed_at": one.removed_at,
            }
            for one in session.scalars(select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.id))
        ],
        "cards": [
            {
                "kind": one.kind,
                "serial": one.serial,
                "name": one.name,
                "not_after": one.not_after,
                "enrolled_at": one.enrolled_at,
                "last_used_at": one.last_used_at,
                "removed_at": one.removed_at,
            }
            for one in session.scalars(select(Card).where(Card.account_id == account_id).order_by(Card.id))
        ],
    }


def _listed(statement: Callable[[str], Select[*tuple[Any, ...]]]) -> Callable[[str], Iterator[Row]]:
    def rows(account_id: str) -> Iterator[Row]:
        place = 0
        while portion := session.execute(statement(account_id).limit(PORTION).offset(place)).mappings().all():
            yield from (dict(row) for row in portion)
            place += len(portion)

    return rows


def _bindings(account_id: str) -> Iterator[Row]:
    told = or_(Binding.account_id == account_id, Binding.linked_account_id == account_id)
    for one in session.scalars(select(Binding).where(told).order_by(Binding.created_at, Binding.id)):
        is_owner = one.account_id == account_id
        # Whom she was asked for by name alone is told neither side before it has come to something.
        other = session.get(Account, one.linked_account_id if is_owner else one.account_id)
        knows = other is not None and (is_owner or one.bound_at is not None or not one.asked_by_name)
        yield {
            "id": one.id,
            "as": "general" if is_owner else "linked",
            "other": {"username": other.username, "name": other.name, "email": masked_email(other.email)}
            if other is not None and knows
            else None,
            "state": one.state,
            "created_at": one.created_at,
            "bound_at": one.bound_at,
            "last_used_at": one.last_used_at,
            "ended_at": one.ended_at,
            "ended_by": one.ended_by,
        }


LISTS: dict[str, Callable[[str], Iterator[Row]]] = {
    "menu_rights": _listed(
        lambda a: select(MenuItem.client_id, MenuItem.code, MenuRight.allowed, MenuRight.changed_at)
        .join(MenuItem, MenuItem.id == MenuRight.menu_item_id)
        .where(MenuRight.account_id == a)
        .order_by(MenuRight.menu_item_id)
    ),
    "applications_for_this_account": _listed(
        lambda a: select(Case.number, Case.service_id, Case.submitted_at, Case.decided_at, Case.answers)
        .where(Case.account_id == a)
        .order_by(Case.id)
    ),
    "decisions": _listed(
        lambda a: select(Review.outcome, Review.reason, Review.reason_text, Review.decided_at)
        .join(Case, Case.id == Review.case_id)
        .where(Case.account_id == a)
        .order_by(Review.id)
    ),
    "agreements": _listed(
        lambda a: select(
            TextAgreement.service_id, TextAgreement.text_id, TextAgreement.version, TextAgreement.agreed_at,
            TextAgreement.address,
        )
        .where(TextAgreement.account_id == a)
        .order_by(TextAgreement.agreed_at, TextAgreement.text_id)
    ),
    "consents": _listed(
        lambda a: select(Consent.client_id, Consent.scopes, Consent.granted_at)
        .where(Consent.human_id == a)
        .order_by(Consent.granted_at, Consent.client_id)
    ),
    "sign_ins": _listed(
        lambda a: select(
            SignIn.auth_time, SignIn.methods, SignIn.address, SignIn.user_agent, SignIn.last_seen_at,
            SignIn.ended_at, SignIn.ended_because,
        )
        .where(SignIn.account_id == a)
        .order_by(SignIn.auth_time, SignIn.id)
    ),
    "applications_entered": _listed(
        lambda a: select(
            Client.name_zh, Client.name_en, ClientSession.client_id, ClientSession.created_at,
            ClientSession.ended_at, ClientSession.binding_id,
        )
        .join(Client, Client.id == ClientSession.client_id)
        .where(or_(ClientSession.account_id == a, ClientSession.linked_account_id == a))
        .order_by(ClientSession.created_at, ClientSession.sid)
    ),
    "grants": _listed(
        lambda a: select(Grant.client_id, Grant.scope, Grant.created_at, Grant.is_offline, Grant.revoked_at)
        .where(or_(Grant.account_id == a, Grant.linked_account_id == a))
        .order_by(Grant.created_at, Grant.id)
    ),
    "bindings": _bindings,
}  # fmt: skip


def _audit(account: Account) -> Iterator[Row]:
    """What the audit log tells of her, or of what she did, the oldest first."""
    place = 0
    about_her = or_(
        AuditEntry.account_id == account.id,
        AuditEntry.actor == account.id,
        AuditEntry.linked_account_id == account.id,
    )
    while portion := session.scalars(
        select(AuditEntry).where(about_her, AuditEntry.id > place).order_by(AuditEntry.id).limit(PORTION)
    ).all():
        for one in portion:
            is_hers = one.actor == account.id
            yield {
                "at": one.at,
                "action": one.action,
                "outcome": one.outcome,
                "by": "self" if is_hers else told_to_owner(one.actor, account.email),
                "client": one.client_id,
                # From where others come is theirs.
                "address": one.address if is_hers or one.actor is None else None,
                "details": told_to_owner(one.details, account.email),
            }
        place = portion[-1].id
        session.expunge_all()
