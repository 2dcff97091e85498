"""A service's registration policy (P38): each key explained, and the wizard that it gives before it is saved.

policy --> preview of what is filled in --> policy        policy --> saved        policy --> filled in from a preset
"""

from dataclasses import replace
from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.db import transaction
from idp.errors import ChangedMeanwhile
from idp.flows.messages import sentence_for
from idp.flows.ops.guard import must, operator, ops_pages
from idp.flows.ops.service_policy_form import TEXT_IDS, PolicyBase, form_of, form_sent, policy_in
from idp.flows.ops.service_policy_words import POLICY_WORDS, PRESET_WORDS, SECTIONS
from idp.flows.ops.service_preview import wizard_of
from idp.flows.ops.services import name_of, row_of, seen_version, service_of_id
from idp.flows.page_context import NOTICE
from idp.flows.registration_words import TEXT_TITLES
from idp.models import Service
from idp.policies.duties import Power
from idp.policies.registration import PRESETS, policy_from
from idp.services.service_registry import change_service, changed_keys, profile_of, registration_policy
from idp.services.service_texts import versions_of

bp = ops_pages("ops_service_policy", Power.SEE_SETUP, path="/services")


@bp.get("/<service_id>/policy")
def policy(service_id: str) -> Response:
    """Show the policy; ``?preset=`` fills the form in from a preset, which nothing is saved of yet."""
    service = service_of_id(service_id)
    asked = request.args.get("preset", "")
    preset = asked if asked in PRESETS and operator().may(Power.CHANGE_SETUP) else None
    shown = PRESETS[preset] if preset else registration_policy(service)
    form = form_of(shown, preset=preset or service.policy.get("preset"), version=service.version)
    return _page(service, form, filled_from=PRESET_WORDS[preset][0] if preset else None)


@bp.post("/<service_id>/policy")
def change(service_id: str) -> ResponseReturnValue:
    """Save the policy, or show the wizard that it would give. What can't be taken is told beside its key."""
    must(Power.CHANGE_SETUP)
    service = service_of_id(service_id)
    form = form_sent(request.form)
    row = policy_in(form, registration_policy(service), service_id)
    if row is None:
        return _page(service, form, status=400)
    if request.form.get("do") == "preview":
        return _page(service, form, preview=wizard_of(service, policy_from(row)))
    try:
        with transaction():
            change_service(service, replace(profile_of(service), policy=row), seen_version=seen_version())
    except ChangedMeanwhile as refused:
        now_so = service_of_id(service_id)
        # What was filled in stays; sent again it is a decision about what is there now.
        form.version.data = str(now_so.version)
        differing = [str(POLICY_WORDS[key].label) for key in changed_keys(now_so.policy, row) if key in POLICY_WORDS]
        return _page(now_so, form, refusal=sentence_for(refused), differing=differing, status=refused.status)
    browser_session[NOTICE] = gettext("已儲存「%(name)s」的註冊政策。", name=name_of(service))
    return redirect(url_for("ops_service_policy.preview", service_id=service_id), 303)


@bp.get("/<service_id>/preview")
def preview(service_id: str) -> str:
    """Show the wizard that the policy in force gives."""
    service = service_of_id(service_id)
    return render_template(
        "ops/service_preview.html",
        service=row_of(service),
        preview=wizard_of(service, registration_policy(service)),
        may_see_mail=operator().may(Power.SEE_MAIL),
        may_change=operator().may(Power.CHANGE_SETUP),
        notice=browser_session.pop(NOTICE, None),
    )


def _page(
    service: Service,
    form: PolicyBase,
    *,
    filled_from: Any = None,
    preview: list[dict[str, Any]] | None = None,
    refusal: str | None = None,
    differing: list[str] | None = None,
    status: int = 200,
) -> Response:
    form.set_versions({text_id: [v.version for v in versions_of(service.id, text_id)] for text_id in TEXT_IDS})
    page = render_template(
        "ops/service_policy.html",
        service=row_of(service),
        form=form,
        sections=SECTIONS,
        words=POLICY_WORDS,
        titles=TEXT_TITLES,
        presets=[(name, label, about) for name, (label, about) in PRESET_WORDS.items()],
        filled_from=filled_from,
        preview=preview,
        refusal=refusal,
        differing=differing or [],
        may_change=operator().may(Power.CHANGE_SETUP),
        may_see_mail=operator().may(Power.SEE_MAIL),
        notice=browser_session.pop(NOTICE, None),
    )
    return make_response(page, status)
