"""The words of the group admins' console: states, hints, roles explained, and a sentence for each recorded event."""

from typing import Any

from flask_babel import gettext, lazy_gettext

from idp.flows.messages import ROLE_EXPLANATIONS, ROLE_LABELS
from idp.flows.moments import is_english
from idp.flows.registration_words import AGREED_TITLES
from idp.mails.words import REASON_SENTENCES
from idp.models import AuditEntry, Service
from idp.policies.assurance import Acr
from idp.policies.bindings import LinkedAccounts
from idp.policies.data_scope import DataScope
from idp.policies.registration import Reviewer
from idp.policies.reminders import Reminders
from idp.policies.reviews import Reason
from idp.policies.roles import Role
from idp.policies.standing import AccountStatus
from idp.services.acting_records import ActingRecord
from idp.services.group_audit import GroupRecord, Kind, Party
from idp.services.group_people import Tab

TAB_LABELS = {
    Tab.PENDING: lazy_gettext("待審核"),
    Tab.ACTIVE: lazy_gettext("使用中"),
    Tab.SUSPENDED: lazy_gettext("停用"),
    Tab.ALL: lazy_gettext("全部"),
}
# What is told of a state, and its badge: label, tone, icon.
STATES = {
    AccountStatus.REVIEW_PENDING: (lazy_gettext("待審核"), "warn", "clock"),
    AccountStatus.ACTIVE: (lazy_gettext("使用中"), "ok", "check"),
    AccountStatus.SUSPENDED: (lazy_gettext("停用"), "bad", "lock"),
    AccountStatus.REJECTED: (lazy_gettext("未核准"), "bad", "cross"),
    AccountStatus.EMAIL_PENDING: (lazy_gettext("信箱待驗證"), "", "mail"),
    AccountStatus.EMAIL_EXPIRED: (lazy_gettext("信箱驗證逾時"), "", "mail"),
    AccountStatus.WITHDRAWN: (lazy_gettext("已撤回"), "", "dash"),
    AccountStatus.CLOSED: (lazy_gettext("已關閉"), "", "dash"),
}
HINT_LABELS = {
    "hint.company_not_found": lazy_gettext("公司登記查無此統一編號"),
    "hint.company_name_differs": lazy_gettext("公司名稱與登記不同"),
    "hint.name_of_company": lazy_gettext("姓名像是公司名稱"),
}
# In the reviewer's list; the applicant reads the sentence of it (mails/words.py).
REASON_LABELS = {
    Reason.NOT_OF_COMPANY: lazy_gettext("非本公司人員"),
    Reason.WRONG_NAME: lazy_gettext("姓名不正確或填成公司名稱"),
    Reason.WRONG_CONTACT: lazy_gettext("聯絡資料不正確"),
    Reason.DUPLICATE: lazy_gettext("已有其他帳號"),
    Reason.OTHER: lazy_gettext("其他（請說明）"),
}
ADMISSION_OF_OTHERS = {
    "admission.no_company": lazy_gettext("此帳號沒有代表公司，無法進入這個應用系統。"),
    "admission.linked": lazy_gettext("這個應用系統不接受經由鏈結帳號登入。"),
    "admission.proof": lazy_gettext("這個應用系統只接受已通過指定驗證的公司，此帳號無法進入。"),
    "admission.role": lazy_gettext("此帳號的權限無法進入這個應用系統。"),
    "admission.approval": lazy_gettext("此帳號尚未經這個應用系統的服務單位審核，無法進入。"),
}
ACR_LABELS = {
    Acr.PASSWORD: lazy_gettext("密碼登入"),
    Acr.MFA: lazy_gettext("兩階段登入"),
    Acr.CARD: lazy_gettext("工商憑證登入"),
}
REMINDER_LABELS = {
    Reminders.EACH: lazy_gettext("每筆申請都提醒，未審核的申請每日再彙整提醒"),
    Reminders.DAILY: lazy_gettext("每日彙整一封提醒"),
}
SCOPE_LABELS = {
    DataScope.OWN: lazy_gettext("自己的資料"),
    DataScope.COMPANY: lazy_gettext("全公司的資料"),
}
KIND_LABELS = {
    Kind.REVIEW: lazy_gettext("申請與審核"),
    Kind.RIGHTS: lazy_gettext("帳號與權限"),
    Kind.INVITATION: lazy_gettext("邀請"),
    Kind.COMPANY: lazy_gettext("公司"),
    Kind.SIGN_IN: lazy_gettext("登入"),
    Kind.LINKED: lazy_gettext("鏈結帳號"),
}
PARTY_LABELS = {
    Party.OPERATOR: lazy_gettext("服務單位"),
    Party.OUTSIDER: lazy_gettext("公司外的帳號"),
    Party.SYSTEM: lazy_gettext("系統"),
}
LINKED_ACCOUNTS_LABELS = {
    LinkedAccounts.ALLOWED: lazy_gettext("由同仁自行同意"),
    LinkedAccounts.ADMIN_APPROVES: lazy_gettext("同仁同意後，還須群組管理員核准"),
    LinkedAccounts.FORBIDDEN: lazy_gettext("不允許鏈結帳號"),
}
REVIEWER_LABELS = {
    Reviewer.GROUP_ADMIN: lazy_gettext("群組管理員"),
    Reviewer.OPERATOR: lazy_gettext("服務單位"),
    Reviewer.AUTO: lazy_gettext("系統"),
}

