"""Grants, codes and tokens: issued, redeemed once, refreshed in turn, looked up, revoked.

Statements are written for speed: one joined read, conditional writes, no objects tracked.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from idp.config import settings
from idp.db import now, session
from idp.models import Account, Binding, ClientSession, Company, Grant, SignIn, Token
from idp.policies.assurance import Acr, Method, acr_of, amr_of
from idp.services.acting import ACTING_COLUMNS, ACTING_WIDTH, VIA_COLUMNS, Acting, Linked, acting_from
from idp.services.audit import record
from idp.services.secrets import digest, keyed_digest, new_id, new_secret
from idp.services.sign_ins import SignedIn

ACCESS, REFRESH = "access", "refresh"
NONCE = bytes(12)


@dataclass(frozen=True, slots=True)
class GrantFacts:
    """What was granted, and whether it is still good now (``is_good``)."""

    id: str
    client_id: str
    sign_in_id: str
    sid: str
    scope: str
    claims: dict[str, Any] | None
    nonce: str | None
    auth_time: datetime
    methods: tuple[Method, ...]
    session_expires_at: datetime
    redirect_uri: str
    code_challenge: str | None
    code_used_at: datetime | None
    is_offline: bool
    revoked_at: datetime | None
    sign_in_ended_at: datetime | None
    sid_ended_at: datetime | None
    acting: Acting

    @property
    def is_good(self) -> bool:
        """Neither revoked nor left behind by its sign-in, its account, its company or its binding."""
        if self.revoked_at is not None or not self.acting.is_able:
            return False
        if self.is_offline:
            return True
        is_over = self.sign_in_ended_at is not None or self.sid_ended_at is not None
        return not is_over and self.session_expires_at > now()

    @property
    def acr(self) -> Acr:
        """The class of the sign-in, worked out for the account acted as."""
        return acr_of(self.methods)

    @property
    def amr(self) -> list[str]:
        """The methods of the sign-in as RFC 8176 names them."""
        return amr_of(self.methods)


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """A token that was issued; ``grant`` is None for client_credentials."""

    hash: bytes
    kind: str
    client_id: str
    scope: str
    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None
    answer: bytes | None
    revoked_at: datetime | None
    grant: GrantFacts | None

    @property
    def is_live(self) -> bool:
        """Whether it may be used now."""
        if self.revoked_at is not None or self.used_at is not None or self.expires_at <= now():
            return False
        return self.grant is None or self.grant.is_good


GRANT_COLUMNS: tuple[Any, ...] = (
    Grant.id,
    Grant.client_id,
    Grant.sign_in_id,
    Grant.sid,
    Grant.scope,
    Grant.claims,
    Grant.nonce,
    Grant.auth_time,
    Grant.methods,
    Grant.session_expires_at,
    Grant.redirect_uri,
    Grant.code_challenge,
    Grant.code_used_at,
    Grant.is_offline,
    Grant.revoked_at,
    SignIn.ended_at,
    ClientSession.ended_at,
)
GRANT_WIDTH = len(GRANT_COLUMNS)
METHODS_AT = GRANT_COLUMNS.index(Grant.methods)
TOKEN_COLUMNS: tuple[Any, ...] = (
    Token.hash,
    Token.kind,
    Token.client_id,
    Token.scope,
    Token.issued_at,
    Token.expires_at,
    Token.used_at,
    Token.answer,
    Token.revoked_at,
)
TOKEN_WIDTH = len(TOKEN_COLUMNS)

_GRANT = (
    select(*GRANT_COLUMNS, *ACTING_COLUMNS, *VIA_COLUMNS)
    .select_from(Grant)
    .join(SignIn, Grant.sign_in_id == SignIn.id)
    .join(ClientSession, Grant.sid == ClientSession.sid)
    .join(Account, Grant.account_id == Account.id)
    .outerjoin(Company, Account.company_id == Company.id)
    .outerjoin(Linked, Grant.linked_account_id == Linked.id)
    .outerjoin(Binding, Grant.binding_id == Binding.id)
)
_TOKEN = (
    select(*TOKEN_COLUMNS, *GRANT_COLUMNS, *ACTING_COLUMNS, *VIA_COLUMNS)
    .select_from(Token)
    .outerjoin(Grant, Token.grant_id == Grant.id)
    .outerjoin(SignIn, Grant.sign_in_id == SignIn.id)
    .outerjoin(ClientSession, Grant.sid == ClientSession.sid)
    .outerjoin(Account, Grant.account_id == Account.id)
    .outerjoin(Company, Account.company_id == Company.id)
    .outerjoin(Linked, Grant.linked_account_id == Linked.id)
    .outerjoin(Binding, Grant.binding_id == Binding.id)
)


def _grant_from(row: Any) -> GrantFacts:
    facts: list[Any] = list(row[:GRANT_WIDTH])
    facts[METHODS_AT] = tuple(Method(m) for m in facts[METHODS_AT])
    facts.append(acting_from(row[GRANT_WIDTH:], row[GRANT_WIDTH + ACTING_WIDTH :]))
    return GrantFacts(*facts)


@dataclass(frozen=True, slots=True)
class CodeOrder:
    """What a code is to be issued for."""

    client_id: str
    redirect_uri: str
    scope: str
    claims: dict[str, Any] | None
    nonce: str | None
    code_challenge: str | None
    is_offline: bool


@dataclass(frozen=True, slots=True)
class Visits:
    """The sessions of one client in one sign-in: living ``sid`` by account, and whether its person signed out of it."""

    live: dict[str, str]
    has_left: bool


def visits(sign_in_id: str, client_id: str) -> Visits:
    """What this sign-in has with this client (tokens.md, asking rules 4 and 5)."""
    rows = session.execute(
        select(ClientSession.account_id, ClientSession.sid, ClientSession.ended_at, ClientSession.ended_because).where(
            ClientSession.sign_in_id == sign_in_id, ClientSession.client_id == client_id
        )
    ).all()
    live = {r[0]: r[1] for r in rows if r[2] is None}
    return Visits(live, has_left=not live and any(r[3] == "signed_out" for r in rows))


def issue_code(order: CodeOrder, acting: Acting, signed_in: SignedIn, *, sid: str | None) -> str:
    """Grant this and issue its authorization code; the account acted as and the actor are fixed here for good.

    ``sid`` is the client's living session as this account, or None where it is to begin.
    """
    moment = now()
    code = new_secret()
    via = acting.via
    session.execute(
        insert(Grant).values(
            id=new_id("gr_"),
            client_id=order.client_id,
            account_id=acting.account_id,
            linked_account_id=via.linked_account_id if via else None,
            binding_id=via.binding_id if via else None,
            sign_in_id=signed_in.id,
            sid=sid or _begin_client_session(order.client_id, acting, signed_in),
            scope=order.scope,
            claims=order.claims,
            nonce=order.nonce,
            auth_time=signed_in.auth_time,
            methods=[str(m) for m in signed_in.methods],
            session_expires_at=signed_in.expires_at,
            redirect_uri=order.redirect_uri,
            code_hash=digest(code),
            code_challenge=order.code_challenge,
            code_expires_at=moment + timedelta(seconds=settings().code_seconds),
            is_offline=order.is_offline,
            created_at=moment,
        )
    )
    return code


def _live_sid(client_id: str, acting: Acting, signed_in: SignedIn) -> str | None:
    return session.execute(
        select(ClientSession.sid).where(
            ClientSession.sign_in_id == signed_in.id,
            ClientSession.client_id == client_id,
            ClientSession.account_id == acting.account_id,
            ClientSession.ended_at.is_(None),
        )
    ).scalar()


def _begin_client_session(client_id: str, acting: Acting, signed_in: SignedIn) -> str:
    """One ``sid`` per sign-in × client × account while it lives: a second tab that comes at once gets the same."""
    sid = new_secret()
    try:
        with session.begin_nested():
            session.execute(
                insert(ClientSession).values(
                    sid=sid,
                    sign_in_id=signed_in.id,
                    client_id=client_id,
                    account_id=acting.account_id,
                    linked_account_id=acting.via.linked_account_id if acting.via else None,
                    binding_id=acting.via.binding_id if acting.via else None,
                    created_at=now(),
                )
            )
    except IntegrityError:
        found = _live_sid(client_id, acting, signed_in)
        if found is None:
            raise
        return found
    record(
        "account:client_session:begun",
        actor=acting.human_id,
        account_id=acting.account_id,
        linked_account_id=acting.via.linked_account_id if acting.via else None,
        binding_id=acting.via.binding_id if acting.via else None,
        company_id=acting.company.id if acting.company else None,
        client_id=client_id,
        sign_in_id=signed_in.id,
    )
    return sid


def redeem_code(code: str, client_id: str) -> GrantFacts | None:
    """Consume a code in one statement; the grant, or None when the code is unknown, expired, used or another client's.

    A second use by the same client revokes everything the first one gave (RFC 6749 §4.1.2, TK01).
    """
    moment = now()
    hashed = digest(code)
    grant_id = session.execute(
        update(Grant)
        .where(
            Grant.code_hash == hashed,
            Grant.client_id == client_id,
            Grant.code_used_at.is_(None),
            Grant.revoked_at.is_(None),
            Grant.code_expires_at > moment,
        )
        .values(code_used_at=moment)
        .returning(Grant.id)
    ).scalar()
    if grant_id is None:
        _revoke_if_replayed(hashed, client_id)
        return None
    row = session.execute(_GRANT.where(Grant.id == grant_id)).first()
    return _grant_from(row) if row is not None else None


def _revoke_if_replayed(code_hash: bytes, client_id: str) -> None:
    grant_id = session.execute(
        select(Grant.id).where(
            Grant.code_hash == code_hash, Grant.client_id == client_id, Grant.code_used_at.is_not(None)
        )
    ).scalar()
    if grant_id is not None and revoke_grant(grant_id, because="code_replayed"):
        record("client:code:replayed", outcome="refused", client_id=client_id, grant_id=grant_id)


def revoke_grant(grant_id: str, *, because: str) -> bool:
    """End a grant and with it every token of its family; whether it was still alive."""
    ended = session.execute(
        update(Grant)
        .where(Grant.id == grant_id, Grant.revoked_at.is_(None))
        .values(revoked_at=now(), revoked_because=because)
        .returning(Grant.id)
    ).scalar()
    return ended is not None


def save_tokens(
    *,
    access_token: str,
    refresh_token: str | None,
    client_id: str,
    scope: str,
    family_scope: str,
    grant: GrantFacts | None,
    expires_in: int,
) -> None:
    """Keep the tokens of one answer, by hash. The refresh token keeps the family's scope (RFC 6749 §6)."""
    moment = now()
    via = grant.acting.via if grant else None
    common: dict[str, Any] = {
        "client_id": client_id,
        "grant_id": grant.id if grant else None,
        "account_id": grant.acting.account_id if grant else None,
        "linked_account_id": via.linked_account_id if via else None,
        "binding_id": via.binding_id if via else None,
        "issued_at": moment,
    }
    rows = [
        common
        | {
            "hash": digest(access_token),
            "kind": ACCESS,
            "scope": scope,
            "expires_at": moment + timedelta(seconds=expires_in),
        }
    ]
    if refresh_token is not None and grant is not None:
        until = moment + timedelta(days=settings().offline_days) if grant.is_offline else grant.session_expires_at
        rows.append(
            common | {"hash": digest(refresh_token), "kind": REFRESH, "scope": family_scope, "expires_at": until}
        )
    session.execute(insert(Token), rows)


