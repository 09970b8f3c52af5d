"""Serves a site's static files from inside its WSGI process."""

from staticserve.errors import ConfigurationError, ManifestError, StaticServeError
from staticserve.wsgi import StaticServe

__all__ = ["ConfigurationError", "ManifestError", "StaticServe", "StaticServeError"]
