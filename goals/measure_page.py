"""A number that explains itself: what it counts, by which rule, from which files, for which groups and schools."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils import timezone

from goals import board, certified, explanation, reported
from goals.disclosure import settings_of
from goals.evidence import Loaded, Source, loaded_of
from goals.explanation import Section
from goals.figures import Figure, FigureState, figures
from goals.models import Measure, StudentGroup
from goals.models.measure import Basis, Direction
from goals.readiness import explain, looks_at
from goals.readiness.amounts import all_measures
from goals.readiness.breaks import breaks
from goals.readiness.computed import Computed, all_computed
from goals.readiness.derive import GROUPS
from goals.readiness.expressions import Line, evaluate
from goals.readiness.facts import FACTS
from goals.readiness.rules import RuleBook, Rules, rule_book
from goals.reported import Key, Published
from hstw import charts
from hstw.values import SchoolYear
from schools.models import Organization
from schools.models.organization import Kind

# The chart of the page itself.
CHART_WIDTH, CHART_HEIGHT = 400, 170
GROUP_CODES = [code for code, _condition in GROUPS.values()]
SORTS = ("name", "figure", "change")


@dataclass(frozen=True)
class GroupLine:
    """One student group: its figure, and how far it is from all students."""

    group: StudentGroup
    figure: Figure
    behind: Decimal | None
    published: list[Published] = field(default_factory=list)


@dataclass(frozen=True)
class Place:
    """One of those directly below: its figure, and how it changed in a year."""

    organization: Organization
    figure: Figure
    change: Decimal | None
    published: list[Published] = field(default_factory=list)


@dataclass(frozen=True)
class Parts:
    """By what a measure is decided in a year: its rule set, whom it counts and who meets it."""

    spec: Computed | None
    rules: Rules | None
    counted: Line | None
    met: Line | None


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
    # Evidence, in words, for want of which nothing is known of any group but all students.
    groups_missing: tuple[str, ...] = ()
    # In words: the same on the page, in print and in the codebook of the files.
    told: list[Section] = field(default_factory=list)
    # What authorities published of all students, the latest year first.
    published: list[Published] = field(default_factory=list)


def about(user: Any, organization: Organization, measure: Measure, year: SchoolYear) -> Explanation:
    """Everything but the places below; a constant number of queries."""
    years = board.years_of(measure, year)
    above = board.compared_with(organization)
    found = figures(user, [organization] if above is None else [organization, above], years, [measure.code])
    # What happened over a life comes from the years before as well.
    loaded = loaded_of(organization, board.years_to(year, year - years[0] + 4))
    book, postal = rule_book(), board.state_code(organization)
    broken = breaks(measure, postal, years, book)
    row = board.row_of(measure, found, organization, above, years, loaded, timezone.localdate(), broken=broken)
    row.label = measure.name
    row.trend = charts.trend(
        row.trend.points if row.trend else [],
        width=CHART_WIDTH,
        height=CHART_HEIGHT,
        goal=row.goal,
        margin=30,
        scale=board.scale_of(measure, row.series, row.goal),
    )
    decided = parts(measure, row.shown_year, postal, book)
    whole = Explanation(
        row=row,
        spec=decided.spec,
        rules=decided.rules,
        counted=decided.counted,
        met=decided.met,
        sources=_sources(loaded, measure, row.shown_year),
    )
    beside = reported.beside(user, [organization], years, [measure.code], GROUP_CODES)
    whole.groups, whole.groups_missing = _groups(user, organization, row, beside)
    whole.published = [
        one for year in reversed(years) for one in beside.get((organization.pk, year, measure.code, "ALL"), [])
    ]
    size = "" if row.shown is None else row.shown.size_text
    [(_measure, whole.told)] = told(organization, [measure], row.shown_year, loaded, size)
    return whole


def parts(measure: Measure, year: SchoolYear, postal: str, book: RuleBook) -> Parts:
    """By what a measure is decided in a state and year."""
    spec = {one.code: one for one in all_computed()}.get(measure.code)
    if spec is None:
        return Parts(None, None, None, None)
    decides = book.decides(spec, postal, year)
    return Parts(
        spec,
        book.of(spec, postal, year),
        evaluate(spec.counted, {}, FACTS),
        evaluate(decides, {}, FACTS) if decides else None,
    )


def told(
    organization: Organization, measures: Iterable[Measure], year: SchoolYear, loaded: Loaded, size: str = ""
) -> list[tuple[Measure, list[Section]]]:
    """What is told of measures in a year, for page, print and file; a constant number of queries."""
    state = explain.state_of(organization)
    closings = certified.standing([state], [year])
    minimum = settings_of([state])[state.pk].minimum
    book, postal = rule_book(), board.state_code(organization)
    found = []
    for measure in measures:
        decided = parts(measure, year, postal, book)
        closed = closings.of(state, year)
        closed = closed if closings.certified(closed, measure.pk) else None
        sections = explanation.of_computed(
            measure,
            counted=decided.counted,
            met=decided.met,
            rules=decided.rules,
            sources=_sources(loaded, measure, year),
            minimum=minimum,
            size=size,
            without_roster=_without_roster(loaded, measure, year),
            closed=closed,
            certified_rules="" if closed is None else closings.measures[closed.pk].get(measure.pk, ""),
        )
        found.append((measure, sections))
    return found


def _without_roster(loaded: Loaded, measure: Measure, year: SchoolYear) -> str:
    if measure.basis != Basis.CLASS:
        return ""
    years = {of for of, kind in loaded.sources if kind == "enrollment"}
    return looks_at.without_roster(years, year)


def _sources(loaded: Loaded, measure: Measure, year: SchoolYear) -> list[tuple[SchoolYear, list[Source]]]:
    """By year, the latest first, the evidence that stands behind a figure of a year."""
    after = next((one.after for one in all_measures() if one.code == measure.code), 0)
    found = {
        (source.year, source.kind): source
        for look in looks_at.looks(measure.code, measure.basis, measure.evidence, year, after)
        for source in loaded.of(look.years, [look.kind])
    }
    by_year: dict[SchoolYear, list[Source]] = {}
    for source in sorted(found.values(), key=lambda one: (-one.year, one.label)):
        by_year.setdefault(SchoolYear(source.year), []).append(source)
    return list(by_year.items())


def _groups(
    user: Any, organization: Organization, row: board.Row, beside: dict[Key, list[Published]]
) -> tuple[list[tuple[str, list[GroupLine]]], tuple[str, ...]]:
    """The groups by dimension, those without students left out, and what is missing where no group is known."""
    if row.shown is None:
        return [], ()
    found = figures(user, [organization], [row.shown_year], [row.measure.code], GROUP_CODES)
    by_dimension: dict[str, list[GroupLine]] = {}
    for group in StudentGroup.objects.filter(code__in=GROUP_CODES):
        figure = found.get((organization.pk, row.shown_year, row.measure.code, group.code))
        if figure is None or figure.state in board.UNKNOWN:
            continue
        behind = None if group.code == "ALL" else board.behind(row.measure, figure, row.shown)
        by_dimension.setdefault(str(group.get_dimension_display()), []).append(
            GroupLine(group, figure, behind, beside.get(figure.key, []))
        )
    missing = {what for figure in found.values() if figure.group != "ALL" for what in figure.missing}
    known = any(line.group.code != "ALL" for lines in by_dimension.values() for line in lines)
    return list(by_dimension.items()), () if known else tuple(sorted(missing))


def kind_below(organization: Organization) -> str:
    """What stands directly below whose figures are compared; blank where nothing does."""
    return {Kind.DISTRICT: Kind.SCHOOL, Kind.STATE: Kind.DISTRICT}.get(Kind(organization.kind), "")


def below(organization: Organization, year: SchoolYear) -> list[Organization]:
    """Those directly below that were open in a year, by name; no query where nothing stands below."""
    kind = kind_below(organization)
    if not kind:
        return []
    return list(
        Organization.objects.get_children(organization)
        .filter(Q(closed=None) | Q(closed__gt=year.first_day), kind=kind)
        .select_related("in_state")
        .order_by("name", "pk")
    )


def places(user: Any, organization: Organization, row: board.Row, sort: str) -> list[Place]:
    """Those directly below that the measure applies to, sorted; a few queries besides those of the figures.

    ``sort``: one of :data:`SORTS`, with a ``-`` for the other way round; unknown figures come last either way.
    """
    year = row.shown_year
    children = below(organization, SchoolYear(year))
    if not children:
        return []
    found = figures(user, children, [year - 1, year], [row.measure.code])
    beside = reported.beside(user, children, [year], [row.measure.code])
    broken = breaks(row.measure, board.state_code(organization), [year - 1, year])
    over = SchoolYear(year).last_day < timezone.localdate() and not broken
    listed = []
    for one in children:
        figure = found[one.pk, year, row.measure.code, "ALL"]
        if figure.state == FigureState.NOT_APPLICABLE:
            continue
        before = found[one.pk, year - 1, row.measure.code, "ALL"]
        change = None
        if over and figure.value is not None and before.value is not None:
            change = figure.value - before.value
        listed.append(Place(one, figure, change, beside.get(figure.key, [])))
    by, reverse = sort.removeprefix("-"), sort.startswith("-")
    if by in {"figure", "change"}:
        values = {one.organization.pk: one.figure.value if by == "figure" else one.change for one in listed}
        known = [one for one in listed if values[one.organization.pk] is not None]
        known.sort(key=lambda one: values[one.organization.pk] or Decimal(0), reverse=reverse)
        return known + [one for one in listed if values[one.organization.pk] is None]
    return listed[::-1] if reverse else listed


def worst_first(measure: Measure) -> str:
    """The sort that puts those who need it most first."""
    return "-figure" if measure.direction == Direction.LOWER else "figure"
