"""``app`` for a WSGI server, made from the environment: ``gunicorn clients.dreams.wsgi:app``."""

import os

from clients.dreams.app import create_app
from clients.dreams.settings import settings_from

app = create_app(settings_from(os.environ))
