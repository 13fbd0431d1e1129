"""A layout file that is wrong says so when it is loaded: which file, where in it, what is known."""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from schools.imports import registry
from schools.imports.builtin import LAYOUTS
from schools.imports.layout_file import LayoutError, layout, load
from schools.imports.mapping.derive import FUNCTIONS
from schools.imports.read.table import Contents
from schools.models import Organization
from schools.models.organization import Kind
from tests import factories
from tests.schools.imports.fakes import read, table

GOOD = """
code = "exams"
title = "Exams"
source = "Nobody, 2026"
completeness = "adds"
missing = ["--"]

[detect]
all = ["Id", "Exam"]

[student]
local_number = "Id"

[year]
date = "taken_on"

[[rows]]
target = "assessment_result"
skip_if_blank = ["score"]

[rows.columns]
test = { value = "EXAM" }
subject = { column = "Exam", codes = "exams" }
taken_on = { column = "Day", digits = 6, dates = ["%m%d%y"] }
score = "Score"

[codes.exams]
"1" = "Algebra I"
"""


def good() -> dict[str, Any]:
    return copy.deepcopy(tomllib.loads(GOOD))


def changed(*path: str | int, to: Any) -> dict[str, Any]:
    """The good file with one place changed; ``None`` takes it out."""
    said: Any = good()
    whole = said
    for step in path[:-1]:
        said = said[step]
    if to is None:
        del said[path[-1]]
    else:
        said[path[-1]] = to
    return whole


def test_a_good_file_makes_a_layout() -> None:
    made = layout(good(), "exams.toml")
    assert (made.code, str(made.title), made.completeness, made.targets) == (
        "exams",
        "Exams",
        "adds",
        ("assessment_result",),
    )
    assert not made.template
    assert made.detects(Contents({"x": ["id", "EXAM ", "other"]}, {})) > 0
    assert made.detects(Contents({"x": ["id"]}, {})) == 0


