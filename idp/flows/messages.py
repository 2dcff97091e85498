"""The sentence of every refusal and the words of every code that reaches a page (zh-TW; English by gettext)."""

from collections.abc import Callable
from typing import Any

from flask_babel import gettext, lazy_gettext

from idp.errors import Refused
from idp.flows.card_words import CARD_MESSAGES, CARD_METHOD_LABELS
from idp.flows.moments import clock
from idp.mails.words import ROLE_LABELS as ROLE_LABELS
from idp.policies.assurance import Method
from idp.policies.registration import Reviewer
from idp.policies.reviews import Outcome
from idp.policies.roles import Role
from idp.policies.standing import CompanyProof, CompanyStatus

ROLE_EXPLANATIONS = {
    Role.GUEST: lazy_gettext("訪客僅有觀看權限。"),
    Role.STAFF: lazy_gettext("一般人員可申請新案場加入DREAMS系統。"),
    Role.GROUP_ADMIN: lazy_gettext("群組管理員則有最高權限，可管理群組內使用者。"),
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
METHOD_LABELS = {Method.PASSWORD: lazy_gettext("密碼登入")} | CARD_METHOD_LABELS

OUTCOME_LABELS = {
    Outcome.APPROVED: lazy_gettext("核准"),
    Outcome.REJECTED: lazy_gettext("不核准"),
    Outcome.WITHDRAWN: lazy_gettext("申請人撤回"),
}

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
    "name.address": lazy_gettext("姓名不可包含網址。"),
    "email.form": lazy_gettext("Email 格式不正確，請輸入一個信箱，例如 example@gmail.com。"),
    "tax_id.length": lazy_gettext("統一編號應為 8 位數字，請檢查是否多打或少打。"),
    "tax_id.checksum": lazy_gettext("統一編號檢查碼不正確，請檢查是否輸入錯誤。"),
    "phone.form": lazy_gettext("電話號碼格式不正確，請輸入手機（0912345678）或市話（02-12345678#12345）。"),
    "address.form": lazy_gettext("地址應為 5 至 200 個字，請填寫完整地址。"),
    "company_name.form": lazy_gettext("公司名稱應為 1 至 200 個字，請填寫全銜。"),
    "company_name.address": lazy_gettext("公司名稱不可包含網址。"),
    "entity.kind": lazy_gettext("請選擇編號的種類。"),
    "entity.ubn": lazy_gettext("統一編號檢查碼不正確，請檢查是否輸入錯誤。"),
    "entity.agency": lazy_gettext("機關代碼應為 10 個英文字母與數字，例如 376610000A。"),
    "entity.oid": lazy_gettext("物件識別碼應以 2.16.886.101 開頭，例如 2.16.886.101.20003.20065.20021。"),
    "entity.foreign": lazy_gettext("請輸入國別代碼、連字號與當地登記號碼，例如 JP-0104-01-056795。"),
    "entity.other": lazy_gettext("編號應為 1 至 32 個英文字母、數字、句點或連字號。"),
    "email.used": lazy_gettext("這個 Email 已經用於貴公司的另一個帳號，請使用您本人的 Email。"),
    "mismatch": lazy_gettext("兩次輸入的密碼不同。"),
    "review.role": lazy_gettext("請選擇此帳號之權限。"),
    "review.state": lazy_gettext("請選擇審核狀態。"),
    "review.reason": lazy_gettext("請選擇不核准的原因。"),
    "review.reason_text": lazy_gettext("請說明原因，最多 500 個字。"),
    "reason.form": lazy_gettext("請填寫原因，最多 500 個字。"),
    "unreadable": lazy_gettext("密碼含有無法辨識的字元，請重新輸入。"),
    "short": lazy_gettext("密碼至少 8 個字元，且須同時包含英文與數字。"),
    "mixed": lazy_gettext("密碼至少 8 個字元，且須同時包含英文與數字。"),
    "long": lazy_gettext("密碼最多 128 個字元。"),
    "made_of": lazy_gettext("密碼不可由公司名稱、統一編號、帳號或服務名稱組成。"),
    "guessable": lazy_gettext("這個密碼太容易被猜到，請改用較長或較不常見的密碼。"),
}

LINK_TROUBLES = {
    "unknown": lazy_gettext("這個連結不正確。請確認網址完整，或補發驗證信。"),
    "used": lazy_gettext("這個連結已經使用過。若您已完成驗證，請直接登入。"),
    "expired": lazy_gettext("這個連結已經逾時。請補發驗證信，再點選新信件中的連結。"),
    "replaced": lazy_gettext("這個連結已由較新的信件取代。請點選最後收到的信件中的連結。"),
    "taken": lazy_gettext("這個信箱已經用於貴公司的另一個帳號，無法再用於這筆申請。請直接登入，或洽貴公司群組管理員。"),
    "done": lazy_gettext("這個信箱已經完成驗證，請直接登入。"),
    "away": lazy_gettext("請點擊驗證信中的連結。信件在另一個裝置時，請在該裝置點擊，或將網址複製到這個瀏覽器。"),
}

