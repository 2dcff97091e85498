"""Why a passkey is not taken, not put on, or not taken off: one class for each reason (flows/passkey_words.py)."""

from idp.errors import Refused


class PasskeyRefused(Refused):
    """A passkey, or what was sent as one, is not taken; ``details["because"]`` is for the audit log alone."""

    code = "passkey.refused"
    status = 400


class PasskeyChallengeGone(Refused):
    """The challenge that a passkey was to sign is over: used, expired, another browser's, or for something else."""

    code = "passkey.challenge_gone"
    status = 409


class PasskeyCopied(Refused):
    """The passkey signed rightly but counted backwards: there may be a copy of it (PK06)."""

    code = "passkey.copied"


class PasskeyElsewhere(Refused):
    """The passkey is another account's than the one that is to be signed in."""

    code = "passkey.elsewhere"
    status = 409


class PasskeyThere(Refused):
    """This passkey is enrolled already."""

    code = "passkey.there"
    status = 409


class TooManyPasskeys(Refused):
    """The account has as many passkeys as it may; ``details["most"]`` says how many."""

    code = "passkey.many"
    status = 409


class LastPasskey(Refused):
    """The only way somebody signs in, a passkey, is not taken away."""

    code = "passkey.last"
    status = 409
