"""The site as a WSGI application. The last line is all that static files need."""

import os

from django.core.wsgi import get_wsgi_application

from staticserve.django import serve_static

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")

application = serve_static(get_wsgi_application())
