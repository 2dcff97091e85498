"""What a finished run has led to (P11): the case, whose mailbox was written to, and what comes next."""

from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext

from idp.browser import browser_id
from idp.config import settings
from idp.db import session
from idp.flows.moments import ROC_YEAR, TAIPEI, is_english
from idp.flows.page_context import application_of
from idp.flows.registration_run import find_run
from idp.flows.registration_words import Outlook
from idp.models import Account, Case, Company, Service
from idp.policies.cards import CardRank
from idp.policies.names import masked_email
from idp.policies.registration import MailCheck
from idp.policies.standing import AccountStatus
from idp.services.authorization_requests import waiting_request
from idp.services.card_proofs import card_in
from idp.services.case_policies import credential_of, policy_of_case
from idp.services.clients import client_by_id
from idp.services.company_claims import state_of
from idp.services.enrolled_cards import card_of_key
from idp.services.mailbox_checks import WAITING, seconds_until_resend
from idp.services.one_time_links import confirming_link


@dataclass(frozen=True, slots=True)
class Sent:
    """What a finished run has led to."""

    run_id: str
    request_id: str | None
    case: Case
    account: Account
    company: Company
    service: Service

    @property
    def waits_for_mailbox(self) -> bool:
        """Whether its link may be sent again, to this mailbox or another."""
        return self.account.status in WAITING


def sent_by(run_id: str) -> Sent | None:
    """What the run of this id in this browser has led to; None where it has not been sent, or is another browser's."""
    kept = find_run(run_id)
    case = session.get(Case, str(kept.data["case"])) if kept and kept.is_finished and "case" in kept.data else None
    if kept is None or case is None:
        return None
    # What stands here is looked at again after a refusal, which committed.
    session.refresh(case)
    return Sent(
        kept.id,
        kept.request_id,
        case,
        session.get_one(Account, case.account_id, populate_existing=True),
        session.get_one(Company, case.company_id, populate_existing=True),
        session.get_one(Service, case.service_id),
    )


def outlook_of(sent: Sent) -> Outlook:
    """What becomes of a case that was sent, as it was told when it was."""
    policy, card = policy_of_case(sent.case), card_in(sent.case.card_evidence_id)
    there = card_of_key(card.key_sha256) if card is not None else None
    return Outlook(
        mail_check=policy.mail_check,
        reviewer=sent.case.reviewer,
        becomes_admin=bool(sent.case.answers.get("expected_first")),
        admin_is_named=sent.company.first_admin_email is not None
        and not (card is not None and card.rank is CardRank.PRIMARY),
        company_is_proven=card is not None or state_of(sent.company, policy).is_proven,
        by_card=card is not None and (there is None or there.account_id == sent.account.id),
        credential=credential_of(sent.case),
    )


def facts_of(sent: Sent) -> dict[str, Any]:
    account, outlook = sent.account, outlook_of(sent)
    link = confirming_link(account.id) if sent.waits_for_mailbox else None
    waiting = waiting_request(sent.request_id, browser=browser_id()) if sent.request_id else None
    client = client_by_id(waiting.client_id) if waiting else None
    sent_at = sent.case.submitted_at.astimezone(TAIPEI)
    name = sent.service.name_en if is_english() else sent.service.name_zh
    return {
        "service_name": name,
        "sender": sent.service.mail_from or settings().mail_sender,
        "masked_email": masked_email(account.email),
        "waits_for_mailbox": sent.waits_for_mailbox,
        "until": link.expires_at if link else None,
        "stamp": f"{sent_at.year - (0 if is_english() else ROC_YEAR)}.{sent_at.month}.{sent_at.day}",
        "hours": round((link.expires_at - link.created_at).total_seconds() / 3600) if link else None,
        "seconds": seconds_until_resend(account.id) if sent.waits_for_mailbox else 0,
        "next_steps": _next_steps(sent, outlook),
        "is_new": account.status in {*WAITING, AccountStatus.REVIEW_PENDING} and sent.case.decided_at is None,
        "is_open": account.status is AccountStatus.ACTIVE,
        "is_over": account.status in {AccountStatus.REJECTED, AccountStatus.WITHDRAWN, AccountStatus.CLOSED},
        "activates": outlook.activates,
        "back": application_of(client) if client else None,
        "back_href": url_for("authorize.resume", request_id=waiting.id) if waiting and client else None,
    }


def _next_steps(sent: Sent, outlook: Outlook) -> list[dict[str, Any]]:
    """What was done and what comes, in the order of this service: done, now or to come."""
    account = sent.account
    mail = {
        "title": gettext("啟用帳號") if outlook.activates else gettext("Email 驗證"),
        "text": outlook.activation() if outlook.activates else gettext("點選信件中的URL以認證Email帳號。"),
        "is_done": account.email_verified_at is not None,
    }
    review = {
        "title": gettext("審核"),
        "text": outlook.review() if outlook.has_review else "",
        "is_done": sent.case.decided_at is not None and account.status is not AccountStatus.REJECTED,
    }
    opening = {
        "title": gettext("帳號開通"),
        "text": (" " if is_english() else "").join([*outlook.opening(), *outlook.card()]),
        "is_done": account.status is AccountStatus.ACTIVE,
    }
    between = [review] if outlook.has_review else []
    steps = [*between, mail] if outlook.mail_check is MailCheck.AFTER_REVIEW else [mail, *between]
    return [*steps, opening]
