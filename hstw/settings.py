"""Settings, from environment variables only. README, “How to configure”, lists them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from hstw import embedded, identity_providers, logs

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent

HSTW_ENV = env.str("HSTW_ENV", default="local")
if HSTW_ENV not in {"local", "production"}:
    raise ImproperlyConfigured(f"HSTW_ENV is {HSTW_ENV!r}; it must be local or production.")
PRODUCTION = HSTW_ENV == "production"
DEBUG = False

# --- secrets ---------------------------------------------------------------------------------------------------
SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    if PRODUCTION:
        raise ImproperlyConfigured("SECRET_KEY is not set. In production set it to at least 50 random characters.")
    SECRET_KEY = embedded.local_secret_key()
if PRODUCTION and (len(SECRET_KEY) < 50 or SECRET_KEY.startswith(("django-insecure", "change-me"))):
    raise ImproperlyConfigured("SECRET_KEY is too short or a default. Set it to at least 50 random characters.")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]"])
# Where people open it: what links in mail begin with that no request has led to.
SITE_URL = env.str(
    "SITE_URL",
    default=f"https://{ALLOWED_HOSTS[0].lstrip('.')}"
    if PRODUCTION and ALLOWED_HOSTS
    else f"http://localhost:{env.int('PORT', default=8000)}",
).rstrip("/")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# --- apps ------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "hstw",
    "schools",
    "pathways",
    "goals",
    "awards",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.saml",
    "allauth.mfa",
    "allauth.usersessions",
    "pgtrigger",
    "pghistory",
    "treebeard",
    "bootstrap",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_filters",
    "django_htmx",
    "django_celery_beat",
    "csp",
]

MIDDLEWARE = [
    "hstw.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "hstw.metrics.RequestMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "hstw.middleware.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "pghistory.middleware.HistoryMiddleware",
]

ROOT_URLCONF = "hstw.urls"
WSGI_APPLICATION = "hstw.wsgi.application"
ASGI_APPLICATION = "hstw.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "hstw.navigation.context",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "hstw.templatetags.hstw"],
        },
    }
]

# --- database and queue ----------------------------------------------------------------------------------------
# The application connects as a role that owns nothing; manage.py asks for the owner where a command changes the
# schema (migrate, restore).
DATABASE_ROLE = env.str("HSTW_DATABASE_ROLE", default="app")


def _database(role: Literal["app", "owner"]) -> dict[str, Any]:
    """How to connect as the application or as the tables' owner."""
    if "DATABASE_URL" in os.environ:
        application = os.environ["DATABASE_URL"]
        url = application if role == "app" else os.environ.get("DATABASE_OWNER_URL", application)
        return dict(env.db_url_config(url))
    return dict(embedded.database(role))


DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **_database("owner" if DATABASE_ROLE == "owner" else "app"),
        "ENGINE": "django.db.backends.postgresql",
        "CONN_HEALTH_CHECKS": True,
    }
}
DATABASE_APPLICATION = {key: _database("app")[key] for key in ("USER", "PASSWORD")}
DATABASE_OWNER = {key: _database("owner")[key] for key in ("USER", "PASSWORD")}
DATABASES["default"].setdefault("OPTIONS", {})
# Only the web server keeps a pool, opened after the fork; workers and commands use plain connections.
if env.bool("HSTW_DATABASE_POOL", default=False):
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": 1,
        "max_size": env.int("HSTW_DATABASE_POOL_SIZE", default=8),
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default=embedded.redis_url())
KEY_PREFIX = env.str("HSTW_KEY_PREFIX", default="")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": f"{KEY_PREFIX}hstw",
    }
}


def _broker(url: str) -> str:
    """The queue's address as Celery writes it: a Unix socket has a scheme of its own there."""
    if not url.startswith("unix://"):
        return url
    path, _, query = url.removeprefix("unix://").partition("?")
    number = dict(part.split("=", 1) for part in query.split("&") if "=" in part).get("db", "0")
    return f"redis+socket://{path}?virtual_host={number}"


CELERY_BROKER_URL = _broker(REDIS_URL)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A page that wakes a worker does not wait for a queue that is away (six seconds, by default): the row is found later.
CELERY_BROKER_TRANSPORT_OPTIONS = {"global_keyprefix": KEY_PREFIX, "max_retries": 0, "socket_connect_timeout": 3}
# PostgreSQL is the queue of record: a task's result is the row it wrote.
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "quick"
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "send due mail": {"task": "hstw.tasks.send_due_mail", "schedule": 60.0},
    "remove files that no row knows": {"task": "hstw.tasks.sweep_files", "schedule": 60.0 * 60 * 24},
    "find abandoned imports": {"task": "schools.tasks.sweep_imports", "schedule": 15.0},
    # A message that nobody has taken by the next one says nothing new.
    "count what changed": {
        "task": "goals.tasks.count_changed",
        "schedule": 20.0,
        "options": {"expires": 20, "queue": "bulk"},
    },
    "count what became known": {"task": "goals.tasks.count_nightly", "schedule": crontab(hour=7, minute=15)},
    # Early in the morning of the eastern states.
    "send digests": {"task": "goals.tasks.send_digests", "schedule": crontab(hour=10, minute=30)},
    "forget old before-images": {"task": "schools.tasks.forget_before_images", "schedule": 60.0 * 60 * 24},
}

