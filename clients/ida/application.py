"""免稅函線上申辦: what it is called, where it listens, and where each item of its menu opens."""

from clients.relying.application import Application

IDA = Application(
    key="ida",
    name="免稅函線上申辦",
    port=5103,
    paths={
        "case.paper": "/cases/new/paper",
        "case.electronic": "/cases/new/electronic",
        "case.query": "/cases",
        "auth.grant": "/authorisations",
        "self.profile": "/self/profile",
        "self.password": "/self/password",
    },
    scopes=("electronic_id",),
)
