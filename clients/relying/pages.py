"""The pages that every application has: what the provider told it, and whether it answers."""

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from clients.relying.explanations import explained
from clients.relying.guard import held, outside, signed_in
from clients.relying.parts import parts

bp = Blueprint("relying", __name__)


@bp.get("/claims")
@signed_in
def claims() -> ResponseReturnValue:
    """我的宣告: everything the provider told us, in words."""
    rows = explained(parts().application, held().claims, held().userinfo, g.language)
    return render_template("claims.html", rows=rows)


@bp.get("/health")
@outside
def health() -> ResponseReturnValue:
    """Whether the application answers; says nothing of the provider."""
    return {"status": "ok"}
