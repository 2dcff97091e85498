"""What of an audit row its person is told: mailboxes of others masked, other people and operators without their ids."""

import re
from typing import Any

from idp.policies.names import masked_email

MAILBOX = re.compile(r"[^\s@<>\"',;]+@[^\s@<>\"',;]+\.[^\s@<>\"',;]+")
# By how what is kept of somebody begins.
PARTIES = (("op_", "operator"), ("cli:", "operator"), ("worker", "system"), ("ga_", "another"), ("la_", "another"))


def told_to_owner(value: Any, own_mailbox: str) -> Any:
    """The same value, of whatever depth, without what is another's."""
    if isinstance(value, dict):
        return {key: told_to_owner(one, own_mailbox) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [told_to_owner(one, own_mailbox) for one in value]
    if not isinstance(value, str):
        return value
    party = next((told for beginning, told in PARTIES if value.startswith(beginning)), None)
    if party is not None:
        return party
    return MAILBOX.sub(lambda m: m[0] if m[0].lower() == own_mailbox.lower() else masked_email(m[0]), value)
