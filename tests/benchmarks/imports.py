"""How long a million course records take, beside COPY into a bare table and beside django-import-export.

    .venv/bin/python -m tests.benchmarks.imports            # a million rows
    .venv/bin/python -m tests.benchmarks.imports 100000     # fewer

One run, one machine, one database of its own on the embedded server. “Ours” is the whole way of a file: opened,
detected, read, checked, staged, compared, previewed, applied, with its before-images and coverage. The limit is
``COPY`` of the same rows, ready made, into a table with the same columns and indexes. django-import-export loads
20,000 of them the way its documentation shows, in bulk, and is scaled up. Memory is the worker's peak.
"""

from __future__ import annotations

import csv
import io
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.benchmarks import databases

ROWS = 1_000_000
STUDENTS = 125_000
THEIRS = 20_000
YEAR = 2026
COURSES = [(f"C{n:03d}", f"Course {n}", f"{2000 + n:05d}") for n in range(160)]


def main() -> None:
    """Make a database, measure, print the table, drop the database."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with databases.own(), tempfile.TemporaryDirectory() as folder:
        measure(rows, Path(folder))


def measure(rows: int, folder: Path) -> None:
    """Load the roster, then the courses in each of the three ways."""
    from django.conf import settings

    settings.MEDIA_ROOT = folder / "media"
    world = _world()
    students = min(STUDENTS, max(rows // 8, 1))
    roster, courses = folder / "roster.csv", folder / "courses.csv"
    _write_roster(roster, students)
    _write_courses(courses, rows, students)
    _load(world, roster)
    bare = min(_bare_copy(courses) for _ in range(2))
    seconds, phases = _load(world, courses)
    again, _phases = _load(world, courses)
    peak = _peak_of_a_worker(world, courses)
    theirs = _import_export(courses) * rows / THEIRS
    size = courses.stat().st_size / 1e6
    print(f"{rows:,} course records of {students:,} students, {size:.0f} MB of CSV, one run")
    print("| way | seconds | × bare COPY |")
    print("|---|---:|---:|")
    print(f"| COPY into a bare table with the same indexes (the limit) | {bare:.1f} | 1.0 |")
    print(f"| ours: read, check, stage, compare, preview, apply | {seconds:.1f} | {seconds / bare:.1f} |")
    print(f"| ours, the same file again (nothing changes) | {again:.1f} | {again / bare:.1f} |")
    print(f"| django-import-export, {THEIRS:,} rows scaled up | {theirs:.0f} | {theirs / bare:.0f} |")
    print(f"Of ours: {', '.join(f'{name} {spent:.1f} s' for name, spent in phases.items())}.")
    print(f"Peak memory of a worker that reads and applies it: {peak:.0f} MB.")


def _world() -> Any:
    from tests.factories import make_world

    return make_world().cahaba


def _write_roster(path: Path, students: int) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["local_number", "first_name", "last_name", "school", "grade", "entered"])
        for n in range(students):
            school = ("Cahaba Ridge High School", "Cahaba Valley High School")[n % 2]
            writer.writerow([f"{n:07d}", f"First{n % 977}", f"Last{n % 3571}", school, "09", "2025-08-12"])


def _write_courses(path: Path, rows: int, students: int) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["local_number", "school", "course_code", "section", "term", "title", "sced_code", "subject", "level",
             "cip_code", "mark", "credits_attempted", "credits_earned"]
        )  # fmt: skip
        for n in range(rows):
            student, course = n % students, COURSES[(n // students * 19 + n) % len(COURSES)]
            school = ("Cahaba Ridge High School", "Cahaba Valley High School")[student % 2]
            mark = "ABCDF"[n % 5]
            earned = "0.00" if mark == "F" else "1.00"
            writer.writerow(
                [f"{student:07d}", school, course[0], str(n // students), "FY", course[1], course[2], "math",
                 "general", "", mark, "1.00", earned]
            )  # fmt: skip


def _load(district: Any, path: Path) -> tuple[float, dict[str, float]]:
    """The whole way of a file; seconds in all and by step."""
    from hstw import files
    from hstw.values import SchoolYear
    from schools.imports import run, steps
    from schools.models.imports import ImportState

    started = time.perf_counter()
    stored = files.store_path(path, path.name, None)
    batch = run.begin(organization=district, year=SchoolYear(YEAR), stored=stored, kind=None, by=None, wake=False)
    kept = time.perf_counter()
    steps.work(batch.pk)
    batch.refresh_from_db()
    assert batch.state == ImportState.PREVIEWED, batch.refusal
    read = time.perf_counter()
    run.apply(batch, by=None, typed=str(batch.guard.get("number", "")), wake=False)
    steps.work(batch.pk)
    batch.refresh_from_db()
    assert batch.state == ImportState.APPLIED, batch.refusal
    done = time.perf_counter()
    return done - started, {"storing": kept - started, "read to preview": read - kept, "applying": done - read}


def _bare_copy(path: Path) -> float:
    """COPY of rows that need no reading or checking, into a table like the real one with its indexes."""
    from django.db import connection

    ready = io.StringIO()
    with path.open(newline="") as file:
        for n, row in enumerate(csv.DictReader(file), start=2):
            ready.write(
                f"{row['course_code']}\t{row['section']}\t{row['term']}\t{row['sced_code']}\t{row['title']}\t{row['subject']}"
                f"\t{row['level']}\t\t{row['mark']}\t{row['credits_attempted']}\t{row['credits_earned']}\t{YEAR}\t{n}"
                f"\t{int(row['local_number'])}\t1\t1\n"
            )
    data = ready.getvalue().encode()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare (LIKE schools_courserecord INCLUDING DEFAULTS INCLUDING IDENTITY"
                       " INCLUDING INDEXES INCLUDING CONSTRAINTS)")  # fmt: skip
        started = time.perf_counter()
        with cursor.copy(
            "COPY bare (course_code, section, term, sced_code, title, subject, level, cip_code, mark,"
            " credits_attempted, credits_earned, year, line, student_id, organization_id, batch_id) FROM STDIN"
        ) as copy:
            copy.write(data)
        spent = time.perf_counter() - started
        cursor.execute("DROP TABLE bare")
    return spent


def _peak_of_a_worker(district: Any, path: Path) -> float:
    """Megabytes at the peak of a process of its own that loads the file, as a Celery worker would."""
    from django.db import connection

    code = (
        "import sys, resource; from tests.benchmarks.imports import child;"
        " child(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4])"
    )
    from django.conf import settings

    done = subprocess.run(
        [sys.executable, "-c", code, connection.settings_dict["NAME"], str(district.pk), str(path),
         str(settings.MEDIA_ROOT)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return float(done.stdout.strip().splitlines()[-1])


def child(database: str, district: int, path: str, media: str) -> None:
    """The process whose memory is measured."""
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection

    connection.settings_dict["NAME"] = database
    settings.MEDIA_ROOT = media
    from schools.models import Organization

    _load(Organization.objects.get(pk=district), Path(path))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _import_export(path: Path) -> float:
    """django-import-export on the first rows, in bulk, with its own preview (a dry run) and then for good."""
    import tablib
    from import_export import fields, resources, widgets

    from schools.models import CourseRecord, Organization, StudentIdentifier

    students = dict(StudentIdentifier.objects.values_list("value", "student_id"))
    schools = dict(Organization.objects.filter(kind="school").values_list("name", "pk"))
    CourseRecord.objects.all()._raw_delete("default")
    data = tablib.Dataset()
    with path.open(newline="") as file:
        reader = csv.DictReader(file)
        names = [name for name in reader.fieldnames or [] if name not in {"local_number", "school"}]
        data.headers = ["student", "organization", "year", *names]
        for _n, row in zip(range(THEIRS), reader, strict=False):
            data.append([students[row["local_number"]], schools[row["school"]], YEAR, *[row[name] for name in names]])

    class Records(resources.ModelResource):
        student = fields.Field("student_id", "student", widgets.IntegerWidget())
        organization = fields.Field("organization_id", "organization", widgets.IntegerWidget())

        class Meta:
            model = CourseRecord
            import_id_fields = ("student", "organization", "year", "term", "course_code", "section")
            fields = ("student", "organization", "year", *names)
            use_bulk = True
            batch_size = 1000
            skip_diff = True

    started = time.perf_counter()
    for dry_run in (True, False):
        result = Records().import_data(data, dry_run=dry_run, raise_errors=True)
        assert result.total_rows == len(data)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
