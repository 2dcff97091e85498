"""``app`` for a WSGI server, made from the environment: ``gunicorn clients.ida.wsgi:app``."""

import os

from clients.ida.app import create_app
from clients.ida.application import IDA
from clients.relying.settings import settings_from

app = create_app(settings_from(os.environ, IDA.key, IDA.port))
