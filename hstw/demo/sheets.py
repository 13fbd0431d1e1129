"""Writes sheets of evidence as table rows, each with its organization, its import and its line there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from django.db.models import Model

from schools.models import (
    AssessmentResult,
    CohortRemoval,
    CourseRecord,
    CredentialEarned,
    Diploma,
    Enrollment,
    PostsecondaryOutcome,
    WorkExperience,
)
from schools.models.evidence import RaceEthnicity

from .catalog import CATALOG, CREDENTIALS
from .copying import Choice, Column, Flags, Numbers, dates, hundredths, texts
from .evidence import DIPLOMAS, EXIT_CODES, OUTCOMES, Sheet, keep
from .exams import WORK_KINDS, Tests
from .geography import GRADES
from .imports import FILES, write_imports
from .names import COLLEGES, EMPLOYERS
from .population import Cluster, Ints
from .world import World

_COURSES = CATALOG.courses
_GRADE_NAMES = texts(GRADES)
_EXITS = texts(EXIT_CODES)
_RACES = texts(RaceEthnicity.values)
_SEXES = texts("MF")
_NO_SECTION = texts([""])
_TERMS = texts(course.term for course in _COURSES)
_SCEDS = texts(course.sced for course in _COURSES)
_TITLES = texts(course.title for course in _COURSES)
_SUBJECTS = texts(course.subject for course in _COURSES)
_COURSE_LEVELS = texts(course.level for course in _COURSES)
_CIPS = texts(course.cip for course in _COURSES)
_MARKS = texts([*map(str, range(101)), "W", ""])
_CREDITS = hundredths(200)
_SCORES = hundredths(160_000)
_CREDENTIAL_CODES = texts(code for code, _issuer in CREDENTIALS)
_ISSUERS = texts(issuer for _code, issuer in CREDENTIALS)
_WORK = texts(WORK_KINDS)
_EMPLOYERS = texts(["", *EMPLOYERS])
_DIPLOMAS = texts(DIPLOMAS)
_OUTCOMES = texts(OUTCOMES)
_INSTITUTIONS = texts(["", *COLLEGES, *EMPLOYERS])
_LEVELS_EARNED = texts(["", "certificate"])


def write_sheets(world: World, cluster: Cluster, tests: Tests, sheets: dict[str, Sheet], pk: Ints) -> None:
    """Write all evidence of a cluster; ``pk`` holds the students' primary keys, 0 for those left out."""
    for name, file in FILES.items():
        sheet = keep(sheets[name], pk[sheets[name]["student"]] > 0)
        missing = np.array([file.about in district.missing for district in cluster.districts])
        sheet = keep(sheet, ~missing[cluster.district_of[sheet["school"]]])
        batch, line = write_imports(world, cluster, file, tests, sheet)
        if not len(sheet["student"]):
            continue
        model, columns = _MODELS.get(name, (AssessmentResult, None))
        common: dict[str, Column] = {
            "student_id": Numbers(pk[sheet["student"]]),
            "organization_id": Numbers(cluster.pk[sheet["school"]]),
            "year": Numbers(sheet["year"], 2),
            "batch_id": Numbers(batch),
            "line": Numbers(line, 4),
        }
        own = columns(sheet) if columns is not None else _assessments(sheet, tests)
        world.writer.write_columns(model, common | own)


def _enrollments(sheet: Sheet) -> dict[str, Column]:
    return {
        "grade": Choice(_GRADE_NAMES, sheet["grade"]),
        "entered": dates(sheet["entered"]),
        "exited": dates(sheet["exited"]),
        "exit_code": Choice(_EXITS, sheet["exit_code"]),
        "days_enrolled": Numbers(sheet["days_enrolled"], 2),
        "days_absent": Numbers(sheet["days_absent"], 2),
        "race_ethnicity": Choice(_RACES, sheet["race"]),
        "sex": Choice(_SEXES, sheet["sex"]),
        "economically_disadvantaged": Flags(sheet["poor"]),
        "english_learner": Flags(sheet["english"]),
        "with_disabilities": Flags(sheet["disabled"]),
        "homeless": Flags(sheet["homeless"]),
        "foster_care": Flags(sheet["foster"]),
        "military_connected": Flags(sheet["military"]),
        "migrant": Flags(sheet["migrant"]),
        "single_parent": Flags(sheet["parent"]),
        "non_traditional": Flags(sheet["non_traditional"]),
    }


