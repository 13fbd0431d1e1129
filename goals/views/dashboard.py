"""The first page of “Readiness”: are our students getting ready?"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from goals import board, certified, changes, export, network, reported, within_reach
from goals.views import frame
from hstw.access import Action, decide
from hstw.exports import answers
from hstw.navigation import current_year
from schools.models.organization import Kind
from schools.scope import signed_in


@require_safe
@login_required
def page(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """The checkpoints, the gaps and every measure of an organization; of the region, how far it is from its goals."""
    organization, school_year = frame.readiness_of(request, slug, year)
    user = signed_in(request)
    if organization.kind == Kind.REGION:
        with frame.one_snapshot():
            goals = network.overview(user, organization, school_year)
        return frame.show(request, organization, school_year, "goals/network.html", goals=goals)
    context: dict[str, Any]
    with frame.one_snapshot():
        found = board.board(user, organization, school_year)
        context = {
            "changes": changes.since_last_load(user, organization, found.years),
            "published": reported.latest(user, organization, school_year),
            "closed": certified.closing_of(organization, school_year),
        }
        if organization.kind == Kind.STATE:
            context["goals"] = network.overview(user, organization, school_year)
    if organization.kind in {Kind.SCHOOL, Kind.DISTRICT} and decide(user, Action.VIEW_NAMED_STUDENTS, organization):
        context["lists"] = within_reach.lists(found, organization, school_year)
        if school_year == current_year():
            context["seniors"] = within_reach.seniors(organization, school_year)
    return frame.show(
        request,
        organization,
        school_year,
        "goals/dashboard.html",
        board=found,
        uploads=frame.uploads(user, organization, school_year, found.missing, brief=True),
        **context,
    )


@never_cache
@require_safe
@login_required
def download(request: HttpRequest, slug: str, year: int, form: str) -> HttpResponseBase:
    """Every measure with its years and groups, as a file."""
    if form not in answers.FORMS:
        raise Http404
    organization, school_year = frame.readiness_of(request, slug, year)
    if organization.kind == Kind.REGION:
        raise Http404
    with frame.one_snapshot():
        made = export.of_board(signed_in(request), organization, school_year)
    return frame.figures_file(request, organization, school_year, made, "readiness", form)
