"""「信件範本」 (P39): every mail as its readers have it, for each service and language, with an invented person."""

from flask import Response, render_template, request
from flask_mail import Message

from idp.errors import NotFound
from idp.flows.moments import is_english
from idp.flows.ops.framed import framed
from idp.flows.ops.guard import ops_pages
from idp.flows.ops.mail_words import template_label
from idp.mails.samples import sample, template_names
from idp.models import Service
from idp.policies.duties import Power
from idp.services.service_registry import list_services

bp = ops_pages("ops_mail_samples", Power.SEE_MAIL, path="/mail/templates")
LANGUAGES = (("zh-TW", "中文（臺灣）"), ("en", "English"))


@bp.get("")
def everything() -> str:
    """List the mails that there are."""
    return render_template("ops/mail_samples.html", rows=[(name, template_label(name)) for name in template_names()])


@bp.get("/<template>")
def one(template: str) -> str:
    """Show one mail: subject, sender, text and HTML."""
    service, language = _chosen()
    return render_template(
        "ops/mail_sample.html",
        template=template,
        label=template_label(template),
        message=_sample(template),
        services=[(one.id, one.name_en if is_english() else one.name_zh) for one in list_services()],
        service=service.id if service else "",
        languages=LANGUAGES,
        language=language,
    )


@bp.get("/<template>/html")
def html(template: str) -> Response:
    """The HTML of one mail, for the frame."""
    return framed(_sample(template).html)


def _sample(template: str) -> Message:
    if template not in template_names():
        raise NotFound(what="template")
    service, language = _chosen()
    return sample(template, service_id=service.id if service else None, locale=language)


def _chosen() -> tuple[Service | None, str]:
    asked, language = request.args.get("service", ""), request.args.get("language", "")
    service = next((one for one in list_services() if one.id == asked), None)
    default = "en" if is_english() else "zh-TW"
    return service, language if language in dict(LANGUAGES) else default
