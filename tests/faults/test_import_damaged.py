"""Damaged files through the whole engine: shown or refused, never an error; what is shown can be applied and undone."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import random
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from hstw import files
from hstw.values import SchoolYear
from schools.imports import run, steps, undo
from schools.models import ImportBatch
from schools.models.imports import ImportState
from tests.factories import World, make_world
from tests.schools.imports.engine import everything
from tests.schools.imports.test_fuzz_reading import DAMAGES

pytestmark = pytest.mark.django_db
SECONDS = float(os.environ.get("HSTW_FUZZ_SECONDS", "60"))
RIDGE, VALLEY = "Cahaba Ridge High School", "Cahaba Valley High School"


def table(*rows: tuple[Any, ...]) -> bytes:
    """CSV."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def zipped(members: dict[str, bytes]) -> bytes:
    """A zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def bundle(*, delta: bool = False) -> dict[str, bytes]:
    """A OneRoster bundle of eight students, two of them new to the district, and a school that is new."""
    mode = "delta" if delta else "bulk"
    names = ("orgs", "users", "academicSessions", "courses", "classes", "enrollments")
    marks = ("active", "2026-01-01T00:00:00Z") if delta else ("", "")
    gone = ("tobedeleted", "2026-01-01T00:00:00Z") if delta else ("", "")
    users = [
        (f"u{n}", *(gone if n == 7 else marks), "true", "o2" if n % 2 else "o3", "student", f"user{n}", "", f"First{n}",
         f"Last{n}", "", f"{n:05d}", "", "", "", "", "09", "")
        for n in range(8)
    ]  # fmt: skip
    return {
        "manifest.csv": table(
            ("propertyName", "value"), ("manifest.version", "1.0"), ("oneroster.version", "1.1"),
            *[(f"file.{name}", mode) for name in names],
        ),
        "orgs.csv": table(
            ("sourcedId", "status", "dateLastModified", "name", "type", "identifier", "parentSourcedId"),
            ("o1", *marks, "Cahaba County", "district", "0100001", ""),
            ("o2", *marks, RIDGE, "school", "010000100001", "o1"),
            ("o3", *marks, "Cahaba New School", "school", "010000100777", "o1"),
        ),
        "users.csv": table(
            ("sourcedId", "status", "dateLastModified", "enabledUser", "orgSourcedIds", "role", "username", "userIds",
             "givenName", "familyName", "middleName", "identifier", "email", "sms", "phone", "agentSourcedIds",
             "grades", "password"),
            *users,
        ),
        "academicSessions.csv": table(
            ("sourcedId", "status", "dateLastModified", "title", "type", "startDate", "endDate", "parentSourcedId",
             "schoolYear"),
            ("y", *marks, "2025-26", "schoolYear", "2025-08-12", "2026-05-29", "", "2026"),
            ("t", *marks, "Fall", "term", "2025-08-12", "2025-12-19", "y", "2026"),
        ),
        "courses.csv": table(
            ("sourcedId", "status", "dateLastModified", "schoolYearSourcedId", "title", "courseCode", "grades",
             "orgSourcedId", "subjects", "subjectCodes"),
            ("c1", *marks, "y", "Algebra I", "MAT1", "09", "o1", "", "02052"),
            ("c2", *marks, "y", "AP Biology", "SCI9", "10", "o1", "", ""),
        ),
        "classes.csv": table(
            ("sourcedId", "status", "dateLastModified", "title", "grades", "courseSourcedId", "classCode", "classType",
             "location", "schoolSourcedId", "termSourcedIds", "subjects", "subjectCodes", "periods"),
            ("k1", *marks, "Algebra I", "09", "c1", "1", "scheduled", "", "o2", "t", "", "", ""),
            ("k2", *marks, "AP Biology", "10", "c2", "2", "scheduled", "", "o3", "t", "", "", ""),
        ),
        "enrollments.csv": table(
            ("sourcedId", "status", "dateLastModified", "classSourcedId", "schoolSourcedId", "userSourcedId", "role",
             "primary", "beginDate", "endDate"),
            *[(f"e{n}", *marks, "k1" if n % 2 else "k2", "o2" if n % 2 else "o3", f"u{n}", "student", "", "2025-08-12",
               "2025-12-19") for n in range(8)],
        ),
    }  # fmt: skip


def flat() -> dict[str, bytes]:
    """Our own templates, as districts fill them in."""
    days = ("2025-08-12", "2025-09-01", "2026-01-05")
    roster = [
        (
            f"{n:05d}",
            f"S{n:04d}",
            f"First{n}",
            f"Last{n}",
            RIDGE if n % 2 else VALLEY,
            "09",
            days[n % 3],
            "",
            "N",
            176,
            n,
        )
        for n in range(1, 9)
    ]
    courses = [(f"{n:05d}", RIDGE, c, c, 1, "A", "1.00", "0.50") for n in range(1, 9) for c in ("MAT1", "ENG1")]
    return {
        "roster.csv": table(
            ("local_number", "state_number", "first_name", "last_name", "school", "grade", "entered", "exited",
             "english_learner", "days_enrolled", "days_absent"),
            *roster, (*roster[0][:6], "2026-03-02", *roster[0][7:]),
        ),
        "courses.csv": table(
            ("local_number", "school", "course_code", "title", "section", "mark", "credits_attempted",
             "credits_earned"),
            *courses,
        ),
        "assessments.csv": table(
            ("local_number", "test", "subject", "taken_on", "score"),
            *[(f"{n:05d}", "ACT", "Mathematics", "2026-03-24", 15 + n) for n in range(1, 9)],
        ),
        "attendance.csv": table(
            ("local_number", "school", "days_enrolled", "days_absent"),
            *[(f"{n:05d}", RIDGE, 170, n) for n in range(1, 9)],
        ),
    }  # fmt: skip


def spoil(dice: random.Random, data: bytes) -> bytes:
    """What exports, mail and spreadsheets do to a table."""
    lines = data.splitlines(keepends=True)
    way = dice.randrange(10)
    if way == 0:  # lines are missing, or there twice
        lines = [line for line in lines for _ in range(dice.choice((0, 1, 1, 1, 1, 2)))] or lines
    elif way == 1:  # another delimiter
        return data.replace(b",", dice.choice((b";", b"\t", b"|", b", ")))
    elif way == 2:  # a heading twice
        heads = lines[0].rstrip().split(b",")
        heads[dice.randrange(len(heads))] = dice.choice(heads)
        lines[0] = b",".join(heads) + b"\r\n"
    elif way == 3:  # the heading in the middle, or none
        lines.insert(dice.randrange(len(lines)), lines.pop(0))
    elif way == 4:  # a column is gone
        at = dice.randrange(lines[0].count(b",") + 1)
        lines = [b",".join(cell for n, cell in enumerate(line.split(b",")) if n != at) for line in lines]
        lines = [line if line.endswith(b"\n") else line + b"\r\n" for line in lines]
    elif way == 5:  # cells changed places
        rows = list(csv.reader(io.StringIO(data.decode(errors="replace"))))
        one, other = dice.choice(rows), dice.choice(rows)
        at = dice.randrange(min(len(one), len(other)))
        one[at], other[at] = other[at], one[at]
        return table(*[tuple(row) for row in rows])
    elif way == 6:  # a cell says something else
        rows = list(csv.reader(io.StringIO(data.decode(errors="replace"))))
        for _ in range(dice.choice((1, 1, 3))):
            row = dice.choice(rows[1:] or rows)
            row[dice.randrange(len(row))] = dice.choice(
                ("", "0", "-1", "1e9", "9" * 30, "x" * 400, "\x00", "\\N", "2026-13-45", "31/12/2025", "2024-02-30",
                 "Ümläut\u202e", "=1+1", "99999", RIDGE, "00001", "TRUE", "\ufeff", "12/30/99", "tobedeleted")
            )  # fmt: skip
        return table(*[tuple(row) for row in rows])
    elif way == 7:  # another encoding
        return data.decode(errors="replace").encode(dice.choice(("utf-16", "cp1252", "utf-8-sig", "utf-32")))
    else:
        damaged = bytearray(data or b"x")
        dice.choice(DAMAGES)(dice, damaged)
        return bytes(damaged)
    return b"".join(lines)


def damaged(dice: random.Random) -> tuple[str, bytes]:
    """A file that somebody might bring."""
    if dice.random() < 0.5:
        members = bundle(delta=dice.random() < 0.3)
        for _ in range(dice.choice((0, 1, 1, 2))):
            name = dice.choice(list(members))
            with contextlib.suppress(csv.Error, IndexError, ValueError):
                members[name] = spoil(dice, members[name])
        if dice.random() < 0.2:
            members.pop(dice.choice(list(members)))
        data = zipped(members)
        if dice.random() < 0.1:
            broken = bytearray(data)
            dice.choice(DAMAGES)(dice, broken)
            data = bytes(broken)
        return "bundle.zip", data
    name, data = dice.choice(list(flat().items()))
    for _ in range(dice.choice((0, 1, 1, 2))):
        with contextlib.suppress(csv.Error, IndexError, ValueError):
            data = spoil(dice, data) or b"x"
    return name, data


def try_one(world: World, name: str, data: bytes, dice: random.Random) -> str:
    """One file, from the upload to the end; how it ended."""
    before = everything()
    organization = dice.choice((world.cahaba, world.cahaba, world.ridge))
    stored = files.store(io.BytesIO(data), name, None)
    batch = run.begin(
        organization=organization, year=SchoolYear(2026), stored=stored, kind=None, by=None, wake=False,
        complete=dice.choice((None, True)),
    )  # fmt: skip
    steps.work(batch.pk, beating=False)
    batch.refresh_from_db()
    assert batch.state in {ImportState.PREVIEWED, ImportState.REFUSED}
    assert everything() == before, "a preview writes nothing"
    if batch.state == ImportState.REFUSED:
        assert batch.refusal
        assert "not foreseen" not in batch.refusal, batch.refusal
        return "refused"
    run.apply(batch, by=None, typed=str(batch.guard.get("number", "")), wake=False)
    steps.work(batch.pk, beating=False)
    batch.refresh_from_db()
    assert batch.state == ImportState.APPLIED, f"{batch.state}: {batch.refusal}"
    written = everything() != before
    undo.undo(batch, by=None)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    assert everything() == before, "an undone import leaves no trace"
    return "written" if written else "nothing new"


def prepared(world: World) -> None:
    """What is there before: a roster and courses, so that files meet records."""
    for name, data in flat().items():
        stored = files.store(io.BytesIO(data), name, None)
        batch = run.begin(
            organization=world.cahaba, year=SchoolYear(2026), stored=stored, kind=None, by=None, wake=False
        )
        steps.work(batch.pk, beating=False)
        run.apply(ImportBatch.objects.get(pk=batch.pk), by=None, wake=False)
        steps.work(batch.pk, beating=False)
        batch.refresh_from_db()
        assert batch.state == ImportState.APPLIED, (name, batch.refusal)


def tried(world: World, dice: random.Random, seed: int, keep: Path) -> str:
    """One damaged file, all of it taken back afterwards."""
    name, data = damaged(dice)
    try:
        with transaction.atomic():
            ended = try_one(world, name, data, dice)
            transaction.set_rollback(True)
    except BaseException as error:
        at = keep / f"failing-{name}"
        at.write_bytes(data)
        raise AssertionError(f"seed {seed}: {name} ended in {error!r}; kept as {at}") from error
    return ended


@pytest.fixture
def world(settings: Any, tmp_path: Path) -> World:
    settings.MEDIA_ROOT = tmp_path / "media"
    world = make_world()
    prepared(world)
    return world


def test_undamaged_files_are_applied_and_undone(world: World) -> None:
    """The fuzzing below begins from files that are in order."""
    dice = random.Random(1)
    for name, data in {**flat(), "bulk.zip": zipped(bundle()), "delta.zip": zipped(bundle(delta=True))}.items():
        with transaction.atomic():
            assert try_one(world, name, data, dice) in {"written", "nothing new"}, name
            transaction.set_rollback(True)


@pytest.mark.long
def test_damaged_files_are_shown_or_refused_and_leave_no_trace(world: World, tmp_path: Path) -> None:
    seed = int(os.environ.get("HSTW_FUZZ_SEED", "0")) or random.SystemRandom().randrange(10**9)
    dice = random.Random(seed)
    until = time.monotonic() + SECONDS
    ended: dict[str, int] = {}
    while time.monotonic() < until:
        one = tried(world, dice, seed, Path(os.environ.get("HSTW_FUZZ_KEEP", tmp_path)))
        ended[one] = ended.get(one, 0) + 1
    print(f"seed {seed}: {ended}")
    assert min(ended.get("refused", 0), ended.get("written", 0)) > 0
