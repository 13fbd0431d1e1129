"""More of what the engine must get right: who is meant, what belongs together, what is told, and undone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError

from schools.imports import corrections, registry, undo
from schools.models import (
    AssessmentResult,
    CourseRecord,
    Diploma,
    Enrollment,
    EvidenceChange,
    Student,
    StudentIdentifier,
)
from schools.models.imports import Completeness
from tests.factories import World, make_world, person
from tests.schools.imports.engine import everything, load, look, undone
from tests.schools.imports.test_engine import course, roster

pytestmark = pytest.mark.django_db
REPLACES, ADDS = Completeness.REPLACES, Completeness.ADDS
ACT = {"test": "ACT", "subject": "Composite", "taken_on": "2026-03-24", "performance_level": None}


@pytest.fixture
def world() -> World:
    return make_world()


def known(school: Any, *pairs: tuple[str | None, str | None], **fields: Any) -> dict[str, list[dict[str, Any]]]:
    """A roster of students with the state's and the district's number."""
    rows = roster(school, *[f"{state}/{local}" for state, local in pairs], **fields)
    for records in rows.values():
        for record, (state, local) in zip(records, pairs, strict=True):
            record |= {"state_number": state, "local_number": local}
    return rows


def joined(*files: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Several files as one."""
    return {code: [row for file in files for row in file.get(code, [])] for code in files[0]}


def told() -> set[tuple[Any, ...]]:
    """What the rollups were told of: organization, year, kind."""
    return set(EvidenceChange.objects.values_list("organization__slug", "year", "kind"))


# --- who is meant --------------------------------------------------------------------------------------------------
def test_a_district_number_given_to_somebody_else_makes_nobody_somebody_else(world: World) -> None:
    load(world.cahaba, known(world.ridge, ("S1", "001")), REPLACES)
    before = everything()
    looked = look(world.cahaba, known(world.ridge, ("S2", "001")), REPLACES)
    assert looked.problems.has("other_state_number")
    looked.apply()
    assert everything()["schools_student"] == before["schools_student"]
    assert set(Student.objects.get().identifiers.values_list("value", flat=True)) == {"S1", "001"}
    looked = look(world.cahaba, {"course_record": [course("001", world.ridge, state_number="S2")]})
    assert looked.batch.counts["course_record"]["refused"] == 1


def test_a_number_without_its_zeros_is_not_matched_against_another_number_of_the_state(world: World) -> None:
    load(world.cahaba, known(world.ridge, ("S1", "00417")), REPLACES)
    load(world.cahaba, known(world.ridge, ("S2", "417")), ADDS)
    assert set(Student.objects.get().identifiers.values_list("value", flat=True)) == {"S1", "00417"}


def test_a_number_of_the_state_without_its_zeros_is_still_the_same(world: World) -> None:
    load(world.cahaba, known(world.ridge, ("0000123", "001")), REPLACES)
    looked = look(world.cahaba, {"course_record": [course("001", world.ridge, state_number="123")]})
    assert looked.batch.counts["course_record"]["new"] == 1


def test_rows_that_give_one_district_number_two_numbers_of_the_state_are_refused(world: World) -> None:
    rows = known(world.ridge, ("S1", "001"), ("S2", "001"), ("S3", "003"))
    batch = load(world.cahaba, rows, REPLACES)
    assert (batch.counts["student"]["new"], batch.counts["student"]["refused"]) == (1, 2)
    again = load(world.cahaba, rows, REPLACES)
    assert again.counts["student"] == {"new": 0, "changed": 0, "gone": 0, "unchanged": 1, "refused": 2}


def test_one_student_named_in_two_ways_is_one_where_one_of_them_is_known(world: World) -> None:
    load(world.cahaba, known(world.ridge, ("S1", None)), REPLACES)
    rows = known(world.ridge, ("S1", "001"), (None, "001"))
    for record in rows["student"]:
        record |= {"first_name": "First S1/None", "last_name": "Last S1/None"}
    batch = load(world.cahaba, rows, REPLACES)
    assert batch.counts["student"]["new"] == 0
    assert Student.objects.count() == 1
    assert set(StudentIdentifier.objects.values_list("value", flat=True)) == {"S1", "001"}


