"""A figure over the years as a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from django.utils import timezone

from goals import board
from goals.figures import Figure
from hstw import charts
from hstw.values import SchoolYear


def value_of(figure: Figure | None) -> Decimal | None:
    """A figure as a number to sort by; ``None`` where it is words."""
    if figure is None:
        return None
    if figure.tally:
        return None if figure.numerator is None else Decimal(figure.numerator)
    return figure.value


def trend_of(
    series: Sequence[Figure],
    scale: tuple[float, float],
    *,
    width: int = 220,
    height: int = 72,
    margin: int = 6,
    goal: Decimal | None = None,
    broken: Mapping[int, str] | None = None,
) -> charts.Trend | None:
    """A line over the years on a given scale; it begins anew in the years that are ``broken``."""
    whole = {figure.year for figure in whole_years(series)}
    points = [
        replace(board.point_of(one, None if one.year in whole else one.year, broken or {}), value=value_of(one))
        for one in series
    ]
    return charts.trend(points, width=width, height=height, margin=margin, goal=goal, scale=scale)


def whole_years(series: Sequence[Figure]) -> list[Figure]:
    """The figures of years that are over."""
    today = timezone.localdate()
    return [figure for figure in series if SchoolYear(figure.year).last_day < today]
