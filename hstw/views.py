"""The pages that belong to no single app: home, health and the style guide."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from awards.owed import owed_by as owed_to_awards
from goals.planning import owed as plans
from hstw import health
from hstw.navigation import current_year
from hstw.styleguide import contents as styleguide_contents
from schools.home import places_of
from schools.owed import by_day, owed_by
from schools.scope import signed_in


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """What the person owes first, then their organizations and numbers."""
    return render(
        request,
        "home.html",
        {
            "owed": by_day([*owed_by(request.user), *plans.owed_by(signed_in(request)), *owed_to_awards(request.user)]),
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
    """Whether the database, its schema and the queue are ready too; 503 and what is wrong where they are not."""
    state = health.state()
    ready = all(value == health.OK for value in state.values())
    return JsonResponse(state, status=200 if ready else 503)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page of a no: says why (:func:`hstw.require.require` put the reason in the exception)."""
    return render(request, "403.html", {"reason": str(exception)}, status=403)


@require_safe
@login_required
def styleguide(request: HttpRequest) -> HttpResponse:
    """Every component in every state."""
    return render(request, "styleguide.html", styleguide_contents())