Sentence = Callable[[dict[str, Any]], str]


def _plain(text: Any) -> Sentence:
    return lambda details: str(text)


MESSAGES: dict[str, Sentence] = {
    "refused": _plain(lazy_gettext("您無法進行這項操作。")),
    "not_found": _plain(lazy_gettext("找不到這個頁面，或您沒有權限。")),
    "login.bad": _plain(lazy_gettext("帳號或密碼不正確。連續多次輸入錯誤時，帳號會暫停登入一段時間。")),
    "login.too_many": lambda d: gettext("登入失敗次數過多，請於 %(time)s 後再試。", time=clock(d["retry_at"])),
    "login.pending": lambda d: (
        gettext("您的帳號尚待服務單位審核。")
        if d.get("reviewer") == Reviewer.OPERATOR
        else gettext("您的帳號尚待群組管理員審核。")
    ),
    "login.withdrawn": _plain(lazy_gettext("您的帳號申請已經撤回。需要帳號時，請重新申請。")),
    "login.unverified": _plain(lazy_gettext("您的信箱尚未驗證，請點選驗證信中的連結。")),
    "login.rejected": _plain(lazy_gettext("您的帳號申請未審核通過。請至「申請進度」查看原因，修正後再次送出。")),
    "login.suspended": _plain(lazy_gettext("您的帳號或公司目前停用，請洽貴公司群組管理員或客服。")),
    "acting.conflict": _plain(lazy_gettext("這份表單是以另一個帳號開啟的，因此沒有送出。請確認目前身分後再試一次。")),
    "request.gone": _plain(
        lazy_gettext("這次登入已經完成或逾時。請回到應用系統，再按一次登入。您的帳號與資料不受影響。")
    ),
    "already_exists": _plain(lazy_gettext("帳號已經存在，請重設其他帳號。")),
    "invalid_input": lambda d: str(PROBLEMS.get(str(d.get("problem")), lazy_gettext("填寫的內容不正確。"))),
    "password.refused": lambda d: str(PROBLEMS[str(d["reason"])]),
    "too_many": lambda d: gettext("操作次數過多，請於 %(time)s 後再試。", time=clock(d["retry_at"])),
    "ubn.closed": _plain(lazy_gettext("這家公司已歇業、解散或停用，無法申請帳號。如有疑問請洽服務單位。")),
    "review.unproven": _plain(lazy_gettext("這家公司尚未通過驗證，請先完成公司驗證，再核准帳號。")),
    "company.has_account": _plain(lazy_gettext("貴公司已有帳號。這項服務每家公司僅提供一個帳號，請直接登入。")),
    "link.unusable": lambda d: str(LINK_TROUBLES[str(d.get("because", "unknown"))]),
    "invitation.unusable": _plain(lazy_gettext("這個邀請連結無法使用，請洽寄出邀請的群組管理員。")),
    "changed_meanwhile": _plain(lazy_gettext("資料在您開啟頁面後已經變更，因此沒有儲存。請確認最新內容後再試一次。")),
    "review.decided": lambda d: _decided(d),
    "perm.none": lambda d: _forbidden(d),
    "run.gone": _plain(lazy_gettext("這次申請已經完成或逾時，請由首頁重新開始。")),
    "group.lastadmin": _plain(lazy_gettext("您是唯一的群組管理員，請先指派另一位群組管理員。")),
} | CARD_MESSAGES


def _decided(details: dict[str, Any]) -> str:
    by, outcome = details.get("by") or gettext("服務單位"), details.get("outcome")
    if outcome not in OUTCOME_LABELS:
        return str(gettext("這筆申請已由其他群組管理員或服務單位完成審核，您的決定沒有送出。"))
    text = gettext("這筆申請已由%(by)s完成審核，結果為「%(outcome)s」，您的決定沒有送出。")
    return str(text) % {"by": by, "outcome": OUTCOME_LABELS[outcome]}


def _forbidden(details: dict[str, Any]) -> str:
    role, admins = details.get("role"), details.get("admins") or []
    values = {"menu": details.get("menu") or gettext("這個頁面"), "role": ROLE_LABELS.get(role) if role else None}
    if role is None:
        text = gettext("您目前沒有代表任何公司，無法使用「%(menu)s」。")
    elif admins:
        text = gettext("您的權限為「%(role)s」，無法使用「%(menu)s」。請洽貴公司群組管理員 %(name)s。")
        values["name"] = str(gettext("、")).join(admins)
    else:
        text = gettext("您的權限為「%(role)s」，無法使用「%(menu)s」。請洽服務單位。")
    return str(text) % values


def sentence_for(refused: Refused) -> str:
    """The sentence of a refusal in the language of the page."""
    return MESSAGES[refused.code](refused.details)
