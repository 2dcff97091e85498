"""Every mail about applications, invitations, rights and cards: the manuals' words, in both languages and forms."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import update

from idp.app import create_app
from idp.config import Settings, use_settings
from idp.db import db, now, session, transaction
from idp.mails import accounts as account_mails
from idp.mails import cards as card_mails
from idp.mails import cases as mails
from idp.mails import companies as company_mails
from idp.mails import credentials as credential_mails
from idp.mails import documents as document_mails
from idp.mails import own_changes
from idp.mails import passkeys as passkey_mails
from idp.mails.render import rendered
from idp.models import Account, Card, Case, Company, Invitation, OutboxEntry
from idp.policies.cards import CardRank
from idp.policies.registration import CredentialSet, Reviewer
from idp.policies.roles import Role
from idp.policies.standing import Approval
from idp.services.service_registry import ServiceProfile, add_service
from tests.services.applicants import OPERATOR, account_of, apply
from tests.services.people import mails as outbox
from tests.services.people import person

CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
# Names are told as they are, and the applicant's and reviewer's own words too.
NAMES = (
    "測試一號有限公司",
    "王小明",
    "林小玉",
    "陳美惠",
    "請附在職證明。",
    "第二行",
    "公司登記表.pdf",
    "營利事業登記證",
    "商業登記證明文件",
)
TOKEN = "Zk3v9QmT7xLr2W-Zk3v9QmT7xLr2W-Zk3v9QmT7xLr2"
END = datetime(2026, 11, 21, 6, 5, tzinfo=UTC)


@pytest.fixture
def provider(storage: Flask, database: Flask) -> Iterator[Flask]:
    """The provider itself, which has the templates, on the database of the test."""
    known: Settings = storage.config["IDP"]
    use_settings(known)
    app = create_app(known)
    with app.app_context():
        yield app
        session.rollback()
        db.engine.dispose()


@pytest.fixture
def case(provider: Flask, company: Company) -> Case:
    """王小明 has applied at DREAMS, whose mailbox takes answers."""
    profile = ServiceProfile(
        name_zh="DREAMS 案場申請",
        name_en="DREAMS sites",
        mail_from="dreams@taipower.com.tw",
        mail_reply_to="dreams@taipower.com.tw",
        policy=OPERATOR,
    )
    with transaction():
        service = add_service("dreams", profile)
    return apply(service, username="example1234")


def told(entry: OutboxEntry) -> dict[str, str]:
    """A mail as it is sent: subject, text part, HTML part, and the words of the HTML part."""
    mail = rendered(entry)
    told = {
        "subject": mail.subject,
        "from": mail.sender,
        "reply_to": mail.reply_to,
        "plain": mail.body,
        "html": mail.html,
    }
    body = str(mail.html).partition("<body")[2]
    words = " ".join(unescape(re.sub(r"<[^>]*>", " ", "<body" + body)).split())
    return {name: str(value) for name, value in told.items()} | {"words": words}


def card_of(account: Account, company: Company) -> Card:
    """An 附卡 whose time is over on 3 March 2030."""
    return Card(
        id="cd_1", account_id=account.id, company_id=company.id, key_sha256="k", certificate_sha256="c",
        certificate=b"", serial="1A2B3C4D", tax_id=company.tax_id, name=company.name, rank=CardRank.SECONDARY,
        not_before=now(), not_after=datetime(2030, 3, 2, 16, tzinfo=UTC), enrolled_at=now(),
    )  # fmt: skip


def write_all(case: Case, company: Company) -> None:
    """Every message there is, to 王小明 or to the group admin 陳美惠."""
    account = account_of(case)
    admin = person(company, Role.GROUP_ADMIN, name="陳美惠")
    invited = Invitation(
        id="in_1", company_id=company.id, service_id="dreams", email="new@example.test", locale="zh-TW",
        role=Role.STAFF, menus={}, invited_by=admin.id, created_at=now(), expires_at=END,
    )  # fmt: skip
    with transaction():
        session.execute(update(OutboxEntry).values(state="sent"))
        mails.verification(account, company, case, token=TOKEN, end=END)
        mails.activation(account, company, case, CredentialSet.COMPANY_CARD, token=TOKEN, end=END)
        mails.case_link(account, company, case, token=TOKEN, end=END)
        mails.application_received(account, company, case)
        account.email_verified_at = now()
        mails.application_received(account, company, case)
        mails.application_approved(account, company)
        account.approval = Approval.AUTO
        mails.application_approved(account, company)
        mails.application_approved(account, company, is_first_admin=True)
        mails.application_approved(account, company, is_first_admin=True, by_password=False)
        case.reviewer = Reviewer.AUTO
        mails.activation(account, company, case, CredentialSet.PASSWORD, token=TOKEN, end=END)
        mails.application_approved_verify(account, company, case, token=TOKEN, end=END)
        mails.application_rejected(account, company, case, reason="other", reason_text="請附在職證明。\n第二行")
        mails.application_rejected(account, company, case, reason="wrong_name", reason_text="")
        mails.application_more_info(account, company, case, text="請附在職證明。", until=END)
        mails.application_lapsed(account, company, case)
        document_mails.document_approved(account, company, case, text="請附在職證明。")
        reasons, more = ("obsolete", "other"), {"text": "請附在職證明。", "until": END}
        document_mails.document_rejected(account, company, case, reasons=reasons, text="請附在職證明。")
        document_mails.document_more_info(account, company, case, reasons=("unreadable",), **more)
        document_mails.document_infected(account, company, case, file_name="公司登記表.pdf", until=END)
        document_mails.document_lapsed(account, company, case)
        mails.application_waits(admin, company, account, case)
        mails.applications_wait(admin, company, count=1, applicants=["林小玉"])
        mails.applications_wait(admin, company, count=12, applicants=["林小玉"] * 12)
        mails.invitation(invited, company, admin, token=TOKEN)
        mails.first_password(account, company, token=TOKEN, end=END)
        mails.rights_changed(account, company)
        account_mails.role_changed(account)
        account_mails.account_suspended(account, "請附在職證明。")
        account_mails.account_restored(account)
        account_mails.account_restored(account, "請附在職證明。")
        account_mails.data_scope_changed(account)
        own_changes.password_changed(account, has_cancelled_mailbox=True)
        own_changes.password_reset(account, token=TOKEN, end=END)
        own_changes.no_password(account)
        own_changes.password_was_reset(account, has_cancelled_mailbox=True, has_dropped_factors=True)
        own_changes.mailbox_to_confirm(account, "new@example.test", token=TOKEN, end=END)
        own_changes.mailbox_change_asked(account, "new@example.test", end=END)
        own_changes.mailbox_changed(account, "old@example.test")
        company_mails.company_suspended(admin, company, "請附在職證明。")
        company_mails.company_restored(admin, company, "請附在職證明。")
        credential_mails.credential_added(account, "app", "")
        credential_mails.credential_removed(account, "passkey", "phone")
        credential_mails.recovery_codes_made(account)
        credential_mails.recovery_code_used(account, left=9)
        credential_mails.wrong_codes(account, 5)
        credential_mails.second_factor_reset(account, "請附在職證明。")
        passkey_mails.passkey_copied(account, "phone")
        card_mails.card_enrolled(account, company, card_of(account, company))
        card_mails.card_removed(account, company, card_of(account, company))
        card_mails.card_ends(account, company, card_of(account, company))
        card_mails.group_admin_by_card(admin, company, account)


def in_language(entry: OutboxEntry, locale: str) -> OutboxEntry:
    session.expunge(entry)
    entry.payload = entry.payload | {"locale": locale}
    entry.created_at = END - timedelta(hours=24)
    return entry


def written(locale: str = "zh-TW") -> list[tuple[str, dict[str, str]]]:
    return [(row.payload["template"], told(in_language(row, locale))) for row in outbox() if row.state == "waiting"]


@pytest.mark.parametrize("locale", ["zh-TW", "en"])
def test_every_mail_can_be_read_in_both_forms(case: Case, company: Company, locale: str) -> None:
    """Same sentences in the same order, nothing that tracks, and no Chinese in an English mail but names."""
    write_all(case, company)
    all_of_them = written(locale)
    assert len(all_of_them) == 52
    for name, mail in all_of_them:
        text = mail["plain"].partition("\n-- \n")[0]
        place = 0
        for line in (line.lstrip("->").strip() for line in text.splitlines()):
            term, _, value = line.partition("：" if locale == "zh-TW" else ": ")
            found = max(mail["words"].find(words, place) for words in (line, f"{term} {value}"))
            assert found >= place, f"{name}: {line!r} is not there, or not in its place: {mail['words']}"
            place = found
        assert "00000016" not in mail["plain"] + mail["html"]
        assert not re.search(r"<img|<script|https?://(?!idp\.test/)", mail["html"]), name
        if locale == "en":
            rest = mail["subject"] + mail["plain"] + mail["words"]
            for given in NAMES:
                rest = rest.replace(given, "")
            assert not CHINESE.search(rest), f"{name}: {rest}"


def mail_named(name: str, number: int = 0) -> dict[str, str]:
    return [mail for found, mail in written() if found == name][number]


def test_the_verification_mail_has_the_words_of_the_manuals(case: Case, company: Company) -> None:
    write_all(case, company)
    mail = mail_named("verification")
    assert mail["subject"] == "DREAMS 案場申請註冊通知信件"
    assert (mail["from"], mail["reply_to"]) == ("DREAMS 案場申請 <dreams@taipower.com.tw>", "dreams@taipower.com.tw")
    for part in ("plain", "words"):
        for words in (
            "王小明 您好：",
            "感謝您在DREAMS 案場申請上註冊了一個新帳號 example1234，請點擊下面的連結完成 Email 驗證。",
            "無法點選時請複製下列網址至您的瀏覽器網址列：",
            f"https://idp.test/verify/{TOKEN}",
            "至115年11月21日 14:05（2026-11-21 14:05）",
            "認證信有效時限為 24 小時（至 115年11月21日 14:05），逾時請重新登入申請補發。",
            "驗證信不可轉寄至其他信箱做驗證。",
            "若非您本人申請，請忽略本信。",
            case.number,
            "測試一號有限公司（統編末三碼 016）",
            "，可直接回覆本信。",
        ):
            assert words in mail[part], words


def test_the_other_mails_have_the_words_of_the_manuals(case: Case, company: Company) -> None:
    write_all(case, company)
    first = mail_named("application_approved", 2)["plain"]
    assert "即可使用帳號與密碼登入。此帳號即為該公司之群組管理員。" in first
    assert "貴公司其他帳號即由您負責審核。" in first
    assert "您將接收到系統自動發派的提醒信件，提醒您需要上系統審核。" in first
    assert "已審核通過，即可使用此帳號密碼登入。" in mail_named("application_approved")["plain"]
    rejected = mail_named("application_rejected")["plain"]
    assert "很抱歉，您在DREAMS 案場申請註冊的新帳號 example1234 未審核通過，未通過原因如下：" in rejected
    assert "> 請附在職證明。\n> 第二行" in rejected
    page = f"https://idp.test/register/status?number={case.number}"
    assert f"您填寫的資料已為您保留，請於 {page} 修正後再次送出，無須重新填寫。" in rejected
    assert "不可為公司名稱。" in mail_named("application_rejected", 1)["plain"]
    assert "還無法做登入使用" in mail_named("application_received")["plain"]
    reminder = mail_named("application_waits")
    assert reminder["subject"] == "您有 1 筆帳號申請待審核"
    assert "測試一號有限公司 群組管理員您好：" in reminder["plain"]
    assert "申請加入，請登入系統，至「審核與權限管理 > 使用者管理」審核。" in reminder["plain"]
    digest = mail_named("applications_wait", 1)
    assert digest["subject"] == "您有 12 筆帳號申請待審核"
    assert digest["plain"].count("- 林小玉") == 10
    assert "- 另有 2 筆" in digest["plain"]
    assert mail_named("invitation")["plain"].splitlines()[2] == "您好："


def test_the_mails_of_a_review_say_what_is_wanted_and_until_when(case: Case, company: Company) -> None:
    write_all(case, company)
    page = f"https://idp.test/register/status?number={case.number}"
    rejected = mail_named("document_rejected")
    assert rejected["subject"] == "DREAMS 案場申請公司文件審核通知信件（審核未通過）"
    for words in ("測試一號有限公司 您好：", "「營利事業登記證」自98年4月13日起停止使用", "> 請附在職證明。", page):
        assert words in rejected["plain"], words
    for name in ("document_more_info", "document_infected", "application_more_info"):
        mail = mail_named(name)["plain"]
        assert "補件期限：至115年11月21日 14:05" in mail
        assert page in mail
    assert "檔案「公司登記表.pdf」無法審核" in mail_named("document_infected")["plain"]
    for name in ("document_lapsed", "application_lapsed"):
        assert "沒有在期限內補件，因此停止審核。" in mail_named(name)["plain"]


def test_the_mails_about_cards_say_which_and_until_when_and_what_to_do_if_it_was_not_you(
    case: Case, company: Company
) -> None:
    write_all(case, company)
    enrolled, removed, ends = (mail_named(name)["plain"] for name in ("card_enrolled", "card_removed", "card_ends"))
    for mail in (enrolled, removed, ends):
        for words in ("附卡", "1A2B3C4D", "example1234", "測試一號有限公司（統編末三碼 016）", "客服專線 0800-000-000"):
            assert words in mail, words
        assert "https://idp.test/account/credentials" in mail
    assert "若不是您本人登錄，請立即登入並至「憑證與登入方式」移除這張卡片" in enrolled
    assert "若不是您本人移除，請立即登入" in removed
    assert "憑證將於119年3月3日（2030-03-03）到期" in ends
    assert "登錄新卡片，再移除舊卡片" in ends
    assert "若您未曾登錄這張卡片" in ends
    former = mail_named("group_admin_by_card")["plain"]
    assert former.startswith("群組管理員已由他人接任\n\n陳美惠 您好：")
    assert "王小明已出示貴公司的工商憑證正卡，自115年11月20日 14:05起擔任群組管理員。" in former
    assert "若有誤（例如卡片遺失或遭他人使用），請至工商憑證管理中心停用卡片，並立即洽客服專線 0800-000-000" in former
    assert "https://idp.test/help/card" in former


def test_what_people_write_is_escaped_in_a_mail(case: Case, company: Company) -> None:
    """RG11: markup in a name and in a reason is text, in both forms."""
    account = account_of(case)
    odd = '<script>alert(1)</script>{{7*7}}"><img src=x>'
    with transaction():
        session.execute(update(OutboxEntry).values(state="sent"))
        account.name = odd
        mails.application_rejected(account, company, case, reason="other", reason_text=odd)
    [(_, mail)] = written()
    assert mail["plain"].count(odd) == 2
    assert "<script" not in mail["html"]
    assert "<img" not in mail["html"]
    assert mail["words"].count(odd) == 2
