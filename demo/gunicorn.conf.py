"""gunicorn's settings, as Heroku recommends them. gunicorn reads this file where it is started."""

import os
import socket

wsgi_app = "mysite.wsgi"

# All interfaces, IPv4 and IPv6, where the system can do both with one socket.
_host = "[::]" if socket.has_dualstack_ipv6() else "0.0.0.0"
bind = f"{_host}:{os.environ.get('PORT', '8000')}"

# Static files are answered on the worker's event loop; threads are for the pages. How many workers there are is in
# WEB_CONCURRENCY, which Heroku sets by the size of the dyno.
worker_class = "staticserve.gunicorn.StaticWorker"
threads = 5

# The project is loaded once, before the workers are made, and shared between them.
preload_app = True

# Heroku's router gives up after 30 seconds, and keeps its connections open for 90.
timeout = 20
graceful_timeout = 20
keepalive = 95
