"""One measure: the number explains itself."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from goals import measure_page
from goals.views import frame
from schools.scope import signed_in

PAGE_SIZE = 25


@require_safe
@login_required
def page(request: HttpRequest, slug: str, year: int, code: str) -> HttpResponse:
    """What is counted, by which rule, from which files; by student group, by school, over the years."""
    organization, school_year = frame.readiness_of(request, slug, year)
    measure = frame.measure_of(code)
    user = signed_in(request)
    sort = request.GET.get("sort", "")
    if sort.removeprefix("-") not in measure_page.SORTS:
        sort = measure_page.worst_first(measure)
    with frame.one_snapshot():
        found = measure_page.about(user, organization, measure, school_year)
        places = measure_page.places(user, organization, found.row, sort)
    missing = [] if found.row.known_after else list(found.row.figure.missing)
    return frame.show(
        request,
        organization,
        school_year,
        "goals/measure.html",
        measure=measure,
        about=found,
        row=found.row,
        sort=sort,
        kind_below=measure_page.kind_below(organization),
        page_obj=Paginator(places, PAGE_SIZE).get_page(request.GET.get("page")),
        uploads=frame.uploads(user, organization, school_year, missing),
    )
