"""Words of the pages about companies and accounts (P37): tabs, acts with what they bring, where a proof is from."""

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext, lazy_pgettext

from idp.policies.documents import DocumentState
from idp.policies.helping import AccountAct, CompanyAct
from idp.policies.standing import CompanyStatus
from idp.services.ops_accounts import By
from idp.services.ops_companies import CompanyTab

SEEN_BY_PERSON = lazy_gettext("當事人會看到這段文字。")
SEEN_BY_PEOPLE = lazy_gettext("這家公司的人員會看到這段文字。")
KEPT = lazy_gettext("留在稽核紀錄，當事人不會看到。")


@dataclass(frozen=True, slots=True)
class ActWords:
    """An act on its page: button, question, what it brings, who reads the reason (None: no reason is asked)."""

    button: Any
    heading: Any
    told: Any
    reason: Any = KEPT
    is_heavy: bool = False
    done: Any = ""


TAB_LABELS = {
    CompanyTab.ALL: lazy_gettext("全部"),
    CompanyTab.RECHECK: lazy_gettext("登記資料待確認"),
    CompanyTab.GAP: lazy_gettext("沒有群組管理員"),
    CompanyTab.UNPROVEN: lazy_gettext("尚未驗證"),
    CompanyTab.SUSPENDED: lazy_gettext("停用"),
    CompanyTab.CLOSED: lazy_gettext("已歇業或解散"),
}
BY_LABELS = {
    By.USERNAME: lazy_gettext("帳號"),
    By.EMAIL: "Email",
    By.NAME: lazy_gettext("姓名"),
    By.ELECTRONIC_ID: lazy_gettext("電子身分證號"),
}
# Label, tone and sign of a badge.
COMPANY_STATES = {
    CompanyStatus.ACTIVE: (lazy_gettext("正常"), "ok", "check"),
    CompanyStatus.NEEDS_RECHECK: (lazy_gettext("登記資料待確認"), "warn", "alert"),
    CompanyStatus.SUSPENDED: (lazy_gettext("停用"), "bad", "lock"),
    CompanyStatus.CLOSED: (lazy_gettext("已歇業或解散"), "", "dash"),
}
DOCUMENT_STATES = {
    DocumentState.QUEUED: (lazy_gettext("待審核"), "warn", "clock"),
    DocumentState.IN_REVIEW: (lazy_gettext("審核中"), "act", None),
    DocumentState.APPROVED: (lazy_gettext("已核准"), "ok", "check"),
    DocumentState.REJECTED: (lazy_gettext("未核准"), "bad", "cross"),
    DocumentState.MORE_INFO: (lazy_gettext("待補件"), "warn", "alert"),
    DocumentState.LAPSED: (lazy_gettext("逾期未補件"), "", "dash"),
    DocumentState.WITHDRAWN: (lazy_gettext("已撤回"), "", "dash"),
}
SOURCE_LABELS = {
    "card": lazy_gettext("工商憑證的驗證紀錄"),
    "document": lazy_gettext("審核通過的公司證明文件"),
    "word": lazy_gettext("營運人員查證"),
}
DIFFERENCES = {
    "name": lazy_gettext("登記名稱與這裡的公司名稱不同。"),
    "gone": lazy_gettext("登記資料載明已歇業、解散或撤銷。"),
    "missing": lazy_gettext("登記資料中沒有這個統一編號。"),
}
COMPANY_ACTS: dict[CompanyAct, ActWords] = {
    CompanyAct.PROVE: ActWords(
        lazy_gettext("以查證結果驗證公司"),
        lazy_gettext("以查證結果驗證「%(name)s」？"),
        lazy_gettext(
            "您以電話、函文或其他方式查證屬實後，公司即視為通過驗證；待確認的登記資料也視為已確認。"
            "等候公司驗證的申請會立即重新判斷，結果以信件通知申請人。"
        ),
        lazy_gettext("請寫明查證的方式與對象，例如「致電登記電話，由負責人確認」。留在稽核紀錄，不對外顯示。"),
        done=lazy_gettext("「%(name)s」已通過驗證。"),
    ),
    CompanyAct.ADMIN: ActWords(
        lazy_gettext("指派群組管理員"),
        lazy_gettext("指派「%(name)s」的群組管理員？"),
        lazy_gettext("這個帳號會成為群組管理員，可審核與修改公司所有帳號，並收到權限變更的通知信。"),
        is_heavy=True,
        done=lazy_gettext("已指派群組管理員，並已寄出通知信。"),
    ),
    CompanyAct.SUSPEND: ActWords(
        lazy_pgettext("do", "停用"),
        lazy_gettext("停用「%(name)s」？"),
        lazy_gettext("公司所有帳號立即登出，也無法再登入；群組管理員會收到通知信。帳號與資料不受影響，日後可以恢復。"),
        SEEN_BY_PEOPLE,
        is_heavy=True,
        done=lazy_gettext("已停用「%(name)s」，所屬帳號的登入立即結束。"),
    ),
    CompanyAct.RESTORE: ActWords(
        lazy_gettext("恢復使用"),
        lazy_gettext("恢復「%(name)s」？"),
        lazy_gettext("公司所屬帳號可以再次登入；已經結束的登入不會回來。群組管理員會收到通知信。"),
        SEEN_BY_PEOPLE,
        done=lazy_gettext("已恢復「%(name)s」。"),
    ),
}
ACCOUNT_ACTS: dict[AccountAct, ActWords] = {
    AccountAct.RESEND: ActWords(
        lazy_gettext("補發驗證信"),
        lazy_gettext("補發驗證信給「%(name)s」？"),
        lazy_gettext("驗證信寄到帳號的信箱，先前寄出的連結失效。"),
        None,
        done=lazy_gettext("已補發驗證信給「%(name)s」。"),
    ),
    AccountAct.FIRST_PASSWORD: ActWords(
        lazy_gettext("寄送設定密碼的連結"),
        lazy_gettext("寄送設定密碼的連結給「%(name)s」？"),
        lazy_gettext("連結寄到帳號的信箱，7 天內有效，先前寄出的連結失效。密碼由當事人自行設定，營運人員不會看到。"),
        None,
        done=lazy_gettext("已寄出設定密碼的連結給「%(name)s」。"),
    ),
    AccountAct.NEW_PASSWORD: ActWords(
        lazy_gettext("讓當事人重新設定密碼"),
        lazy_gettext("讓「%(name)s」重新設定密碼？"),
        lazy_gettext(
            "密碼因連續輸入錯誤次數過多而失效，須重新設定。原密碼會刪除，設定密碼的連結寄到帳號的信箱，7 天內有效。"
        ),
        done=lazy_gettext("已寄出設定密碼的連結給「%(name)s」。"),
    ),
    AccountAct.UNLOCK: ActWords(
        lazy_gettext("解除暫停登入"),
        lazy_gettext("解除「%(name)s」的暫停登入？"),
        lazy_gettext("密碼輸入錯誤的次數歸零，當事人可以立即以原來的密碼再試。"),
        done=lazy_gettext("已解除「%(name)s」的暫停登入。"),
    ),
    AccountAct.SCOPE: ActWords(
        lazy_gettext("變更資料讀取範圍"),
        lazy_gettext("變更「%(name)s」的資料讀取範圍？"),
        lazy_gettext(
            "開放全公司的資料前，請先確認公司用印的切結書。當事人會收到通知信；縮小範圍時，應用系統的登入立即結束。"
        ),
        done=lazy_gettext("已變更「%(name)s」的資料讀取範圍，並已寄出通知信。"),
    ),
    AccountAct.SIGN_OUT: ActWords(
        lazy_gettext("結束所有登入"),
        lazy_gettext("結束「%(name)s」的所有登入？"),
        lazy_gettext("所有裝置與應用系統立即登出，已發出的權杖失效。當事人可以再次登入。"),
        is_heavy=True,
        done=lazy_gettext("已結束「%(name)s」的所有登入。"),
    ),
    AccountAct.RESET_FACTOR: ActWords(
        lazy_gettext("重設第二因素"),
        lazy_gettext("重設「%(name)s」的第二因素？"),
        lazy_gettext(
            "請先以電話或公文確認是本人。驗證器、備用碼與所有通行密鑰會移除，所有登入立即結束；密碼與憑證不受影響。"
            "當事人會收到通知信，以密碼或憑證登入後重新設定。"
        ),
        SEEN_BY_PERSON,
        is_heavy=True,
        done=lazy_gettext("已重設「%(name)s」的第二因素，並已寄出通知信。"),
    ),
    AccountAct.SUSPEND: ActWords(
        lazy_pgettext("do", "停用"),
        lazy_gettext("停用「%(name)s」？"),
        lazy_gettext("立即登出，也無法再登入；原因會以信件通知當事人。由營運人員停用的帳號，群組管理員不能恢復。"),
        SEEN_BY_PERSON,
        is_heavy=True,
        done=lazy_gettext("已停用「%(name)s」，並已寄出通知信。"),
    ),
    AccountAct.RESTORE: ActWords(
        lazy_gettext("恢復使用"),
        lazy_gettext("恢復「%(name)s」？"),
        lazy_gettext("帳號可以再次登入；已經結束的登入不會回來。原因會以信件通知當事人。"),
        SEEN_BY_PERSON,
        done=lazy_gettext("已恢復「%(name)s」，並已寄出通知信。"),
    ),
    AccountAct.CLOSE: ActWords(
        lazy_gettext("關閉帳號"),
        lazy_gettext("關閉「%(name)s」？"),
        lazy_gettext(
            "關閉後不能恢復，帳號名稱也不再給任何人使用。所有登入、綁定與登入方式立即結束，"
            "應用系統會收到登出通知；原因會以信件通知當事人。"
        ),
        SEEN_BY_PERSON,
        is_heavy=True,
        done=lazy_gettext("已關閉「%(name)s」，並已寄出通知信。"),
    ),
}
