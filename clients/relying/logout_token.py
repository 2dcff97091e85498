"""What makes a logout token good (OpenID Connect Back-Channel Logout 1.0 §2.6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

EVENT = "http://schemas.openid.net/event/backchannel-logout"
LEEWAY = 60  # clocks differ
OLDEST = 600  # a token that lives longer than this is not one of the provider's, which live two minutes


class LogoutTokenRefused(Exception):
    """The token is not good; the text says why, for the log and the provider, never for a person."""


@dataclass(frozen=True, slots=True)
class LogoutToken:
    """Whose sessions are to end: by ``sid`` one, by ``sub`` alone all of the seat."""

    jti: str
    expires_at: int
    sub: str | None
    sid: str | None


def verify_logout_token(
    token: str,
    *,
    keys: KeySet,
    expected_issuer: str,
    expected_audience: str,
    algorithms: Sequence[str],
    now: int,
) -> LogoutToken:
    """Check the token in every respect but its ``jti``, which only the database can judge.

    Raises ``LogoutTokenRefused``; lets joserfc's ``InvalidKeyIdError`` through, so that the caller may read
    the provider's keys once more.
    """
    registry = JWSRegistry(algorithms=[name for name in algorithms if name != "none"], strict_check_header=False)
    decoded = _decoded(token, keys, registry)
    claims = decoded.claims
    if str(decoded.header.get("typ", "")).lower() not in ("logout+jwt", "application/logout+jwt"):
        raise LogoutTokenRefused("typ is not logout+jwt")
    _check_addressee(claims, expected_issuer, expected_audience)
    expires_at = _check_times(claims, now)
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise LogoutTokenRefused("events has no back-channel logout")
    if "nonce" in claims:
        raise LogoutTokenRefused("nonce is forbidden in a logout token")
    return _named(claims, expires_at)


def _decoded(token: str, keys: KeySet, registry: JWSRegistry) -> jwt.Token:
    try:
        return jwt.decode(token, keys, registry=registry)
    except InvalidKeyIdError:
        raise
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise LogoutTokenRefused("not signed by the provider") from error


def _check_addressee(claims: dict[str, Any], issuer: str, audience: str) -> None:
    if claims.get("iss") != issuer:
        raise LogoutTokenRefused("iss is not our provider")
    aud = claims.get("aud")
    if aud != audience and aud != [audience]:
        raise LogoutTokenRefused("aud is not this application")


def _check_times(claims: dict[str, Any], now: int) -> int:
    issued_at, expires_at = claims.get("iat"), claims.get("exp")
    if not isinstance(issued_at, int) or not isinstance(expires_at, int):
        raise LogoutTokenRefused("iat or exp is missing")
    if issued_at > now + LEEWAY or expires_at <= now - LEEWAY or expires_at - issued_at > OLDEST:
        raise LogoutTokenRefused("too old, too new or too long-lived")
    return expires_at


def _named(claims: dict[str, Any], expires_at: int) -> LogoutToken:
    jti, sub, sid = (claims.get(name) for name in ("jti", "sub", "sid"))
    if not isinstance(jti, str) or not jti:
        raise LogoutTokenRefused("jti is missing")
    if sub is None and sid is None:
        raise LogoutTokenRefused("neither sub nor sid")
    if not all(name is None or (isinstance(name, str) and name) for name in (sub, sid)):
        raise LogoutTokenRefused("sub or sid is not a text")
    return LogoutToken(jti, expires_at, sub, sid)
