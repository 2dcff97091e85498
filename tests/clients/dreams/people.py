"""Who comes to DREAMS in its tests, and what they write there."""

from flask import Flask

from tests.clients.issuer import Person

HERE = "http://localhost:5101"
GUEST = ["site.list", "site.view"]
STAFF = [*GUEST, "site.new", "case.track", "report.download"]
SITE = {"name": "永康屋頂", "address": "高雄市路竹區路科一路 1 號", "capacity_kw": "499.5"}


def at_dreams(app: Flask) -> Person:
    """A fresh browser at DREAMS."""
    return Person(app, "/sites/new")
