"""Sign-in and step-up by passkey: the one account it is enrolled on. Who tries by none of ours learns nothing.

What is wrong with an answer is told to the audit log alone: the page says one sentence for all of it. Only a counter
that fell is told to the owner as well, for then her passkey may have been copied (PK06).
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from idp.db import now, session
from idp.errors import AccountUnusable
from idp.mails import passkeys as mails
from idp.models import Account, Passkey
from idp.policies.assurance import Method, methods_with
from idp.policies.limits import FAILED_SIGN_INS_PER_ADDRESS, PASSKEY_ALARMS_PER_PASSKEY
from idp.policies.passkeys import has_fallen
from idp.services import limits
from idp.services.acting import Acting, acting_account
from idp.services.audit import record
from idp.services.card_sign_in import check_standing
from idp.services.passkey_answers import PasskeyAnswer, PasskeyUse, judge_use
from idp.services.passkey_refusals import PasskeyCopied, PasskeyElsewhere, PasskeyRefused
from idp.services.passkeys import user_handle
from idp.services.sign_ins import SignedIn


@dataclass(frozen=True, slots=True)
class Raised:
    """What a sign-in stands for once a passkey is added: its methods, and the company its card still names."""

    methods: list[Method]
    card_tax_id: str | None

    @property
    def keeps_time(self) -> bool:
        """Whether the moment of the sign-in stays: ``acr`` card never comes with a newer one than the card's."""
        return self.card_tax_id is not None


def account_of_passkey(
    answer: PasskeyAnswer, *, address: str, only: str | None = None, is_named: bool = False
) -> tuple[Acting, Method]:
    """Who signs in by a passkey whose challenge was ours, and by which method; its use is noted.

    ``only`` is the one account that it may be; ``is_named``: the authenticator was asked for this account's passkeys,
    so that it need not say whose it is. Raises PasskeyRefused, PasskeyCopied, PasskeyElsewhere, TooManyTries, and as
    sign-in by password does where the account may not.
    """
    limits.check(FAILED_SIGN_INS_PER_ADDRESS, address)
    passkey = session.scalar(
        select(Passkey).where(Passkey.credential_id == answer.credential_id, Passkey.removed_at.is_(None))
    )
    try:
        enrolled, used = _judged(answer, passkey, is_named=is_named)
    except PasskeyRefused as refused:
        _note_failure(address, passkey, str(refused.details.get("because")))
        raise
    if only is not None and enrolled.account_id != only:
        raise PasskeyElsewhere
    account = acting_account(enrolled.account_id)
    if account is None:
        raise AccountUnusable
    check_standing(account)
    _note_use(enrolled, used, account)
    return account, Method.PASSKEY_SYNCED if enrolled.is_synced else Method.PASSKEY


def raised_by_passkey(method: Method, signed_in: SignedIn | None, account: Acting) -> Raised:
    """How a sign-in stands once a passkey is added: what its person did before in it counts on (step-up).

    None for ``signed_in`` where she signs in anew: the passkey alone counts, and no card of hours ago.
    """
    if signed_in is None or signed_in.human.account_id != account.account_id or signed_in.is_idle:
        return Raised([method], None)
    return Raised(methods_with(signed_in.methods, method), signed_in.card_tax_id)


def _judged(answer: PasskeyAnswer, passkey: Passkey | None, *, is_named: bool) -> tuple[Passkey, PasskeyUse]:
    if passkey is None:
        raise PasskeyRefused(because="unknown")
    used = judge_use(answer, public_key=passkey.public_key)
    if answer.user_handle != user_handle(passkey.account_id) and not (is_named and not answer.user_handle):
        raise PasskeyRefused(because="user_handle")
    if used.is_synced != passkey.is_synced:
        raise PasskeyRefused(because="backup_eligibility")
    return passkey, used


def _note_use(passkey: Passkey, used: PasskeyUse, account: Acting) -> None:
    """Note the use and its counter, in one statement: of two answers with one count one is taken."""
    grows = Passkey.sign_count < used.sign_count if used.sign_count else Passkey.sign_count == 0
    noted = session.execute(
        update(Passkey)
        .where(
            Passkey.id == passkey.id,
            Passkey.removed_at.is_(None),
            grows,
        )
        .values(sign_count=used.sign_count, last_used_at=now())
        .returning(Passkey.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    if noted is None:
        _refuse_copy(passkey, used)
    _record("account:sign_in:passkey_used", passkey, account_id=account.account_id, actor=account.account_id)


def _refuse_copy(passkey: Passkey, used: PasskeyUse) -> None:
    session.refresh(passkey)
    if passkey.removed_at is not None or not has_fallen(passkey.sign_count, used.sign_count):
        raise PasskeyRefused(because="removed")
    _record(
        "account:passkey:count_fell",
        passkey,
        account_id=passkey.account_id,
        outcome="refused",
        kept=passkey.sign_count,
        told=used.sign_count,
    )
    if limits.count(PASSKEY_ALARMS_PER_PASSKEY, passkey.id) <= PASSKEY_ALARMS_PER_PASSKEY.most:
        mails.passkey_copied(session.get_one(Account, passkey.account_id), passkey.name)
    raise PasskeyCopied


def _note_failure(address: str, passkey: Passkey | None, because: str) -> None:
    limits.count(FAILED_SIGN_INS_PER_ADDRESS, address)
    account_id = passkey.account_id if passkey is not None else None
    _record("account:sign_in:passkey_refused", passkey, account_id=account_id, outcome="refused", because=because)


def _record(action: str, passkey: Passkey | None, *, account_id: str | None, **more: Any) -> None:
    account = session.get(Account, account_id) if account_id is not None else None
    details = more | ({"passkey": passkey.id, "name": passkey.name} if passkey is not None else {})
    record(action, account_id=account_id, company_id=account.company_id if account is not None else None, **details)
