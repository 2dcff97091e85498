"""What an account can sign in by: its password, authenticator app, passkeys and cards, in one question."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, bindparam, func, select, union_all

from idp.db import now, run, session, table_of
from idp.models import Authenticator, Card, Passkey, Password
from idp.policies.cards import CardKind
from idp.policies.young_factors import Standing, unproven

PASSWORDS, APPS, PASSKEYS, CARDS = table_of(Password), table_of(Authenticator), table_of(Passkey), table_of(Card)


@dataclass(frozen=True, slots=True)
class Factors:
    """The credentials of an account that work now."""

    has_password: bool
    has_app: bool
    passkeys: int
    company_cards: int
    citizen_cards: int

    @property
    def has_second(self) -> bool:
        """Whether a sign-in of this account can be raised to two factors (``acr`` mfa)."""
        has_code = self.has_password and self.has_app
        return has_code or bool(self.passkeys or self.company_cards or self.citizen_cards)

    @property
    def sign_in(self) -> int:
        """How many credentials there are by which the account can be signed in to: an app alone signs nobody in."""
        return int(self.has_password) + self.passkeys + self.company_cards + self.citizen_cards


_ACCOUNT: BindParameter[str] = bindparam("account")
_MOMENT: BindParameter[datetime] = bindparam("moment")
_FACTORS = select(
    select(PASSWORDS.c.account_id)
    .where(PASSWORDS.c.account_id == _ACCOUNT, PASSWORDS.c.disabled_at.is_(None))
    .exists(),
    select(APPS.c.id)
    .where(APPS.c.holder_id == _ACCOUNT, APPS.c.confirmed_at.is_not(None), APPS.c.removed_at.is_(None))
    .exists(),
    select(func.count())
    .select_from(PASSKEYS)
    .where(PASSKEYS.c.account_id == _ACCOUNT, PASSKEYS.c.removed_at.is_(None))
    .scalar_subquery(),
    *(
        select(func.count())
        .select_from(CARDS)
        .where(
            CARDS.c.account_id == _ACCOUNT,
            CARDS.c.removed_at.is_(None),
            CARDS.c.not_after > _MOMENT,
            CARDS.c.kind == kind,
        )
        .scalar_subquery()
        for kind in (CardKind.COMPANY, CardKind.CITIZEN)
    ),
)


def factors_of(account_id: str) -> Factors:
    """The credentials of an account; one statement."""
    row = run(_FACTORS, {"account": account_id, "moment": now()}).one()
    return Factors(bool(row[0]), bool(row[1]), row[2], row[3], row[4])


def unproven_factors(account_id: str) -> frozenset[str]:
    """The ids of apps and passkeys that may be those of who stole the password (policies/young_factors.py)."""
    rows = session.execute(
        union_all(
            select(APPS.c.id, APPS.c.confirmed_at, APPS.c.removed_at).where(
                APPS.c.holder_id == account_id, APPS.c.confirmed_at.is_not(None)
            ),
            select(PASSKEYS.c.id, PASSKEYS.c.enrolled_at, PASSKEYS.c.removed_at).where(
                PASSKEYS.c.account_id == account_id
            ),
            select(CARDS.c.id, CARDS.c.enrolled_at, CARDS.c.removed_at).where(CARDS.c.account_id == account_id),
        )
    )
    return unproven([Standing(*row) for row in rows], now=now())
