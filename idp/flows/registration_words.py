"""The words of the wizard: its steps, kinds of number, what the register says, and who will decide (P3 … P11)."""

from dataclasses import dataclass

from flask_babel import gettext, lazy_gettext

from idp.policies.entities import EntityKind
from idp.policies.registration import CredentialSet, FirstAdmin, MailCheck, Proof, RegistrationPolicy, Reviewer
from idp.policies.registration_path import CompanyState, Path, Step
from idp.policies.registry import RegisterStatus, Source
from idp.policies.standing import CompanyProof

STEP_LABELS = {
    Step.TERMS: lazy_gettext("服務條款"),
    Step.COMPANY: lazy_gettext("公司資料"),
    Step.VERIFIED: lazy_gettext("公司驗證"),
    Step.PROOF: lazy_gettext("公司驗證"),
    Step.CARD: lazy_gettext("憑證驗證"),
    Step.CITIZEN: lazy_gettext("自然人憑證"),
    Step.DOCUMENT: lazy_gettext("證明文件"),
    Step.ACCOUNT: lazy_gettext("帳號資料"),
    Step.CHECK: lazy_gettext("確認送出"),
}
# The first step where there is nothing to agree to: the notice of 個資法第8條 alone.
NOTICE_LABEL = lazy_gettext("個資告知")
# Texts of services, by their id.
TEXT_TITLES = {
    "terms": lazy_gettext("服務條款"),
    "privacy": lazy_gettext("個人資料蒐集告知事項"),
    "authority": lazy_gettext("授權聲明"),
    "hazard": lazy_gettext("危害告知"),
}
# The first is agreed to at the first sign-in by another name, the manual's.
AGREED_TITLES = TEXT_TITLES | {"privacy": lazy_gettext("個資同意使用")}
NUMBER_LABELS = {
    EntityKind.UBN: lazy_gettext("統一編號"),
    EntityKind.AGENCY: lazy_gettext("機關代碼"),
    EntityKind.OID: lazy_gettext("物件識別碼（OID）"),
    EntityKind.FOREIGN: lazy_gettext("外國公司登記號碼"),
    EntityKind.OTHER: lazy_gettext("其他編號"),
}
NUMBER_RULES = {
    EntityKind.UBN: lazy_gettext("8 位數字。分公司請填分公司自己的統一編號。"),
    EntityKind.AGENCY: lazy_gettext("10 個英文字母與數字，例如 376610000A。"),
    EntityKind.OID: lazy_gettext("以 2.16.886.101 開頭的數字與句點。"),
    EntityKind.FOREIGN: lazy_gettext("國別代碼、連字號與當地登記號碼，例如 JP-0104-01-056795。"),
    EntityKind.OTHER: lazy_gettext("沒有以上編號的團體，請填寫主管機關核發的編號。"),
}
REGISTER_LABELS = {
    RegisterStatus.OPERATING: lazy_gettext("營業中"),
    RegisterStatus.PAUSED: lazy_gettext("停業中"),
    RegisterStatus.ENDED: lazy_gettext("已歇業或解散"),
    RegisterStatus.UNKNOWN: lazy_gettext("登記資料未載明"),
}
SOURCES = {
    Source.TAX_REGISTER: lazy_gettext("財政部財政資訊中心"),
    Source.GCIS: lazy_gettext("經濟部商工行政資料開放平臺"),
}
# Why no proof is asked, by what proved the company, and by who will decide. R-051: 群組管理員 alone is said.
EXPLANATIONS = {
    (CompanyProof.CARD, Reviewer.GROUP_ADMIN): lazy_gettext(
        "因為貴公司已通過工商憑證驗證，請點選「下一步」進行帳號申請，您的帳號將由貴公司的群組管理員審核。"
    ),
    (CompanyProof.CARD, Reviewer.OPERATOR): lazy_gettext(
        "因為貴公司已通過工商憑證驗證，請點選「下一步」進行帳號申請，您的帳號將由服務單位審核。"
    ),
    (CompanyProof.DOCUMENT, Reviewer.GROUP_ADMIN): lazy_gettext(
        "因為貴公司已通過公司驗證，請點選「下一步」進行帳號申請，您的帳號將由貴公司的群組管理員審核。"
    ),
    (CompanyProof.DOCUMENT, Reviewer.OPERATOR): lazy_gettext(
        "因為貴公司已通過公司驗證，請點選「下一步」進行帳號申請，您的帳號將由服務單位審核。"
    ),
    (CompanyProof.NONE, Reviewer.GROUP_ADMIN): lazy_gettext(
        "因為貴公司已有群組管理員，請點選「下一步」進行帳號申請，您的帳號將由貴公司的群組管理員審核。"
    ),
    (CompanyProof.NONE, Reviewer.OPERATOR): lazy_gettext(
        "因為貴公司已有群組管理員，請點選「下一步」進行帳號申請，您的帳號將由服務單位審核。"
    ),
}


def closed_sentence(status: object) -> str:
    """ubn.closed, with the status in words (R-010)."""
    return str(gettext("此公司登記狀態為「%(status)s」，無法申請帳號。", status=status))


def explanation_of(proof: CompanyProof, state: CompanyState, path: Path) -> str:
    """Why a proof is not asked for, and who reviews (R-014)."""
    return str(EXPLANATIONS[proof if state.is_proven else CompanyProof.NONE, path.reviewer])