COLUMNS = ("rows", 0, "columns")
BAD = {
    "unknown key": (changed("colour", to="blue"), "unknown: colour"),
    "missing key": (changed("source", to=None), "missing: source"),
    "completeness": (changed("completeness", to="sometimes"), "'sometimes' is none of replaces, adds"),
    "no signature": (changed("detect", "all", to=[]), "detect: at least one heading"),
    "long code": (changed("code", to="x" * 41), "code: between 1 and 40"),
    "title is no text": (changed("title", to=3), "title is text, not 3"),
    "target": (changed("rows", 0, "target", to="grades"), "no target is called 'grades'"),
    "no rows": (changed("rows", to=[]), r"at least one \[\[rows\]\]"),
    "column": (changed(*COLUMNS, "points", to="Score"), "no column is called points; there are: test, subject"),
    "key of a column": (changed(*COLUMNS, "score", to={"column": "S", "parser": "float"}), "unknown: parser"),
    "two sources": (changed(*COLUMNS, "score", to={"column": "S", "value": "1"}), "one of column, value and derive"),
    "no source": (changed(*COLUMNS, "score", to={"missing": ["0"]}), "one of column, value and derive"),
    "required column": (changed(*COLUMNS, "test", to=None), "the target needs test"),
    "constant": (changed(*COLUMNS, "score", to={"value": "high"}), "a value that score does not take"),
    "value of a map": (
        changed(*COLUMNS, "score", to={"column": "S", "map": {"a": "?"}}),
        "a value that score does not take",
    ),
    "default": (changed(*COLUMNS, "score", to={"column": "S", "default": "x"}), "a value that score does not take"),
    "code list": (changed(*COLUMNS, "subject", to={"column": "S", "codes": "subjects"}), "no code list is called"),
    "map twice": (changed("codes", "exams", to={"a": "x", "A": "y"}), "twice, but for capitals: a"),
    "map of numbers": (changed("codes", "exams", to={"a": 1}), "a table of texts"),
    "function": (changed(*COLUMNS, "score", to={"derive": "best", "columns": []}), "no function is called 'best'"),
    "option of a function": (
        changed(*COLUMNS, "score", to={"derive": "highest_flag", "columns": ["A"]}),
        r"needs map.labels, map.otherwise",
    ),
    "dates of no date": (changed(*COLUMNS, "score", to={"column": "S", "dates": ["%Y"]}), "score is no date"),
    "date format": (changed(*COLUMNS, "taken_on", to={"column": "D", "dates": ["%d"]}), "does not give a year"),
    "day of a year": (changed(*COLUMNS, "taken_on", to={"column": "D", "on": "13-01"}), "does not take"),
    "skip": (changed("rows", 0, "skip_if_blank", to=["points"]), "skip_if_blank: no column is called points"),
    "or_else": (changed(*COLUMNS, "score", to={"column": "S", "or_else": ["x"]}), "no column is called x"),
    "others": (changed(*COLUMNS, "score", to={"column": "S", "others": "guess"}), "'guess' is none of refuse"),
    "date of the year": (changed("year", "date", to="score"), "has no date score"),
    "no student": (changed("student", to=None), "a column with a number"),
    "name as a number": (changed("student", to={"name": "Name"}), "unknown: name"),
    "school": (changed("school", to={"column": "S", "unknown": "skip"}), "'skip' is none of refuse, student"),
    "each": (changed("rows", 0, "each", to=[1]), "a list of tables of texts"),
    "kinds": (changed("kinds", to=["college"]), "'college' is none of region, state"),
    "priority": (changed("priority", to="high"), "priority is a number, not 'high'"),
    "digits": (changed(*COLUMNS, "score", to={"column": "S", "digits": "2"}), "digits is a number"),
    "numbered": (changed("rows", 0, "numbered", to={"from": 1, "to": "x"}), "numbered: to is a number"),
    "where": (changed("rows", 0, "where", to={"A": 1}), "text or a list of texts"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_with_its_place(case: str) -> None:
    said, why = BAD[case]
    with pytest.raises(LayoutError, match=why) as caught:
        layout(said, "exams.toml")
    assert str(caught.value).startswith("exams.toml: ")


def test_what_is_not_toml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text("code = ", encoding="utf-8")
    with pytest.raises(LayoutError, match=r"broken.toml: not TOML"):
        load(path)


def test_a_code_is_given_once() -> None:
    made = layout(changed("code", to="act"), "again.toml")
    with pytest.raises(ValueError, match="act is registered twice"):
        registry.register(made)


def test_the_files_that_come_with_the_product_are_sound_and_use_every_function() -> None:
    loaded = [load(path) for path in sorted(LAYOUTS.glob("*.toml"))]
    assert len({one.code for one in loaded}) == len(loaded) > 0
    text = "".join(path.read_text(encoding="utf-8") for path in LAYOUTS.glob("*.toml"))
    assert {name for name in FUNCTIONS if f'derive = "{name}"' not in text} == set()


needs_database = pytest.mark.django_db


@pytest.fixture
def district() -> Organization:
    state = factories.organization(Kind.STATE, factories.region(), "Alabama")
    district = factories.organization(Kind.DISTRICT, state, "Cahaba")
    factories.organization(Kind.SCHOOL, district, "Ridge High", state_id="0010")
    return district


@needs_database
def test_cells_are_read_as_the_file_says(district: Organization) -> None:
    text = (
        "Id,Exam,Day,Score\n"
        "a,1,70124,12\n"  # July 1, 2024: the leading zero was dropped
        "b,1,070124,--\n"  # no score: no row
        "c,2,070124,9\n"  # not in the code list
        "d,1,990124,9\n"  # no month 99
        "e,1,7/1/2024,9\n"  # a spreadsheet has turned it into a date
        "f,1,2024-07-01 00:00:00,9\n"
    )
    outcome = read(layout(good(), "exams.toml"), district, table(text))
    assert [(row["local_number"], row["taken_on"], row["year"]) for row in outcome.rows("assessment_result")] == [
        ("a", "2024-07-01", "2025"),
        ("e", "2024-07-01", "2025"),
        ("f", "2024-07-01", "2025"),
    ]
    assert outcome.causes() == {"not_in_list": 1, "not_a_date": 1}
    assert outcome.notes == ["1 row has nothing to load."]


@needs_database
def test_a_row_that_gives_nothing_is_no_problem_even_if_it_is_wrong(district: Organization) -> None:
    text = "Id,Exam,Day,Score\n,9,99,--\na,1,070124,5\n"
    outcome = read(layout(good(), "exams.toml"), district, table(text))
    assert outcome.problems.all() == []
    assert [row["line"] for row in outcome.rows("assessment_result")] == [3]
    assert outcome.problems.rejected_rows == 0


@needs_database
def test_with_one_bad_exam_the_whole_row_is_left_out(district: Organization) -> None:
    said = good()
    said["rows"][0] |= {"numbered": {"from": 1, "to": 2}}
    said["rows"][0]["columns"] |= {"subject": {"column": "Exam {n}", "codes": "exams"}, "score": "Score {n}"}
    said["detect"]["all"] = ["Exam 1"]
    text = "Id,Day,Exam 1,Score 1,Exam 2,Score 2\na,070124,1,10,7,12\nb,070124,1,11,1,13\nc,070124,1,14,7,\n"
    outcome = read(layout(said, "exams.toml"), district, table(text))
    found = [(row["local_number"], row["score"]) for row in outcome.rows("assessment_result")]
    assert sorted(found) == [("b", "11"), ("b", "13"), ("c", "14")]
    assert outcome.problems.rejected_rows == 1
    (problem,) = outcome.problems.all()
    assert [(place.line, place.column, place.value) for place in problem.places] == [(2, "Exam 2", "7")]


@needs_database
def test_an_unknown_school_is_refused_or_noted_as_the_file_says(district: Organization) -> None:
    text = "Id,Exam,Day,Score,School\na,1,070124,1,0010\nb,1,070124,2,77\nc,1,070124,3,\n"
    ridge = str(Organization.objects.get(name="Ridge High").pk)
    strict = read(layout(changed("school", to={"column": "School"}), "x"), district, table(text))
    assert [row["organization_id"] for row in strict.rows("assessment_result")] == [ridge, None]
    assert strict.problems.rejected_rows == 1
    said = changed("school", to={"column": "School", "unknown": "student"})
    lenient = read(layout(said, "x"), district, table(text))
    assert [row["organization_id"] for row in lenient.rows("assessment_result")] == [ridge, None, None]
    (problem,) = lenient.problems.all()
    assert (problem.cause, problem.severity, problem.count) == ("unknown_school", "noted", 1)
    assert lenient.problems.rejected_rows == 0


@needs_database
def test_rows_can_be_chosen_by_other_columns(district: Organization) -> None:
    said = good()
    said["rows"][0] |= {"where": {"Status": ["OK", "fine"]}, "unless": {"Form": ["practice"]}}
    text = "Id,Exam,Day,Score,Status,Form\na,1,070124,1,ok,A\nb,1,070124,2,no,A\nc,1,070124,3, Fine ,Practice\n"
    outcome = read(layout(said, "x"), district, table(text))
    assert [row["local_number"] for row in outcome.rows("assessment_result")] == ["a"]


@needs_database
def test_codes_outside_a_map_are_kept_or_blank_where_the_file_says_so(district: Organization) -> None:
    text = "Id,Exam,Day,Score\na,1,070124,1\nb,Geometry,070124,2\n"
    said = changed(*COLUMNS, "subject", to={"column": "Exam", "codes": "exams", "others": "keep"})
    outcome = read(layout(said, "x"), district, table(text))
    assert [row["subject"] for row in outcome.rows("assessment_result")] == ["Algebra I", "Geometry"]
    said = changed(*COLUMNS, "subject", to={"column": "Exam", "codes": "exams", "others": "blank", "default": "Other"})
    outcome = read(layout(said, "x"), district, table(text))
    assert [row["subject"] for row in outcome.rows("assessment_result")] == ["Algebra I", "Other"]


@needs_database
@pytest.mark.parametrize("chunk", [1, 2, 5000])
def test_chunks_of_any_size_give_the_same(district: Organization, chunk: int) -> None:
    lines = [f"s{n},{1 if n % 3 else 2},070124,{n if n % 4 else '--'}" for n in range(40)]
    text = "Id,Exam,Day,Score\n" + "\n".join(lines) + "\n"
    outcome = read(layout(good(), "x"), district, table(text, chunk=chunk))
    expected = [f"s{n}" for n in range(40) if n % 3 and n % 4]
    assert [row["local_number"] for row in outcome.rows("assessment_result")] == expected
    # Of each third line, which has an unknown exam, those without a score give nothing anyway.
    assert outcome.causes() == {"not_in_list": len([n for n in range(40) if n % 3 == 0 and n % 4])}
    assert outcome.said[-1] == 40
