"""Workers of imports that are killed, stalled, cancelled or cut off from their queue."""

from __future__ import annotations

import datetime as dt
import os
import signal
import time
from typing import Any

import pytest
from celery import Celery
from django.conf import settings
from django.db import connection
from django.utils import timezone

from hstw import files
from schools.imports import lease, run, steps
from schools.models import Enrollment, EvidenceChange, ImportBatch, ImportChange, Student, StudentIdentifier
from schools.models.imports import ImportState
from tests.factories import World
from tests.faults.processes import (
    LARGE,
    Beside,
    at_the_last_table,
    begin,
    busy,
    eventually,
    importing,
    looked,
    numbers,
    reached,
    roster,
    staged,
    state_of,
    waits,
    worker,
)
from tests.schools.imports.engine import everything

HARBOR = "Harbor High School"
pytestmark = pytest.mark.django_db(transaction=True)


def run_out(batch: ImportBatch) -> None:
    """As if the lease had run out by now."""
    ImportBatch.objects.filter(pk=batch.pk).update(leased_until=timezone.now() - dt.timedelta(seconds=1))


def reading(batch: ImportBatch) -> bool:
    """Whether a worker is reading it, and has said so."""
    return ImportBatch.objects.filter(pk=batch.pk, state=ImportState.READING).exclude(phase="").exists()


def test_a_worker_killed_while_it_reads_leaves_nothing_and_another_reads(world: World) -> None:
    with worker() as first:
        batch = begin(world.cahaba, roster(*numbers(LARGE)), wake=True)
        eventually(lambda: reading(batch))
        first.kill()
    assert eventually(lambda: not busy()) < 5, "the server lets go of a dead worker's work"
    assert (state_of(batch), staged()) == (ImportState.READING, [])
    assert run.sweep() == [], "until the lease runs out it may be alive"
    run_out(batch)
    assert run.sweep() == [batch.pk]
    with worker():
        reached(batch, ImportState.PREVIEWED, seconds=60)
    assert (batch.counts["enrollment"]["new"], batch.attempts, batch.rows_read) == (LARGE, 2, LARGE)
    assert not Student.objects.exists()


def test_a_worker_killed_while_it_applies_leaves_nothing_and_another_applies_once(world: World) -> None:
    batch = looked(world.cahaba, roster(*numbers(2_000)))
    empty = everything()
    with worker() as first, at_the_last_table():
        run.apply(batch, by=None)
        eventually(waits)
        assert everything() == empty, "nothing is seen of half an import"
        first.kill()
        assert eventually(lambda: not waits()) < 5, "a dead worker's statement does not wait on"
    assert everything() == empty
    assert run.sweep() == []
    run_out(batch)
    assert run.sweep() == [batch.pk]
    with worker():
        reached(batch, ImportState.APPLIED)
        assert batch.attempts == 2
        before = everything()
        # Killed after the commit, before the lease was given back: whoever looks finds nothing left to do.
        ImportBatch.objects.filter(pk=batch.pk).update(worker="killed:1:1", leased_until=timezone.now())
        assert run.sweep() == []
        run.send(batch.pk)
        time.sleep(0.5)
        assert steps.work(batch.pk) is None
    assert everything() == before
    assert Enrollment.objects.count() == Student.objects.count() == StudentIdentifier.objects.count() == 2_000
    assert EvidenceChange.objects.count() == 2_000
    assert ImportChange.objects.count() == 0
    assert staged() == []


@pytest.mark.long
def test_a_killed_workers_import_is_found_again_and_finished_within_a_minute(world: World) -> None:
    """In real time: nothing is shortened but the pause between sweeps, which no message scheduler stands in for."""
    first, second = looked(world.cahaba, _many("Cahaba Ridge High School")), looked(world.tombigbee, _many(HARBOR))
    with worker(), worker():
        began = time.monotonic()
        run.apply(first, by=None)
        reached(first, ImportState.APPLIED, seconds=120)
        alone = time.monotonic() - began
        with at_the_last_table():
            run.apply(second, by=None)
            eventually(waits, 120)
            os.kill(_at_work(second), signal.SIGKILL)
            killed = time.monotonic()
        while time.monotonic() < killed + 60 + alone and state_of(second) != ImportState.APPLIED:
            run.sweep()
            time.sleep(5)
        took = time.monotonic() - killed
    print(f"found again and applied {took:.0f} s after the kill; undisturbed it takes {alone:.0f} s")
    assert state_of(second) == ImportState.APPLIED
    assert Enrollment.objects.filter(organization=world.harbor).count() == LARGE


def _many(school: str) -> bytes:
    return roster(*numbers(LARGE), school=school)


def _at_work(batch: ImportBatch) -> int:
    """The process that has the import."""
    return int(ImportBatch.objects.get(pk=batch.pk).worker.split(":")[-2])


def test_the_lease_is_kept_while_one_statement_takes_longer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "LEASE", dt.timedelta(seconds=1.5))
    monkeypatch.setattr(lease, "BEAT_SECONDS", 0.2)
    batch = looked(world.cahaba, roster(*numbers(50)))
    with at_the_last_table():
        run.apply(batch, by=None, wake=False)
        first = Beside(steps.work, batch.pk)
        eventually(waits)
        until = time.monotonic() + 4
        while time.monotonic() < until:
            assert Beside(steps.work, batch.pk).result(3) is None, "nobody else takes it, and nobody has to wait"
            assert lease.abandoned() == []
            time.sleep(0.2)
        assert ImportBatch.objects.get(pk=batch.pk).phase == "Applying"
    first.result()
    assert state_of(batch) == ImportState.APPLIED
    assert ImportBatch.objects.get(pk=batch.pk).attempts == 1