EVENTS = {
    "account:added": lazy_gettext("新增帳號，權限為「%(role)s」"),
    "account:imported": lazy_gettext("由其他系統匯入帳號"),
    "account:closed": lazy_gettext("關閉帳號"),
    "account:idle:warned": lazy_gettext("寄出久未使用的提醒"),
    "account:exported": lazy_gettext("下載自己的資料"),
    "account:contact:forgotten": lazy_gettext("刪除已關閉帳號的聯絡資料"),
    "account:role:changed": lazy_gettext("權限由「%(before)s」改為「%(after)s」"),
    "account:menus:changed": lazy_gettext("修改「%(client)s」的選單權限，新增可看：%(added)s；取消可看：%(removed)s"),
    "account:suspended": lazy_gettext("停用帳號，原因：%(reason)s"),
    "account:restored": lazy_gettext("恢復使用帳號"),
    "account:data_scope:changed": lazy_gettext("資料讀取範圍改為「%(scope)s」"),
    "account:access:ended": lazy_gettext("結束所有登入"),
    "account:unlocked": lazy_gettext("解除暫停登入"),
    "account:password:removed": lazy_gettext("密碼已失效，須重新設定"),
    "account:first_password:sent": lazy_gettext("寄出設定密碼的連結"),
    "account:reminders:changed": lazy_gettext("修改提醒設定：%(reminders)s"),
    "account:activated": lazy_gettext("啟用帳號"),
    "account:activation:wrong_company": lazy_gettext("啟用帳號時輸入的統一編號不符"),
    "case:link:sent": lazy_gettext("寄出修改申請的確認連結"),
    "case:link:used": lazy_gettext("以確認連結修改申請"),
    "account:mailbox:asked": lazy_gettext("寄出驗證信"),
    "account:mailbox:confirmed": lazy_gettext("已完成 Email 驗證"),
    "account:mailbox:change_asked": lazy_gettext("申請將 Email 變更為 %(mailbox)s"),
    "account:mailbox:change_cancelled": lazy_gettext("取消變更 Email"),
    "account:mailbox:changed": lazy_gettext("Email 變更為 %(mailbox)s"),
    "account:profile:changed": lazy_gettext("修改基本資料"),
    "account:password:changed": lazy_gettext("更改密碼"),
    "account:password:reset_asked": lazy_gettext("申請重設密碼"),
    "account:password:reset": lazy_gettext("重設密碼"),
    "account:password:disabled": lazy_gettext("密碼錯誤次數過多，密碼已停用"),
    "account:sign_in:begun": lazy_gettext("登入"),
    "account:sign_in:failed": lazy_gettext("登入失敗"),
    "account:sign_in:ended": lazy_gettext("登入結束"),
    "account:client_session:begun": lazy_gettext("進入「%(client)s」"),
    "account:client_session:ended": lazy_gettext("登出「%(client)s」"),
    "account:consent:given": lazy_gettext("同意「%(client)s」取得資料"),
    "account:consent:taken_back": lazy_gettext("撤回「%(client)s」的授權"),
    "agreement:given": lazy_gettext("同意「%(text)s」（版本 %(version)s）"),
    "agreement:declined": lazy_gettext("不同意「%(client)s」的文件並登出"),
    "authenticator:confirmed": lazy_gettext("設定驗證器"),
    "authenticator:removed": lazy_gettext("移除驗證器與備用碼"),
    "authenticator:recovery_codes:made": lazy_gettext("產生新的備用碼"),
    "authenticator:recovery_code:used": lazy_gettext("使用一組備用碼"),
    "account:sign_in:code_refused": lazy_gettext("密碼正確，但驗證碼不正確"),
    "account:second_factor:reset": lazy_gettext("重設第二因素，原因：%(reason)s"),
    "account:second_factor:dropped": lazy_gettext("重設密碼時移除三天內新增的驗證器或通行密鑰"),
    "account:card:enrolled": lazy_gettext("登錄工商憑證卡片"),
    "account:card:removed": lazy_gettext("移除工商憑證卡片"),
    "account:sign_in:card_used": lazy_gettext("以卡片驗證身分"),
    "account:passkey:enrolled": lazy_gettext("新增通行密鑰「%(name)s」"),
    "account:passkey:renamed": lazy_gettext("將一把通行密鑰改名為「%(name)s」"),
    "account:passkey:removed": lazy_gettext("移除通行密鑰「%(name)s」"),
    "account:passkey:count_fell": lazy_gettext("通行密鑰「%(name)s」的使用次數減少，可能遭複製"),
    "account:sign_in:passkey_used": lazy_gettext("以通行密鑰驗證身分"),
    "account:sign_in:passkey_refused": lazy_gettext("通行密鑰未通過驗證"),
    "account:card:ending:told": lazy_gettext("寄出憑證到期提醒"),
    "binding:asked": lazy_gettext("鏈結帳號要求綁定帳號"),
    "binding:code:sent": lazy_gettext("寄出綁定驗證碼"),
    "binding:code:refused": lazy_gettext("輸入錯誤的綁定驗證碼"),
    "binding:owner:asked": lazy_gettext("寄信請帳號使用者同意綁定"),
    "binding:agreed": lazy_gettext("帳號使用者同意綁定，待群組管理員同意"),
    "binding:bound": lazy_gettext("綁定鏈結帳號"),
    "binding:held": lazy_gettext("密碼或 Email 已變更，鏈結帳號綁定待確認"),
    "binding:confirmed": lazy_gettext("帳號使用者確認繼續綁定"),
    "binding:unbound": lazy_gettext("解除鏈結帳號綁定，或結束綁定申請"),
    "binding:used:first": lazy_gettext("鏈結帳號首次以這個帳號登入"),
    "binding:password:kept": lazy_gettext("帳號使用者選擇不變更密碼"),
    "linked:switched": lazy_gettext("鏈結帳號切換為這個帳號"),
    "linked:launched": lazy_gettext("鏈結帳號點選前往「%(client)s」"),
    "card:unknown": lazy_gettext("有人插入貴公司尚未登錄的卡片"),
    "case:submitted": lazy_gettext("送出申請 %(case)s"),
    "case:corrected": lazy_gettext("修正申請 %(case)s"),
    "case:withdrawn": lazy_gettext("撤回申請 %(case)s"),
    "case:waits": lazy_gettext("申請 %(case)s 待%(reviewer)s審核"),
    "case:escalated": lazy_gettext("申請 %(case)s 逾期未審核，改由服務單位審核"),
    "case:expired": lazy_gettext("申請 %(case)s 的信箱驗證逾時"),
    "case:purged": lazy_gettext("申請 %(case)s 逾期未完成或已撤回，資料已刪除"),
    "case:reminded": lazy_gettext("寄出待審核提醒給群組管理員"),
    "case:approved": lazy_gettext("核准申請 %(case)s，權限為「%(role)s」"),
    "case:refused": lazy_gettext("不核准申請 %(case)s，原因：%(refusal)s"),
    "case:asked": lazy_gettext("請申請人補件：申請 %(case)s"),
    "case:lapsed": lazy_gettext("申請 %(case)s 逾期未補件"),
    "case:taken": lazy_gettext("服務單位開始審核申請 %(case)s"),
    "case:released": lazy_gettext("申請 %(case)s 放回佇列"),
    "document:queued": lazy_gettext("公司文件待審核"),
    "document:taken": lazy_gettext("服務單位開始審核公司文件"),
    "document:released": lazy_gettext("公司文件放回佇列"),
    "document:approved": lazy_gettext("公司證明文件審核通過"),
    "document:approved:first": lazy_gettext("公司證明文件已由第一位營運人員核准，等候第二位"),
    "document:refused": lazy_gettext("公司證明文件審核未通過"),
    "document:asked": lazy_gettext("請補件：公司證明文件"),
    "document:lapsed": lazy_gettext("公司證明文件逾期未補件"),
    "document:withdrawn": lazy_gettext("撤回公司證明文件"),
    "invitation:sent": lazy_gettext("寄出邀請，權限為「%(role)s」"),
    "invitation:sent:again": lazy_gettext("再次寄出邀請"),
    "invitation:cancelled": lazy_gettext("取消邀請"),
    "invitation:accepted": lazy_gettext("接受邀請"),
    "company:added": lazy_gettext("新增公司"),
    "company:claimed": lazy_gettext("首次有人以這家公司提出申請"),
    "company:proven": lazy_gettext("公司通過驗證"),
    "company:suspended": lazy_gettext("停用公司"),
    "company:restored": lazy_gettext("恢復公司"),
    "company:group_admin:by_card": lazy_gettext("以工商憑證正卡成為群組管理員"),
    "company:acr:demanded": lazy_gettext("登入要求改為「%(acr)s」"),
    "company:acr:waived": lazy_gettext("不再另外要求所屬人員的登入方式"),
    "company:linked_accounts:changed": lazy_gettext(
        "鏈結帳號的規定改為「%(linked_accounts)s」；群組管理員的權限：%(linked_admin)s"
    ),
    "company:closed": lazy_gettext("公司已歇業或解散"),
    "company:recheck:needed": lazy_gettext("公司登記資料待確認"),
}
UNTOLD = "—"