# --- people ----------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "schools.User"
AUTHENTICATION_BACKENDS = ["schools.sign_in.Backend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 60 * 60 * 4
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
SECOND_FACTOR_REQUIRED = env.bool("SECOND_FACTOR_REQUIRED", default=PRODUCTION)
DEMO_SIGN_IN_ALLOWED = not PRODUCTION

ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # people come by invitation, which proves the address
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_CHANGE_EMAIL = True  # one address a person; a new one replaces it once it is confirmed
ACCOUNT_ADAPTER = "schools.sign_in.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "schools.forms.sign_in.LoginForm",
    "add_email": "schools.forms.sign_in.AddEmailForm",
    "change_password": "schools.forms.sign_in.ChangePasswordForm",
    "reset_password": "schools.forms.sign_in.ResetPasswordForm",
    "reset_password_from_key": "schools.forms.sign_in.ResetPasswordKeyForm",
    "reauthenticate": "schools.forms.sign_in.ReauthenticateForm",
}
SOCIALACCOUNT_ADAPTER = "schools.sign_in.SocialAccountAdapter"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_RATE_LIMITS = {
    "login_failed": "10/m/ip,5/5m/key",
    "login": "30/m/ip",
    "reset_password": "20/m/ip,5/m/key",
}
ACCOUNT_PREVENT_ENUMERATION = True
# How many proxies stand before the application, each adding the address it was called from; 0 believes none.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
USERSESSIONS_TRACK_ACTIVITY = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
MFA_TOTP_ISSUER = "HSTW"
# Browsers count http://localhost as secure; the WebAuthn library has to be told.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
INVITATION_DAYS = env.int("INVITATION_DAYS", default=14)

_identity_providers = identity_providers.read(
    env.str("IDENTITY_PROVIDERS", default=""), os.environ, production=PRODUCTION
)
SOCIALACCOUNT_PROVIDERS = identity_providers.allauth_settings(_identity_providers)
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = False
SOCIALACCOUNT_STORE_TOKENS = False
IDENTITY_PROVIDER_DOMAINS = {provider.id: provider.email_domains for provider in _identity_providers}
SECOND_FACTOR_PROVIDERS = {provider.id for provider in _identity_providers if provider.trusts_second_factor}
SESSION_COOKIE_AGE = env.int("SESSION_COOKIE_AGE", default=60 * 60 * 12)

# --- language and time -----------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-us"
LANGUAGES = [("en", _("English"))]
TIME_ZONE = env.str("TIME_ZONE", default="America/New_York")
USE_I18N = True
USE_TZ = True

# --- files and pages -------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = not PRODUCTION
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(embedded.home() / "media")))
HSTW_UPLOAD_LIMIT = env.int("UPLOAD_LIMIT", default=2 * 1024**3)  # bytes
FILE_UPLOAD_HANDLERS = [
    "hstw.files.LimitedUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- security --------------------------------------------------------------------------------------------------
_identity_provider_origins = [
    *identity_providers.origins(_identity_providers),
    *env.list("IDENTITY_PROVIDER_ORIGINS", default=[]),
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF, *_identity_provider_origins],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
if PRODUCTION:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=60 * 60 * 24 * 365)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

# --- imports ---------------------------------------------------------------------------------------------------
# A file that replaces and would end or change more than this share of what is there waits for a confirmation.
HSTW_IMPORT_GUARD_SHARE = env.float("IMPORT_GUARD_SHARE", default=0.10)
# How long an applied import can be undone.
HSTW_BEFORE_IMAGE_DAYS = env.int("BEFORE_IMAGE_DAYS", default=400)

# --- disclosure ------------------------------------------------------------------------------------------------
# Up to so many organizations of a state what may be told is worked out; of more, people without a right to exact
# figures see none: the time it takes grows faster than the state. The largest table that was measured has about 330
# (docs/decisions/0005-disclosure.md); more is for whoever has measured it.
HSTW_PROTECT_ORGANIZATIONS = env.int("PROTECT_ORGANIZATIONS", default=400)

# --- mail ------------------------------------------------------------------------------------------------------
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="HSTW <no-reply@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=20)

# --- logs and errors -------------------------------------------------------------------------------------------
LOGGING = logs.configuration(
    json=PRODUCTION or env.bool("HSTW_JSON_LOGS", default=False), level=env.str("LOG_LEVEL", default="INFO")
)
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
if dsn := env.str("SENTRY_DSN", default=""):
    logs.report_errors_to(dsn, environment=HSTW_ENV)
