"""What the readiness page of an organization shows: each measure's figure, where it comes from and where it is going.

Figures come from :mod:`goals.figures` alone, as this person may see them; the number of queries does not grow with the
number of schools or students.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from goals import checkpoints, reported
from goals.checkpoints import Checkpoint
from goals.evidence import Loaded, Source, loaded_of
from goals.figures import Figure, FigureState, figures
from goals.models import Measure, RollupRun, StalePair, StudentGroup
from goals.models.measure import Direction, MeasureKind
from goals.readiness.amounts import all_amounts, all_measures
from goals.readiness.breaks import breaks
from goals.readiness.derive import GROUPS
from goals.readiness.rules import rule_book
from goals.reported import Published
from hstw import charts
from hstw.values import SchoolYear
from schools.models import Organization
from schools.models.organization import Kind

YEARS_SHOWN = 5
LATEST_SHOWN = 4
# Fewer students than these make no gap, even for those who see exact figures: one student is not a trend.
GAP_FROM = 10

# A line that ends where it began is steady only where it did not leave this many points in between.
RESTLESS = 3

# Means of scores move by less than percents: what is steady, and the least that a chart spans.
STEADY_MEAN = Decimal("0.3")
LEAST_OF_MEANS = 6.0

# States of a figure in which nothing is known of the measure at all.
UNKNOWN = frozenset({FigureState.NOT_REPORTED, FigureState.NOT_APPLICABLE})

# The bold goals of the network, by the measure that answers to each.
GOALS: dict[str, Decimal] = {code: goal.percent for goal in checkpoints.GOALS for code in goal.codes}


@dataclass(frozen=True)
class Gap:
    """The student group that is furthest behind all students, and by how many points."""

    group: StudentGroup
    figure: Figure
    points: Decimal


@dataclass
class Row:
    """One measure of one organization: ``figure`` is that of the year, ``shown`` the latest known (``shown_year``)."""

    measure: Measure
    figure: Figure
    shown: Figure | None
    shown_year: SchoolYear
    # The day from which the year's figure can be known, where it cannot yet.
    known_after: dt.date | None = None
    as_of: dt.date | None = None
    before: Figure | None = None
    change: Decimal | None = None
    trend: charts.Trend | None = None
    series: list[Figure] = field(default_factory=list)
    sentence: str = ""
    gap: Gap | None = None
    compare: Figure | None = None
    goal: Decimal | None = None
    label: str = ""
    column: charts.Column | None = None
    # What authorities published of the same, of the year shown.
    published: list[Published] = field(default_factory=list)

    @property
    def applies(self) -> bool:
        """Whether the measure is one of this organization at all.

        Where the year's figure cannot be known yet, the years before say it.
        """
        if self.shown is not None:
            return True
        if self.figure.due is not None:
            return not any(one.state == FigureState.NOT_APPLICABLE for one in self.series)
        return self.figure.state != FigureState.NOT_APPLICABLE

    @property
    def lagged(self) -> bool:
        """Whether its years are not those of the page, because it becomes known long after."""
        return self.measure.lag_years >= YEARS_SHOWN

    @property
    def earlier(self) -> bool:
        """Whether what is shown is of a year before the one asked for."""
        return self.shown is not None and self.shown.year != self.figure.year

    @property
    def better(self) -> bool | None:
        """Whether it went the right way since the year before; ``None`` where that cannot be said."""
        if not self.change or self.measure.direction == Direction.NEITHER:
            return None
        return (self.change > 0) == (self.measure.direction == Direction.HIGHER)

    @property
    def behind(self) -> Decimal | None:
        """By how many points it is worse than what it is compared with."""
        return None if self.compare is None else behind(self.measure, self.shown, self.compare)


@dataclass
class Board:
    """The whole page."""

    organization: Organization
    year: SchoolYear
    rows: dict[str, Row]
    years: list[SchoolYear]
    above: Organization | None
    loaded: Loaded
    counted_at: dt.datetime | None
    stale: bool
    exact: bool
    latest: list[Source] = field(default_factory=list)

    @property
    def pipeline(self) -> list[tuple[Checkpoint, list[Row]]]:
        """The way from grade 5 to age 25: the checkpoints that anything is measured at, with what is."""
        there = [code for code, row in self.rows.items() if row.applies]
        found = [(one, [self.rows[code] for code, _label in one.shown(there)]) for one in checkpoints.CHECKPOINTS]
        return [(one, rows) for one, rows in found if rows]

    @property
    def checkpoints(self) -> list[Row]:
        """The measures of the checkpoints, in their order."""
        return [row for _checkpoint, rows in self.pipeline for row in rows]

    @property
    def areas(self) -> list[tuple[str, Any, list[Row]]]:
        """The measures by area, without those that do not apply."""
        applying = [code for code, row in self.rows.items() if row.applies]
        return [
            (area.key, area.name, [self.rows[code] for code in codes]) for area, codes in checkpoints.by_area(applying)
        ]

    @property
    def not_applicable(self) -> list[Row]:
        """What does not apply here."""
        return [row for row in self.rows.values() if not row.applies]

    @property
    def nothing(self) -> bool:
        """Whether no figure is known of any of the years."""
        return all(row.shown is None for row in self.rows.values())

    @property
    def gaps(self) -> list[Row]:
        """The measures with the widest gaps, the widest first."""
        return sorted((row for row in self.rows.values() if row.gap), key=lambda row: -row.gap.points)[:4]  # type: ignore[union-attr]

    @property
    def missing(self) -> list[str]:
        """Evidence, in words, that some figure of the year waits for."""
        return sorted(
            {kind for row in self.rows.values() if row.applies for kind in row.figure.missing if not row.known_after}
        )

    @property
    def as_of(self) -> dt.date | None:
        """The day that the year's evidence reaches to, while the year is not over."""
        return max((row.as_of for row in self.rows.values() if row.as_of), default=None)

    @property
    def sentence(self) -> str:
        """What the picture of the checkpoints says."""
        return _sentence(self)


