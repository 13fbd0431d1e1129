"""What stands beside a table: regions, published results, cooperatives, means, insiders, and earlier publications."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import AnonymousUser

from goals.disclosure import history, make, nested, protect, protect_region, publish
from goals.disclosure.region import harmless
from goals.figures import FigureState, figures
from goals.models import (
    DisclosureSettings,
    Measure,
    MeasureCell,
    Release,
    ReleasedCell,
    ReleasedTable,
    ReportedResult,
    StudentGroup,
)
from goals.models.measure import Basis
from hstw.access import Role
from schools.models import CooperativeMember, Organization
from schools.models.organization import Kind
from tests import factories
from tests.factories import World, make_world, person

pytestmark = pytest.mark.django_db
YEAR = 2024
MEASURE = "CHRONIC_ABSENCE"


@pytest.fixture
def world() -> World:
    return make_world()


def put(numerator: int, denominator: int, *places: Organization, group: str = "ALL", of: str = MEASURE) -> None:
    for place in places:
        MeasureCell.objects.update_or_create(
            organization=place,
            year=YEAR,
            measure=Measure.objects.get(code=of),
            group=StudentGroup.objects.get(code=group),
            defaults={"numerator": numerator, "denominator": denominator},
        )


def seen(user: Any, place: Organization, group: str = "ALL", of: str = MEASURE) -> Any:
    return figures(user, [place], [YEAR], [of], [group])[place.pk, YEAR, of, group]


def hidden(user: Any, place: Organization, group: str = "ALL") -> bool:
    return seen(user, place, group).state in {FigureState.SMALL, FigureState.COMPLEMENTARY}


# --- the region ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("numerator", "denominator", "told"),
    [
        # 5018 of 10002 are 50.17 %, 5022 of 9998 are 50.23 %: 50 % in any case.
        (5020, 10_000, True),
        # 5050 are 50.5 %, which is 51 %; 5049 would be 50 %.
        (5050, 10_000, False),
        # 98 of 402 are 24.4 %, 102 of 398 are 25.6 %: 24, 25 or 26 %.
        (100, 400, False),
        # Coded to 1 % from 301 on: 3 of 398 still is, 4 of 398 (1.005 %) is not.
        (1, 400, True),
        (2, 400, False),
        # 9948 of 10002 are 99.46 %: at or above 99 %. 9898 of 10002 are 98.96 %: 99 %, but not coded.
        (9950, 10_000, True),
        (9900, 10_000, False),
        # One of 302 could be one of 300, where the code is another; one of 303 is at least one of 301.
        (1, 302, False),
        (1, 303, True),
        # Of up to a hundred, the size is known to the last student.
        (0, 102, False),
    ],
)
def test_a_figure_of_the_region_stays_what_it_is_under_small_changes(
    numerator: int, denominator: int, told: bool
) -> None:
    assert harmless(np.array([numerator]), np.array([denominator]), 3).tolist() == [told]


def test_the_region_tells_only_what_small_changes_would_not_show(world: World) -> None:
    put(5020, 10_000, world.region)
    put(5050, 10_000, world.region, group="WH")
    put(1, 4, world.region, group="BL")
    _release, written = protect_region(world.region, YEAR)
    assert written == 3
    reader = person(Role.PRINCIPAL, world.ridge)
    figure = seen(reader, world.region)
    assert (figure.text, figure.size_text) == ("50 %", "more than 300 students")
    assert seen(reader, world.region, "WH").state == FigureState.COMPLEMENTARY
    assert seen(reader, world.region, "BL").state == FigureState.SMALL


# --- published results -----------------------------------------------------------------------------------------------
def report(place: Organization, group: str = "ALL", **facts: Any) -> None:
    ReportedResult.objects.create(
        organization=place,
        year=YEAR,
        measure=Measure.objects.get(code=MEASURE),
        group=StudentGroup.objects.get(code=group),
        publisher="ALSDE",
        **facts,
    )


def race(world: World) -> None:
    """48 students, of whom 44 are White and 4 are Black."""
    places = world.ridge, world.cahaba, world.alabama
    put(17, 48, *places)
    put(16, 44, *places, group="WH")
    put(1, 4, *places, group="BL")


def test_what_an_authority_published_of_a_small_group_is_no_secret(world: World) -> None:
    race(world)
    for place in (world.ridge, world.cahaba, world.alabama):
        report(place, "BL", numerator=1, denominator=4, value="25.0")
    protect(world.alabama, YEAR)
    reader = person(Role.PRINCIPAL, world.harbor)
    assert hidden(reader, world.ridge, "BL")
    assert seen(reader, world.ridge, "WH").text == "36 %"


def test_what_an_authority_counted_otherwise_tells_nothing(world: World) -> None:
    race(world)
    for place in (world.ridge, world.cahaba, world.alabama):
        report(place, "BL", numerator=2, denominator=4, value="50.0")
    protect(world.alabama, YEAR)
    assert hidden(person(Role.PRINCIPAL, world.harbor), world.ridge, "WH")


def test_what_an_authority_masked_is_withheld_here(world: World) -> None:
    put(17, 48, world.ridge)
    put(20, 60, world.valley)
    put(37, 108, world.cahaba, world.alabama)
    report(world.ridge, mask="suppressed")
    protect(world.alabama, YEAR)
    reader = person(Role.PRINCIPAL, world.harbor)
    assert seen(reader, world.ridge).state == FigureState.COMPLEMENTARY
    assert not hidden(reader, world.cahaba)


# --- cooperatives ----------------------------------------------------------------------------------------------------
def test_a_cooperative_does_not_tell_its_small_member(world: World) -> None:
    """Cahaba of 48 and Tombigbee of 4 are all of the cooperative's 52; the state has 60 more elsewhere."""
    elsewhere = factories.organization(Kind.DISTRICT, world.alabama, "Elsewhere")
    put(17, 48, world.cahaba, world.ridge)
    put(1, 4, world.tombigbee, world.harbor)
    put(30, 60, elsewhere)
    put(48, 112, world.alabama)
    put(18, 52, world.cooperative)
    for member in (world.cahaba, world.tombigbee):
        CooperativeMember.objects.create(cooperative=world.cooperative, member=member, starts=dt.date(2020, 7, 1))
    protect(world.alabama, YEAR)
    reader = person(Role.PRINCIPAL, world.derby)
    assert hidden(reader, world.tombigbee)
    assert hidden(reader, world.cooperative) or hidden(reader, world.cahaba)
    CooperativeMember.objects.all().delete()
    MeasureCell.objects.filter(organization=world.cooperative).delete()
    protect(world.alabama, YEAR)
    assert not hidden(reader, world.cahaba)