def test_a_stalled_worker_that_comes_back_does_not_finish_beside_the_one_that_took_over(world: World) -> None:
    batch = looked(world.cahaba, roster(*numbers(2_000)))
    with worker() as stalled:
        with at_the_last_table():
            run.apply(batch, by=None)
            eventually(waits)
            os.kill(stalled.process.pid, signal.SIGSTOP)
            run_out(batch)
            assert run.sweep() == [batch.pk]
            second = Beside(steps.work, batch.pk)
            eventually(lambda: "Waiting" in ImportBatch.objects.get(pk=batch.pk).phase)
        os.kill(stalled.process.pid, signal.SIGCONT)
        second.result()
        eventually(lambda: "another worker has the import" in stalled.said())
    batch.refresh_from_db()
    assert (batch.state, batch.attempts) == (ImportState.APPLIED, 2)
    assert Enrollment.objects.count() == EvidenceChange.objects.count() == 2_000


def test_a_reader_that_stalled_leaves_the_preview_to_the_one_that_took_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = begin(world.cahaba, roster(*numbers(20)))
    taken_over = ImportBatch.objects.filter(pk=batch.pk)
    finish = steps._keep

    def late(*values: Any) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(steps, "_keep", finish)
            Beside(taken_over.update, worker="another:1:1").result()
            finish(*values)

    monkeypatch.setattr(steps, "_keep", late)
    steps.work(batch.pk, beating=False)
    batch.refresh_from_db()
    assert (batch.state, batch.worker) == (ImportState.READING, "another:1:1")
    assert staged() == []
    monkeypatch.setattr(steps, "_keep", finish)
    run_out(batch)
    steps.work(batch.pk)
    assert state_of(batch) == ImportState.PREVIEWED


def test_cancelled_while_it_reads(world: World) -> None:
    with worker():
        batch = begin(world.cahaba, roster(*numbers(LARGE)), wake=True)
        eventually(lambda: reading(batch))
        run.cancel(batch, by=None)
        took = reached(batch, ImportState.CANCELLED, ImportState.PREVIEWED, ImportState.REFUSED)
    assert batch.state == ImportState.CANCELLED
    assert took < 5
    assert batch.attempts == 1, "by the worker that read it, at once"
    assert staged() == []


@pytest.mark.parametrize("held", [importing, at_the_last_table])
def test_cancelled_while_it_waits_or_writes(world: World, held: Any) -> None:
    batch = looked(world.cahaba, roster(*numbers(500)))
    empty = everything()
    with held(world.cahaba) if held is importing else held():
        run.apply(batch, by=None, wake=False)
        applying = Beside(steps.work, batch.pk)
        eventually(waits)
        eventually(lambda: ImportBatch.objects.get(pk=batch.pk).phase)
        began = time.monotonic()
        run.cancel(batch, by=None)
        assert time.monotonic() - began < 1, "the page does not hang"
        applying.result()
        assert time.monotonic() - began < 5
    assert state_of(batch) == ImportState.CANCELLED
    assert everything() == empty
    assert staged() == []


def test_cancelled_in_the_last_moment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """No beat has heard of it yet when the preview is saved: it is not lost."""
    batch = begin(world.cahaba, roster(*numbers(20)))
    finish = steps._keep

    def late(*values: Any) -> None:
        Beside(run.cancel, batch, by=None).result()
        finish(*values)

    monkeypatch.setattr(steps, "_keep", late)
    steps.work(batch.pk, beating=False)
    assert state_of(batch) == ImportState.CANCELLED
    assert staged() == []


def test_the_queue_away_is_no_error_for_the_person_and_the_sweep_finds_the_import(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = Celery("away", broker="redis+socket:///nowhere/valkey.sock?virtual_host=0", set_as_current=False)
    away.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    with monkeypatch.context() as patch:
        patch.setattr(run, "current_app", away)
        began = time.monotonic()
        batch = begin(world.cahaba, roster(*numbers(20)), wake=True)
        assert time.monotonic() - began < 3, "nobody waits for a queue that is away"
        run.apply(looked(world.tombigbee, roster("1", school=HARBOR)), by=None)
    assert state_of(batch) == ImportState.WAITING
    assert batch.pk in run.sweep()
    with worker():
        reached(batch, ImportState.PREVIEWED)


def test_a_heartbeat_that_misses_the_database_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "BEAT_SECONDS", 0.1)
    batch = looked(world.cahaba, roster(*numbers(20)))
    with at_the_last_table():
        run.apply(batch, by=None, wake=False)
        applying = Beside(steps.work, batch.pk)
        eventually(waits)
        before = ImportBatch.objects.get(pk=batch.pk).leased_until
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND query LIKE '%schools_importbatch%' AND wait_event_type = 'Client'"
                " AND xact_start IS NULL"
            )
            assert cursor.fetchall(), "there is a heartbeat"
        eventually(lambda: ImportBatch.objects.get(pk=batch.pk).leased_until > before + dt.timedelta(seconds=0.5))
    applying.result()
    assert state_of(batch) == ImportState.APPLIED


def test_a_file_that_is_gone_is_said_at_once(world: World) -> None:
    batch = begin(world.cahaba, roster(*numbers(20)))
    assert batch.file is not None
    files.path(batch.file).unlink()
    steps.work(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.attempts) == (ImportState.REFUSED, 1)
    assert "no longer kept" in batch.refusal
