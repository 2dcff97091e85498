"""One-time codes of an authenticator app (RFC 6238), for whoever holds one: operators and accounts.

begin --> shown as QR and letters --> confirm with the first code --> check at each sign-in
                                                                  --> lost: a recovery code, each once
"""

import base64
import secrets
from datetime import UTC, datetime, timedelta

import pyotp
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import ColumnElement, delete, func, insert, select, update

from idp.config import settings
from idp.db import now, session
from idp.models import Account, Authenticator, RecoveryCode
from idp.services.audit import record
from idp.services.secrets import digest, new_id

STEP_SECONDS = 30
# The clocks of phones: one step before and one after are taken too (RFC 6238 §5.2).
WINDOW = 1
DIGITS = 6
RECOVERY_CODES = 10
GROUP = 4
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
# An app that was never confirmed is of no use a day after its run.
UNCONFIRMED_KEPT = timedelta(days=2)


def begin_authenticator(holder_id: str) -> str:
    """Make a new secret for this holder, of no effect until its first code is confirmed; the authenticator's id."""
    moment = now()
    session.execute(
        delete(Authenticator).where(
            Authenticator.holder_id == holder_id,
            Authenticator.confirmed_at.is_(None),
            Authenticator.created_at < moment - UNCONFIRMED_KEPT,
        )
    )
    authenticator_id = new_id("at_")
    session.execute(
        insert(Authenticator).values(
            id=authenticator_id,
            holder_id=holder_id,
            sealed_secret=_vault().encrypt(pyotp.random_base32().encode()),
            last_step=0,
            created_at=moment,
        )
    )
    return authenticator_id


def unconfirmed_secret(authenticator_id: str) -> str | None:
    """The secret, in base32, that waits for its first code; None once it was confirmed. It is shown then alone."""
    sealed = session.scalar(select(Authenticator.sealed_secret).where(*_being_set_up(authenticator_id)))
    return _opened(sealed) if sealed is not None else None


def address_of(secret: str, *, name: str, issuer: str) -> str:
    """The otpauth address that a QR code carries."""
    return pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS).provisioning_uri(name=name, issuer_name=issuer)


def confirm_authenticator(holder_id: str, authenticator_id: str, code: str) -> bool:
    """Take the first code, which shows that the app has the secret: from now on it is the holder's one app.

    False where the code is wrong; nothing has changed then.
    """
    if not _take(code, Authenticator.holder_id == holder_id, *_being_set_up(authenticator_id)):
        return False
    moment = now()
    # One moment for both: between the old app and the new one there is none without (policies/young_factors.py).
    _remove(holder_id, moment)
    session.execute(
        update(Authenticator)
        .where(Authenticator.id == authenticator_id)
        .values(confirmed_at=moment)
        .execution_options(synchronize_session=False)
    )
    _tell("authenticator:confirmed", holder_id, actor=holder_id)
    return True


def check_code(holder_id: str, code: str) -> bool:
    """Whether this is a code of now that was not taken before; it is taken by being asked for, in one statement."""
    return _take(code, *_in_use(holder_id))


def authenticator_of(holder_id: str) -> str | None:
    """The id of the confirmed app of this holder, or None: no sign-in can ask for a code then."""
    return session.scalar(select(Authenticator.id).where(*_in_use(holder_id)))


def remove_authenticator(holder_id: str) -> None:
    """Take app and recovery codes away: a new one is set up next."""
    _remove(holder_id, now())
    session.execute(delete(RecoveryCode).where(RecoveryCode.holder_id == holder_id))
    _tell("authenticator:removed", holder_id)


