"""The order in which problems are told."""

from __future__ import annotations

from schools.imports.problems import Place, Problems
from schools.models.imports import Severity


def test_what_follows_is_told_after_its_cause_however_often_it_was_met() -> None:
    problems = Problems()
    problems.note("school_year", "Another year", Place("orgs.csv", 2), severity=Severity.NOTED, count=50)
    problems.note("student_left_out", "A class of a student who was left out", Place("enrollments.csv", 7), count=25)
    problems.note("no_grade", "A student without a grade", Place("users.csv", 2), count=20)
    problems.note("no_name", "A student without a name", Place("users.csv", 3), count=21)
    assert [one.cause for one in problems.all()] == ["no_name", "no_grade", "student_left_out", "school_year"]
