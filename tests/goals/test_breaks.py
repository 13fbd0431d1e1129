"""Where a trend breaks, in the data, in the picture and in its sentence."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from goals import board
from goals.figures import Figure, FigureState
from goals.models import Measure, RuleSet
from goals.models.measure import Basis
from goals.readiness import rollup
from goals.readiness.breaks import breaks
from hstw.access import Role
from tests import factories
from tests.factories import make_world
from tests.goals.evidence import ap, covered, cte, senior

pytestmark = pytest.mark.django_db


def of(code: str, state: str, *years: int) -> dict[int, str]:
    return breaks(Measure.objects.get(code=code), state, years)


def test_a_line_breaks_where_the_rule_in_force_is_another_one() -> None:
    assert of("STATE_READY_EITHER_COHORT", "AL", 2023, 2024, 2025, 2026) == {2026: "Definition changed in 2025–26"}
    assert of("STATE_READY_ACADEMIC_SENIORS", "KY", *range(2020, 2026)) == {2023: "Definition changed in 2022–23"}
    assert set(of("STATE_READY_EITHER_GRADUATES", "TX", *range(2022, 2028))) == {2025, 2026}


def test_no_break_where_nothing_changed() -> None:
    assert of("READY_EITHER", "AL", *range(2020, 2028)) == {}
    assert of("ACGR4", "AL", *range(2020, 2028)) == {}
    assert of("STATE_READY_EITHER_ON_TIME", "TN", *range(2020, 2028)) == {}
    # The other denominators never held in Alabama.
    assert of("STATE_READY_EITHER_GRADUATES", "AL", *range(2020, 2028)) == {}
    # One year before the break, and none after it.
    assert of("STATE_READY_EITHER_COHORT", "AL", 2024, 2025) == {}


def test_a_break_between_years_that_are_not_shown_is_told_at_the_next() -> None:
    assert of("STATE_READY_EITHER_COHORT", "AL", 2024, 2028) == {2028: "Definition changed in 2027–28"}


def test_a_line_breaks_with_a_new_default_and_with_a_new_test() -> None:
    row = RuleSet.objects.get(code="sreb-default")
    row.pk, row.code, row.first_year = None, "sreb-default-2", 2025
    row.save()
    assert set(of("READY_EITHER", "AL", 2023, 2024, 2025)) == {2025}
    assert of("PROFICIENT_MATH", "TX", 2022, 2023) == {2023: "The test changed in 2022–23 (STAAR redesigned)"}
    assert of("PROFICIENT_MATH", "GA", 2022, 2023) == {}


def test_a_line_breaks_where_the_measure_itself_begins_or_ends() -> None:
    Measure.objects.filter(code="ACGR4").update(first_year=2022, last_year=2024)
    assert set(of("ACGR4", "AL", *range(2020, 2028))) == {2022, 2025}


def series(*percents: float | None) -> list[Figure]:
    """Figures of 2021 and the years after."""
    return [
        Figure(1, 2021 + place, "M", "ALL", FigureState.NOT_REPORTED)
        if percent is None
        else Figure(1, 2021 + place, "M", "ALL", FigureState.SHOWN, percent=Decimal(str(percent)))
        for place, percent in enumerate(percents)
    ]


CHANGED = {2024: "Definition changed in 2023–24"}
NOT_COMPARABLE = "Definition changed in 2023–24: years before and after are not comparable."


@pytest.mark.parametrize(
    ("percents", "sentence"),
    [
        # Without the break this would be “Up from 40 % in 2020–21 to 71 % in 2024–25”.
        ((40, 42, 41, 68, 71), f"Up from 68 % in 2023–24 to 71 % in 2024–25. {NOT_COMPARABLE}"),
        ((40, 42, 41, 68), f"68 % in 2023–24; no other year can be compared. {NOT_COMPARABLE}"),
        ((40, 42, 41, None), "Steady"),
        ((None, None, None, 68, 60), "Down from 68 % in 2023–24 to 60 % in 2024–25."),
    ],
)
def test_the_sentence_never_compares_across_a_break(percents: tuple[float | None, ...], sentence: str) -> None:
    said = board.trend_sentence(series(*percents), CHANGED)
    if sentence == "Steady":
        assert said == "Up from 40 % in 2020–21 to 41 % in 2022–23."
    else:
        assert said == sentence


def test_the_page_draws_the_break_says_it_and_compares_no_year_across_it(client: Client) -> None:
    """Alabama: 1 of 2 by six indicators in 2024-25, 2 of 2 by ten in 2025-26; the completer is ready only by those."""
    world = make_world()
    covered(world.alabama, 2025, 2026)
    for year in (2025, 2026):
        senior(world.ridge, year, ap(3))
        senior(world.ridge, year, cte(3))
        rollup.roll_up(world.alabama, Basis.CLASS, year)
    client.force_login(factories.person(Role.PRINCIPAL, world.ridge))
    code = "STATE_READY_EITHER_COHORT"
    page = client.get(reverse("goals:measure", args=["ridge", 2026, code]))
    said = " ".join(page.content.decode().split())
    row = page.context["row"]
    assert (row.shown.text, row.change, row.before) == ("100.0 %", None, None)
    assert [(one.label, one.x) for one in row.trend.breaks] == [("Definition changed in 2025–26", 327.5)]
    assert row.trend.lines == []
    assert 'class="trend-break"' in said
    assert "Definition changed in 2025–26: years before and after are not comparable." in said
    # The number explains itself: by which rule, over whom, and what of it cannot be told.
    assert "Alabama college and career readiness, ten indicators" in said
    assert "The adjusted cohort of first-time ninth-graders, graduated or not" in said
    assert "Any other indicator that the State Board approves" in said
    assert "not checked against a published source" in said
    dashboard = client.get(reverse("goals:dashboard", args=["ridge", 2026])).context["board"]
    assert dashboard.rows[code].sentence == row.sentence
    assert [one.measure.code for key, _name, rows in dashboard.areas if key == "by-the-state" for one in rows] == [
        code, "STATE_READY_NEITHER_COHORT",
    ]  # fmt: skip
    assert not [one for one in dashboard.not_applicable if one.measure.code.startswith("STATE_READY")]
