"""How gunicorn runs the provider. `gunicorn wsgi:app` in this folder needs nothing but the IDP_ settings."""

import os
import sys

from pydantic import ValidationError

from idp.config import settings

try:
    chosen = settings()
except ValidationError as error:
    # gunicorn would show a traceback, and pydantic the value that was given, which may be a secret.
    lines = ["The provider does not start, because its settings are refused:"]
    for problem in error.errors():
        name = "_".join(["IDP", *map(str, problem["loc"])]).upper()
        lines.append(f"  {name}: {problem['msg'].removeprefix('Value error, ').removeprefix(f'{name} ')}")
    sys.exit("\n".join(lines))
except ValueError as error:
    sys.exit(f"The provider does not start: {error}")

wsgi_app = "wsgi:app"
proc_name = "idp"
bind = list(chosen.bind)

# Threads, since a worker waits for the disk more than it computes, and sync workers hang on two half-sent
# requests. gunicorn's own wait for a slow sender for ever; ours cuts her off.
worker_class = "idp.pacing.PacedWorker"
workers = chosen.workers
threads = chosen.threads
# Imported once and shared with the workers by the kernel. Nothing is to be undone after the fork: the
# application opens its database pool and its writers' lock at first use, never at import (idp/db.py).
preload_app = True

# A worker that gives no sign of life is killed; one that is told to end may finish what it has begun.
timeout = 30
graceful_timeout = 30
keepalive = 15
# The sign of life is a file's time stamp: on a disk that is busy it can come too late.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108  (a folder, not a file name)

# An authorization request with its state, claims and hints is long.
limit_request_line = 8190
# Which proxy is believed is the application's business (IDP_TRUSTED_PROXIES): here none is.
forwarded_allow_ips = ""
# It would be a socket in the home folder, for commands nobody here gives.
control_socket_disable = True

# No access log: addresses carry codes, states and hints. The audit log says who did what.
accesslog = None
errorlog = "-"
loglevel = "info"
