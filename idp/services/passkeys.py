"""Passkeys enrolled on accounts: made, named, taken off (P30); each tells the audit log, and its owner by mail."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from webauthn.helpers import bytes_to_base64url

from idp.db import now, one_at_a_time, session
from idp.errors import InvalidInput, NotFound
from idp.mails import credentials as mails
from idp.models import Account, Passkey
from idp.policies.limits import CREDENTIALS_ADDED_PER_ACCOUNT
from idp.policies.passkeys import CHALLENGE_LASTS, MOST_PER_ACCOUNT, passkey_name_problem
from idp.services.audit import record
from idp.services.constraints import breaks_unique
from idp.services.factors import factors_of
from idp.services.limits import check_left, count
from idp.services.passkey_answers import ALGORITHMS, MadePasskey, relying_party_id
from idp.services.passkey_refusals import LastPasskey, PasskeyThere, TooManyPasskeys
from idp.services.secrets import digest, new_id

PATIENCE_MS = int(CHALLENGE_LASTS.total_seconds() * 1000)


@dataclass(frozen=True, slots=True)
class EnrolledPasskey:
    """A passkey as its owner sees it at /account/credentials."""

    id: str
    name: str
    is_synced: bool
    enrolled_at: datetime
    last_used_at: datetime | None


def passkeys_of(account_id: str) -> list[EnrolledPasskey]:
    """The passkeys that sign an account in, the newest first."""
    rows = session.execute(
        select(Passkey.id, Passkey.name, Passkey.is_synced, Passkey.enrolled_at, Passkey.last_used_at)
        .where(Passkey.account_id == account_id, Passkey.removed_at.is_(None))
        .order_by(Passkey.enrolled_at.desc(), Passkey.id)
    )
    return [EnrolledPasskey(*row) for row in rows]


def own_passkey(passkey_id: str, account_id: str) -> EnrolledPasskey:
    """One of an account's passkeys. Raises NotFound for another's, a removed one, and none (PK09)."""
    found = next((one for one in passkeys_of(account_id) if one.id == passkey_id), None)
    if found is None:
        raise NotFound
    return found


def options_to_make(account_id: str, challenge: str, *, house: str, shown: str) -> dict[str, Any]:
    """What ``navigator.credentials.create()`` is asked for (WebAuthn §5.4), as JSON.

    ``house`` is what the provider is called, ``shown`` how the person tells this account from her others. Raises
    TooManyPasskeys.
    """
    account = session.get_one(Account, account_id)
    check_room(account_id)
    return {
        "rp": {"id": relying_party_id(), "name": house},
        "user": {"id": bytes_to_base64url(user_handle(account_id)), "name": account.username, "displayName": shown},
        "challenge": challenge,
        "pubKeyCredParams": [{"type": "public-key", "alg": int(one)} for one in ALGORITHMS],
        "timeout": PATIENCE_MS,
        "excludeCredentials": _descriptors(account_id),
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "attestation": "none",
    }


def options_to_use(challenge: str, account_id: str | None) -> dict[str, Any]:
    """What ``navigator.credentials.get()`` is asked for (§5.5), as JSON.

    Without an account any passkey of this provider may answer; with one, only those of that account.
    """
    return {
        "challenge": challenge,
        "rpId": relying_party_id(),
        "timeout": PATIENCE_MS,
        "userVerification": "required",
        "allowCredentials": _descriptors(account_id) if account_id is not None else [],
    }


def user_handle(account_id: str) -> bytes:
    """What a passkey keeps of its account: the id, which says nothing of the person (§14.6.1)."""
    return account_id.encode("ascii")


def check_room(account_id: str) -> None:
    """Raise TooManyPasskeys where the account has as many as it may."""
    if factors_of(account_id).passkeys >= MOST_PER_ACCOUNT:
        raise TooManyPasskeys(most=MOST_PER_ACCOUNT)


def enrol_passkey(made: MadePasskey, account_id: str, *, name: str, transports: tuple[str, ...]) -> EnrolledPasskey:
    """Enrol a passkey that was just made.

    Raises PasskeyThere, TooManyPasskeys, InvalidInput for its name, TooManyRequests.
    """
    # Two that are made at once would each find room for one more.
    one_at_a_time(digest(account_id))
    check_room(account_id)
    check_left(CREDENTIALS_ADDED_PER_ACCOUNT, account_id)
    account = session.get_one(Account, account_id)
    passkey = Passkey(
        id=new_id("pk_"),
        account_id=account_id,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        name=_checked(name),
        aaguid=made.aaguid,
        transports=list(transports),
        is_synced=made.is_synced,
        enrolled_at=now(),
    )
    try:
        with session.begin_nested():
            session.add(passkey)
            session.flush()
    except IntegrityError as error:
        if not breaks_unique(error, "passkeys", "credential_id"):
            raise
        raise PasskeyThere from error
    count(CREDENTIALS_ADDED_PER_ACCOUNT, account_id)
    _tell("account:passkey:enrolled", account, passkey.id, passkey.name, aaguid=made.aaguid, synced=made.is_synced)
    mails.credential_added(account, "passkey", passkey.name)
    return EnrolledPasskey(passkey.id, passkey.name, passkey.is_synced, passkey.enrolled_at, None)


def rename_passkey(passkey_id: str, account_id: str, name: str) -> None:
    """Call a passkey something else. Raises NotFound for one that is not this account's, InvalidInput for the name."""
    before, name = own_passkey(passkey_id, account_id), _checked(name)
    if before.name == name:
        return
    if _changed(passkey_id, account_id, name=name) is None:
        raise NotFound
    account = session.get_one(Account, account_id)
    _tell("account:passkey:renamed", account, passkey_id, name, before=before.name)


