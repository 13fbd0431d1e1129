"""From evidence to cells, on cohorts worked out by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from goals.models import Measure, MeasureCell, ReadinessRecord, StalePair, StudentGroup
from goals.models.measure import Basis
from goals.readiness import rollup
from goals.readiness.computed import all_computed
from goals.readiness.derive import GROUPS
from schools.models import (
    CohortRemoval,
    CourseRecord,
    Diploma,
    EvidenceChange,
    EvidenceCoverage,
    Organization,
    Student,
)
from tests.factories import World, enrollment, make_world, student

pytestmark = pytest.mark.django_db
YEAR = 2024


@pytest.fixture
def world() -> World:
    return make_world()


def cover(organization: Organization, year: int, *kinds: str) -> None:
    for kind in kinds:
        EvidenceCoverage.objects.create(organization=organization, year=year, kind=kind)


def cell(organization: Organization, measure: str, year: int = YEAR, group: str = "ALL") -> tuple[int, int] | None:
    """Numerator and denominator; ``None`` where nothing was counted."""
    return (
        MeasureCell.objects.filter(organization=organization, measure__code=measure, year=year, group__code=group)
        .values_list("numerator", "denominator")
        .first()
    )


def absent(school: Organization, enrolled: int, days: int, who: Student | None = None, **fields: Any) -> Student:
    spell = enrollment(school, YEAR, days_enrolled=enrolled, days_absent=days, student=who, **fields)
    return spell.student


def test_chronic_absence_counts_a_student_of_two_schools_once_for_the_district(world: World) -> None:
    """Ridge 9 of 89 days is not chronic, Valley 12 of 90 is; in the district 21 of 179 days is."""
    cover(world.cahaba, YEAR, "enrollment", "attendance")
    mover = absent(world.ridge, 89, 8)
    absent(world.valley, 90, 12, mover, entered=dt.date(2024, 1, 8))
    absent(world.ridge, 180, 18)  # ten percent exactly is chronic
    absent(world.ridge, 180, 17)
    absent(world.ridge, 9, 9)  # enrolled less than ten days: not counted
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    assert cell(world.ridge, "CHRONIC_ABSENCE") == (1, 3)
    assert cell(world.valley, "CHRONIC_ABSENCE") == (1, 1)
    assert cell(world.cahaba, "CHRONIC_ABSENCE") == (2, 3)
    assert cell(world.alabama, "CHRONIC_ABSENCE") == (2, 3)


def test_what_is_not_covered_is_not_zero(world: World) -> None:
    cover(world.ridge, YEAR, "enrollment", "attendance")
    absent(world.ridge, 180, 5)
    absent(world.valley, 180, 50)
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    assert cell(world.ridge, "CHRONIC_ABSENCE") == (0, 1)
    assert cell(world.valley, "CHRONIC_ABSENCE") is None
    assert cell(world.cahaba, "CHRONIC_ABSENCE") == (0, 1)


def ninth_grader(school: Organization, credits: str, failed: int) -> None:
    who = student(grade_9_year=YEAR)
    enrollment(school, YEAR, "09", student=who)
    common = {"student": who, "organization": school, "year": YEAR, "subject": "math", "term": "S1"}
    CourseRecord.objects.create(
        **common, title="Sum", course_code="SUM", mark="C", credits_attempted=credits, credits_earned=credits
    )
    for n in range(failed):
        CourseRecord.objects.create(
            **common, title="F", course_code=f"F{n}", mark="F", credits_attempted="0.50", credits_earned="0.00"
        )


def test_ninth_grade_on_track_is_five_credits_and_at_most_one_f(world: World) -> None:
    cover(world.cahaba, YEAR, "enrollment", "courses")
    ninth_grader(world.ridge, "5.00", 0)
    ninth_grader(world.ridge, "5.00", 1)
    ninth_grader(world.ridge, "5.00", 2)
    ninth_grader(world.ridge, "4.50", 0)
    repeater = student(grade_9_year=YEAR - 1)
    enrollment(world.ridge, YEAR, "09", student=repeater)
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    assert cell(world.ridge, "ON_TRACK_9") == (2, 4)


def member(school: Organization, diploma: str = "", awarded: int = YEAR, **removal: Any) -> Student:
    """One of the class of 2024: first in grade 9 in 2021."""
    who = student(grade_9_year=YEAR - 3)
    enrollment(school, YEAR - 3, "09", student=who)
    if diploma:
        Diploma.objects.create(
            student=who, organization=school, year=awarded, kind=diploma, awarded_on=dt.date(awarded, 5, 22)
        )
    if removal:
        CohortRemoval.objects.create(
            student=who, organization=school, year=YEAR, removed_on=dt.date(2023, 10, 3), **removal
        )
    return who


def test_the_cohort_keeps_everyone_without_a_document(world: World) -> None:
    """Two graduates, one in the fifth year, a GED, a dropout, a transfer with and one without a document."""
    cover(world.cahaba, YEAR, "enrollment", "diplomas")
    cover(world.cahaba, YEAR + 1, "diplomas")  # the fifth year is known from its own file
    member(world.ridge, "regular")
    member(world.ridge, "alternate", YEAR - 1)  # an early graduate counts in the own cohort
    member(world.ridge, "regular", YEAR + 1)
    member(world.ridge, "equivalent")
    member(world.ridge)
    member(world.ridge, reason="transfer_out", document="request 17")
    member(world.ridge, reason="transfer_out", document="")
    rollup.roll_up(world.alabama, Basis.CLASS, YEAR)
    assert cell(world.ridge, "ACGR4") == (2, 6)
    assert cell(world.ridge, "ACGR5") == (3, 6)
    assert cell(world.cahaba, "ACGR4") == (2, 6)


def test_a_student_counts_in_the_class_at_the_last_school(world: World) -> None:
    cover(world.alabama, YEAR, "enrollment", "diplomas")
    who = member(world.ridge, "regular")
    enrollment(world.harbor, YEAR, "12", student=who)
    rollup.roll_up(world.alabama, Basis.CLASS, YEAR)
    assert cell(world.ridge, "ACGR4") is None
    assert cell(world.harbor, "ACGR4") == (1, 1)
    assert cell(world.alabama, "ACGR4") == (1, 1)


def test_groups_are_ever_within_the_year_and_race_is_the_latest(world: World) -> None:
    cover(world.cahaba, YEAR, "enrollment", "attendance")
    who = absent(world.ridge, 90, 20, english_learner=True, race_ethnicity="WH", exited=dt.date(2023, 12, 20))
    absent(world.ridge, 80, 0, who, entered=dt.date(2024, 1, 8), english_learner=False, race_ethnicity="TR")
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    assert cell(world.ridge, "CHRONIC_ABSENCE", group="EL") == (1, 1)
    assert cell(world.ridge, "CHRONIC_ABSENCE", group="TR") == (1, 1)
    assert cell(world.ridge, "CHRONIC_ABSENCE", group="WH") is None


def test_a_second_run_changes_nothing(world: World) -> None:
    cover(world.cahaba, YEAR, "enrollment", "attendance")
    absent(world.ridge, 180, 18)
    first = rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    assert first[2] > 0
    assert rollup.roll_up(world.alabama, Basis.YEAR, YEAR)[2] == 0


def test_changed_evidence_marks_what_it_feeds(world: World) -> None:
    who = member(world.ridge, "regular")
    enrollment(world.ridge, YEAR, "12", student=who)
    rollup.mark([(world.ridge.pk, who.pk, YEAR)])
    assert set(StalePair.objects.values_list("organization__slug", "basis", "year")) == {
        ("alabama", "year", 2024),
        ("alabama", "class", 2024),
        ("alabama", "leaver", 2024),
    }
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    assert not StalePair.objects.filter(basis="year").exists()


def test_a_change_of_an_open_transaction_is_not_passed_over(world: World) -> None:
    """In this test's transaction nothing is over: nothing may be taken, and nothing skipped for good."""
    EvidenceChange.objects.create(organization=world.ridge, student_id=1, year=YEAR, kind="courses")
    assert rollup.mark_new() == 0


def test_every_computed_measure_and_group_has_its_row() -> None:
    codes = dict(Measure.objects.values_list("code", "bit"))
    assert {one.code: one.bit for one in all_computed()}.items() <= codes.items()
    groups = dict(StudentGroup.objects.filter(bit__isnull=False).values_list("bit", "code"))
    assert {bit: code for bit, (code, _sql) in GROUPS.items()} == groups


def test_met_without_counted_is_refused_by_the_table(world: World) -> None:
    with pytest.raises(IntegrityError, match="readiness_met_within_counted"), transaction.atomic():
        ReadinessRecord.objects.create(
            organization=world.ridge,
            basis="year",
            year=YEAR,
            student_id=1,
            groups="0" * 128,
            counted="0" * 128,
            met="1" + "0" * 127,
        )
