"""One measure of all that stand below an organization, side by side: narrowed, sorted, as one person may see it.

Figures come from :mod:`goals.figures` alone; the number of queries does not grow with how many are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from statistics import quantiles
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from goals import board
from goals.below import BELOW, Asked, base_of, kinds_below, narrowed, units_below
from goals.figures import Figure, FigureState, figures
from goals.models import Measure, StudentGroup
from goals.models.measure import Direction, MeasureKind
from goals.readiness.breaks import breaks
from goals.readiness.rules import rule_book
from goals.trend_lines import trend_of, value_of, whole_years
from hstw import charts
from hstw.values import SchoolYear
from schools.models import Organization
from schools.models.organization import Kind

SORTS = ("name", "figure", "change", "gap")
# Fewer than these are read off faster than any picture of them.
_PICTURE_FROM = 4


@dataclass(frozen=True)
class Line:
    """One of those compared. ``points``: by how many it is behind the second group, where there is one."""

    organization: Organization
    figure: Figure
    series: list[Figure]
    change: Decimal | None = None
    other: Figure | None = None
    points: Decimal | None = None
    here: bool = False
    reaches: bool | None = None
    trend: charts.Trend | None = None
    sentence: str = ""
    # Years that cannot be set against the year before, with the reason.
    broken: Mapping[int, str] = field(default_factory=dict)

    @property
    def value(self) -> Decimal | None:
        """What it is sorted by: percent, a mean, or for a count of events how many."""
        return value_of(self.figure)


@dataclass
class Comparison:
    """The whole page: ``base`` is the organization below which the lines stand, ``whole`` its own figure."""

    base: Organization
    kind: str
    measure: Measure
    group: StudentGroup
    than: StudentGroup | None
    year: SchoolYear
    shown_year: SchoolYear
    years: list[SchoolYear]
    whole: list[Figure]
    target: Decimal | None
    lines: list[Line]
    # How many there are before narrowing, and to how many of them the measure does not apply.
    among: int
    left_out: int
    exact: bool
    missing: tuple[str, ...] = ()
    scale: tuple[float, float] = (0.0, 100.0)
    strip: charts.Strip | None = None
    known: list[Line] = field(default_factory=list)
    # Years of the whole that cannot be set against the year before, with the reason.
    broken: Mapping[int, str] = field(default_factory=dict)

    @property
    def figure(self) -> Figure:
        """The whole organization's figure of the year shown."""
        return next(one for one in self.whole if one.year == self.shown_year)

    @property
    def earlier(self) -> bool:
        """Whether the year asked for is not known of anybody, so that the latest known is shown."""
        return self.shown_year != self.year

    @property
    def so_far(self) -> bool:
        """Whether the year is not over."""
        return self.shown_year.last_day >= timezone.localdate()

    @property
    def breaks(self) -> bool:
        """Whether some line begins anew, because the definition or the test changed."""
        return bool(self.broken) or any(line.broken for line in self.lines)

    @property
    def of_percent(self) -> bool:
        """Whether bars can be drawn from 0 to 100."""
        return self.measure.kind == MeasureKind.STUDENT_RATE

    @property
    def at_target(self) -> int:
        """How many of the lines are known to reach the target."""
        return sum(line.reaches is True for line in self.lines)

    @property
    def sentence(self) -> str:
        """What the picture says."""
        return _sentence(self)


def reaches(measure: Measure, figure: Figure | None, target: Decimal | None) -> bool | None:
    """Whether a figure is as good as a target; ``None`` where that is not known.

    A rate that is coded at the top or bottom is known to lie beyond its bound, and no more.
    """
    if figure is None or figure.percent is None or target is None or measure.direction == Direction.NEITHER:
        return None
    higher = measure.direction == Direction.HIGHER
    as_good = figure.percent >= target if higher else figure.percent <= target
    match figure.state:
        case FigureState.SHOWN:
            return as_good
        case FigureState.TOP if higher:
            return True if as_good else None
        case FigureState.TOP:
            return None if as_good else False
        case FigureState.BOTTOM if higher:
            return None if as_good else False
        case FigureState.BOTTOM:
            return True if as_good else None
    return None


