"""The console's cookie where people come by https: for this host alone, and never with another site's link."""

from tests.harness.operators import an_operator, give_password, is_on_duty
from tests.harness.people import Town
from tests.security.doors import behind_proxy


def test_by_https_the_cookie_is_for_this_host_alone(by_https: Town) -> None:
    """ASVS 3.3: __Host-, Secure, HttpOnly, SameSite=Strict, path / and no domain."""
    public = by_https.server.environment["IDP_ISSUER"]
    found = an_operator(by_https, "auditor", browser=behind_proxy(public))
    assert is_on_duty(found.browser.get("/ops"))
    cookie = next(cookie for cookie in found.browser.http.cookies if cookie.name == "__Host-idp_ops")
    assert (cookie.secure, cookie.path, cookie.domain_specified) == (True, "/", False)
    assert cookie.get_nonstandard_attr("SameSite") == "Strict"
    assert cookie.has_nonstandard_attr("HttpOnly")
    again = behind_proxy(public)
    page = give_password(found, again)
    assert page.has("ops-code")
    assert again.cookie("__Host-idp_ops") is None
