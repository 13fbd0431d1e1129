"""The comparison, the writing and the undoing of imports, on rows written out by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from schools.imports import corrections, undo
from schools.models import (
    CourseRecord,
    Enrollment,
    EvidenceChange,
    EvidenceCoverage,
    Student,
    StudentIdentifier,
    User,
)
from schools.models.imports import Completeness
from tests.factories import World, make_world, person
from tests.schools.imports.engine import everything, load, look, undone

pytestmark = pytest.mark.django_db
REPLACES = Completeness.REPLACES


@pytest.fixture
def world() -> World:
    return make_world()


def roster(school: Any, *numbers: str, **fields: Any) -> dict[str, list[dict[str, Any]]]:
    """A roster of students known by district numbers, all in grade 9 unless said otherwise."""
    students = [
        {"local_number": number, "first_name": f"First {number}", "last_name": f"Last {number}"} for number in numbers
    ]
    spells = [
        {
            "local_number": number,
            "organization_id": school.pk,
            "grade": "09",
            "entered": "2025-08-12",
            "exited": None,
            **fields,
        }
        for number in numbers
    ]
    return {"student": students, "enrollment": spells}


def course(number: str, school: Any, code: str = "MAT1", **fields: Any) -> dict[str, Any]:
    return {
        "local_number": number,
        "organization_id": school.pk,
        "course_code": code,
        "term": "FY",
        "title": f"Course {code}",
        "credits_attempted": "1.00",
        "credits_earned": "1.00",
        **fields,
    }


def test_a_first_roster_makes_students_numbers_and_enrollments(world: World) -> None:
    batch = load(world.cahaba, roster(world.ridge, "001", "002", "003"), REPLACES)
    assert batch.counts["enrollment"] == {"new": 3, "changed": 0, "gone": 0, "unchanged": 0, "refused": 0}
    assert set(StudentIdentifier.objects.values_list("value", "system", "organization__slug")) == {
        ("001", "local", "cahaba"),
        ("002", "local", "cahaba"),
        ("003", "local", "cahaba"),
    }
    first = Enrollment.objects.get(student__identifiers__value="001")
    assert (first.grade, first.entered, first.exited, first.line) == ("09", dt.date(2025, 8, 12), None, 2)
    assert first.batch == batch
    assert first.student.last_name == "Last 001"
    assert first.english_learner is None
    assert first.race_ethnicity == ""


def test_the_same_roster_again_changes_nothing(world: World) -> None:
    load(world.cahaba, roster(world.ridge, "001", "002"), REPLACES)
    before = everything()
    again = load(world.cahaba, roster(world.ridge, "001", "002"), REPLACES)
    assert again.counts["enrollment"]["unchanged"] == 2
    assert again.counts["enrollment"]["new"] == again.counts["enrollment"]["changed"] == 0
    after = everything()
    before.pop("schools_evidencecoverage")
    after.pop("schools_evidencecoverage")
    assert after == before


def test_a_student_who_is_gone_is_ended_and_keeps_all_evidence(world: World) -> None:
    load(world.cahaba, roster(world.ridge, "001", "002"), REPLACES)
    load(world.cahaba, {"course_record": [course("001", world.ridge), course("002", world.ridge)]})
    batch = load(world.cahaba, roster(world.ridge, "001"), REPLACES)
    assert batch.counts["enrollment"]["gone"] == 1
    ended = Enrollment.objects.get(student__identifiers__value="002")
    assert ended.exited is not None
    assert ended.exit_code == ""
    assert CourseRecord.objects.count() == 2
    assert Student.objects.count() == 2
    # And comes back when the next file has the student again.
    back = load(world.cahaba, roster(world.ridge, "001", "002"), REPLACES)
    assert back.counts["enrollment"]["changed"] == 1
    ended.refresh_from_db()
    assert ended.exited is None


def test_a_file_that_adds_removes_nothing(world: World) -> None:
    load(world.cahaba, roster(world.ridge, "001", "002"), REPLACES)
    batch = load(world.cahaba, roster(world.ridge, "001"), Completeness.ADDS)
    assert batch.counts["enrollment"]["gone"] == 0
    assert Enrollment.objects.filter(exited=None).count() == 2


def test_a_blank_in_a_file_that_adds_says_nothing(world: World) -> None:
    load(world.cahaba, roster(world.ridge, "001", sex="F", english_learner="true"), REPLACES)
    adds = load(world.cahaba, roster(world.ridge, "001", sex=None, english_learner=None), Completeness.ADDS)
    assert adds.counts["enrollment"]["unchanged"] == 1
    assert Enrollment.objects.get().sex == "F"
    load(world.cahaba, roster(world.ridge, "001", sex=None, english_learner=None), REPLACES)
    assert (Enrollment.objects.get().sex, Enrollment.objects.get().english_learner) == ("", None)


def test_gone_stays_within_organization_year_and_kind(world: World) -> None:
    load(world.cahaba, roster(world.ridge, "001"), REPLACES)
    load(world.tombigbee, roster(world.harbor, "001"), REPLACES)
    load(world.cahaba, {"enrollment": roster(world.ridge, "001", year=2025)["enrollment"]}, REPLACES)
    assert Student.objects.count() == 2, "a local number never matches across districts"
    look_again = look(world.ridge, roster(world.ridge, "009"), REPLACES)
    assert look_again.batch.counts["enrollment"]["gone"] == 1


def test_credits_changed_in_the_file_change_the_record_and_undo_restores_it(world: World) -> None:
    load(world.cahaba, roster(world.ridge, "001"), REPLACES)
    first = load(world.cahaba, {"course_record": [course("001", world.ridge, credits_earned="0.50")]}, REPLACES)
    before = everything()
    second = load(
        world.cahaba,
        {"course_record": [course("001", world.ridge), course("001", world.ridge, "ENG1")]},
        REPLACES,
    )
    assert second.counts["course_record"] == {"new": 1, "changed": 1, "gone": 0, "unchanged": 0, "refused": 0}
    record = CourseRecord.objects.get(course_code="MAT1")
    assert (str(record.credits_earned), record.batch_id) == ("1.00", second.pk)
    undone(second)
    assert everything() == before
    assert CourseRecord.objects.get(course_code="MAT1").batch_id == first.pk


def test_undo_of_the_first_roster_leaves_nothing(world: World) -> None:
    before = everything()
    batch = load(world.cahaba, roster(world.ridge, "001", "002"), REPLACES)
    told = EvidenceChange.objects.count()
    undone(batch)
    assert everything() == before
    assert EvidenceChange.objects.count() == 2 * told, "the rollups hear of it again"


def test_undo_is_refused_where_a_later_import_changed_the_same_rows(world: World) -> None:
    load(world.cahaba, roster(world.ridge, "001"), REPLACES)
    first = load(world.cahaba, {"course_record": [course("001", world.ridge, credits_earned="0.50")]})
    second = load(world.cahaba, {"course_record": [course("001", world.ridge)]})
    second.source = "march.csv"
    second.save()
    with pytest.raises(undo.UndoRefused, match=r"march\.csv"):
        undone(first)
    undone(second)
    undone(first)
    assert not CourseRecord.objects.exists()


def test_undo_is_refused_where_a_later_import_made_again_what_it_removed(world: World) -> None:
    load(world.cahaba, roster(world.ridge, "001"), REPLACES)
    load(world.cahaba, {"course_record": [course("001", world.ridge), course("001", world.ridge, "ENG1")]}, REPLACES)
    removing = load(world.cahaba, {"course_record": [course("001", world.ridge)]}, REPLACES)
    again = load(world.cahaba, {"course_record": [course("001", world.ridge, "ENG1")]})
    with pytest.raises(undo.UndoRefused):
        undone(removing)
    undone(again)
    undone(removing)
    assert CourseRecord.objects.count() == 2


def test_undo_is_refused_where_students_it_made_have_evidence_from_elsewhere(world: World) -> None:
    first = load(world.cahaba, roster(world.ridge, "001"), REPLACES)
    load(world.cahaba, {"course_record": [course("001", world.ridge)]})
    with pytest.raises(undo.UndoRefused, match="course records"):
        undone(first)


def test_undo_is_refused_after_a_correction_by_hand(world: World) -> None:
    load(world.cahaba, roster(world.ridge, "001"), REPLACES)
    batch = load(world.cahaba, {"course_record": [course("001", world.ridge, mark="C")]})
    corrections.correct(CourseRecord.objects.get(), "mark", "B", reason="Grade change form", by=person())
    with pytest.raises(undo.UndoRefused, match="corrected by hand"):
        undone(batch)


def test_undo_is_over_when_the_before_images_are(world: World) -> None:
    batch = load(world.cahaba, roster(world.ridge, "001"), REPLACES)
    batch.before_images_until = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    batch.save()
    with pytest.raises(undo.UndoRefused, match="limited time"):
        undone(batch)


@pytest.fixture
def corrected(world: World) -> User:
    """A C in the file, put right to a B by hand."""
    load(world.cahaba, roster(world.ridge, "001"), REPLACES)
    load(world.cahaba, {"course_record": [course("001", world.ridge, mark="C")]}, REPLACES)
    ada = person()
    corrections.correct(CourseRecord.objects.get(), "mark", "B", reason="Grade change form", by=ada)
    return ada


@pytest.mark.usefixtures("corrected")
def test_a_correction_stays_while_the_file_says_what_it_said(world: World) -> None:
    batch = load(world.cahaba, {"course_record": [course("001", world.ridge, mark="C")]}, REPLACES)
    assert batch.counts["course_record"]["unchanged"] == 1
    assert CourseRecord.objects.get().mark == "B"


@pytest.mark.usefixtures("corrected")
def test_a_correction_gives_way_once_the_file_says_something_new(world: World) -> None:
    batch = load(world.cahaba, {"course_record": [course("001", world.ridge, mark="A")]}, REPLACES)
    assert batch.counts["course_record"]["changed"] == 1
    assert CourseRecord.objects.get().mark == "A"
    [field] = [field for field in corrections.fields(CourseRecord.objects.get()) if field.name == "mark"]
    assert field.correction is None


@pytest.mark.usefixtures("corrected")
def test_other_fields_change_beside_a_correction(world: World) -> None:
    load(world.cahaba, {"course_record": [course("001", world.ridge, mark="C", credits_earned="0.50")]}, REPLACES)
    record = CourseRecord.objects.get()
    assert (record.mark, str(record.credits_earned)) == ("B", "0.50")


def test_a_correction_can_be_taken_back(world: World, corrected: User) -> None:
    [field] = [field for field in corrections.fields(CourseRecord.objects.get()) if field.name == "mark"]
    assert field.correction is not None
    corrections.withdraw(field.correction, by=corrected)
    assert CourseRecord.objects.get().mark == "C"


def test_two_numbers_that_name_two_students_refuse_the_row(world: World) -> None:
    both = roster(world.ridge, "001", "002")
    for row, state in zip(both["student"], ("S1", "S2"), strict=True):
        row["state_number"] = state
    for row, state in zip(both["enrollment"], ("S1", "S2"), strict=True):
        row["state_number"] = state
    load(world.cahaba, both, REPLACES)
    looked = look(world.cahaba, {"course_record": [course("001", world.ridge, state_number="S2")]})
    assert looked.batch.counts["course_record"]["refused"] == 1
    assert looked.problems.has("numbers_disagree")


def numbered(school: Any, *numbers: tuple[str, str]) -> dict[str, list[dict[str, Any]]]:
    """A roster of students with the state's number and the district's."""
    rows = roster(school, *[local for _state, local in numbers])
    for records in rows.values():
        for record, (state, _local) in zip(records, numbers, strict=True):
            record["state_number"] = state
    return rows


def test_a_district_number_given_to_another_student_takes_over_nobody(world: World) -> None:
    """The state knows the one who has the number here by another: two people, not one."""
    load(world.cahaba, numbered(world.ridge, ("S1", "001")), REPLACES)
    looked = look(world.cahaba, numbered(world.ridge, ("S2", "001")), REPLACES)
    assert looked.batch.counts["student"] == {"new": 0, "changed": 0, "gone": 0, "unchanged": 0, "refused": 1}
    assert looked.batch.counts["enrollment"]["gone"] == 0
    [problem] = looked.problems.all()
    # One line of the file, though it gives a student and an enrollment.
    assert (problem.cause, problem.count) == ("other_state_number", 1)
    alike = look(world.cahaba, {"course_record": [course("001", world.ridge, state_number="S2")]})
    assert alike.batch.counts["course_record"]["refused"] == 1


def test_a_state_number_without_its_zeros_is_no_other_number(world: World) -> None:
    load(world.cahaba, numbered(world.ridge, ("0077", "001")), REPLACES)
    looked = look(world.cahaba, {"course_record": [course("001", world.ridge, state_number="77")]})
    assert looked.batch.counts["course_record"]["new"] == 1


def test_one_district_number_for_two_students_of_a_file_is_refused_and_told(world: World) -> None:
    looked = look(world.cahaba, numbered(world.ridge, ("S1", "001"), ("S2", "001"), ("S3", "003")), REPLACES)
    assert (looked.batch.counts["student"]["new"], looked.batch.counts["student"]["refused"]) == (1, 2)
    assert looked.problems.has("number_of_several")


def test_a_state_number_finds_the_student_in_another_district(world: World) -> None:
    here = roster(world.ridge, "001")
    there = roster(world.harbor, "77")
    for rows in (*here.values(), *there.values()):
        for row in rows:
            row["state_number"] = "S1"
    load(world.cahaba, here, REPLACES)
    load(world.tombigbee, there, REPLACES)
    student = Student.objects.get()
    assert set(student.identifiers.values_list("value", flat=True)) == {"S1", "001", "77"}
    assert student.enrollments.count() == 2


def test_lost_leading_zeros_are_matched_and_told(world: World) -> None:
    load(world.cahaba, roster(world.ridge, "00417"), REPLACES)
    looked = look(world.cahaba, {"course_record": [course("417", world.ridge)]})
    assert looked.batch.counts["course_record"]["new"] == 1
    assert looked.problems.has("lost_zeros")


def test_an_unknown_student_is_left_out_and_told_with_the_place(world: World) -> None:
    load(world.cahaba, roster(world.ridge, "001"), REPLACES)
    looked = look(world.cahaba, {"course_record": [course("001", world.ridge), course("555", world.ridge, line=7)]})
    assert looked.batch.counts["course_record"]["refused"] == 1
    [problem] = looked.problems.all()
    assert (problem.cause, problem.count, problem.places[0].line, problem.places[0].value) == (
        "unknown_student", 1, 7, "555",
    )  # fmt: skip


def test_a_line_that_gives_several_results_is_one_line_left_out(world: World) -> None:
    """Ten tests of somebody unknown are ten records and one row of the file; all are kept for download."""
    act = {"local_number": "555", "test": "ACT", "taken_on": "2026-03-01", "score": "20", "line": 9}
    looked = look(world.cahaba, {"assessment_result": [{**act, "subject": f"Part {n}"} for n in range(10)]})
    assert looked.batch.counts["assessment_result"]["refused"] == 10
    [problem] = looked.problems.all()
    assert (problem.count, [place.line for place in problem.places]) == (1, [9])
    kept = looked.problems.rejected_file()
    assert kept is not None
    lines = kept.read().decode("utf-8-sig").splitlines()
    assert len(lines) == 11
    assert "student=555" in lines[1]
    assert "subject=Part 0" in lines[1]


def test_rows_that_differ_are_kept_for_download(world: World) -> None:
    load(world.cahaba, roster(world.ridge, "001"), REPLACES)
    looked = look(
        world.cahaba, {"course_record": [course("001", world.ridge, mark="A"), course("001", world.ridge, mark="B")]}
    )
    kept = looked.problems.rejected_file()
    assert kept is not None
    marks = [line.partition("mark=")[2][:1] for line in kept.read().decode("utf-8-sig").splitlines()[1:]]
    assert marks == ["A", "B"]


def test_many_unknown_students_are_told_quickly(world: World) -> None:
    """A file loaded before its roster: found by joining, not by looking through the file for each of its rows."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '10s'")
    records = [course(f"n{n}", world.ridge) for n in range(20_000)]
    looked = look(world.cahaba, {"course_record": records})
    [problem] = looked.problems.all()
    assert (problem.count, problem.places[0].value) == (20_000, "n0")
    assert looked.problems.rejected_rows == 20_000


