"""Access and refresh tokens: kept by hash, looked up with their grant, refreshed in turn, revoked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import bindparam, insert, select, update

from idp.config import settings
from idp.db import now, run, table_of
from idp.models import Token
from idp.services.acting import ACCOUNTS, ACTING_COLUMNS, BINDINGS, COMPANIES, LINKED, VIA_COLUMNS
from idp.services.audit import record
from idp.services.grants import CLIENT_SESSIONS, GRANT_COLUMNS, GRANTS, GrantFacts, grant_from, revoke_grant
from idp.services.secrets import digest, keyed_digest
from idp.services.sign_ins import SIGN_INS

ACCESS, REFRESH = "access", "refresh"
NONCE = bytes(12)
LONGEST_TOKEN = 512
TOKENS = table_of(Token)


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


TOKEN_COLUMNS: tuple[Any, ...] = (
    TOKENS.c.hash,
    TOKENS.c.kind,
    TOKENS.c.client_id,
    TOKENS.c.scope,
    TOKENS.c.issued_at,
    TOKENS.c.expires_at,
    TOKENS.c.used_at,
    TOKENS.c.answer,
    TOKENS.c.revoked_at,
)
TOKEN_WIDTH = len(TOKEN_COLUMNS)

_TOKEN = (
    select(*TOKEN_COLUMNS, *GRANT_COLUMNS, *ACTING_COLUMNS, *VIA_COLUMNS)
    .select_from(
        TOKENS.outerjoin(GRANTS, TOKENS.c.grant_id == GRANTS.c.id)
        .outerjoin(SIGN_INS, GRANTS.c.sign_in_id == SIGN_INS.c.id)
        .outerjoin(CLIENT_SESSIONS, GRANTS.c.sid == CLIENT_SESSIONS.c.sid)
        .outerjoin(ACCOUNTS, GRANTS.c.account_id == ACCOUNTS.c.id)
        .outerjoin(COMPANIES, ACCOUNTS.c.company_id == COMPANIES.c.id)
        .outerjoin(LINKED, GRANTS.c.linked_account_id == LINKED.c.id)
        .outerjoin(BINDINGS, GRANTS.c.binding_id == BINDINGS.c.id)
    )
    .where(TOKENS.c.hash == bindparam("hashed"))
)
_TOKEN_FOR_UPDATE = _TOKEN.with_for_update(of=TOKENS)
# Whatever ends a grant holds that before its tokens.
_HOLD_GRANT = (
    select(GRANTS.c.id)
    .where(GRANTS.c.id.in_(select(TOKENS.c.grant_id).where(TOKENS.c.hash == bindparam("hashed"))))
    .with_for_update(key_share=True)
)
_SAVE = insert(TOKENS)
_USE = (
    update(TOKENS)
    .where(TOKENS.c.hash == bindparam("hashed"))
    .values(used_at=bindparam("moment"), answer=bindparam("sealed"))
)


def save_tokens(
    *,
    access_token: str,
    refresh_token: str | None,
    client_id: str,
    scope: str,
    grant: GrantFacts | None,
    expires_in: int,
) -> None:
    """Keep the tokens of one answer, by hash.

    The refresh token keeps the scope of its grant, however narrow the answer is (RFC 6749 §6).
    """
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
    until = moment + timedelta(seconds=expires_in)
    rows = [common | {"hash": digest(access_token), "kind": ACCESS, "scope": scope, "expires_at": until}]
    if refresh_token is not None and grant is not None:
        # Counted from the last sign-in, so that refreshing does not prolong it for ever.
        offline_until = grant.auth_time + timedelta(days=settings().offline_days)
        until = offline_until if grant.is_offline else grant.session_expires_at
        rows.append(
            common | {"hash": digest(refresh_token), "kind": REFRESH, "scope": grant.scope, "expires_at": until}
        )
    run(_SAVE, rows)


def find_token(value: str, *, for_update: bool = False) -> TokenFacts | None:
    """The token of this value with its grant, live or not; None when there never was one.

    ``for_update`` holds both for this transaction, so that a token is used and judged by one after another.
    """
    if len(value) > LONGEST_TOKEN:
        return None
    which = {"hashed": digest(value)}
    if for_update:
        run(_HOLD_GRANT, which).all()
    row = run(_TOKEN_FOR_UPDATE if for_update else _TOKEN, which).first()
    if row is None:
        return None
    grant = grant_from(row[TOKEN_WIDTH:]) if row[TOKEN_WIDTH] is not None else None
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
    run(_USE, {"hashed": token.hash, "moment": now(), "sealed": sealed})


def revoke_token(token: TokenFacts) -> None:
    """Revoke a token at its client's word; a refresh token takes its whole family with it (RFC 7009 §2.1)."""
    if token.kind == REFRESH and token.grant is not None:
        revoke_grant(token.grant.id, because="client")
    run(update(TOKENS).where(TOKENS.c.hash == token.hash, TOKENS.c.revoked_at.is_(None)).values(revoked_at=now()))
    record("client:token:revoked", client_id=token.client_id, kind=token.kind)
