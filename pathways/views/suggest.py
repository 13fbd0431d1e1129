"""What fits while one types: codes and titles, nothing about students."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from pathways import find
from pathways.views import frame

_LONGEST = 100


def _asked(request: HttpRequest) -> str:
    return request.GET.get("q", "").strip()[:_LONGEST]


@require_safe
@login_required
def programs(request: HttpRequest) -> JsonResponse:
    """Instructional programs (CIP)."""
    text = _asked(request)
    return JsonResponse({"found": [find.shown(row) for row in find.programs(text)] if text else []})


@require_safe
@login_required
def courses(request: HttpRequest, slug: str, year: int) -> JsonResponse:
    """Courses that the organization may use."""
    organization, school_year = frame.pathways_of(request, slug, year)
    text = _asked(request)
    found = find.courses(organization, int(school_year), text) if text else []
    return JsonResponse({"found": [find.shown(row) for row in found]})


@require_safe
@login_required
def credentials(request: HttpRequest, slug: str, year: int) -> JsonResponse:
    """Kinds of credential that the organization may use."""
    organization, _school_year = frame.pathways_of(request, slug, year)
    text = _asked(request)
    return JsonResponse(
        {"found": [find.shown(row) for row in find.credential_types(organization, text)] if text else []}
    )
