"""The provider calls public machines at a client's word, and no others."""

import pytest

from idp.policies.addresses import may_be_called

LOOPBACK = ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", "2002:7f00:1::"]
INSIDE = [
    "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.100.100.200", "168.63.129.16", "0.0.0.0",
    "192.0.0.192", "198.18.0.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1", "2001::1",
    "::ffff:10.0.0.1", "::ffff:169.254.169.254", "2002:a00:1::1", "64:ff9b::a00:1", "64:ff9b:1::1",
    "::10.0.0.1", "3fff::1:zz", "localhost", "", "2130706433", "0x7f000001",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "203.69.1.1", "2001:b000::1", "2404:6800:4008::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("number", PUBLIC)
def test_a_public_machine_may_be_called(number: str) -> None:
    assert may_be_called(number, loopback=False)


@pytest.mark.parametrize("number", INSIDE)
def test_what_is_inside_some_network_may_never_be_called(number: str) -> None:
    assert not may_be_called(number, loopback=False)
    assert not may_be_called(number, loopback=True)


@pytest.mark.parametrize("number", LOOPBACK)
def test_this_very_machine_may_be_called_only_where_that_is_allowed(number: str) -> None:
    assert not may_be_called(number, loopback=False)
    assert may_be_called(number, loopback=True)
