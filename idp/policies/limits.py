"""How often something may be done (security.md §3), as a table. Counted in the database, for all workers alike."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``most`` in each window of ``window``."""

    name: str
    most: int
    window: timedelta


FAILED_SIGN_INS_PER_ADDRESS = Limit("sign_in:address", 20, timedelta(minutes=1))
FAILED_SIGN_INS_PER_NAME_AND_ADDRESS = Limit("sign_in:name+address", 50, timedelta(hours=12))
FAILED_SIGN_INS_PER_COMPANY = Limit("sign_in:company", 100, timedelta(hours=1))
# Judging and hashing a password takes its time, and nobody has to be known for it where people register.
PASSWORDS_JUDGED_PER_ADDRESS = Limit("password:address", 60, timedelta(minutes=10))
# Numbers of companies are looked up at another's register.
LOOKUPS_PER_ADDRESS = Limit("lookup:address", 120, timedelta(hours=1))
# Numbers (IC…) of nobody that a client asks for: there are a thousand million, and few are anybody's.
LOOKUPS_MISSED_PER_CLIENT = Limit("electronic_id:client", 60, timedelta(hours=1))
FAILED_CLIENT_SECRETS = Limit("client:address", 100, timedelta(minutes=1))
# 「帳號已經存在」 is said, but not to who tries names (security.md §1.9-2).
NAMES_TRIED_PER_BROWSER = Limit("register:browser", 20, timedelta(hours=1))
NAMES_TRIED_PER_ADDRESS = Limit("register:address", 100, timedelta(hours=1))
CASES_SENT_PER_ADDRESS = Limit("case:address", 60, timedelta(hours=1))
MAILS_PER_MAILBOX = Limit("mail:mailbox", 5, timedelta(hours=1))
LINKS_ASKED_PER_ADDRESS = Limit("resend:address", 30, timedelta(hours=1))
# Whether there is such an account or not; in a window as long as a link lasts, so that there is always one that works,
# or another to be had, however often strangers ask.
RESETS_ASKED_PER_NAME = Limit("reset:name", 5, timedelta(minutes=30))
# By name and by number. Its own: a stranger who asks spends none of the other mails of a mailbox.
RESETS_PER_MAILBOX = Limit("reset:mailbox", 10, timedelta(minutes=30))
CASES_LOOKED_UP_PER_ADDRESS = Limit("status:address", 30, timedelta(hours=1))
ACTIVATION_TRIES = Limit("activation:account", 5, timedelta(hours=1))
FIRST_PASSWORD_TRIES = Limit("first_password:account", 5, timedelta(hours=1))
# Each is read and judged by a process of its own.
FILES_SENT_PER_ADDRESS = Limit("document:address", 60, timedelta(minutes=10))
INVITATIONS_PER_COMPANY = Limit("invite:company", 200, timedelta(days=1))
# A question is a row, and its answer some milliseconds of judging.
CARDS_ASKED_PER_ADDRESS = Limit("card:address", 120, timedelta(minutes=10))
# So is a challenge for a passkey; a sign-in page asks for one as it opens, and again every four minutes.
PASSKEYS_ASKED_PER_ADDRESS = Limit("passkey:address", 600, timedelta(minutes=10))
PASSKEY_ALARMS_PER_PASSKEY = Limit("passkey:alarm", 1, timedelta(days=1))
FAILED_OPERATOR_SIGN_INS_PER_ADDRESS = Limit("operator:address", 20, timedelta(minutes=10))
# Codes of an app after the right password, from whatever browser: guesses are no more than this.
WRONG_CODES_PER_ACCOUNT = Limit("code:account", 50, timedelta(days=1))
WRONG_CODES_TOLD = 5  # of a day, after which the owner is told
# Passkeys, cards, apps and recovery codes: each writes a mail. What is taken off is not counted: it was put on once,
# and a thief who has spent the limit must not keep his own on.
CREDENTIALS_ADDED_PER_ACCOUNT = Limit("credentials:account", 20, timedelta(days=1))
# Each asks a stranger's mailbox, perhaps, and tells the old one.
MAILBOX_CHANGES_PER_ACCOUNT = Limit("mailbox_change:account", 10, timedelta(days=1))
# All that is held about a person, for herself: a long file.
EXPORTS_PER_ACCOUNT = Limit("export:account", 5, timedelta(days=1))
# A binding code has six digits and lives for a day: guesses are capped from every side (security.md §3).
BINDING_TARGETS_PER_LINKED = Limit("binding:targets", 10, timedelta(days=1))
# An account that was asked for today is no other one when it is asked for again.
BINDING_TARGET_KNOWN = Limit("binding:target", 1, timedelta(days=1))
# Whoever knows no more than a name: apart from what is counted below, so that nobody is hindered by it.
BINDING_NAMES_PER_MAILBOX = Limit("binding:by_name", 3, timedelta(days=1))
BINDING_CODES_PER_ACCOUNT = Limit("binding:codes", 5, timedelta(days=1))
BINDING_TRIES_PER_ACCOUNT = Limit("binding:tries", 25, timedelta(days=1))
WRONG_BINDING_CODES = Limit("binding:wrong", 2000, timedelta(days=1))
WRONG_BINDING_CODES_TOLD = 200  # wrong codes of a day after which the log warns
