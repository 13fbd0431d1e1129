"""Imports from file to database: begun, read by a worker, looked at, applied, cancelled, found again."""

from __future__ import annotations

import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from hstw import files
from hstw.values import SchoolYear
from schools.imports import lease, run, stage, steps
from schools.models import CourseRecord, Enrollment, ImportBatch, Student
from schools.models.imports import ImportState
from tests.factories import World, make_world, person

pytestmark = pytest.mark.django_db
YEAR = SchoolYear(2026)
HEADINGS = "local_number,first_name,last_name,school,grade,entered"


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def roster(*numbers: str, school: str = "Cahaba Ridge High School") -> str:
    return "\n".join([HEADINGS, *[f"{n},First {n},Last {n},{school},09,2025-08-12" for n in numbers]]) + "\n"


def begin(world: World, text: str | bytes, name: str = "roster.csv", **options: Any) -> ImportBatch:
    data = text.encode() if isinstance(text, str) else text
    options.setdefault("organization", world.cahaba)
    options.setdefault("kind", None)
    stored = files.store(io.BytesIO(data), name, options.get("by"))
    return run.begin(year=YEAR, stored=stored, by=options.pop("by", None), wake=False, **options)


def looked(world: World, text: str | bytes, name: str = "roster.csv", **options: Any) -> ImportBatch:
    batch = begin(world, text, name, **options)
    steps.work(batch.pk, beating=False)
    batch.refresh_from_db()
    return batch


def applied(world: World, text: str | bytes, name: str = "roster.csv", typed: str = "", **options: Any) -> ImportBatch:
    batch = looked(world, text, name, **options)
    run.apply(batch, by=None, typed=typed, wake=False)
    steps.work(batch.pk, beating=False)
    batch.refresh_from_db()
    return batch


def test_nothing_is_written_before_somebody_says_yes(world: World) -> None:
    batch = looked(world, roster("001", "002"))
    assert (batch.state, batch.kind, batch.rows_read) == (ImportState.PREVIEWED, "roster", 2)
    assert batch.counts["enrollment"]["new"] == 2
    [sample, _second] = batch.preview["samples"]["enrollment"]["new"]
    assert (sample["student"], sample["organization"], sample["line"]) == (
        "Last 001, First 001", "Cahaba Ridge High School", 2,
    )  # fmt: skip
    assert not Student.objects.exists()
    run.apply(batch, by=None, wake=False)
    steps.work(batch.pk, beating=False)
    batch.refresh_from_db()
    assert batch.state == ImportState.APPLIED
    assert Enrollment.objects.count() == 2
    assert not stage.exists(batch.pk, "enrollment")


def test_an_import_is_applied_once(world: World) -> None:
    batch = applied(world, roster("001"))
    with pytest.raises(run.NotNow):
        run.apply(batch, by=None, wake=False)
    assert steps.work(batch.pk, beating=False) is None


def test_the_guard_wants_its_number_or_a_second_person(world: World) -> None:
    everyone = [f"{n:03d}" for n in range(30)]
    applied(world, roster(*everyone))
    ada, ben = person("district_administrator", world.cahaba), person("district_administrator", world.cahaba)
    batch = looked(world, roster(*everyone[:20]), by=ada)
    assert (batch.guard["number"], batch.guard["of"]) == (10, 30)
    with pytest.raises(run.NotNow, match="10"):
        run.apply(batch, by=ada, typed="yes", wake=False)
    with pytest.raises(run.NotNow, match="second person"):
        run.confirm(batch, by=ada)
    run.confirm(batch, by=ben)
    run.apply(batch, by=ada, wake=False)
    steps.work(batch.pk, beating=False)
    assert Enrollment.objects.filter(exited=None).count() == 20
    again = looked(world, roster(*everyone[:10]), by=ada)
    run.apply(again, by=ada, typed="10", wake=False)
    steps.work(again.pk, beating=False)
    again.refresh_from_db()
    assert (again.state, again.confirmed_by) == (ImportState.APPLIED, ada)


