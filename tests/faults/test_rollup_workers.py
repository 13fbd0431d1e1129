"""Rollups and what befalls them: killed workers, two at once, evidence that changes meanwhile, readers in between."""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
from typing import Any

import pytest
from celery import current_app
from django.db import connection, transaction

from goals import runs
from goals.models import MeasureCell, ReadinessRecord, ReleasedCell, RollupRun, StalePair
from goals.models.measure import Basis
from goals.readiness import rollup
from schools.models import CooperativeMember, Enrollment, EvidenceChange, EvidenceCoverage, Organization
from schools.models.organization import Kind
from tests.factories import World, enrollment
from tests.faults.processes import Beside, elsewhere, eventually, waits, worker

YEARS = (2023, 2024)
Cells = dict[tuple[str, int], tuple[int, int]]


@pytest.fixture
def counted(world: World) -> World:
    """Two years of attendance in two schools, counted: 4 of 10 and 2 of 10 chronically absent."""
    for year in YEARS:
        for kind in ("enrollment", "attendance"):
            EvidenceCoverage.objects.create(organization=world.cahaba, year=year, kind=kind)
        for school, absent in ((world.ridge, 4), (world.valley, 2)):
            for n in range(10):
                enrollment(school, year, days_enrolled=100, days_absent=20 if n < absent else 0)
    rollup.run(runs.everything(), reason="by command")
    return world


def shown() -> Cells:
    """Chronic absence of all students, by organization from the school to the state, and year."""
    kinds = (Kind.SCHOOL, Kind.DISTRICT, Kind.STATE)
    rows = MeasureCell.objects.filter(measure__code="CHRONIC_ABSENCE", group__code="ALL", organization__kind__in=kinds)
    return {
        (name, year): (numerator, denominator)
        for name, year, numerator, denominator in rows.values_list(
            "organization__name", "year", "numerator", "denominator"
        )
    }


def everything_counted() -> list[list[tuple[Any, ...]]]:
    """All records, cells and released figures."""
    tables = {
        ReadinessRecord: ("organization_id", "basis", "year", "student_id", "groups", "counted", "met"),
        MeasureCell: ("organization_id", "year", "measure_id", "group_id", "numerator", "denominator"),
        ReleasedCell: ("release__year", "organization_id", "measure_id", "group_id", "state", "low", "high"),
    }
    return [sorted(map(str, model._default_manager.values_list(*columns))) for model, columns in tables.items()]  # type: ignore[misc]


def all_absent(school: Organization, year: int) -> None:
    """Everybody is chronically absent from now on, and what that changes is marked."""
    with transaction.atomic():
        spells = Enrollment.objects.filter(organization=school, year=year)
        spells.update(days_absent=50)
        EvidenceChange.objects.bulk_create(
            EvidenceChange(organization=school, student_id=spell.student_id, year=year, kind="attendance")
            for spell in spells
        )
    # A transaction that is open anywhere on the server, also in the database of another test, puts this off.
    marked = StalePair.objects.filter(basis=Basis.YEAR, year=year)
    eventually(lambda: [runs.mark_changes(), marked.exists()][1], 300)


def call() -> None:
    """Ask the queue for a sweep."""
    current_app.send_task("goals.tasks.count_changed", queue="bulk", retry=False)


BEFORE: Cells = {
    (name, year): figure
    for year in YEARS
    for name, figure in {
        "Cahaba Ridge High School": (4, 10),
        "Cahaba Valley High School": (2, 10),
        "Cahaba County": (6, 20),
        "Alabama": (6, 20),
    }.items()
}
AFTER = BEFORE | {
    ("Cahaba Ridge High School", 2024): (10, 10),
    ("Cahaba County", 2024): (12, 20),
    ("Alabama", 2024): (12, 20),
}


