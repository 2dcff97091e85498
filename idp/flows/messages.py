"""The sentence of every refusal and the words of every code that reaches a page (zh-TW; English by gettext)."""

from collections.abc import Callable
from typing import Any

from flask_babel import gettext, lazy_gettext, ngettext

from idp.errors import Refused
from idp.flows.card_words import CARD_MESSAGES, CARD_METHOD_LABELS
from idp.flows.moments import clock
from idp.flows.ops.client_words import CLIENT_PROBLEMS
from idp.flows.ops.words import POWER_LABELS
from idp.flows.passkey_words import PASSKEY_MESSAGES
from idp.mails.words import ROLE_LABELS as ROLE_LABELS
from idp.policies.assurance import Method
from idp.policies.idling import IDLE_REASON
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
METHOD_LABELS = {
    Method.PASSWORD: lazy_gettext("密碼登入"),
    Method.PASSKEY: lazy_gettext("通行密鑰"),
    Method.PASSKEY_SYNCED: lazy_gettext("通行密鑰"),
    Method.ONE_TIME_CODE: lazy_gettext("驗證器"),
    Method.RECOVERY_CODE: lazy_gettext("備用碼"),
} | CARD_METHOD_LABELS

OUTCOME_LABELS = {
    Outcome.APPROVED: lazy_gettext("核准"),
    Outcome.REJECTED: lazy_gettext("不核准"),
    Outcome.MORE_INFO: lazy_gettext("請申請人補件"),
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
    "username.reserved": lazy_gettext("「IC」加數字的名稱保留給系統產生的帳號識別碼，請改用其他帳號。"),
    "password.missing": lazy_gettext("這個帳號需要密碼才能登入，請設定密碼。"),
    "name.form": lazy_gettext("姓名應為 1 至 50 個字。"),
    "name.address": lazy_gettext("姓名不可包含網址。"),
    "invitation.leads_through_linked": lazy_gettext(
        "經由鏈結帳號登入時，不能邀請群組管理員。請選擇其他權限，或由群組管理員本人登入後邀請。"
    ),
    "invitation.own_mailbox": lazy_gettext("這是您的鏈結帳號，或您所代表帳號的 Email，不能由您邀請。"),
    "email.form": lazy_gettext("Email 格式不正確，請輸入一個信箱，例如 example@gmail.com。"),
    "tax_id.form": lazy_gettext("統一編號應為 8 位數字，且檢查碼須正確。"),
    "operator.duties": lazy_gettext("請至少選擇一項職責。"),
    "company.not_active": lazy_gettext("這家公司目前沒有使用中，無法進行這項操作。"),
    "company.not_suspended": lazy_gettext("這家公司目前沒有停用。"),
    "company.applicants_wait": lazy_gettext(
        "已有申請等候，其中一位會成為第一位群組管理員。請指定其 Email，或勾選依序成為群組管理員。"
    ),
    "account.not_active": lazy_gettext("這個帳號目前沒有使用中，無法進行這項操作。"),
    "binding.not_linked": lazy_gettext("這個帳號不是使用中的鏈結帳號。"),
    "binding.not_general": lazy_gettext("只能綁定一般帳號。"),
    "binding.forbidden": lazy_gettext("這家公司不接受鏈結帳號綁定其帳號，請洽該公司的群組管理員。"),
    "account.not_closable": lazy_gettext("這個帳號已經關閉，或申請還沒有結果，不能關閉。"),
    "account.not_suspended": lazy_gettext("這個帳號目前沒有停用。"),
    "account.not_of_company": lazy_gettext("這家公司沒有這個帳號，請確認帳號。"),
    "account.no_such_role": lazy_gettext("這個帳號的服務沒有群組管理員這項權限。"),
    "account.leads_already": lazy_gettext("這個帳號已經是群組管理員。"),
    "account.no_app": lazy_gettext("這個帳號沒有驗證器。"),
    "account.no_second_factor": lazy_gettext("這個帳號沒有驗證器，也沒有通行密鑰。"),
    "account.scope": lazy_gettext("請選擇資料讀取範圍。"),
    "client_name.form": lazy_gettext("名稱應為 1 至 100 個字。"),
    "colour.form": lazy_gettext("顏色應為 # 加上 6 個十六進位數字，例如 #15597f。"),
    "colour.contrast": lazy_gettext("白色文字在這個顏色上不易閱讀，請改用較深的顏色。"),
    "footer.form": lazy_gettext("信件結尾最多 500 個字，不可包含控制字元。"),
    "service.form": lazy_gettext("服務代碼應為 1 至 40 個小寫英文字母、數字或連字號，並以字母開頭。"),
    "service.taken": lazy_gettext("這個服務代碼已經存在，請改用其他代碼。"),
    "policy.form": lazy_gettext("註冊政策的內容不正確。"),
    "text.missing": lazy_gettext("請輸入文件內容。"),
    "text.long": lazy_gettext("文件內容最多 12,000 個字。"),
    "text.characters": lazy_gettext("文件內容含有無法顯示的控制字元，請移除後再試。"),
    "text.place": lazy_gettext("文件內容只能使用 {service} 與 {mailbox} 兩個代換位置。"),
    "menus.no_file": lazy_gettext("請選擇選單檔案。"),
    "menus.large": lazy_gettext("檔案超過 1 MB，不是選單檔案。"),
    "menus.unreadable": lazy_gettext("檔案不是可以讀取的 JSON。"),
    "menus.file": lazy_gettext("選單檔案應為 JSON 物件，包含 client_id 與 menus。"),
    "menus.other_service": lazy_gettext("選單檔案的 client_id 不是這項服務的應用系統。"),
    "menus.form": lazy_gettext("menus 應為最多 1,000 個選單的清單。"),
    "menus.code": lazy_gettext("代碼應為 1 至 64 個小寫英文字母、數字或 . _ : -，並以字母或數字開頭。"),
    "menus.twice": lazy_gettext("代碼重複。"),
    "menus.key": lazy_gettext("只能有 code、label_zh、label_en、parent、default_roles 與 acr。"),
    "menus.role": lazy_gettext("default_roles 應為 guest、staff、group_admin 的清單。"),
    "menus.acr": lazy_gettext("acr 不是系統認得的登入方式。"),
    "menus.label": lazy_gettext("label_zh 與 label_en 應為 1 至 100 個字。"),
    "menus.parent": lazy_gettext("上層選單不在清單中。"),
    "menus.cycle": lazy_gettext("上層選單繞成一圈。"),
    "tax_id.length": lazy_gettext("統一編號應為 8 位數字，請檢查是否多打或少打。"),
    "tax_id.checksum": lazy_gettext("統一編號檢查碼不正確，請檢查是否輸入錯誤。"),
    "passkey_name.form": lazy_gettext("通行密鑰名稱應為 1 至 60 個字。"),
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
    "email.same": lazy_gettext("這就是目前的 Email，請輸入新的 Email。"),
    "recent": lazy_gettext("不可使用最近三次使用過的密碼，請改用其他密碼。"),
    "email.used_linked": lazy_gettext("這個 Email 已經用於另一個鏈結帳號，請以原來的鏈結帳號登入，或使用其他 Email。"),
    "email.used": lazy_gettext("這個 Email 已經用於貴公司的另一個帳號，請使用您本人的 Email。"),
    "document.none": lazy_gettext("請選擇要上傳的公司證明文件。"),
    "document.empty": lazy_gettext("這個檔案是空的，請重新選擇檔案。"),
    "document.cut_off": lazy_gettext("檔案沒有完整送達，請再上傳一次。"),
    "document.large": lazy_gettext("檔案超過 %(megabytes)s MB，請縮小後再上傳。"),
    "document.kind": lazy_gettext("這個檔案不是 PDF、PNG 或 JPG，請轉存後再上傳。"),
    "document.damaged": lazy_gettext("檔案無法讀取，可能已經損壞。請重新產生或掃描後再上傳。"),
    "document.encrypted": lazy_gettext("檔案設有密碼或加密保護，請解除後再上傳。"),
    "document.active": lazy_gettext("檔案含有指令碼或會自動執行的內容，請改以「列印成 PDF」另存後再上傳。"),
    "document.attachments": lazy_gettext("檔案夾帶其他檔案，請移除附件，或改以「列印成 PDF」另存後再上傳。"),
    "document.pages": lazy_gettext("檔案頁數過多，請僅保留證明文件的頁面（最多 60 頁）。"),
    "document.dimensions": lazy_gettext("圖片尺寸過大，請縮小至 6,000 萬像素、單邊 12,000 像素以內再上傳。"),
    "document.slow": lazy_gettext("檔案內容過於複雜，無法在時限內檢查。請重新掃描，或改以「列印成 PDF」另存後再上傳。"),
    "document.infected": lazy_gettext("檔案含有病毒，沒有保存。請先掃毒，再上傳沒有問題的檔案。"),
    "document.many": lazy_gettext("這次申請上傳的檔案已達上限（20 個），無法再上傳。"),
    "document.reason": lazy_gettext("請選擇原因，或填寫說明。"),
    "document.text": lazy_gettext("請填寫說明，最多 500 個字。"),
    "document.not_ready": lazy_gettext("檔案尚未完成掃毒，或含有病毒，不能通過。"),
    "mismatch": lazy_gettext("兩次輸入的密碼不同。"),
    "review.outcome": lazy_gettext("請選擇審核結果。"),
    "review.role": lazy_gettext("請選擇此帳號之權限。"),
    "review.state": lazy_gettext("請選擇審核狀態。"),
    "review.reason": lazy_gettext("請選擇不核准的原因。"),
    "review.reason_text": lazy_gettext("請說明原因，最多 500 個字。"),
    "review.more_info": lazy_gettext("請說明需要補充什麼，最多 500 個字。"),
    "reason.form": lazy_gettext("請填寫原因，最多 500 個字。"),
    "unreadable": lazy_gettext("密碼含有無法辨識的字元，請重新輸入。"),
    "short": lazy_gettext("密碼至少 8 個字元，且須同時包含英文與數字。"),
    "mixed": lazy_gettext("密碼至少 8 個字元，且須同時包含英文與數字。"),
    "long": lazy_gettext("密碼最多 128 個字元。"),
    "made_of": lazy_gettext("密碼不可由公司名稱、統一編號、帳號或服務名稱組成。"),
    "guessable": lazy_gettext("這個密碼太容易被猜到，請改用較長或較不常見的密碼。"),
} | CLIENT_PROBLEMS