# --- means -----------------------------------------------------------------------------------------------------------
def test_a_mean_of_few_is_withheld_and_others_are_whole_points(world: World) -> None:
    """250 points of 12 students are 20.8; five more students in another district."""
    of = "ACT_COMPOSITE_11"
    put(250, 12, world.ridge, world.cahaba, of=of)
    put(90, 5, world.harbor, world.tombigbee, of=of)
    protect(world.alabama, YEAR)
    reader = person(Role.PRINCIPAL, world.derby)
    assert seen(reader, world.harbor, of=of).text == "fewer than 10 students"
    told = seen(reader, world.ridge, of=of)
    assert (told.text, told.numerator, told.size_text) == ("21 points", None, "10–20 students")


# --- insiders --------------------------------------------------------------------------------------------------------
def test_a_total_is_told_to_others_than_those_who_could_take_their_own_from_it(world: World) -> None:
    """Schools of 4, 5 and 60 in a district of 69: the principal of the first could take it from 69 - 60."""
    third = factories.organization(Kind.SCHOOL, world.cahaba, "Third")
    for place, numerator, denominator in (
        (world.ridge, 1, 4), (world.valley, 2, 5), (third, 27, 60), (world.cahaba, 30, 69),
        (world.harbor, 40, 100), (world.tombigbee, 40, 100), (world.alabama, 70, 169),
    ):  # fmt: skip
        put(numerator, denominator, place)
    protect(world.alabama, YEAR)
    outsider, insider = person(Role.PRINCIPAL, world.harbor), person(Role.PRINCIPAL, world.ridge)
    assert seen(outsider, world.cahaba).text == "43 %"
    assert seen(insider, world.cahaba).text == "withheld to protect another group"
    assert seen(insider, third).text == "45 %"
    assert seen(person(Role.DISTRICT_ADMINISTRATOR, world.cahaba), world.cahaba).numerator == 30


# --- publications ----------------------------------------------------------------------------------------------------
@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Any:
    def day(text: str) -> None:
        monkeypatch.setattr(history, "today", lambda: dt.date.fromisoformat(text).toordinal())

    return day


