"""Georgia's file of schools: names only, values as published, no year but the one chosen."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from schools.models import Organization
from schools.models.organization import Kind
from tests import factories
from tests.goals import fakes
from tests.samples import SAMPLES, needs_samples

PATH = SAMPLES / "state-georgia" / "gosa_merged.csv"
pytestmark = pytest.mark.django_db

CODE = "georgia-schools"
HEADINGS = (
    "school_name,ap_course_count,ap_students_tested,ap_tests_administered,ap_tests_3plus,ap_exam_pass_rate,"
    "act_composite_avg,act_english_avg,act_math_avg,act_reading_avg,act_science_avg,act_students_tested,"
    "graduation_rate,hope_eligible_pct,dropout_rate,eoc_algebra_proficient_pct,eoc_biology_proficient_pct,"
    "eoc_amlit_proficient_pct,eoc_ushistory_proficient_pct,fesr_star_rating\n"
)


@pytest.fixture
def georgia() -> Organization:
    return factories.organization(Kind.STATE, factories.region(), "Georgia", postal_state="GA", nces_id="13")


def test_a_schools_row(georgia: Organization) -> None:
    school = factories.organization(Kind.SCHOOL, georgia, "ADAIRSVILLE HIGH SCHOOL")
    text = HEADINGS + "Adairsville High School,9,366,955,436,45.7,21.5,20,,22,21.7,40,99.01,63.25,0.9,5.0,,,,3.5\n"
    read = fakes.read(CODE, georgia, fakes.table("gosa.csv", text), year=2022)
    results = read.results()
    assert {(r["organization"], r["year"], r["printed"]) for r in results} == {(school.pk, 2022, None)}
    assert {r["measure"]: (r["n"], r["d"], r["value"]) for r in results} == {
        "ACGR4": (None, None, Decimal("99.01")),
        "DROPOUT_ANNUAL": (None, None, Decimal("0.9")),
        "GA_HOPE_ELIGIBLE": (None, None, Decimal("63.25")),
        "AP_COURSES": (9, None, None),
        "AP_TAKERS": (366, None, None),
        "AP_PASS": (436, 955, Decimal("45.7")),
        "ACT_MEAN_COMPOSITE": (None, 40, Decimal("21.5")),
        "ACT_MEAN_ENGLISH": (None, 40, Decimal(20)),
        "ACT_MEAN_READING": (None, 40, Decimal(22)),
        "ACT_MEAN_SCIENCE": (None, 40, Decimal("21.7")),
        "GA_EOC_ALGEBRA": (None, None, Decimal(5)),
    }
    assert read.problems == {}


def test_a_name_that_two_schools_have_is_refused(georgia: Organization) -> None:
    for _twice in range(2):
        factories.organization(Kind.SCHOOL, georgia, "Central High School")
    row = "Central High School" + "," * 12 + "90.0" + "," * 7 + "\n"
    read = fakes.read(CODE, georgia, fakes.table("gosa.csv", HEADINGS + row))
    assert read.problems == {"several_schools": 1}
    assert read.results() == []


def test_a_school_without_results_is_no_problem_though_it_is_not_here(georgia: Organization) -> None:
    row = "A. Philip Randolph Elementary" + "," * 19 + "2.0\n"
    read = fakes.read(CODE, georgia, fakes.table("gosa.csv", HEADINGS + row))
    assert read.problems == {}
    assert read.reading.notes == ["1 rows have no result that we know."]


@needs_samples
def test_the_published_file(georgia: Organization) -> None:
    rows = fakes.records(PATH)
    names = {r["school_name"] for r in rows} - {"All Georgia Schools"}
    fakes.schools(georgia, Kind.SCHOOL, [{"name": name} for name in names])
    read = fakes.read(CODE, georgia, fakes.file(PATH), year=2022)
    # Two schools are said to have passed 173 and 139 percent of their AP exams (19 of 11, 25 of 18).
    impossible = {"Couch Middle School", "Hawkinsville High School"}
    rows = [r for r in rows if r["school_name"] not in impossible]
    assert read.problems == {"numerator_beyond_denominator": 2}
    assert read.reading.problems.rejected_rows == 2
    results = read.results()
    columns = {
        "ACGR4": "graduation_rate",
        "DROPOUT_ANNUAL": "dropout_rate",
        "GA_HOPE_ELIGIBLE": "hope_eligible_pct",
        "AP_PASS": "ap_exam_pass_rate",
        "ACT_MEAN_COMPOSITE": "act_composite_avg",
        "ACT_MEAN_MATH": "act_math_avg",
        "GA_EOC_ALGEBRA": "eoc_algebra_proficient_pct",
    }
    for measure, column in columns.items():
        published = [Decimal(r[column]) for r in rows if r[column]]
        stored = [r["value"] for r in results if r["measure"] == measure and r["value"] is not None]
        assert Counter(stored) == Counter(published)
    of_counts = {"AP_COURSES": "ap_course_count", "AP_TAKERS": "ap_students_tested", "AP_PASS": "ap_tests_3plus"}
    for measure, column in of_counts.items():
        published = [int(r[column]) for r in rows if r[column]]
        counted = [r["n"] for r in results if r["measure"] == measure and r["n"] is not None]
        assert Counter(counted) == Counter(published)
    assert sum(r["measure"] == "ACGR4" for r in results) == 524 - 1  # one of the two is a high school
    assert {r["mask"] for r in results} == {""}
    read.store()
