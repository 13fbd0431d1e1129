"""District goals × schools: which school answers which goal, and how it goes there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from goals.models import BoldGoal
from goals.planning import status
from schools.models import Organization
from schools.models.organization import Kind


@dataclass
class Cell:
    """What a school does about one district goal: goals that answer it, or unlinked ones on the same figures."""

    answers: list[BoldGoal] = field(default_factory=list)
    similar: list[BoldGoal] = field(default_factory=list)


@dataclass
class Row:
    """A school, and its cell for each goal in order; ``url_goals`` are the keys of the goals beside the cells."""

    school: Organization
    cells: list[tuple[BoldGoal, Cell]]


def goals_above(organization: Organization) -> list[BoldGoal]:
    """The goals that the schools answer: an organization's own; for a school its district's."""
    goals = BoldGoal.objects.filter(stopped_on=None).select_related("organization", "measure", "group")
    if organization.kind == Kind.SCHOOL:
        step = organization.steplen
        above = [organization.path[:end] for end in range(step, len(organization.path), step)]
        goals = goals.filter(organization__path__in=above, organization__kind=Kind.DISTRICT)
    else:
        goals = goals.filter(organization=organization)
    return list(goals.prefetch_related(*status.prefetches()).order_by("order", "pk"))


def schools_of(organization: Organization) -> Any:
    """The schools in the matrix: those below, or the school itself."""
    if organization.kind == Kind.SCHOOL:
        return Organization.objects.filter(pk=organization.pk)
    below = Organization.objects.filter(path__startswith=organization.path, kind=Kind.SCHOOL, closed=None)
    # What one may do there depends on the state above.
    below = below.select_related("in_state")
    return below.order_by("name", "pk")


def matrix(user: Any, goals: Sequence[BoldGoal], schools: Sequence[Organization]) -> list[Row]:
    """A row for each school; each goal in it has ``standing`` as ``user`` may read it. Queries do not grow with it."""
    theirs = list(
        BoldGoal.objects.filter(organization__in=schools, stopped_on=None)
        .select_related("organization", "measure", "group")
        .prefetch_related(*status.prefetches())
        .order_by("order", "pk")
    )
    for goal, shown in zip(theirs, status.shown(user, theirs).values(), strict=True):
        goal.standing = shown  # type: ignore[attr-defined]
    by_school: dict[int, list[BoldGoal]] = defaultdict(list)
    for goal in theirs:
        by_school[goal.organization_id].append(goal)
    return [Row(school, [(goal, _cell(goal, by_school[school.pk])) for goal in goals]) for school in schools]


def _cell(goal: BoldGoal, theirs: Sequence[BoldGoal]) -> Cell:
    return Cell(
        answers=[one for one in theirs if one.answers_id == goal.pk],
        similar=[
            one
            for one in theirs
            if one.answers_id is None and (one.measure_id, one.group_id) == (goal.measure_id, goal.group_id)
        ],
    )
