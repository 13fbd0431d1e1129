"""What every request passes through: an id for the logs, and whether its session has a second factor."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

Handler = Callable[[HttpRequest], HttpResponse]

_ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
# How allauth names, in the session's list of methods, a sign-in that a second factor took part in.
_SECOND_FACTORS = {"mfa"}


class RequestIdMiddleware:
    """Give each request an id (or keep a proxy's), bind it to the logs and return it as ``X-Request-ID``."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        offered = request.headers.get("X-Request-ID", "")
        request_id = offered if _ACCEPTABLE_ID.fullmatch(offered) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        request.id = request_id  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class SecondFactorMiddleware:
    """Tell the person, for the access module, whether this session was opened with a second factor."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        methods = request.session.get("account_authentication_methods", [])
        request.user.has_second_factor = any(record.get("method") in _SECOND_FACTORS for record in methods)  # type: ignore[union-attr]
        return self.get_response(request)
