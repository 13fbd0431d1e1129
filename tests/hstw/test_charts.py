"""Charts: the coordinates say what the numbers say, and drawing them costs next to nothing."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from hstw import charts
from tests.benchmarks.charts import BUDGET, shapes

YEARS = ["2021–22", "2022–23", "2023–24", "2024–25", "2025–26"]


def line(*values: float | None) -> charts.Trend | None:
    return charts.trend([charts.Point(year, str(value), value) for year, value in zip(YEARS, values, strict=False)])


def test_higher_values_are_drawn_higher() -> None:
    drawn = line(20, 60, 40)
    assert drawn is not None
    first, second, third = drawn.dots
    assert second.y < third.y < first.y
    assert [dot.last for dot in drawn.dots] == [False, False, True]


def test_the_line_is_broken_where_a_year_is_not_known() -> None:
    drawn = line(50, 51, None, 53, 54)
    assert drawn is not None
    assert len(drawn.lines) == 2
    assert drawn.gaps == [80.0]


def test_the_line_begins_anew_where_the_definition_changed() -> None:
    points = [charts.Point(year, "50 %", 50) for year in YEARS[:4]]
    points[2] = charts.Point(YEARS[2], "70 %", 70, broken="Definition changed")
    drawn = charts.trend(points)
    assert drawn is not None
    assert len(drawn.lines) == 2
    # Halfway between the second place and the third, of which there are four: 6 + 148 / 3 * 1.5.
    assert [(one.x, one.label) for one in drawn.breaks] == [(80.0, "Definition changed")]
    assert "trend-break" in render_to_string("components/trend.html", {"trend": drawn, "label": "L", "sentence": "S"})
    first = [charts.Point(YEARS[0], "50 %", 50, broken="Definition changed"), *points[3:]]
    drawn = charts.trend(first)
    assert drawn is not None
    assert drawn.breaks == []


def test_a_year_that_is_not_over_does_not_belong_to_the_line() -> None:
    points = [charts.Point("2024–25", "80 %", 80), charts.Point("2025–26", "81 %", 81)]
    drawn = charts.trend([*points, charts.Point("2026–27", "2 %", 2, so_far=True)])
    assert drawn is not None
    assert [run.count(",") for run in drawn.lines] == [2]
    assert [dot.so_far for dot in drawn.dots] == [False, False, True]


def test_nothing_known_is_no_chart() -> None:
    assert line(None, None) is None


def test_ripples_stay_ripples() -> None:
    drawn = line(80.0, 80.4, 80.2)
    assert drawn is not None
    assert max(dot.y for dot in drawn.dots) - min(dot.y for dot in drawn.dots) < 2


@given(st.lists(st.none() | st.decimals(0, 100, places=1), min_size=1, max_size=5))
def test_every_dot_is_inside_the_picture(values: list[Decimal | None]) -> None:
    drawn = charts.trend([charts.Point(str(n), str(value), value) for n, value in enumerate(values)])
    for dot in drawn.dots if drawn else []:
        assert 0 <= dot.x <= 160
        assert 0 <= dot.y <= 44


@pytest.mark.parametrize(("value", "top", "height"), [(None, 128, 0), (0, 128, 0), (50, 64, 64), (100, 0, 128)])
def test_a_column_is_as_full_as_its_share(value: int | None, top: float, height: float) -> None:
    drawn = charts.column(value, goal=75, compare=25)
    assert (drawn.fill_y, drawn.fill_height, drawn.goal_y, drawn.compare_y) == (top, height, 32, 96)
    assert drawn.empty == (value is None)


def test_charts_on_a_common_scale_can_be_set_side_by_side() -> None:
    scale = charts.common_scale([20, None, 80])
    assert scale == (20, 80)
    low, high = (charts.trend([charts.Point("a", "", value)], height=72, scale=scale) for value in (20, 80))
    assert low is not None
    assert high is not None
    assert (low.dots[0].y, high.dots[0].y) == (66, 6)
    assert charts.common_scale([None]) == (0, 100)


def test_two_lines_share_a_scale() -> None:
    drawn = charts.pair([charts.Point("a", "", 40)], [charts.Point("a", "", 80)], height=72, margin=6)
    assert drawn is not None
    assert (drawn.one.dots[0].y, drawn.other.dots[0].y) == (66, 6)
    assert charts.pair([charts.Point("a", "")], [charts.Point("a", "", 80)]) is None


def test_every_share_has_its_dot_and_those_alike_stand_on_top_of_each_other() -> None:
    drawn = charts.strip([50, 50, 50, 0, 100], here=4, goal=80, mark=50)
    assert drawn is not None
    dots = [tuple(map(float, dot.removesuffix("h0").split())) for dot in drawn.dots.split("M")[1:]]
    assert dots == [(322, 74), (322, 67), (322, 60), (14, 74)]
    assert drawn.here == (630, 74)
    assert drawn.goal == 12 + 616 * 0.8
    assert drawn.mark == 320
    assert charts.strip([]) is None


def test_a_thousand_dots_stay_in_the_picture() -> None:
    drawn = charts.strip([50] * 1_000)
    assert drawn is not None
    heights = [float(dot.split()[1].removesuffix("h0")) for dot in drawn.dots.split("M")[1:]]
    assert min(heights) >= 0
    assert max(heights) <= drawn.floor


def test_a_gap_hangs_from_the_top_of_its_column() -> None:
    drawn = charts.with_gap(charts.column(75), 50)
    assert (drawn.fill_y, drawn.gap_y, drawn.gap_height) == (32, 64, 32)
    assert charts.with_gap(charts.column(75), 80).gap_y is None
    assert charts.with_gap(charts.column(None), 50).gap_y is None


@pytest.mark.parametrize("name", sorted(shapes()))
def test_a_chart_is_drawn_within_five_milliseconds(name: str) -> None:
    """The median of a hundred, coordinates and template together, in processor time: other work does not count."""
    draw = shapes()[name]
    taken = []
    for _ in range(100):
        begin = time.process_time()
        text = draw()
        taken.append(time.process_time() - begin)
    assert "<svg" in text
    assert "style=" not in text
    assert sorted(taken)[50] < BUDGET / 1000
