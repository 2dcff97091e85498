"""Which kind of account is applied for (P3): a general or a linked one, where the service registers both."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import render_template, url_for
from flask_babel import gettext

from idp.flows.moments import is_english
from idp.models import Service
from idp.policies.registration import RegistrationPolicy
from idp.policies.standing import AccountKind


@dataclass(frozen=True, slots=True)
class KindCard:
    """What P3 says of a kind: for whom it is (【適用申請對象】) and what to know before applying (【申請說明】)."""

    kind: AccountKind
    title: str
    meant_for: str
    notes: tuple[str, ...]


def kinds_page(
    service: Service,
    policy: RegistrationPolicy,
    request_id: str | None,
    begun: Mapping[AccountKind, str] | None = None,
) -> str:
    """P3: two cards (R-061, R-144); ``request_id`` is the request on whose way the application is.

    ``begun`` is where an application that was begun already goes on, by the kind of its account.
    """
    begins = {
        kind: url_for("registration.begin", service=service.id, kind=kind, request_id=request_id)
        for kind in AccountKind
    } | dict(begun or {})
    name = service.name_en if is_english() else service.name_zh
    return render_template(
        "registration/kind.html",
        service_name=name,
        general=_general(policy, name),
        linked=_linked(policy),
        general_href=begins[AccountKind.GENERAL],
        linked_href=begins[AccountKind.LINKED],
        linked_label=linked_label(policy),
        request_id=request_id,
    )


def _general(policy: RegistrationPolicy, service_name: str) -> KindCard:
    """一般帳號: every company, by its number, and where a company may have many, every user (C-6)."""
    if policy.accounts_per_company == "one":
        meant_for = gettext("每一家公司。")
        by = gettext("依統一編號區分，若有多家公司，須依不同統一編號分別註冊一般帳號。")
    else:
        meant_for = gettext("每一家公司，凡需要登入「%(service)s」進行申辦相關作業之使用者。", service=service_name)
        by = gettext("依統一編號區分，若有多家公司，須依不同統一編號及使用者分別註冊一般帳號。")
    own = gettext("每一家公司都必須有個別的一般帳號。")
    person = gettext("每位使用者都必須有個別的一般帳號。")
    direct = gettext("可直接登入系統，登入後具申辦及查詢列印等功能。")
    owns = (own,) if policy.accounts_per_company == "one" else (own, person)
    return KindCard(AccountKind.GENERAL, gettext("一般帳號（代表一家公司）"), meant_for, (*owns, by, direct))


def linked_label(policy: RegistrationPolicy) -> str:
    """What linked accounts are called within a sentence: on Chinese pages by the service's own word."""
    return gettext("鏈結帳號").lower() if is_english() else policy.label_linked


def _linked(policy: RegistrationPolicy) -> KindCard:
    """鏈結帳號, which manual 002 calls 共用帳號 (R-052 … R-056, R-145)."""
    label = linked_label(policy)
    notes = (
        gettext("%(label)s能將多個一般帳號鏈結至單一登入帳號，但「不具」申辦及查詢列印等功能。", label=label),
        gettext("若有多個公司需做管理，可在完成註冊一般帳號後，另新增%(label)s。", label=label),
        gettext(
            "%(label)s可綁定多個一般帳號，完成綁定後，可藉由單一管理帳號進行登入，並切換登入不同的公司。", label=label
        ),
        gettext(
            "申請%(label)s前，請先個別完成每一家公司的一般帳號申請與帳號郵件驗證，以利%(label)s的綁定。", label=label
        ),
    )
    title = gettext("%(label)s（原稱共用帳號）", label=label)
    meant_for = gettext("已有多家公司一般帳號，想要藉由單一管理帳號進行登入作業者。")
    return KindCard(AccountKind.LINKED, title, meant_for, notes)