def company_lead(policy: RegistrationPolicy) -> str:
    """What the company step says first (R-003)."""
    if policy.mail_check is MailCheck.ACTIVATION:
        return str(gettext("請輸入公司基本資料，各欄位均為必填。"))
    if policy.first_admin is FirstAdmin.FIRST_VERIFIED and policy.company_proof == (Proof.CARD,):
        return str(gettext("以貴公司為群組單位，首次申請帳號需使用工商憑證進行驗證並成為群組管理員。"))
    if policy.first_admin is FirstAdmin.FIRST_VERIFIED:
        return str(gettext("以貴公司為群組單位，首次申請帳號需通過公司驗證並成為群組管理員。"))
    return str(gettext("以貴公司為群組單位，每位使用者都必須有個別的帳號。"))


def check_lead(policy: RegistrationPolicy, *, is_correction: bool) -> str:
    """What the check page asks (R-023, R-165), and which mail comes first: the link, or that the case is there."""
    if is_correction:
        return str(gettext("請確認以下資料，再送出修正後的申請。"))
    if policy.mail_check is MailCheck.AFTER_REVIEW:
        return str(gettext("確定要送出申請？請確認以下資料；送出後，系統會寄信至所申請信箱，通知您已收到申請。"))
    if policy.mail_check is MailCheck.ACTIVATION:
        return str(
            gettext("如輸入資料無誤，請點選「申請帳號」，完成申請作業；系統會寄發確認信函至您填寫的電子郵件信箱。")
        )
    return str(gettext("確定要送出申請？請確認以下資料；送出後，系統將自動發送驗證Email至所申請信箱。"))


@dataclass(frozen=True, slots=True)
class Outlook:
    """What decides what becomes of an application once it is sent; ``by_card``: a card was given that will sign in."""

    mail_check: MailCheck
    reviewer: Reviewer
    becomes_admin: bool
    admin_is_named: bool
    company_is_proven: bool
    by_card: bool = False
    credential: CredentialSet = CredentialSet.PASSWORD

    @property
    def activates(self) -> bool:
        """Whether the account is activated by the link of its mail (C-4)."""
        return self.mail_check is MailCheck.ACTIVATION

    @property
    def has_review(self) -> bool:
        """Whether somebody will decide about it."""
        return self.mail_check is MailCheck.AFTER_REVIEW or self.reviewer is not Reviewer.AUTO

    def review(self) -> str:
        """Who decides, and when (R-033, R-170)."""
        if self.mail_check is MailCheck.AFTER_REVIEW:
            return str(gettext("收到通知信，僅表示您的帳號申請已成功送出，還無法做登入使用；須等候服務單位審核。"))
        if self.activates:
            by_admin = self.reviewer is Reviewer.GROUP_ADMIN
            by_operator = gettext("完成啟用後，需等候服務單位審核。")
            return str(gettext("完成啟用後，需等候貴公司群組管理員審核。") if by_admin else by_operator)
        if self.reviewer is Reviewer.GROUP_ADMIN:
            return str(gettext("完成Email認證後，需等候貴公司群組管理員審核。"))
        if self.company_is_proven:
            return str(gettext("完成Email認證後，需等候服務單位審核。"))
        return str(gettext("完成Email認證後，需等候服務單位確認貴公司並完成審核。"))

    def opening(self) -> list[str]:
        """When the account can be used, and as what (R-028, R-029, R-034, R-035; R-195)."""
        if self.activates:
            return self._activated()
        if self.mail_check is MailCheck.AFTER_REVIEW:
            return [gettext("審核通過後，系統會寄出驗證信；完成Email認證後，即可使用帳號與密碼登入。")]
        if self.becomes_admin and self.admin_is_named:
            return [
                gettext("服務單位已指定貴公司的群組管理員：若您即為該人員，完成Email認證後即可登入；否則需等候審核。")
            ]
        if self.becomes_admin:
            return [
                gettext("完成Email認證後，即可使用帳號與密碼登入。"),
                gettext("此帳號即為該公司之群組管理員。"),
                gettext("貴公司其他帳號即由您負責審核。"),
            ]
        if self.reviewer is Reviewer.AUTO:
            return [gettext("完成Email認證後，即可使用帳號與密碼登入。")]
        return [gettext("審核通過後，即可使用此帳號密碼登入。")]

    def activation(self) -> str:
        """What the mail tells, and what is to be done with it (R-186, R-188, R-212)."""
        sets = gettext("請開啟該信件，點選「啟用帳號」，核對統一編號並自行設定密碼。")
        may_set = gettext("請開啟該信件，點選「啟用帳號」並核對統一編號；密碼可以不設定，用憑證登入。")
        return str(sets if self.credential is CredentialSet.PASSWORD else may_set)

    def _activated(self) -> list[str]:
        if self.has_review:
            return [gettext("審核通過後，該組帳號即可開始登入。")]
        opened = gettext("啟用帳號後，該組帳號即可開始登入。")
        if self.becomes_admin and not self.admin_is_named:
            return [opened, gettext("此帳號即為該公司之群組管理員。"), gettext("貴公司其他帳號即由您負責審核。")]
        return [opened]

    def card(self) -> list[str]:
        """That the card signs in too, once its person is let in."""
        return [gettext("帳號開通後，也可以使用這張工商憑證登入。")] if self.by_card else []

    def sentences(self) -> list[str]:
        """All of it, in order."""
        mailed = [self.activation()] if self.activates else []
        return [*mailed, *([self.review()] if self.has_review else []), *self.opening(), *self.card()]
