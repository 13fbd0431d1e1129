"""When numbers are made anew, by beat, by command and by hand."""

from __future__ import annotations

import datetime as dt
import time
from io import StringIO
from typing import Any

import pytest
from celery.contrib.testing.worker import start_worker
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from goals import runs
from goals.models import MeasureCell, RollupRun, StalePair
from goals.models.measure import Basis
from goals.readiness import rollup
from hstw.access import Role
from hstw.celery import app
from schools.models import EvidenceChange, EvidenceCoverage
from tests import factories
from tests.factories import World, enrollment, make_world

pytestmark = pytest.mark.django_db
YEAR = 2024


@pytest.fixture
def world() -> World:
    return make_world()


def loaded(world: World) -> int:
    """One chronically absent student; the student's key."""
    for kind in ("enrollment", "attendance"):
        EvidenceCoverage.objects.create(organization=world.ridge, year=YEAR, kind=kind)
    return enrollment(world.ridge, YEAR, days_enrolled=100, days_absent=10).student_id


def cells() -> int:
    return MeasureCell.objects.filter(measure__code="CHRONIC_ABSENCE", group__code="ALL").count()


def test_what_is_marked_is_counted_once(world: World) -> None:
    who = loaded(world)
    rollup.mark([(world.ridge.pk, who, YEAR)])
    runs.sweep()
    assert cells() == 4  # school, district, state, region
    assert not StalePair.objects.exists()
    run = RollupRun.objects.get()
    assert (run.state, run.reason, run.scope) == ("done", "changed evidence", "Alabama")
    assert run.took
    runs.sweep()
    assert RollupRun.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_committed_evidence_is_counted_by_the_worker(world: World) -> None:
    who = loaded(world)
    EvidenceChange.objects.create(organization=world.ridge, student_id=who, year=YEAR, kind="attendance")
    app.control.purge()
    with start_worker(app, pool="solo", perform_ping_check=False, queues=["bulk"], shutdown_timeout=20):
        app.send_task("goals.tasks.count_changed", queue="bulk")
        deadline = time.monotonic() + 15
        while cells() < 4 and time.monotonic() < deadline:
            time.sleep(0.05)
    assert cells() == 4


def test_a_failure_waits_before_it_is_tried_again(world: World, monkeypatch: Any, client: Client) -> None:
    who = loaded(world)
    rollup.mark([(world.ridge.pk, who, YEAR)])
    counted = rollup.roll_up

    def failing(*about: Any, **more: Any) -> Any:
        raise OSError("disk full")

    monkeypatch.setattr(rollup, "roll_up", failing)
    run = runs.sweep()
    assert run is not None
    assert (run.state, run.pairs) == ("failed", 0)
    assert "disk full" in run.error
    assert StalePair.objects.get(basis="year").marked_at > timezone.now()
    monkeypatch.setattr(rollup, "roll_up", counted)
    assert runs.sweep() is None

    client.force_login(factories.person(Role.SYSTEM_ADMINISTRATOR, world.region))
    page = client.get(reverse("goals:rollups"))
    assert "disk full" in page.content.decode()
    client.post(reverse("goals:rollup_again", args=[run.pk]))
    assert runs.sweep() is not None
    assert cells() == 4


def test_new_evidence_does_not_wait_for_a_failure(world: World) -> None:
    who = loaded(world)
    StalePair.objects.create(
        organization=world.alabama, basis="year", year=YEAR, marked_at=timezone.now() + dt.timedelta(minutes=9)
    )
    rollup.mark([(world.ridge.pk, who, YEAR)])
    assert runs.sweep() is not None


def test_what_was_counted_by_another_is_passed_over(world: World) -> None:
    loaded(world)
    run = rollup.run([(world.alabama, Basis.YEAR, YEAR)], reason="test", only_stale=True)
    assert (run.state, run.pairs) == ("done", 0)
    assert cells() == 0


def test_a_run_without_a_worker_is_ended(world: World) -> None:
    lost = RollupRun.objects.create(reason="test", started_at=timezone.now() - dt.timedelta(hours=7))
    here = RollupRun.objects.create(reason="test")
    runs.sweep()
    lost.refresh_from_db()
    here.refresh_from_db()
    assert (lost.state, here.state) == ("failed", "running")


def test_when_a_school_year_ends_its_numbers_become_known() -> None:
    assert runs.newly_known(dt.date(2026, 6, 30)) == set()
    known = runs.newly_known(dt.date(2026, 7, 1))
    # On track and the four-year rate of the year, five- and six-year rates of the two before, enrollment of the last,
    # and credentials by age 25 of the class of seven years before.
    assert known == {
        (Basis.YEAR, 2026),
        (Basis.CLASS, 2026),
        (Basis.CLASS, 2025),
        (Basis.CLASS, 2019),
        (Basis.CLASS, 2024),
        (Basis.LEAVER, 2026),
        (Basis.LEAVER, 2025),
        (Basis.SENIOR, 2026),
    }
    assert runs.newly_known(dt.date(2026, 7, 4)) == known
    assert runs.newly_known(dt.date(2026, 7, 5)) == set()


def said(*options: str) -> str:
    out = StringIO()
    call_command("rollup", *options, stdout=out)
    return out.getvalue()


def test_the_command_counts_everything_with_progress(world: World) -> None:
    loaded(world)
    text = said("--all")
    assert "Alabama, year 2024: 1 records" in text
    assert cells() == 4
    assert said("--stale") == "Nothing has changed.\n"


def test_the_command_counts_an_organization_of_one_year(world: World) -> None:
    loaded(world)
    assert said("--organization", "ridge", "--year", "2024").count("Alabama") == 3
    assert cells() == 4


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--year", "2024"], "belongs to"),
        (["--organization", "nowhere"], "No organization"),
        (["--organization", "derby"], "no evidence"),
    ],
)
def test_the_command_says_what_is_wrong(options: list[str], why: str, world: World) -> None:
    with pytest.raises(CommandError, match=why):
        said(*options)
