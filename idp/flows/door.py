"""What all ways of signing in share: the request that waits, who is signed in already, and where one goes on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, g, make_response, redirect, request, url_for
from flask_babel import gettext

from idp.browser import (
    browser_id,
    current_sign_in,
    forget_current_sign_in,
    peer_address,
    set_sign_in_cookie,
    sign_in_token,
)
from idp.errors import AccountPending, AccountRejected, AccountUnverified, Refused
from idp.flows.fresh import has_fresh_sign_in
from idp.flows.own_paths import own_path
from idp.flows.page_context import on_the_way_to
from idp.policies.assurance import Method
from idp.policies.standing import AccountKind
from idp.services.acting import Acting
from idp.services.authorization_requests import WaitingRequest, note_signed_in, waiting_request
from idp.services.clients import client_by_id
from idp.services.sign_ins import SignedIn, begin_sign_in, find_sign_in
from idp.services.step_up import has_second_here


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody at the door: for a request that waits or a page that wanted a sign-in (``back``), perhaps signed in
    already; ``other`` says that she wants to be somebody else, ``again`` that the page asks for a fresh sign-in
    (flows/fresh.py)."""

    waiting: WaitingRequest | None
    signed_in: SignedIn | None
    other: bool
    back: str
    again: bool = False

    @property
    def is_fixed(self) -> bool:
        """Whether it is for one person to sign in again; another account comes by its own way (?other=1)."""
        return self.signed_in is not None and not self.other

    @property
    def is_done(self) -> bool:
        """Whether nobody asks for a sign-in, and there is one."""
        return self.is_fixed and self.waiting is None and not (self.again and not has_fresh_sign_in())

    @property
    def on_the_way(self) -> dict[str, Any]:
        """What the address of every page at the door carries along."""
        waiting_id = self.waiting.id if self.waiting else None
        return {"request_id": waiting_id, "back": self.back or None, "again": "1" if self.again else None}

    @property
    def fields(self) -> dict[str, str]:
        """The same as hidden fields of a form."""
        waiting_id = self.waiting.id if self.waiting else ""
        other, again = "1" if self.other else "", "1" if self.again else ""
        return {"request_id": waiting_id, "other": other, "back": self.back, "again": again}

    @property
    def goes_on(self) -> str:
        """Where one is led who is signed in already."""
        return self.leads(self.signed_in.human if self.signed_in is not None else None)

    def leads(self, account: Acting | None) -> str:
        """Where one is led once one is signed in as this account: a linked one has a home of its own (R-093)."""
        if self.waiting is not None:
            return url_for("authorize.resume", request_id=self.waiting.id)
        is_linked = account is not None and account.kind is AccountKind.LINKED
        return self.back or url_for("linked.home" if is_linked else "account.overview")


def arrival_of(values: Mapping[str, str]) -> Arrival:
    """Who comes, by the fields of an address or a form. The browser gets its id, if it has none."""
    browser, request_id = browser_id(), values.get("request_id", "")
    waiting = waiting_request(request_id, browser=browser) if request_id else None
    back, other, again = own_path(values.get("back")) or "", bool(values.get("other")), bool(values.get("again"))
    return Arrival(waiting, current_sign_in(), other, back, again)


def show_door(arrival: Arrival, endpoint: str, **more: Any) -> None:
    """Say which application a page leads to, and where its language link leads: by GET, also after a POST."""
    on_the_way_to(client_by_id(arrival.waiting.client_id) if arrival.waiting else None)
    g.here = url_for(endpoint, **arrival.on_the_way, other="1" if arrival.other else None, **more)


def previous_sign_in() -> SignedIn | None:
    """The sign-in of this browser that a new one continues or ends; one that idled out counts."""
    token = sign_in_token()
    return find_sign_in(token, even_idle=True) if token else None


def let_in(
    account: Acting,
    methods: list[Method],
    arrival: Arrival,
    *,
    previous: SignedIn | None,
    card_tax_id: str | None = None,
    keeps_time: bool = False,
    must_live: bool = False,
) -> str:
    """Sign somebody in, and note it for the request that waits; the cookie's token. Within a transaction."""
    _, token = begin_sign_in(
        account,
        methods,
        previous=previous,
        browser=browser_id(),
        address=peer_address(),
        user_agent=request.headers.get("User-Agent"),
        card_tax_id=card_tax_id,
        keeps_time=keeps_time,
        must_live=must_live,
    )
    if arrival.waiting is not None:
        is_same = previous is not None and previous.human.account_id == account.account_id
        note_signed_in(arrival.waiting.id, same_human=is_same)
    return token


def lead_on(token: str, target: str) -> Response:
    """Give the browser its sign-in and lead it on."""
    forget_current_sign_in()
    response = make_response(redirect(target, 303))
    set_sign_in_cookie(response, token)
    return response


def about_another(arrival: Arrival) -> str | None:
    """That the sign-in which runs will end, where somebody else is to sign in."""
    if arrival.signed_in is None or not arrival.other:
        return None
    return str(
        gettext(
            "您目前以「%(name)s」登入。改用其他帳號登入後，「%(name)s」在這個瀏覽器的登入會結束。",
            name=arrival.signed_in.human.name,
        )
    )


def about_two_factors(arrival: Arrival) -> str | None:
    """That a password alone is not enough here, what is, and who helps where all of it is lost."""
    human = arrival.signed_in.human if arrival.again and arrival.is_fixed and arrival.signed_in is not None else None
    if human is None or not has_second_here(human.account_id):
        return None
    return str(
        gettext(
            "為了您的安全，請再次登入：您已設定密碼以外的驗證方式，請以通行密鑰、憑證，或密碼加驗證碼登入，只輸入密碼無法繼續。"
            "若這些驗證方式都已遺失，請洽客服，由營運人員查證身分後重設。"
        )
    )


def about_a_try(arrival: Arrival) -> str:
    """That an operator will be shown what the application would be told (flows/ops/client_try.py)."""
    told = gettext(
        "這是營運人員的測試登入，請使用測試帳號：登入後，這個應用系統會得到的資料將顯示給營運人員，不會送往應用系統。"
    )
    also = about_another(arrival)
    return str(told) if also is None else f"{told}{also}"


def way_on(refused: Refused | None) -> dict[str, str] | None:
    """Where a refusal leads who is refused for a reason of her own application."""
    if isinstance(refused, AccountUnverified):
        return {"href": url_for("verification_resend.ask"), "text": gettext("補發驗證信")}
    if isinstance(refused, AccountPending | AccountRejected):
        return {"href": url_for("case_status.ask"), "text": gettext("查詢申請進度")}
    return None
