"""A person changes her own password, knowing the old one (P28; R-221 … R-225, PW11).

Hashing is done between two transactions, so that no writer waits for it: the old password is judged and settled, the
new one checked and hashed, and then put in place of the very hash that was judged.
"""

from sqlalchemy import delete, or_, select, update

from idp.db import now, session
from idp.errors import ChangedMeanwhile, PasswordRefused
from idp.mails import own_changes as mails
from idp.models import Account, Binding, FormerPassword, Grant, Password, SignIn
from idp.policies.passwords import NOT_TAKEN_AGAIN
from idp.services.audit import record
from idp.services.one_time_links import Purpose, live_link, void_links
from idp.services.password_sign_in import Try, Verdict, settle_password
from idp.services.passwords import check_password_rules, matches
from idp.services.secrets import digest, new_secret
from idp.services.sign_ins import end_sign_in, forget_browsers

BECAUSE = "password_changed"


def settle_old(attempt: Try, verdict: Verdict) -> str:
    """The hash that stands for the old password, once that has proven right. Raises BadCredentials.

    A wrong one counts as at the sign-in page: a browser left open is no place to guess it.
    """
    account_id = settle_password(attempt, verdict)
    return session.scalars(select(Password.hash).where(Password.account_id == account_id)).one()


def check_new(account_id: str, password: str) -> None:
    """Raise PasswordRefused (``reason``) when a new password breaks a rule, or is one of the last three."""
    check_password_rules(password, session.get_one(Account, account_id))
    if any(matches(stored, password) for stored in _last_hashes(account_id)):
        raise PasswordRefused(reason="recent")


def change_password(account_id: str, *, judged: str, fresh: str, sign_in_id: str, browser: str) -> str | None:
    """Put a new hash in place of the one that was judged; the new cookie token of the sign-in it was done in (SS01),
    or None where that has ended meanwhile.

    Every other sign-in of this person ends, with what was granted in it, offline grants too; so does a change of
    mailbox that waits, which somebody else may have asked for, and no browser but this one is known any more. Others
    who are bound to the account keep what they have: the owner has shown that she is in charge. Raises
    ChangedMeanwhile where the password is another by now.
    """
    moment = now()
    changed = session.execute(
        update(Password)
        .where(Password.account_id == account_id, Password.hash == judged)
        .values(hash=fresh, changed_at=moment, disabled_at=None)
        .returning(Password.account_id)
        .execution_options(synchronize_session=False)
    ).first()
    if changed is None:
        raise ChangedMeanwhile
    keep_former(account_id, judged)
    _end_others(account_id, sign_in_id)
    forget_browsers(account_id, besides=browser)
    advise_no_more(account_id)
    has_cancelled = live_link(Purpose.MAILBOX_CHANGE, account_id=account_id) is not None
    void_links(Purpose.MAILBOX_CHANGE, account_id=account_id)
    account = session.get_one(Account, account_id)
    mails.password_changed(account, has_cancelled_mailbox=has_cancelled)
    record(
        "account:password:changed",
        actor=account_id,
        account_id=account_id,
        company_id=account.company_id,
        sign_in_id=sign_in_id,
    )
    if has_cancelled:
        record(
            "account:mailbox:change_cancelled", account_id=account_id, company_id=account.company_id, because=BECAUSE
        )
    return _renewed(sign_in_id)


def advise_no_more(account_id: str) -> None:
    """The owner has set a new password, as she was advised to where she gave the old one away to bind (tokens.md)."""
    session.execute(
        update(Binding)
        .where(Binding.account_id == account_id, Binding.password_advised_at.is_(None))
        .values(password_advised_at=now())
        .execution_options(synchronize_session=False)
    )


def _last_hashes(account_id: str) -> list[str]:
    """What must not be taken again: the present password and those before it."""
    present = session.scalars(select(Password.hash).where(Password.account_id == account_id)).all()
    former = session.scalars(
        select(FormerPassword.hash)
        .where(FormerPassword.account_id == account_id)
        .order_by(FormerPassword.replaced_at.desc())
        .limit(NOT_TAKEN_AGAIN - 1)
    ).all()
    return [*present, *former]


def keep_former(account_id: str, hashed: str) -> None:
    """Remember a password that is replaced, for as long as it is not to be taken again."""
    session.add(FormerPassword(account_id=account_id, replaced_at=now(), hash=hashed))
    session.flush()
    kept = session.scalars(
        select(FormerPassword.replaced_at)
        .where(FormerPassword.account_id == account_id)
        .order_by(FormerPassword.replaced_at.desc())
        .limit(NOT_TAKEN_AGAIN - 1)
    ).all()
    session.execute(
        delete(FormerPassword)
        .where(FormerPassword.account_id == account_id, FormerPassword.replaced_at < min(kept))
        .execution_options(synchronize_session=False)
    )


def _end_others(account_id: str, sign_in_id: str) -> None:
    others = select(SignIn.id).where(
        SignIn.account_id == account_id, SignIn.id != sign_in_id, SignIn.ended_at.is_(None), SignIn.expires_at > now()
    )
    for other in session.scalars(others.order_by(SignIn.id)).all():
        end_sign_in(other, because=BECAUSE)
    hers = or_(
        Grant.linked_account_id == account_id, (Grant.account_id == account_id) & Grant.linked_account_id.is_(None)
    )
    session.execute(
        update(Grant)
        .where(hers, Grant.sign_in_id != sign_in_id, Grant.revoked_at.is_(None))
        .values(revoked_at=now(), revoked_because=BECAUSE)
        .execution_options(synchronize_session=False)
    )


def _renewed(sign_in_id: str) -> str | None:
    """A new token for a sign-in that goes on: whoever copied the old one is out. None where it has ended."""
    token = new_secret()
    renewed = session.execute(
        update(SignIn)
        .where(SignIn.id == sign_in_id, SignIn.ended_at.is_(None))
        .values(token_hash=digest(token), last_seen_at=now())
        .returning(SignIn.id)
        .execution_options(synchronize_session=False)
    ).first()
    return token if renewed is not None else None
