"""Every claim that a client may be told, in words for whoever connects it (tokens.md "Claims")."""

from typing import Any

from flask_babel import lazy_gettext

MOMENTS = frozenset({"exp", "iat", "auth_time", "session_expiry", "updated_at"})
HEADERS: dict[str, Any] = {
    "alg": lazy_gettext("簽章的演算法，如同應用系統所登記的。"),
    "kid": lazy_gettext("簽章金鑰的代號；公鑰在 jwks_uri，金鑰更換時會不同。"),
}
CLAIMS: dict[str, Any] = {
    "iss": lazy_gettext("簽發者，即本系統；應用系統須逐字比對。"),
    "sub": lazy_gettext("一般帳號的代號，永久不變、不會再給別人。它代表一個席位，不是一個自然人。"),
    "aud": lazy_gettext("給哪一個應用系統；不是自己的代號就要拒絕。"),
    "client_id": lazy_gettext("取得權杖的應用系統。"),
    "exp": lazy_gettext("有效期限。登入期間不以它為準，而以 session_expiry 為準。"),
    "iat": lazy_gettext("簽發時間。"),
    "nonce": lazy_gettext("登入時送來的隨機值，原樣送回，應用系統以它確認是同一次登入。"),
    "at_hash": lazy_gettext("權杖的雜湊值，用來確認兩者是一起簽發的。"),
    "sid": lazy_gettext("這次登入的代號，登出通知以它指明要結束哪一次登入。測試的代號不會保留。"),
    "auth_time": lazy_gettext("實際輸入密碼或使用憑證的時間。"),
    "acr": lazy_gettext("登入的強度：password、mfa 或 card。"),
    "amr": lazy_gettext("登入用了哪些方法（RFC 8176）：pwd 是密碼，sc 與 pin 是卡片與憑證密碼。"),
    "session_expiry": lazy_gettext("由這次登入而來的工作階段最晚必須在此時結束。"),
    "act": lazy_gettext("經由哪一個鏈結帳號進入。只有經由鏈結帳號時才有，應用系統要顯示並記錄。"),
    "name": lazy_gettext("帳號的人員姓名。"),
    "preferred_username": lazy_gettext("帳號名稱。只供顯示，不可當作識別。"),
    "locale": lazy_gettext("偏好的語言。"),
    "updated_at": lazy_gettext("帳號資料最後更新的時間。"),
    "email": lazy_gettext("帳號的 Email。可能與其他公司的帳號共用，不可當作識別。"),
    "email_verified": lazy_gettext("Email 是否已驗證。"),
    "phone_number": lazy_gettext("帳號的電話號碼，只由 userinfo 提供。"),
    "phone_number_verified": lazy_gettext("電話號碼是否已驗證。"),
    "address": lazy_gettext("公司地址，只由 userinfo 提供。"),
    "tenant": lazy_gettext("公司的代號。應用系統以它存放資料，因為統一編號只是資料。"),
    "company_tax_id": lazy_gettext("公司的統一編號。"),
    "company_name": lazy_gettext("公司名稱。"),
    "company": lazy_gettext("公司的完整資料：代號、統一編號、名稱、狀態，以及公司身分的證明方式。"),
    "roles": lazy_gettext("在這家公司的角色，恰為一個：guest、staff 或 group_admin。"),
    "data_scope": lazy_gettext("可看自己的資料，或整家公司的資料。"),
    "entitlements": lazy_gettext("這個應用系統的選單中可使用的項目。應用系統在每一頁之前都要檢查。"),
    "entitlements_locked": lazy_gettext("有權使用、但這次登入強度不足的選單，以及所需的強度。"),
    "perm_ver": lazy_gettext("權限的版本；角色或選單權限每次變更都會加大。"),
    "electronic_id": lazy_gettext("帳號識別碼（IC…），其他公司以它授權給這個帳號，只由 userinfo 提供。"),
    "active": lazy_gettext("權杖目前有效。這裡顯示的是應用系統向 /introspect 查詢時的回答，權杖本身只是一串隨機文字。"),
    "token_type": lazy_gettext("權杖的種類；Bearer 表示持有者即可使用，應用系統要妥善保管。"),
    "scope": lazy_gettext("核准的範圍。"),
    "username": lazy_gettext("帳號名稱，供紀錄使用。"),
}
ERRORS: dict[str, Any] = {
    "access_denied": lazy_gettext("使用者不同意提供資料，或選擇返回應用系統。"),
    "login_required": lazy_gettext("需要重新登入。"),
    "interaction_required": lazy_gettext("這個帳號不能進入這個應用系統，請檢查「誰可以進入」的設定與帳號狀態。"),
    "account_selection_required": lazy_gettext("需要選擇帳號。"),
    "consent_required": lazy_gettext("需要使用者同意提供資料。"),
    "unmet_authentication_requirements": lazy_gettext("登入的強度不足，例如需要工商憑證。"),
    "invalid_scope": lazy_gettext("要求的範圍不在這個應用系統登記的範圍內，設定可能剛被變更。"),
    "invalid_request": lazy_gettext("要求的內容不正確，設定可能剛被變更。"),
    "unauthorized_client": lazy_gettext("這個應用系統沒有開放讓人登入。"),
}
