"""All settings, read from the environment. With nothing set, the demo runs.

Every variable is explained in ``docs/reference/settings.md``; a test fails when one is missing there.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF

from portal.input_limits import LIMITS
from portal.private_files import PrivateConnection, make_private_folder
from portal.secret_key import stored_key

BASE_DIR = Path(__file__).resolve().parent.parent


def env(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def flag(name: str, default: bool = False) -> bool:
    return env(name, "1" if default else "0").lower() in {"1", "true", "yes", "on"}


def comma_separated(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in env(name, default).split(",") if word.strip()]


# The demo's database, the embedded cluster's objects and the generated key.
STATE_DIR = Path(env("SLIPWAY_STATE_DIR", str(BASE_DIR / "var"))).resolve()

DEBUG = flag("SLIPWAY_DEBUG")
EMBEDDED = flag("SLIPWAY_EMBEDDED")
# Several web processes must share a key; a single machine generates its own.
SECRET_KEY = env("SECRET_KEY") or stored_key(STATE_DIR)
ALLOWED_HOSTS = comma_separated("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = comma_separated("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "channels",
    "django_htmx",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "portal.accounts",
    "portal.audit",
    "portal.live",
    "portal.api",
    "portal.home",
    "contracts",
    "catalog",
    "reconciler",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "csp.middleware.CSPMiddleware",
    "portal.middleware.database_wait.DatabaseWaitMiddleware",
    "portal.middleware.input_limits.InputLimitsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "portal.middleware.append_slash.AppendSlashMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "portal.middleware.nul.ReplaceNulMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.middleware.temporary_password.TemporaryPasswordMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "portal.urls"
ASGI_APPLICATION = "portal.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "loaders": [
                ("django.template.loaders.cached.Loader", ["django.template.loaders.filesystem.Loader"])
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.home.layout_context.layout",
            ],
            "libraries": {"ui": "portal.home.templatetags.ui"},
        },
    }
]

# Under ASGI each request has its own thread, so a connection that outlives it could not be reused.
DATABASES = {
    "default": dj_database_url.parse(
        env("DATABASE_URL") or f"sqlite:///{STATE_DIR / 'slipway.sqlite3'}", conn_max_age=0
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    with contextlib.suppress(OSError):  # if not writable, the first query reports it
        make_private_folder(Path(DATABASES["default"]["NAME"]).parent)
    # WAL lets pages read while the reconciler writes; IMMEDIATE takes the write lock at once instead of
    # failing in the middle of a transaction.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,  # of the reconciler and commands; requests wait for DATABASE_WAIT
        "factory": PrivateConnection,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
# Seconds that a request waits for a lock before it is answered with 503.
DATABASE_WAIT = float(env("SLIPWAY_DATABASE_WAIT", "1.5"))
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env("REDIS_URL")
# Blocking reads from Redis take up to 5 s; the client must not time out earlier.
REDIS_HOST = {"address": REDIS_URL, "socket_timeout": 15}
CHANNEL_LAYERS = {
    "default": (
        {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [REDIS_HOST]}}
        if REDIS_URL
        else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    )
}

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "home:home"
LOGOUT_REDIRECT_URL = "accounts:login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "portal.accounts.passwords.KnownPasswordValidator"},
]
AUTHENTICATION_BACKENDS = ["portal.accounts.passwords.Backend"]
# A temporary password, from a portal admin or a command, can be used for this many hours.
TEMPORARY_PASSWORD_HOURS = max(int(env("SLIPWAY_TEMPORARY_PASSWORD_HOURS", "72")), 1)
# Addresses and networks of proxies whose X-Forwarded-For and X-Forwarded-Proto count.
TRUSTED_PROXIES = comma_separated("SLIPWAY_TRUSTED_PROXIES")
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = flag("SLIPWAY_HTTPS")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if flag("SLIPWAY_HTTPS") else None
CSRF_FAILURE_VIEW = "portal.home.errors.csrf_failed"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

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
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

STATIC_URL = "/static/"
# Only the bundles: the sources import files that exist only before bundling.
STATICFILES_DIRS = [("dist", BASE_DIR / "static" / "dist"), ("icons", BASE_DIR / "static" / "icons")]
STATIC_ROOT = Path(env("SLIPWAY_STATIC_ROOT", str(STATE_DIR / "static")))
# The image collects the assets once with hashed names; elsewhere they are served from static/.
STATIC_ROOT_IS_BUILT = flag("SLIPWAY_STATIC_COLLECTED")
if STATIC_ROOT_IS_BUILT:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "servestatic.storage.CompressedManifestStaticFilesStorage"},
    }
SERVESTATIC_USE_FINDERS = not STATIC_ROOT_IS_BUILT
SERVESTATIC_ALLOW_ALL_ORIGINS = False
DATA_UPLOAD_MAX_MEMORY_SIZE = LIMITS.body
DATA_UPLOAD_MAX_NUMBER_FIELDS = LIMITS.nodes

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "portal.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["contracts.json_parser.ExactJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "portal.api.pagination.Pagination",
    "PAGE_SIZE": 50,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "portal.api.exceptions.handle_exception",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Slipway API",
    "DESCRIPTION": "Contracts, revisions and instances. Send `Authorization: Bearer TOKEN`.",
    "VERSION": "v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    # Two models have a field of this name, with different choices.
    "ENUM_NAME_OVERRIDES": {
        "InstanceState": "catalog.models.instance.State",
        "ChangeState": "catalog.models.change.ChangeState",
        "WaitReason": "catalog.models.change.WaitReason",
    },
}

# Hooks of the packages above ``portal``, which it never imports (portal/hooks.py).
NAVIGATION = [
    (
        "",
        [
            {"label": "Home", "icon": "house", "view": "home:home", "key": "h"},
            {"label": "Catalog", "icon": "layout-grid", "view": "catalog:catalog", "key": "c"},
            {"label": "Instances", "icon": "boxes", "view": "catalog:instances", "key": "i"},
        ],
    ),
    (
        "Platform",
        [
            {
                "label": "Contracts",
                "icon": "file-code-2",
                "view": "contracts:list",
                "key": "p",
                "verb": "author",
            },
            {"label": "Teams", "icon": "users", "view": "accounts:teams", "key": "t"},
            {"label": "Audit log", "icon": "scroll-text", "view": "audit:list", "key": "a", "verb": "audit"},
            {"label": "Users", "icon": "user", "view": "accounts:users", "verb": "administer"},
            {"label": "API", "icon": "terminal", "view": "api:docs"},
        ],
    ),
]
NAVIGATION_COUNTS = {
    "catalog:catalog": "catalog.portal_hooks.counts.count_contracts",
    "catalog:instances": "catalog.portal_hooks.counts.count_instances",
}
SEARCH_PROVIDERS = ["catalog.portal_hooks.search.find", "contracts.portal_hooks.find"]
HOME_SECTIONS = ["catalog.portal_hooks.home_sections.home_sections", "contracts.portal_hooks.home_sections"]
PORTAL_NOTICES = ["catalog.portal_hooks.notices.notices"]
READINESS_FACTS = ["catalog.portal_hooks.notices.health_facts"]
AUDIT_WORDINGS = ["catalog.portal_hooks.audit.WORDINGS", "contracts.portal_hooks.AUDIT_WORDINGS"]
API_URLCONFS = ["contracts.api", "catalog.api"]
# Previews in the contract editor; each takes a Compilation and returns HTML.
CONTRACT_FORM_PREVIEW = "catalog.views.preview.form_for"
CONTRACT_GRAPH_PREVIEW = "catalog.views.preview.graph_for"
# Evaluates the CEL rules of CRDs in the embedded cluster, which imports nothing of the product.
EMBEDDED_CLUSTER_RULES = "contracts.crd_rules.CelRuleEvaluator"
DEMO_LOADERS = ["contracts.demo.load", "catalog.demo.load"]
# Prefix of a live topic → who may subscribe, and its current version.
LIVE_TOPICS = {
    "instance": "catalog.live_topics.InstanceTopic",
    "instances": "catalog.live_topics.InstancesTopic",
    "notices": "catalog.live_topics.NoticesTopic",
    "contract": "contracts.live_topics.ContractTopic",
    "contracts": "contracts.live_topics.ContractsTopic",
}

# The reconciler. KUBECONFIG (or in-cluster configuration) selects a real cluster; the embedded cluster
# writes its own.
KUBECONFIG = env("KUBECONFIG")
# Only where nothing is real do the demo's accounts exist, whose passwords everybody knows.
DEMO = EMBEDDED and not KUBECONFIG
# The namespace of the Lease for leader election; empty: no leader election.
LEASE_NAMESPACE = env("SLIPWAY_LEASE_NAMESPACE", "default") if flag("SLIPWAY_LEASE", True) else ""
# Events of an instance: how many are kept, how many new ones are stored in a day, and for how many days.
EVENTS_PER_INSTANCE = max(int(env("SLIPWAY_EVENTS_PER_INSTANCE", "200")), 1)
EVENTS_PER_DAY = max(int(env("SLIPWAY_EVENTS_PER_DAY", "500")), 1)
EVENT_RETENTION_DAYS = max(int(env("SLIPWAY_EVENT_RETENTION_DAYS", "30")), 1)
# Class of the reconciler in the web process; empty when it runs as a separate process.
EMBEDDED_RECONCILER = "reconciler.manager.embedded.EmbeddedManager" if EMBEDDED else ""
APPEND_SLASH = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    # A malformed request is the client's mistake; where our code noticed it says nothing.
    "filters": {"no_traceback": {"()": "portal.log_filters.ClientErrorsWithoutTraceback"}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_traceback"]}
    },
    "root": {"handlers": ["console"], "level": env("SLIPWAY_LOG_LEVEL", "WARNING")},
    "loggers": {"slipway": {"level": env("SLIPWAY_LOG_LEVEL", "INFO")}},
}