def behind(measure: Measure, figure: Figure | None, other: Figure | None) -> Decimal | None:
    """By how many points a figure is worse than another; negative where it is better.

    ``None`` where one of them is not known, or only known to be above or below a bound, and for counts of events.
    """
    if measure.direction == Direction.NEITHER or figure is None or other is None:
        return None
    # A part has fewer events than the whole; that is no gap.
    if figure.tally or not (_comparable(figure) and _comparable(other)):
        return None
    points = other.value - figure.value  # type: ignore[operator]
    return points if measure.direction == Direction.HIGHER else -points


def measures_shown() -> list[str]:
    """The codes of the measures that are computed here."""
    return [one.code for one in all_measures()]


def state_code(organization: Organization) -> str:
    """The two-letter code of the state whose rules hold for an organization; blank above the states."""
    state = organization if organization.kind == Kind.STATE else organization.in_state
    return state.postal_state if state is not None else ""


def years_to(year: int, count: int = YEARS_SHOWN) -> list[SchoolYear]:
    """So many years, the last one ``year``."""
    return [SchoolYear(one) for one in range(year - count + 1, year + 1)]


def years_of(measure: Measure, year: int) -> list[SchoolYear]:
    """The years that a measure is shown over: up to ``year``, or up to the last that can be known of it by then.

    What is known so many years later that none of the years shown would have a figure is shown over earlier ones.
    """
    return years_to(year - measure.lag_years if measure.lag_years >= YEARS_SHOWN else year)


def compared_with(organization: Organization) -> Organization | None:
    """Whose figures stand beside an organization's own: its state's."""
    return organization.in_state


def board(user: Any, organization: Organization, year: SchoolYear) -> Board:
    """Everything on the readiness page, in a constant number of queries."""
    years = years_to(year)
    above = compared_with(organization)
    book = rule_book()
    postal = state_code(organization)
    applying = {*book.shown(postal, year), *(one.code for one in all_amounts())}
    codes = [code for code in measures_shown() if code in applying]
    measures = {measure.code: measure for measure in Measure.objects.filter(code__in=codes)}
    beside = [organization] if above is None else [organization, above]
    found = figures(user, beside, years, codes)
    for late in [row for row in measures.values() if row.lag_years >= YEARS_SHOWN]:
        found |= figures(user, beside, years_of(late, year), [late.code])
    loaded = loaded_of(organization, years)
    today = timezone.localdate()
    rows = {
        code: row_of(
            measures[code],
            found,
            organization,
            above,
            years_of(measures[code], year),
            loaded,
            today,
            broken=breaks(measures[code], postal, years_of(measures[code], year), book),
        )
        for code in codes
        if code in measures
    }
    _put_gaps(user, organization, rows.values())
    published = reported.beside(user, [organization], years, codes)
    for row in rows.values():
        row.published = published.get(row.shown.key, []) if row.shown else []
    labels = {code: label for one in checkpoints.CHECKPOINTS for code, label in one.codes}
    for code, row in rows.items():
        row.label = str(labels.get(code, row.measure.name))
    last = (
        RollupRun.objects.filter(state=RollupRun.State.DONE).order_by("-finished_at").values_list("finished_at").first()
    )
    state = organization if organization.kind == Kind.STATE else organization.in_state
    return Board(
        organization=organization,
        year=year,
        rows=rows,
        years=years,
        above=above,
        loaded=loaded,
        counted_at=last[0] if last else None,
        stale=state is not None and StalePair.objects.filter(organization=state).exists(),
        exact=any(row.shown.exact for row in rows.values() if row.shown),
        latest=loaded.latest(LATEST_SHOWN),
    )


