"""Words of the registration policy: what each key means, from when a change counts, and why a policy is refused."""

from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext, lazy_gettext

from idp.flows.messages import ROLE_LABELS
from idp.flows.registration_words import NUMBER_LABELS
from idp.policies.cards import CardRank
from idp.policies.entities import EntityKind
from idp.policies.registration import Asked, CredentialSet, FirstAdmin, MailCheck, Proof, Reviewer
from idp.policies.roles import Role

# From when a change counts: the wizard reads the policy at each step, and again when an application is sent,
# its mailbox confirmed, or it is decided about.
FROM_NEXT_STEP = lazy_gettext("儲存後，填寫中的申請從下一步起適用；已送出的申請不變。")
FROM_NEXT_JUDGEMENT = lazy_gettext("儲存後立即適用；已送出但尚未完成信箱驗證的申請，於驗證時依新設定處理。")
FROM_NEXT_DECISION = lazy_gettext("儲存後立即適用，包括等候審核中的申請與文件。")
FROM_NEXT_LINK = lazy_gettext("儲存後寄出的連結適用；已寄出的連結維持原期限。")
FROM_NEXT_SIGN_IN = lazy_gettext("申請前同意的文件，從下一份申請起適用；首次登入同意的文件，下次登入時詢問所有人。")
AT_ONCE = lazy_gettext("儲存後立即適用，包括既有的帳號。")


@dataclass(frozen=True, slots=True)
class KeyWords:
    """One key in words; ``choices`` maps a value to its label, ``details`` to what it means."""

    label: Any
    about: Any
    since: Any
    choices: dict[str, Any] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)


YES_NO = {"true": lazy_gettext("是"), "false": lazy_gettext("否")}