def test_a_file_of_another_kind_needs_the_right_for_it(world: World) -> None:
    coordinator = person("state_coordinator", world.alabama)
    batch = looked(world, roster("001"), by=coordinator)
    assert batch.state == ImportState.REFUSED
    assert "load files about students" in batch.refusal


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"PK\x03\x04 this is no zip", "cannot be unpacked"),
        ((HEADINGS + "\n").encode(), "nothing below"),
        (b"apples,pears\n1,2\n", "kind"),
        ((HEADINGS + "\n1,A,B,Cahaba Ridge High School,09,13/05/2025\n").encode(), "day before the month"),
        ((HEADINGS + "\n1,A,B,Nowhere High,09,2025-08-12\n").encode(), "None of the rows"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_refused_with_the_reason(world: World, data: bytes, said: str) -> None:
    batch = looked(world, data)
    assert batch.state == ImportState.REFUSED
    assert said in batch.refusal
    assert not Student.objects.exists()


def test_bad_rows_are_told_by_cause_and_kept_for_download(world: World) -> None:
    text = roster("001", "002", "003").replace("002,First 002,Last 002,Cahaba Ridge High School,09", "002,A,B,,9th?")
    batch = looked(world, text)
    assert batch.state == ImportState.PREVIEWED
    assert batch.counts["enrollment"]["new"] == 2
    [refused] = batch.problems.filter(severity="refused")[:1]
    assert refused.places[0]["line"] == 3
    assert batch.rejected is not None
    with files.open(batch.rejected) as kept:
        assert "002" in kept.read().decode()


def test_a_student_whose_row_cannot_be_read_is_not_ended(world: World) -> None:
    applied(world, roster("001", "002", "003"))
    batch = looked(world, roster("001") + "002,First 002,Last 002,Cahaba Ridge High School,grade nine,2025-08-12\n")
    assert batch.counts["enrollment"]["gone"] == 1
    assert batch.preview["samples"]["enrollment"]["gone"][0]["student"] == "Last 003, First 003"
    assert any("stay as they are" in note for note in batch.preview["notes"])


def test_unreadable_rows_that_name_nobody_hold_back_every_end(world: World) -> None:
    """The missing student may be the one whose row could not be read."""
    applied(world, roster("001", "002"))
    batch = looked(world, roster("001") + "First 002,Last 002\n")
    assert batch.counts["enrollment"]["gone"] == 0
    assert any("nothing is ended or removed" in note for note in batch.preview["notes"])


def test_what_changed_since_the_preview_is_shown_again_before_it_is_applied(world: World) -> None:
    applied(world, roster("001"))
    slow = looked(world, roster("001", "002", "003"))
    applied(world, roster("001", "002"))
    run.apply(slow, by=None, wake=False)
    steps.work(slow.pk, beating=False)
    slow.refresh_from_db()
    assert slow.state == ImportState.PREVIEWED
    assert slow.counts["enrollment"] == {"new": 1, "changed": 0, "gone": 0, "unchanged": 2, "refused": 0}
    run.apply(slow, by=None, wake=False)
    steps.work(slow.pk, beating=False)
    slow.refresh_from_db()
    assert slow.state == ImportState.APPLIED
    assert Student.objects.count() == 3


def test_cancelled_before_and_after_reading(world: World) -> None:
    batch = begin(world, roster("001"))
    run.cancel(batch, by=None)
    assert steps.work(batch.pk, beating=False) is None
    batch.refresh_from_db()
    assert batch.state == ImportState.CANCELLED
    read = looked(world, roster("001"))
    run.cancel(read, by=None)
    assert not stage.exists(read.pk, "enrollment")


def test_staging_lost_in_a_crash_is_read_again(world: World) -> None:
    batch = looked(world, roster("001"))
    stage.drop(batch.pk)
    run.apply(batch, by=None, wake=False)
    steps.work(batch.pk, beating=False)
    batch.refresh_from_db()
    assert batch.state == ImportState.WAITING
    steps.work(batch.pk, beating=False)
    batch.refresh_from_db()
    assert batch.state == ImportState.PREVIEWED
    assert not Student.objects.exists()


def test_a_lease_keeps_others_away_until_it_runs_out(world: World) -> None:
    batch = begin(world, roster("001"))
    ImportBatch.objects.filter(pk=batch.pk).update(
        state=ImportState.READING, worker="elsewhere:1:1", leased_until=timezone.now() + dt.timedelta(seconds=20)
    )
    assert steps.work(batch.pk, beating=False) is None
    assert lease.abandoned() == []
    ImportBatch.objects.filter(pk=batch.pk).update(leased_until=timezone.now() - dt.timedelta(seconds=1))
    assert lease.abandoned() == [batch.pk]
    steps.work(batch.pk, beating=False)
    batch.refresh_from_db()
    assert batch.state == ImportState.PREVIEWED


def test_an_import_that_fails_again_and_again_is_given_up_with_a_word(world: World) -> None:
    batch = begin(world, roster("001"))
    ImportBatch.objects.filter(pk=batch.pk).update(attempts=lease.ATTEMPTS)
    steps.work(batch.pk, beating=False)
    batch.refresh_from_db()
    assert batch.state == ImportState.REFUSED
    assert "several times" in batch.refusal


def command(capsys: Any, name: str, *args: str) -> tuple[int, str]:
    try:
        call_command(name, *args)
        code = 0
    except SystemExit as left:
        code = int(left.code or 0)
    return code, capsys.readouterr().out


@pytest.fixture(autouse=True)
def _commands_work_in_this_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command's heartbeat has a connection of its own, which cannot see a test's transaction."""
    work = steps.work
    monkeypatch.setattr(steps, "work", lambda batch_id, *, beating=True: work(batch_id, beating=False))


def test_the_command_previews_applies_stops_and_undoes(world: World, tmp_path: Path, capsys: Any) -> None:
    full, part = tmp_path / "full.csv", tmp_path / "part.csv"
    everyone = [f"{n:03d}" for n in range(30)]
    full.write_text(roster(*everyone))
    part.write_text(roster(*everyone[:20]))
    where = ("--organization", "cahaba", "--year", "2026")
    code, out = command(capsys, "import_data", str(full), *where, "--json")
    document = json.loads(out)
    assert (code, document["kind"], document["counts"]["enrollment"]["new"]) == (0, "roster", 30)
    assert not Student.objects.exists()
    code, _out = command(capsys, "import_data", str(full), *where, "--apply")
    assert (code, Enrollment.objects.count()) == (0, 30)
    code, out = command(capsys, "import_data", str(part), *where, "--apply")
    assert code == 3
    assert "--confirm 10" in out
    code, _out = command(capsys, "import_data", str(part), *where, "--apply", "--confirm", "10")
    assert (code, Enrollment.objects.filter(exited=None).count()) == (0, 20)
    last = ImportBatch.objects.filter(state=ImportState.APPLIED).latest("pk")
    command(capsys, "import_undo", str(last.pk))
    assert Enrollment.objects.filter(exited=None).count() == 30
    code, out = command(capsys, "import_log", "--organization", "cahaba", "--json")
    assert [entry["state"] for entry in json.loads(out)].count("undone") == 1


def test_the_command_exits_with_four_for_a_file_it_refuses(world: World, tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "fruit.csv"
    path.write_text("apples,pears\n1,2\n")
    code, out = command(capsys, "import_data", str(path), "--organization", "cahaba", "--json")
    assert code == 4
    assert json.loads(out)["refusal"]


def test_a_course_file_loads_with_its_template(world: World) -> None:
    applied(world, roster("001"))
    text = "local_number,school,title,credits_attempted,credits_earned\n001,Cahaba Ridge High School,Algebra I,1,1\n"
    batch = applied(world, text, "courses.csv")
    record = CourseRecord.objects.get()
    assert (batch.kind, record.course_code, record.title, record.line) == ("courses", "Algebra I", "Algebra I", 2)