# --- what belongs together -----------------------------------------------------------------------------------------
def test_a_new_student_whose_rows_contradict_each_other_is_left_out_with_all_that_belongs_to_him(world: World) -> None:
    rows = joined(roster(world.ridge, "001", "002", exited="2025-12-19"), roster(world.valley, "001"))
    rows["student"][2]["first_name"] = "Another"
    rows["course_record"] = [course("001", world.ridge), course("002", world.ridge)]
    batch = load(world.cahaba, rows, REPLACES)
    assert (batch.counts["student"]["new"], batch.counts["student"]["refused"]) == (1, 2)
    assert (batch.counts["enrollment"]["new"], batch.counts["enrollment"]["refused"]) == (1, 2)
    assert (batch.counts["course_record"]["new"], batch.counts["course_record"]["refused"]) == (1, 1)
    _nobody_refers_to_nobody()


def test_a_deletion_of_a_student_whom_nobody_knows_changes_nothing(world: World) -> None:
    rows = roster(world.ridge, "001", "002")
    for records in rows.values():
        for record, gone in zip(records, ("true", "false"), strict=True):
            record["deleted"] = gone
    load(world.cahaba, rows, ADDS)
    assert list(Student.objects.values_list("last_name", flat=True)) == ["Last 002"]
    assert StudentIdentifier.objects.count() == Enrollment.objects.count() == 1
    _nobody_refers_to_nobody()


def test_a_column_that_goes_with_one_the_file_lacks_is_checked_against_the_record(world: World) -> None:
    rows = roster(world.ridge, "001", "002", days_enrolled="100", days_absent="3")
    load(world.cahaba, rows, REPLACES)
    rows = roster(world.ridge, "001", "002", "003")
    for record, days in zip(rows["enrollment"], ("100", "101", "4"), strict=True):
        record["days_absent"] = days
    batch = load(world.cahaba, rows, REPLACES)
    assert (batch.counts["enrollment"]["changed"], batch.counts["enrollment"]["refused"]) == (1, 2)
    assert dict(Enrollment.objects.values_list("student__identifiers__value", "days_absent")) == {"001": 100, "002": 3}
    lacking = course("001", world.ridge)
    del lacking["credits_attempted"]
    looked = look(world.cahaba, {"course_record": [lacking]})
    assert looked.problems.has("earned_without_attempted")


def test_a_value_put_right_by_hand_that_no_longer_fits_refuses_its_row_and_no_other(world: World) -> None:
    load(world.cahaba, roster(world.ridge, "001", "002"), REPLACES)
    credit = {"credits_earned": "0.50"}
    load(world.cahaba, {"course_record": [course("001", world.ridge, **credit), course("002", world.ridge)]}, REPLACES)
    record = CourseRecord.objects.get(student__identifiers__value="001")
    corrections.correct(record, "credits_earned", "1", reason="Transcript", by=person())
    half = [course(n, world.ridge, credits_attempted="0.50", **credit) for n in ("001", "002")]
    batch = load(world.cahaba, {"course_record": half}, REPLACES)
    assert (batch.counts["course_record"]["changed"], batch.counts["course_record"]["refused"]) == (1, 1)
    record.refresh_from_db()
    assert (str(record.credits_attempted), str(record.credits_earned)) == ("1.00", "1.00")


def test_a_student_who_comes_back_to_a_school_has_two_spells_there(world: World) -> None:
    """Away from October to February, in a file that has current spells only."""
    load(world.cahaba, roster(world.ridge, "001", exited="2025-10-03"), REPLACES)
    batch = load(world.cahaba, roster(world.ridge, "001", entered="2026-02-02"), REPLACES)
    assert batch.counts["enrollment"]["new"] == 1
    assert set(Enrollment.objects.values_list("entered", "exited")) == {
        (dt.date(2025, 8, 12), dt.date(2025, 10, 3)),
        (dt.date(2026, 2, 2), None),
    }


