"""The geometry of small charts: numbers in, coordinates and a sentence out; templates/components draws them.

Drawn by ourselves as SVG in template components. Plotly, Altair and Bokeh draw with scripts in the page, pygal writes
styles and scripts into its SVG, which the security policy forbids, and matplotlib's colors cannot follow the style
sheet into the dark scheme and onto paper, and it takes tens of milliseconds a picture. Few shapes are needed;
tests/hstw/test_charts.py holds each to 5 ms, and tests/benchmarks/charts.py prints what they take.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

Number = float | int | Decimal

# Less than this many units from bottom to top would make a mountain of every ripple.
LEAST_SPAN = 20.0


@dataclass(frozen=True)
class Point:
    """One place along the line: its label, what is written of it, its value where it may be drawn.

    ``so_far``: its time is not over, so that it does not belong to the line yet. ``broken``: why it cannot be set
    against the place before; the line begins anew. ``beside``: another value of the same place, ``beside_text`` what
    is written of it: drawn and told, never part of the line.
    """

    label: str
    text: str
    value: Number | None = None
    so_far: bool = False
    broken: str = ""
    beside: Number | None = None
    beside_text: str = ""


@dataclass(frozen=True)
class Dot:
    """A point as it is drawn."""

    x: float
    y: float
    label: str
    text: str
    last: bool = False
    so_far: bool = False

    @property
    def text_y(self) -> float:
        """Where the text above it stands."""
        return round(self.y - 10, 1)

    @property
    def square_x(self) -> float:
        """Where a square of 7 around it begins."""
        return round(self.x - 3.5, 1)

    @property
    def square_y(self) -> float:
        """Where that square begins from the top."""
        return round(self.y - 3.5, 1)


@dataclass(frozen=True)
class Label:
    """What is written below a place."""

    x: float
    label: str


@dataclass(frozen=True)
class Trend:
    """A line over time: ``lines`` are runs of neighbors, each the text of a polyline; ``gaps`` places without value.

    ``breaks``: where what is drawn changed its meaning, halfway from the place before, with the reason.
    """

    width: int
    height: int
    lines: list[str]
    dots: list[Dot]
    gaps: list[float]
    points: list[Point] = field(default_factory=list)
    goal: float | None = None
    labels: list[Label] = field(default_factory=list)
    breaks: list[Label] = field(default_factory=list)
    beside: list[Dot] = field(default_factory=list)


def trend(
    points: Sequence[Point],
    *,
    width: int = 160,
    height: int = 44,
    goal: Number | None = None,
    margin: int = 6,
    scale: tuple[float, float] | None = None,
) -> Trend | None:
    """A line through the points that have a value; ``None`` where none has.

    The scale runs over the values, at least :data:`LEAST_SPAN` units, and never leaves 0 to 100 where they do not; one
    that is given (:func:`common_scale`) makes several charts comparable.
    """
    values = [float(point.value) for point in points if point.value is not None]
    if not values:
        return None
    seen = [*values, *(float(point.beside) for point in points if point.beside is not None)]
    if goal is not None:
        seen.append(float(goal))
    low, high = scale or _scale(min(seen), max(seen))
    step = (width - 2 * margin) / max(len(points) - 1, 1)

    def x_of(place: int) -> float:
        return round(margin + step * place if len(points) > 1 else width / 2, 1)

    def y_of(value: float) -> float:
        return round(margin + (height - 2 * margin) * (high - value) / (high - low), 1)

    dots: list[Dot] = []
    runs: list[list[Dot]] = [[]]
    gaps = []
    last = max(place for place, point in enumerate(points) if point.value is not None)
    for place, point in enumerate(points):
        if point.broken:
            runs.append([])
        if point.value is None:
            gaps.append(x_of(place))
            runs.append([])
            continue
        dot = Dot(x_of(place), y_of(float(point.value)), point.label, point.text, place == last, point.so_far)
        dots.append(dot)
        if not point.so_far:
            runs[-1].append(dot)
    beside = [
        Dot(x_of(place), y_of(float(point.beside)), point.label, point.beside_text)
        for place, point in enumerate(points)
        if point.beside is not None
    ]
    lines = [" ".join(f"{dot.x},{dot.y}" for dot in run) for run in runs if len(run) > 1]
    labels = [Label(x_of(place), point.label) for place, point in enumerate(points)]
    at = None if goal is None else y_of(float(goal))
    breaks = [
        Label(round((x_of(place - 1) + x_of(place)) / 2, 1), point.broken)
        for place, point in enumerate(points)
        if point.broken and place
    ]
    return Trend(width, height, lines, dots, gaps, list(points), at, labels, breaks, beside)


def common_scale(values: Iterable[Number | None], *, least: float = LEAST_SPAN) -> tuple[float, float]:
    """The scale on which all of these values have room, at least so many units; 0 to 100 where there is none."""
    known = [float(value) for value in values if value is not None]
    return _scale(min(known), max(known), least) if known else (0.0, 100.0)


def _scale(low: float, high: float, least: float = LEAST_SPAN) -> tuple[float, float]:
    missing = max(least - (high - low), 0.0)
    bottom, top = low - missing / 2, high + missing / 2
    if low >= 0 and bottom < 0:
        bottom, top = 0.0, top - bottom
    if high <= 100 and top > 100:
        bottom, top = max(bottom - (top - 100), 0.0 if low >= 0 else bottom - (top - 100)), 100.0
    return bottom, top


@dataclass(frozen=True)
class Column:
    """A filled column of 100 units with a goal's mark and a comparison's dot; distances are from the top."""

    width: int
    height: int
    fill_y: float
    fill_height: float
    goal_y: float | None
    compare_y: float | None
    empty: bool = False
    # How far down the line of a gap reaches.
    gap_y: float | None = None

    @property
    def gap_height(self) -> float:
        """How long it is."""
        return 0.0 if self.gap_y is None else round(self.gap_y - self.fill_y, 1)


def column(
    value: Number | None,
    *,
    goal: Number | None = None,
    compare: Number | None = None,
    width: int = 64,
    height: int = 128,
) -> Column:
    """The column of a share from 0 to 100; hatched where there is no value."""

    def y_of(share: Number | None) -> float | None:
        return None if share is None else round(height * (1 - _clamped(share) / 100), 1)

    top = y_of(value)
    return Column(
        width,
        height,
        height if top is None else top,
        0.0 if top is None else round(height - top, 1),
        y_of(goal),
        y_of(compare),
        empty=value is None,
    )


def with_gap(drawn: Column, lowest: Number | None) -> Column:
    """The same column with the line of a gap, from its top down to a lower share."""
    if lowest is None or drawn.empty:
        return drawn
    at = round(drawn.height * (1 - _clamped(lowest) / 100), 1)
    return replace(drawn, gap_y=at if at > drawn.fill_y else None)


@dataclass(frozen=True)
class Bar:
    """A horizontal bar of 100 units, with a mark of what it is compared with."""

    length: float | None
    mark: float | None
    goal: float | None = None


def bar(value: Number | None, *, mark: Number | None = None, goal: Number | None = None) -> Bar:
    """The bar of a share from 0 to 100, with what it is compared with and what it should reach."""
    length, at, target = (None if one is None else _clamped(one) for one in (value, mark, goal))
    return Bar(length, at, target)


# The room of a dot of the strip.
_DOT = 7.0


@dataclass(frozen=True)
class Strip:
    """Many shares from 0 to 100 as dots along a line, those alike on top of each other.

    ``dots`` is one path of lines without length, whose round ends are the dots: a template that draws a thousand
    circles takes fifty times as long. ``here`` is the dot that is pointed out.
    """

    width: int
    height: int
    dots: str
    here: tuple[float, float] | None
    goal: float | None
    mark: float | None
    ticks: list[Label]

    @property
    def floor(self) -> float:
        """Where the line runs on which the dots stand."""
        return self.height - 18.0

    @property
    def label_y(self) -> float:
        """Where the scale is written."""
        return self.height - 4.0


def strip(
    values: Sequence[Number],
    *,
    here: int | None = None,
    goal: Number | None = None,
    mark: Number | None = None,
    width: int = 640,
    height: int = 96,
) -> Strip | None:
    """Dots for many shares, ``here`` the place of the one that is pointed out; ``None`` where there are none."""
    if not values:
        return None
    margin, floor = 12.0, height - 18.0

    def x_of(share: Number) -> float:
        return round(margin + (width - 2 * margin) * _clamped(share) / 100, 1)

    columns: dict[int, int] = {}
    pointed_out = None
    for place, value in enumerate(values):
        column = round((margin + (width - 2 * margin) * min(max(float(value), 0.0), 100.0) / 100) / _DOT)
        above = columns[column] = columns.get(column, -1) + 1
        if place == here:
            pointed_out = column, above
    step = min(_DOT, (floor - 6.0) / (max(columns.values()) + 1))
    heights = [f" {floor - 4.0 - step * above:.1f}h0" for above in range(max(columns.values()) + 1)]
    dots = []
    for column, highest in columns.items():
        x = f"M{column * _DOT:.1f}"
        dots += [x + y for above, y in enumerate(heights[: highest + 1]) if (column, above) != pointed_out]
    return Strip(
        width,
        height,
        "".join(dots),
        (pointed_out[0] * _DOT, round(floor - 4.0 - step * pointed_out[1], 1)) if pointed_out else None,
        None if goal is None else x_of(goal),
        None if mark is None else x_of(mark),
        [Label(x_of(share), str(share)) for share in (0, 25, 50, 75, 100)],
    )


@dataclass(frozen=True)
class Pair:
    """Two lines over the same years on one scale."""

    one: Trend
    other: Trend


def pair(
    one: Sequence[Point], other: Sequence[Point], *, width: int = 400, height: int = 190, margin: int = 30
) -> Pair | None:
    """Two lines; ``None`` where either has no value."""
    scale = common_scale(point.value for point in (*one, *other))
    drawn = [trend(points, width=width, height=height, margin=margin, scale=scale) for points in (one, other)]
    return Pair(drawn[0], drawn[1]) if drawn[0] and drawn[1] else None


def _clamped(share: Number) -> float:
    return round(min(max(float(share), 0.0), 100.0), 1)
