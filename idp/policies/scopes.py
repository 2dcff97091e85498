"""Scopes and the wish for a company in scope's clothing (tokens.md)."""

from dataclasses import dataclass

OPENID = "openid"
OFFLINE = "offline_access"
# Of a client by itself (client_credentials): GET /accounts/by-electronic-id/<number>.
LOOKUP = "electronic_id.lookup"
COMPANY = "company"
MENUS = "menus"
LINKED_ACCOUNTS = "linked_accounts"
COMPANY_WISH = "company:"

SCOPES = (OPENID, "profile", "email", "phone", "address", COMPANY, MENUS, "electronic_id", LINKED_ACCOUNTS, OFFLINE)
CONFIDENTIAL_ONLY = frozenset({LINKED_ACCOUNTS, OFFLINE})
OF_THE_CLIENT = frozenset({LOOKUP})

CLAIMS_OF_SCOPE: dict[str, tuple[str, ...]] = {
    "profile": ("name", "preferred_username", "locale", "updated_at"),
    "email": ("email", "email_verified"),
    "phone": ("phone_number", "phone_number_verified"),
    "address": ("address",),
    COMPANY: ("tenant", "company_tax_id", "company_name", "company", "roles", "data_scope"),
    MENUS: ("entitlements", "perm_ver", "entitlements_locked"),
    "electronic_id": ("electronic_id",),
    LINKED_ACCOUNTS: (),  # no claim: GET /me/accounts
}
USERINFO_ONLY = frozenset({"phone_number", "phone_number_verified", "address", "electronic_id"})


class ContradictingWishes(ValueError):
    """Two companies were wished for in one request: ``invalid_request``."""


@dataclass(frozen=True, slots=True)
class ScopeWish:
    """The scope list without the wish, in the order given and each once, and the company wished for (or None)."""

    scopes: tuple[str, ...]
    company: str | None


def read_scope(text: str) -> ScopeWish:
    """Take ``company:<tax ID or company id>`` out of a scope list. Raises ContradictingWishes for two of them."""
    words = dict.fromkeys(text.split())
    wishes = [word[len(COMPANY_WISH) :] for word in words if word.startswith(COMPANY_WISH)]
    if len(wishes) > 1:
        raise ContradictingWishes
    scopes = dict.fromkeys(COMPANY if word.startswith(COMPANY_WISH) else word for word in words)
    return ScopeWish(tuple(scopes), wishes[0] if wishes else None)


def granted_scope(text: str, registered: frozenset[str], *, is_public: bool) -> str | None:
    """The scopes of a sign-in that may be granted, without a wish for a company; None is ``invalid_scope``.

    Scopes the client is not registered for are left out (OIDC Core §3.1.2.1), a wish never is: without the registered
    scope ``company`` it is refused. Public clients get neither ``offline_access`` nor ``linked_accounts``.
    Raises ContradictingWishes.
    """
    wish = read_scope(text)
    if wish.company is not None and COMPANY not in registered:
        return None
    # What a client may do by itself is no part of anybody's sign-in.
    kept_back = OF_THE_CLIENT | (CONFIDENTIAL_ONLY if is_public else frozenset())
    allowed = [s for s in wish.scopes if s in registered and s not in kept_back]
    return " ".join(allowed) if OPENID in allowed else None
