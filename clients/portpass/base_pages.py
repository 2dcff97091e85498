"""基本資料維護 and the questions and answers: what is not about a single pass."""

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from clients.portpass.new_pass import PORTS
from clients.relying.guard import held, menu
from clients.relying.parts import parts

bp = Blueprint("base", __name__)


@bp.get("/base")
@menu("base")
def base() -> ResponseReturnValue:
    """基本資料維護: the items below it that the person may open."""
    items = [item for item in parts().application.menus.shown_to(held().facts) if item.parent == "base"]
    return render_template("base_items.html", items=items)


@bp.get("/base/account")
@menu("base.account")
def account() -> ResponseReturnValue:
    """帳號資料修改: the provider's own pages, where the account's data, password and mailbox are kept."""
    return redirect(parts().settings.at_the_provider("/account"), 303)


@bp.get("/base/scope")
@menu("base.scope")
def scope() -> ResponseReturnValue:
    """公司帳號權限申請: what the account sees today (claim ``data_scope``), and how it comes to see more."""
    return render_template("scope.html", ports=PORTS)


@bp.get("/base/scope/affidavit")
@menu("base.scope")
def affidavit() -> ResponseReturnValue:
    """切結書: the paper for one port, to be stamped by the company."""
    port = request.args.get("port", "")
    if port not in PORTS:
        raise NotFound
    return render_template("affidavit.html", port=PORTS[port])


@bp.get("/faq")
@menu("info.faq")
def faq() -> ResponseReturnValue:
    """通行證資訊網／FAQ (R-120)."""
    return render_template("faq.html")
