"""Releases: what is stored of them, who sees which, and when they change."""

from __future__ import annotations

import json
from decimal import Decimal
from io import StringIO
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import CommandError, call_command

from goals.disclosure import bands, protect, publish
from goals.figures import FigureState, figures
from goals.models import Audience, DisclosureSettings, Measure, MeasureCell, Release, ReleasedCell, StudentGroup
from goals.models.measure import Basis
from goals.readiness import rollup
from hstw.access import Role
from schools.models import EvidenceCoverage, Organization
from tests.factories import World, enrollment, make_world, person

pytestmark = pytest.mark.django_db
YEAR = 2024
MEASURE = "CHRONIC_ABSENCE"


@pytest.fixture
def world() -> World:
    return make_world()


def put(organization: Organization, numerator: int, denominator: int, group: str = "ALL", of: str = MEASURE) -> None:
    MeasureCell.objects.create(
        organization=organization,
        year=YEAR,
        measure=Measure.objects.get(code=of),
        group=StudentGroup.objects.get(code=group),
        numerator=numerator,
        denominator=denominator,
    )


def up(world: World, numerator: int, denominator: int, group: str = "ALL", of: str = MEASURE) -> None:
    """The same at a school, its district and its state."""
    for organization in (world.ridge, world.cahaba, world.alabama):
        put(organization, numerator, denominator, group, of)


def seen(user: Any, organization: Organization, group: str = "ALL", of: str = MEASURE) -> Any:
    return figures(user, [organization], [YEAR], [of], [group])[organization.pk, YEAR, of, group]


@pytest.mark.parametrize(
    ("numerator", "denominator", "state"),
    [
        # Domain, section 4.2: bottom and top codes by band, at and beside their edges.
        (2, 10, "bottom"), (3, 10, "shown"), (8, 10, "top"), (7, 10, "shown"),
        (4, 20, "bottom"), (5, 20, "shown"), (16, 20, "top"), (15, 20, "shown"),
        (2, 21, "bottom"), (3, 21, "shown"), (36, 40, "top"), (35, 40, "shown"),
        (2, 41, "bottom"), (3, 41, "shown"), (95, 100, "top"), (94, 100, "shown"),
        (2, 101, "bottom"), (3, 101, "shown"), (294, 300, "top"), (293, 300, "shown"),
        (3, 301, "bottom"), (4, 301, "shown"), (990, 1000, "top"), (989, 1000, "shown"),
    ],
)  # fmt: skip
def test_rates_near_all_or_none_are_coded_by_the_size_of_the_group(
    numerator: int, denominator: int, state: str
) -> None:
    n, d = np.array([numerator]), np.array([denominator])
    assert (bands.is_bottom(n, d).item(), bands.is_top(n, d).item()) == (state == "bottom", state == "top")


def test_whole_percents_are_rounded_half_up() -> None:
    found = bands.whole_percent(np.array([1, 1, 5, 399]), np.array([8, 40, 200, 1000]))
    assert found.tolist() == [13, 3, 3, 40]


def test_the_network_sees_a_whole_percent_and_the_band_of_the_size(world: World) -> None:
    up(world, 17, 48)
    protect(world.alabama, YEAR)
    figure = seen(person(Role.PRINCIPAL, world.valley), world.ridge)
    assert (figure.state, figure.percent, figure.text) == (FigureState.SHOWN, Decimal(35), "35 %")
    assert (figure.numerator, figure.denominator, figure.exact) == (None, None, False)
    assert figure.size_text == "41–100 students"


def test_few_students_are_hidden_and_so_is_what_would_tell_them(world: World) -> None:
    """Of 48 students 44 are White, 4 are Black: with both sums known, one must not be shown without the other."""
    up(world, 17, 48)
    up(world, 16, 44, "WH")
    up(world, 1, 4, "BL")
    protect(world.alabama, YEAR)
    coordinator = person(Role.SREB_STAFF, world.region)
    assert seen(coordinator, world.ridge, "BL").text == "fewer than 10 students"
    assert seen(coordinator, world.ridge, "WH").text == "withheld to protect another group"
    assert seen(coordinator, world.ridge, "AS").text == "fewer than 10 students"
    assert seen(coordinator, world.ridge).state == FigureState.SHOWN
    own = seen(person(Role.PRINCIPAL, world.ridge), world.ridge, "BL")
    assert (own.numerator, own.denominator, own.exact) == (1, 4, True)


def test_an_exact_all_is_coded(world: World) -> None:
    up(world, 25, 25)
    protect(world.alabama, YEAR)
    figure = seen(person(Role.PRINCIPAL, world.valley), world.ridge)
    assert (figure.state, figure.text, figure.size_text) == (FigureState.TOP, "≥ 90 %", "21–40 students")


