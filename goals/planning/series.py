"""The figures of goals over the years, from whichever source each goal names, as one person or audience may see them.

Computed figures come from :mod:`goals.figures` alone; published ones were public before we had them; typed ones are
kept from people without exact rights where fewer students than the state's minimum stand behind them. Where a survey is
recorded, it is the figure of its measure and year, whatever was typed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from goals.disclosure import minimum_of
from goals.figures import OWN, FigureState, entitled, figures
from goals.models import BoldGoal, Measure, ReportedResult, Source, TypedFigure
from goals.models.measure import MeasureKind, Unit
from goals.planning import surveys
from hstw.navigation import current_year
from hstw.values import SchoolYear
from schools.models import Organization

# A goal looks back no further than this, whatever its baseline says.
LONGEST = 15


@dataclass(frozen=True)
class Value:
    """One year of a series. ``value`` is ``None`` where nothing may or can be told; ``bound`` is ``least`` or ``most``
    where only that much is known; ``n`` is there only for those who may see counts."""

    year: int
    value: Decimal | None
    text: str
    n: int | None = None
    bound: str = ""
    exact: bool = False

    @property
    def label(self) -> str:
        """The school year as people say it."""
        return SchoolYear(self.year).label


Series = list[Value]


def said(measure: Measure, value: Decimal) -> str:
    """A value as it is said: ``84.5 %``, ``12 pathways``."""
    number = value.quantize(Decimal("0.1"), ROUND_HALF_UP)
    if measure.unit == Unit.PERCENT:
        return f"{number} %"
    text = f"{number:,}".removesuffix(".0")
    if measure.unit == Unit.INDEX:
        return text
    return f"{text} {measure.get_unit_display()}"


def gain_said(measure: Measure, value: Decimal) -> str:
    """A difference as it is said, with its sign: ``+2.1 points``, ``−3 pathways``."""
    number = value.quantize(Decimal("0.1"), ROUND_HALF_UP)
    sign = "−" if number < 0 else "+"
    text = f"{abs(number):,}"
    if measure.unit == Unit.PERCENT:
        return ngettext("%(n)s point", "%(n)s points", 1 if abs(number) == 1 else 2) % {"n": sign + text}
    text = text.removesuffix(".0")
    return f"{sign}{text}" if measure.unit == Unit.INDEX else f"{sign}{text} {measure.get_unit_display()}"


def of_goals(
    user: Any, goals: Iterable[BoldGoal], *, audience: str | None = None, through: int | None = None
) -> dict[int, Series]:
    """The series of each goal, by its key, oldest year first, from its baseline year to ``through`` (this year).

    ``audience`` as in :func:`goals.figures.figures`. The number of queries does not depend on how many goals there are.
    """
    goals = list(goals)
    last = through or current_year()
    found: dict[int, Series] = {}
    by_source: dict[str, list[BoldGoal]] = defaultdict(list)
    for goal in goals:
        by_source[goal.source].append(goal)
    if by_source[Source.COMPUTED]:
        found |= _computed(user, by_source[Source.COMPUTED], last, audience)
    if by_source[Source.PUBLISHED]:
        found |= _published(by_source[Source.PUBLISHED], last)
    if by_source[Source.TYPED]:
        found |= _typed(user, by_source[Source.TYPED], last, audience)
    return found


def _years(goal: BoldGoal, last: int) -> range:
    return range(max(goal.baseline_year, last - LONGEST), last + 1)


def _organizations(goals: Sequence[BoldGoal]) -> list[Organization]:
    return list({goal.organization_id: goal.organization for goal in goals}.values())


def _computed(user: Any, goals: list[BoldGoal], last: int, audience: str | None) -> dict[int, Series]:
    years = range(min(_years(goal, last).start for goal in goals), last + 1)
    shown = figures(
        user,
        _organizations(goals),
        years,
        sorted({goal.measure.code for goal in goals}),
        sorted({goal.group.code for goal in goals}),
        audience=audience,
    )
    found: dict[int, Series] = {}
    for goal in goals:
        series = []
        for year in _years(goal, last):
            figure = shown[goal.organization_id, year, goal.measure.code, goal.group.code]
            known = figure.state in {FigureState.SHOWN, FigureState.TOP, FigureState.BOTTOM}
            bound = {FigureState.TOP: "least", FigureState.BOTTOM: "most"}.get(figure.state, "")
            value = (figure.percent if figure.mean is None else figure.mean) if known else None
            if goal.measure.kind == MeasureKind.TALLY:
                value = None if figure.numerator is None else Decimal(figure.numerator)
            series.append(Value(year, value, figure.text, figure.denominator, bound, figure.exact))
        found[goal.pk] = series
    return found


def _published(goals: list[BoldGoal], last: int) -> dict[int, Series]:
    rows = ReportedResult.objects.filter(
        organization__in={goal.organization_id for goal in goals},
        measure__in={goal.measure_id for goal in goals},
        group__in={goal.group_id for goal in goals},
        year__gte=min(_years(goal, last).start for goal in goals),
        year__lte=last,
    ).order_by("publisher", "pk")
    by_key: dict[tuple[int, int, int, int], list[ReportedResult]] = defaultdict(list)
    for row in rows:
        by_key[row.organization_id, row.measure_id, row.group_id, row.year].append(row)
    found: dict[int, Series] = {}
    for goal in goals:
        series = []
        for year in _years(goal, last):
            here = by_key.get((goal.organization_id, goal.measure_id, goal.group_id, year), [])
            # The publisher that the goal names, where several publish the same.
            here = [row for row in here if row.publisher.casefold() in goal.publisher.casefold()] or here
            series.append(_from_published(goal, year, here[0] if here else None))
        found[goal.pk] = series
    return found


def _from_published(goal: BoldGoal, year: int, row: ReportedResult | None) -> Value:
    if row is None:
        return Value(year, None, _("not published"))
    number = row.value if row.value is not None else row.numerator
    if number is not None:
        return Value(year, Decimal(number), said(goal.measure, Decimal(number)), row.denominator)
    if row.low is not None and (row.high is None or row.high >= 100):
        return Value(year, row.low, f"≥ {said(goal.measure, row.low)}", bound="least")
    if row.high is not None and (row.low is None or row.low <= 0):
        return Value(year, row.high, f"≤ {said(goal.measure, row.high)}", bound="most")
    return Value(year, None, str(row.get_mask_display()))


def _typed(user: Any, goals: list[BoldGoal], last: int, audience: str | None) -> dict[int, Series]:
    organizations = _organizations(goals)
    if audience is None:
        exact = entitled(user, organizations)
    else:
        exact = {one.pk for one in organizations} if audience == OWN else set()
    rows = TypedFigure.objects.filter(
        organization__in=organizations, measure__in={goal.measure_id for goal in goals}, year__lte=last
    )
    by_key = {(row.organization_id, row.measure_id, row.group_id, row.year): (row.value, row.n) for row in rows}
    minimum = minimum_of(organizations)
    surveyed = surveys.by_year(organizations, {goal.measure.code for goal in goals})
    found: dict[int, Series] = {}
    for goal in goals:
        key = (goal.organization_id, goal.measure_id, goal.group_id)
        here = {year: by_key[(*key, year)] for year in _years(goal, last) if (*key, year) in by_key}
        if goal.group.code == "ALL":
            indices = surveyed.get((goal.organization_id, goal.measure.code), {})
            here |= {year: (index.value, index.answered) for year, index in indices.items()}
        if goal.baseline_value is not None:
            here.setdefault(goal.baseline_year, (goal.baseline_value, goal.baseline_n))
        least = minimum[goal.organization_id]
        found[goal.pk] = [
            _from_typed(goal, year, here.get(year), goal.organization_id in exact, least) for year in _years(goal, last)
        ]
    return found


def _from_typed(goal: BoldGoal, year: int, row: tuple[Decimal, int | None] | None, exact: bool, minimum: int) -> Value:
    survey = goal.measure.code in surveys.MEASURES
    if row is None:
        return Value(year, None, _("no survey recorded") if survey else _("not typed in"))
    value, n = row
    about_people = survey or goal.measure.kind != MeasureKind.ORGANIZATION
    if about_people and not exact and (n is None or n < minimum):
        words = (
            _("fewer than %(minimum)d answers, or how many is not said")
            if survey
            else _("fewer than %(minimum)d students, or how many is not said")
        )
        return Value(year, None, words % {"minimum": minimum})
    if about_people and not exact:
        value = value.quantize(Decimal(1), ROUND_HALF_UP)
    return Value(year, value, said(goal.measure, value), n if exact else None, exact=exact and about_people)
