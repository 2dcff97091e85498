"""Words that mails and pages share: roles, ranks of cards, and why an application was refused (as its applicant reads
it)."""

from flask_babel import lazy_gettext

from idp.policies.cards import CardRank
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
# ``other`` has the reviewer's own words alone.
REASON_SENTENCES = {
    Reason.NOT_OF_COMPANY: lazy_gettext("無法確認您是這家公司的人員。"),
    Reason.WRONG_NAME: lazy_gettext("姓名欄請填寫人員完整姓名，不可為公司名稱。"),
    Reason.WRONG_CONTACT: lazy_gettext("聯絡資料不正確，請修正手機電話或 Email。"),
    Reason.DUPLICATE: lazy_gettext("您在這家公司已經有帳號，請使用原來的帳號登入。"),
}
