"""Whose mailbox a link confirms, and what the pages of it show of her (P13): an applicant, or a linked account."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from idp.config import settings
from idp.db import session
from idp.flows.page_context import on_the_way_to
from idp.flows.registration_kinds import linked_label
from idp.models import Account, Case
from idp.policies.names import masked_email
from idp.services.case_progress import CaseProgress, progress_of
from idp.services.clients import client_by_id
from idp.services.company_claims import policy_of
from idp.services.linked_registration import confirmed_linked
from idp.services.mailbox_checks import confirmed_case
from idp.services.one_time_links import Link


@dataclass(frozen=True, slots=True)
class Person:
    """Whose mailbox it is: an applicant with her case, or a linked account, which has none."""

    account: Account
    case: Case | None

    @property
    def found(self) -> dict[str, str]:
        """What a finished run keeps of her."""
        return {"case": self.case.id} if self.case is not None else {"linked": self.account.id}


def confirmed_by(link: Link) -> dict[str, str] | None:
    """Whom this very link has confirmed, as a finished run keeps her; None where it has confirmed nobody."""
    case_id, linked_id = confirmed_case(link), confirmed_linked(link)
    if case_id is not None:
        return {"case": case_id}
    return {"linked": linked_id} if linked_id is not None else None


def about_found(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """What pages show of whom a run has found; None where she is gone."""
    if "linked" in found:
        account = session.get(Account, str(found["linked"]), populate_existing=True)
        return _about_linked(account) if account is not None else None
    progress = progress_of(str(found.get("case")))
    return _about(progress) if progress is not None else None


def _about_linked(account: Account) -> dict[str, Any]:
    label = linked_label(policy_of(str(account.service_id)))
    return {"progress": None, "username": account.username, "masked": masked_email(account.email), "label": label}


def _about(progress: CaseProgress) -> dict[str, Any]:
    """The case, and the way back to the application where it began."""
    client = client_by_id(progress.case.client_id) if progress.case.client_id else None
    on_the_way_to(client)
    address = client.initiate_login_uri if client is not None else None
    joint = "&" if address and "?" in address else "?"
    return {
        "progress": progress,
        "username": progress.account.username,
        "masked": masked_email(progress.account.email),
        "back_href": address + joint + urlencode({"iss": settings().issuer}) if address else None,
    }
