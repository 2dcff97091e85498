"""Sign-ins: begun, found by their cookie, raised by signing in again, ended with all that hangs on them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.orm import aliased

from idp.config import settings
from idp.db import now, one_at_a_time, run, session, table_of
from idp.errors import BindingUnusable, NotFound, SignInEnded
from idp.models import Client, ClientSession, Grant, KnownBrowser, SignIn
from idp.models.columns import ID_LENGTH
from idp.policies.assurance import Acr, Method, acr_of, amr_of
from idp.services.access import end_client_sessions
from idp.services.acting import ACCOUNTS, ACTING_COLUMNS, COMPANIES, Acting, acting_from
from idp.services.audit import record
from idp.services.seats import seat_of_binding
from idp.services.secrets import digest, new_id, new_secret
from idp.services.uses import note_account_in_use, take_seat

SEEN_EVERY = timedelta(seconds=60)  # last_seen_at is written at most this often
USER_AGENT_LENGTH = 300
LAST_SIGN_INS = 50  # that are looked through for the last use of a password


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A living sign-in: the human at the keyboard, how and when they signed in, until when it lasts."""

    id: str
    human: Acting
    methods: tuple[Method, ...]
    card_tax_id: str | None
    auth_time: datetime
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    is_idle: bool
    # What a linked account acts as at our own pages; clients' choices are kept with their grants.
    acting: Acting | None = None

    @property
    def seat(self) -> Acting:
        """Who one is at our own pages: the account acted as, else the human herself."""
        return self.acting or self.human

    @property
    def acr(self) -> Acr:
        """The class this sign-in has reached at our own pages."""
        return self.acr_for(self.seat)

    def acr_for(self, acting: Acting) -> Acr:
        """The class this sign-in has reached for the company of whom one acts as."""
        return acr_of(self.methods, card_tax_id=self.card_tax_id, acting_tax_id=acting.tax_id)

    @property
    def amr(self) -> list[str]:
        """The methods as RFC 8176 names them."""
        return amr_of(self.methods)


SIGN_INS = table_of(SignIn)
_FOUND = (
    select(
        SIGN_INS.c.id,
        SIGN_INS.c.methods,
        SIGN_INS.c.card_tax_id,
        SIGN_INS.c.auth_time,
        SIGN_INS.c.created_at,
        SIGN_INS.c.last_seen_at,
        SIGN_INS.c.expires_at,
        SIGN_INS.c.acting_binding_id,
        *ACTING_COLUMNS,
    )
    .select_from(
        SIGN_INS.join(ACCOUNTS, SIGN_INS.c.account_id == ACCOUNTS.c.id).outerjoin(
            COMPANIES, ACCOUNTS.c.company_id == COMPANIES.c.id
        )
    )
    .where(
        SIGN_INS.c.token_hash == bindparam("token_hash"),
        SIGN_INS.c.ended_at.is_(None),
        SIGN_INS.c.expires_at > bindparam("moment"),
    )
)


def find_sign_in(token: str, *, even_idle: bool = False) -> SignedIn | None:
    """The living sign-in of this cookie, or None: ended, past its absolute end, or of somebody who may not act.

    One that idled out is None as well, unless ``even_idle``: who signs in again continues it.
    """
    moment = now()
    row = run(_FOUND, {"token_hash": digest(token), "moment": moment}).first()
    if row is None:
        return None
    human = acting_from(row[8:])
    is_idle = row[5] <= moment - timedelta(minutes=settings().sign_in_idle_minutes)
    if not human.is_able or (is_idle and not even_idle):
        return None
    methods = tuple(Method(m) for m in row[1])
    acting = _acted_as(human, row[7]) if row[7] is not None else None
    return SignedIn(row[0], human, methods, row[2], row[3], row[4], row[5], row[6], is_idle, acting)


def _acted_as(human: Acting, binding_id: str) -> Acting | None:
    """What a linked account acts as at our pages, while the binding and all behind it are good."""
    bound = seat_of_binding(human.account_id, binding_id)
    return bound.acting if bound is not None and bound.acting.is_able else None


def act_as(signed_in: SignedIn, binding_id: str | None, *, browser: str) -> str:
    """Act as a bound account at our own pages from now on, or (None) as none; the new cookie's token (SS01).

    Nothing that a client has changes by it. Raises NotFound for a binding that is not this linked account's,
    BindingUnusable for one that can't be used now.
    """
    bound = seat_of_binding(signed_in.human.account_id, binding_id) if binding_id is not None else None
    if binding_id is not None and bound is None:
        record(
            "linked:switch:refused",
            outcome="refused",
            account_id=signed_in.human.account_id,
            binding=binding_id[:ID_LENGTH],
        )
        raise NotFound(what="binding")
    # Held before the sign-in, as who ends a binding does.
    if bound is not None and not (bound.acting.is_able and take_seat(bound, None)):
        raise BindingUnusable
    token = new_secret()
    moment = now()
    account_id = bound.acting.account_id if bound is not None else None
    session.execute(
        update(SignIn)
        .where(SignIn.id == signed_in.id, SignIn.ended_at.is_(None))
        .values(
            token_hash=digest(token),
            browser_hash=digest(browser),
            acting_account_id=account_id,
            acting_binding_id=binding_id,
            last_seen_at=moment,
        )
    )
    company = bound.acting.company if bound is not None else None
    record(
        "linked:switched" if bound is not None else "linked:switch:left",
        actor=signed_in.human.account_id,
        account_id=account_id or signed_in.human.account_id,
        linked_account_id=signed_in.human.account_id,
        binding_id=binding_id,
        company_id=company.id if company else None,
        sign_in_id=signed_in.id,
    )
    return token