def test_a_student_with_a_refused_row_loses_nothing(world: World) -> None:
    load(world.cahaba, roster(world.ridge, "001"), REPLACES)
    load(world.cahaba, {"course_record": [course("001", world.ridge), course("001", world.ridge, "ENG1")]}, REPLACES)
    batch = load(world.cahaba, {"course_record": [course("001", world.ridge, credits_earned="2.00")]}, REPLACES)
    assert batch.counts["course_record"] == {"new": 0, "changed": 0, "gone": 0, "unchanged": 0, "refused": 1}
    assert CourseRecord.objects.count() == 2


def test_rows_for_one_record_that_differ_are_both_refused_and_repeats_count_once(world: World) -> None:
    load(world.cahaba, roster(world.ridge, "001", "002"), REPLACES)
    looked = look(
        world.cahaba,
        {
            "course_record": [
                course("001", world.ridge, mark="A"),
                course("001", world.ridge, mark="B"),
                course("002", world.ridge, mark="A"),
                course("002", world.ridge, mark="A"),
            ]
        },
    )
    counts = looked.batch.counts["course_record"]
    assert (counts["new"], counts["refused"]) == (1, 2)
    assert looked.problems.has("differs")
    assert looked.problems.has("repeat")


def test_overlapping_spells_at_one_school_are_told(world: World) -> None:
    rows = roster(world.ridge, "001", exited="2025-12-19")
    rows["enrollment"] += roster(world.ridge, "001", entered="2025-11-03")["enrollment"]
    looked = look(world.cahaba, rows)
    assert looked.problems.has("overlapping_spells")
    assert looked.batch.counts["enrollment"]["new"] == 1


