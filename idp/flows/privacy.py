"""隱私權 (個資法第8條第1項) and 無障礙聲明 (P40), for everybody. The times are read from what the program does."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext, ngettext

from idp.config import settings
from idp.flows.moments import is_english
from idp.flows.shown_texts import mailbox_of, service_name, shown_text
from idp.models import Service
from idp.policies.bindings import REQUESTS_KEPT
from idp.policies.deadlines import KEPT_UNFINISHED
from idp.policies.registration import RegistrationPolicy
from idp.services.housekeeping import DEAD_KEPT, FAILURES_KEPT, INVITATIONS_KEPT, LINKS_KEPT, SENT_MAIL_KEPT
from idp.services.service_registry import list_services
from idp.services.service_texts import NOTICE, notice_of

bp = Blueprint("privacy", __name__)

BUILT_IN = "1"


@bp.get("/privacy")
def privacy() -> str:
    """The notice of the provider, or of the service that is asked for, and how long what is kept."""
    services = list_services()
    chosen = next((one for one in services if one.id == request.args.get("service")), None)
    return render_template(
        "privacy/privacy.html",
        **_notice(chosen),
        others=[{"id": one.id, "name": service_name(one)} for one in services if one is not chosen],
        chosen=chosen.id if chosen else None,
        kept=_kept(),
    )


@bp.get("/accessibility")
def accessibility() -> str:
    """無障礙聲明: what is checked, the access keys, and whom to tell."""
    return render_template("privacy/accessibility.html", mailbox=settings().mail_sender)


def _notice(service: Service | None) -> dict[str, Any]:
    if service is None:
        return {
            "service_name": gettext("企業帳號中心"),
            "mailbox": settings().mail_sender,
            "version": BUILT_IN,
            "text": {"page": f"texts/{NOTICE}.{BUILT_IN}.{'en' if is_english() else 'zh-Hant-TW'}.html", "blocks": ()},
        }
    version = notice_of(service.id)[1]
    shown = shown_text(service, NOTICE, version)
    return {
        "service_name": service_name(service),
        "mailbox": mailbox_of(service),
        "version": version,
        "text": {"page": shown.page, "blocks": shown.blocks},
    }


def _kept() -> list[tuple[str, str]]:
    """What is kept, and until when."""
    return [
        (gettext("帳號資料（姓名、帳號、公司、權限）"), gettext("帳號存續期間；關閉後帳號名稱不再給任何人使用。")),
        (
            gettext("Email 與電話"),
            ngettext("帳號關閉 %(num)d 天後刪除。", "帳號關閉 %(num)d 天後刪除。", settings().closed_contact_days),
        ),
        (gettext("未完成或撤回的帳號申請"), _after(KEPT_UNFINISHED)),
        (
            gettext("久未使用的帳號"),
            ngettext(
                "%(num)d 天沒有使用即停用，事前以信件通知；各服務得另訂期間。",
                "%(num)d 天沒有使用即停用，事前以信件通知；各服務得另訂期間。",
                RegistrationPolicy().idle_days,
            ),
        ),
        (gettext("登入紀錄、同意紀錄與稽核紀錄"), gettext("依資通安全法令保存，不刪除，供日後查證。")),
        (gettext("憑證簽章與公司證明文件"), gettext("作為公司驗證的證據，於公司使用本服務期間保存。")),
        (gettext("已寄出的信件"), _after(SENT_MAIL_KEPT)),
        (gettext("未能寄達的信件"), _after(DEAD_KEPT)),
        (gettext("信件中的連結（只存雜湊值）"), _after(LINKS_KEPT)),
        (gettext("沒有使用的邀請"), _after(INVITATIONS_KEPT)),
        (gettext("沒有完成的綁定申請"), _after(REQUESTS_KEPT)),
        (gettext("登入失敗的次數（只存雜湊值）"), _after(FAILURES_KEPT)),
    ]


def _after(time: timedelta) -> str:
    return str(ngettext("%(num)d 天後刪除。", "%(num)d 天後刪除。", time.days))
