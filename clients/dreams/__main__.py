"""``python -m clients.dreams``: start DREAMS under gunicorn on 127.0.0.1 and ::1."""

import errno
import os
import socket
import sys

from clients.dreams.settings import SettingRefused, settings_from


def main() -> None:
    """Check settings and port, then become gunicorn, under the process id of whoever was started."""
    try:
        settings = settings_from(os.environ)
    except SettingRefused as refusal:
        sys.exit(f"DREAMS does not start: {refusal}")
    binds = []
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        if _usable(family, host, settings.port):
            binds += ["--bind", f"[{host}]:{settings.port}" if ":" in host else f"{host}:{settings.port}"]
    command = [sys.executable, "-m", "gunicorn", "--config", "python:clients.dreams.serving", *binds]
    command.append("clients.dreams.wsgi:app")
    os.execv(sys.executable, command)


def _usable(family: int, host: str, port: int) -> bool:
    """Whether the address can be bound; a port in use ends the start, a machine without IPv6 does not."""
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        if family == socket.AF_INET6 and not _in_use(error):
            return False
        sys.exit(f"DREAMS does not start: port {port} on {host} cannot be used ({error.strerror}).")
    return True


def _in_use(error: OSError) -> bool:
    return error.errno in (errno.EADDRINUSE, errno.EACCES)


if __name__ == "__main__":
    main()
