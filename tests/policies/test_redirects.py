"""Which addresses a client may register (AD04)."""

import pytest

from idp.policies.redirects import address_problem


@pytest.mark.parametrize(
    "address",
    [
        "https://app.example/cb",
        "https://app.example:8443/cb?x=1",
        "https://app.example",
        "https://xn--fiq.example/",
    ],
)
def test_https_addresses_are_taken(address: str) -> None:
    assert address_problem(address, production=True) is None


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_loopback_is_for_development_alone(host: str) -> None:
    for scheme in ("http", "https"):
        address = f"{scheme}://{host}:5101/callback"
        assert address_problem(address, production=False) is None
        assert address_problem(address, production=True) == "redirect.loopback"


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("http://app.example/cb", "redirect.https"),
        ("https://app.example/cb#", "redirect.fragment"),
        ("https://app.example/cb#part", "redirect.fragment"),
        ("https://*.app.example/cb", "redirect.wildcard"),
        ("https://app.example/*", "redirect.wildcard"),
        ("https://user@app.example/cb", "redirect.user"),
        ("https://user:pw@app.example/cb", "redirect.user"),
        ("javascript:alert(1)", "redirect.scheme"),
        ("myapp://callback", "redirect.scheme"),
        ("data:text/html,x", "redirect.scheme"),
        ("https://192.0.2.1/cb", "redirect.ip"),
        ("https://[2001:db8::1]/cb", "redirect.ip"),
        ("https://192.0.2.1./cb", "redirect.ip"),
        ("https://3221225985/cb", "redirect.ip"),
        ("https://0xC0000201/cb", "redirect.ip"),
        ("https://192.0.0x201/cb", "redirect.ip"),
        ("http://192.0.2.1/cb", "redirect.https"),
        ("https://app.example\\@evil.test/", "redirect.characters"),
        ("https://app.example/\r\nX: y", "redirect.characters"),
        ("https://app.example/ cb", "redirect.characters"),
        ("https://例子.test/cb", "redirect.characters"),
        ("https://", "redirect.form"),
        ("/callback", "redirect.form"),
        ("app.example", "redirect.form"),
        ("https://app.example:99999/", "redirect.form"),
        ("https://[::1/cb", "redirect.form"),
        ("", "redirect.form"),
    ],
)
def test_other_addresses_are_refused(address: str, problem: str) -> None:
    assert address_problem(address, production=False) == problem