def _courses(sheet: Sheet) -> dict[str, Column]:
    course = sheet["course"]
    return {
        "course_code": Choice(_SCEDS, course),
        "section": Choice(_NO_SECTION, np.zeros(len(course), np.int64)),
        "term": Choice(_TERMS, course),
        "sced_code": Choice(_SCEDS, course),
        "title": Choice(_TITLES, course),
        "subject": Choice(_SUBJECTS, course),
        "level": Choice(_COURSE_LEVELS, course),
        "cip_code": Choice(_CIPS, course),
        "mark": Choice(_MARKS, sheet["mark"]),
        "credits_attempted": Choice(_CREDITS, sheet["attempted"]),
        "credits_earned": Choice(_CREDITS, sheet["earned"]),
    }


def _assessments(sheet: Sheet, tests: Tests) -> dict[str, Column]:
    return {
        "test": Choice(texts(test for test, _subject in tests.names), sheet["test"]),
        "subject": Choice(texts(subject for _test, subject in tests.names), sheet["test"]),
        "taken_on": dates(sheet["taken_on"]),
        "score": Choice(_SCORES, sheet["score"]),
        "performance_level": Choice(texts(tests.levels), sheet["level"]),
    }


def _credentials(sheet: Sheet) -> dict[str, Column]:
    return {
        "credential_code": Choice(_CREDENTIAL_CODES, sheet["credential"]),
        "issuer": Choice(_ISSUERS, sheet["credential"]),
        "earned_on": dates(sheet["earned_on"]),
        "passed": Flags(sheet["passed"]),
    }


def _work(sheet: Sheet) -> dict[str, Column]:
    return {
        "kind": Choice(_WORK, sheet["kind"]),
        "employer": Choice(_EMPLOYERS, sheet["employer"]),
        "hours": Numbers(sheet["hours"], 2),
        "paid": Flags(sheet["paid"]),
    }


def _diplomas(sheet: Sheet) -> dict[str, Column]:
    return {"kind": Choice(_DIPLOMAS, sheet["kind"]), "awarded_on": dates(sheet["awarded_on"])}


def _removals(sheet: Sheet) -> dict[str, Column]:
    count = len(sheet["student"])
    documents = [
        f"records-request-{year}-{number:05d}.pdf" if documented else ""
        for year, number, documented in zip(
            sheet["year"].tolist(), sheet["student"].tolist(), sheet["documented"].tolist(), strict=True
        )
    ]
    return {
        "reason": Choice(_EXITS, sheet["reason"]),
        "removed_on": dates(sheet["removed_on"]),
        "document": Choice(texts(documents), np.arange(count)),
    }


def _outcomes(sheet: Sheet) -> dict[str, Column]:
    """College students have a college, those at work an employer; training and service name nobody."""
    kind, draw = sheet["kind"], sheet["institution"]
    place = np.select([kind < 2, kind == 3], [1 + draw % len(COLLEGES), 1 + len(COLLEGES) + draw % len(EMPLOYERS)], 0)
    return {
        "kind": Choice(_OUTCOMES, kind),
        "institution": Choice(_INSTITUTIONS, place),
        "starts": dates(sheet["starts"]),
        "ends": dates(sheet["ends"]),
        "credential_level": Choice(_LEVELS_EARNED, sheet["finished"].astype(np.int64)),
    }


_MODELS: dict[str, tuple[type[Model], Callable[[Sheet], dict[str, Column]]]] = {
    "enrollments": (Enrollment, _enrollments),
    "courses": (CourseRecord, _courses),
    "credentials": (CredentialEarned, _credentials),
    "work": (WorkExperience, _work),
    "diplomas": (Diploma, _diplomas),
    "removals": (CohortRemoval, _removals),
    "outcomes": (PostsecondaryOutcome, _outcomes),
}
EVIDENCE: tuple[type[Model], ...] = (AssessmentResult, *(model for model, _columns in _MODELS.values()))
