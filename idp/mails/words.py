"""Words that mails and pages share: roles, ranks of cards, who ended a binding, and why an application or document was
refused (as its applicant reads it)."""

from flask_babel import LazyString, lazy_gettext

from idp.policies.bindings import EndedBy
from idp.policies.cards import CardKind, CardRank
from idp.policies.documents import INFECTED, DocumentReason
from idp.policies.registration import CredentialSet
from idp.policies.reviews import Reason
from idp.policies.roles import Role

ROLE_LABELS = {
    Role.GUEST: lazy_gettext("訪客"),
    Role.STAFF: lazy_gettext("一般人員"),
    Role.GROUP_ADMIN: lazy_gettext("群組管理員"),
}
RANK_LABELS = {
    CardRank.PRIMARY: lazy_gettext("正卡"),
    CardRank.SECONDARY: lazy_gettext("附卡"),
    CardRank.MOBILE: lazy_gettext("行動工商憑證（附卡）"),
}
CARD_KIND_LABELS = {
    CardKind.COMPANY: lazy_gettext("工商憑證"),
    CardKind.CITIZEN: lazy_gettext("自然人憑證"),
}
ENDED_BY_LABELS = {
    EndedBy.LINKED: lazy_gettext("鏈結帳號使用者"),
    EndedBy.OWNER: lazy_gettext("一般帳號使用者"),
    EndedBy.GROUP_ADMIN: lazy_gettext("公司的群組管理員"),
    EndedBy.OPERATOR: lazy_gettext("服務單位"),
    EndedBy.CLOSURE: lazy_gettext("帳號已關閉"),
}
CREDENTIAL_LABELS = {
    "passkey": lazy_gettext("通行密鑰"),
    "app": lazy_gettext("驗證器"),
}
CREDENTIAL_SET_LABELS = {
    CredentialSet.PASSWORD: lazy_gettext("非憑證帳號"),
    CredentialSet.COMPANY_CARD: lazy_gettext("工商憑證帳號"),
    CredentialSet.CITIZEN_CARD: lazy_gettext("自然人憑證帳號"),
}
# ``other`` has the reviewer's own words alone.
REASON_SENTENCES = {
    Reason.NOT_OF_COMPANY: lazy_gettext("無法確認您是這家公司的人員。"),
    Reason.WRONG_NAME: lazy_gettext("姓名欄請填寫人員完整姓名，不可為公司名稱。"),
    Reason.WRONG_CONTACT: lazy_gettext("聯絡資料不正確，請修正手機電話或 Email。"),
    Reason.DUPLICATE: lazy_gettext("您在這家公司已經有帳號，請使用原來的帳號登入。"),
}
# why a document is not taken; ``other`` has the reviewer's own words alone.
DOCUMENT_REASON_SENTENCES: dict[str, LazyString] = {
    DocumentReason.OBSOLETE: lazy_gettext(
        "「營利事業登記證」自98年4月13日起停止使用，不再作為證明文件，請改提出其他最新版本之「商業登記證明文件」。"
    ),
    DocumentReason.UNREADABLE: lazy_gettext("文件無法辨識，請重新掃描或拍攝後上傳清楚、完整的檔案。"),
    DocumentReason.ADDRESS: lazy_gettext("文件上的公司地址與您填寫的資料不同。"),
    DocumentReason.NAME: lazy_gettext("文件上的公司名稱與您填寫的資料不同，請填寫全銜。"),
    DocumentReason.NUMBER: lazy_gettext("文件上的統一編號或機關代碼與您填寫的資料不同。"),
    DocumentReason.INCOMPLETE: lazy_gettext("文件缺頁或不完整，如有多頁面請合併為單一檔案後上傳。"),
    INFECTED: lazy_gettext("檔案含有病毒，已經刪除，任何人都不能再開啟。"),
}