def explanations_for(service: Service | None) -> dict[str, str]:
    """Each role in the manual's words (R-041 … R-043); what staff may do is told of the person's own service."""
    told = {str(role): str(text) for role, text in ROLE_EXPLANATIONS.items()}
    if service is not None and service.id != "dreams":
        name = service.name_en if is_english() else service.name_zh
        told[str(Role.STAFF)] = gettext("一般人員可申請新案場加入%(service)s。", service=name)
    return told


def event_sentence(record: GroupRecord | ActingRecord | AuditEntry, client_name: str | None) -> str:
    """What a record tells, as a sentence; the code of an event that has none."""
    sentence = EVENTS.get(record.action)
    if sentence is None:
        return record.action
    return str(sentence) % _values(record.details, client_name or record.client_id)


def _values(details: dict[str, Any], client: str | None) -> dict[str, str]:
    reasons = REASON_SENTENCES | {Reason.OTHER: REASON_LABELS[Reason.OTHER]}
    return {
        "role": _of(ROLE_LABELS, details.get("role")),
        "before": _of(ROLE_LABELS, details.get("before")),
        "after": _of(ROLE_LABELS, details.get("after")),
        "acr": _of(ACR_LABELS, details.get("after")),
        "case": str(details.get("case") or UNTOLD),
        "reviewer": _of(REVIEWER_LABELS, details.get("reviewer")),
        "reason": str(details.get("reason") or UNTOLD),
        "refusal": _of(REASON_LABELS if details.get("reason") == Reason.OTHER else reasons, details.get("reason")),
        "scope": _of(SCOPE_LABELS, details.get("after")),
        "reminders": _of(REMINDER_LABELS, details.get("reminders")),
        "client": client or UNTOLD,
        "text": _of(AGREED_TITLES, details.get("text")),
        "mailbox": str(details.get("mailbox") or UNTOLD),
        "version": str(details.get("version") or UNTOLD),
        "name": str(details.get("name") or UNTOLD),
        "linked_accounts": _of(LINKED_ACCOUNTS_LABELS, details.get("linked_accounts")),
        "linked_admin": str(
            gettext("可經由鏈結帳號使用") if details.get("linked_admin") else gettext("不可經由鏈結帳號使用")
        ),
        "added": _listed(details.get("added")),
        "removed": _listed(details.get("removed")),
    }


def _of(labels: Any, key: Any) -> str:
    return str(labels[key]) if key in labels else str(key or UNTOLD)


def _listed(codes: Any) -> str:
    return str(gettext("、")).join(codes) if isinstance(codes, list) and codes else str(gettext("無"))
