"""Tables and nothing but. Importing this package knows them all, which migrations need."""

from idp.models.accounts import Account, Binding, FormerPassword, HomeCompany, KnownBrowser, Password
from idp.models.audit import AuditCheck, AuditEntry, AuditHead
from idp.models.cards import Card, CardChallenge, CardEvidence, RevocationAnswer, TrustAnchor
from idp.models.cases import Case, Invitation, Review, TextAgreement
from idp.models.clients import Client, Consent, MenuItem, MenuRight, Service, ServiceText
from idp.models.companies import Company
from idp.models.documents import CompanyDocument, DocumentReview, UploadedFile
from idp.models.grants import Grant, Token, UsedAssertion
from idp.models.limits import LimitCounter, NameFailures
from idp.models.operators import Authenticator, Operator, OperatorSession, RecoveryCode
from idp.models.outbox import OutboxEntry
from idp.models.passkeys import Passkey, PasskeyChallenge
from idp.models.registry import RegisterEntry, RegisterImport, RegisterLookup, RegisterName, RegisterOrder
from idp.models.secrets import OneTimeSecret
from idp.models.sign_ins import AuthorizationRequest, ClientSession, Flow, Launch, SignIn
from idp.models.signing_keys import SigningKey

__all__ = [
    "Account",
    "AuditCheck",
    "AuditEntry",
    "AuditHead",
    "Authenticator",
    "AuthorizationRequest",
    "Binding",
    "Card",
    "CardChallenge",
    "CardEvidence",
    "Case",
    "Client",
    "ClientSession",
    "Company",
    "CompanyDocument",
    "Consent",
    "DocumentReview",
    "Flow",
    "FormerPassword",
    "Grant",
    "HomeCompany",
    "Invitation",
    "KnownBrowser",
    "Launch",
    "LimitCounter",
    "MenuItem",
    "MenuRight",
    "NameFailures",
    "OneTimeSecret",
    "Operator",
    "OperatorSession",
    "OutboxEntry",
    "Passkey",
    "PasskeyChallenge",
    "Password",
    "RecoveryCode",
    "RegisterEntry",
    "RegisterImport",
    "RegisterLookup",
    "RegisterName",
    "RegisterOrder",
    "Review",
    "RevocationAnswer",
    "Service",
    "ServiceText",
    "SignIn",
    "SigningKey",
    "TextAgreement",
    "Token",
    "TrustAnchor",
    "UploadedFile",
    "UsedAssertion",
]