def row_of(
    measure: Measure,
    found: dict[tuple[int, int, str, str], Figure],
    organization: Organization,
    above: Organization | None,
    years: Sequence[SchoolYear],
    loaded: Loaded,
    today: dt.date,
    group: str = "ALL",
    *,
    broken: Mapping[int, str] | None = None,
) -> Row:
    """One measure with its line over the years, from figures already found.

    ``broken``: years that cannot be set against the year before, with the reason (``goals.readiness.breaks``).
    """
    broken = broken or {}
    year = years[-1]
    series = [found[organization.pk, one, measure.code, group] for one in years]
    known = [figure for figure in series if figure.state not in UNKNOWN]
    shown = known[-1] if known else None
    shown_year = SchoolYear(shown.year) if shown else year
    before = next((figure for figure in series if shown and figure.year == shown.year - 1), None)
    row = Row(measure, series[-1], shown, shown_year, series=series, goal=GOALS.get(measure.code))
    if row.figure.due is not None:
        row.known_after = row.figure.due - dt.timedelta(days=1)
    if shown and shown.year == year and year.last_day >= today:
        row.as_of = loaded.through(year, measure.evidence)
    # A year that is not over is not set against whole ones.
    comparable = shown is not None and shown.year not in broken
    if shown and before and comparable and not row.as_of and _comparable(shown) and _comparable(before):
        row.before, row.change = before, shown.value - before.value  # type: ignore[operator]
    so_far = year if row.as_of else None
    row.trend = charts.trend([point_of(one, so_far, broken) for one in series], scale=scale_of(measure, series))
    row.sentence = trend_sentence([one for one in series if one.year != so_far], broken)
    if above is not None and shown:
        beside = found.get((above.pk, shown.year, measure.code, group))
        row.compare = None if beside is None or beside.state in UNKNOWN else beside
    if measure.kind == MeasureKind.STUDENT_RATE:
        row.column = charts.column(_drawn(shown), goal=row.goal, compare=_drawn(row.compare) if row.compare else None)
    return row


def point_of(figure: Figure, so_far: int | None, broken: Mapping[int, str]) -> charts.Point:
    """A figure as a place of a trend; what was counted since its year was closed stands beside, not in the line.

    ``broken``: the years that cannot be set against the one before, with the reason.
    """
    revised = figure.revised
    return charts.Point(
        SchoolYear(figure.year).label,
        # The unit of a mean stands beside the chart; at every dot it would not fit.
        figure.text if figure.mean is None else str(figure.mean),
        _drawn(figure),
        figure.year == so_far,
        broken.get(figure.year, ""),
        _drawn(revised),
        "" if revised is None else _("revised %(figure)s") % {"figure": revised.text},
    )


def _drawn(figure: Figure | None) -> Decimal | None:
    """The value that a chart may draw: only what is written as well."""
    return figure.value if figure is not None else None


def scale_of(measure: Measure, series: Iterable[Figure], goal: Decimal | None = None) -> tuple[float, float] | None:
    """The scale of a line over the years; ``None`` for that of shares. Means move by single points."""
    if measure.kind != MeasureKind.MEAN:
        return None
    values = [one.value for figure in series for one in (figure, figure.revised) if one is not None]
    return charts.common_scale([*values, goal], least=LEAST_OF_MEANS)


def _comparable(figure: Figure) -> bool:
    return figure.state == FigureState.SHOWN and figure.value is not None


