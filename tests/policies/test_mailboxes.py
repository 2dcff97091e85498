"""A mailbox that is one slip away from a common one is asked about."""

import pytest

from idp.policies.mailboxes import COMMON, REAL, probably_meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("GMAI.com", "gmail.com"),
        ("gmail.com.tw", "gmail.com"),
        ("yahoo.com.rw", "yahoo.com.tw"),
        ("yahooo.com.tw", "yahoo.com.tw"),
        ("hotmial.com", "hotmail.com"),
        ("hinet.net.tw", "hinet.net"),
        ("hinet.ne", "hinet.net"),
    ],
)
def test_a_slip_of_the_finger_is_seen(typed: str, meant: str) -> None:
    assert probably_meant(f"Ming@{typed}") == f"Ming@{meant}"


@pytest.mark.parametrize("domain", [*COMMON, *sorted(REAL), "example.test", "gmx.com", "company.com.tw", "mail.gov.tw"])
def test_a_mailbox_of_another_kind_is_none(domain: str) -> None:
    assert probably_meant(f"ming@{domain}") is None
