"""``python -m clients.<key>``: start an application under gunicorn on 127.0.0.1 and ::1."""

import errno
import os
import socket
import sys

from clients.relying.application import Application
from clients.relying.settings import SettingRefused, settings_from


def run(application: Application) -> None:
    """Check settings and port, then become gunicorn, under the process id of whoever was started."""
    try:
        settings = settings_from(os.environ, application.key, application.port)
        binds = [
            words
            for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
            if _usable(family, host, settings.port)
            for words in ("--bind", f"[{host}]:{settings.port}" if ":" in host else f"{host}:{settings.port}")
        ]
    except SettingRefused as refusal:
        sys.exit(f"{application.package} does not start: {refusal}")
    command = [sys.executable, "-m", "gunicorn", "--config", "python:clients.relying.serving", *binds]
    command.append(f"{application.package}.wsgi:app")
    os.execv(sys.executable, command)


def _usable(family: int, host: str, port: int) -> bool:
    """Whether the address can be bound; a port in use is refused, a machine without IPv6 is not."""
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        if family == socket.AF_INET6 and error.errno not in (errno.EADDRINUSE, errno.EACCES):
            return False
        raise SettingRefused(f"port {port} on {host} cannot be used ({error.strerror}).") from error
    return True