# --- which records a file is about ---------------------------------------------------------------------------------
def test_a_complete_file_of_one_test_takes_no_other_tests_results_away(world: World) -> None:
    load(world.cahaba, roster(world.ridge, "001", "002"), REPLACES)
    both = [{"local_number": n, "score": "20", **ACT} for n in ("001", "002")]
    load(world.cahaba, {"assessment_result": [*both, {**both[0], "test": "SAT", "score": "1010"}]})
    EvidenceChange.objects.all().delete()
    batch = load(world.cahaba, {"assessment_result": [both[0]]}, REPLACES)
    assert batch.counts["assessment_result"]["gone"] == 1
    assert set(AssessmentResult.objects.values_list("test", "student__identifiers__value")) == {
        ("ACT", "001"),
        ("SAT", "001"),
    }
    assert told() == {("ridge", 2026, "assessment:ACT")}


def test_a_record_whose_key_has_no_school_follows_the_file_to_another_school_and_year(world: World) -> None:
    load(world.cahaba, roster(world.ridge, "001"), REPLACES)
    diploma = {"local_number": "001", "kind": "regular", "organization_id": world.ridge.pk}
    load(world.cahaba, {"diploma": [{**diploma, "awarded_on": "2025-05-22", "year": 2025}]})
    before = everything()
    EvidenceChange.objects.all().delete()
    right = {**diploma, "organization_id": world.valley.pk, "awarded_on": "2026-05-22"}
    batch = load(world.cahaba, {"diploma": [right]})
    assert batch.counts["diploma"]["changed"] == 1
    record = Diploma.objects.get()
    assert (record.organization, record.year) == (world.valley, 2026)
    assert told() == {("ridge", 2025, "diplomas"), ("valley", 2026, "diplomas")}
    undone(batch)
    assert everything() == before


def test_a_file_that_names_no_school_leaves_a_record_where_it_is(world: World) -> None:
    load(world.cahaba, roster(world.ridge, "001", exited="2025-12-19"), REPLACES)
    score = {"assessment_result": [{"local_number": "001", "score": "20", **ACT}]}
    load(world.cahaba, score)
    load(world.cahaba, roster(world.valley, "001", entered="2026-01-05"), ADDS)
    assert load(world.cahaba, score).counts["assessment_result"]["unchanged"] == 1
    assert AssessmentResult.objects.get().organization == world.ridge


def test_a_test_with_a_long_name_is_told_and_covered(world: World) -> None:
    load(world.cahaba, roster(world.ridge, "001"), REPLACES)
    limit = int(registry.target("assessment_result").column("test").parse.limit)  # type: ignore[attr-defined]
    load(world.cahaba, {"assessment_result": [{"local_number": "001", "score": "20", **ACT, "test": "T" * limit}]})
    assert ("ridge", 2026, "assessment:" + "T" * limit) in told()


# --- what is told --------------------------------------------------------------------------------------------------
def test_another_first_year_in_grade_nine_is_told_for_every_year_of_the_student(world: World) -> None:
    rows = roster(world.ridge, "001", "002")
    for record in rows["student"]:
        record["grade_9_year"] = "2026"
    load(world.cahaba, rows, REPLACES)
    load(world.cahaba, {"enrollment": roster(world.valley, "001", year=2025, entered="2024-08-12")["enrollment"]}, ADDS)
    EvidenceChange.objects.all().delete()
    rows["student"][0]["grade_9_year"] = "2025"
    rows["student"][1]["first_name"] = "Renamed"
    batch = load(world.cahaba, rows, REPLACES)
    student = StudentIdentifier.objects.get(value="001").student_id
    assert set(EvidenceChange.objects.values_list("student_id", "organization__slug", "year")) == {
        (student, "ridge", 2026),
        (student, "valley", 2025),
    }
    undone(batch)
    assert EvidenceChange.objects.count() == 4


# --- corrections ---------------------------------------------------------------------------------------------------
@pytest.fixture
def corrected(world: World) -> CourseRecord:
    """A C in the file, put right to a B by hand."""
    load(world.cahaba, roster(world.ridge, "001"), REPLACES)
    load(world.cahaba, {"course_record": [course("001", world.ridge, mark="C")]}, REPLACES)
    record = CourseRecord.objects.get()
    corrections.correct(record, "mark", "B", reason="Grade change form", by=person())
    return record


