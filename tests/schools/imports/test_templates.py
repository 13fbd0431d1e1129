"""Our own templates: what a file may leave out, what it must say, what each bad row is told."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from schools.imports import registry, templates
from schools.imports.builtin import register_all
from schools.imports.detect import detect
from schools.imports.problems import FileRefused, Problems
from schools.imports.read.source import open_source
from schools.imports.read.table import Contents
from schools.models import Organization
from schools.models.imports import Completeness
from schools.models.organization import Kind
from tests import factories
from tests.schools.imports.fakes import Outcome, read, table

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _registered() -> None:
    register_all()


@pytest.fixture
def district() -> Organization:
    state = factories.organization(Kind.STATE, factories.region(), "Alabama")
    district = factories.organization(Kind.DISTRICT, state, "Cahaba", nces_id="0100001")
    factories.organization(Kind.SCHOOL, district, "Ridge High", nces_id="010000100001", state_id="0010")
    factories.organization(Kind.SCHOOL, district, "Valley High", nces_id="010000100002", state_id="0020")
    return district


def school(name: str) -> Organization:
    return Organization.objects.get(name=name)


ROSTER = """\
state_number,local_number,first_name,middle_name,last_name,birth_date,school,school_year,grade,entered,exited,exit_code,\
days_enrolled,days_absent,race_ethnicity,sex,english_learner
1904417263,0048213,Maria,Luz,Alvarez,2010-03-14,010000100001,2026,09,2025-08-12,,,176,9,HI,F,N
1904417264,0048214,Jon,,Baker,3/5/2009,Valley High,2025-26,10th grade,8/12/2025,1/9/2026,transfer_out,90,4,White,Male,
,0048215,Li,,Chen,,0020,,11,2025-08-12,,,,,,,Y
"""


def test_a_roster_gives_students_and_enrollments(district: Organization) -> None:
    outcome = read(registry.layout("roster"), district, table(ROSTER))
    assert outcome.problems.all() == []
    assert outcome.rows("student") == [
        {
            "file": "file.csv",
            "line": 2,
            "first_name": "Maria",
            "middle_name": "Luz",
            "last_name": "Alvarez",
            "birth_date": "2010-03-14",
            "organization_id": str(school("Ridge High").pk),
            "year": "2026",
            "state_number": "1904417263",
            "local_number": "0048213",
        },
        {
            "file": "file.csv",
            "line": 3,
            "first_name": "Jon",
            "middle_name": None,
            "last_name": "Baker",
            "birth_date": "2009-03-05",
            "organization_id": str(school("Valley High").pk),
            "year": "2026",
            "state_number": "1904417264",
            "local_number": "0048214",
        },
        {
            "file": "file.csv",
            "line": 4,
            "first_name": "Li",
            "middle_name": None,
            "last_name": "Chen",
            "birth_date": None,
            "organization_id": str(school("Valley High").pk),
            "year": "2026",
            "state_number": None,
            "local_number": "0048215",
        },
    ]
    enrollments = outcome.rows("enrollment")
    assert [row["grade"] for row in enrollments] == ["09", "10", "11"]
    assert enrollments[1] == {
        "file": "file.csv",
        "line": 3,
        "grade": "10",
        "entered": "2025-08-12",
        "exited": "2026-01-09",
        "exit_code": "transfer_out",
        "days_enrolled": "90",
        "days_absent": "4",
        "race_ethnicity": "WH",
        "sex": "M",
        "english_learner": None,
        "organization_id": str(school("Valley High").pk),
        "year": "2026",
        "state_number": "1904417264",
        "local_number": "0048214",
    }
    assert [row["english_learner"] for row in enrollments] == ["false", None, "true"]


def test_columns_that_the_file_leaves_out_are_not_touched(district: Organization) -> None:
    text = "last_name,first_name,local_number,entered,grade,school\nAlvarez,Maria,0048213,2025-08-12,9,0010\n"
    outcome = read(registry.layout("roster"), district, table(text), year=2025)
    assert outcome.problems.all() == []
    assert outcome.sink.columns("student") == {"first_name", "last_name", "organization_id", "year", "local_number"}
    assert outcome.sink.columns("enrollment") == {"grade", "entered", "organization_id", "year", "local_number"}
    assert [row["year"] for row in outcome.rows("enrollment")] == ["2025"]


def test_a_roster_of_one_school_needs_no_school_column_and_one_of_a_district_does(district: Organization) -> None:
    text = "last_name,first_name,local_number,entered,grade\nAlvarez,Maria,0048213,2025-08-12,9\n"
    ridge = school("Ridge High")
    outcome = read(registry.layout("roster"), ridge, table(text))
    assert [row["organization_id"] for row in outcome.rows("enrollment")] == [str(ridge.pk)]
    with pytest.raises(FileRefused, match="school is missing"):
        read(registry.layout("roster"), district, table(text))


def test_missing_headings_are_named_all_at_once(district: Organization) -> None:
    with pytest.raises(FileRefused) as caught:
        read(registry.layout("roster"), district, table("first_name,grade,school\nMaria,9,0010\n"))
    for heading in ("last_name", "entered", "state_number", "local_number"):
        assert heading in caught.value.text
    assert "birth_date" not in caught.value.text


@pytest.mark.parametrize("again", ["Grade ", "grade#2"])  # the second is how the source tells equal headings apart
def test_a_heading_that_stands_twice_is_refused(district: Organization, again: str) -> None:
    text = f"last_name,first_name,local_number,entered,grade,school,{again}\nA,B,1,2025-08-12,9,0010,10\n"
    with pytest.raises(FileRefused, match=f"stands twice: {again.strip()}"):
        read(registry.layout("roster"), district, table(text))


def test_unknown_headings_are_noted_once_and_the_rows_are_loaded(district: Organization) -> None:
    text = "Local_Number,Title,homeroom,credits_earned,credits_attempted,bus\n1,Algebra II,12,1.00,1.00,7\n"
    outcome = read(registry.layout("courses"), district, table(text))
    (problem,) = outcome.problems.all()
    assert (problem.cause, problem.severity, problem.count) == ("unknown_headings", "noted", 1)
    assert "homeroom, bus" in problem.text
    assert len(outcome.rows("course_record")) == 1


BAD_ROSTER = """\
local_number,first_name,last_name,school,grade,entered,birth_date
1,Maria,Alvarez,0010,9,2025-08-12,2010-03-14
2,,Baker,0010,9,2025-08-12,2010-03-14
,Li,Chen,0010,9,2025-08-12,2010-03-14
4,Dee,Diaz,0099,9,2025-08-12,2010-03-14
5,Eve,Egan,,9,2025-08-12,2010-03-14
6,Flo,Ford,0010,99,2025-08-32,2010-03-14
7,Gil,Gray,0010,99,2025-08-12,2010-03-14
8,Hal,Hill,0020,12,2025-08-12,2010-03-14
"""


def test_each_bad_row_is_left_out_whole_and_told_why(district: Organization) -> None:
    outcome = read(registry.layout("roster"), district, table(BAD_ROSTER, chunk=3))
    assert [row["line"] for row in outcome.rows("student")] == [2, 9]
    assert [row["line"] for row in outcome.rows("enrollment")] == [2, 9]
    assert outcome.causes() == {
        "blank": 1, "no_student_number": 1, "unknown_school": 1, "no_school": 1, "not_in_list": 2, "no_such_day": 1,
    }  # fmt: skip
    by_cause = {problem.cause: problem for problem in outcome.problems.all()}
    assert [(place.line, place.column, place.value) for place in by_cause["not_in_list"].places] == [
        (7, "grade", "99"),
        (8, "grade", "99"),
    ]
    assert by_cause["blank"].places[0].column == "first_name"
    assert outcome.problems.rejected_rows == 6
    rejected = outcome.problems.rejected_file()
    assert rejected is not None
    lines = rejected.read().decode("utf-8-sig").splitlines()
    assert lines[1].startswith("file.csv,3,")
    assert "last_name=Baker" in lines[1]
    assert outcome.said == [3, 6, 8]


def test_rows_without_any_cell_are_passed_over(district: Organization) -> None:
    text = "local_number,kind,awarded_on\n,, \n1,regular,2025-05-22\n,,\n"
    outcome = read(registry.layout("diplomas"), district, table(text))
    assert [row["line"] for row in outcome.rows("diploma")] == [3]
    assert outcome.problems.all() == []
    assert outcome.problems.rejected_rows == 0
    assert outcome.notes == ["2 rows have nothing to load."]


def test_with_one_day_first_date_no_date_of_the_file_is_sure(district: Organization) -> None:
    text = "local_number,first_name,last_name,school,grade,entered\n1,A,B,0010,9,08/12/2025\n2,C,D,0010,9,13/12/2025\n"
    with pytest.raises(FileRefused, match="day before the month"):
        read(registry.layout("roster"), district, table(text))


COURSES = """\
state_number,school,school_year,course_code,section,term,title,sced_code,subject,level,mark,credits_attempted,credits_earned
77,0010,2025,MAT201,3,FY,Algebra II,2056,math,Honors,B+,1,1
77,,2026,,,S1,Art Studio,05154,,,A,0.5,0.5
78,Valley High,,,,,A course whose title is far longer than the sixty characters a code may have,,,,,,
"""


def test_courses_without_a_code_go_by_sced_code_or_title(district: Organization) -> None:
    outcome = read(registry.layout("courses"), district, table(COURSES))
    assert outcome.problems.all() == []
    first, second, third = outcome.rows("course_record")
    assert (first["course_code"], second["course_code"]) == ("MAT201", "05154")
    assert third["course_code"] == "A course whose title is far longer than the sixty characters"
    assert (first["sced_code"], first["level"], second["level"]) == ("02056", "honors", "general")
    assert [row["year"] for row in (first, second, third)] == ["2025", "2026", "2026"]
    # Without a school the row goes to the student's school of that year.
    ridge, valley = str(school("Ridge High").pk), str(school("Valley High").pk)
    assert [row["organization_id"] for row in (first, second, third)] == [ridge, None, valley]


def test_without_the_column_the_title_still_makes_the_code(district: Organization) -> None:
    outcome: Outcome = read(registry.layout("courses"), district, table("state_number,title\n77,Welding I\n"))
    assert [row["course_code"] for row in outcome.rows("course_record")] == ["Welding I"]


def test_a_template_is_detected_by_its_headings_in_any_order_and_case() -> None:
    def sure(code: str, heading: str) -> int:
        return registry.layout(code).detects(Contents({"a.csv": heading.split(",")}, {}))

    roster = "ENTERED,Grade,local_number,First_Name,last_name"
    assert sure("roster", roster) > 0
    assert sure("courses", roster) == 0
    assert sure("roster", "grade,local_number") == 0
    courses = "title,credits_earned,state_number"
    assert sure("courses", courses) > 0
    assert sure("roster", courses) == 0


def test_who_replaces_and_who_adds() -> None:
    assert registry.layout("roster").completeness == Completeness.REPLACES
    assert registry.layout("courses").completeness == Completeness.REPLACES


def test_registering_again_changes_nothing() -> None:
    before = registry.layouts()
    register_all()
    assert registry.layouts() == before


TEMPLATES = {
    "roster": {"student", "enrollment"},
    "attendance": {"attendance"},
    "demographics": {"demographics"},
    "courses": {"course_record"},
    "assessments": {"assessment_result"},
    "credentials": {"credential"},
    "work_based_learning": {"work_experience"},
    "diplomas": {"diploma"},
    "cohort_removals": {"cohort_removal"},
    "postsecondary": {"postsecondary_outcome"},
}


def test_these_are_the_templates() -> None:
    found = {layout.code: set(layout.targets) for layout in registry.layouts() if layout.template}
    assert found == TEMPLATES
    assert [layout.template for layout in registry.layouts()[: len(found)]] == [True] * len(found)
    replacing = {code for code in found if registry.layout(code).completeness == Completeness.REPLACES}
    assert replacing == {"roster", "courses"}


@pytest.mark.parametrize("code", TEMPLATES)
def test_the_sample_row_of_a_template_can_be_loaded(district: Organization, code: str) -> None:
    layout = registry.layout(code)
    blank = templates.csv_template(layout)
    assert blank.startswith(b"\xef\xbb\xbf")
    text = blank.decode("utf-8-sig")
    outcome = read(layout, district, table(text))
    assert outcome.problems.all() == []
    for target in TEMPLATES[code]:
        (row,) = outcome.rows(target)
        assert (row["state_number"], row["local_number"]) == ("1904417263", "0048213")
        brought = set(outcome.sink.columns(target)) - {"organization_id", "year", "state_number", "local_number"}
        assert brought == {column.name for column in registry.target(target).columns}


@pytest.mark.parametrize("code", TEMPLATES)
def test_a_template_is_detected_as_itself(code: str) -> None:
    headings = templates.csv_template(registry.layout(code)).decode("utf-8-sig").splitlines()[0].split(",")
    sure = {one.code: one.detects(Contents({"file": headings}, {})) for one in registry.layouts()}
    best = max(sure.values())
    assert [name for name, level in sure.items() if level == best] == [code]


@pytest.mark.parametrize("code", TEMPLATES)
def test_each_required_column_is_said_to_be_required_and_missed_when_it_is_not_there(
    district: Organization, code: str
) -> None:
    layout = registry.layout(code)
    rows = templates.codebook(layout)
    headings = [row.column for row in rows]
    required = [row.column for row in rows if row.required == "yes"]
    for heading in headings:
        kept = [row for row in rows if row.column != heading]
        text = ",".join(row.column for row in kept) + "\n" + ",".join(row.example for row in kept) + "\n"
        if heading in required:
            with pytest.raises(FileRefused, match=heading):
                read(layout, district, table(text))
        elif heading == "school" and code == "roster":
            with pytest.raises(FileRefused, match="school"):
                read(layout, district, table(text))
        else:
            assert read(layout, district, table(text)).problems.all() == []


def test_the_codebook_says_what_is_allowed() -> None:
    rows = {row.column: row for row in templates.codebook(registry.layout("roster"))}
    assert list(rows)[:5] == ["state_number", "local_number", "school", "school_year", "first_name"]
    assert rows["state_number"].required == "one of the two numbers"
    assert rows["race_ethnicity"].allowed.startswith("AM (American Indian or Alaska Native), AS (Asian), ")
    assert rows["days_absent"].allowed == "a whole number from 0 to 366"
    assert rows["exited"].required == "no"
    courses = {row.column: row for row in templates.codebook(registry.layout("courses"))}
    assert courses["course_code"].required == "no"
    assert courses["title"].required == "yes"
    results = {row.column: row for row in templates.codebook(registry.layout("assessments"))}
    assert "blank for the year of the date" in results["school_year"].what


def test_only_our_own_templates_have_a_codebook() -> None:
    with pytest.raises(ValueError, match="act is not"):
        templates.codebook(registry.layout("act"))


@pytest.mark.parametrize("code", TEMPLATES)
def test_the_workbook_has_the_data_sheet_and_the_codebook(code: str) -> None:
    layout = registry.layout(code)
    rows = templates.codebook(layout)
    with templates.xlsx_template(layout) as file:
        book = openpyxl.load_workbook(file)
        data, codebook = book.worksheets
        headings, sample = list(data.iter_rows())
        assert [cell.value for cell in headings] == [row.column for row in rows]
        # A number that names something is text, or Excel drops its leading zeros; so is what is typed below it.
        local = next(cell for cell in sample if cell.value == "0048213")
        assert (local.number_format, local.data_type) == ("@", "s")
        lines = [tuple(cell or "" for cell in line) for line in codebook.iter_rows(values_only=True)]
        assert lines[0] == tuple(templates.codebook_headings())
        assert lines[1:] == [row.cells() for row in rows]


@pytest.mark.parametrize("code", TEMPLATES)
@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_template_comes_back_through_the_door(district: Organization, tmp_path: Path, code: str, suffix: str) -> None:
    layout = registry.layout(code)
    path = tmp_path / f"{code}.{suffix}"
    if suffix == "csv":
        path.write_bytes(templates.csv_template(layout))
    else:
        with templates.xlsx_template(layout) as file:
            path.write_bytes(file.read())
    with open_source(path, path.name, Problems()) as source:
        assert detect(source.contents) == layout
        outcome = read(layout, district, *source.tables.values())
    assert outcome.problems.all() == []
    expected = read(layout, district, table(templates.csv_template(layout).decode("utf-8-sig")))
    for target in TEMPLATES[code]:
        ((row,), (same,)) = outcome.rows(target), expected.rows(target)
        assert _values(row) == _values(same)


def _values(row: dict[str, Any]) -> dict[str, Any]:
    """A row, numbers by value: a workbook has no 1.00."""
    numbers = {"credits_attempted", "credits_earned"}
    said = {name: value for name, value in row.items() if name not in {"file", "line"}}
    return said | {name: Decimal(said[name]) for name in numbers & set(said)}


def test_the_year_is_the_rows_own_then_the_dates_then_the_chosen_one(district: Organization) -> None:
    text = (
        "local_number,test,subject,taken_on,score,school_year\n"
        "1,ACT,Reading,2025-06-30,20,\n1,ACT,Reading,2025-07-01,20,\n1,ACT,Reading,2025-07-01,20,2025\n"
    )
    outcome = read(registry.layout("assessments"), district, table(text), year=2030)
    assert [row["year"] for row in outcome.rows("assessment_result")] == ["2025", "2026", "2025"]
    text = "local_number,kind,awarded_on\n1,regular,2025-07-15\n"
    outcome = read(registry.layout("diplomas"), district, table(text), year=2025)
    assert [row["year"] for row in outcome.rows("diploma")] == ["2025"]


def test_tables_with_other_headings_are_left_alone_and_mentioned(district: Organization) -> None:
    good = table("local_number,kind,awarded_on\n1,regular,2025-05-22\n", "diplomas.csv")
    other = table("Column,Required\nkind,yes\n", "Notes")
    outcome = read(registry.layout("diplomas"), district, good, other)
    assert len(outcome.rows("diploma")) == 1
    assert outcome.notes == ["Notes was not read: it has other headings."]


def test_without_a_matching_table_the_file_is_refused(district: Organization) -> None:
    one, two = table("a,b\n1,2\n", "one.csv"), table("c\n1\n", "two.csv")
    with pytest.raises(FileRefused, match="No table of the file"):
        read(registry.layout("diplomas"), district, one, two)


def test_a_row_of_totals_is_passed_over_and_holds_nothing_back(district: Organization) -> None:
    text = (
        "local_number,first_name,last_name,school,grade,entered,days_enrolled,days_absent\n"
        "1,Maria,Alvarez,0010,9,2025-08-12,176,9\n,,,,,,176,Total:\n,Total,Baker,0010,9,2025-08-12,176,9\n"
    )
    outcome = read(registry.layout("roster"), district, table(text))
    assert [row["line"] for row in outcome.rows("enrollment")] == [2]
    # Somebody called Total is no total: the row lacks a number, and is left out for that.
    assert outcome.causes() == {"row_of_totals": 1, "no_student_number": 1}
    assert (outcome.problems.rejected_rows, outcome.problems.nameless_rows) == (1, 1)
