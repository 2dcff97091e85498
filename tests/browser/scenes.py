"""Every page of the provider, of DREAMS and of the mailbox, with how one gets there."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.browser.place import OTHER_COMPANY
from tests.browser.visitor import Visitor

BOTH = ("zh-TW", "en")
SITE = "路竹一期屋頂型"


@dataclass(frozen=True)
class Scene:
    """A page. ``role`` is who looks at it, ``focus`` what has the focus when it opens or with the first tab stop."""

    name: str
    go: Callable[[Visitor], None]
    role: str | None = None
    focus: str = "skip"
    languages: tuple[str, ...] = BOTH


SCENES: list[Scene] = []


def scene(
    role: str | None = None, *, focus: str = "skip", languages: tuple[str, ...] = BOTH
) -> Callable[[Callable[[Visitor], None]], Callable[[Visitor], None]]:
    """Put a page on the list, under the name of the function that goes there."""

    def listed(go: Callable[[Visitor], None]) -> Callable[[Visitor], None]:
        SCENES.append(Scene(go.__name__, go, role, focus, languages))
        return go

    return listed


# Signing in.


@scene()
def sign_in(window: Visitor) -> None:
    window.open("/login")


@scene()
def sign_in_at_dreams(window: Visitor) -> None:
    window.open(window.place.dreams + "/login")


@scene()
def sign_in_with_a_hint_and_create(window: Visitor) -> None:
    window.open(window.place.authorize("silent", prompt="create", login_hint="somebody"))


@scene(focus="summary")
def sign_in_wrong_password(window: Visitor) -> None:
    window.open(window.place.authorize("asking"))
    window.page.fill("#username", "nobody-of-this-name")
    window.page.fill("#password", "not-the-Passw0rd")
    window.click("sign-in")


@scene(focus="summary")
def sign_in_nothing_filled_in(window: Visitor) -> None:
    window.open("/login")
    window.click("sign-in")


@scene("staff")
def sign_in_again(window: Visitor) -> None:
    window.open(window.place.authorize("silent", prompt="login"))


@scene("staff")
def sign_in_as_another(window: Visitor) -> None:
    window.open(window.place.authorize("silent", prompt="login"))
    window.click("a[href*='other=1']")


@scene()
def sign_in_after_time_out(window: Visitor) -> None:
    window.open("/login?expired=1")


# On the way to an application.


@scene("staff")
def consent(window: Visitor) -> None:
    window.open(window.place.authorize("asking", prompt="consent"))


@scene("staff")
def consent_offline(window: Visitor) -> None:
    scope = "openid profile email company menus offline_access"
    window.open(window.place.authorize("asking", prompt="consent", scope=scope))


@scene("staff", focus="autofocus")
def chooser(window: Visitor) -> None:
    window.open(window.place.authorize("silent", prompt="select_account"))


@scene("staff")
def chooser_wished_for_another_company(window: Visitor) -> None:
    window.open(window.place.authorize("silent", tenant=window.place.town.company(OTHER_COMPANY)["id"]))


@scene("staff")
def chooser_not_admitted(window: Visitor) -> None:
    window.open(window.place.authorize("narrow"))


@scene("staff", focus="none")
def form_post(window: Visitor) -> None:
    # The script sends the page away at once; an empty one lets it be looked at.
    window.context.route("**/form_post.js*", lambda route: route.fulfill(body="", content_type="text/javascript"))
    window.open(window.place.authorize("silent", response_mode="form_post"))


# The account page and signing out.


@scene("staff")
def account(window: Visitor) -> None:
    window.place.client("narrow")
    window.open("/account")


@scene("group_admin")
def account_menu_open(window: Visitor) -> None:
    window.open("/account")
    window.unfold("details.pop > summary")


@scene("staff")
def sign_out(window: Visitor) -> None:
    window.open("/logout")


@scene("staff")
def sign_out_of_dreams_asked(window: Visitor) -> None:
    window.open("/logout?client_id=dreams")


@scene()
def signed_out(window: Visitor) -> None:
    window.open("/signed-out")


@scene()
def signed_out_by_the_header(window: Visitor) -> None:
    window.open("/login?signed_out=1")


# Errors.


@scene()
def error_bad_request(window: Visitor) -> None:
    window.open("/login?request_id=%00")


@scene()
def error_not_found(window: Visitor) -> None:
    window.open("/nowhere")


@scene("staff")
def error_not_found_signed_in(window: Visitor) -> None:
    window.open("/nowhere")


@scene()
def error_method(window: Visitor) -> None:
    window.open("/sign-out")


@scene()
def error_form_without_its_token(window: Visitor) -> None:
    window.open("/login")
    window.page.evaluate("document.querySelector('[name=csrf_token]').value = 'old'")
    window.click("sign-in")


@scene("staff")
def error_form_of_another_account(window: Visitor) -> None:
    window.open("/account")
    window.page.evaluate("document.querySelector('[action=\"/account/open\"] [name=account]').value = 'ga_other'")
    window.click("open-dreams")


@scene()
def error_request_gone(window: Visitor) -> None:
    window.open("/consent/gone")


@scene()
def protocol_unknown_client(window: Visitor) -> None:
    window.open(window.place.authorize("silent", client_id="nobody"))


@scene()
def protocol_unregistered_address(window: Visitor) -> None:
    window.open(window.place.authorize("silent", redirect_uri="https://elsewhere.example/callback"))


@scene("staff")
def protocol_expired_request(window: Visitor) -> None:
    window.open("/authorize/gone")


@scene("staff")
def protocol_sign_out_to_an_unregistered_address(window: Visitor) -> None:
    window.open("/logout?client_id=dreams&post_logout_redirect_uri=https://elsewhere.example/")


@scene()
def protocol_other(window: Visitor) -> None:
    window.open("/logout?id_token_hint=x")


# DREAMS.


def at_dreams(window: Visitor, path: str) -> None:
    """Open a page of DREAMS, in the window's language and with a session there."""
    window.open(window.place.dreams + "/login")
    window.open(window.place.dreams + path)


