"""A number that explains itself: what it counts, by which rule, from which files, for which groups and schools."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils import timezone

from goals import board
from goals.evidence import Loaded, Source, loaded_of
from goals.figures import Figure, FigureState, figures
from goals.models import Measure, StudentGroup
from goals.models.measure import Direction
from goals.readiness import explain, looks_at
from goals.readiness.computed import Computed, Rules, all_computed, met, rules_for
from goals.readiness.derive import GROUPS
from goals.readiness.expressions import Line, evaluate
from goals.readiness.facts import FACTS
from hstw import charts
from hstw.values import SchoolYear
from schools.models import Organization
from schools.models.organization import Kind

# The chart of the page itself.
CHART_WIDTH, CHART_HEIGHT = 400, 170
SORTS = ("name", "figure", "change")


@dataclass(frozen=True)
class GroupLine:
    """One student group: its figure, and how far it is from all students."""

    group: StudentGroup
    figure: Figure
    behind: Decimal | None


@dataclass(frozen=True)
class Place:
    """One of those directly below: its figure, and how it changed in a year."""

    organization: Organization
    figure: Figure
    change: Decimal | None


@dataclass
class Explanation:
    """The whole page about one measure of one organization in one year."""

    row: board.Row
    spec: Computed | None
    rules: Rules | None
    counted: Line | None
    met: Line | None
    sources: list[tuple[SchoolYear, list[Source]]]
    groups: list[tuple[str, list[GroupLine]]] = field(default_factory=list)


def about(user: Any, organization: Organization, measure: Measure, year: SchoolYear) -> Explanation:
    """Everything but the places below; a constant number of queries."""
    years = board.years_to(year)
    above = board.compared_with(organization)
    found = figures(user, [organization] if above is None else [organization, above], years, [measure.code])
    # What happened over a life comes from the years before as well.
    loaded = loaded_of(organization, board.years_to(year, board.YEARS_SHOWN + 3))
    spec = {one.code: one for one in all_computed()}.get(measure.code)
    row = board.row_of(measure, found, organization, above, years, loaded, timezone.localdate())
    row.label = measure.name
    row.trend = charts.trend(
        row.trend.points if row.trend else [], width=CHART_WIDTH, height=CHART_HEIGHT, goal=row.goal, margin=30
    )
    rules = rules_for(explain.state_of(organization).postal_state, row.shown_year) if spec and spec.rule else None
    decides = met(spec, rules or rules_for("", year)) if spec else None
    explanation = Explanation(
        row=row,
        spec=spec,
        rules=rules,
        counted=evaluate(spec.counted, {}, FACTS) if spec else None,
        met=evaluate(decides, {}, FACTS) if decides else None,
        sources=_sources(loaded, measure, row.shown_year, spec.after if spec else 0),
    )
    explanation.groups = _groups(user, organization, row)
    return explanation


def _sources(loaded: Loaded, measure: Measure, year: SchoolYear, after: int) -> list[tuple[SchoolYear, list[Source]]]:
    """By year, the latest first, the evidence that stands behind a figure of a year."""
    found = {
        (source.year, source.kind): source
        for look in looks_at.looks(measure.code, measure.basis, measure.evidence, year, after)
        for source in loaded.of(look.years, [look.kind])
    }
    by_year: dict[SchoolYear, list[Source]] = {}
    for source in sorted(found.values(), key=lambda one: (-one.year, one.label)):
        by_year.setdefault(SchoolYear(source.year), []).append(source)
    return list(by_year.items())


def _groups(user: Any, organization: Organization, row: board.Row) -> list[tuple[str, list[GroupLine]]]:
    """The groups by dimension, those without students left out; empty where nothing is shown."""
    if row.shown is None:
        return []
    codes = [code for code, _condition in GROUPS.values()]
    found = figures(user, [organization], [row.shown_year], [row.measure.code], codes)
    by_dimension: dict[str, list[GroupLine]] = {}
    for group in StudentGroup.objects.filter(code__in=codes):
        figure = found.get((organization.pk, row.shown_year, row.measure.code, group.code))
        if figure is None or figure.state in board.UNKNOWN:
            continue
        behind = None if group.code == "ALL" else board.behind(row.measure, figure, row.shown)
        by_dimension.setdefault(str(group.get_dimension_display()), []).append(GroupLine(group, figure, behind))
    return list(by_dimension.items())


def kind_below(organization: Organization) -> str:
    """What stands directly below whose figures are compared; blank where nothing does."""
    return {Kind.DISTRICT: Kind.SCHOOL, Kind.STATE: Kind.DISTRICT}.get(Kind(organization.kind), "")


def places(user: Any, organization: Organization, row: board.Row, sort: str) -> list[Place]:
    """Those directly below that the measure applies to, sorted; two queries besides those of the figures.

    ``sort``: one of :data:`SORTS`, with a ``-`` for the other way round; unknown figures come last either way.
    """
    kind = kind_below(organization)
    if not kind:
        return []
    year = row.shown_year
    below = list(
        Organization.objects.get_children(organization)
        .filter(Q(closed=None) | Q(closed__gt=SchoolYear(year).first_day), kind=kind)
        .select_related("in_state")
        .order_by("name", "pk")
    )
    found = figures(user, below, [year - 1, year], [row.measure.code])
    over = SchoolYear(year).last_day < timezone.localdate()
    listed = []
    for one in below:
        figure = found[one.pk, year, row.measure.code, "ALL"]
        if figure.state == FigureState.NOT_APPLICABLE:
            continue
        before = found[one.pk, year - 1, row.measure.code, "ALL"]
        change = None
        if over and figure.percent is not None and before.percent is not None:
            change = figure.percent - before.percent
        listed.append(Place(one, figure, change))
    by, reverse = sort.removeprefix("-"), sort.startswith("-")
    if by in {"figure", "change"}:
        values = {one.organization.pk: one.figure.percent if by == "figure" else one.change for one in listed}
        known = [one for one in listed if values[one.organization.pk] is not None]
        known.sort(key=lambda one: values[one.organization.pk] or Decimal(0), reverse=reverse)
        return known + [one for one in listed if values[one.organization.pk] is None]
    return listed[::-1] if reverse else listed


def worst_first(measure: Measure) -> str:
    """The sort that puts those who need it most first."""
    return "-figure" if measure.direction == Direction.LOWER else "figure"
