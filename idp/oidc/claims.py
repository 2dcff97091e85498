"""Claims: one function for ID token, userinfo and introspection (tokens.md "Claims")."""

from datetime import datetime
from typing import Any

from idp.config import settings
from idp.policies.menus import MANY_ITEMS
from idp.policies.scopes import CLAIMS_OF_SCOPE, COMPANY, MENUS, USERINFO_ONLY
from idp.services.acting import Acting, CompanyFacts
from idp.services.grants import GrantFacts
from idp.services.menus import entitlements, menu_of
from idp.services.tokens import ACCESS, TokenFacts


def seconds(moment: datetime) -> int:
    """A moment as seconds since 1970, as JWTs count."""
    return int(moment.timestamp())


def claims_for(grant: GrantFacts, client_id: str, scope: str) -> dict[str, Any]:
    """Everything this grant tells this client within this scope, for userinfo and introspection alike.

    ``act`` is there whenever somebody acts through a linked account, whatever was asked for.
    """
    scopes = set(scope.split())
    wanted = _wanted(grant, scopes, "userinfo")
    return _always(grant, scopes) | _chosen(grant, client_id, wanted)


def introspection_of(token: TokenFacts) -> dict[str, Any]:
    """What introspection tells of a token that is good (RFC 7662 §2.2)."""
    answer: dict[str, Any] = {
        "active": True,
        "iss": settings().issuer,
        "aud": token.client_id,
        "client_id": token.client_id,
        "token_type": "Bearer" if token.kind == ACCESS else "refresh_token",
        "scope": token.scope,
        "iat": seconds(token.issued_at),
        "exp": seconds(token.expires_at),
        "sub": token.client_id,
    }
    if token.grant is not None:
        answer |= claims_for(token.grant, token.client_id, token.scope)
        answer["username"] = token.grant.acting.username
    return answer


def id_token_claims(grant: GrantFacts, client_id: str, scope: str) -> dict[str, Any]:
    """What the ID token tells: as claims_for, without what only userinfo gives."""
    scopes = set(scope.split())
    wanted = _wanted(grant, scopes, "id_token") - USERINFO_ONLY
    if len(menu_of(client_id)) > MANY_ITEMS:
        wanted -= {"entitlements", "entitlements_locked"}
    return _always(grant, scopes) | _chosen(grant, client_id, wanted)


def _wanted(grant: GrantFacts, scopes: set[str], place: str) -> set[str]:
    wanted = {claim for scope in scopes for claim in CLAIMS_OF_SCOPE.get(scope, ())}
    if scopes != set(grant.scope.split()):
        return wanted  # a narrowed refresh is narrow: what was asked for one by one belongs to the whole grant
    return wanted | set((grant.claims or {}).get(place, ()))


def _always(grant: GrantFacts, scopes: set[str]) -> dict[str, Any]:
    acting = grant.acting
    claims: dict[str, Any] = {
        "sub": acting.account_id,
        "sid": grant.sid,
        "auth_time": seconds(grant.auth_time),
        "acr": str(grant.acr),
        "amr": grant.amr,
        "session_expiry": seconds(grant.session_expires_at),
    }
    if acting.via is not None:
        actor = {"iss": settings().issuer, "sub": acting.via.linked_account_id}
        claims["act"] = actor | ({"name": acting.via.name} if "profile" in scopes else {})
    return claims


def _chosen(grant: GrantFacts, client_id: str, wanted: set[str]) -> dict[str, Any]:
    acting = grant.acting
    facts = _person(acting)
    if wanted.intersection(CLAIMS_OF_SCOPE[COMPANY]) or "address" in wanted:
        facts |= _company(acting)
    if wanted.intersection(CLAIMS_OF_SCOPE[MENUS]):
        facts |= _menus(grant, client_id)
    return {name: value for name, value in facts.items() if name in wanted and value is not None}


def _person(acting: Acting) -> dict[str, Any]:
    return {
        "name": acting.name,
        "preferred_username": acting.username,
        "locale": acting.locale,
        "updated_at": seconds(acting.updated_at),
        "email": acting.email,
        "email_verified": acting.email_verified,
        "phone_number": acting.phone,
        "phone_number_verified": False if acting.phone else None,
        "electronic_id": acting.electronic_id,
    }


def _company(acting: Acting) -> dict[str, Any]:
    company = acting.company
    if company is None or acting.role is None:
        return {}
    return {
        "tenant": company.id,
        "company_tax_id": company.tax_id,
        "company_name": company.name,
        "company": company_object(company),
        "roles": [str(acting.role)],
        "data_scope": acting.data_scope,
        "address": {"formatted": company.address} if company.address else None,
    }


def company_object(company: CompanyFacts) -> dict[str, Any]:
    """The claim ``company``."""
    return {
        "id": company.id,
        "id_type": company.id_type,
        "tax_id": company.tax_id,
        "name": company.name,
        "status": str(company.status),
        "proof": str(company.proof),
    } | ({"verified_at": seconds(company.verified_at)} if company.verified_at else {})


def _menus(grant: GrantFacts, client_id: str) -> dict[str, Any]:
    rights = entitlements(grant.acting, client_id, grant.acr)
    return {
        "entitlements": list(rights.codes),
        "entitlements_locked": rights.locked or None,
        "perm_ver": grant.acting.perm_ver,
    }
