"""Why a card's answer is refused: one class a reason, so that callers and logs need no text (house.md 2.6)."""

from idp.errors import Refused


class CardRefused(Refused):
    """A card's answer does not prove what was asked. Its subclasses say why."""

    code = "card.refused"
    status = 403


class MalformedAnswer(CardRefused):
    """Certificate, signature or signed message can't be read, or is larger than any card's."""

    code = "card.malformed"
    status = 400


class StatementNotSigned(CardRefused):
    """The signature is not one of this certificate's key over the statement of this very session."""

    code = "card.not_signed"


class CertificateNotTrusted(CardRefused):
    """No pinned issuer has made this certificate: unknown, or forged under a known name."""

    code = "card.not_trusted"


class CertificateExpired(CardRefused):
    """The certificate is over."""

    code = "card.expired"


class CertificateNotYetValid(CardRefused):
    """The certificate begins later, or a clock is wrong."""

    code = "card.not_yet_valid"


class WrongKeyUsage(CardRefused):
    """Not the signing certificate of a card: the encryption certificate, or a CA's."""

    code = "card.key_usage"


class WrongPolicy(CardRefused):
    """Issued under a policy that is not taken here, such as the test policy in production."""

    code = "card.policy"


class WrongSubjectType(CardRefused):
    """A good certificate, but not one of a company: a citizen's, an agency's, a server's."""

    code = "card.subject_type"


class NotCitizenCard(WrongSubjectType):
    """A good certificate, but not a person's own (自然人憑證), where one is asked for: a company's, an agency's."""

    code = "card.not_citizen"


class UnusableSubjectType(WrongSubjectType):
    """A good certificate, but neither a company's nor a person's own, where both would do."""

    code = "card.other_type"


class TaxIdUnclear(CardRefused):
    """No tax ID in it, one whose check digit does not close, or two that differ."""

    code = "card.tax_id"


class CertificateRevoked(CardRefused):
    """Revoked: the card was lost, or the company was renamed, moved or dissolved."""

    code = "card.revoked"


class RevocationUnknown(CardRefused):
    """Nothing fresh says that the certificate is good: nobody gets in by it until something does (fail closed)."""

    code = "card.revocation_unknown"
    status = 503


class WrongRank(CardRefused):
    """A secondary or mobile card (附卡) where the policy wants the primary one (正卡)."""

    code = "card.rank"