def trend_sentence(series: Sequence[Figure], broken: Mapping[int, str] | None = None) -> str:
    """What the line says, in words: of the years since it last broke, and that it did."""
    reasons = dict(sorted((broken or {}).items()))
    comparable = [figure for figure in series if _comparable(figure)]
    since = max((year for year in reasons if comparable and year <= comparable[-1].year), default=0)
    said = _since(series if not since else [one for one in series if one.year >= since])
    # Where nothing is known on one side, there is nothing that could be set against it.
    told = [
        _("%(what)s: years before and after are not comparable.") % {"what": reason}
        for year, reason in reasons.items()
        if any(one.year < year for one in comparable) and any(one.year >= year for one in comparable)
    ]
    return " ".join([said, *told])


def _since(series: Sequence[Figure]) -> str:
    known = [figure for figure in series if _comparable(figure)]
    if not known:
        return _("No figure of these years can be shown.")
    first, last = known[0], known[-1]
    about = {
        "first": first.text,
        "last": last.text,
        "from": SchoolYear(first.year).label,
        "to": SchoolYear(last.year).label,
    }
    if first is last:
        return _("%(last)s in %(to)s; no other year can be compared.") % about
    points = last.value - first.value  # type: ignore[operator]
    least = STEADY_MEAN if last.mean is not None else 1
    if abs(points) < least:
        by_size = sorted(known, key=lambda one: one.value or Decimal(0))
        about |= {"low": by_size[0].text, "high": by_size[-1].text}
        if (by_size[-1].value or 0) - (by_size[0].value or 0) >= RESTLESS * least:
            return _("Up and down between %(low)s and %(high)s, %(last)s in %(to)s.") % about
        return _("Steady: %(first)s in %(from)s, %(last)s in %(to)s.") % about
    if points > 0:
        return _("Up from %(first)s in %(from)s to %(last)s in %(to)s.") % about
    return _("Down from %(first)s in %(from)s to %(last)s in %(to)s.") % about


def _put_gaps(user: Any, organization: Organization, rows: Iterable[Row]) -> None:
    """The widest gap of each measure that has a figure and a direction, in the year that is shown."""
    wanted = [row for row in rows if row.shown and row.measure.direction != Direction.NEITHER]
    if not wanted:
        return
    codes = [code for code, _condition in GROUPS.values()]
    groups = {group.code: group for group in StudentGroup.objects.filter(code__in=codes)}
    by_group = figures(
        user, [organization], sorted({row.shown_year for row in wanted}), [row.measure.code for row in wanted], codes
    )
    for row in wanted:
        best: Gap | None = None
        for code, group in groups.items():
            figure = by_group.get((organization.pk, row.shown_year, row.measure.code, code))
            if figure is None or code == "ALL":
                continue
            if figure.denominator is not None and figure.denominator < GAP_FROM:
                continue
            points = behind(row.measure, figure, row.shown)
            if points is not None and points > 0 and (best is None or points > best.points):
                best = Gap(group, figure, points)
        row.gap = best
        if best is not None and row.column is not None:
            row.column = charts.with_gap(row.column, _drawn(best.figure))


def _sentence(board: Board) -> str:
    rows = board.checkpoints
    parts = []
    compared = [(points, row) for row in rows if (points := row.behind) is not None and points >= 1]
    if compared and board.above is not None:
        points, row = max(compared, key=lambda one: one[0])
        parts.append(
            _("Furthest behind %(state)s: %(measure)s, %(here)s here and %(there)s there.")
            % {
                "state": board.above.name,
                "measure": row.label,
                "here": row.shown.text,  # type: ignore[union-attr]
                "there": row.compare.text,  # type: ignore[union-attr]
            }
        )
    elif board.above is not None and any(row.behind is not None for row in rows):
        parts.append(_("Nowhere more than a point behind %(state)s.") % {"state": board.above.name})
    short = [
        (row.goal - row.shown.percent, row)  # type: ignore[operator]
        for row in rows
        if row.goal is not None and row.shown and _comparable(row.shown) and row.shown.percent < row.goal  # type: ignore[operator]
    ]
    if short:
        points, row = max(short, key=lambda one: one[0])
        parts.append(
            _("Furthest from SREB's goals: %(measure)s, %(here)s where the goal is %(goal)s %%.")
            % {"measure": row.label, "here": row.shown.text, "goal": row.goal}  # type: ignore[union-attr]
        )
    return " ".join(parts)
