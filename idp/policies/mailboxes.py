"""Mailboxes that are probably mistyped: the link would be sent to a stranger, or to nobody."""

COMMON = (
    "gmail.com", "yahoo.com.tw", "yahoo.com", "hotmail.com", "outlook.com", "icloud.com", "hinet.net", "seed.net.tw",
)  # fmt: skip
# One letter away from a common one, and real themselves.
REAL = frozenset({"ymail.com", "mail.com", "yahoo.com.hk", "hotmail.com.tw", "outlook.com.tw"})
# What stands for another ending by a slip of the finger, or by habit.
SLIPS = {"gmail.com.tw": "gmail.com", "hinet.com": "hinet.net", "hinet.net.tw": "hinet.net", "yahoo.tw": "yahoo.com.tw"}


def probably_meant(address: str) -> str | None:
    """The address that was probably meant, or None: its domain is one slip away from a common one.

    A hint that asks once and refuses nobody: ``example@gmial.com`` is ``example@gmail.com``.
    """
    local, _, domain = address.rpartition("@")
    name = domain.lower()
    if name in COMMON or name in REAL:
        return None
    meant = SLIPS.get(name) or next((common for common in COMMON if is_one_slip(name, common)), None)
    return f"{local}@{meant}" if meant else None


def is_one_slip(typed: str, meant: str) -> bool:
    """Whether one letter is missing, too many, another one, or two neighbours have changed places."""
    if abs(len(typed) - len(meant)) > 1 or typed == meant:
        return False
    at = next((i for i, (one, other) in enumerate(zip(typed, meant, strict=False)) if one != other), len(meant))
    if len(typed) != len(meant):
        longer, shorter = sorted((typed[at:], meant[at:]), key=len, reverse=True)
        return longer[1:] == shorter
    has_swapped = typed[at : at + 2] == meant[at : at + 2][::-1] and typed[at + 2 :] == meant[at + 2 :]
    return has_swapped or typed[at + 1 :] == meant[at + 1 :]