def begin_sign_in(
    account: Acting,
    methods: list[Method],
    *,
    previous: SignedIn | None,
    browser: str,
    address: str | None,
    user_agent: str | None,
    card_tax_id: str | None = None,
    must_live: bool = False,
    keeps_time: bool = False,
) -> tuple[str, str]:
    """Sign somebody in: ``(id, cookie token)``, the token always new (SS01).

    The same person signing in again raises the sign-in there is: its clients' sessions go on. Another person's ends.
    ``methods`` are all that this sign-in stands for from now on, ``card_tax_id`` the company that its card names.
    ``must_live``: some of the methods are those of ``previous``, and count only while it runs; raises SignInEnded,
    which leaves nothing of the transaction. ``keeps_time``: what was shown proves nothing of who is there (her own new
    app), or a card of before counts on: the moment of the sign-in and its end stay.
    """
    one_at_a_time(digest(browser))
    moment = now()
    token = new_secret()
    values: dict[str, object] = {
        "card_tax_id": card_tax_id,
        "token_hash": digest(token),
        "browser_hash": digest(browser),
        "auth_time": moment,
        "methods": [str(m) for m in methods],
        "last_seen_at": moment,
        "expires_at": moment + timedelta(hours=settings().sign_in_hours),
        "address": address,
        "user_agent": (user_agent or "")[:USER_AGENT_LENGTH] or None,
    }
    if previous is not None and keeps_time:
        values |= {"auth_time": previous.auth_time, "expires_at": previous.expires_at}
    sign_in_id = _raise_previous(previous, account, values) if previous else None
    if sign_in_id is None and must_live:
        raise SignInEnded
    _end_others_of_browser(browser, besides=sign_in_id)
    if sign_in_id is None:
        sign_in_id = new_id("si_")
        session.execute(
            insert(SignIn).values(id=sign_in_id, account_id=account.account_id, created_at=moment, **values)
        )
    remember_browser(account.account_id, browser, moment)
    note_account_in_use(account.account_id, moment)
    record(
        "account:sign_in:begun",
        actor=account.account_id,
        account_id=account.account_id,
        company_id=account.company.id if account.company else None,
        sign_in_id=sign_in_id,
        methods=values["methods"],
    )
    return sign_in_id, token


def _end_others_of_browser(browser: str, *, besides: str | None) -> None:
    """A browser holds one sign-in: a form sent twice leaves no second one behind (tokens.md)."""
    others = select(SignIn.id).where(
        SignIn.browser_hash == digest(browser), SignIn.ended_at.is_(None), SignIn.expires_at > now()
    )
    for sign_in_id in session.scalars(others).all():
        if sign_in_id != besides:
            end_sign_in(sign_in_id, because="replaced")


def _raise_previous(previous: SignedIn, account: Acting, values: dict[str, object]) -> str | None:
    if previous.human.account_id != account.account_id:
        end_sign_in(previous.id, because="replaced")
        return None
    raised = session.execute(
        update(SignIn).where(SignIn.id == previous.id, SignIn.ended_at.is_(None)).values(values).returning(SignIn.id)
    ).scalar()
    return previous.id if raised is not None else None


def remember_browser(account_id: str, browser: str, moment: datetime) -> None:
    """Note that this account has signed in from this browser (PW02)."""
    known = session.get(KnownBrowser, (account_id, digest(browser)))
    if known is None:
        session.add(KnownBrowser(account_id=account_id, browser_hash=digest(browser), last_seen_at=moment))
    else:
        known.last_seen_at = moment
    session.flush()


def forget_browsers(account_id: str, *, besides: str = "") -> None:
    """Know none of this account's browsers any more but one: whoever else had the password is a stranger now."""
    session.execute(
        delete(KnownBrowser)
        .where(KnownBrowser.account_id == account_id, KnownBrowser.browser_hash != digest(besides))
        .execution_options(synchronize_session=False)
    )


def is_due_to_be_seen(signed_in: SignedIn) -> bool:
    """Whether the last use on record is old enough to be written anew."""
    every = min(SEEN_EVERY, timedelta(minutes=settings().sign_in_idle_minutes) / 10)
    return signed_in.last_seen_at < now() - every


