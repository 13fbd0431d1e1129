"""The geometry of small charts: numbers in, coordinates and a sentence out; templates/components draws them.

Drawn by ourselves as SVG in template components. Plotly, Altair and Bokeh draw with scripts in the page, pygal writes
styles and scripts into its SVG, which the security policy forbids, and matplotlib's colors cannot follow the style
sheet into the dark scheme and onto paper. Three shapes are needed; tests/hstw/test_charts.py holds each to 5 ms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
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
    points: Sequence[Point], *, width: int = 160, height: int = 44, goal: Number | None = None, margin: int = 6
) -> Trend | None:
    """A line through the points that have a value; ``None`` where none has.

    The scale runs over the values, at least :data:`LEAST_SPAN` units, and never leaves 0 to 100 where they do not.
    """
    values = [float(point.value) for point in points if point.value is not None]
    if not values:
        return None
    seen = [*values, *(float(point.beside) for point in points if point.beside is not None)]
    if goal is not None:
        seen.append(float(goal))
    low, high = _scale(min(seen), max(seen))
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


def _scale(low: float, high: float) -> tuple[float, float]:
    missing = max(LEAST_SPAN - (high - low), 0.0)
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


@dataclass(frozen=True)
class Bar:
    """A horizontal bar of 100 units, with a mark of what it is compared with."""

    length: float | None
    mark: float | None


def bar(value: Number | None, *, mark: Number | None = None) -> Bar:
    """The bar of a share from 0 to 100."""
    return Bar(None if value is None else _clamped(value), None if mark is None else _clamped(mark))


def _clamped(share: Number) -> float:
    return round(min(max(float(share), 0.0), 100.0), 1)
