"""The form in which a group admin says whom she invites, and the menu tree beside it (P34's look)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import request
from flask_babel import lazy_gettext
from wtforms import Field, RadioField, SelectField, StringField
from wtforms.validators import InputRequired

from idp.errors import NotFound
from idp.flows.account_fields import LONGEST_TYPED, AtMost, refuse_problem
from idp.flows.forms import PlainForm
from idp.flows.group_guard import group_admin
from idp.flows.group_words import ACR_LABELS
from idp.flows.messages import PROBLEMS, ROLE_LABELS
from idp.flows.moments import is_english
from idp.flows.page_context import application_of
from idp.models import Service
from idp.policies.menu_rights import Branch, default_items, tree_of
from idp.policies.names import canonical_email
from idp.policies.roles import Role
from idp.policies.standing import CompanyProof
from idp.services.clients import ClientRecord
from idp.services.invitations import Menu, Wanted, has_menus, menus_to_preset, rights_chosen, roles_to_give

LANGUAGES = [("zh-TW", "中文"), ("en", "English")]


class InvitationForm(PlainForm):
    """Whom to invite, to which service, as what, and in which language she is written to."""

    service = SelectField(lazy_gettext("服務"), validate_choice=False)
    email = StringField(
        "Email",
        [InputRequired(lazy_gettext("請輸入 Email。")), AtMost(LONGEST_TYPED, PROBLEMS["email.form"])],
    )
    role = RadioField(lazy_gettext("請選擇此帳號之權限"), validate_choice=False)
    locale = SelectField(
        lazy_gettext("邀請信的語言"), choices=LANGUAGES, default=LANGUAGES[0][0], validate_choice=False
    )

    def offer(self, services: Sequence[Service]) -> None:
        """Offer these services (the first is chosen where nobody can choose) and the roles of the chosen one."""
        known = {service.id: service for service in services}
        self.service.choices = [(one.id, one.name_en if is_english() else one.name_zh) for one in services]
        self.chosen = known.get(self.service.data or "", services[0])
        self.service.data = self.chosen.id
        self.roles = roles_to_give(self.chosen)
        self.role.choices = [(str(role), ROLE_LABELS[role]) for role in self.roles]
        self.has_menus = has_menus(self.chosen)
        if self.locale.data not in dict(LANGUAGES):
            self.locale.data = LANGUAGES[0][0]

    def validate_email(self, field: Field) -> None:
        """One mailbox (RG13)."""
        refuse_problem(None if canonical_email(field.data) else "email.form")

    def validate_role(self, field: Field) -> None:
        """One of those offered."""
        refuse_problem(None if field.data in self.roles else "review.role")


@dataclass(frozen=True, slots=True)
class Draft:
    """An invitation that is being written: what was filled in, checked, and which menu items are ticked."""

    service: Service
    proof: CompanyProof
    email: str
    role: Role
    locale: str
    menus: list[tuple[ClientRecord, Menu]]
    ticked: frozenset[int]

    @property
    def ticked_for(self) -> str:
        """For which service and role the ticks were made; it stands in the form."""
        return f"{self.service.id}:{self.role}"

    def wanted(self) -> Wanted:
        """What the services are asked for."""
        return Wanted(
            service_id=self.service.id,
            email=self.email,
            role=self.role,
            locale=self.locale,
            menus=rights_chosen(self.service, self.proof, self.role, self.ticked),
        )


def draft_of(form: InvitationForm) -> Draft:
    """What a valid form says. Ticks count for the role they were made for; for another its defaults are ticked."""
    role = Role(form.role.data)
    company = group_admin().company
    proof = company.proof if company else CompanyProof.NONE
    menus = menus_to_preset(form.chosen, proof, role)
    draft = Draft(form.chosen, proof, (form.email.data or "").strip(), role, form.locale.data, menus, frozenset())
    if request.form.get("ticked_for") == draft.ticked_for:
        return replace(draft, ticked=_ticked())
    return replace(draft, ticked=default_items((i for _, items in menus for i in items), role))


def reticked(draft: Draft, client_id: str, *, everything: bool) -> Draft:
    """The draft once all items of one application are ticked, or the role's defaults are put back."""
    items = next((items for client, items in draft.menus if client.id == client_id), ())
    if not items:
        raise NotFound
    wanted = {item.id for item in items} if everything else default_items(items, draft.role)
    return replace(draft, ticked=(draft.ticked - {item.id for item in items}) | wanted)


def trees(draft: Draft) -> list[dict[str, Any]]:
    """For each application its menu as a tree, with what is ticked and what the role sees by default."""
    return [
        {
            "application": application_of(client),
            "count": len(items),
            "items": [_branch(one, draft) for one in tree_of(items)],
        }
        for client, items in draft.menus
    ]


def _branch(branch: Branch, draft: Draft) -> dict[str, Any]:
    item = branch.item
    return {
        "id": item.id,
        "code": item.code,
        "label": item.label_en if is_english() else item.label_zh,
        "default": draft.role in item.default_roles,
        "ticked": item.id in draft.ticked,
        "needs": ACR_LABELS[item.acr] if item.acr else None,
        "items": [_branch(one, draft) for one in branch.below],
    }


def _ticked() -> frozenset[int]:
    given = request.form.getlist("menu")
    if not all(text.isascii() and text.isdecimal() and len(text) < 10 for text in given):
        raise NotFound
    return frozenset(int(text) for text in given)
