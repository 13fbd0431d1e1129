"""What the last load changed: before and after, for those who may see exact figures."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from goals import changes
from goals.models.measure import Basis
from goals.readiness import rollup
from hstw.access import Role
from hstw.navigation import current_year
from schools.models import Enrollment, EvidenceCoverage, ImportBatch, Organization
from tests import factories
from tests.factories import World, enrollment, make_world

pytestmark = pytest.mark.django_db
YEAR = int(current_year()) - 1
CODE = "CHRONIC_ABSENCE"


@pytest.fixture
def world() -> World:
    """Ridge: 5 of 40 chronically absent; Valley: 10 of 20. Counted once."""
    made = make_world()
    for kind in ("enrollment", "attendance"):
        EvidenceCoverage.objects.create(organization=made.cahaba, year=YEAR, kind=kind)
    for school, students, absent in ((made.ridge, 40, 5), (made.valley, 20, 10)):
        for n in range(students):
            enrollment(school, YEAR, days_enrolled=100, days_absent=20 if n < absent else 1)
    rollup.roll_up(made.alabama, Basis.YEAR, YEAR)
    return made


def load(organization: Organization, name: str, days_ago: int = 0) -> ImportBatch:
    return ImportBatch.objects.create(
        organization=organization, year=YEAR, kind="attendance", state="applied", source=name,
        applied_at=timezone.now() - dt.timedelta(days_ago),
    )  # fmt: skip


def absent(school: Organization, students: int) -> None:
    """So many more are absent, and it is counted."""
    rows = Enrollment.objects.filter(organization=school, days_absent=1).order_by("pk")[:students]
    Enrollment.objects.filter(pk__in=[row.pk for row in rows]).update(days_absent=30)
    rollup.roll_up(school.in_state, Basis.YEAR, YEAR)


def seen(world: World, where: Organization, role: str = Role.PRINCIPAL, on: Organization | None = None) -> Any:
    return changes.since_last_load(factories.person(role, on or where), where, [YEAR])


def told(found: changes.Changes) -> dict[str, tuple[Any, Any, Any]]:
    return {one.measure.code: (one.before, one.after, one.points) for one in found.moved}


def test_before_after_and_students(world: World) -> None:
    batch = load(world.cahaba, "attendance.csv")
    absent(world.ridge, 3)
    found = seen(world, world.ridge)
    assert told(found) == {CODE: ((5, 40), (8, 40), Decimal("7.5"))}
    assert found.load == batch
    [change] = found.moved
    assert (change.before_text, change.after_text, change.better) == ("12.5 % (5 / 40)", "20.0 % (8 / 40)", False)


def test_who_has_no_exact_figures_is_told_nothing(world: World) -> None:
    load(world.cahaba, "attendance.csv")
    absent(world.ridge, 3)
    assert seen(world, world.ridge, Role.PRINCIPAL, world.valley) is None
    assert seen(world, world.ridge, Role.BOARD_VIEWER) is None
    assert seen(world, world.ridge, Role.SREB_STAFF, world.region) is None


def test_a_correction_after_the_load_counts_with_it(world: World) -> None:
    load(world.cahaba, "attendance.csv")
    absent(world.ridge, 3)
    absent(world.ridge, 1)
    assert told(seen(world, world.ridge)) == {CODE: ((5, 40), (9, 40), Decimal("10.0"))}


def test_the_next_load_begins_anew(world: World) -> None:
    load(world.cahaba, "attendance.csv", 9)
    absent(world.ridge, 3)
    later = load(world.cahaba, "corrected.csv")
    absent(world.ridge, 1)
    found = seen(world, world.ridge)
    assert (told(found), found.load) == ({CODE: ((8, 40), (9, 40), Decimal("2.5"))}, later)


def test_another_districts_load_is_not_ours(world: World) -> None:
    ours = load(world.cahaba, "attendance.csv", 3)
    load(world.tombigbee, "elsewhere.csv")
    absent(world.ridge, 3)
    assert seen(world, world.ridge).load == ours


def test_what_moved_and_came_back_has_not_moved(world: World) -> None:
    load(world.cahaba, "attendance.csv")
    absent(world.ridge, 3)
    rows = Enrollment.objects.filter(organization=world.ridge, days_absent=30)
    rows.update(days_absent=1)
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    assert seen(world, world.ridge) is None


def test_first_figures_are_new_not_moved(world: World) -> None:
    assert seen(world, world.ridge) is None
    absent(world.ridge, 3)
    assert told(seen(world, world.ridge)) == {CODE: ((5, 40), (8, 40), Decimal("7.5"))}
    # A load that changes nothing that was known has nothing to tell.
    load(world.cahaba, "courses.csv")
    assert seen(world, world.ridge) is None


def test_levels_above_move_too(world: World) -> None:
    """Eight of forty and ten of twenty: 15 of 60 before, 18 of 60 after."""
    load(world.cahaba, "attendance.csv")
    absent(world.ridge, 3)
    assert told(seen(world, world.cahaba, Role.DISTRICT_ADMINISTRATOR)) == {CODE: ((15, 60), (18, 60), Decimal("5.0"))}
    assert seen(world, world.valley) is None


def test_the_dashboard_says_it_at_a_constant_cost(world: World, client: Client) -> None:
    load(world.cahaba, "attendance.csv")
    absent(world.ridge, 3)
    client.force_login(factories.person(Role.DISTRICT_ADMINISTRATOR, world.cahaba))
    url = reverse("goals:dashboard", args=["cahaba", YEAR])
    said = " ".join(client.get(url).content.decode().split())
    assert "Changed since the last load" in said
    assert "25.0 % (15 / 60)" in said
    assert "attendance.csv" in said
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for n in range(10):
        enrollment(factories.organization("school", world.cahaba, f"School {n}"), YEAR, days_enrolled=9, days_absent=5)
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) == len(few)


def test_what_authorities_publish_is_no_load_of_evidence(world: World) -> None:
    ours = load(world.cahaba, "attendance.csv", 3)
    absent(world.ridge, 3)
    ImportBatch.objects.filter(pk=load(world.alabama, "grad.csv").pk).update(kind="kentucky-results")
    assert seen(world, world.ridge).load == ours
