"""Gaps between two student groups over the years, and of all groups in one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from goals import board, compare, trend_lines
from goals.figures import Figure, figures
from goals.models import Measure, StudentGroup
from goals.readiness.derive import GROUPS
from hstw import charts
from hstw.values import SchoolYear
from schools.models import Organization


@dataclass(frozen=True)
class Year:
    """The two groups in one year; ``points``: by how many the first is behind, negative where it is ahead."""

    year: SchoolYear
    one: Figure
    other: Figure
    points: Decimal | None


@dataclass(frozen=True)
class GroupLine:
    """One group: its figure in the year shown, how far behind all students, and its way there."""

    group: StudentGroup
    figure: Figure
    behind: Decimal | None
    trend: charts.Trend | None
    sentence: str


@dataclass
class Gaps:
    """One organization's groups on one measure."""

    measure: Measure
    one: StudentGroup
    other: StudentGroup
    years: list[Year]
    pair: charts.Pair | None
    dimensions: list[tuple[str, list[GroupLine]]]
    all_students: Figure

    @property
    def sentence(self) -> str:
        """How the gap has changed, in words."""
        known = [year for year in self.years if year.points is not None and year.year.last_day < timezone.localdate()]
        about = {"one": self.one.name, "other": self.other.name}
        if not known:
            return _("The two groups cannot be compared in any of these years.")
        first, last = known[0], known[-1]
        about |= {
            "from": first.year.label,
            "to": last.year.label,
            "first": _points(first.points),
            "last": _points(last.points),
        }
        if first is last:
            return _("%(one)s, compared with %(other)s: %(last)s in %(to)s.") % about
        return _("%(one)s, compared with %(other)s: %(first)s in %(from)s, %(last)s in %(to)s.") % about


def _points(points: Decimal | None) -> str:
    """“12 points behind”, “level”, “3 points ahead”."""
    if points is None:
        return ""
    number = f"{abs(points).normalize():f}"
    if not points:
        return _("level")
    if points > 0:
        return _("%(n)s points behind") % {"n": number}
    return _("%(n)s points ahead") % {"n": number}


def gaps(
    user: Any,
    organization: Organization,
    year: SchoolYear,
    measure: Measure,
    one: StudentGroup | None,
    other: StudentGroup,
) -> Gaps:
    """The groups of an organization, in a constant number of queries; without ``one`` that furthest behind."""
    years = board.years_of(measure, year)
    codes = [code for code, _condition in GROUPS.values()]
    found = figures(user, [organization], years, [measure.code], codes)

    def series_of(code: str) -> list[Figure]:
        return [found[organization.pk, at, measure.code, code] for at in years]

    all_students = series_of("ALL")
    known = [figure for figure in all_students if figure.state not in board.UNKNOWN]
    shown = known[-1] if known else all_students[-1]
    of_all = [figure for code in codes for figure in series_of(code)]
    scale = board.scale_of(measure, of_all) or charts.common_scale(map(trend_lines.value_of, of_all))
    broken = compare.broken_of(measure, [organization], years)[organization.pk]
    dimensions: dict[str, list[GroupLine]] = {}
    lines = []
    for group in StudentGroup.objects.filter(code__in=codes):
        series = series_of(group.code)
        if all(figure.state in board.UNKNOWN for figure in series):
            continue
        figure = next(figure for figure in series if figure.year == shown.year)
        behind = None if group.code == "ALL" else board.behind(measure, figure, shown)
        line = GroupLine(
            group,
            figure,
            behind,
            trend_lines.trend_of(series, scale, width=160, height=44, broken=broken),
            board.trend_sentence(trend_lines.whole_years(series), broken),
        )
        lines.append(line)
        dimensions.setdefault(str(group.get_dimension_display()), []).append(line)
    if one is None:
        large = [line for line in lines if (line.figure.denominator or board.GAP_FROM) >= board.GAP_FROM]
        widest = max(large, key=lambda line: line.behind or Decimal(0), default=None)
        one = widest.group if widest else other
    pairs = [
        Year(SchoolYear(a.year), a, b, board.behind(measure, a, b))
        for a, b in zip(series_of(one.code), series_of(other.code), strict=True)
    ]
    return Gaps(
        measure=measure,
        one=one,
        other=other,
        years=pairs,
        pair=charts.pair(
            _points_of([pair.one for pair in pairs], broken), _points_of([pair.other for pair in pairs], broken)
        ),
        dimensions=list(dimensions.items()),
        all_students=shown,
    )


def _points_of(series: Sequence[Figure], broken: Mapping[int, str]) -> list[charts.Point]:
    today = timezone.localdate()
    return [board.point_of(one, one.year if SchoolYear(one.year).last_day >= today else None, broken) for one in series]