def test_a_worker_killed_in_the_middle_leaves_the_numbers_and_the_next_one_counts(counted: World) -> None:
    assert shown() == BEFORE
    all_absent(counted.ridge, 2024)
    before = everything_counted()
    with worker() as first, elsewhere("LOCK TABLE goals_measurecell IN EXCLUSIVE MODE"):
        call()
        eventually(waits)
        assert everything_counted() == before, "nothing is seen of half a rollup"
        first.kill()
        eventually(lambda: not waits())
    assert everything_counted() == before
    assert StalePair.objects.filter(basis=Basis.YEAR, year=2024).exists(), "it is still to be done"
    with worker():
        call()
        eventually(lambda: not StalePair.objects.exists(), 60)
    assert shown() == AFTER
    done = everything_counted()
    rollup.run(runs.everything(), reason="by command")
    assert everything_counted() == done, "as if nobody had been killed"


def test_counting_again_changes_nothing(counted: World) -> None:
    before = everything_counted()
    run = rollup.run(runs.everything(), reason="by command")
    assert (run.state, run.changed) == (RollupRun.State.DONE, 0)
    assert run.cells > 0
    assert everything_counted() == before


def test_two_workers_count_each_pair_once_and_the_same_comes_of_it(counted: World) -> None:
    for year in YEARS:
        all_absent(counted.ridge, year)
    with worker(), worker():
        for _ in range(4):
            call()
        eventually(lambda: _rolled() and not StalePair.objects.exists() and not _running(), 60)
    both = everything_counted()
    rolled = _rolled()
    # Of each year the students enrolled, and those who left.
    assert sum(run.pairs for run in rolled) == 4, "each pair was counted by one of them"
    assert sum(run.changed for run in rolled) > 0
    rollup.run(runs.everything(), reason="by command")
    assert everything_counted() == both


def _rolled() -> list[RollupRun]:
    return list(RollupRun.objects.filter(reason="changed evidence"))


def _running() -> bool:
    return RollupRun.objects.filter(state=RollupRun.State.RUNNING).exists()


def test_two_full_runs_at_once_wait_for_each_other(counted: World) -> None:
    all_absent(counted.ridge, 2024)
    at_once = [Beside(rollup.run, runs.everything(), reason="by command") for _ in range(3)]
    assert {one.result().state for one in at_once} == {RollupRun.State.DONE}
    assert shown() == AFTER
    assert MeasureCell.objects.count() == len(set(MeasureCell.objects.values_list("pk")))


