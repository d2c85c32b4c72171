"""Django's settings. Everything that a person may choose is in `keepfold.kernel.config`; this file only derives."""

from __future__ import annotations

from importlib.util import find_spec

from keepfold.kernel import config
from keepfold.site.databases import databases

_CONFIG = config.current()
_ROOMS = ("kernel", "ui", "gate", "policy", "people", "ledger", "vault", "consent", "intake", "demo", "console", "site")


def _has(module: str) -> bool:
    return find_spec(module) is not None


# Sign-in is Django's and allauth's; Django's own permissions are not used, its sign-in only brings their tables along.
_LIBRARIES = ("django.contrib.contenttypes", "django.contrib.auth")
INSTALLED_APPS = [*_LIBRARIES, *(f"keepfold.{room}" for room in _ROOMS if _has(f"keepfold.{room}.apps"))]
DATABASES = databases(
    home=_CONFIG.home,
    data_url=_CONFIG.data_url,
    keys_url=_CONFIG.keys_url,
    synchronous=_CONFIG.sqlite_synchronous,
)
DATABASE_ROUTERS = ["keepfold.site.router.Router"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "people.Staff"

SECRET_KEY = _CONFIG.secret_key
DEBUG = False
ALLOWED_HOSTS = list(_CONFIG.allowed_hosts)
ROOT_URLCONF = "keepfold.site.urls"
WSGI_APPLICATION = "keepfold.site.wsgi.application"
APPEND_SLASH = False

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]

MIDDLEWARE = [
    "keepfold.site.middleware.page_request",
    "keepfold.site.middleware.page_headers",
    "keepfold.site.middleware.allowed_host",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "keepfold.site.staff.signed_in",
    "django.middleware.locale.LocaleMiddleware",
    # Before the check against forged forms, which reads the form.
    "keepfold.site.middleware.form_limit",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "keepfold.site.pages.ReadableErrors",
]
# Bearer tokens only: no sessions, no cookies, hence nothing for CSRF to protect.
API_MIDDLEWARE = [
    "keepfold.site.middleware.api_request",
    "keepfold.site.middleware.api_headers",
    "keepfold.site.middleware.api_exceptions",
    "keepfold.site.middleware.api_host",
    "keepfold.site.middleware.body_limit",
    "keepfold.site.middleware.without_cookies",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.i18n",
                "django.template.context_processors.request",
                "keepfold.site.shell.shell",
            ]
        },
    },
]

SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
LOGIN_URL = "/sign-in"

CSRF_FAILURE_VIEW = "keepfold.site.pages.csrf_failure"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Strict"
DATA_UPLOAD_MAX_MEMORY_SIZE = _CONFIG.max_bulk_body_bytes

# kernel.log configures logging; Django must not add handlers of its own.
LOGGING_CONFIG = None
