"""OneRoster samples nobody here wrote: what is put is held against counts by the csv module alone."""

from __future__ import annotations

from collections import Counter

import pytest

from schools.imports.oneroster import ONEROSTER
from schools.imports.problems import FileRefused
from schools.models import Organization
from schools.models.imports import Completeness
from schools.models.organization import Kind
from tests import factories
from tests.samples import SAMPLES, needs_samples
from tests.schools.imports.fakes_oneroster import Result, contents, counted, load, unzipped

_FOLDER = SAMPLES / "oneroster"
CLASSLINK = _FOLDER / "classlink-1.1" / "OneRoster-original.zip"
ROSTER_HUB = _FOLDER / "roster-hub-1.1-en" / "oneroster.zip"
MOODLE = _FOLDER / "moodle-1.2-minimal" / "oneroster_test_data.zip"
SDS = _FOLDER / "microsoft-sds-2.1"

pytestmark = [pytest.mark.django_db, needs_samples]


@pytest.fixture
def district() -> Organization:
    """A district with the name and NCES id of ClassLink's, and one of its schools under another name."""
    state = factories.organization(Kind.STATE, factories.region(), "New Jersey", nces_id="34")
    district = factories.organization(Kind.DISTRICT, state, "ClassLink School District", nces_id="1234567")
    factories.organization(Kind.SCHOOL, district, "High School of ClassLink", nces_id="123456789123")
    return district


@pytest.fixture
def classlink(district: Organization) -> Result:
    """ClassLink's bundle, for the year that its dates say."""
    return load(unzipped(CLASSLINK), district, 2019)


def test_classlink_students(classlink: Result) -> None:
    users = counted(unzipped(CLASSLINK)["users.csv"])
    students = [one for one in users if one["role"] == "student" and one["grades"]]
    assert len(students) == 139
    assert {
        (row["source_key"], row["local_number"], row["first_name"], row["last_name"])
        for row in classlink.rows("student")
    } == {(one["sourcedId"], one["identifier"], one["givenName"], one["familyName"]) for one in students}
    # No one's type of id speaks of a state, and demographics.csv has no row.
    assert not {"state_number", "birth_date"} & classlink.columns("student")
    assert not {"sex", "race_ethnicity", "deleted"} & classlink.columns("enrollment")


def test_classlink_enrollments_by_school_and_grade(classlink: Result, district: Organization) -> None:
    schools = {"2": Organization.objects.get(nces_id="123456789123").pk}
    schools |= {{"123456789456": "3", "123456789789": "7"}[new.nces_id]: new.id for new in classlink.reading.places.new}
    expected = Counter(
        (str(schools[one["orgSourcedIds"]]), one["grades"])
        for one in counted(unzipped(CLASSLINK)["users.csv"])
        if one["role"] == "student" and one["grades"]
    )
    rows = classlink.rows("enrollment")
    assert Counter((row["organization_id"], row["grade"]) for row in rows) == expected
    assert sorted(Counter(row["organization_id"] for row in rows).values()) == [38, 47, 54]
    assert {(row["year"], row["entered"], row["exited"]) for row in rows} == {("2019", "2018-09-05", None)}


def test_classlink_course_records(classlink: Result) -> None:
    files = unzipped(CLASSLINK)
    courses = {one["sourcedId"]: one for one in counted(files["courses.csv"])}
    course_of = {one["sourcedId"]: courses[one["courseSourcedId"]] for one in counted(files["classes.csv"])}
    expected = {
        (one["userSourcedId"], course_of[one["classSourcedId"]]["courseCode"], one["classSourcedId"])
        for one in counted(files["enrollments.csv"])
        if one["role"] == "student"
    }
    rows = classlink.rows("course_record")
    assert len(rows) == len(expected) == 225
    assert {(row["source_key"], row["course_code"], row["section"]) for row in rows} == expected
    assert {row["term"] for row in rows} == {"FY"}
    algebra = next(row for row in rows if row["course_code"] == "02056")
    assert (algebra["title"], algebra["sced_code"]) == ("Algebra 2", "02056")
    assert not {"mark", "credits_attempted", "credits_earned", "level", "deleted"} & classlink.columns("course_record")


def test_classlink_contradictions_are_named(classlink: Result) -> None:
    assert classlink.causes() == {
        "no_grade": 1,  # user 999999
        "school_year": 7,  # schoolYear 2018, September 2018 to June 2019
        "beyond_year": 1,  # MP1 ends on 2019-11-09
        "new_school": 2,
    }
    assert "2018, their dates, 2018-09-05 to 2019-06-22, are school year 2018–19; loaded as 2018–19" in (
        classlink.problem("school_year").text
    )


