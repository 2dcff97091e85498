"""Clients as operators list them: a page at a time, of a service or found by a part of id or name."""

from sqlalchemy import or_, select

from idp.db import session
from idp.models import Client, Service
from idp.services.ops_people import LONGEST_SEARCH, Page, page_of


def clients_listed(words: str, service_id: str | None, after: str | None) -> Page[Client]:
    """A page of the clients that are there, by id; there are so few that a part of a name is looked for in all."""
    found = select(Client).where(Client.removed_at.is_(None))
    if words:
        part = words[:LONGEST_SEARCH]
        named = (Client.id, Client.name_zh, Client.name_en)
        found = found.where(or_(*(column.icontains(part, autoescape=True) for column in named)))
    if service_id:
        found = found.where(Client.service_id == service_id)
    return page_of(found, Client, (Client.id,), after)


def services_by_id() -> dict[str, Service]:
    """Every service by its id."""
    return {one.id: one for one in session.scalars(select(Service).order_by(Service.id))}