def test_a_correction_is_over_once_the_file_says_the_same(world: World, corrected: CourseRecord) -> None:
    load(world.cahaba, {"course_record": [course("001", world.ridge, mark="B")]}, REPLACES)
    assert _in_force(corrected) is None
    load(world.cahaba, {"course_record": [course("001", world.ridge, mark="C")]}, REPLACES)
    corrected.refresh_from_db()
    assert corrected.mark == "C", "the file changed its mind, not the person"


def test_undo_does_not_bring_a_correction_back_beside_a_newer_one(world: World, corrected: CourseRecord) -> None:
    batch = load(world.cahaba, {"course_record": [course("001", world.ridge, mark="B")]}, REPLACES)
    corrections.correct(corrected, "mark", "A", reason="Second form", by=person())
    with pytest.raises(undo.UndoRefused, match="corrected by hand"):
        undone(batch)


def test_a_correction_taken_back_does_not_stand_in_the_way_of_undo(world: World) -> None:
    load(world.cahaba, roster(world.ridge, "001"), REPLACES)
    before = everything()
    batch = load(world.cahaba, {"course_record": [course("001", world.ridge, mark="C")]}, REPLACES)
    correction = corrections.correct(CourseRecord.objects.get(), "mark", "B", reason="Form", by=person())
    with pytest.raises(undo.UndoRefused):
        undone(batch)
    corrections.withdraw(correction, by=person())
    undone(batch)
    assert everything() == before


def test_an_end_put_right_by_hand_is_over_when_the_roster_ends_the_spell(world: World) -> None:
    load(world.cahaba, roster(world.ridge, "001", "002", exited="2025-12-19"), REPLACES)
    spell = Enrollment.objects.get(student__identifiers__value="001")
    corrections.correct(spell, "exited", "", reason="Still here", by=person())
    before = everything()
    batch = load(world.cahaba, roster(world.ridge, "002", exited="2025-12-19"), REPLACES)
    spell.refresh_from_db()
    assert spell.exited is not None
    assert not [field for field in corrections.fields(spell) if field.correction is not None]
    undone(batch)
    assert everything() == before
    assert [field.name for field in corrections.fields(spell) if field.correction is not None] == ["exited"]


def _in_force(row: CourseRecord) -> Any:
    [field] = [field for field in corrections.fields(row) if field.name == "mark"]
    return field.correction


# --- undo ----------------------------------------------------------------------------------------------------------
def test_an_import_that_renamed_a_student_of_whom_more_is_known_can_be_undone(world: World) -> None:
    load(world.cahaba, roster(world.ridge, "001"), REPLACES)
    load(world.cahaba, {"course_record": [course("001", world.ridge)]})
    before = everything()
    rows = roster(world.ridge, "001")
    rows["student"][0]["first_name"] = "Renamed"
    undone(load(world.cahaba, rows, REPLACES))
    assert everything() == before


def test_undo_of_a_corrected_first_day_is_refused_where_a_later_import_has_the_old_day(world: World) -> None:
    load(world.cahaba, roster(world.ridge, "001"), REPLACES)
    second = load(world.cahaba, roster(world.ridge, "001", entered="2025-08-14"), REPLACES)
    both = joined(
        roster(world.ridge, "001", exited="2025-08-13"), roster(world.ridge, "001", entered="2025-08-14", exited=None)
    )
    later = load(world.cahaba, both, REPLACES)
    try:
        with pytest.raises(undo.UndoRefused, match="Undo that one first"):
            undone(second)
    except IntegrityError as error:
        raise AssertionError("refused by a constraint only") from error
    undone(later)
    undone(second)
    assert Enrollment.objects.get().entered == dt.date(2025, 8, 12)


def _nobody_refers_to_nobody() -> None:
    """What the database would say at the commit."""
    for model in (Enrollment, StudentIdentifier, CourseRecord):
        assert not model.objects.exclude(student__in=Student.objects.all()).exists(), model
