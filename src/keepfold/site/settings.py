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
_LIBRARIES = ("django.contrib.contenttypes", "django.contrib.auth", "allauth.account", "allauth.mfa")
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
AUTHENTICATION_BACKENDS = ["keepfold.people.signin.backend.StaffBackend"]
PASSWORD_HASHERS = ["keepfold.people.hashers.Argon2idHasher"]
# Addresses of staff are in our own, marked rows; allauth's tables for them are not made.
MIGRATION_MODULES = {"account": None, "mfa": "keepfold.people.mfa.migrations"}

SECRET_KEY = _CONFIG.secret_key
DEBUG = False
ALLOWED_HOSTS = list(dict.fromkeys([*_CONFIG.allowed_hosts, _CONFIG.public_host]))
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
    "keepfold.site.middleware.compressed",
    "keepfold.site.middleware.page_headers",
    "keepfold.site.middleware.allowed_host",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
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
                "keepfold.console.tour.tour",
            ]
        },
    },
]

SESSION_ENGINE = "keepfold.people.sessions"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "/"

# The prefix __Host- makes browsers take a cookie only by https, from this very host, for all of it (RFC 6265bis 4.1.3).
_PREFIX = "__Host-" if _CONFIG.is_https else ""
SESSION_COOKIE_NAME = f"{_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{_PREFIX}csrftoken"
LANGUAGE_COOKIE_NAME = f"{_PREFIX}language"
DEVICE_COOKIE_NAME = f"{_PREFIX}device"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _CONFIG.is_https
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
# Lax, so that a link in a mail opens the page it leads to; every change needs a token besides.
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "keepfold.site.pages.csrf_failure"
# TLS ends before us, so that a form's origin differs from what we see by its scheme.
CSRF_TRUSTED_ORIGINS = [_CONFIG.public_url]

ACCOUNT_ADAPTER = "keepfold.people.signin.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_LOGIN_TIMEOUT = 900
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
# What is tried too often is counted in our own table, which every process sees; allauth's counts are per process.
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False
MFA_ADAPTER = "keepfold.people.signin.adapters.MfaAdapter"
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_RECOVERY_CODE_DIGITS = 10
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_USER_VERIFICATION = "preferred"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = False

DATA_UPLOAD_MAX_MEMORY_SIZE = _CONFIG.max_bulk_body_bytes

# kernel.log configures logging; Django must not add handlers of its own.
LOGGING_CONFIG = None