def make_recovery_codes(holder_id: str) -> list[str]:
    """Ten codes, to be shown once and never again; those before are void."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.holder_id == holder_id))
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(4 * GROUP)) for _ in range(RECOVERY_CODES)]
    moment = now()
    session.execute(
        insert(RecoveryCode),
        [{"holder_id": holder_id, "hash": digest(code), "created_at": moment} for code in codes],
    )
    _tell("authenticator:recovery_codes:made", holder_id, actor=holder_id)
    return ["-".join(code[i : i + GROUP] for i in range(0, len(code), GROUP)) for code in codes]


def recovery_codes_left(holder_id: str) -> int:
    """How many recovery codes of this holder have not been used."""
    unused = (RecoveryCode.holder_id == holder_id, RecoveryCode.used_at.is_(None))
    return session.scalar(select(func.count()).select_from(RecoveryCode).where(*unused)) or 0


def use_recovery_code(holder_id: str, typed: str) -> bool:
    """Use a recovery code up, in one statement, however it is typed; False where there is no such one left."""
    code = "".join(c for c in typed.upper() if c in ALPHABET)
    used = session.execute(
        update(RecoveryCode)
        .where(RecoveryCode.holder_id == holder_id, RecoveryCode.hash == digest(code), RecoveryCode.used_at.is_(None))
        .values(used_at=now())
        .returning(RecoveryCode.holder_id)
        .execution_options(synchronize_session=False)
    ).first()
    if used is not None:
        _tell("authenticator:recovery_code:used", holder_id, actor=holder_id)
    return used is not None


def last_code_at(holder_id: str) -> datetime | None:
    """When the last code of this holder's app was taken, to its step of 30 seconds; None where there is no app."""
    step = session.scalar(select(Authenticator.last_step).where(*_in_use(holder_id)))
    return datetime.fromtimestamp(step * STEP_SECONDS, UTC) if step else None


def app_since(holder_id: str) -> datetime | None:
    """Since when this holder's app has been in use, or None."""
    return session.scalar(select(Authenticator.confirmed_at).where(*_in_use(holder_id)))


def _tell(action: str, holder_id: str, *, actor: str | None = None) -> None:
    """A row of the audit log: an account's is of its company too, so that its group admins read it."""
    company = session.execute(select(Account.company_id).where(Account.id == holder_id)).first()
    if company is None:
        record(action, actor=actor, holder=holder_id)
    else:
        record(action, actor=actor, account_id=holder_id, company_id=company[0])


def _take(code: str, *which: ColumnElement[bool]) -> bool:
    row = session.execute(select(Authenticator.id, Authenticator.sealed_secret).where(*which)).first()
    secret = _opened(row[1]) if row is not None else None
    step = _step_of("".join(code.split()), secret, now()) if secret else None
    if row is None or step is None:
        return False
    taken = session.execute(
        update(Authenticator)
        .where(Authenticator.id == row[0], Authenticator.last_step < step, *which)
        .values(last_step=step)
        .returning(Authenticator.id)
        .execution_options(synchronize_session=False)
    ).first()
    return taken is not None


def _remove(holder_id: str, moment: datetime) -> None:
    session.execute(
        update(Authenticator)
        .where(*_in_use(holder_id))
        .values(removed_at=moment)
        .execution_options(synchronize_session=False)
    )


def _in_use(holder_id: str) -> tuple[ColumnElement[bool], ...]:
    return (
        Authenticator.holder_id == holder_id,
        Authenticator.confirmed_at.is_not(None),
        Authenticator.removed_at.is_(None),
    )


def _being_set_up(authenticator_id: str) -> tuple[ColumnElement[bool], ...]:
    return (Authenticator.id == authenticator_id, Authenticator.confirmed_at.is_(None))


def _step_of(digits: str, secret: str, moment: datetime) -> int | None:
    """The time step whose code this is, among those that are taken now."""
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()):
        return None
    maker, current = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS), int(moment.timestamp()) // STEP_SECONDS
    steps = range(current - WINDOW, current + WINDOW + 1)
    return next((step for step in steps if secrets.compare_digest(maker.generate_otp(step), digits)), None)


def _opened(sealed: bytes) -> str | None:
    """The secret, or None where it was sealed under another IDP_SECRET_KEY: its holder has to be reset."""
    try:
        return _vault().decrypt(sealed).decode()
    except InvalidToken:
        return None


def _vault() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(settings().derived_key("authenticators")))