def waiting_for_the_region() -> int:
    """How many wait for a lock of their own choosing in this database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return int(cursor.fetchone()[0])


def test_states_are_counted_side_by_side_and_the_region_has_both(counted: World) -> None:
    """Both come as far as the region's sum without waiting for each other; whoever is second sees the first one's."""
    for kind in ("enrollment", "attendance"):
        EvidenceCoverage.objects.create(organization=counted.bluegrass, year=2024, kind=kind)
    for n in range(10):
        enrollment(counted.derby, 2024, days_enrolled=100, days_absent=20 if n < 3 else 0)
    all_absent(counted.ridge, 2024)
    key = rollup._key(counted.region, Basis.YEAR, 2024)
    with elsewhere("SELECT pg_advisory_xact_lock(%s, %s)", rollup._LOCK, key) as let_go:
        both = [Beside(rollup.roll_up, state, Basis.YEAR, 2024) for state in (counted.alabama, counted.kentucky)]
        eventually(lambda: waiting_for_the_region() == 2)
        assert shown() == BEFORE, "a state's cells are seen together with the region's"
        let_go()
        for one in both:
            one.result()
    assert shown() == AFTER | {(name, 2024): (3, 10) for name in ("Derby High School", "Bluegrass County", "Kentucky")}
    of_region = MeasureCell.objects.get(
        organization=counted.region, year=2024, measure__code="CHRONIC_ABSENCE", group__code="ALL"
    )
    assert (of_region.numerator, of_region.denominator) == (12 + 3, 20 + 10)


def test_a_member_that_joins_during_a_run_counts_with_the_next(counted: World) -> None:
    """A run has the members of the moment at which it read; whoever joins meanwhile is marked, and not lost."""
    cell = MeasureCell.objects.filter(
        organization=counted.cooperative, year=2024, measure__code="CHRONIC_ABSENCE", group__code="ALL"
    ).values_list("numerator", "denominator")
    all_absent(counted.ridge, 2024)
    with elsewhere("LOCK TABLE goals_measurecell IN EXCLUSIVE MODE") as let_go:
        first = Beside(runs.sweep)
        eventually(waits)
        CooperativeMember.objects.create(
            cooperative=counted.cooperative, member=counted.cahaba, starts=dt.date(2020, 7, 1)
        )
        let_go()
        first.result()
    assert not cell.exists(), "the first run did not know of it"
    eventually(lambda: [runs.sweep(), list(cell) == [(12, 20)]][1], 300)


def test_evidence_that_comes_during_a_run_is_counted_by_the_next(counted: World) -> None:
    all_absent(counted.ridge, 2024)
    with elsewhere("LOCK TABLE goals_measurecell IN EXCLUSIVE MODE") as let_go:
        first = Beside(runs.sweep)
        eventually(waits)
        all_absent(counted.valley, 2024)
        let_go()
        first.result()
    # Whatever the first run saw of it, it is known to be waiting, or was counted whole. A transaction that is open
    # anywhere on the server, also in the database of another test, holds up the next run.
    both = AFTER | {
        ("Cahaba Valley High School", 2024): (10, 10),
        ("Cahaba County", 2024): (20, 20),
        ("Alabama", 2024): (20, 20),
    }
    eventually(lambda: [runs.sweep(), shown() == both][1], 300)
    assert not StalePair.objects.exists()


def test_a_reader_sees_one_run_or_the_other_and_never_half_of_it(counted: World) -> None:
    """The state is its schools, at every moment at which anybody looks."""
    over = threading.Event()
    seen: list[Cells] = []

    def read() -> None:
        while not over.is_set():
            seen.append(shown())

    reader = Beside(read)
    for _ in range(5):
        _absent_days(counted.ridge, 50)
        rollup.roll_up(counted.alabama, Basis.YEAR, 2024)
        _absent_days(counted.ridge, 0)
        rollup.roll_up(counted.alabama, Basis.YEAR, 2024)
    over.set()
    reader.result()
    distinct = {tuple(sorted(one.items())) for one in seen}
    none = BEFORE | {
        ("Cahaba Ridge High School", 2024): (0, 10),
        ("Cahaba County", 2024): (2, 20),
        ("Alabama", 2024): (2, 20),
    }
    assert distinct <= {tuple(sorted(one.items())) for one in (BEFORE, AFTER, none)}
    assert len(distinct) > 1, "the reader saw it change"


def _absent_days(school: Organization, days: int) -> None:
    Enrollment.objects.filter(organization=school, year=2024).update(days_absent=days)


def test_a_failure_is_kept_said_and_tried_again(counted: World, monkeypatch: pytest.MonkeyPatch) -> None:
    all_absent(counted.ridge, 2024)
    before = everything_counted()

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("no room on the disk")

    with monkeypatch.context() as patch:
        patch.setattr(rollup, "_swap", broken)
        run = runs.sweep()
    assert run is not None
    assert (run.state, "no room on the disk" in run.error) == (RollupRun.State.FAILED, True)
    assert everything_counted() == before
    assert runs.sweep() is None, "not at once again"
    StalePair.objects.update(marked_at=dt.datetime.now(dt.UTC))
    runs.sweep()
    assert shown() == AFTER


@pytest.mark.long
def test_killed_at_any_moment(counted: World) -> None:
    """Twenty kills at random moments: after each, all numbers are of before or of after."""
    moments = random.Random(20)
    absent = 0
    for _ in range(20):
        absent = 50 - absent
        before = everything_counted()
        with transaction.atomic():
            _absent_days(counted.ridge, absent)
            EvidenceChange.objects.create(
                organization=counted.ridge,
                student_id=Enrollment.objects.filter(organization=counted.ridge, year=2024).values_list(
                    "student_id", flat=True
                )[:1][0],
                year=2024,
                kind="attendance",
            )
        with worker() as one:
            call()
            time.sleep(moments.uniform(0, 0.4))
            one.kill()
        eventually(_is_quiet)
        if everything_counted() != before:
            assert not StalePair.objects.filter(year=2024, basis=Basis.YEAR).exists()
        runs.sweep()
        now = everything_counted()
        rollup.run(runs.everything(), reason="by command")
        assert everything_counted() == now


def _is_quiet() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend' AND state <> 'idle'"
        )
        return cursor.fetchone()[0] == 0
