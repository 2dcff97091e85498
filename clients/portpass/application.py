"""港區通行證系統: what it is called, where it listens, and where each item of its menu opens."""

from clients.relying.application import Application

PORTPASS = Application(
    key="portpass",
    name="港區通行證系統",
    port=5102,
    paths={
        "pass.apply": "/passes/new",
        "pass.query": "/passes",
        "pass.print": "/print",
        "base": "/base",
        "base.account": "/base/account",
        "base.scope": "/base/scope",
        "info.faq": "/faq",
    },
)
