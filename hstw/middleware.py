"""What every request passes through: an id for the logs, and whether its session has a second factor."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.http import HttpRequest, HttpResponse

Handler = Callable[[HttpRequest], HttpResponse]

_ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9-]{8,64}")


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
        records = get_authentication_records(request, request.user)  # only those of the person signed in
        request.user.has_second_factor = any(_is_second_factor(record) for record in records)  # type: ignore[union-attr]
        return self.get_response(request)


def _is_second_factor(record: dict[str, Any]) -> bool:
    """Whether this step of a sign-in proves more than a password does.

    allauth writes ``mfa`` for an authenticator's code, a recovery code and a security key, which come after
    another factor, and for a passkey alone, which is asked to verify its owner. An identity provider counts
    only where its configuration says that it asks for a second factor itself.
    """
    if record.get("method") == "mfa":
        return True
    return record.get("method") == "socialaccount" and record.get("provider") in settings.SECOND_FACTOR_PROVIDERS
