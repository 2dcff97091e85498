"""The operators' console: its door, its set-up, and the pages about operators (P36 … P39 have theirs beside them)."""

from tests.browser.place import Place
from tests.browser.scenes import Scenes
from tests.browser.visitor import Visitor
from tests.harness.operators import Operator, an_invited_operator, an_operator

OPERATORS = Scenes()
OPERATOR_NAME = "周文傑"
_boss: dict[str, Operator] = {}


def boss_of(place: Place) -> Operator:
    """An operator with all duties, one for each place."""
    if place.issuer not in _boss:
        _boss[place.issuer] = an_operator(place.server, name=OPERATOR_NAME)
        an_invited_operator(place.server, "support", "auditor", name=OPERATOR_NAME)
    return _boss[place.issuer]


def at_console(window: Visitor, path: str) -> None:
    """Open a page of the console as that operator, who is signed in already."""
    boss = boss_of(window.place)
    token = boss.browser.cookie("idp_ops") or ""
    window.context.add_cookies([{"name": "idp_ops", "value": token, "url": window.place.issuer}])
    window.open(path)


def at_the_app(window: Visitor) -> Operator:
    """Follow a set-up link as far as the QR code."""
    found, link = an_invited_operator(window.place.server, "reviewer", name=OPERATOR_NAME)
    english = window.page.evaluate("navigator.language") == "en"
    window.open(f"/language/{'en' if english else 'zh-TW'}?next=/ops/login")
    window.open(link)
    window.page.fill("#password", found.password)
    window.page.fill("#password_again", found.password)
    window.click("setup-password")
    found.secret = window.page.inner_text("#setup-key").replace(" ", "")
    return found


@OPERATORS.page(focus="summary")
def operators_sign_in_wrong(window: Visitor) -> None:
    window.open("/ops/login")
    window.page.fill("#username", "nobody-here")
    window.page.fill("#password", "wrong-Passw0rd-1")
    window.click("ops-sign-in")


@OPERATORS.page()
def operators_set_up_app(window: Visitor) -> None:
    at_the_app(window)


@OPERATORS.page()
def operators_set_up_codes(window: Visitor) -> None:
    found = at_the_app(window)
    window.page.fill("#code", found.code())
    window.click("setup-app")


@OPERATORS.page()
def operators_home(window: Visitor) -> None:
    at_console(window, "/ops")


@OPERATORS.page()
def operators_list(window: Visitor) -> None:
    at_console(window, "/ops/operators")


@OPERATORS.page(focus="summary")
def operators_new_empty(window: Visitor) -> None:
    at_console(window, "/ops/operators/new")
    window.click("add")


@OPERATORS.page()
def operators_one(window: Visitor) -> None:
    at_console(window, "/ops/operators")
    window.click(".tbl tbody tr:has(.tag.warn) th a")


@OPERATORS.page()
def operators_suspend(window: Visitor) -> None:
    operators_one(window)
    window.click("to-suspend")


@OPERATORS.page()
def operators_own(window: Visitor) -> None:
    at_console(window, "/ops/own")


@OPERATORS.page()
def operators_audit(window: Visitor) -> None:
    at_console(window, "/ops/audit?event=operator%3A&do=search")
