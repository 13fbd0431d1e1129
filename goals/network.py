"""How far the network is from its goals: the region and each state, with how many schools have reached them."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Q

from goals import board, checkpoints, compare, trend_lines
from goals.checkpoints import Goal
from goals.figures import Figure, FigureState, figures
from goals.models import Measure
from goals.models.measure import Basis
from goals.readiness import region
from goals.readiness.breaks import breaks
from goals.readiness.rules import RuleBook, rule_book
from hstw import charts
from hstw.values import SchoolYear
from schools.models import Organization
from schools.models.organization import Kind


@dataclass
class Standing:
    """One goal at one organization: its latest known figure, the way there, how far."""

    goal: Goal
    measure: Measure | None
    figure: Figure | None
    year: SchoolYear
    trend: charts.Trend | None = None
    sentence: str = ""
    reached: bool | None = None
    bar: charts.Bar | None = None
    # Schools below it whose figure is known, and those of them at the goal.
    schools: int = 0
    schools_there: int = 0
    # Why the states' figures are not summed, where they are not.
    apart: bool = False

    @property
    def short(self) -> Decimal | None:
        """How many points are missing; ``None`` where nothing is, or that is not known."""
        if self.reached is not False or self.figure is None or self.figure.state != FigureState.SHOWN:
            return None
        return self.goal.percent - (self.figure.percent or Decimal(0))


@dataclass
class StateLine:
    """A state with its standing on every goal, in their order."""

    state: Organization
    standings: list[Standing]

    @property
    def reached(self) -> int:
        """How many of the goals it has reached."""
        return sum(one.reached is True for one in self.standings)


@dataclass
class Overview:
    """The whole page."""

    organization: Organization
    year: SchoolYear
    standings: list[Standing]
    states: list[StateLine] = field(default_factory=list)
    schools: int = 0

    @property
    def nothing(self) -> bool:
        """Whether no figure is known of anybody."""
        everybody = [*self.standings, *(one for line in self.states for one in line.standings)]
        return not any(one.figure for one in everybody) and not any(one.schools for one in self.standings)


def overview(user: Any, organization: Organization, year: SchoolYear) -> Overview:
    """The goals of a region or state; a constant number of queries."""
    shown = board.measures_shown()
    codes = [goal.code(shown) for goal in checkpoints.GOALS]
    measures = {row.code: row for row in Measure.objects.filter(code__in=codes)}
    open_then = Q(closed=None) | Q(closed__gt=year.first_day)
    below = Organization.objects.filter(open_then, path__startswith=organization.path)
    states = list(below.filter(kind=Kind.STATE).order_by("name", "pk")) if organization.kind == Kind.REGION else []
    years = sorted({at for row in measures.values() for at in board.years_of(row, year)})
    found = figures(user, [organization, *states], years, list(measures))
    book = rule_book()
    # A sum that is not made is not a figure that is missing.
    standings = [
        _standing(goal, measures.get(code), found, organization, year, book)
        for goal, code in zip(checkpoints.GOALS, codes, strict=True)
    ]
    lines = [
        StateLine(
            state,
            [
                _standing(goal, measures.get(code), found, state, year, book)
                for goal, code in zip(checkpoints.GOALS, codes, strict=True)
            ],
        )
        for state in states
    ]
    for at, standing in enumerate(standings):
        if standing.measure is None or not states:
            continue
        known = [line.standings[at].year for line in lines if line.standings[at].figure]
        if standing.figure is None and known:
            standing.year = max(known)
            standing.apart = not region.means_the_same([standing.measure], Basis(standing.measure.basis))
    schools = list(below.filter(kind=Kind.SCHOOL).select_related("in_state").order_by("pk"))
    _count_schools(user, standings, schools)
    return Overview(organization, year, standings, lines, len(schools))


def _standing(
    goal: Goal,
    measure: Measure | None,
    found: dict[tuple[int, int, str, str], Figure],
    organization: Organization,
    year: SchoolYear,
    book: RuleBook,
) -> Standing:
    if measure is None:
        return Standing(goal, None, None, year)
    years = board.years_of(measure, year)
    series = [found[organization.pk, year, measure.code, "ALL"] for year in years]
    known = [figure for figure in series if figure.state not in board.UNKNOWN]
    if not known:
        return Standing(goal, measure, None, years[-1])
    figure = known[-1]
    broken = breaks(measure, board.state_code(organization), years, book)
    scale = charts.common_scale([goal.percent, *(one.percent for one in series)])
    return Standing(
        goal,
        measure,
        figure,
        SchoolYear(figure.year),
        trend=trend_lines.trend_of(series, scale, width=160, height=44, broken=broken),
        sentence=board.trend_sentence(trend_lines.whole_years(series), broken),
        reached=compare.reaches(measure, figure, goal.percent),
        bar=charts.bar(figure.percent, goal=goal.percent),
    )


def _count_schools(user: Any, standings: list[Standing], schools: list[Organization]) -> None:
    """How many schools have reached each goal in the year that is shown of it."""
    asked = [one for one in standings if one.measure is not None]
    years = sorted({one.year for one in asked})
    if not asked or not schools:
        return
    found = figures(user, schools, years, [one.measure.code for one in asked if one.measure])
    for one in asked:
        assert one.measure is not None
        of_schools = [found[school.pk, one.year, one.measure.code, "ALL"] for school in schools]
        answers = [compare.reaches(one.measure, figure, one.goal.percent) for figure in of_schools]
        one.schools = sum(figure.percent is not None for figure in of_schools)
        one.schools_there = sum(answer is True for answer in answers)
