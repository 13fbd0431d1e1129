"""What the pages of “Goals & plan” share: how each gets its organization, plan and part, and how it is shown."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from goals.models import ActionStep, BoldGoal, Plan
from goals.planning import elements
from hstw.access import Action, decide
from hstw.navigation import in_section
from hstw.require import require
from hstw.values import SchoolYear
from schools.models import Organization
from schools.models.organization import Kind
from schools.scope import context_of, organization_for, signed_in

# Who makes plans; those above read them.
KINDS = frozenset({Kind.DISTRICT, Kind.SCHOOL})


def place(request: HttpRequest, slug: str, year: int, action: Action) -> tuple[Organization, SchoolYear]:
    """The organization and year of a page of “Goals & plan”."""
    found = organization_for(request, slug, year, action)
    in_section(request, "plan")
    return found


def plan_of(
    request: HttpRequest, slug: str, year: int, action: Action = Action.VIEW_PLAN
) -> tuple[Organization, SchoolYear, Plan]:
    """The plan of a page; 404 where there is none yet."""
    organization, school_year = place(request, slug, year, action)
    plan = get_object_or_404(
        Plan.objects.select_related("organization__in_state"), organization=organization, year=int(school_year)
    )
    return organization, school_year, plan


def part_of(plan: Plan, kind: str, pk: int) -> Any:
    """A part of the plan; 404 where it is none."""
    if kind not in elements.KINDS:
        raise Http404
    part = elements.part_of(plan, kind, pk)
    if part is None:
        raise Http404
    return part


def goal_of(
    request: HttpRequest, slug: str, year: int, pk: int, action: Action = Action.VIEW_GOALS
) -> tuple[Organization, SchoolYear, BoldGoal]:
    """A bold goal of the organization; 404 where it is another's."""
    organization, school_year = place(request, slug, year, action)
    goals = BoldGoal.objects.select_related("organization__in_state", "measure", "group", "answers__organization")
    return organization, school_year, get_object_or_404(goals, pk=pk, organization=organization)


def action_of(
    request: HttpRequest, slug: str, year: int, pk: int, action: Action = Action.VIEW_PLAN
) -> tuple[Organization, SchoolYear, ActionStep]:
    """An action step of the organization's plan of that year."""
    organization, school_year = place(request, slug, year, Action.VIEW_ORGANIZATION)
    # Whoever may not read the plan may not know what is in it.
    require(signed_in(request), action, organization)
    steps = ActionStep.objects.select_related(
        "owner", "strategy__plan_goal__plan__organization__in_state", "strategy__plan_goal__bold_goal"
    )
    return (
        organization,
        school_year,
        get_object_or_404(
            steps,
            pk=pk,
            strategy__plan_goal__plan__organization=organization,
            strategy__plan_goal__plan__year=int(school_year),
        ),
    )


def show(
    request: HttpRequest,
    organization: Organization,
    year: SchoolYear,
    template: str,
    *,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """A page about one organization's goals or plan."""
    return render(request, template, about(request, organization, year) | context, status=status)


def about(request: HttpRequest, organization: Organization, year: SchoolYear) -> dict[str, Any]:
    """What every template here needs."""
    user = signed_in(request)
    return context_of(request, organization, year) | {
        "reads_plan": bool(decide(user, Action.VIEW_PLAN, organization)),
        "below_have_plans": organization.kind in {Kind.DISTRICT, Kind.STATE, Kind.REGION},
        "makes_plans": organization.kind in KINDS,
    }