def test_more_than_one_race_in_a_year_is_told(world: World) -> None:
    rows = roster(world.ridge, "001", exited="2025-12-19", race_ethnicity="WH")
    rows["enrollment"] += roster(world.valley, "001", entered="2026-01-05", race_ethnicity="BL")["enrollment"]
    looked = look(world.cahaba, rows)
    assert looked.problems.has("several_races")
    assert looked.batch.counts["enrollment"]["new"] == 2


def test_a_group_in_one_spell_and_not_in_another_is_told(world: World) -> None:
    """Once in the year is in: both spells are kept as they are."""
    rows = roster(world.ridge, "001", "002", english_learner="true", homeless="false")
    moved = roster(world.valley, "001", english_learner="false", homeless="false", entered="2026-01-07")
    rows["enrollment"] += moved["enrollment"]
    looked = look(world.cahaba, rows)
    [problem] = [one for one in looked.problems.all() if one.cause == "in_and_out_of_a_group"]
    assert (problem.text.partition(":")[0], problem.count) == ("english_learner", 1)
    assert looked.batch.counts["enrollment"]["new"] == 3


def test_days_absent_beyond_days_enrolled_are_refused(world: World) -> None:
    looked = look(world.cahaba, roster(world.ridge, "001", days_enrolled="170", days_absent="171"))
    assert looked.problems.has("absent_beyond_enrolled")
    assert looked.batch.counts["enrollment"] == {"new": 0, "changed": 0, "gone": 0, "unchanged": 0, "refused": 1}


