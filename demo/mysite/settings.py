"""Settings for production. What differs between machines comes from the environment."""

import os
import secrets
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = False

# Without SECRET_KEY every start makes a new one: nobody else knows it, and logins end with the process.
SECRET_KEY = os.environ.get("SECRET_KEY") or secrets.token_urlsafe(50)

# ALLOWED_HOSTS="www.example.org,example.org"
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")

INSTALLED_APPS = [
    "polls",
    "people",
    "deploys",
    "staticserve.django",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "mysite.policy.add_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "mysite.urls"
WSGI_APPLICATION = "mysite.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Only the admin needs it, and only to log in. On Heroku a file lasts until the dyno's next restart.
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("DATABASE_PATH") or BASE_DIR / "db.sqlite3",
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# Django sets the time zone of the whole process, gunicorn's log included.
TIME_ZONE = "UTC"
USE_TZ = True

# Three places with static files (the third is each app's static/), and the one that they are collected into.
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "polls" / "files", BASE_DIR / "people" / "otherfiles"]

# The page "Deploys" writes the sources of its releases here. They come before those of its first release, which are in
# the app's own static/. On a machine of Heroku's nobody can press its button.
DEMO_DEPLOYS = os.environ.get("DEMO_DEPLOYS", "0" if "DYNO" in os.environ else "1") == "1"
DEPLOYED_DIR = BASE_DIR / "deploys" / "generated"
if DEPLOYED_DIR.is_dir():
    STATICFILES_DIRS.append(DEPLOYED_DIR)

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "staticserve.django.storage.StaticServeStorage",
        # Hashed names in JavaScript's imports, too.
        "OPTIONS": {"support_js_module_import_aggregation": True},
    },
}

# Files that browsers and robots ask for at /: favicon.ico and robots.txt. And staticserve.json, which tells the page
# "Deploys" which release the server is at.
STATICSERVE = {"root_files": BASE_DIR / "public", "release_file": True}

# Behind a router that ends TLS, as Heroku's does: SSL_REDIRECT=1. Only there is X-Forwarded-Proto to be believed.
SECURE_SSL_REDIRECT = os.environ.get("SSL_REDIRECT") == "1"
if SECURE_SSL_REDIRECT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 3600
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

# With DEBUG=False Django prints nothing by itself. staticserve says on the logger "staticserve" what it cannot serve.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
}
