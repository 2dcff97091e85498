"""DREAMS 案場申請: what it is called, where it listens, and where each item of its menu opens."""

from clients.relying.application import Application

DREAMS = Application(
    key="dreams",
    name="DREAMS",
    port=5101,
    paths={
        "site.list": "/sites",
        "site.new": "/sites/new",
        "case.track": "/cases",
        "report.download": "/reports",
        "group.users": "/group/users",
    },
)
