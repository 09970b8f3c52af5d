"""The settings of a project that uses WhiteNoise. Lies beside its tests as ``tests/settings.py``."""

from __future__ import annotations

SECRET_KEY = "for tests"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = __name__
INSTALLED_APPS = ["django.contrib.staticfiles"]
MIDDLEWARE = ["whitenoise.middleware.WhiteNoiseMiddleware"]
# As in utils.py.
FORCE_SCRIPT_NAME = "/subdir"
STATIC_URL = "/subdir/static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

urlpatterns: list[object] = []