def compare(user: Any, organization: Organization, year: SchoolYear, measure: Measure, asked: Asked) -> Comparison:
    """Everything on the page, in a constant number of queries."""
    base = base_of(organization)
    kinds = kinds_below(base)
    kind = asked.kind if asked.kind in BELOW.get(base.kind, ()) else kinds[0] if kinds else Kind.SCHOOL
    years = board.years_of(measure, year)
    chosen = {one.code: one for one in StudentGroup.objects.filter(code__in=[asked.group, asked.than, "ALL"])}
    group, than = chosen.get(asked.group, chosen["ALL"]), chosen.get(asked.than)
    open_then = Q(closed=None) | Q(closed__gt=year.first_day)
    units = list(
        narrowed(units_below(base, year).filter(open_then, kind=kind), asked, year)
        .select_related("in_state")
        .order_by("name", "pk")
    )
    codes = [group.code] if than is None else [group.code, than.code]
    found = figures(user, [base, *units], years, [measure.code], codes)

    def series_of(one: Organization, code: str) -> list[Figure]:
        return [found[one.pk, at, measure.code, code] for at in years]

    all_series = {one.pk: series_of(one, group.code) for one in [base, *units]}
    shown_year = _shown_year(all_series.values(), years[-1])
    at = years.index(shown_year)
    target = board.GOALS.get(measure.code)
    broken = broken_of(measure, [base, *units], years)
    lines = []
    for one in units:
        series = all_series[one.pk]
        figure = series[at]
        if figure.state == FigureState.NOT_APPLICABLE and all(f.state in board.UNKNOWN for f in series):
            continue
        before = series[at - 1] if at else None
        change = None
        over = shown_year.last_day < timezone.localdate()
        if before is not None and over and shown_year not in broken[one.pk]:
            change = _change(figure, before)
        other = found[one.pk, shown_year, measure.code, than.code] if than is not None else None
        points = board.behind(measure, figure, other) if other is not None else None
        lines.append(
            Line(
                one,
                figure,
                series,
                change,
                other,
                points,
                here=one.pk == organization.pk,
                reaches=reaches(measure, figure, target),
                broken=broken[one.pk],
            )
        )
    whole = all_series[base.pk]
    result = Comparison(
        base=base,
        kind=kind,
        measure=measure,
        group=group,
        than=than,
        year=years[-1],
        shown_year=shown_year,
        years=years,
        whole=whole,
        target=target,
        lines=[],
        among=len(lines),
        left_out=len(units) - len(lines),
        exact=any(figure.exact for figure in found.values()),
        missing=whole[-1].missing if whole[-1].due is None else (),
        broken=broken[base.pk],
    )
    result.lines = _sorted(_by_goal(lines, result, asked.goal), asked.sort or first_sort(measure, than))
    _draw(result)
    return result


def broken_of(
    measure: Measure, organizations: Iterable[Organization], years: Sequence[SchoolYear]
) -> dict[int, Mapping[int, str]]:
    """By organization, the years that cannot be set against the year before: as its state's rules and tests changed."""
    book = rule_book()
    by_state: dict[str, Mapping[int, str]] = {}
    found = {}
    for one in organizations:
        postal = board.state_code(one)
        if postal not in by_state:
            by_state[postal] = breaks(measure, postal, years, book)
        found[one.pk] = by_state[postal]
    return found


def first_sort(measure: Measure, than: StudentGroup | None) -> str:
    """The sort that puts those who need it most first: the widest gap, or the worst figure."""
    if than is not None:
        return "-gap"
    return "-figure" if measure.direction == Direction.LOWER else "figure"


