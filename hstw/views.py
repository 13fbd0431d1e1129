"""The pages that belong to no single app: home, health and the style guide."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """What the person owes first, then their organizations."""
    return render(request, "home.html")


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Whether this process answers; asks nothing of the database."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Whether the database and the queue answer too; 503 and the name of what does not."""
    state = {"database": _answers(_ask_database), "queue": _answers(_ask_queue)}
    return JsonResponse(state, status=200 if all(value == "ok" for value in state.values()) else 503)


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_queue() -> None:
    cache.get("readyz")


def _answers(ask: object) -> str:
    try:
        ask()  # type: ignore[operator]
    except Exception:
        return "does not answer"
    return "ok"


@require_safe
@login_required
def styleguide(request: HttpRequest) -> HttpResponse:
    """Every component in every state."""
    return render(request, "styleguide.html")