def test_a_spell_whose_first_day_was_put_right_is_still_that_spell(world: World) -> None:
    load(world.cahaba, roster(world.ridge, "001"), REPLACES)
    pk = Enrollment.objects.get().pk
    batch = load(world.cahaba, roster(world.ridge, "001", entered="2025-08-14"), REPLACES)
    assert batch.counts["enrollment"] == {"new": 0, "changed": 1, "gone": 0, "unchanged": 0, "refused": 0}
    assert Enrollment.objects.get().pk == pk
    assert Enrollment.objects.get().entered == dt.date(2025, 8, 14)


def test_attendance_changes_every_spell_of_the_school_year_it_names(world: World) -> None:
    load(world.cahaba, roster(world.ridge, "001", "002"), REPLACES)
    batch = load(
        world.cahaba,
        {
            "attendance": [
                {"local_number": "001", "organization_id": world.ridge.pk, "days_enrolled": "176", "days_absent": "9"},
                {"local_number": "002", "organization_id": world.valley.pk, "days_enrolled": "176", "days_absent": "9"},
            ]
        },
    )
    assert batch.counts["attendance"] == {"new": 0, "changed": 1, "gone": 0, "unchanged": 0, "refused": 1}
    spell = Enrollment.objects.get(student__identifiers__value="001")
    assert (spell.days_enrolled, spell.days_absent, spell.batch_id) == (176, 9, batch.pk)
    assert EvidenceCoverage.objects.filter(organization=world.ridge, year=2026, kind="attendance").exists()


