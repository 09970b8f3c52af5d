"""The settings of the Django project whose files are collected."""

from __future__ import annotations

import json
import os

SECRET_KEY = "for benchmarks"
INSTALLED_APPS = [
    *("django.contrib.auth", "django.contrib.contenttypes", "django.contrib.staticfiles"),
    "django.contrib.admin.apps.SimpleAdminConfig",
]
STATIC_URL = "static/"
STATIC_ROOT = os.environ["BENCHMARK_STATIC_ROOT"]
STATICFILES_DIRS = json.loads(os.environ["BENCHMARK_STATICFILES_DIRS"])
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": os.environ["BENCHMARK_STORAGE"]},
}