LINK_TROUBLES = {
    "unknown": lazy_gettext("這個連結不正確。請確認網址完整，或補發驗證信。"),
    "taken_linked": lazy_gettext("這個信箱已經用於另一個鏈結帳號，無法再用於這筆申請。請以原來的鏈結帳號登入。"),
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


MESSAGES: dict[str, Sentence] = (
    {
        "refused": _plain(lazy_gettext("您無法進行這項操作。")),
        "not_found": _plain(lazy_gettext("找不到這個頁面，或您沒有權限。")),
        "login.bad": _plain(lazy_gettext("帳號或密碼不正確。連續多次輸入錯誤時，帳號會暫停登入一段時間。")),
        "login.too_many": lambda d: gettext("登入失敗次數過多，請於 %(time)s 後再試。", time=clock(d["retry_at"])),
        "login.pending": lambda d: _pending(d),
        "login.withdrawn": _plain(lazy_gettext("您的帳號申請已經撤回。需要帳號時，請重新申請。")),
        "login.unverified": _plain(lazy_gettext("您的信箱尚未驗證，請點選驗證信中的連結。")),
        "login.rejected": _plain(lazy_gettext("您的帳號申請未審核通過。請至「申請進度」查看原因，修正後再次送出。")),
        "login.suspended": lambda d: _suspended(d),
        "acting.conflict": _plain(
            lazy_gettext("這份表單是以另一個帳號開啟的，因此沒有送出。請確認目前身分後再試一次。")
        ),
        "acting.not_yours": _plain(
            lazy_gettext(
                "您正經由鏈結帳號代表這個帳號。帳號的憑證、密碼、信箱、同意、登入與綁定只能由帳號本人變更，"
                "請由本人直接登入後辦理。"
            )
        ),
        "acting.own_seat": _plain(
            lazy_gettext(
                "這個帳號與您的鏈結帳號綁定，或屬於您本人，不能由您審核或變更，請由貴公司另一位群組管理員辦理。"
            )
        ),
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
        "changed_meanwhile": _plain(
            lazy_gettext("資料在您開啟頁面後已經變更，因此沒有儲存。請確認最新內容後再試一次。")
        ),
        "review.decided": lambda d: _decided(d),
        "review.taken": lambda d: gettext(
            "%(name)s正在處理這一筆，您的決定沒有送出。", name=d.get("name") or gettext("另一位營運人員")
        ),
        "review.second": _plain(lazy_gettext("您已核准這份文件，須由另一位營運人員再次審核。")),
        "review.own_company": _plain(lazy_gettext("這是您所屬的公司，不能由您處理。請由其他營運人員處理。")),
        "perm.none": lambda d: _forbidden(d),
        "demand.too_weak": _plain(
            lazy_gettext("要取消這項要求，請先以第二因素登入。還沒有第二因素時，請先至「憑證與登入方式」設定。")
        ),
        "run.gone": _plain(lazy_gettext("這次申請已經完成或逾時，請由首頁重新開始。")),
        "document.refused": lambda d: str(PROBLEMS[str(d["problem"])]) % {"megabytes": d.get("megabytes", "")},
        "document.storage": _plain(lazy_gettext("目前無法保存檔案，請稍後再試。其他已填寫的資料都為您保留。")),
        "document.scanner_away": _plain(lazy_gettext("檔案已收到，等候掃毒；掃毒完成前，任何人都不能檢視。")),
        "document.busy": _plain(lazy_gettext("目前同時上傳的檔案過多，請稍候幾秒再試一次。")),
        "group.by_operator": _plain(
            lazy_gettext("這個帳號由服務單位停用，只有服務單位能恢復。如有疑問，請洽服務單位。")
        ),
        "group.lastadmin": _plain(lazy_gettext("您是唯一的群組管理員，請先指派另一位群組管理員。")),
        "operator.forbidden": lambda d: _beyond_duties(d),
        "mail.not_sendable": _plain(lazy_gettext("信中的連結已經失效，再寄一次也無法使用。請改為補發新的連結。")),
        "register.under_way": _plain(
            lazy_gettext("目前已有一項匯入正在進行。請等它完成，或先停止它，再開始新的匯入。")
        ),
        "operator.bad_code": _plain(
            lazy_gettext("驗證碼不正確，或已經使用過。請輸入驗證器目前顯示的 6 位數字，或一組未使用過的備用碼。")
        ),
        "operator.last_configurator": _plain(
            lazy_gettext(
                "這是唯一能進行系統設定的營運人員。請先讓另一位營運人員具有「系統設定」職責並完成啟用，再變更。"
            )
        ),
        "binding.there": _plain(lazy_gettext("這個帳號已經在您的綁定帳號清單中。")),
        "binding.code_wrong": lambda d: ngettext(
            "驗證碼不正確，還可以再試 %(num)d 次。", "驗證碼不正確，還可以再試 %(num)d 次。", int(d.get("left", 0))
        ),
        "binding.code_void": _plain(
            lazy_gettext("驗證碼錯誤次數過多，已經失效。請點擊【補發驗證信】重新發送驗證碼郵件。")
        ),
        "binding.code_expired": _plain(
            lazy_gettext("驗證碼已超過24小時，自動失效。請點擊【補發驗證信】重新發送驗證碼郵件。")
        ),
        "binding.password_not_changed": _plain(
            lazy_gettext("您的 Email 已經變更，而對方知道您目前的密碼。請先更改密碼，再確認繼續綁定。")
        ),
        "binding.request_over": _plain(lazy_gettext("這項綁定申請已經逾時，請對方重新申請綁定。")),
        "binding.unusable": _plain(lazy_gettext("目前無法以這個帳號登入，原因請見綁定帳號清單。")),
    }
    | CARD_MESSAGES
    | PASSKEY_MESSAGES
)


def _pending(details: dict[str, Any]) -> str:
    if details.get("asked"):
        return str(gettext("您的帳號申請需要補充資料。請至「申請進度」查看說明，補充後再次送出。"))
    if details.get("reviewer") == Reviewer.OPERATOR:
        return str(gettext("您的帳號尚待服務單位審核。"))
    return str(gettext("您的帳號尚待群組管理員審核。"))


def _suspended(details: dict[str, Any]) -> str:
    reason = details.get("reason")
    if reason == IDLE_REASON:
        return str(gettext("您的帳號因久未使用而停用。請洽貴公司群組管理員或客服恢復，資料不受影響。"))
    text = gettext("您的帳號或公司目前停用，請洽貴公司群組管理員或客服。")
    return str(text) if reason is None else " ".join([text, gettext("停用原因：%(reason)s", reason=reason)])


def _decided(details: dict[str, Any]) -> str:
    by, outcome = details.get("by") or gettext("服務單位"), details.get("outcome")
    if outcome not in OUTCOME_LABELS:
        return str(gettext("這筆申請已由其他群組管理員或服務單位完成審核，您的決定沒有送出。"))
    text = gettext("這筆申請已由%(by)s完成審核，結果為「%(outcome)s」，您的決定沒有送出。")
    return str(text) % {"by": by, "outcome": OUTCOME_LABELS[outcome]}


def _beyond_duties(details: dict[str, Any]) -> str:
    label = POWER_LABELS.get(details.get("power"))
    if label is None:
        return str(gettext("您無法進行這項操作。"))
    return str(gettext("您的職責不包含「%(power)s」。如有需要，請洽負責系統設定的營運人員。", power=label))


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
