"""How gunicorn serves an application; named by ``clients.relying.running``, so that no other file is read for it."""

workers = 1
worker_class = "gthread"
threads = 8
control_socket_disable = True
loglevel = "warning"
timeout = 30