def find_token(value: str, *, for_update: bool = False) -> TokenFacts | None:
    """The token of this value with its grant, live or not; None when there never was one."""
    if len(value) > 512:
        return None
    statement = _TOKEN.where(Token.hash == digest(value))
    row = session.execute(statement.with_for_update(of=Token) if for_update else statement).first()
    if row is None:
        return None
    grant = _grant_from(row[TOKEN_WIDTH:]) if row[TOKEN_WIDTH] is not None else None
    facts: list[Any] = [*row[:TOKEN_WIDTH], grant]
    return TokenFacts(*facts)


def answer_again(token: TokenFacts, value: str) -> bytes | None:
    """The answer that this refresh token was given, while the grace for a repeated request lasts; else None."""
    if token.used_at is None or token.answer is None:
        return None
    if now() - token.used_at > timedelta(seconds=settings().refresh_grace_seconds):
        return None
    try:
        return AESGCM(keyed_digest(b"refresh answer", value)).decrypt(NONCE, token.answer, token.hash)
    except InvalidTag:
        return None


def use_refresh_token(token: TokenFacts, value: str, answer: bytes) -> None:
    """Mark a refresh token used and keep its answer under a key made from the token itself (tokens.md "Tokens").

    The key serves for this one encryption, so a fixed nonce is safe.
    """
    sealed = AESGCM(keyed_digest(b"refresh answer", value)).encrypt(NONCE, answer, token.hash)
    session.execute(update(Token).where(Token.hash == token.hash).values(used_at=now(), answer=sealed))


def revoke_token(token: TokenFacts) -> None:
    """Revoke a token at its client's word; a refresh token takes its whole family with it (RFC 7009 §2.1)."""
    if token.kind == REFRESH and token.grant is not None:
        revoke_grant(token.grant.id, because="client")
    session.execute(update(Token).where(Token.hash == token.hash, Token.revoked_at.is_(None)).values(revoked_at=now()))
    record("client:token:revoked", client_id=token.client_id, kind=token.kind)