def remove_passkey(passkey_id: str, account_id: str, *, because: str = "owner") -> None:
    """Take a passkey off an account: it signs nobody in any more.

    Raises NotFound for one that is not this account's, LastPasskey where nothing else would sign it in.
    """
    # Two ways in that are taken away at once would each count on the other.
    one_at_a_time(digest(account_id))
    own_passkey(passkey_id, account_id)
    if is_only_way_in(account_id):
        raise LastPasskey
    name = _changed(passkey_id, account_id, removed_at=now(), removed_because=because)
    if name is None:
        raise NotFound
    account = session.get_one(Account, account_id)
    _tell("account:passkey:removed", account, passkey_id, name, because=because)
    mails.credential_removed(account, "passkey", name)


def is_only_way_in(account_id: str) -> bool:
    """Whether an account would have nothing to sign in by with one passkey less."""
    return factors_of(account_id).sign_in <= 1


def _changed(passkey_id: str, account_id: str, **values: object) -> str | None:
    """The passkey's name, once these values are its own; None where it is gone or another's."""
    return session.execute(
        update(Passkey)
        .where(Passkey.id == passkey_id, Passkey.account_id == account_id, Passkey.removed_at.is_(None))
        .values(**values)
        .returning(Passkey.name)
        .execution_options(synchronize_session=False)
    ).scalar()


def _checked(name: str) -> str:
    problem = passkey_name_problem(name)
    if problem is not None:
        raise InvalidInput(problem=problem)
    return name.strip()


def _descriptors(account_id: str) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Passkey.credential_id, Passkey.transports)
        .where(Passkey.account_id == account_id, Passkey.removed_at.is_(None))
        .order_by(Passkey.enrolled_at)
    )
    return [{"type": "public-key", "id": bytes_to_base64url(r[0]), "transports": r[1]} for r in rows]


def _tell(action: str, account: Account, passkey_id: str, name: str, **more: Any) -> None:
    record(action, account_id=account.id, company_id=account.company_id, passkey=passkey_id, name=name, **more)
