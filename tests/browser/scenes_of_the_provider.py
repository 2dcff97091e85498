"""Every page of the provider, with how one gets there."""

from tests.browser.place import OTHER_COMPANY
from tests.browser.scenes import Scenes
from tests.browser.visitor import Visitor

PROVIDER = Scenes()


# Signing in.


@PROVIDER.page()
def sign_in(window: Visitor) -> None:
    window.open("/login")


@PROVIDER.page()
def sign_in_at_dreams(window: Visitor) -> None:
    window.open(window.place.dreams + "/login")


@PROVIDER.page()
def sign_in_with_a_hint_and_create(window: Visitor) -> None:
    window.open(window.place.authorize("silent", prompt="create", login_hint="somebody"))


@PROVIDER.page(focus="summary")
def sign_in_wrong_password(window: Visitor) -> None:
    window.open(window.place.authorize("asking"))
    window.page.fill("#username", "nobody-of-this-name")
    window.page.fill("#password", "not-the-Passw0rd")
    window.click("sign-in")


@PROVIDER.page(focus="summary")
def sign_in_nothing_filled_in(window: Visitor) -> None:
    window.open("/login")
    window.click("sign-in")


@PROVIDER.page("staff")
def sign_in_again(window: Visitor) -> None:
    window.open(window.place.authorize("silent", prompt="login"))


@PROVIDER.page("staff")
def sign_in_as_another(window: Visitor) -> None:
    window.open(window.place.authorize("silent", prompt="login"))
    window.click("a[href*='other=1']")


@PROVIDER.page()
def sign_in_after_time_out(window: Visitor) -> None:
    window.open("/login?expired=1")


# On the way to an application.


@PROVIDER.page("staff")
def consent(window: Visitor) -> None:
    window.open(window.place.authorize("asking", prompt="consent"))


@PROVIDER.page("staff")
def consent_offline(window: Visitor) -> None:
    scope = "openid profile email company menus offline_access"
    window.open(window.place.authorize("asking", prompt="consent", scope=scope))


@PROVIDER.page("staff", focus="autofocus")
def chooser(window: Visitor) -> None:
    window.open(window.place.authorize("silent", prompt="select_account"))


@PROVIDER.page("staff")
def chooser_wished_for_another_company(window: Visitor) -> None:
    window.open(window.place.authorize("silent", tenant=window.place.town.company(OTHER_COMPANY)["id"]))


@PROVIDER.page("staff")
def chooser_not_admitted(window: Visitor) -> None:
    window.open(window.place.authorize("narrow"))


@PROVIDER.page("staff", focus="none")
def form_post(window: Visitor) -> None:
    # The script sends the page away at once; an empty one lets it be looked at.
    window.context.route("**/form_post.js*", lambda route: route.fulfill(body="", content_type="text/javascript"))
    window.open(window.place.authorize("silent", response_mode="form_post"))


# The account page and signing out.


@PROVIDER.page("staff")
def account(window: Visitor) -> None:
    window.place.client("narrow")
    window.open("/account")


@PROVIDER.page("group_admin", focus="none")
def account_menu_open(window: Visitor) -> None:
    window.open("/account")
    window.unfold("details.pop > summary")


@PROVIDER.page()
def account_without_applications(window: Visitor) -> None:
    window.open(window.place.first_day.issuer + "/login")
    window.sign_in(window.place.first)


@PROVIDER.page("group_admin")
def account_with_authorizations(window: Visitor) -> None:
    window.open(window.place.authorize("asking", prompt="consent", scope="openid profile offline_access"))
    window.click("consent-accept")
    window.open("/account")


@PROVIDER.page("long")
def account_long_names(window: Visitor) -> None:
    window.open("/account")


@PROVIDER.page("long")
def consent_long_names(window: Visitor) -> None:
    window.open(window.place.authorize("asking", prompt="consent"))


@PROVIDER.page("long")
def chooser_long_names(window: Visitor) -> None:
    window.open(window.place.authorize("narrow", tenant=window.place.town.company(OTHER_COMPANY)["id"]))


@PROVIDER.page("staff")
def sign_out(window: Visitor) -> None:
    window.open("/logout")


@PROVIDER.page("staff")
def sign_out_of_dreams_asked(window: Visitor) -> None:
    window.open("/logout?client_id=dreams")


@PROVIDER.page()
def signed_out(window: Visitor) -> None:
    window.open("/signed-out")


@PROVIDER.page()
def signed_out_by_the_header(window: Visitor) -> None:
    window.open("/login?signed_out=1")


# Errors.


@PROVIDER.page()
def error_bad_request(window: Visitor) -> None:
    window.open("/login?request_id=%00")


@PROVIDER.page()
def error_not_found(window: Visitor) -> None:
    window.open("/nowhere")


@PROVIDER.page("staff")
def error_not_found_signed_in(window: Visitor) -> None:
    window.open("/nowhere")


@PROVIDER.page()
def error_method(window: Visitor) -> None:
    window.open("/sign-out")


@PROVIDER.page()
def error_form_without_its_token(window: Visitor) -> None:
    window.open("/login")
    window.page.evaluate("document.querySelector('[name=csrf_token]').value = 'old'")
    window.click("sign-in")


@PROVIDER.page("staff")
def error_form_of_another_account(window: Visitor) -> None:
    window.open("/account")
    window.page.evaluate("document.querySelector('[action=\"/account/open\"] [name=account]').value = 'ga_other'")
    window.click("open-dreams")


@PROVIDER.page()
def error_request_gone(window: Visitor) -> None:
    window.open("/consent/gone")


@PROVIDER.page()
def error_accident(window: Visitor) -> None:
    server = window.place.first_day
    window.open(server.issuer + "/login")
    window.sign_in(window.place.first)
    server.write("ALTER TABLE sign_ins RENAME TO hidden_sign_ins", {})
    try:
        window.open(server.issuer + "/account")
    finally:
        server.write("ALTER TABLE hidden_sign_ins RENAME TO sign_ins", {})


@PROVIDER.page()
def protocol_unknown_client(window: Visitor) -> None:
    window.open(window.place.authorize("silent", client_id="nobody"))


@PROVIDER.page()
def protocol_unregistered_address(window: Visitor) -> None:
    window.open(window.place.authorize("silent", redirect_uri="https://elsewhere.example/callback"))


@PROVIDER.page("staff")
def protocol_expired_request(window: Visitor) -> None:
    window.open("/authorize/gone")


@PROVIDER.page("staff")
def protocol_sign_out_to_an_unregistered_address(window: Visitor) -> None:
    window.open("/logout?client_id=dreams&post_logout_redirect_uri=https://elsewhere.example/")


@PROVIDER.page()
def protocol_other(window: Visitor) -> None:
    window.open("/logout?id_token_hint=x")
