"""The console's pages about companies and accounts (P37)."""

from tests.browser.scenes import Scenes
from tests.browser.scenes_of_the_operators import at_console
from tests.browser.visitor import Visitor

PEOPLE = Scenes()


def at_a_company(window: Visitor) -> None:
    """The first company of the list."""
    at_console(window, "/ops/companies")
    window.click(".tbl tbody th a")


def at_an_account(window: Visitor) -> None:
    """The first of all accounts."""
    window.place.person("staff")
    at_console(window, "/ops/accounts")
    window.click(".tbl tbody th a")


@PEOPLE.page()
def people_company(window: Visitor) -> None:
    at_a_company(window)


@PEOPLE.page(focus="summary")
def people_company_without_reason(window: Visitor) -> None:
    at_a_company(window)
    window.click("to-prove")
    window.click("prove")


@PEOPLE.page()
def people_account(window: Visitor) -> None:
    at_an_account(window)


@PEOPLE.page()
def people_accounts_not_found(window: Visitor) -> None:
    at_console(window, "/ops/accounts?q=nobody-of-this-name")