def test_classlink_year_question(district: Organization) -> None:
    with pytest.raises(FileRefused, match="schoolYear says 2018, but their dates, 2018-09-05 to 2019-06-22") as refused:
        load(unzipped(CLASSLINK), district, 2018)
    assert "Choose 2018–19" in refused.value.advice
    with pytest.raises(FileRefused, match="2018–19 by its sessions' dates, and 2025–26 was chosen"):
        load(unzipped(CLASSLINK), district, 2026)


def test_classlink_of_another_district(district: Organization) -> None:
    Organization.objects.filter(pk=district.pk).update(nces_id="7654321")
    district.refresh_from_db()
    with pytest.raises(FileRefused, match="of the district ClassLink School District"):
        load(unzipped(CLASSLINK), district, 2019)


def test_classlink_for_one_school(district: Organization) -> None:
    school = Organization.objects.get(nces_id="123456789123")
    result = load(unzipped(CLASSLINK), school, 2019)
    assert len(result.rows("enrollment")) == 38
    assert {row["organization_id"] for row in result.rows("course_record")} == {str(school.pk)}
    assert len(result.rows("course_record")) == 44
    assert "2 schools of the bundle are not of High School of ClassLink" in result.notes
    assert "101 students of other schools were not loaded." in result.notes
    assert "181 class enrollments at other schools were not loaded." in result.notes
    assert result.reading.places.new == []


def test_classlink_teachers_are_counted(classlink: Result) -> None:
    assert "40 teachers were not loaded: people are invited, under People & settings." in classlink.notes
    assert classlink.reading.completeness is None


def test_roster_hub_has_no_grades(district: Organization) -> None:
    files = unzipped(ROSTER_HUB)
    result = load(files, district, 2021)
    students = [one for one in counted(files["users.csv"]) if one["role"] == "student"]
    assert result.problem("no_grade").count == len(students) == 20
    assert "KG, 01 to 12" in result.problem("no_grade").advice
    classes = Counter(one["role"] for one in counted(files["enrollments.csv"]))
    assert result.problem("student_left_out").count == classes["student"] == 25
    # Users 1 and 2 are students there and teach here.
    assert result.problem("other_role").count == classes["teacher"] == 5
    assert result.problem("manifest_line").places[0].value == "fiel.demographics=absent"
    assert result.sink.stages == {}
    assert result.problems.rejected_rows == 45


def test_roster_hub_with_grades_added(district: Organization) -> None:
    files = unzipped(ROSTER_HUB)
    users = files["users.csv"].replace('"","","PGN', '"09","","PGN')
    assert users.count('"09"') == 20
    result = load(files | {"users.csv": users}, district, 2021)
    rows = result.rows("course_record")
    assert Counter(row["course_code"] for row in rows) == {"CC401": 18, "CC402": 7}
    assert {row["term"] for row in rows} == {"2020 - first", "2020 - second", "2020 - full"}
    # Enrollments have no dates: the sessions' first day stands in.
    assert {row["entered"] for row in result.rows("enrollment")} == {"2020-08-01"}
    assert len(result.rows("student")) == 20


def test_moodle_is_a_delta_without_a_grade(district: Organization) -> None:
    result = load(unzipped(MOODLE), district, 2024)
    assert result.reading.completeness == Completeness.ADDS
    assert result.causes() == {"no_grade": 1, "student_left_out": 1, "school_year": 1, "new_school": 1}
    with pytest.raises(FileRefused, match="schoolYear says 2023"):
        load(unzipped(MOODLE), district, 2023)


def test_moodle_with_a_grade(district: Organization) -> None:
    files = unzipped(MOODLE)
    files["users.csv"] = files["users.csv"].replace("Batman.Ru1ez", "x").replace(",,,,,,x", ",,,,,11,x")
    result = load(files, district, 2024)
    (student,) = result.rows("student")
    assert (student["first_name"], student["last_name"], student["birth_date"]) == ("Bruce", "Wayne", "2010-04-17")
    assert student["local_number"] == "bruce.wayne"
    (enrollment,) = result.rows("enrollment")
    assert (enrollment["grade"], enrollment["entered"], enrollment["deleted"]) == ("11", "2023-09-04", None)
    # The one row of demographics says neither sex nor race: groups stay not reported.
    assert not {"sex", "race_ethnicity"} & result.columns("enrollment")
    (record,) = result.rows("course_record")
    assert (record["course_code"], record["section"], record["term"]) == ("COURSE_001", "CLASS_001", "Semester 1")
    # Its subject code 0101 has four digits: no SCED code, and none is made of it.
    assert "sced_code" not in result.columns("course_record")


def test_detection_of_samples() -> None:
    for path in (CLASSLINK, ROSTER_HUB, MOODLE):
        files = unzipped(path)
        assert ONEROSTER.detects(contents(files)) == 100
        files.pop("manifest.csv")
        assert ONEROSTER.detects(contents({f"export 2019/{name}": text for name, text in files.items()})) == 90
    assert ONEROSTER.detects(contents({path.name: path.read_text("utf-8-sig") for path in SDS.glob("*.csv")})) == 0
