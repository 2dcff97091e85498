"""Which network addresses the provider itself may call where a client named the address (ASVS 1.3.6)."""

import ipaddress

# Public by number, and yet inside: the metadata of a cloud's machines, and what the IETF keeps for protocols.
INSIDE = (ipaddress.IPv4Network("168.63.129.16/32"), ipaddress.IPv4Network("192.0.0.0/24"))
GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: the last four bytes are an IPv4 address


def may_be_called(address: str, *, loopback: bool) -> bool:
    """Whether this is the number of a public machine, or of this very one where ``loopback`` is allowed.

    An IPv6 address that carries an IPv4 address is judged by that.
    """
    try:
        number = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(number, ipaddress.IPv6Address):
        inner = _carried(number)
        if inner is None:
            return _is_public_6(number) or (loopback and number.is_loopback)
        number = inner
    return _is_public_4(number) or (loopback and number.is_loopback)


def _carried(number: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if number.ipv4_mapped is not None:
        return number.ipv4_mapped
    if number.sixtofour is not None:
        return number.sixtofour
    return ipaddress.IPv4Address(int(number) & 0xFFFFFFFF) if number in TRANSLATED else None


def _is_public_4(number: ipaddress.IPv4Address) -> bool:
    return number.is_global and not number.is_multicast and not any(number in network for network in INSIDE)


def _is_public_6(number: ipaddress.IPv6Address) -> bool:
    return number in GLOBAL_UNICAST and number.is_global and number.teredo is None