def test_a_state_may_want_larger_groups(world: World) -> None:
    DisclosureSettings.objects.create(organization=world.alabama, minimum=30)
    up(world, 7, 25)
    protect(world.alabama, YEAR)
    assert seen(person(Role.PRINCIPAL, world.valley), world.ridge).text == "fewer than 30 students"


def test_the_public_sees_what_was_published_and_not_what_came_later(world: World) -> None:
    up(world, 17, 48)
    protect(world.alabama, YEAR)
    nobody = AnonymousUser()
    assert seen(nobody, world.ridge).state == FigureState.NOT_REPORTED
    by = person(Role.STATE_COORDINATOR, world.alabama)
    release = publish(world.alabama, YEAR, by)
    assert (release.audience, release.by) == (Audience.PUBLIC, by)
    assert release.published_at is not None
    assert seen(nobody, world.ridge).text == "35 %"
    MeasureCell.objects.update(numerator=30)
    protect(world.alabama, YEAR)
    assert seen(nobody, world.ridge).text == "35 %"
    assert seen(person(Role.PRINCIPAL, world.valley), world.ridge).text == "63 %"


def test_a_release_of_one_basis_leaves_the_others(world: World) -> None:
    up(world, 17, 48)
    up(world, 20, 48, of="ACGR4")
    protect(world.alabama, YEAR)
    MeasureCell.objects.update(numerator=30)
    protect(world.alabama, YEAR, basis=Basis.YEAR)
    user = person(Role.PRINCIPAL, world.valley)
    assert seen(user, world.ridge).text == "63 %"
    assert seen(user, world.ridge, of="ACGR4").text == "42 %"
    assert Release.objects.count() == 1


def test_events_are_not_told_for_nobody_knows_how_many_students_they_are_of(world: World) -> None:
    up(world, 17, 48, of="CREDENTIALS_TALLY")
    protect(world.alabama, YEAR)
    assert seen(person(Role.PRINCIPAL, world.valley), world.ridge, of="CREDENTIALS_TALLY").state == (
        FigureState.COMPLEMENTARY
    )


def test_measures_of_the_same_students_hide_the_same_sizes(world: World) -> None:
    """Four Black graduates, and their denominator is that of six measures: none may tell it."""
    for measure in ("READY_ACADEMIC", "READY_CAREER", "READY_BOTH", "READY_EITHER", "CREDENTIAL_EARNED"):
        met = {"READY_BOTH": 5, "READY_EITHER": 25}.get(measure, 15)
        up(world, met, 48, of=measure)
        up(world, met - (measure == "READY_EITHER"), 44, "WH", of=measure)
        if measure in {"READY_EITHER"}:
            up(world, 1, 4, "BL", of=measure)
        else:
            up(world, 0, 4, "BL", of=measure)
    MeasureCell.objects.filter(measure__code="READY_CAREER", group__code="BL").update(numerator=1)
    MeasureCell.objects.filter(measure__code="READY_CAREER", group__code="WH").update(numerator=14)
    protect(world.alabama, YEAR)
    hidden = ReleasedCell.objects.filter(group__code__in=["WH", "BL"])
    assert set(hidden.values_list("state", flat=True)) == {"small", "complementary"}


def test_a_rollup_releases_to_the_network(world: World) -> None:
    for kind in ("enrollment", "attendance"):
        EvidenceCoverage.objects.create(organization=world.cahaba, year=YEAR, kind=kind)
    for number in range(12):
        enrollment(world.ridge, YEAR, days_enrolled=180, days_absent=40 if number < 5 else 2)
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    assert seen(person(Role.PRINCIPAL, world.valley), world.ridge).text == "42 %"
    made = Release.objects.get(organization=world.alabama).made_at
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    assert Release.objects.get(organization=world.alabama).made_at == made


def run(*options: str) -> str:
    out = StringIO()
    call_command("measures", "--organization", "ridge", "--year", str(YEAR), *options, stdout=out)
    return out.getvalue()


def test_the_command_prints_what_each_audience_sees(world: World) -> None:
    up(world, 17, 48)
    publish(world.alabama, YEAR, None)
    [public] = json.loads(run("--measure", MEASURE, "--group", "ALL", "--as", "public", "--json"))["figures"]
    assert public == {
        "measure": MEASURE, "group": "ALL", "state": "shown", "percent": 35.0, "text": "35 %",
        "size": "41–100 students",
    }  # fmt: skip
    [own] = json.loads(run("--measure", MEASURE, "--group", "ALL", "--as", "own", "--json"))["figures"]
    assert (own["numerator"], own["denominator"], own["percent"], own["do_not_share"]) == (17, 48, 35.4, True)
    assert "Enrollment" in run("--measure", "ON_TRACK_9", "--group", "ALL")
    assert len(run().splitlines()) > 300


@pytest.mark.parametrize("options", [["--measure", "NONE"], ["--group", "NONE"]])
def test_the_command_says_what_it_does_not_know(world: World, options: list[str]) -> None:
    with pytest.raises(CommandError, match="NONE"):
        run(*options)
