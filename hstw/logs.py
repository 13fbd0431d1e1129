"""Structured logs with a request id on every line, and error reports to Sentry where it is configured.

Neither may carry a secret or a student: paths hold invitation and reset tokens, and PostgreSQL's error details,
query strings, forms and local variables hold whatever people typed.
"""

from __future__ import annotations

import re
from typing import Any

import structlog

_DETAIL = re.compile(r"\n(DETAIL|CONTEXT|HINT):[^\n]*")
_HEADERS_KEPT = {"accept", "content-length", "content-type", "host", "user-agent", "x-request-id"}
HIDDEN = "[removed]"


def _without_detail(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """An exception's text without PostgreSQL's detail line, which quotes the row."""
    if isinstance(event.get("exception"), str):
        event["exception"] = _DETAIL.sub("", event["exception"])
    return event


def _without_path(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """Django's own lines about a request, “Not Found: /path”, without the path; the request's line has the route."""
    if str(event.get("logger", "")).startswith(("django.request", "django.security.csrf")):
        event["event"] = str(event["event"]).split(": /", 1)[0]
    return event


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    _without_detail,
]
# One list, also when configured anew: loggers in use keep it.
_PROCESSORS: list[Any] = [
    structlog.stdlib.filter_by_level,
    *_SHARED,
    structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
]


def configuration(*, json: bool, level: str) -> dict[str, Any]:
    """Django's ``LOGGING``: JSON lines for machines, plain lines for people, both to standard error."""
    structlog.configure(
        processors=_PROCESSORS,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: Any = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
                "foreign_pre_chain": [*_SHARED, _without_path],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {"django.server": {"handlers": ["stderr"], "level": level, "propagate": False}},
    }


def report_errors_to(dsn: str, *, environment: str) -> None:
    """Send unhandled errors to Sentry, without personal data."""
    import sentry_sdk

    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,  # they quote SQL and log lines
        traces_sample_rate=0.0,
        before_send=scrubbed,
    )


def scrubbed(event: Any, hint: Any = None) -> Any:
    """An error report without cookies, forms, query strings, addresses and names; a person is a number."""
    if request := event.get("request"):
        headers = request.get("headers") or {}
        event["request"] = {
            "method": request.get("method"),
            "url": HIDDEN,  # the view's name is the event's transaction
            "headers": {k: v if k.lower() in _HEADERS_KEPT else HIDDEN for k, v in dict(headers).items()},
        }
    if user := event.get("user"):
        event["user"] = {"id": user["id"]} if "id" in user else {}
    event.pop("breadcrumbs", None)
    event.pop("extra", None)
    for raised in (event.get("exception") or {}).get("values") or []:
        raised["value"] = _DETAIL.sub("", str(raised.get("value") or ""))
        for frame in (raised.get("stacktrace") or {}).get("frames") or []:
            frame.pop("vars", None)
    if "logentry" in event:
        event["logentry"] = {"message": _before_path(event["logentry"].get("message"))}
    return event


def _before_path(message: Any) -> str:
    """``Internal Server Error: %s`` or its filled-in form, up to the colon."""
    return str(message or "").split(": ", 1)[0]
