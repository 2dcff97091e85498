"""Which kind of account is applied for (P3): a general or a linked one, and what a general one is to sign in by."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import render_template, url_for
from flask_babel import gettext

from idp.flows.moments import is_english
from idp.models import Service
from idp.policies.registration import CredentialSet, RegistrationPolicy, offers_credentials, offers_linked
from idp.policies.standing import AccountKind


@dataclass(frozen=True, slots=True)
class KindCard:
    """What P3 says of a kind: for whom it is (【適用申請對象】) and what to know before applying (【申請說明】).

    ``id`` is that of its button, whose words are ``button``; what the account can't do stands in ``limits``.
    """

    kind: AccountKind | CredentialSet
    id: str
    title: str
    meant_for: str
    notes: tuple[str, ...]
    button: str
    limits: tuple[str, ...] = ()


Begun = Mapping[AccountKind | CredentialSet, str]


def kinds_page(
    service: Service,
    policy: RegistrationPolicy,
    request_id: str | None,
    begun: Begun | None = None,
) -> str:
    """P3: a card for each kind (R-061, R-144, R-181, R-208); ``request_id`` is the request on whose way one is.

    ``begun`` is where an application that was begun already goes on, by the kind of its account.
    """
    name = service.name_en if is_english() else service.name_zh
    has_sets = offers_credentials(policy)
    cards = [_of_set(one) for one in policy.credentials] if has_sets else [_general(policy, name)]
    cards += [_linked(policy)] if offers_linked(policy) else []
    there = dict(begun or {})
    if not has_sets and policy.credentials[0] in there:
        there[AccountKind.GENERAL] = there[policy.credentials[0]]
    return render_template(
        "registration/kind.html",
        service_name=name,
        cards=[(card, there.get(card.kind) or _begins(service.id, card.kind, request_id)) for card in cards],
        has_sets=has_sets,
        request_id=request_id,
    )


def _begins(service_id: str, kind: AccountKind | CredentialSet, request_id: str | None) -> str:
    chosen = {"credential": kind} if isinstance(kind, CredentialSet) else {"kind": kind}
    return url_for("registration.begin", service=service_id, request_id=request_id, **chosen)


def _of_set(credential: CredentialSet) -> KindCard:
    """The three kinds of manuals 003 and 004, each with what its account can do (R-180, R-187, R-206, R-207)."""
    kind_id = f"kind-{credential.replace('_', '-')}"
    if credential is CredentialSet.COMPANY_CARD:
        return KindCard(
            credential,
            kind_id,
            gettext("工商憑證帳號"),
            gettext("持有公司工商憑證，要以全電子方式申辦的公司。"),
            (
                gettext("公司欲使用全電子申請作業時，須先建立工商憑證帳號申請。"),
                gettext("申請時須插入貴公司的工商憑證；啟用後，可以用這張憑證登入。"),
                gettext("可進行紙本申辦與全電子申辦作業。"),
            ),
            gettext("建立工商憑證帳號"),
        )
    if credential is CredentialSet.CITIZEN_CARD:
        return KindCard(
            credential,
            kind_id,
            gettext("自然人憑證帳號"),
            gettext("沒有工商憑證，要以自己的自然人憑證登入的公司人員。"),
            (
                gettext("申請時須插入您本人的自然人憑證；啟用後，可以用這張憑證登入。"),
                gettext("自然人憑證只能識別個人身分，不能證明公司。"),
            ),
            gettext("建立自然人憑證帳號"),
            (gettext("未申請工商憑證，則僅能進行紙本申辦作業，不得進行全電子申辦。"),),
        )
    return KindCard(
        credential,
        kind_id,
        gettext("非憑證帳號（原電子身分證）"),
        gettext("沒有憑證，以帳號識別碼與密碼登入的公司人員。"),
        (
            gettext("帳號識別碼（IC）由系統產生，密碼由您在啟用帳號時自行設定。"),
            gettext("之後仍可登錄憑證，改用憑證登入。"),
        ),
        gettext("建立非憑證帳號"),
        (gettext("如僅申請非憑證帳號未申請工商憑證，則僅能進行紙本申辦作業，不得進行全電子申辦。"),),
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
    title, button = gettext("一般帳號（代表一家公司）"), gettext("申請一般帳號")
    return KindCard(AccountKind.GENERAL, "kind-general", title, meant_for, (*owns, by, direct), button)


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
    button = gettext("申請%(label)s", label=label)
    return KindCard(AccountKind.LINKED, "kind-linked", title, meant_for, notes, button)