def test_a_publication_keeps_a_figure_of_which_few_students_changed(world: World, on: Any) -> None:
    """48 with 17 are 35 %. One more with it would be 37 %; ten more with three are 34 %."""
    places, nobody = (world.ridge, world.cahaba, world.alabama), AnonymousUser()
    on("2024-09-01")
    put(17, 48, *places)
    publish(world.alabama, YEAR, None)
    assert (seen(nobody, world.ridge).text, seen(nobody, world.ridge).since) == ("35 %", None)
    on("2024-10-01")
    publish(world.alabama, YEAR, None)
    assert seen(nobody, world.ridge).text == "35 %"
    on("2024-11-01")
    put(18, 49, *places)
    publish(world.alabama, YEAR, None)
    assert seen(nobody, world.ridge).text == "35 %"
    assert seen(nobody, world.ridge).since is not None
    on("2024-12-01")
    put(20, 58, *places)
    publish(world.alabama, YEAR, None)
    assert (seen(nobody, world.ridge).text, seen(nobody, world.ridge).since) == ("34 %", None)


@pytest.mark.parametrize(("students", "dropouts"), [(48, "6 %"), (49, "withheld to protect another group")])
def test_a_measure_that_came_later_is_told_where_it_tells_no_difference(
    world: World, students: int, dropouts: str
) -> None:
    """3 of 48 dropped out, 6 %; of 49 it would be told beside the figure of 48 that stands."""
    places, nobody = (world.ridge, world.cahaba, world.alabama), AnonymousUser()
    put(17, 48, *places, of="ADVANCED_COURSES")
    publish(world.alabama, YEAR, None)
    put(17, students, *places, of="ADVANCED_COURSES")
    put(3, students, *places, of="DROPOUT_RATE")
    publish(world.alabama, YEAR, None)
    assert seen(nobody, world.ridge, of="ADVANCED_COURSES").text == "35 %"
    assert seen(nobody, world.ridge, of="DROPOUT_RATE").text == dropouts
    [table] = ReleasedTable.objects.all()
    assert set(table.name.split()) == {"ADVANCED_COURSES", "DROPOUT_RATE"}


# --- what need not be made anew --------------------------------------------------------------------------------------
def test_only_tables_whose_counts_changed_are_made_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    places, reader = (world.ridge, world.cahaba, world.alabama), person(Role.PRINCIPAL, world.harbor)
    put(17, 48, *places)
    put(20, 48, *places, of="ON_TRACK_9")
    put(20, 48, *places, of="ACGR4")
    protect(world.alabama, YEAR)
    made: list[int] = []
    solve = make.solve_together
    monkeypatch.setattr(make, "solve_together", lambda alike, *rest: made.append(len(alike)) or solve(alike, *rest))
    protect(world.alabama, YEAR)
    assert made == []
    put(30, 48, *places)
    protect(world.alabama, YEAR, basis=Basis.YEAR)
    assert made == [1]
    assert [seen(reader, world.ridge, of=of).text for of in (MEASURE, "ON_TRACK_9", "ACGR4")] == [
        "63 %", "42 %", "42 %",
    ]  # fmt: skip
    MeasureCell.objects.filter(measure__code="ON_TRACK_9").delete()
    protect(world.alabama, YEAR, basis=Basis.YEAR)
    assert made == [1]
    codes = ReleasedCell.objects.values_list("measure__code", flat=True)
    assert set(codes) == {MEASURE, "ACGR4"} == set(Release.objects.get().marks)


def test_other_settings_make_every_table_anew(world: World) -> None:
    put(7, 25, world.ridge, world.cahaba, world.alabama)
    protect(world.alabama, YEAR)
    reader = person(Role.PRINCIPAL, world.harbor)
    assert seen(reader, world.ridge).text == "28 %"
    DisclosureSettings.objects.create(organization=world.alabama, minimum=30)
    protect(world.alabama, YEAR)
    assert seen(reader, world.ridge).text == "fewer than 30 students"


def test_nothing_is_told_of_nested_populations_of_large_states(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """30 of 50 took an exam, 16 of them passed: looked at as one both are told."""
    places, reader = (world.ridge, world.cahaba, world.alabama), person(Role.PRINCIPAL, world.harbor)
    put(30, 50, *places, of="AP_TAKEN")
    put(16, 30, *places, of="AP_SUCCESS")
    protect(world.alabama, YEAR)
    assert [seen(reader, world.ridge, of=of).text for of in ("AP_TAKEN", "AP_SUCCESS")] == ["60 %", "53 %"]
    monkeypatch.setattr(nested, "UP_TO", 2)
    Release.objects.update(marks={})
    protect(world.alabama, YEAR)
    assert seen(reader, world.ridge, of="AP_TAKEN").text == "60 %"
    assert seen(reader, world.ridge, of="AP_SUCCESS").state == FigureState.COMPLEMENTARY
