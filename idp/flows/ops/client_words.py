"""Words about applications (應用系統) at the console: labels, explanations, and why something can't be registered."""

from typing import Any

from flask_babel import lazy_gettext

from idp.policies.roles import Role
from idp.policies.standing import Approval, CompanyProof

AUTH_METHOD_LABELS: dict[str, Any] = {
    "client_secret_basic": lazy_gettext("密鑰，放在標頭（client_secret_basic）"),
    "client_secret_post": lazy_gettext("密鑰，放在內文（client_secret_post）"),
    "private_key_jwt": lazy_gettext("自己的金鑰（private_key_jwt）"),
    "none": lazy_gettext("無法保密（none，僅 PKCE）"),
}
AUTH_METHOD_EXPLANATIONS: dict[str, Any] = {
    "client_secret_basic": lazy_gettext("由伺服器執行的系統，多數程式庫的預設值。密鑰在建立後顯示一次。"),
    "client_secret_post": lazy_gettext("程式庫不支援標頭時使用。密鑰在建立後顯示一次。"),
    "private_key_jwt": lazy_gettext("系統以自己的私鑰簽署，本系統只有公鑰，沒有可外洩的密鑰。須填寫 JWKS。"),
    "none": lazy_gettext("在使用者裝置上執行的程式，例如手機 App 或單頁網站，保不住密鑰，因此一律使用 PKCE。"),
}
GRANT_LABELS: dict[str, Any] = {
    "authorization_code": lazy_gettext("讓人登入（authorization_code）"),
    "refresh_token": lazy_gettext("更新權杖（refresh_token）"),
    "client_credentials": lazy_gettext("以系統本身呼叫 API（client_credentials）"),
}
GRANT_EXPLANATIONS: dict[str, Any] = {
    "authorization_code": lazy_gettext("使用者在瀏覽器登入，一般的應用系統都需要。"),
    "refresh_token": lazy_gettext("登入期間不經使用者重新取得權杖，權限變更時也能及時得知。"),
    "client_credentials": lazy_gettext(
        "沒有使用者的排程或後端程式。須在下方填寫自訂的範圍；填寫 electronic_id.lookup 可以帳號識別碼查詢帳號。"
    ),
}
SCOPE_LABELS: dict[str, Any] = {
    "openid": lazy_gettext("登入（openid）"),
    "profile": lazy_gettext("姓名與帳號（profile）"),
    "email": lazy_gettext("Email（email）"),
    "phone": lazy_gettext("手機電話（phone）"),
    "address": lazy_gettext("公司地址（address）"),
    "company": lazy_gettext("公司與權限（company）"),
    "menus": lazy_gettext("選單權限（menus）"),
    "electronic_id": lazy_gettext("帳號識別碼（electronic_id）"),
    "linked_accounts": lazy_gettext("可切換的公司帳號（linked_accounts）"),
    "offline_access": lazy_gettext("登出後仍可存取（offline_access）"),
}
SCOPE_EXPLANATIONS: dict[str, Any] = {
    "openid": lazy_gettext("必要：登入的帳號代號與登入方式。"),
    "profile": lazy_gettext("姓名、帳號名稱、語言。"),
    "email": lazy_gettext("同一信箱可能屬於多家公司的帳號，不可當作識別。"),
    "phone": lazy_gettext("只由 userinfo 提供。"),
    "address": lazy_gettext("只由 userinfo 提供。"),
    "company": lazy_gettext("代表的公司、統一編號、驗證方式與角色，也能指定公司登入。"),
    "menus": lazy_gettext("這個應用系統的選單中，使用者可以使用哪些。"),
    "electronic_id": lazy_gettext("IC 開頭的公開號碼，其他公司以它授權給這個帳號。"),
    "linked_accounts": lazy_gettext(
        "經由鏈結帳號的人員在這個應用系統可以使用的其他公司帳號，供應用系統自製切換公司的選單。"
        "無法保密的程式與只屬於一家公司的應用系統不能使用。"
    ),
    "offline_access": lazy_gettext("30 天內不需使用者在場，使用者可在自己的帳號頁面收回。無法保密的程式不能使用。"),
}
NARROWING_LABELS: dict[str, Any] = {
    "logout": lazy_gettext("通知登出"),
    "poll": lazy_gettext("由應用系統自行查詢"),
}
NARROWING_EXPLANATIONS: dict[str, Any] = {
    "logout": lazy_gettext("角色或權限減少時，立即對後端登出網址送出通知。建議使用。"),
    "poll": lazy_gettext("不送通知；應用系統每 5 分鐘查詢一次 userinfo 或更新權杖。"),
}
PROOF_ADMITTED: dict[str, Any] = {
    CompanyProof.NONE: lazy_gettext("尚未驗證的公司"),
    CompanyProof.DOCUMENT: lazy_gettext("以證明文件驗證"),
    CompanyProof.CARD: lazy_gettext("以工商憑證驗證"),
}
ROLE_ADMITTED: dict[str, Any] = {
    Role.GUEST: lazy_gettext("訪客"),
    Role.STAFF: lazy_gettext("一般人員"),
    Role.GROUP_ADMIN: lazy_gettext("群組管理員"),
}
APPROVAL_ADMITTED: dict[str, Any] = {
    Approval.OPERATOR: lazy_gettext("由服務單位核准"),
    Approval.GROUP_ADMIN: lazy_gettext("由群組管理員核准"),
    Approval.AUTO: lazy_gettext("自動核准"),
}
ICON_LABELS: dict[str, Any] = {
    "app": lazy_gettext("一般"),
    "account": lazy_gettext("帳號"),
    "dreams": lazy_gettext("太陽能案場"),
    "portpass": lazy_gettext("港區通行證"),
    "ida": lazy_gettext("產業發展"),
}
# Keys of services.client_registry and of the rules under it; flows/messages.py takes them in.
CLIENT_PROBLEMS: dict[str, Any] = {
    "client_id.form": lazy_gettext("代號應為 1 至 63 個英文字母、數字、句點、底線或連字號，並以字母或數字開頭。"),
    "client_id.reserved": lazy_gettext("代號不可以 ga_、la_、co_、op_ 開頭，這些保留給帳號、公司與營運人員。"),
    "client_id.taken": lazy_gettext("這個代號已經使用，或曾屬於已移除的應用系統。若您剛送出過表單，請先到清單確認。"),
    "client_name.form": lazy_gettext("名稱應為 1 至 100 個字。"),
    "colour.form": lazy_gettext("顏色應為 # 加 6 個小寫的十六進位數字，例如 #43505c。"),
    "colour.contrast": lazy_gettext("白色文字在這個顏色上不易閱讀，請選擇較深的顏色（對比 4.5:1 以上）。"),
    "icon.form": lazy_gettext("請選擇清單中的圖示。"),
    "alg.unknown": lazy_gettext("請選擇 RS256、ES256 或 EdDSA。"),
    "narrowing.unknown": lazy_gettext("請選擇權限減少時的處理方式。"),
    "admission.form": lazy_gettext("請選擇清單中的項目。"),
    "service.unknown": lazy_gettext("沒有這個服務，請重新選擇。"),
    "company.unknown": lazy_gettext("沒有這家公司。"),
    "auth_method.unknown": lazy_gettext("請選擇驗證方式。"),
    "jwks.json": lazy_gettext("JWKS 不是正確的 JSON，請貼上完整內容。"),
    "jwks.form": lazy_gettext("JWKS 應有 1 至 20 把 RSA、EC 或 Ed25519 公鑰。"),
    "jwks.missing": lazy_gettext("以 private_key_jwt 驗證時，請填寫 JWKS。"),
    "jwks.private": lazy_gettext("JWKS 含有私鑰。請只填寫公鑰，並更換這把已經外流的金鑰。"),
    "jwks.weak": lazy_gettext("RSA 金鑰至少須有 2048 位元。"),
    "pkce.public": lazy_gettext("無法保密的程式一定要使用 PKCE。"),
    "grant.unknown": lazy_gettext("請至少選擇一種取得權杖的方式。"),
    "grant.refresh_alone": lazy_gettext("「更新權杖」須與「讓人登入」一起選擇。"),
    "grant.public": lazy_gettext("無法保密的程式不能以系統本身呼叫 API。"),
    "scope.unknown": lazy_gettext(
        "自訂的範圍只用於「以系統本身呼叫 API」，以小寫英文字母開頭，其後為小寫英文字母、數字或 _ . : -。"
    ),
    "scope.missing": lazy_gettext("請至少選擇一個範圍。"),
    "scope.linked_company": lazy_gettext("只屬於一家公司的應用系統不能使用「可切換的公司帳號」。"),
    "scope.linked_public": lazy_gettext("無法保密的程式不能使用「可切換的公司帳號」。"),
    "scope.offline_public": lazy_gettext("無法保密的程式不能使用「登出後仍可存取」。"),
    "acting.backchannel": lazy_gettext("接受鏈結帳號的應用系統，須填寫後端登出網址。"),
    "redirect.missing": lazy_gettext("請至少填寫一個登入後返回網址。"),
    "redirect.list": lazy_gettext("最多 50 個網址，且不可重複。"),
    "redirect.form": lazy_gettext("不是完整的網址：須有 https://、主機名稱與路徑，最多 2000 個字元。"),
    "redirect.scheme": lazy_gettext("必須以 https:// 開頭，不接受 javascript: 等其他開頭。"),
    "redirect.https": lazy_gettext("必須使用 https://（http:// 只能用於開發中的本機網址）。"),
    "redirect.fragment": lazy_gettext("不可有 # 與之後的部分。"),
    "redirect.wildcard": lazy_gettext("不可使用萬用字元 *；返回網址會逐字比對，請逐一列出。"),
    "redirect.user": lazy_gettext("不可在主機名稱前加上帳號或密碼（@ 之前的部分）。"),
    "redirect.ip": lazy_gettext("不可使用 IP 位址，請改用主機名稱。"),
    "redirect.loopback": lazy_gettext("正式環境不可登記本機網址（localhost）。"),
    "redirect.characters": lazy_gettext("含有網址不可使用的字元；中文網域請改用 xn-- 開頭的形式。"),
    "overlap.range": lazy_gettext("舊密鑰最多再使用 30 天。"),
    "secret.not_used": lazy_gettext("這個應用系統的驗證方式不使用密鑰。"),
    "secret.no_old": lazy_gettext("沒有仍可使用的舊密鑰，可能已經停止。"),
    "try.no_sign_in": lazy_gettext("這個應用系統沒有開放讓人登入，因此沒有可以測試的登入。"),
}
