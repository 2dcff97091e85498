"""A provider that offers no card component: nothing leads to one, and no client is promised what nobody can reach."""

from tests.harness.cards import CARD, DEMANDED
from tests.harness.people import Town


def test_where_no_component_is_offered_nothing_leads_to_a_card(honest: Town) -> None:
    browser, party = honest.browser(), honest.new_rp(scope="openid", consent=False)
    page = browser.get("/login")
    assert "使用工商憑證登入" not in page.text
    assert browser.get("/login/card").status == 404
    token = page.forms[0].value("csrf_token")
    assert browser.post("/login/card", {"csrf_token": token}, headers={"Origin": honest.issuer}).status == 404
    assert party.metadata["acr_values_supported"] == [CARD.replace("card", one) for one in ("password", "mfa")]
    staff = honest.person("staff")
    assert party.sign_in(browser, staff, acr_values=CARD).claims["acr"].endswith(":password")
    assert party.authorize(browser, claims=DEMANDED).error == "unmet_authentication_requirements"
    status, _, told = honest.idp.attempt("company", "demand", "--tax-id", staff.tax_id, "--acr", "card")
    assert status != 0
    assert "No card component is offered here" in told