def see_sign_in(signed_in: SignedIn) -> None:
    """Note that this sign-in is in use, which keeps it from idling out."""
    session.execute(update(SignIn).where(SignIn.id == signed_in.id).values(last_seen_at=now()))


def end_sign_in(sign_in_id: str, *, because: str) -> bool:
    """End a sign-in, its clients' sessions and what was granted in it (offline grants go on); whether it lived."""
    moment = now()
    # A client session that begins in this instant is waited for, so that its client is told too.
    session.execute(select(SignIn.id).where(SignIn.id == sign_in_id).with_for_update())
    ended = session.execute(
        update(SignIn)
        .where(SignIn.id == sign_in_id, SignIn.ended_at.is_(None))
        .values(ended_at=moment, ended_because=because)
        .returning(SignIn.account_id)
    ).scalar()
    if ended is None:
        return False
    end_client_sessions(ClientSession.sign_in_id == sign_in_id, because=because)
    record("account:sign_in:ended", account_id=ended, sign_in_id=sign_in_id, because=because)
    return True


def leave_client(sign_in_id: str, client_id: str) -> None:
    """Sign out of one application: every ``sid`` of the client in this sign-in ends, with what was granted to it.

    The client is told although it may have asked: its other tabs and companies end as well (Back-Channel Logout §2.5).
    """
    end_client_sessions(
        ClientSession.sign_in_id == sign_in_id, ClientSession.client_id == client_id, because="signed_out"
    )
    record("account:client_session:ended", client_id=client_id, sign_in_id=sign_in_id)


@dataclass(frozen=True, slots=True)
class SignInSummary:
    """A running sign-in as its owner sees it at /account."""

    id: str
    methods: tuple[Method, ...]
    since: datetime
    last_seen_at: datetime
    user_agent: str | None


def running_sign_ins(account_id: str) -> list[SignInSummary]:
    """The sign-ins of an account that live now, last used first."""
    moment = now()
    rows = session.execute(
        select(SignIn.id, SignIn.methods, SignIn.auth_time, SignIn.last_seen_at, SignIn.user_agent)
        .where(
            SignIn.account_id == account_id,
            SignIn.ended_at.is_(None),
            SignIn.expires_at > moment,
            SignIn.last_seen_at > moment - timedelta(minutes=settings().sign_in_idle_minutes),
        )
        .order_by(SignIn.last_seen_at.desc())
    )
    return [SignInSummary(r[0], tuple(Method(m) for m in r[1]), r[2], r[3], r[4]) for r in rows]


def end_own_sign_in(sign_in_id: str, account_id: str) -> bool:
    """End a sign-in of this account's own, at its owner's word; False where it is not theirs or not alive."""
    owner = session.scalar(select(SignIn.account_id).where(SignIn.id == sign_in_id))
    return owner == account_id and end_sign_in(sign_in_id, because="owner")


def end_other_sign_ins(signed_in: SignedIn) -> int:
    """End every other living sign-in of this human, at her word; how many."""
    others = select(SignIn.id).where(
        SignIn.account_id == signed_in.human.account_id,
        SignIn.id != signed_in.id,
        SignIn.ended_at.is_(None),
        SignIn.expires_at > now(),
    )
    return sum(end_sign_in(other, because="owner") for other in session.scalars(others.order_by(SignIn.id)).all())


def last_by_method(account_id: str, method: Method) -> datetime | None:
    """When one of the last sign-ins of this account that are on record was by this method, or None."""
    rows = session.execute(
        select(SignIn.methods, SignIn.auth_time)
        .where(SignIn.account_id == account_id)
        .order_by(SignIn.auth_time.desc(), SignIn.id)
        .limit(LAST_SIGN_INS)
    )
    return next((at for methods, at in rows if str(method) in methods), None)


def clients_signed_in_to(sign_in_id: str) -> list[tuple[str, str, str]]:
    """The applications with a living session in this sign-in: ``(client id, Chinese name, English name)``."""
    session_of = aliased(ClientSession)
    rows = session.execute(
        select(Client.id, Client.name_zh, Client.name_en)
        .join(session_of, session_of.client_id == Client.id)
        .where(session_of.sign_in_id == sign_in_id, session_of.ended_at.is_(None))
        .distinct()
        .order_by(Client.name_zh)
    )
    return [(r[0], r[1], r[2]) for r in rows]


def last_uses(acting: Acting) -> dict[str, datetime]:
    """When this human last entered each client as this account: ``{client id: moment}``."""
    rows = session.execute(
        select(Grant.client_id, func.max(Grant.created_at))
        .where(
            Grant.account_id == acting.account_id,
            Grant.linked_account_id == (acting.via.linked_account_id if acting.via else None),
        )
        .group_by(Grant.client_id)
    )
    return {r[0]: r[1] for r in rows}
