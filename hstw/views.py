"""The pages that belong to no single app: home, health and the style guide."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from hstw.navigation import current_year
from schools.home import places_of
from schools.owed import owed_by


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """What the person owes first, then their organizations and numbers."""
    return render(
        request,
        "home.html",
        {
            "owed": owed_by(request.user),
            "places": places_of(request.user),
            "year": current_year(),
        },
    )


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


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page of a no: says why (:func:`hstw.require.require` put the reason in the exception)."""
    return render(request, "403.html", {"reason": str(exception)}, status=403)


@require_safe
@login_required
def styleguide(request: HttpRequest) -> HttpResponse:
    """Every component in every state."""
    return render(request, "styleguide.html")
