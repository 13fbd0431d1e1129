"""One measure: the number explains itself."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from goals import board, explanation, export, measure_page, published_page, reported
from goals.models import Measure
from goals.views import frame
from hstw.exports import answers
from hstw.values import SchoolYear
from schools.models import Organization, User
from schools.scope import signed_in

PAGE_SIZE = 25


@require_safe
@login_required
def page(request: HttpRequest, slug: str, year: int, code: str) -> HttpResponse:
    """What is counted, by which rule, from which files; by student group, by school, over the years."""
    organization, school_year = frame.readiness_of(request, slug, year)
    user = signed_in(request)
    measure = _measure(user, organization, code)
    if not _is_counted(measure):
        return _published(request, organization, school_year, measure)
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
        group_uploads=frame.uploads(user, organization, found.row.shown_year, found.groups_missing),
    )


@never_cache
@require_safe
@login_required
def download(request: HttpRequest, slug: str, year: int, code: str, form: str) -> HttpResponseBase:
    """All years, groups and places of the page, as a file."""
    if form not in answers.FORMS:
        raise Http404
    organization, school_year = frame.readiness_of(request, slug, year)
    user = signed_in(request)
    measure = _measure(user, organization, code)
    with frame.one_snapshot():
        if not _is_counted(measure):
            made = export.of_published(user, organization, measure, school_year)
        else:
            made = export.of_measure(user, organization, measure, school_year)
    return frame.figures_file(request, organization, school_year, made, code.lower(), form)


def _measure(user: User, organization: Organization, code: str) -> Measure:
    """A measure that is counted here, or of which something was published here or below; 404 for any other."""
    measure = get_object_or_404(Measure, code=code)
    if not _is_counted(measure) and not reported.is_published(user, organization, measure):
        raise Http404
    return measure


def _is_counted(measure: Measure) -> bool:
    return measure.code in board.measures_shown()


def _published(request: HttpRequest, organization: Organization, year: SchoolYear, measure: Measure) -> HttpResponse:
    sort = request.GET.get("sort", "")
    if sort.removeprefix("-") not in {"name", "figure"}:
        sort = measure_page.worst_first(measure)
    with frame.one_snapshot():
        found = published_page.about(signed_in(request), organization, measure, year, sort)
    return frame.show(
        request,
        organization,
        year,
        "goals/published.html",
        measure=measure,
        about=found,
        told=explanation.of_published(measure, found.shown),
        sort=sort,
        kind_below=measure_page.kind_below(organization),
        page_obj=Paginator(found.places, PAGE_SIZE).get_page(request.GET.get("page")),
    )
