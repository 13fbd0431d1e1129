"""What the pages of “Data” are looked at with: an import in every state, coverage with gaps, one full record."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from hstw import files
from hstw.access import Role
from hstw.navigation import current_year
from schools.models import (
    AssessmentResult,
    Correction,
    CourseRecord,
    CredentialEarned,
    Diploma,
    EvidenceCoverage,
    ImportBatch,
    ImportProblem,
    Organization,
    PostsecondaryOutcome,
    Student,
    StudentIdentifier,
    User,
    WorkExperience,
)
from tests import factories

LONG_FILE = "students-of-everything-exported-from-the-information-system-of-cahaba-county_final_v2_(3).zip"


@dataclass
class FilledData:
    """An import in each state, by name; a student with a record of several years; a corrected course of theirs."""

    imports: dict[str, ImportBatch]
    maria: Student
    course: CourseRecord


def fill_data(places: factories.World, people: dict[str, User]) -> FilledData:
    """Make it."""
    by = people[Role.PRINCIPAL]
    imports = {state: _import(places.ridge, by, state) for state in _STATES}
    imports["guarded"] = _guarded(places.ridge, by)
    imports["evidence"] = _import(places.ridge, by, "applied")
    for number in range(60):
        _import(places.valley, people[Role.DISTRICT_ADMINISTRATOR], "applied", source=f"attendance-{number:02d}.csv")
    _coverage(places, imports["evidence"])
    maria, course = _record(places, imports["evidence"], by)
    twin = {"first_name": "Jordan", "last_name": "O'Neil", "birth_date": dt.date(2010, 1, 2)}
    for grade in ("09", "10"):
        factories.enrollment(places.ridge, current_year(), grade, student=factories.student(**twin))
    return FilledData(imports, maria, course)


_COUNTS = {
    "student": {"new": 5, "changed": 1, "gone": 0, "unchanged": 162, "refused": 0},
    "enrollment": {"new": 5, "changed": 12, "gone": 49, "unchanged": 104, "refused": 3},
    "course_record": {"new": 1204, "changed": 0, "gone": 0, "unchanged": 0, "refused": 41},
}
_STATES: dict[str, dict[str, Any]] = {
    "waiting": {"state": "waiting"},
    "reading": {
        "state": "reading",
        "phase": "Reading enrollments.csv",
        "rows_done": 412_300,
        "rows_total": 1_048_000,
    },
    "previewed": {"state": "previewed", "completeness": "adds"},
    "refused": {
        "state": "refused",
        "refusal": "The bundle has no orgs.csv, so nothing says which school a student is at.\n\n"
        "Export it again with all files of the OneRoster bundle, and load that.",
    },
    "applied": {"state": "applied"},
    "undone": {"state": "undone"},
    "cancelled": {"state": "cancelled"},
}


def _import(organization: Organization, by: User, state: str, **more: Any) -> ImportBatch:
    now = timezone.now()
    facts: dict[str, Any] = {
        "organization": organization,
        "year": current_year(),
        "kind": "oneroster",
        "completeness": "replaces",
        "source": LONG_FILE if state in {"applied", "reading"} else f"roster-{state}.csv",
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "loaded_by": by,
        "loaded_at": now - dt.timedelta(minutes=9),
        **_STATES[state],
        **more,
    }
    if state in {"previewed", "applied", "undone"}:
        counts = {"course_record": _COUNTS["course_record"]} if state == "previewed" else _COUNTS
        facts |= {"counts": counts, "preview": {"covers": _COVERS}}
    if state in {"applied", "undone"}:
        facts |= {"applied_by": by, "applied_at": now, "before_images_until": now + dt.timedelta(days=400)}
    if state == "undone":
        facts |= {"undone_by": by, "undone_at": now}
    if state == "reading":
        facts["phase_started_at"] = now - dt.timedelta(seconds=11)
    return ImportBatch.objects.create(**facts)


_COVERS = [
    {"organization": "Cahaba Ridge High School", "label": "Enrollments", "year": 2026, "through": "2026-06-01"},
    {"organization": "Cahaba Ridge High School", "label": "Courses", "year": 2026, "through": "2026-06-01"},
]


def _guarded(organization: Organization, by: User) -> ImportBatch:
    """A preview with everything that a preview can have."""
    year = current_year()
    new = {
        "student": "Alvarez, Maria",
        "organization": "Cahaba Ridge High School",
        "line": 7,
        "file": "users.csv",
        "values": [["grade", "Grade", None, "09"], ["entered", "Entered", None, f"{year - 1}-08-12"]],
    }
    changed = {
        "student": "Featherstonehaugh-Montgomery, Wilhelmina Anastasia",
        "organization": "Cahaba Ridge High School",
        "line": 11,
        "file": "enrollments.csv",
        "values": [["days_absent", "Days absent", "4", "19"], ["exit_code", "Exit code", "", "transfer_out"]],
    }
    gone = {
        "student": "Brooks, Sam",
        "organization": "Cahaba Ridge High School",
        "values": [["grade", "Grade", "11", None]],
    }
    batch = _import(
        organization,
        by,
        "previewed",
        source=LONG_FILE,
        completeness="replaces",
    )
    batch.counts = _COUNTS
    batch.guard = {
        "stopped": True,
        "number": 61,
        "of": 165,
        "share": 0.37,
        "limit": 0.1,
        "what": "enrollments would be ended, removed or changed",
    }
    batch.preview = {
        "samples": {"enrollment": {"new": [new], "changed": [changed], "gone": [gone]}},
        "corrections": {
            "kept": 2,
            "overwritten": 1,
            "samples": [
                {
                    "student": "Alvarez, Maria",
                    "label": "days absent",
                    "file_value": "90",
                    "value": "9",
                    "outcome": "kept",
                },
                {
                    "student": "Brooks, Sam",
                    "label": "grade",
                    "file_value": "12",
                    "value": "10",
                    "outcome": "overwritten",
                },
            ],
        },
        "schools": [
            {
                "id": 1,
                "name": "Cahaba Freshman Academy",
                "nces_id": "010000100009",
                "state_id": "0090",
                "kind": "school",
            }
        ],
        "notes": ["2 school ids had lost their leading zeros and were still recognized."],
        "covers": _COVERS,
    }
    batch.file = files.store(io.BytesIO(b"x" * 1000), LONG_FILE, by)
    batch.rejected = files.store(io.BytesIO(b"file,line,reason\n"), "left-out.csv", by)
    batch.save()
    for cause, severity, text, count, column in (
        ("not_in_list", "refused", "grades: Not one of the values this column knows", 41, "grades"),
        ("exit_before_entry", "refused", "endDate: The exit is before the entry", 3, "endDate"),
        ("shortened", "noted", "title: Longer than 120 characters", 1310, "title"),
    ):
        ImportProblem.objects.create(
            batch=batch,
            cause=cause,
            severity=severity,
            text=text,
            advice="Use one of: 09, 10, 11, 12. Spreadsheets drop the leading zero; format the column as text.",
            count=count,
            places=[
                {"file": "enrollments.csv", "line": line, "column": column, "value": "9th grade"}
                for line in (7, 19, 20, 21, 40)
            ],
        )
    return batch


def _coverage(places: factories.World, batch: ImportBatch) -> None:
    year = current_year()
    day = dt.date(year - 1, 11, 18)
    for organization, kinds in (
        (places.ridge, ("enrollment", "demographics", "courses", "assessment:ACT", "assessment:WorkKeys")),
        (places.valley, ("enrollment", "attendance")),
        (places.cahaba, ("credentials",)),
    ):
        for kind in kinds:
            EvidenceCoverage.objects.create(
                organization=organization, year=year, kind=kind, through_date=day, batch=batch
            )


def _record(places: factories.World, batch: ImportBatch, by: User) -> tuple[Student, CourseRecord]:
    year = current_year()
    maria = factories.student(
        first_name="Maria",
        middle_name="Luz",
        last_name="Alvarez",
        birth_date=dt.date(2009, 3, 14),
        grade_9_year=year - 2,
    )
    given = {"student": maria, "starts": dt.date(year - 2, 8, 1)}
    StudentIdentifier.objects.create(system="state", organization=places.alabama, value="1904417263", **given)
    StudentIdentifier.objects.create(system="local", organization=places.cahaba, value="0048213", **given)
    factories.enrollment(places.ridge, year, "11", student=maria, days_enrolled=60, days_absent=9, batch=batch, line=7)
    factories.enrollment(
        places.ridge, year - 1, "10", student=maria, exit_code="end_of_year", exited=dt.date(year - 1, 5, 22)
    )
    factories.enrollment(places.harbor, year - 2, "09", student=maria)
    here = {"student": maria, "organization": places.ridge, "batch": batch}
    courses = [
        ("Algebra II", "MAT201", "honors", "B+", 1),
        ("Advanced Placement United States Government and Politics", "SOC410", "ap", "A", 0.5),
        ("Health Science I", "HSC100", "general", "", 1),
    ]
    made = [
        CourseRecord.objects.create(
            title=title, course_code=code, level=level, mark=mark, credits_attempted=credit,
            credits_earned=credit if mark else None, year=year - (place == 0), term="FY", line=100 + place, **here,
        )
        for place, (title, code, level, mark, credit) in enumerate(courses)
    ]  # fmt: skip
    CourseRecord.objects.create(
        student=maria, organization=places.harbor, year=year - 2, title="Algebra I", course_code="A1"
    )
    Correction.objects.create(
        table="schools_courserecord",
        key=made[0].pk,
        field="mark",
        file_value="D",
        value="B+",
        reason="Grade change form of June 3, signed by the teacher",
        student_id=maria.pk,
        organization=places.ridge,
        by=by,
    )
    AssessmentResult.objects.create(
        test="ACT", subject="Mathematics", taken_on=dt.date(year - 1, 10, 7), score=22, year=year, line=9, **here
    )
    CredentialEarned.objects.create(
        credential_code="CNA",
        issuer="State Board of Nursing",
        earned_on=dt.date(year - 1, 11, 4),
        year=year,
        line=3,
        **here,
    )
    WorkExperience.objects.create(
        kind="internship",
        employer="Hill Memorial Hospital",
        hours=120,
        paid=True,
        starts=dt.date(year - 1, 9, 1),
        year=year,
        **here,
    )
    Diploma.objects.create(kind="regular", awarded_on=dt.date(year, 5, 22), year=year, **here)
    PostsecondaryOutcome.objects.create(
        kind="college", institution="Lawson State Community College", starts=dt.date(year, 8, 17), year=year, **here
    )
    return maria, made[0]
