"""Tables and nothing but. Importing this package knows them all, which migrations need."""

from idp.models.accounts import Account, Binding, KnownBrowser, Password
from idp.models.audit import AuditEntry, AuditHead
from idp.models.cards import Card, CardChallenge, CardEvidence, RevocationAnswer, TrustAnchor
from idp.models.cases import Case, Invitation, Review, TextAgreement
from idp.models.clients import Client, Consent, MenuItem, MenuRight, Service
from idp.models.companies import Company
from idp.models.grants import Grant, Token, UsedAssertion
from idp.models.limits import LimitCounter, NameFailures
from idp.models.outbox import OutboxEntry
from idp.models.registry import RegisterEntry, RegisterImport, RegisterLookup, RegisterName
from idp.models.secrets import OneTimeSecret
from idp.models.sign_ins import AuthorizationRequest, ClientSession, Flow, SignIn
from idp.models.signing_keys import SigningKey

__all__ = [
    "Account",
    "AuditEntry",
    "AuditHead",
    "AuthorizationRequest",
    "Binding",
    "Card",
    "CardChallenge",
    "CardEvidence",
    "Case",
    "Client",
    "ClientSession",
    "Company",
    "Consent",
    "Flow",
    "Grant",
    "Invitation",
    "KnownBrowser",
    "LimitCounter",
    "MenuItem",
    "MenuRight",
    "NameFailures",
    "OneTimeSecret",
    "OutboxEntry",
    "Password",
    "RegisterEntry",
    "RegisterImport",
    "RegisterLookup",
    "RegisterName",
    "Review",
    "RevocationAnswer",
    "Service",
    "SignIn",
    "SigningKey",
    "TextAgreement",
    "Token",
    "TrustAnchor",
    "UsedAssertion",
]
