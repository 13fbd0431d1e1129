"""What a district sees of its schools: the portfolio, the alignment of goals, the page for the board."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from goals.models import BoldGoal, PlanState, Viewer
from goals.planning import align, portfolio, series, status
from goals.views.frame import one_snapshot
from goals.views.planning import frame
from hstw.access import Action, decide
from hstw.exports import answers, tables
from schools.scope import signed_in

PAGE_SIZE = 25


@require_safe
@login_required
def plans(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Every school's plan: state, progress, goals on and off track, last change, money."""
    organization, school_year = frame.place(request, slug, year, Action.VIEW_PLAN)
    user = signed_in(request)
    rows = portfolio.schools(organization, school_year, portfolio.viewer_of(user, organization))
    sort = request.GET.get("sort", "name")
    page_obj = Paginator(portfolio.sorted_by(rows, sort), PAGE_SIZE).get_page(request.GET.get("page"))
    return frame.show(
        request,
        organization,
        school_year,
        "goals/plans/portfolio.html",
        tab="portfolio",
        page_obj=page_obj,
        rows=portfolio.with_money(list(page_obj.object_list), school_year),
        totals=portfolio.totals(rows),
        sort=sort,
        may_load=bool(decide(user, Action.LEAD_ASSESSMENT, organization)),
    )


@require_safe
@login_required
def plans_file(request: HttpRequest, slug: str, year: int, form: str) -> HttpResponseBase:
    """The portfolio as a file, all of it."""
    organization, school_year = frame.place(request, slug, year, Action.VIEW_PLAN)
    rows = portfolio.schools(organization, school_year, portfolio.viewer_of(signed_in(request), organization))
    found = portfolio.sorted_by(rows, request.GET.get("sort", "name"))
    headings = [
        *(_("School"), _("Plan"), _("Action steps"), _("Done"), _("Late"), _("Goals"), _("On track"), _("At risk")),
        *(_("Off track"), _("Last change")),
    ]
    formats: dict[str, Any] = dict.fromkeys(headings[2:9], "number") | {headings[-1]: "date"}
    sheet = tables.Sheet(_("Plans"), headings, _rows(found), formats)
    return answers.table(form, f"{organization.slug}-{school_year}-plans", sheet)


def _rows(found: Any) -> Iterator[list[Any]]:
    states = {state.value: str(state.label) for state in PlanState}
    for one in found.iterator():
        yield [
            *(one.name, states.get(one.state, _("No plan")), one.steps, one.done, one.late, one.goals),
            *(one.on_track, one.at_risk, one.off_track, localtime(one.changed).date() if one.changed else None),
        ]


@require_safe
@login_required
def alignment(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """District goals × schools: addressed, and how it goes; on the same figures but not linked; not yet addressed."""
    organization, school_year = frame.place(request, slug, year, Action.VIEW_GOALS)
    user = signed_in(request)
    goals = align.goals_above(organization)
    page_obj = Paginator(align.schools_of(organization), PAGE_SIZE).get_page(request.GET.get("page"))
    schools = list(page_obj.object_list)
    rows = align.matrix(user, goals, schools) if goals else []
    return frame.show(
        request,
        organization,
        school_year,
        "goals/plans/alignment.html",
        tab="alignment",
        goals=goals,
        rows=[(row, bool(decide(user, Action.EDIT_GOALS, row.school))) for row in rows],
        page_obj=page_obj,
    )


@require_safe
@login_required
def board_page(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """One page for the board, to print: goals, plans and what is late, in figures that may be passed around."""
    organization, school_year = frame.place(request, slug, year, Action.VIEW_PLAN)
    goals: list[Any] = list(
        BoldGoal.objects.filter(organization=organization, stopped_on=None)
        .select_related("organization", "measure", "group")
        .prefetch_related(*status.prefetches())
        .order_by("order", "pk")[:8]
    )
    with one_snapshot():
        values = series.of_goals(None, goals, audience="network")
    standings = status.shown(None, goals)
    for goal in goals:
        known = [value for value in values[goal.pk] if value.value is not None]
        aim = next((one.value for one in goal.targets.all() if one.year == goal.end_year), None)
        goal.latest, goal.standing = (known[-1] if known else None), standings[goal.pk]
        goal.aim_text = series.said(goal.measure, aim) if aim is not None else "—"
    rows = portfolio.schools(organization, school_year, Viewer.NETWORK)
    return frame.show(
        request,
        organization,
        school_year,
        "goals/plans/board_page.html",
        tab="portfolio",
        goals=goals,
        totals=portfolio.totals(rows),
        watch=list(portfolio.sorted_by(rows, "-off_track")[:5]),
        late=sum(rows.order_by().values_list("late", flat=True)),
        done=sum(rows.order_by().values_list("done", flat=True)),
        steps=sum(rows.order_by().values_list("steps", flat=True)),
    )
