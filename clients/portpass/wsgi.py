"""``app`` for a WSGI server, made from the environment: ``gunicorn clients.portpass.wsgi:app``."""

import os

from clients.portpass.app import create_app
from clients.portpass.application import PORTPASS
from clients.relying.settings import settings_from

app = create_app(settings_from(os.environ, PORTPASS.key, PORTPASS.port))
