"""What the page of step-up says: who asks for what, and by which of the ways a person has."""

from typing import Any

from flask_babel import lazy_gettext

from idp.flows.messages import METHOD_LABELS
from idp.flows.moments import is_english
from idp.flows.page_context import application_of, person_of
from idp.flows.waiting import Visit
from idp.policies.assurance import Acr, Shortfall
from idp.services.enrolled_cards import cards_of
from idp.services.step_up import Asker, Lack, ServiceDemand, Ways

BY_CARD = {
    "wish": lazy_gettext("「%(application)s」希望您以工商憑證登入。您也可以不使用憑證繼續，但部分功能可能無法使用。"),
    Asker.CLIENT: lazy_gettext("「%(application)s」要求以工商憑證登入。"),
    Asker.COMPANY: lazy_gettext("%(company)s要求所屬人員以工商憑證登入，才能進入「%(application)s」。"),
    Asker.SERVICE: lazy_gettext("「%(service)s」要求以工商憑證登入，才能進入「%(application)s」。"),
}
BY_TWO = {
    "wish": lazy_gettext(
        "「%(application)s」希望您以第二因素登入。您也可以不使用第二因素繼續，但部分功能可能無法使用。"
    ),
    Asker.CLIENT: lazy_gettext("「%(application)s」要求以第二因素登入。"),
    Asker.COMPANY: lazy_gettext("%(company)s要求代表該公司的人員以第二因素登入，才能進入「%(application)s」。"),
    Asker.SERVICE: lazy_gettext("「%(service)s」要求以第二因素登入，才能進入「%(application)s」。"),
}


def shown_of(visit: Visit, lack: Lack, ways: Ways) -> dict[str, Any]:
    """What sign_in/step_up.html shows."""
    human = visit.signed_in.human
    seat = visit.seat or human
    application = application_of(visit.client)
    return {
        "application": application,
        "acting": person_of(human),
        "seat": person_of(seat),
        "is_linked": seat.via is not None,
        "request_id": visit.waiting.id,
        "why": _why(lack, application.name, seat.company.name if seat.company else ""),
        "is_wish": lack.shortfall is Shortfall.WISHED,
        "is_card": lack.aim is Acr.CARD,
        "ways": ways,
        "is_acting_elsewhere": visit.signed_in.acting is not None,
        "methods": [METHOD_LABELS[method] for method in visit.signed_in.methods],
        "has_card": any(card.tax_id is not None for card in cards_of(human.account_id)),
    }


def _why(lack: Lack, application: str, company: str) -> str:
    service = lack.service
    named = {"application": application, "company": company, "service": _name(service) if service is not None else ""}
    asker = "wish" if lack.shortfall is Shortfall.WISHED else lack.asker
    return str((BY_CARD if lack.aim is Acr.CARD else BY_TWO)[asker]) % named


def _name(service: ServiceDemand) -> str:
    return service.name_en if is_english() else service.name_zh
