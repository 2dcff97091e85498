"""The twenty steps of docs/tour.md: what the page says of each, and what the walk has to see."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One step: its heading, who is at which pages, the Chinese words that are read there, and what it shows."""

    number: int
    slug: str
    title: str
    who: str
    places: tuple[str, ...]
    words: tuple[str, ...]
    shows: tuple[str, ...]

    @property
    def picture(self) -> str:
        """The file of its picture, in docs/tour."""
        return f"{self.number:02}-{self.slug}.png"


STEPS = (
    Step(
        1,
        "a-visitor",
        "A visitor sees what a visitor may",
        "林小玉 (`guest1`)",
        ("dreams/", "dreams/sites/new"),
        ("登入", "同意", "案場查詢", "無法使用「申請新案場」", "您的權限為「訪客」"),
        ("R-041",),
    ),
    Step(
        2,
        "a-new-site",
        "Staff apply for a new site",
        "王小明 (`staff1`)",
        ("dreams/", "dreams/sites"),
        ("登入", "申請新案場", "送出申請", "案場查詢"),
        ("R-042",),
    ),
    Step(
        3,
        "the-claims",
        "What the application was told",
        "王小明 (`staff1`)",
        ("dreams/claims",),
        ("我的宣告",),
        ("R-040",),
    ),
    Step(
        4,
        "a-company-comes",
        "A company asks for its first account",
        "陳美玲, of 測試三號有限公司",
        ("dreams/",),
        ("申請新帳號", "我同意條款", "下一步", "查詢", "查到的公司是"),
        ("R-005", "R-006", "R-008", "R-009"),
    ),
    Step(
        5,
        "proven-by-card",
        "Its card proves the company",
        "陳美玲",
        ("provider/register/proof",),
        ("下一步", "使用工商憑證驗證", "驗證憑證", "憑證驗證結果：成功"),
        ("R-015", "R-016", "R-017", "R-018"),
    ),
    Step(
        6,
        "group-admin",
        "The first becomes group admin",
        "陳美玲",
        ("mailbox/",),
        ("下一步", "送出申請", "註冊通知信件", "確認", "此帳號即為該公司之群組管理員。"),
        ("R-003",),
    ),
    Step(
        7,
        "a-colleague",
        "A colleague needs no card",
        "林小芬, of the same company",
        ("dreams/",),
        (
            "申請新帳號",
            "下一步",
            "查詢",
            "查到的公司是",
            "您的帳號將由貴公司的群組管理員審核。",
            "送出申請",
            "註冊通知信件",
            "確認",
            "完成Email認證後，需等候貴公司群組管理員審核。",
        ),
        ("R-002", "R-014"),
    ),
    Step(
        8,
        "reviewed",
        "The group admin signs in by card and approves",
        "陳美玲",
        ("dreams/",),
        ("登入", "工商憑證", "讀取憑證", "使用者管理", "修改使用者", "訪客", "核准", "修改"),
        ("R-004", "R-044", "R-045", "R-200"),
    ),
    Step(
        9,
        "more-rights",
        "More rights, without a new sign-in",
        "林小芬 and 陳美玲",
        ("dreams/", "provider/group/users"),
        ("登入", "修改使用者", "一般人員", "修改", "申請新案場"),
        ("R-042", "R-048"),
    ),
    Step(
        10,
        "on-duty",
        "The operator comes on duty",
        "周文傑 (`operator`)",
        ("provider/ops", "mailbox/authenticator"),
        ("下一步", "登入"),
        ("R-172",),
    ),
    Step(
        11,
        "a-document",
        "A company that came by document is judged",
        "周文傑",
        ("provider/ops/queue",),
        ("接手", "公司文件審核", "送出「公司文件」決定", "送出「帳號申請」決定"),
        ("R-172", "R-173"),
    ),
    Step(
        12,
        "read-to-the-end",
        "Its person reads three texts to the end",
        "陳怡君 (`newport`)",
        ("mailbox/", "portpass/"),
        ("帳號註冊通知信件（審核通過）", "確認", "登入", "請滑動右側卷軸完成閱讀", "已閱讀至結尾", "我同意"),
        ("R-090", "R-091", "R-092", "R-171"),
    ),
    Step(
        13,
        "which-company",
        "One person, several companies",
        "錢大明 (`agent1`), a linked account 鏈結帳號",
        ("portpass/",),
        ("登入", "您要以哪一家公司進入「港區通行證系統」？"),
        ("R-094", "R-113"),
    ),
    Step(
        14,
        "another-company",
        "Over to another company, the draft kept",
        "錢大明",
        ("portpass/passes/new",),
        (
            "測試一號有限公司",
            "申請通行證",
            "切換公司",
            "測試二號有限公司",
            "您在「測試一號有限公司」未送出的內容已保留一小時",
            "錢大明（測試二號有限公司／鏈結帳號）",
        ),
        ("R-114", "R-116"),
    ),
    Step(
        15,
        "unbound",
        "The owner unbinds, and it ends at once",
        "張家豪 (`port1`) and 錢大明",
        ("provider/account/bindings",),
        ("登入", "被綁定資訊", "已綁定並驗證", "解除綁定", "確定要解除綁定", "帳號解除綁定成功", "您的登入已結束"),
        ("R-124", "R-125", "R-126", "R-127"),
    ),
    Step(
        16,
        "by-number",
        "By number and password: on paper only",
        "周怡安 (`IC5103000011`)",
        ("ida/",),
        ("登入", "統一編號", "電子身分帳號", "密碼", "全電子申辦", "「全電子申辦」須以工商憑證登入"),
        ("R-207", "R-226", "R-227"),
    ),
    Step(
        17,
        "by-card",
        "By card: all-electronically",
        "周怡安",
        ("ida/cases/new/electronic",),
        ("改用工商憑證登入", "讀取憑證", "送出申請", "已收到您的申請，案件編號為"),
        ("R-205",),
    ),
    Step(
        18,
        "shown-to-another",
        "A case shown to another company",
        "周怡安, then 鄭志豪 (`IC5103000020`) of 測試二號有限公司",
        ("ida/authorisations",),
        ("授權其他廠商", "查詢帳號", "鄭○豪", "授權", "登入", "案件查詢", "其他廠商授權您查閱的案件"),
        ("R-191",),
    ),
    Step(
        19,
        "a-passkey",
        "A passkey instead of the password",
        "陳美惠 (`admin1`)",
        ("provider/account/credentials",),
        ("登入", "新增通行密鑰", "已新增通行密鑰「公司的筆電」，下次可以用它登入。"),
        ("WebAuthn Level 3",),
    ),
    Step(
        20,
        "one-sign-in",
        "One sign-in for all three, and out of all",
        "陳美惠",
        ("dreams/sites", "portpass/passes", "ida/cases"),
        ("全部登出", "登入"),
        ("Back-Channel Logout 1.0",),
    ),
)
