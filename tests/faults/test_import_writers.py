"""Several people at once: imports of one district, of districts of one state, and of the state itself."""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count

from schools.imports import identity, locks, run, steps, undo
from schools.models import Enrollment, EvidenceChange, ImportBatch, Student, StudentIdentifier
from schools.models.imports import ImportState
from tests.factories import World
from tests.faults.processes import (
    Beside,
    applied,
    at_the_last_table,
    begin,
    eventually,
    importing,
    looked,
    roster,
    staged,
    state_of,
    waits,
)
from tests.schools.imports.engine import everything

pytestmark = pytest.mark.django_db(transaction=True)
HARBOR = "Harbor High School"


def apply_beside(batch: ImportBatch) -> Beside:
    """Say yes, and have it applied in a thread."""
    run.apply(batch, by=None, typed=str(batch.guard.get("number", "")), wake=False)
    return Beside(steps.work, batch.pk)


def phase(batch: ImportBatch) -> str:
    """What the page says it is doing."""
    return ImportBatch.objects.values_list("phase", flat=True).get(pk=batch.pk)


def test_a_second_import_of_the_same_district_waits_and_says_so_and_is_compared_again(world: World) -> None:
    first = looked(world.cahaba, roster("1", "2"))
    second = looked(world.cahaba, roster("2", "3"))
    with at_the_last_table():
        one = apply_beside(first)
        eventually(waits)
        other = apply_beside(second)
        eventually(lambda: "Waiting for another import" in phase(second))
    one.result()
    other.result()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (ImportState.APPLIED, ImportState.PREVIEWED)
    assert second.counts["enrollment"] == {"new": 1, "changed": 0, "gone": 1, "unchanged": 1, "refused": 0}
    assert set(Enrollment.objects.values_list("student__identifiers__value", flat=True)) == {"1", "2"}
    apply_beside(second).result()
    assert state_of(second) == ImportState.APPLIED
    assert set(Enrollment.objects.filter(exited=None).values_list("student__identifiers__value", flat=True)) == {
        "2",
        "3",
    }
    assert Student.objects.count() == 3


def test_a_preview_made_while_another_import_was_under_way_is_not_believed(world: World) -> None:
    """It was compared before the other could be seen, and finished after the other's time."""
    first = looked(world.cahaba, roster("1", "2"))
    with at_the_last_table():
        one = apply_beside(first)
        eventually(waits)
        second = looked(world.cahaba, roster("2", "3"))
    one.result()
    apply_beside(second).result()
    second.refresh_from_db()
    assert second.state == ImportState.PREVIEWED
    assert second.counts["enrollment"]["unchanged"] == 1
    assert Student.objects.count() == 2


def test_an_import_applied_while_a_preview_is_being_compared_is_noticed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    identify = identity.identify

    def slowly(*values: Any) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(identity, "identify", identify)
            identify(*values)
            Beside(applied, world.cahaba, roster("1", "2")).result()

    monkeypatch.setattr(identity, "identify", slowly)
    late = looked(world.cahaba, roster("2", "3"))
    monkeypatch.setattr(identity, "identify", identify)
    apply_beside(late).result()
    late.refresh_from_db()
    assert late.state == ImportState.PREVIEWED
    assert late.counts["enrollment"]["unchanged"] == 1
    apply_beside(late).result()
    assert (
        StudentIdentifier.objects.filter(value="2").count() == Student.objects.filter(last_name="Last 2").count() == 1
    )


def test_districts_do_not_wait_for_each_other_but_for_their_state(world: World) -> None:
    here = looked(world.cahaba, roster("1"))
    there = looked(world.tombigbee, roster("1", school=HARBOR))
    with importing(world.cahaba):
        apply_beside(there).result(20)
        assert state_of(there) == ImportState.APPLIED
        waiting = apply_beside(here)
        eventually(lambda: "Waiting" in phase(here))
    waiting.result()
    for above in (world.alabama, world.region):
        undone = looked(world.cahaba, roster("1", "2"))
        with importing(above):
            waiting = apply_beside(undone)
            eventually(lambda batch=undone: "Waiting" in phase(batch))
        waiting.result()
        assert state_of(undone) in {ImportState.APPLIED, ImportState.PREVIEWED}
    with importing(world.kentucky):
        applied(world.cahaba, roster("1", "2", "3"))
    # And the state waits for a district's, a district for its school's.
    for below, one in ((world.cahaba, world.alabama), (world.ridge, world.cahaba)):
        with importing(below):
            assert not locks.is_free(one)


