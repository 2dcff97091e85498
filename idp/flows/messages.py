"""The sentence of every refusal and the words of every code that reaches a page (zh-TW; English by gettext)."""

from collections.abc import Callable
from typing import Any

from flask_babel import gettext, lazy_gettext

from idp.errors import Refused
from idp.flows.moments import clock
from idp.policies.assurance import Method
from idp.policies.roles import Role
from idp.policies.standing import CompanyProof, CompanyStatus

ROLE_LABELS = {
    Role.GUEST: lazy_gettext("訪客"),
    Role.STAFF: lazy_gettext("一般人員"),
    Role.GROUP_ADMIN: lazy_gettext("群組管理員"),
}
STATUS_LABELS = {
    CompanyStatus.ACTIVE: lazy_gettext("正常"),
    CompanyStatus.NEEDS_RECHECK: lazy_gettext("登記資料待確認"),
    CompanyStatus.SUSPENDED: lazy_gettext("停用"),
    CompanyStatus.CLOSED: lazy_gettext("已歇業或解散"),
}
PROOF_LABELS = {
    CompanyProof.NONE: lazy_gettext("尚未驗證"),
    CompanyProof.DOCUMENT: lazy_gettext("證明文件"),
    CompanyProof.CARD: lazy_gettext("工商憑證"),
}
METHOD_LABELS = {Method.PASSWORD: lazy_gettext("密碼登入")}

ADMISSION_REASONS = {
    "admission.no_company": lazy_gettext("鏈結帳號須先選擇代表的公司。"),
    "admission.linked": lazy_gettext("這個應用系統不接受經由鏈結帳號登入。"),
    "admission.proof": lazy_gettext("這個應用系統只接受已通過指定驗證的公司。"),
    "admission.role": lazy_gettext("您的權限不足以使用這個應用系統，請洽貴公司群組管理員。"),
    "admission.approval": lazy_gettext("您的帳號尚未經這個應用系統的服務單位審核。"),
}

PROBLEMS = {
    "username.form": lazy_gettext("帳號應為 4 至 32 個英文字母、數字、句點、底線或連字號。"),
    "name.form": lazy_gettext("姓名應為 1 至 50 個字。"),
    "email.form": lazy_gettext("Email 格式不正確，請輸入一個信箱，例如 example@gmail.com。"),
    "tax_id.length": lazy_gettext("統一編號應為 8 位數字，請檢查是否多打或少打。"),
    "tax_id.checksum": lazy_gettext("統一編號檢查碼不正確，請檢查是否輸入錯誤。"),
    "unreadable": lazy_gettext("密碼含有無法辨識的字元，請重新輸入。"),
    "short": lazy_gettext("密碼至少 8 個字元，且須同時包含英文與數字。"),
    "mixed": lazy_gettext("密碼至少 8 個字元，且須同時包含英文與數字。"),
    "long": lazy_gettext("密碼最多 128 個字元。"),
    "made_of": lazy_gettext("密碼不可由公司名稱、統一編號、帳號或服務名稱組成。"),
    "guessable": lazy_gettext("這個密碼太容易被猜到，請改用較長或較不常見的密碼。"),
}

Sentence = Callable[[dict[str, Any]], str]


def _plain(text: Any) -> Sentence:
    return lambda details: str(text)


MESSAGES: dict[str, Sentence] = {
    "refused": _plain(lazy_gettext("您無法進行這項操作。")),
    "not_found": _plain(lazy_gettext("找不到這個頁面，或您沒有權限。")),
    "login.bad": _plain(lazy_gettext("帳號或密碼不正確。連續多次輸入錯誤時，帳號會暫停登入一段時間。")),
    "login.too_many": lambda d: gettext("登入失敗次數過多，請於 %(time)s 後再試。", time=clock(d["retry_at"])),
    "login.pending": _plain(lazy_gettext("您的帳號尚待群組管理員審核。")),
    "login.unverified": _plain(lazy_gettext("您的信箱尚未驗證，請點選驗證信中的連結。")),
    "login.suspended": _plain(lazy_gettext("您的帳號或公司目前停用，請洽貴公司群組管理員或客服。")),
    "acting.conflict": _plain(lazy_gettext("這份表單是以另一個帳號開啟的，因此沒有送出。請確認目前身分後再試一次。")),
    "request.gone": _plain(
        lazy_gettext("這次登入已經完成或逾時。請回到應用系統，再按一次登入。您的帳號與資料不受影響。")
    ),
    "already_exists": _plain(lazy_gettext("帳號已經存在，請重設其他帳號。")),
    "invalid_input": lambda d: str(PROBLEMS.get(str(d.get("problem")), lazy_gettext("填寫的內容不正確。"))),
    "password.refused": lambda d: str(PROBLEMS[str(d["reason"])]),
    "group.lastadmin": _plain(lazy_gettext("您是唯一的群組管理員，請先指派另一位群組管理員。")),
}


def sentence_for(refused: Refused) -> str:
    """The sentence of a refusal in the language of the page."""
    return MESSAGES[refused.code](refused.details)
