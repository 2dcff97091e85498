"""``app`` for a WSGI server, made from the environment: ``gunicorn clients.dreams.wsgi:app``."""

import os

from clients.dreams.app import create_app
from clients.dreams.application import DREAMS
from clients.relying.settings import settings_from

app = create_app(settings_from(os.environ, DREAMS.key, DREAMS.port))