def test_two_districts_that_bring_the_same_new_student_make_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither waits; the one that comes second finds the number taken, and compares again."""
    here = looked(world.cahaba, roster("1", "2", state="S"))
    there = looked(world.tombigbee, roster("2", "9", state="S", school=HARBOR))
    with at_the_last_table():
        one = apply_beside(here)
        eventually(waits)
        other = apply_beside(there)
        time.sleep(1)
    one.result()
    other.result()
    there.refresh_from_db()
    assert (state_of(here), there.state) == (ImportState.APPLIED, ImportState.PREVIEWED), there.refusal
    assert there.counts["student"]["new"] == 1
    apply_beside(there).result()
    assert state_of(there) == ImportState.APPLIED
    _holds()
    assert StudentIdentifier.objects.get(value="S2").student.enrollments.count() == 2


def test_a_number_taken_between_the_last_look_and_the_writing_makes_no_second_student(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = looked(world.cahaba, roster("1", "2", state="S"))
    there = looked(world.tombigbee, roster("2", "9", state="S", school=HARBOR))
    write = steps.write

    def late(*values: Any) -> None:
        monkeypatch.setattr(steps, "write", write)
        Beside(lambda: apply_beside(here).result()).result()
        write(*values)

    monkeypatch.setattr(steps, "write", late)
    apply_beside(there).result()
    there.refresh_from_db()
    assert there.state == ImportState.PREVIEWED, there.refusal
    apply_beside(there).result()
    assert state_of(there) == ImportState.APPLIED
    _holds()
    assert Student.objects.count() == 3


def test_two_districts_that_rename_the_same_students_do_not_block_each_other_for_good(world: World) -> None:
    everybody = [f"{n:03d}" for n in range(300)]
    applied(world.cahaba, roster(*everybody, state="S"))
    applied(world.tombigbee, roster(*everybody, state="S", school=HARBOR))
    for _ in range(3):
        here = looked(world.cahaba, roster(*everybody, state="S", last="Here"))
        there = looked(world.tombigbee, roster(*reversed(everybody), state="S", school=HARBOR, last="There"))
        both = [apply_beside(here), apply_beside(there)]
        for one in both:
            one.result()
        for batch in (here, there):
            batch.refresh_from_db()
            assert batch.attempts == 1
            assert batch.state in {ImportState.APPLIED, ImportState.PREVIEWED}, batch.refusal
        _holds()
        applied(world.cahaba, roster(*everybody, state="S"))


def test_apply_pressed_twice_at_once_applies_once(world: World) -> None:
    batch = looked(world.cahaba, roster("1", "2"))
    pressed = [Beside(run.apply, ImportBatch.objects.get(pk=batch.pk), by=None, wake=False) for _ in range(4)]
    refused = 0
    for one in pressed:
        try:
            one.result()
        except run.NotNow:
            refused += 1
    assert refused == 3
    workers = [Beside(steps.work, batch.pk) for _ in range(3)]
    assert len([one for one in [each.result() for each in workers] if one is not None]) == 1
    assert state_of(batch) == ImportState.APPLIED
    assert Enrollment.objects.count() == Student.objects.count() == EvidenceChange.objects.count() == 2


def test_undo_pressed_twice_at_once_undoes_once(world: World) -> None:
    before = everything()
    batch = applied(world.cahaba, roster("1", "2"))
    pressed = [Beside(undo.undo, batch, by=None) for _ in range(3)]
    refused = 0
    for one in pressed:
        try:
            one.result()
        except undo.UndoRefused as why:
            assert "Only an applied import" in str(why)  # noqa: PT017
            refused += 1
    assert refused == 2
    assert everything() == before
    assert EvidenceChange.objects.count() == 4, "each was told twice: made, and undone"


def test_undo_waits_for_an_import_that_is_being_applied(world: World) -> None:
    first = applied(world.cahaba, roster("1", "2"))
    second = looked(world.cahaba, roster("1", "2", "3", last="Other"))
    with at_the_last_table():
        one = apply_beside(second)
        eventually(waits)
        other = Beside(undo.undo, first, by=None)
        time.sleep(0.5)
        assert other.is_alive()
    one.result()
    with pytest.raises(undo.UndoRefused, match="Undo that one first"):
        other.result()
    assert (state_of(first), state_of(second)) == (ImportState.APPLIED, ImportState.APPLIED)


def test_an_import_waits_for_an_undo_and_is_compared_again(world: World) -> None:
    first = applied(world.cahaba, roster("1", "2"))
    second = looked(world.cahaba, roster("1", "2", "3"))
    with at_the_last_table():
        one = Beside(undo.undo, first, by=None)
        eventually(waits)
        other = apply_beside(second)
        eventually(lambda: "Waiting" in phase(second))
    one.result()
    other.result()
    second.refresh_from_db()
    assert (second.state, second.counts["enrollment"]["new"]) == (ImportState.PREVIEWED, 3)
    assert not Student.objects.exists()


def test_undo_waits_for_another_districts_import_of_the_same_students_and_names_it(world: World) -> None:
    first = applied(world.cahaba, roster("1", "2", state="S"))
    second = looked(world.tombigbee, roster("2", state="S", school=HARBOR, last="Renamed"))
    with at_the_last_table():
        one = apply_beside(second)
        eventually(waits)
        other = Beside(undo.undo, first, by=None)
        time.sleep(0.5)
        assert other.is_alive()
    one.result()
    with pytest.raises(undo.UndoRefused, match="Undo that one first"):
        other.result()
    undo.undo(second, by=None)
    undo.undo(first, by=None)
    assert not Student.objects.exists()


def test_an_import_of_students_whom_another_districts_undo_takes_away_is_compared_again(world: World) -> None:
    first = applied(world.cahaba, roster("1", "2", state="S"))
    second = looked(world.tombigbee, roster("2", state="S", school=HARBOR))
    with at_the_last_table():
        one = Beside(undo.undo, first, by=None)
        eventually(waits)
        other = apply_beside(second)
        time.sleep(1)
    one.result()
    other.result()
    second.refresh_from_db()
    assert second.state == ImportState.PREVIEWED, second.refusal
    assert second.counts["student"]["new"] == 1
    apply_beside(second).result()
    _holds()
    assert Student.objects.count() == 1


def test_staging_emptied_by_a_crash_of_the_server_is_read_again(world: World) -> None:
    """After a crash PostgreSQL leaves unlogged tables where they are, without a row."""
    batch = looked(world.cahaba, roster("1", "2"))
    with connection.cursor() as cursor:
        for table in staged():
            cursor.execute(f'DELETE FROM staging."{table}"')
    apply_beside(batch).result()
    assert state_of(batch) == ImportState.WAITING
    steps.work(batch.pk)
    batch.refresh_from_db()
    assert batch.state == ImportState.PREVIEWED
    assert "restart of the server" in batch.preview["notes"][0]
    apply_beside(batch).result()
    assert Enrollment.objects.count() == 2


def _holds() -> None:
    """What is true whatever happened: no number twice, nobody without one, no enrollment twice, none half written."""
    numbers = StudentIdentifier.objects.filter(ends=None).values("organization", "system", "value")
    assert not numbers.annotate(n=Count("pk")).filter(n__gt=1).exists()
    assert not Student.objects.filter(identifiers=None).exists()
    assert not Student.objects.filter(enrollments=None).exists()
    for student in Student.objects.annotate(n=Count("identifiers")).filter(n__gt=3):
        raise AssertionError(f"{student} has {[one.value for one in student.identifiers.all()]}")
    assert not Enrollment.objects.exclude(batch__state=ImportState.APPLIED).exists()
    told = EvidenceChange.objects.values("student_id", "organization_id")
    assert not Enrollment.objects.exclude(student_id__in=[one["student_id"] for one in told]).exists()


@pytest.mark.long
def test_any_interleaving_of_imports_and_undos_ends_well(world: World) -> None:
    """Three districts with students in common and their state, four people, twenty imports; some are undone."""
    seed = int(os.environ.get("HSTW_FUZZ_SEED", "0")) or random.SystemRandom().randrange(10**9)
    dice = random.Random(seed)
    valley = "Cahaba Valley High School"
    rosters: list[tuple[Any, bytes]] = []
    for _ in range(17):
        some = dice.sample([f"{n:03d}" for n in range(60)], dice.randrange(20, 60))
        where, school = dice.choice([(world.cahaba, valley), (world.tombigbee, HARBOR), (world.ridge, "")])
        rosters.append(
            (where, roster(*some, state="S", school=school or "Cahaba Ridge High School", last=f"L{dice.random()}"))
        )
    todo = [*rosters, *[(world.alabama, b"")] * 3]
    dice.shuffle(todo)
    guard, ended = threading.Lock(), dict[str, int]()

    def person() -> None:
        while True:
            with guard:
                if not todo:
                    return
                where, data = todo.pop()
                pause, takes_back = dice.random() / 4, dice.random() < 0.25
            if where == world.alabama:
                with importing(where):
                    time.sleep(pause)
                continue
            batch = begin(where, data)
            steps.work(batch.pk)
            for _ in range(12):
                batch.refresh_from_db()
                if batch.state == ImportState.APPLIED:
                    break
                assert batch.state in {ImportState.PREVIEWED, ImportState.APPLYING}, (
                    f"{seed}: {batch.state} {batch.refusal}"
                )
                if batch.state == ImportState.PREVIEWED:
                    run.apply(batch, by=None, typed=str(batch.guard.get("number", "")), wake=False)
                steps.work(batch.pk)
            if takes_back and batch.state == ImportState.APPLIED:
                with contextlib.suppress(undo.UndoRefused):
                    undo.undo(batch, by=None)
            batch.refresh_from_db()
            with guard:
                ended[batch.state] = ended.get(batch.state, 0) + 1

    people = [Beside(person) for _ in range(4)]
    for one in people:
        one.result(300)
    print(f"seed {seed}: {ended}")
    assert sum(ended.values()) == 17
    assert set(ended) <= {ImportState.APPLIED, ImportState.UNDONE, ImportState.PREVIEWED}
    _holds()
    for batch in ImportBatch.objects.filter(state=ImportState.APPLIED).order_by("-applied_at"):
        undo.undo(batch, by=None)
    assert not Student.objects.exists(), "all of it can be taken back"
    assert not StudentIdentifier.objects.exists()
