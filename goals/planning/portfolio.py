"""Every school's plan at a glance: where it stands, how far its steps are, how its goals go, when it last changed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, DateTimeField, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.fields import CharField
from django.db.models.functions import Coalesce
from django.utils import timezone

from goals.models import (
    ActionStatus,
    ActionStep,
    BoldGoal,
    GoalStanding,
    Plan,
    PlanState,
    Status,
    StatusOverride,
    Viewer,
)
from goals.planning import money
from hstw.access import Action, decide
from schools.models import Organization
from schools.models.organization import Kind

SORTS = ("name", "state", "done", "late", "off_track", "changed")
OPEN = [ActionStatus.NOT_STARTED, ActionStatus.ON_TRACK, ActionStatus.AT_RISK, ActionStatus.OFF_TRACK]


@dataclass
class Row:
    """A school in the portfolio; what is over of one fund is not made good by what is left of others."""

    school: Organization
    plan: Plan | None
    amounts: money.Money | None

    @property
    def left(self) -> Decimal | None:
        """What is not planned yet, over all funds; ``None`` without a plan."""
        return None if self.amounts is None else self.amounts.left

    @property
    def share_done(self) -> int | None:
        """Steps that are done, of those that are not stopped, in percent."""
        n = self.school.steps  # type: ignore[attr-defined]
        return round(100 * self.school.done / n) if n else None  # type: ignore[attr-defined]


def viewer_of(user: Any, organization: Organization) -> Viewer:
    """Whose reading of statuses ``user`` gets."""
    return Viewer.OWN if user is not None and decide(user, Action.VIEW_FIGURES, organization) else Viewer.NETWORK


def schools(organization: Organization, year: int, viewer: Viewer, *, today: dt.date | None = None) -> QuerySet[Any]:
    """The schools below with ``state``, ``steps``, ``done``, ``late``, ``on_track``, ``off_track`` and ``changed``."""
    today = today or timezone.localdate()
    plans = Plan.objects.filter(organization=OuterRef("pk"), year=year)
    steps = ActionStep.objects.filter(
        strategy__plan_goal__plan__organization=OuterRef("pk"), strategy__plan_goal__plan__year=year
    ).exclude(status=ActionStatus.STOPPED)
    goals = BoldGoal.objects.filter(organization=OuterRef("pk"), stopped_on=None)
    below: QuerySet[Any] = Organization.objects.filter(
        path__startswith=organization.path, kind=Kind.SCHOOL, closed=None
    )
    found: QuerySet[Any] = below.annotate(
        state=Coalesce(Subquery(plans.values("state")), Value(""), output_field=CharField()),
        changed=Subquery(plans.values("changed_at"), output_field=DateTimeField()),
        steps=_count(steps),
        done=_count(steps.filter(status=ActionStatus.DONE)),
        late=_count(steps.filter(status__in=OPEN, due__lt=today)),
        on_track=_count(goals.filter(_stands(viewer, Status.ON_TRACK, Status.DONE))),
        at_risk=_count(goals.filter(_stands(viewer, Status.AT_RISK))),
        off_track=_count(goals.filter(_stands(viewer, Status.OFF_TRACK))),
        goals=_count(goals),
    )
    return found


def _count(rows: QuerySet[Any]) -> Any:
    counted = rows.order_by().annotate(one=Value(1)).values("one").annotate(n=Count("pk", distinct=True)).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _stands(viewer: Viewer, *statuses: str) -> Q:
    """Goals with one of these statuses: set by hand, or else worked out."""
    by_hand = StatusOverride.objects.filter(goal=OuterRef("pk"), ended_at=None)
    worked_out = GoalStanding.objects.filter(goal=OuterRef("pk"), viewer=viewer, status__in=statuses)
    return Q(Exists(by_hand.filter(status__in=statuses))) | Q(~Exists(by_hand), Exists(worked_out))


def sorted_by(rows: QuerySet[Any], sort: str) -> QuerySet[Any]:
    """Rows in the order asked for; a minus turns it round."""
    name = sort.removeprefix("-")
    if name not in SORTS:
        name, sort = "name", "name"
    prefix = "-" if sort.startswith("-") else ""
    return rows.order_by(f"{prefix}{name}", "name", "pk")


def with_money(found: list[Any], year: int) -> list[Row]:
    """Rows of a page, with the money of each plan."""
    plans = {plan.organization_id: plan for plan in Plan.objects.filter(organization__in=found, year=year)}
    amounts = money.of_plans(plans.values()) if plans else {}
    return [Row(one, plans.get(one.pk), amounts[plans[one.pk].pk] if one.pk in plans else None) for one in found]


def totals(rows: QuerySet[Any]) -> dict[str, int]:
    """How many plans stand where, over all schools."""
    states = dict(rows.order_by().values_list("state").annotate(n=Count("pk")))
    return {state: states.get(state, 0) for state in (*PlanState.values, "")}