@scene()
def dreams_welcome(window: Visitor) -> None:
    window.open(window.place.dreams)


@scene("staff")
def dreams_home(window: Visitor) -> None:
    at_dreams(window, "/")


@scene("group_admin")
def dreams_menu_open(window: Visitor) -> None:
    at_dreams(window, "/")
    window.unfold("#who")


@scene("staff")
def dreams_sites(window: Visitor) -> None:
    at_dreams(window, "/sites")


@scene("staff")
def dreams_site(window: Visitor) -> None:
    at_dreams(window, "/sites")
    window.click(f"a:has-text('{SITE}')")


@scene("staff")
def dreams_new_site(window: Visitor) -> None:
    at_dreams(window, "/sites/new")


@scene("staff")
def dreams_new_site_wrong(window: Visitor) -> None:
    at_dreams(window, "/sites/new")
    window.click("submit-site")


@scene("staff")
def dreams_progress(window: Visitor) -> None:
    at_dreams(window, "/cases")


@scene("staff")
def dreams_reports(window: Visitor) -> None:
    at_dreams(window, "/reports")


@scene("group_admin")
def dreams_users(window: Visitor) -> None:
    at_dreams(window, "/group/users")


@scene("staff")
def dreams_claims(window: Visitor) -> None:
    at_dreams(window, "/claims")


@scene("guest")
def dreams_forbidden(window: Visitor) -> None:
    at_dreams(window, "/sites/new")


@scene("staff")
def dreams_not_found(window: Visitor) -> None:
    at_dreams(window, "/nowhere")


@scene()
def dreams_sign_in_failed(window: Visitor) -> None:
    window.open(window.place.dreams + "/callback?error=access_denied&state=x")


@scene()
def dreams_sign_in_unknown(window: Visitor) -> None:
    window.open(window.place.dreams + "/callback?code=x&state=x")


@scene()
def dreams_signed_out(window: Visitor) -> None:
    window.open(window.place.dreams + "/signed-out")


# The mailbox, which speaks Chinese alone.


@scene(languages=("zh-TW",))
def mailbox(window: Visitor) -> None:
    window.place.send_a_mail("staff1@example.test")
    window.open(window.place.mailbox)


@scene(languages=("zh-TW",))
def mailbox_nothing_found(window: Visitor) -> None:
    window.open(window.place.mailbox + "/?q=nothing-of-the-kind")


@scene(languages=("zh-TW",))
def mailbox_mail(window: Visitor) -> None:
    window.place.send_a_mail("staff1@example.test")
    window.open(window.place.mailbox)
    window.click(".mails a")


@scene(languages=("zh-TW",))
def mailbox_missing(window: Visitor) -> None:
    window.open(window.place.mailbox + "/mail/none")
