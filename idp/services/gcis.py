"""The register over the network: GCIS 商工行政資料開放平臺 (domain.md 3.3). Off unless `IDP_GCIS_URL` is set.

`idp worker` asks, outside of any transaction, what pages have noted by ``look_up_soon``. Its quirks: no hit is a 200
with an empty body, an error may be a 200 with text, and what exists is told in three rows without names of their own.
"""

import json
import time
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

import requests
import urllib3
from sqlalchemy import or_, select, update

from idp.config import settings
from idp.db import now, session, transaction
from idp.models import RegisterLookup
from idp.policies.names import has_control
from idp.policies.registry import LookupState, RegisterStatus, status_of
from idp.services.registry import forget_expired

WAIT_SECONDS = 3.0
LARGEST_ANSWER = 65_536
CHUNK = 8_192
ASKED_AT_ONCE = 5
LEASE = timedelta(seconds=60)
KEPT = timedelta(hours=24)
# What went wrong is tried again soon, yet not at each request.
TROUBLE_KEPT = timedelta(minutes=5)
LONGEST_TEXT = 300
NOT_AUTHORISED = "非授權"


class Register(StrEnum):
    """The data sets that are asked, by the ids GCIS gives them."""

    EXISTS = "673F0FC0-B3A7-429F-9041-E9866836B66D"
    COMPANY = "5F64D864-61CB-4D0D-8AD9-492047CC1EA6"
    BRANCH = "23632BB3-5DB7-4423-9643-1D4AC140D479"


# The order of the three rows that tell what exists. A business's own row wants its agency, which nobody knows here.
KINDS = ("公司", "分公司", "商業")
FIELDS = {
    "公司": (Register.COMPANY, "Business_Accounting_NO", "Company_Name", "Company_Location", "Company_Status_Desc"),
    "分公司": (
        Register.BRANCH,
        "Branch_Office_Business_Accounting_NO",
        "Branch_Office_Name",
        "Branch_Office_Location",
        "Branch_Office_Status_Desc",
    ),
}


@dataclass(frozen=True, slots=True)
class Online:
    """What GCIS says of a number. ``name`` is None for a business, of which it tells only that it exists."""

    state: LookupState
    organisation: str | None = None
    name: str | None = None
    address: str | None = None
    status: RegisterStatus | None = None


class _NoAnswer(Exception):
    def __init__(self, state: LookupState) -> None:
        super().__init__(state)
        self.state = state


def ask(tax_id: str, base: str) -> Online:
    """Ask GCIS about a number; it takes at most 3 seconds, and whatever goes wrong is an answer too.

    Never call it inside a transaction.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    try:
        told = _rows(base, Register.EXISTS, "No", tax_id, deadline)
        found = next((kind for kind, row in zip(KINDS, told, strict=False) if row.get("exist") == "Y"), None)
        if found is None:
            return Online(LookupState.NOT_FOUND)
        if found not in FIELDS:
            return Online(LookupState.FOUND, organisation=found)
        register, key, *names = FIELDS[found]
        rows = _rows(base, register, key, tax_id, deadline)
    except _NoAnswer as trouble:
        return Online(trouble.state)
    name, address, status = (_text(rows[0].get(field)) if rows else None for field in names)
    return Online(LookupState.FOUND, found, name, address, status_of(status) if status else None)


def _text(value: object) -> str | None:
    text = value.strip()[:LONGEST_TEXT] if isinstance(value, str) else ""
    return None if not text or has_control(text) else text


def _rows(base: str, register: Register, field: str, tax_id: str, deadline: float) -> list[dict[str, Any]]:
    address = f"{base}/{register}?$format=json&$filter={field}%20eq%20{tax_id}&$skip=0&$top=50"
    body = _fetched(address, deadline).strip()
    if not body:
        return []
    try:
        rows = json.loads(body)
    except (ValueError, RecursionError) as error:
        blocked = NOT_AUTHORISED in body.decode("utf-8", "replace")
        raise _NoAnswer(LookupState.BLOCKED if blocked else LookupState.UNAVAILABLE) from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _NoAnswer(LookupState.UNAVAILABLE)
    return rows


def _fetched(address: str, deadline: float) -> bytes:
    """The body of an answer with status 200. Every wait is cut by the one deadline, however slowly bytes come."""
    body = b""
    try:
        with requests.get(
            address,
            timeout=_left(deadline),
            stream=True,
            allow_redirects=False,
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
        ) as response:
            if response.status_code != requests.codes.ok:
                refused = response.status_code in {401, 403, 429}
                raise _NoAnswer(LookupState.BLOCKED if refused else LookupState.UNAVAILABLE)
            while piece := response.raw.read1(CHUNK):
                body += piece
                _left(deadline)
                if len(body) > LARGEST_ANSWER:
                    raise _NoAnswer(LookupState.UNAVAILABLE)
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise _NoAnswer(LookupState.UNAVAILABLE) from error
    return body


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise _NoAnswer(LookupState.UNAVAILABLE)
    return left


def answer_wanted() -> int:
    """Ask about the numbers that were noted, a few at most, keep what was answered, and give how many.

    For `idp worker`; several may run. Call it outside a transaction.
    """
    base = settings().gcis_url
    if not base:
        return 0
    claimed = _claim()
    for tax_id in claimed:
        answer = ask(tax_id, base)
        with transaction():
            _keep(tax_id, answer)
    return len(claimed)


def _claim() -> list[str]:
    moment = now()
    due = (
        select(RegisterLookup.tax_id)
        .where(
            RegisterLookup.state == LookupState.WANTED,
            RegisterLookup.expires_at > moment,
            or_(RegisterLookup.leased_until.is_(None), RegisterLookup.leased_until < moment),
        )
        .order_by(RegisterLookup.wanted_at)
        .limit(ASKED_AT_ONCE)
    )
    waiting = session.scalars(due.limit(1)).first()
    session.commit()
    if waiting is None:
        return []
    with transaction():
        claimed = list(session.scalars(due.with_for_update(skip_locked=True)))
        session.execute(
            update(RegisterLookup)
            .where(RegisterLookup.tax_id.in_(claimed))
            .values(leased_until=moment + LEASE)
            .execution_options(synchronize_session=False)
        )
        forget_expired()
    return claimed


def _keep(tax_id: str, answer: Online) -> None:
    moment = now()
    settled = answer.state in {LookupState.FOUND, LookupState.NOT_FOUND}
    session.execute(
        update(RegisterLookup)
        .where(RegisterLookup.tax_id == tax_id, RegisterLookup.state == LookupState.WANTED)
        .values(
            state=answer.state,
            name=answer.name,
            address=answer.address,
            status=answer.status,
            organisation=answer.organisation,
            leased_until=None,
            answered_at=moment,
            expires_at=moment + (KEPT if settled else TROUBLE_KEPT),
        )
        .execution_options(synchronize_session=False)
    )
