"""Students who may be one person recorded twice: looked at in pairs, never merged."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from hstw.access import Action
from schools.views.data import frame


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def page(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Pairs that look like one person."""
    organization, school_year = frame.data_of(request, slug, year, Action.VIEW_NAMED_STUDENTS)
    return frame.show(request, organization, school_year, "schools/data/duplicates.html", pairs=[])