def test_an_assessment_that_another_district_recorded_is_left_alone(world: World) -> None:
    here, there = roster(world.ridge, "001"), roster(world.harbor, "77")
    for rows in (*here.values(), *there.values()):
        for row in rows:
            row["state_number"] = "S1"
    load(world.cahaba, here, REPLACES)
    load(world.tombigbee, there, REPLACES)
    act = {"test": "ACT", "subject": "Composite", "taken_on": "2026-03-24", "performance_level": None}
    load(world.cahaba, {"assessment_result": [{"state_number": "S1", "score": "21", **act}]})
    before = everything()
    looked = look(world.tombigbee, {"assessment_result": [{"state_number": "S1", "score": "22", **act}]})
    assert looked.problems.has("elsewhere")
    looked.apply()
    assert everything()["schools_assessmentresult"] == before["schools_assessmentresult"]


def test_a_roster_covers_the_district_and_a_file_that_adds_covers_the_schools_it_names(world: World) -> None:
    load(world.cahaba, roster(world.ridge, "001", english_learner="true"), REPLACES)
    load(world.cahaba, {"course_record": [course("001", world.ridge)]})
    assert set(EvidenceCoverage.objects.values_list("organization__slug", "kind")) == {
        ("cahaba", "enrollment"),
        ("cahaba", "demographics"),
        ("ridge", "courses"),
    }


def test_the_guard_measures_what_would_vanish_or_change(world: World) -> None:
    numbers = [f"{n:03d}" for n in range(60)]
    load(world.cahaba, roster(world.ridge, *numbers), REPLACES)
    assert look(world.cahaba, roster(world.ridge, *numbers[:56]), REPLACES).batch.guard == {}
    stopped = look(world.cahaba, roster(world.ridge, *numbers[:40]), REPLACES).batch.guard
    assert (stopped["stopped"], stopped["number"], stopped["of"]) == (True, 20, 60)
    assert look(world.cahaba, roster(world.ridge, *numbers[:40]), Completeness.ADDS).batch.guard == {}


def test_the_number_of_queries_does_not_grow_with_the_rows(world: World) -> None:
    counts = []
    for size in (3, 60):
        numbers = [f"{size}-{n:03d}" for n in range(size)]
        with CaptureQueriesContext(connection) as seen:
            load(world.cahaba, roster(world.ridge, *numbers), Completeness.ADDS)
        counts.append(len(seen))
    assert counts[0] == counts[1]
