"""What a person gets to see of a figure, and the words for what there is not."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from goals.figures import FigureState, figures, rounded
from goals.models import Measure, MeasureCell, StudentGroup
from hstw.access import Role
from schools.models import EvidenceCoverage, Organization
from tests.factories import World, make_world, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_summer")]
YEAR = 2024


@pytest.fixture
def _summer():
    with time_machine.travel(dt.datetime(2024, 8, 20, 12, tzinfo=dt.UTC), tick=False):
        yield


@pytest.fixture
def world() -> World:
    return make_world()


def put(organization: Organization, measure: str, numerator: int, denominator: int, group: str = "ALL") -> None:
    MeasureCell.objects.create(
        organization=organization,
        year=YEAR,
        measure=Measure.objects.get(code=measure),
        group=StudentGroup.objects.get(code=group),
        numerator=numerator,
        denominator=denominator,
    )


def cover(organization: Organization, *kinds: str) -> None:
    for kind in kinds:
        EvidenceCoverage.objects.create(organization=organization, year=YEAR, kind=kind)


@pytest.mark.parametrize(
    ("numerator", "denominator", "percent"),
    [(1, 8, "12.5"), (1, 16, "6.3"), (1, 3, "33.3"), (2, 3, "66.7"), (1, 2000, "0.1"), (7, 7, "100.0")],
)
def test_rates_are_rounded_half_up(numerator: int, denominator: int, percent: str) -> None:
    assert rounded(numerator, denominator) == Decimal(percent)


def test_a_principal_sees_the_exact_figure_of_the_own_school_alone(world: World) -> None:
    put(world.ridge, "CHRONIC_ABSENCE", 1, 16)
    put(world.valley, "CHRONIC_ABSENCE", 3, 40)
    seen = figures(person(Role.PRINCIPAL, world.ridge), [world.ridge, world.valley], [YEAR], ["CHRONIC_ABSENCE"])
    own = seen[world.ridge.pk, YEAR, "CHRONIC_ABSENCE", "ALL"]
    assert (own.numerator, own.denominator, own.percent, own.exact) == (1, 16, Decimal("6.3"), True)
    assert own.text == "6.3 %"
    assert own.size_text == "16 students"
    other = seen[world.valley.pk, YEAR, "CHRONIC_ABSENCE", "ALL"]
    assert (other.numerator, other.denominator, other.percent, other.exact) == (None, None, None, False)


@pytest.mark.parametrize("role", [None, Role.SREB_STAFF, Role.BOARD_VIEWER, Role.SYSTEM_ADMINISTRATOR])
def test_nobody_else_gets_a_count(world: World, role: str | None) -> None:
    put(world.ridge, "CHRONIC_ABSENCE", 1, 16)
    user = AnonymousUser() if role is None else person(role, world.alabama)
    [figure] = figures(user, [world.ridge], [YEAR], ["CHRONIC_ABSENCE"]).values()
    assert (figure.numerator, figure.denominator, figure.percent) == (None, None, None)


def test_what_is_not_loaded_is_named(world: World) -> None:
    cover(world.cahaba, "enrollment")
    principal = person(Role.PRINCIPAL, world.ridge)
    [figure] = figures(principal, [world.ridge], [YEAR], ["CHRONIC_ABSENCE"]).values()
    assert figure.state == FigureState.NOT_REPORTED
    assert figure.missing == ("Attendance",)
    assert figure.text == "not reported"


def test_where_all_is_loaded_and_nobody_counts_it_does_not_apply(world: World) -> None:
    cover(world.cahaba, "enrollment", "attendance")
    principal = person(Role.PRINCIPAL, world.ridge)
    [figure] = figures(principal, [world.ridge], [YEAR], ["CHRONIC_ABSENCE"]).values()
    assert figure.state == FigureState.NOT_APPLICABLE
    assert figure.text == "does not apply"


def test_a_district_is_covered_where_a_school_is_and_a_school_not_by_its_neighbor(world: World) -> None:
    cover(world.valley, "enrollment", "attendance")
    user = person(Role.DISTRICT_ADMINISTRATOR, world.cahaba)
    seen = figures(user, [world.cahaba, world.valley, world.ridge], [YEAR], ["CHRONIC_ABSENCE"])
    assert [figure.state for figure in seen.values()] == [
        FigureState.NOT_APPLICABLE,
        FigureState.NOT_APPLICABLE,
        FigureState.NOT_REPORTED,
    ]


def test_what_cannot_be_known_yet_says_from_when(world: World) -> None:
    cover(world.ridge, "enrollment", "diplomas")
    user = person(Role.PRINCIPAL, world.ridge)
    seen = figures(user, [world.ridge], [YEAR], ["ACGR4", "ACGR5"])
    assert seen[world.ridge.pk, YEAR, "ACGR4", "ALL"].state == FigureState.NOT_APPLICABLE
    five = seen[world.ridge.pk, YEAR, "ACGR5", "ALL"]
    assert (five.state, five.due) == (FigureState.NOT_REPORTED, dt.date(2025, 7, 1))
    assert five.text == "not reported before July 1, 2025"


def test_groups_are_not_reported_where_no_file_said_them(world: World) -> None:
    cover(world.ridge, "enrollment", "attendance")
    put(world.ridge, "CHRONIC_ABSENCE", 1, 16)
    user = person(Role.PRINCIPAL, world.ridge)
    seen = figures(user, [world.ridge], [YEAR], ["CHRONIC_ABSENCE"], ["ALL", "AM", "WH"])
    assert seen[world.ridge.pk, YEAR, "CHRONIC_ABSENCE", "AM"].missing == ("Student groups",)
    put(world.ridge, "CHRONIC_ABSENCE", 1, 16, "WH")
    seen = figures(user, [world.ridge], [YEAR], ["CHRONIC_ABSENCE"], ["ALL", "AM"])
    assert seen[world.ridge.pk, YEAR, "CHRONIC_ABSENCE", "AM"].state == FigureState.NOT_APPLICABLE


def test_another_states_measure_does_not_apply(world: World) -> None:
    user = person(Role.PRINCIPAL, world.ridge)
    [figure] = figures(user, [world.ridge], [YEAR], ["GA_HOPE_ELIGIBLE"]).values()
    assert figure.state == FigureState.NOT_APPLICABLE


def test_the_number_of_queries_does_not_grow(world: World) -> None:
    put(world.ridge, "CHRONIC_ABSENCE", 1, 16)
    user = person(Role.PRINCIPAL, world.ridge)
    user.grants()
    with CaptureQueriesContext(
        connection,
    ) as few:
        figures(user, [world.ridge, world.valley], [YEAR], ["CHRONIC_ABSENCE"])
    with CaptureQueriesContext(connection) as many:
        everything = list(Organization.objects.filter(path__startswith=world.alabama.path))
        seen = figures(user, everything, range(2018, 2025), None, ["ALL", "AM", "WH", "F", "EL"])
    assert len(many) - 1 == len(few)
    assert len(seen) > 3000