def _draw(result: Comparison) -> None:
    """The picture of all, and the scale that all trends share."""
    result.known = [line for line in result.lines if value_of(line.figure) is not None]
    series = [*result.whole, *(figure for line in result.lines for figure in line.series)]
    result.scale = board.scale_of(result.measure, series, result.target) or charts.common_scale(
        [*map(value_of, series), result.target]
    )
    if not result.of_percent or len(result.known) < _PICTURE_FROM:
        return
    values = [line.figure.percent for line in result.known if line.figure.percent is not None]
    here = next((place for place, line in enumerate(result.known) if line.here), None)
    result.strip = charts.strip(values, here=here, goal=result.target, mark=result.figure.percent)


def with_trends(result: Comparison, lines: Sequence[Line], *, width: int = 220, height: int = 72) -> list[Line]:
    """The same lines, each with its trend on the scale that all share, and what it says."""
    return [
        replace(
            line,
            trend=trend_of(
                line.series, result.scale, width=width, height=height, goal=result.target, broken=line.broken
            ),
            sentence=board.trend_sentence(whole_years(line.series), line.broken),
        )
        for line in lines
    ]


def _shown_year(all_series: Any, year: SchoolYear) -> SchoolYear:
    """The latest year of which anybody's figure is known; the one asked for where none is."""
    known = {figure.year for series in all_series for figure in series if figure.state not in board.UNKNOWN}
    return SchoolYear(max(known)) if known else year


def _change(figure: Figure, before: Figure) -> Decimal | None:
    if figure.state != FigureState.SHOWN or before.state != FigureState.SHOWN:
        return None
    now, then = value_of(figure), value_of(before)
    return None if now is None or then is None else now - then


def _by_goal(lines: list[Line], result: Comparison, goal: str) -> list[Line]:
    """Those that reach the target or not, or are ahead of or behind the whole; the unknown are neither."""
    if goal in {"reached", "short"}:
        return [line for line in lines if line.reaches is (goal == "reached")]
    if goal in {"ahead", "behind"}:
        whole = result.figure.percent if result.figure.state == FigureState.SHOWN else None
        return [line for line in lines if reaches(result.measure, line.figure, whole) is (goal == "ahead")]
    return lines


def _sorted(lines: list[Line], sort: str) -> list[Line]:
    """Unknown figures come last either way."""
    by, reverse = sort.removeprefix("-"), sort.startswith("-")
    if by not in {"figure", "change", "gap"}:
        return lines[::-1] if reverse else lines

    def value(line: Line) -> Decimal | None:
        return {"figure": line.value, "change": line.change, "gap": line.points}[by]

    known = [line for line in lines if value(line) is not None]
    known.sort(key=lambda line: value(line) or Decimal(0), reverse=reverse)
    return known + [line for line in lines if value(line) is None]


def _sentence(result: Comparison) -> str:
    values = sorted(line.figure.percent for line in result.known if line.figure.percent is not None)
    if not values or not result.of_percent:
        return ""
    parts = []
    if len(values) >= 2 * _PICTURE_FROM:
        low, _middle, high = quantiles(values, n=4)
        parts.append(
            _("Half of those with a figure lie between %(low)s %% and %(high)s %%.")
            % {"low": round(low), "high": round(high)}
        )
    elif values[0] != values[-1]:
        parts.append(_("From %(low)s %% to %(high)s %%.") % {"low": values[0], "high": values[-1]})
    if result.target is not None:
        parts.append(
            ngettext(
                "%(n)s of %(all)s is at SREB's goal of %(goal)s %%.",
                "%(n)s of %(all)s are at SREB's goal of %(goal)s %%.",
                result.at_target,
            )
            % {"n": result.at_target, "all": len(values), "goal": result.target}
        )
    if hidden := len(result.lines) - len(result.known):
        parts.append(ngettext("%(n)s more has no figure.", "%(n)s more have no figure.", hidden) % {"n": hidden})
    return " ".join(parts)
