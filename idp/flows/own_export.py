"""下載我的資料: everything that is held about who is signed in, as one JSON file (個資法第3條; R-199 beside it).

look --> 下載 --> the file        too many a day: look, with the sentence
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flask import Response, make_response, render_template, stream_with_context
from flask.typing import ResponseReturnValue

from idp.config import settings
from idp.db import now, transaction
from idp.errors import Refused
from idp.flows.account_guard import account_pages, oneself, only_by_owner
from idp.flows.forms import with_retry
from idp.flows.fresh import fresh_sign_in
from idp.flows.messages import sentence_for
from idp.policies.limits import EXPORTS_PER_ACCOUNT
from idp.services.own_export import begin_export, export_of

bp = account_pages("own_export")

FILE = "my-data.json"


@bp.before_request
def only_owner_and_fresh() -> ResponseReturnValue | None:
    """Let the owner in who has signed in lately."""
    only_by_owner(oneself())
    return fresh_sign_in()


@bp.get("/export")
def look() -> Response:
    """Tell what is in the file."""
    return _page()


@bp.post("/export")
def take() -> Response:
    """Give the file."""
    try:
        with transaction():
            begin_export(oneself().account_id)
    except Refused as refused:
        return _page(refused)
    response = Response(stream_with_context(_file(oneself().account_id)), mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{FILE}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _file(account_id: str) -> Iterator[str]:
    """JSON, part by part: one that was cut off does not end in a brace."""
    yield f'{{\n"issuer": {_json(settings().issuer)},\n"exported_at": {_json(now())}'
    for name, part in export_of(account_id):
        yield f",\n{_json(name)}: "
        if isinstance(part, dict):
            yield _json(part)
            continue
        yield "["
        for place, row in enumerate(part):
            yield f"{',' if place else ''}\n{_json(row)}"
        yield "]"
    yield "\n}\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=lambda v: v.isoformat() if isinstance(v, datetime) else str(v))


def _page(refused: Refused | None = None) -> Response:
    page = render_template(
        "account/export.html",
        is_linked=oneself().company is None,
        most=EXPORTS_PER_ACCOUNT.most,
        refusal=sentence_for(refused) if refused else None,
    )
    return with_retry(make_response(page, refused.status if refused else 200), refused)
