"""What a person changes of her own data herself: name and phones (P26; R-131 … R-137, R-196 … R-199, R-219, R-220).

Her mailbox and password have ways of their own; account name, company and role are not hers to change.
"""

from dataclasses import dataclass

from sqlalchemy import update

from idp.db import now, session
from idp.errors import ChangedMeanwhile, InvalidInput
from idp.models import Account, Company, HomeCompany
from idp.policies.company_names import parse_phone
from idp.policies.names import number_of_name
from idp.policies.registration import CredentialSet, offers_credentials
from idp.policies.standing import AccountKind
from idp.services.audit import record
from idp.services.company_claims import policy_of
from idp.services.factors import factors_of


@dataclass(frozen=True, slots=True)
class ContactCompany:
    """聯絡公司 of a linked account: what it says of the company its person works for (C-11)."""

    tax_id: str
    name: str
    phone: str
    address: str


@dataclass(frozen=True, slots=True)
class OwnCompany:
    """What a company has told of itself (R-209), as its people read it."""

    phone: str | None
    address: str | None
    responsible: str | None


@dataclass(frozen=True, slots=True)
class Profile:
    """An account's own data, as its owner reads it; ``version`` is what a form was opened for.

    ``credential`` is which kind of account this is, None where its service has no kinds (R-197, R-219).
    """

    account_id: str
    is_linked: bool
    username: str
    name: str
    email: str
    phone: str | None
    version: int
    contact: ContactCompany | None
    company: OwnCompany | None = None
    credential: CredentialSet | None = None

    @property
    def has_number_as_name(self) -> bool:
        """Whether the account is called by its number (IC…)."""
        return number_of_name(self.username.lower()) is not None


def profile_of(account_id: str) -> Profile:
    """The data of an account that there is."""
    account = session.get_one(Account, account_id, populate_existing=True)
    home = session.get(HomeCompany, account_id, populate_existing=True)
    contact = ContactCompany(home.tax_id, home.name, home.phone, home.address) if home is not None else None
    return Profile(
        account.id,
        account.kind is AccountKind.LINKED,
        account.username,
        account.name,
        account.email,
        account.phone,
        account.version,
        contact,
        _company_of(account),
        _credential_of(account),
    )


def _company_of(account: Account) -> OwnCompany | None:
    company = session.get(Company, account.company_id) if account.company_id is not None else None
    return OwnCompany(company.phone, company.address, company.responsible) if company is not None else None


def _credential_of(account: Account) -> CredentialSet | None:
    if account.service_id is None or not offers_credentials(policy_of(account.service_id)):
        return None
    factors = factors_of(account.id)
    if factors.company_cards:
        return CredentialSet.COMPANY_CARD
    return CredentialSet.CITIZEN_CARD if factors.citizen_cards else CredentialSet.PASSWORD


def changes_of(profile: Profile, *, name: str, phone: str, company_phone: str | None) -> dict[str, str]:
    """What would become of each field that is typed differently from what is kept: ``{field: new value}``.

    Raises InvalidInput for what is no phone number. ``company_phone`` counts where there is a contact company.
    """
    wanted = {"name": name.strip(), "phone": _phone("phone", phone)}
    kept = {"name": profile.name, "phone": profile.phone}
    if profile.contact is not None and company_phone is not None:
        wanted["company_phone"] = _phone("company_phone", company_phone)
        kept["company_phone"] = profile.contact.phone
    return {field: value for field, value in wanted.items() if value != kept[field]}


def save_profile(profile: Profile, changes: dict[str, str]) -> None:
    """Store the changes. Nothing of the companies themselves changes (R-134).

    Raises ChangedMeanwhile where the account is not as it was when the form was opened.
    """
    moment = now()
    company_phone = changes.get("company_phone")
    values = {field: value for field, value in changes.items() if field != "company_phone"}
    saved = session.execute(
        update(Account)
        .where(Account.id == profile.account_id, Account.version == profile.version)
        .values(**values, updated_at=moment, version=Account.version + 1)
        .returning(Account.company_id)
        .execution_options(synchronize_session=False)
    ).first()
    if saved is None:
        raise ChangedMeanwhile
    if company_phone is not None:
        session.execute(
            update(HomeCompany).where(HomeCompany.account_id == profile.account_id).values(phone=company_phone)
        )
    record(
        "account:profile:changed",
        account_id=profile.account_id,
        company_id=saved[0],
        fields=sorted(changes),
    )


def _phone(field: str, text: str) -> str:
    number = parse_phone(text)
    if number is None:
        raise InvalidInput(field=field, problem="phone.form")
    return number