POLICY_WORDS: dict[str, KeyWords] = {
    "company_proof": KeyWords(
        lazy_gettext("公司驗證方式"),
        lazy_gettext("公司以哪些方式證明身分，符合其中一項即可。"),
        FROM_NEXT_JUDGEMENT,
        {
            Proof.CARD: lazy_gettext("工商憑證"),
            Proof.DOCUMENT: lazy_gettext("公司證明文件"),
            Proof.OPERATOR: lazy_gettext("服務單位查證"),
            Proof.NONE: lazy_gettext("不須驗證"),
        },
        {
            Proof.CARD: lazy_gettext("申請時插卡驗證，公司立即通過。"),
            Proof.DOCUMENT: lazy_gettext("申請時上傳，由營運人員審核。"),
            Proof.OPERATOR: lazy_gettext("由營運人員另行查證後，在公司頁面登錄。"),
            Proof.NONE: lazy_gettext("與工商憑證並列時，申請人可以選擇不插卡。"),
        },
    ),
    "card_ranks": KeyWords(
        lazy_gettext("可用的憑證卡"),
        lazy_gettext("接受工商憑證時，哪些卡可以證明公司。"),
        FROM_NEXT_JUDGEMENT,
        {
            CardRank.PRIMARY: lazy_gettext("正卡"),
            CardRank.SECONDARY: lazy_gettext("附卡"),
            CardRank.MOBILE: lazy_gettext("行動工商憑證"),
        },
    ),
    "member_approval": KeyWords(
        lazy_gettext("同公司帳號由誰審核"),
        lazy_gettext("公司已有帳號後，其他人的申請由誰決定。"),
        FROM_NEXT_JUDGEMENT,
        {
            Reviewer.GROUP_ADMIN: lazy_gettext("公司的群組管理員"),
            Reviewer.OPERATOR: lazy_gettext("服務單位"),
            Reviewer.AUTO: lazy_gettext("自動通過"),
        },
        {
            Reviewer.GROUP_ADMIN: lazy_gettext("公司沒有群組管理員時，由服務單位審核。"),
            Reviewer.OPERATOR: lazy_gettext("一律由營運人員在審核佇列處理。"),
            Reviewer.AUTO: lazy_gettext("公司已有群組管理員時，仍由群組管理員審核。"),
        },
    ),
    "escalate_after_days": KeyWords(
        lazy_gettext("逾期轉由服務單位審核的天數"),
        lazy_gettext("群組管理員超過這個天數沒有審核，申請會轉到審核佇列。1 至 365 天。"),
        FROM_NEXT_DECISION,
    ),
    "mail_check": KeyWords(
        lazy_gettext("何時驗證信箱"),
        lazy_gettext("驗證信在審核之前或之後寄出。"),
        FROM_NEXT_JUDGEMENT,
        {
            MailCheck.BEFORE_REVIEW: lazy_gettext("審核之前"),
            MailCheck.AFTER_REVIEW: lazy_gettext("審核通過之後"),
            MailCheck.ACTIVATION: lazy_gettext("啟用帳號時"),
        },
        {
            MailCheck.BEFORE_REVIEW: lazy_gettext("送出申請後立即寄驗證信，完成驗證才開始審核。"),
            MailCheck.AFTER_REVIEW: lazy_gettext("每筆申請都會審核，驗證連結隨審核通過信寄出。"),
            MailCheck.ACTIVATION: lazy_gettext("送出申請後寄啟用信，由申請人開啟連結、核對統一編號並設定密碼。"),
        },
    ),
    "first_admin": KeyWords(
        lazy_gettext("第一位群組管理員如何產生"),
        lazy_gettext("公司還沒有群組管理員時，由誰擔任。"),
        FROM_NEXT_JUDGEMENT,
        {
            FirstAdmin.FIRST_VERIFIED: lazy_gettext("公司通過驗證後的第一位申請人"),
            FirstAdmin.OPERATOR_NAMED: lazy_gettext("由服務單位指定"),
            FirstAdmin.NONE: lazy_gettext("不設群組管理員"),
        },
    ),
    "accounts_per_company": KeyWords(
        lazy_gettext("每家公司的帳號數"),
        lazy_gettext("一家公司可以有幾個帳號。"),
        FROM_NEXT_JUDGEMENT,
        {"many": lazy_gettext("不限"), "one": lazy_gettext("一個")},
    ),
    "login_id": KeyWords(
        lazy_gettext("登入時輸入"),
        lazy_gettext("申請人以什麼登入。"),
        FROM_NEXT_STEP,
        {"username": lazy_gettext("帳號"), "electronic_id": lazy_gettext("電子身分證號（IC…）")},
        {"electronic_id": lazy_gettext("由系統產生，隨啟用信寄給申請人。")},
    ),
    "ask_entity_id": KeyWords(
        lazy_gettext("登入時也要輸入統一編號"),
        lazy_gettext("登入頁除了帳號與密碼，是否也詢問統一編號。"),
        AT_ONCE,
        YES_NO,
    ),
    "company_name": KeyWords(
        lazy_gettext("公司名稱"),
        lazy_gettext("登記資料查到的公司名稱如何使用。"),
        FROM_NEXT_STEP,
        {
            "registry_confirm": lazy_gettext("請申請人確認"),
            "registry_prefill": lazy_gettext("預先帶入，可以修改"),
        },
        {
            "registry_confirm": lazy_gettext("顯示查到的公司，勾選「正確，這是我的公司」。"),
            "registry_prefill": lazy_gettext("與登記名稱不同時，會提醒審核人員。"),
        },
    ),
    "entity_types": KeyWords(
        lazy_gettext("可以申請的編號"),
        lazy_gettext("公司或團體以哪些編號申請；只有統一編號的公司有工商憑證。"),
        FROM_NEXT_STEP,
        {kind: NUMBER_LABELS[kind] for kind in EntityKind},
    ),
    "responsible": KeyWords(
        lazy_gettext("公司負責人"),
        lazy_gettext("申請表是否詢問公司負責人姓名。"),
        FROM_NEXT_STEP,
        {
            Asked.REQUIRED: lazy_gettext("必填"),
            Asked.OPTIONAL: lazy_gettext("選填"),
            Asked.HIDDEN: lazy_gettext("不詢問"),
        },
    ),
    "email_unique": KeyWords(
        lazy_gettext("同一信箱能否重複"),
        lazy_gettext("同一家公司的兩個一般帳號能否使用同一個信箱。"),
        FROM_NEXT_JUDGEMENT,
        {"kind_and_company": lazy_gettext("不可重複"), "none": lazy_gettext("可以重複")},
    ),
    "consents": KeyWords(
        lazy_gettext("條款與同意"),
        lazy_gettext("申請人須同意哪些文件、何時同意。文件內容在「條款與同意」頁面撰寫。"),
        FROM_NEXT_SIGN_IN,
    ),
    "roles": KeyWords(
        lazy_gettext("提供的權限"),
        lazy_gettext("審核時可以給予的權限；沒有指定時給予其中最小的一項。"),
        FROM_NEXT_DECISION,
        {role: ROLE_LABELS[role] for role in Role},
    ),
    "menu_rights": KeyWords(
        lazy_gettext("個別選單權限"),
        lazy_gettext("群組管理員能否為個別帳號開關選單。"),
        AT_ONCE,
        {"true": lazy_gettext("可以"), "false": lazy_gettext("不可以，只依權限預設")},
    ),
    "data_scope": KeyWords(
        lazy_gettext("資料讀取範圍"),
        lazy_gettext("帳號能否開放讀取全公司的資料；否則只看自己的資料。"),
        AT_ONCE,
        {"true": lazy_gettext("可以開放全公司"), "false": lazy_gettext("不區分")},
    ),
    "resubmit": KeyWords(
        lazy_gettext("未通過的申請"),
        lazy_gettext("申請未通過時如何再送。"),
        lazy_gettext("目前一律可以在原申請修正，這個設定只會記錄。"),
        {"same_application": lazy_gettext("在原申請修正後再送出"), "new": lazy_gettext("重新申請")},
    ),
    "label_linked": KeyWords(
        lazy_gettext("鏈結帳號的名稱"),
        lazy_gettext("在申請頁面上如何稱呼鏈結帳號，1 至 20 個字。填 off 表示不開放申請，也不詢問帳號類型。"),
        FROM_NEXT_STEP,
    ),
    "binding_proof": KeyWords(
        lazy_gettext("綁定一般帳號的方式"),
        lazy_gettext("鏈結帳號要綁定這個服務的一般帳號時，如何取得帳號使用者的同意。"),
        lazy_gettext("下一次申請綁定起適用。"),
        {
            "password_and_code": lazy_gettext("輸入一般帳號的密碼，再輸入寄到其信箱的驗證碼"),
            "owner_approves": lazy_gettext("由帳號使用者登入後同意"),
        },
    ),
    "rotate_after_binding": KeyWords(
        lazy_gettext("綁定後建議更換密碼"),
        lazy_gettext("以密碼綁定後，是否以信件與頁面建議帳號使用者更換密碼。"),
        AT_ONCE,
        YES_NO,
    ),
    "linked_admin": KeyWords(
        lazy_gettext("經由鏈結帳號行使群組管理員權限"),
        lazy_gettext(
            "新公司預設是否允許。不允許時，經由鏈結帳號登入的群組管理員只有一般人員的權限。公司的群組管理員可自行變更。"
        ),
        lazy_gettext("之後新建立的公司適用。"),
        {"true": lazy_gettext("允許"), "false": lazy_gettext("不允許，視為一般人員")},
    ),
    "verify_hours": KeyWords(
        lazy_gettext("驗證連結的有效時數"),
        lazy_gettext("信箱驗證連結在寄出後多久失效。1 至 168 小時。"),
        FROM_NEXT_LINK,
    ),
    "invitation_days": KeyWords(
        lazy_gettext("邀請的有效天數"),
        lazy_gettext("群組管理員寄出的邀請在多久後失效。1 至 90 天。"),
        FROM_NEXT_LINK,
    ),
    "second_reviewer": KeyWords(
        lazy_gettext("公司文件須兩人審核"),
        lazy_gettext("公司證明文件是否須由兩位營運人員先後核准。"),
        FROM_NEXT_DECISION,
        YES_NO,
    ),
    "credentials": KeyWords(
        lazy_gettext("可以申請的登入方式"),
        lazy_gettext("申請人以什麼登入；有多種時，申請的第一步先請申請人選擇。"),
        FROM_NEXT_STEP,
        {
            CredentialSet.COMPANY_CARD: lazy_gettext("工商憑證"),
            CredentialSet.CITIZEN_CARD: lazy_gettext("自然人憑證"),
            CredentialSet.PASSWORD: lazy_gettext("密碼（非憑證帳號）"),
        },
        {
            CredentialSet.COMPANY_CARD: lazy_gettext("證明公司，並以卡片登入。"),
            CredentialSet.CITIZEN_CARD: lazy_gettext("只證明本人，不能證明公司。"),
        },
    ),
    "idle_days": KeyWords(
        lazy_gettext("多久未使用即停用"),
        lazy_gettext("帳號超過這個天數沒有登入，會先寄信提醒，再停用。30 至 3650 天。"),
        AT_ONCE,
    ),
}
# In which sections the form shows them.
SECTIONS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (
        lazy_gettext("公司驗證"),
        ("company_proof", "card_ranks", "entity_types", "company_name", "responsible", "second_reviewer"),
    ),
    (
        lazy_gettext("審核與帳號"),
        ("member_approval", "escalate_after_days", "first_admin", "roles", "accounts_per_company", "resubmit"),
    ),
    (
        lazy_gettext("信箱與登入"),
        (
            "mail_check",
            "verify_hours",
            "invitation_days",
            "email_unique",
            "login_id",
            "ask_entity_id",
            "credentials",
            "idle_days",
        ),
    ),
    (lazy_gettext("條款與其他"), ("consents", "menu_rights", "data_scope")),
    (lazy_gettext("鏈結帳號"), ("label_linked", "binding_proof", "rotate_after_binding", "linked_admin")),
)
PRESET_WORDS: dict[str, tuple[Any, Any]] = {
    "dreams": (
        lazy_gettext("工商憑證驗證（dreams）"),
        lazy_gettext("以工商憑證驗證公司，第一位申請人成為群組管理員，同事由群組管理員審核。"),
    ),
    "twport": (
        lazy_gettext("文件審核（twport）"),
        lazy_gettext("以公司證明文件或工商憑證驗證公司，申請一律由服務單位審核，首次登入時同意三份文件。"),
    ),
    "ida": (
        lazy_gettext("電子身分證號（ida）"),
        lazy_gettext("以電子身分證號登入，可申請工商憑證、自然人憑證或非憑證帳號，由啟用信啟用。"),
    ),
}
WHEN_LABELS = {
    "": lazy_gettext("不使用"),
    "before_apply": lazy_gettext("申請前"),
    "first_login": lazy_gettext("首次登入時"),
}
UNREADABLE = {
    "escalate_after_days": lazy_gettext("請輸入 1 至 365 的整數。"),
    "verify_hours": lazy_gettext("請輸入 1 至 168 的整數。"),
    "invitation_days": lazy_gettext("請輸入 1 至 90 的整數。"),
    "idle_days": lazy_gettext("請輸入 30 至 3650 的整數。"),
    "label_linked": lazy_gettext("請輸入 1 至 20 個字，或填 off。"),
}
# Why a policy can't be taken: beside which key it is told, and in which words.
POLICY_PROBLEMS: dict[str, tuple[str, Any]] = {
    "policy.no_proof": ("company_proof", lazy_gettext("請至少選擇一種公司驗證方式，否則沒有人能申請。")),
    "policy.proof_not_built": ("company_proof", lazy_gettext("目前尚未提供這種公司驗證方式。")),
    "policy.no_documents_folder": (
        "company_proof",
        lazy_gettext("接受公司證明文件須先設定存放文件的資料夾（IDP_DOCUMENTS_FOLDER）。"),
    ),
    "policy.no_card_rank": ("card_ranks", lazy_gettext("公司驗證方式包含工商憑證，請至少選擇一種可用的憑證卡。")),
    "policy.first_admin_unproven": (
        "first_admin",
        lazy_gettext("公司不須驗證時，第一位申請人不能成為群組管理員：任何人都能代表任何公司。請改由服務單位指定。"),
    ),
    "policy.nobody_approves": (
        "member_approval",
        lazy_gettext("不設群組管理員時，申請不能由群組管理員審核。請改由服務單位審核，或設群組管理員。"),
    ),
    "policy.no_entity_type": ("entity_types", lazy_gettext("請至少選擇一種編號，否則沒有人能申請。")),
    "policy.no_role": ("roles", lazy_gettext("請至少選擇一種權限，否則無法核准申請。")),
    "policy.card_account_without_card": (
        "credentials",
        lazy_gettext("工商憑證帳號須以工商憑證驗證公司，請在公司驗證方式加入工商憑證。"),
    ),
    "policy.no_credential": ("credentials", lazy_gettext("請至少選擇一種登入方式，否則沒有人能登入。")),
    "policy.number_without_activation": (
        "mail_check",
        lazy_gettext("以電子身分證號登入的帳號須以啟用信告知號碼，請選擇「啟用連結」。"),
    ),
    "policy.activation_without_number": (
        "mail_check",
        lazy_gettext("啟用連結只適用於以電子身分證號登入的帳號，請改選審核之前或之後。"),
    ),
    "policy.text_not_built": (
        "consents",
        lazy_gettext("沒有這個版本的文件，請改選其他版本。"),
    ),
}


def problem_of(code: str) -> tuple[str, str]:
    """Beside which key a problem of a policy is told, and its sentence; what it is about may follow a colon."""
    problem, _, about = code.partition(":")
    key, sentence = POLICY_PROBLEMS[problem]
    return key, gettext("%(about)s：%(sentence)s", about=about, sentence=sentence) if about else str(sentence)
