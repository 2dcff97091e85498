"""Who may come where: a row for each route. A route without one fails the suite (GA01; security.md §3)."""

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What decides who gets an answer."""

    PUBLIC = "public"  # nobody in particular: the same for everybody, and of nobody
    CLIENT = "client"  # a client's credential or token; no cookie counts
    BROWSER = "browser"  # what was begun in this browser: another's is told as a missing one
    SELF = "self"  # whoever is signed in, about herself
    GROUP = "group"  # a group admin, about her own company


@dataclass(frozen=True)
class Row:
    """``ends``: it ends the sign-in it comes from. ``fields``: what is named in the form, not in the address."""

    kind: Kind
    ends: bool = False
    fields: dict[str, str] = field(default_factory=dict)


PUBLIC, CLIENT, BROWSER = Row(Kind.PUBLIC), Row(Kind.CLIENT), Row(Kind.BROWSER)
SELF, GROUP = Row(Kind.SELF), Row(Kind.GROUP)

TABLE: dict[tuple[str, str], Row] = {
    ("GET", "/"): SELF,
    ("GET", "/account"): SELF,
    ("POST", "/account/open"): Row(Kind.SELF, fields={"client": "nobody"}),
    ("POST", "/account/sign-ins/end"): Row(Kind.SELF, fields={"sign_in": "sign_in"}),
    ("POST", "/account/authorizations/end"): Row(Kind.SELF, fields={"client": "client"}),
    ("GET", "/account/credentials"): SELF,
    ("POST", "/account/credentials"): SELF,
    ("GET", "/account/credentials/<card_id>/remove"): SELF,
    ("POST", "/account/credentials/<card_id>/remove"): SELF,
    ("GET", "/account/credentials/company"): GROUP,
    ("POST", "/account/credentials/company"): GROUP,
    ("GET", "/account/succession"): SELF,
    ("POST", "/account/succession"): SELF,
    ("GET", "/help/card"): PUBLIC,
    ("POST", "/sign-out"): Row(Kind.SELF, ends=True),
    ("GET", "/signed-out"): PUBLIC,
    ("GET", "/login"): PUBLIC,
    ("POST", "/login"): PUBLIC,
    ("GET", "/login/card"): PUBLIC,
    ("POST", "/login/card"): PUBLIC,
    ("GET", "/login/card/company"): BROWSER,
    ("POST", "/card/challenge"): BROWSER,
    ("GET", "/login/step-up"): BROWSER,
    ("POST", "/login/step-up"): BROWSER,
    ("POST", "/login/step-up/decline"): BROWSER,
    ("GET", "/language/<code>"): PUBLIC,
    ("GET", "/look/brands.css"): PUBLIC,
    ("GET", "/static/<path:filename>"): PUBLIC,
    ("GET", "/health"): PUBLIC,
    ("GET", "/.well-known/openid-configuration"): PUBLIC,
    ("GET", "/jwks"): PUBLIC,
    ("GET", "/authorize"): PUBLIC,
    ("POST", "/authorize"): PUBLIC,
    ("GET", "/logout"): PUBLIC,
    ("POST", "/logout"): PUBLIC,
    ("POST", "/token"): CLIENT,
    ("POST", "/introspect"): CLIENT,
    ("POST", "/revoke"): CLIENT,
    ("GET", "/userinfo"): CLIENT,
    ("POST", "/userinfo"): CLIENT,
    ("GET", "/authorize/<request_id>"): BROWSER,
    ("GET", "/authorize/<request_id>/account"): BROWSER,
    ("POST", "/authorize/<request_id>/account"): BROWSER,
    ("GET", "/consent/<request_id>"): BROWSER,
    ("POST", "/consent/<request_id>"): BROWSER,
    ("GET", "/sign-out/<run_id>"): BROWSER,
    ("POST", "/sign-out/<run_id>"): BROWSER,
    # Registration, mailbox check, status of a case, invitation: what was begun here, or who has the link.
    ("GET", "/register"): PUBLIC,
    ("GET", "/register/account"): BROWSER,
    ("POST", "/register/account"): BROWSER,
    ("GET", "/register/card"): BROWSER,
    ("POST", "/register/card"): BROWSER,
    ("GET", "/register/check"): BROWSER,
    ("POST", "/register/check"): BROWSER,
    ("GET", "/register/company"): BROWSER,
    ("POST", "/register/company"): BROWSER,
    ("GET", "/register/done"): BROWSER,
    ("POST", "/register/done/mailbox"): BROWSER,
    ("POST", "/register/done/resend"): BROWSER,
    ("GET", "/register/proof"): BROWSER,
    ("POST", "/register/proof"): BROWSER,
    ("GET", "/register/status"): PUBLIC,
    ("POST", "/register/status"): PUBLIC,
    ("GET", "/register/status/case"): BROWSER,
    ("GET", "/register/status/correct"): BROWSER,
    ("POST", "/register/status/correct"): BROWSER,
    ("GET", "/register/status/withdraw"): BROWSER,
    ("POST", "/register/status/withdraw"): BROWSER,
    ("GET", "/register/terms"): BROWSER,
    ("POST", "/register/terms"): BROWSER,
    ("GET", "/register/verified"): BROWSER,
    ("POST", "/register/verified"): BROWSER,
    ("GET", "/verify"): BROWSER,
    ("POST", "/verify"): BROWSER,
    ("GET", "/verify/<token>"): PUBLIC,
    ("GET", "/verify/resend"): PUBLIC,
    ("POST", "/verify/resend"): PUBLIC,
    ("GET", "/invitation"): BROWSER,
    ("POST", "/invitation"): BROWSER,
    ("GET", "/invitation/<token>"): PUBLIC,
    ("GET", "/first-password"): BROWSER,
    ("POST", "/first-password"): BROWSER,
    ("GET", "/first-password/<token>"): PUBLIC,
    ("GET", "/group/users"): GROUP,
    ("GET", "/group/users/<account_id>"): GROUP,
    ("POST", "/group/users/<account_id>"): GROUP,
    ("GET", "/group/users/<account_id>/menus"): GROUP,
    ("POST", "/group/users/<account_id>/menus"): GROUP,
    ("GET", "/group/users/<account_id>/menus/preview"): GROUP,
    ("POST", "/group/users/<account_id>/menus/preview"): GROUP,
    ("GET", "/group/audit"): GROUP,
    ("GET", "/group/audit.csv"): GROUP,
    ("POST", "/group/audit/reminders"): GROUP,
    ("GET", "/group/invitations"): GROUP,
    ("GET", "/group/invitations/new"): GROUP,
    ("POST", "/group/invitations/new"): GROUP,
    ("POST", "/group/invitations/<invitation_id>/send"): GROUP,
    ("GET", "/group/invitations/<invitation_id>/cancel"): GROUP,
    ("POST", "/group/invitations/<invitation_id>/cancel"): GROUP,
}
