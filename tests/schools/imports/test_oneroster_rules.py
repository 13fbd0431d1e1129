"""What each rule of the OneRoster layout makes of bundles written for this repository; values worked out by hand."""

from __future__ import annotations

import csv
import datetime as dt
import io
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schools.imports.oneroster.classes import level_of
from schools.imports.oneroster.marks import is_final
from schools.imports.oneroster.people import race_of
from schools.imports.oneroster.sessions import year_of
from schools.imports.oneroster.students import state_numbers
from schools.imports.problems import FileRefused
from schools.models import Organization, StudentIdentifier
from schools.models.imports import Completeness, Severity
from schools.models.organization import Kind
from tests import factories
from tests.schools.imports import bundles_oneroster as made
from tests.schools.imports.bundles_oneroster import bulk, bulk_1_2, changed, cut, delta, without
from tests.schools.imports.fakes_oneroster import Result, Row, load

pytestmark = pytest.mark.django_db


@pytest.fixture
def district() -> Organization:
    """Tombigbee City with one of the bundle's two schools in the directory."""
    state = factories.organization(Kind.STATE, factories.region(), "Alabama", nces_id="01")
    district = factories.organization(Kind.DISTRICT, state, "Tombigbee City", nces_id="0100002", state_id="002")
    factories.organization(Kind.SCHOOL, district, "Harbor High School", state_id="0010")
    return district


def _harbor(district: Organization) -> str:
    return str(Organization.objects.get(name="Harbor High School").pk)


def _enrollments(result: Result, district: Organization, *columns: str) -> set[tuple[str | None, ...]]:
    harbor = _harbor(district)
    return {
        (row["source_key"], "harbor" if row["organization_id"] == harbor else "bend", *(row[name] for name in columns))
        for row in result.rows("enrollment")
    }


# --- what a whole bundle becomes ---------------------------------------------------------------------------------
def test_bulk_1_1(district: Organization) -> None:
    result = load(bulk(), district, 2025)
    assert {
        (row["source_key"], row["local_number"], row["state_number"], row["birth_date"])
        for row in result.rows("student")
    } == {
        ("u1", "000481", "1904417263", "2008-03-14"),
        ("u2", "000482", None, "2009-11-02"),
        ("u3", "000483", None, None),
        ("u4", "000484", None, None),
    }
    assert result.rows("student")[0]["first_name"] == "MARIA"
    assert _enrollments(result, district, "grade", "entered", "exited", "sex", "race_ethnicity") == {
        ("u1", "harbor", "11", "2024-08-12", None, "F", "HI"),
        ("u2", "harbor", "09", "2024-09-03", None, "M", "TR"),
        ("u2", "bend", "09", "2024-08-20", None, "M", "TR"),
        ("u3", "harbor", "09", "2024-08-12", None, None, "BL"),
        # In art until October 5, which is exclusive.
        ("u4", "bend", "08", "2024-08-12", "2024-10-04", None, None),
    }
    columns = ("source_key", "course_code", "section", "term", "title", "sced_code", "level")
    assert {tuple(row[name] for name in columns) for row in result.rows("course_record")} == {
        ("u1", "MAT201", "01", "Full year", "Algebra II", "02056", "general"),
        ("u1", "SCI401", "bio-f", "Fall", "AP Biology", None, "ap"),
        ("u2", "MAT201", "01", "Full year", "Algebra II", "02056", "general"),
        ("u2", "art", "7A", "Fall,Spring", "Art", None, "general"),
        ("u3", "MAT201", "01", "Full year", "Algebra II", "02056", "general"),
        ("u4", "art", "7A", "Fall,Spring", "Art", None, "general"),
    }
    assert result.causes() == {"new_school": 1, "several_grades": 1}
    assert result.reading.completeness is None
    assert "2 teachers were not loaded" in result.notes
    assert "1 parent was not loaded: families are not kept here." in result.notes
    (new,) = result.reading.places.new
    assert (new.name, new.state_id, new.nces_id, new.facts) == ("River Bend Middle", "0020", "", {"city": "Demopolis"})
    assert result.sink.stages["course_record"].places[0] == ("enrollments.csv", 2)


def test_bulk_1_2(district: Organization) -> None:
    result = load(bulk_1_2(), district, 2025)
    assert _enrollments(result, district, "grade", "entered", "exited") == {
        # A student there since 2022: in this year since its first day.
        ("u1", "harbor", "11", "2024-08-12", None),
        ("u2", "harbor", "10", "2024-10-07", None),
        ("u2", "bend", "10", "2024-08-12", "2024-10-04"),
        # Through the last day: that is the end of the year, not an exit.
        ("u3", "harbor", "09", "2024-08-12", None),
    }
    assert [row["state_number"] for row in result.rows("student")] == ["1904417263", None, None]
    # Sam's role ended a year ago.
    assert result.problem("no_school").places[0].line == 5
    assert "no enrollments.csv" in result.notes
    assert "course_record" not in result.sink.stages
    assert "1 teacher was not loaded" in result.notes
    assert "1 person with the role siteAdministrator was not loaded" in result.notes


def test_delta_1_1(district: Organization) -> None:
    files = delta(
        bulk(
            users=changed(changed(made.USERS, "u4", status="tobedeleted"), "u1", status="active"),
            enrollments=changed(cut(made.ENROLLMENTS, "e1", "e2"), "e2", status="tobedeleted"),
            demographics=None,
        )
    )
    result = load(files, district, 2025)
    assert result.reading.completeness == Completeness.ADDS
    # Lee is gone: not put as a student again, the enrollment as deleted.
    assert {row["source_key"] for row in result.rows("student")} == {"u1", "u2", "u3"}
    assert ("u4", "bend", "true") in _enrollments(result, district, "deleted")
    assert {row["deleted"] for row in result.rows("enrollment") if row["source_key"] != "u4"} == {None}
    records = {(row["source_key"], row["course_code"], row["deleted"]) for row in result.rows("course_record")}
    assert records == {("u1", "MAT201", None), ("u1", "SCI401", "true")}


def test_inactive_of_1_0_is_a_deletion_in_a_delta(district: Organization) -> None:
    enrollments = changed(cut(made.ENROLLMENTS, "e1"), "e1", status="Inactive")
    result = load(delta(bulk(enrollments=enrollments)), district, 2025)
    assert [row["deleted"] for row in result.rows("course_record")] == ["true"]
    assert result.problem("wrong_case").places[0].value == "Inactive"


def test_delta_that_names_what_it_does_not_bring(district: Organization) -> None:
    files = delta(bulk(users=cut(made.USERS, "u1"), classes=cut(made.CLASSES, "alg-1")))
    result = load(files, district, 2025)
    assert [row["source_key"] for row in result.rows("course_record")] == ["u1"]
    # Of Jo, Ana and Lee (e3 to e6), and of the biology class (e2).
    refused = {one.cause: one.count for one in result.problems.all() if one.severity == Severity.REFUSED}
    assert refused == {"unknown_user": 4, "unknown_class": 1}
    assert result.problem("unknown_class").places[0].value == "bio-f"
    noted = [one for one in result.problems.all() if one.severity == Severity.NOTED and one.cause == "unknown_user"]
    assert [one.count for one in noted] == [3]  # u2, u3 and t1 of demographics.csv


def test_delta_1_2(district: Organization) -> None:
    roles = changed(cut(made.ROLES, "r2", "r3"), "r3", status="tobedeleted")
    users = cut(made.USERS_1_2, "u2", "u3")
    result = load(delta(bulk_1_2(roles=roles, users=users), "1.2"), district, 2025)
    assert _enrollments(result, district, "deleted") == {("u2", "harbor", None), ("u2", "bend", "true")}
    # Ana has no role in this bundle: she may be anybody.
    assert result.problem("no_role").places[0].value == "u3"


def test_without_manifest_nothing_counts_as_gone(district: Organization) -> None:
    files = bulk()
    del files["manifest.csv"]
    result = load(files, district, 2025)
    assert result.reading.completeness == Completeness.ADDS
    assert result.problem("no_manifest").severity == Severity.NOTED
    assert len(result.rows("enrollment")) == 5


def test_names_in_any_case_and_in_folders(district: Organization) -> None:
    files = {f"Export/2025/{name.upper()}": text for name, text in bulk().items()}
    files["__MACOSX/Export/2025/._USERS.CSV"] = "x\n1\n"
    assert len(load(files, district, 2025).rows("enrollment")) == 5


def test_two_exports_in_one_zip(district: Organization) -> None:
    with pytest.raises(FileRefused, match=r"users\.csv twice: users\.csv and old/users\.csv"):
        load(bulk() | {"old/users.csv": made.USERS}, district, 2025)


def test_1_0_headings_in_a_1_1_bundle(district: Organization) -> None:
    demographics = made.DEMOGRAPHICS.replace("sourcedId,", "userSourcedId,", 1).replace("birthDate", "birthdate")
    classes = made.CLASSES.replace("termSourcedIds", "termSourcedId").replace(",grades,", ",grade,")
    users = made.USERS.replace(",userIds,", ",userId,").replace(",grades,", ",grade,")
    result = load(bulk(demographics=demographics, classes=classes, users=users), district, 2025)
    same = load(bulk(), district, 2025)
    assert _plain(result) == _plain(same)


# --- manifest ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["orgs", "users", "academicSessions", "courses", "classes", "enrollments"])
def test_promised_and_missing(district: Organization, name: str) -> None:
    files = bulk()
    del files[f"{name}.csv"]
    with pytest.raises(FileRefused, match=rf"{name}\.csv"):
        load(files, district, 2025)


def test_promised_and_missing_but_not_needed(district: Organization) -> None:
    files = bulk()
    del files["demographics.csv"]
    result = load(files, district, 2025)
    assert result.problem("file_missing").places[0].value == "demographics.csv"
    assert "sex" not in result.columns("enrollment")


def test_called_absent_and_there(district: Organization) -> None:
    files = bulk()
    files["manifest.csv"] = files["manifest.csv"].replace("file.demographics,bulk", "file.demographics,absent")
    result = load(files, district, 2025)
    assert result.problem("file_unannounced").count == 1
    assert "race_ethnicity" in result.columns("enrollment")
    # Nobody says that this file is complete.
    assert result.reading.completeness == Completeness.ADDS


def test_only_who_and_where(district: Organization) -> None:
    files = bulk(academicSessions=None, courses=None, classes=None, enrollments=None, demographics=None)
    result = load(files, district, 2025)
    assert {row["entered"] for row in result.rows("enrollment")} == {"2024-07-01"}
    assert result.causes() == {"new_school": 1, "several_grades": 1, "no_sessions": 1, "no_entry_date": 5}
    assert "no courses.csv, classes.csv, enrollments.csv" in result.notes
    assert "exited" not in result.columns("enrollment")


def test_missing_columns_are_all_named(district: Organization) -> None:
    users, classes = without(made.USERS, "familyName"), without(made.CLASSES, "courseSourcedId", "title")
    with pytest.raises(FileRefused, match=r"classes\.csv: title, courseSourcedId; users\.csv: familyName"):
        load(bulk(users=users, classes=classes), district, 2025)
    with pytest.raises(FileRefused, match=r"users\.csv lacks role, and there is no roles\.csv"):
        load(bulk(users=without(made.USERS, "role")), district, 2025)


# --- rows --------------------------------------------------------------------------------------------------------
def test_wrong_case_is_read_and_noted_once(district: Organization) -> None:
    users = made.USERS.replace("student,u", "Student,u")
    orgs = made.ORGS.replace(",school,", ",School,")
    enrollments = made.ENROLLMENTS.replace(",student,", ",STUDENT,")
    result = load(bulk(users=users, orgs=orgs, enrollments=enrollments), district, 2025)
    assert _plain(result) == _plain(load(bulk(), district, 2025))
    noted = {
        (one.text.partition(":")[0], one.places[0].file): one.count
        for one in result.problems.all()
        if one.cause == "wrong_case"
    }
    assert noted == {("role", "users.csv"): 10, ("type", "orgs.csv"): 2}


def test_unknown_role_is_refused(district: Organization) -> None:
    result = load(bulk(users=changed(made.USERS, "u4", role="pupil")), district, 2025)
    assert result.problem("unknown_word").places[0].value == "pupil"
    assert {row["source_key"] for row in result.rows("student")} == {"u1", "u2", "u3"}
    assert result.problem("student_left_out").count == 1


def test_same_row_twice_is_read_once(district: Organization) -> None:
    users = made.USERS + made.USERS.splitlines()[1] + "\n"
    result = load(bulk(users=users), district, 2025)
    assert [row["source_key"] for row in result.rows("student")].count("u1") == 1
    problem = result.problem("doubled_row")
    assert (problem.severity, problem.count, problem.places[0].line) == (Severity.NOTED, 1, 9)


def test_one_id_for_different_rows_is_refused(district: Organization) -> None:
    users = made.USERS + changed(cut(made.USERS, "u4"), "u4", givenName="Leo").splitlines()[1] + "\n"
    result = load(bulk(users=users), district, 2025)
    assert "u4" not in {row["source_key"] for row in result.rows("student")}
    assert (result.problem("doubled_id").count, result.problem("doubled_id").severity) == (2, Severity.REFUSED)
    assert result.problem("unknown_user").count == 1


def test_rows_without_an_id(district: Organization) -> None:
    result = load(bulk(users=changed(made.USERS, "u4", sourcedId=" ")), district, 2025)
    assert result.problem("no_id").count == 1


def test_a_column_twice(district: Organization) -> None:
    lines = made.USERS.splitlines()
    lines = [
        lines[0] + ",identifier",
        *(
            f"{line},{'X' if line.startswith('u4') else number}"
            for line, number in zip(lines[1:], ("000481", "000482", "000483", "", "T1", "T2", ""), strict=True)
        ),
    ]
    result = load(bulk(users="\n".join(lines) + "\n"), district, 2025)
    assert {row["source_key"] for row in result.rows("student")} == {"u1", "u2", "u3"}
    assert result.problem("column_twice").count == 1


def test_deleted_in_bulk_is_left_out(district: Organization) -> None:
    result = load(bulk(users=changed(made.USERS, "u4", status="tobedeleted")), district, 2025)
    assert "u4" not in {row["source_key"] for row in result.rows("student")}
    assert "deleted" not in result.columns("enrollment")
    assert result.problem("deleted_in_bulk").severity == Severity.NOTED


def test_statuses_active_and_unknown(district: Organization) -> None:
    users = changed(changed(made.USERS, "u1", status="active"), "u2", status="gone")
    result = load(bulk(users=users), district, 2025)
    assert {row["source_key"] for row in result.rows("student")} == {"u1", "u3", "u4"}
    assert result.problem("unknown_word").places[0].column == "status"


def test_unknown_references_are_counted_by_cause(district: Organization) -> None:
    users = changed(changed(made.USERS, "u4", orgSourcedIds="nowhere"), "u2", orgSourcedIds="harbor,nowhere")
    enrollments = changed(changed(made.ENROLLMENTS, "e1", classSourcedId="gone"), "e3", userSourcedId="ghost")
    classes = changed(made.CLASSES, "bio-f", courseSourcedId="nothing")
    result = load(bulk(users=users, enrollments=enrollments, classes=classes), district, 2025)
    refused = {
        one.cause: (one.count, one.places[0].value) for one in result.problems.all() if one.severity == Severity.REFUSED
    }
    assert refused == {
        "unknown_school": (1, "nowhere"),
        "unknown_user": (1, "ghost"),
        "unknown_class": (2, "gone"),
        "unknown_course": (1, "nothing"),
        "student_left_out": (1, "u4"),
    }
    assert ("u2", "harbor") in _enrollments(result, district)


def test_a_class_in_an_unknown_session_or_school(district: Organization) -> None:
    classes = changed(changed(made.CLASSES, "alg-1", termSourcedIds="fy,s9"), "art-b", schoolSourcedId="nowhere")
    result = load(bulk(classes=classes), district, 2025)
    assert result.problem("unknown_session").places[0].value == "s9"
    assert result.problem("unknown_school").places[0].column == "schoolSourcedId"
    assert [row["course_code"] for row in result.rows("course_record")] == ["SCI401"]


def test_numbers(district: Organization) -> None:
    users = changed(changed(made.USERS, "u1", identifier=""), "u2", identifier="4.80E+11")
    users = changed(users, "u3", userIds="{State:1},{stateNumber:2}")
    result = load(bulk(users=users), district, 2025)
    assert {row["source_key"]: row["local_number"] for row in result.rows("student")} == {
        "u1": "u1",
        "u3": "000483",
        "u4": "000484",
    }
    assert result.problem("number_from_id").count == 1
    assert result.problem("scientific_number").severity == Severity.REFUSED
    assert result.problem("state_numbers").severity == Severity.NOTED


def test_state_numbers_of_a_list() -> None:
    assert state_numbers("{FED:18125}") == []
    assert state_numbers("{State ID:19044},{LDAP:mluz}") == ["19044"]
    assert state_numbers("stateUniqueId:0042") == ["0042"]
    assert state_numbers("{STATE:7},{state:7}") == ["7"]
    assert state_numbers("{State:}") == []


# --- grades ------------------------------------------------------------------------------------------------------
def test_grade_of_the_classes(district: Organization) -> None:
    users = changed(changed(made.USERS, "u3", grades=""), "u4", grades="")
    classes = changed(made.CLASSES, "alg-1", grades="10")
    courses = changed(made.COURSES, "art", grades="07,08")
    result = load(bulk(users=users, classes=classes, courses=courses), district, 2025)
    assert ("u3", "harbor", "10") in _enrollments(result, district, "grade")
    assert result.problem("grade_of_classes").count == 1
    # Art is for two grades: that says nothing of Lee.
    assert result.problem("no_grade").places[0].line == 5
    courses = changed(made.COURSES, "art", grades="8")
    result = load(bulk(users=users, courses=courses), district, 2025)
    assert ("u4", "bend", "08") in _enrollments(result, district, "grade")


def test_classes_for_different_grades_say_nothing(district: Organization) -> None:
    users = changed(made.USERS, "u1", grades="")
    classes = changed(changed(made.CLASSES, "alg-1", grades="10"), "bio-f", grades="11")
    result = load(bulk(users=users, classes=classes), district, 2025)
    assert result.problem("no_grade").count == 1


@pytest.mark.parametrize(
    ("written", "grade"), [("9", "09"), ("KG", "KG"), ("PK", "PK"), ("TK", "KG"), ("IT", "PK"), ("12", "12")]
)
def test_grades_as_systems_write_them(district: Organization, written: str, grade: str) -> None:
    result = load(bulk(users=changed(made.USERS, "u4", grades=written)), district, 2025)
    assert ("u4", "bend", grade) in _enrollments(result, district, "grade")


@pytest.mark.parametrize("written", ["13", "PS", "UG", "ninth"])
def test_grades_beyond_school_are_refused(district: Organization, written: str) -> None:
    result = load(bulk(users=changed(made.USERS, "u4", grades=written)), district, 2025)
    assert result.problem("not_in_list").places[0].value == written
    assert "u4" not in {row["source_key"] for row in result.rows("student")}


# --- dates -------------------------------------------------------------------------------------------------------
def test_dates_month_first(district: Organization) -> None:
    enrollments = changed(made.ENROLLMENTS, "e3", beginDate="9/3/2024", endDate="5/30/2025")
    assert _plain(load(bulk(enrollments=enrollments), district, 2025)) == _plain(load(bulk(), district, 2025))


def test_dates_day_first_make_every_slash_date_unsure(district: Organization) -> None:
    enrollments = changed(made.ENROLLMENTS, "e3", beginDate="03/09/2024")
    enrollments = changed(enrollments, "e4", beginDate="20/08/2024")
    result = load(bulk(enrollments=enrollments), district, 2025)
    found = {one.places[0].value for one in result.problems.all() if one.cause == "day_month_order"}
    assert found == {"03/09/2024", "20/08/2024"}
    # Neither date is used: the year's first day stands in.
    assert ("u2", "harbor", "2024-08-12") in _enrollments(result, district, "entered")
    assert "u2" not in {row["source_key"] for row in result.rows("course_record")}


def test_a_bad_birth_date_leaves_the_student(district: Organization) -> None:
    result = load(bulk(demographics=changed(made.DEMOGRAPHICS, "u1", birthDate="2008-02-30")), district, 2025)
    assert result.problem("no_such_day").places[0].file == "demographics.csv"
    assert ("u1", "harbor", None) in _enrollments(result, district, "race_ethnicity")


def test_leaving_with_the_term_is_not_leaving_the_school(district: Organization) -> None:
    """Maria has fall classes only, which end with the fall: an export of the current term says no more."""
    enrollments = cut(made.ENROLLMENTS, "e2")
    result = load(bulk(enrollments=enrollments), district, 2025)
    assert ("u1", "harbor", "2024-08-14", None) in _enrollments(result, district, "entered", "exited")


def test_leaving_counts_once_the_last_class_is_left(district: Organization) -> None:
    enrollments = changed(made.ENROLLMENTS, "e1", endDate="2025-02-01")
    result = load(bulk(enrollments=enrollments), district, 2025)
    assert ("u1", "harbor", "2025-01-31") in _enrollments(result, district, "exited")
    open_again = enrollments + "e9,,,alg-1,harbor,u1,student,,2025-02-01,\n"
    result = load(bulk(enrollments=open_again), district, 2025)
    assert ("u1", "harbor", None) in _enrollments(result, district, "exited")
    # One record of the class that was left and entered again.
    assert [row["course_code"] for row in result.rows("course_record") if row["source_key"] == "u1"].count(
        "MAT201"
    ) == 1
    assert result.problem("class_twice").severity == Severity.NOTED


def test_an_end_to_come_is_no_exit(district: Organization) -> None:
    year = dt.date.today().year + 3
    files = {name: text.replace("2024-", f"{year - 1}-").replace("2025", str(year)) for name, text in bulk().items()}
    assert {row["exited"] for row in load(files, district, year).rows("enrollment")} == {None}


def test_ends_before_it_begins(district: Organization) -> None:
    enrollments = changed(made.ENROLLMENTS, "e4", beginDate="2025-01-10", endDate="2024-12-10")
    enrollments = changed(enrollments, "e2", beginDate="2024-08-14", endDate="2024-08-14")
    result = load(bulk(enrollments=enrollments), district, 2025)
    assert result.problem("ends_before_start").severity == Severity.REFUSED
    assert result.problem("no_day").severity == Severity.NOTED
    assert len(result.rows("course_record")) == 4


def test_entry_dates_known_here_stay(district: Organization) -> None:
    """By January the export has dropped the fall: Jo does not enter Harbor a second time."""
    school = Organization.objects.get(name="Harbor High School")
    jo = factories.student()
    StudentIdentifier.objects.create(
        student=jo, system="local", organization=district, value="000482", starts=dt.date(2024, 7, 1)
    )
    factories.enrollment(school, 2025, student=jo, entered=dt.date(2024, 8, 26))
    result = load(bulk(), district, 2025)
    assert ("u2", "harbor", "2024-08-26") in _enrollments(result, district, "entered")
    assert ("u2", "bend", "2024-08-20") in _enrollments(result, district, "entered")
    gone = delta(bulk(users=changed(cut(made.USERS, "u2"), "u2", status="tobedeleted")))
    rows = _enrollments(load(gone, district, 2025), district, "entered", "deleted")
    assert ("u2", "harbor", "2024-08-26", "true") in rows


# --- school year and terms ---------------------------------------------------------------------------------------
def test_two_years_in_one_bundle(district: Organization) -> None:
    sessions = made.SESSIONS + "fy26,,,Full year 26,schoolYear,2025-08-11,2026-05-29,,2026\n"
    classes = made.CLASSES + "alg-26,,,Algebra II,,alg,01,scheduled,,harbor,fy26,,,1\n"
    enrollments = made.ENROLLMENTS + "e26,,,alg-26,harbor,u1,student,,2025-08-11,2026-05-29\n"
    files = bulk(academicSessions=sessions, classes=classes, enrollments=enrollments)
    result = load(files, district, 2025)
    assert _plain(result) == _plain(load(bulk(), district, 2025))
    assert "1 class enrollment of other school years was not loaded." in result.notes
    result = load(files, district, 2026)
    assert [row["year"] for row in result.rows("course_record")] == ["2026"]
    with pytest.raises(FileRefused, match="of 2024–25, 2025–26 by its sessions' dates, and 2026–27 was chosen"):
        load(files, district, 2027)


def test_year_by_the_middle_of_a_session() -> None:
    assert year_of(dt.date(2018, 9, 5), dt.date(2019, 6, 22)) == 2019
    assert year_of(dt.date(2018, 6, 25), dt.date(2019, 6, 10)) == 2019
    assert year_of(dt.date(2021, 2, 1), dt.date(2021, 8, 1)) == 2021


def test_terms_with_long_names(district: Organization) -> None:
    long = "2024-2025 First Semester of the District"
    result = load(bulk(academicSessions=changed(made.SESSIONS, "s1", title=long)), district, 2025)
    assert {row["term"] for row in result.rows("course_record")} == {"Full year", "s1", "s1,Spring"}
    uuid = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"
    sessions = changed(made.SESSIONS, "s1", title=long, sourcedId=uuid)
    result = load(
        bulk(academicSessions=sessions, classes=made.CLASSES.replace(",s1,", f",{uuid},").replace("s1,s2", "s2")),
        district,
        2025,
    )
    terms = {str(row["term"]) for row in result.rows("course_record")}
    (short,) = terms - {"Full year", "Spring"}
    assert short.startswith("2024-2025 Fir")
    assert len(short) <= 20


def test_four_quarters_are_their_year(district: Organization) -> None:
    quarters = "".join(
        f"quarter-{n},,,Quarter {n},gradingPeriod,{first},{last},fy,2025\n"
        for n, first, last in (
            (1, "2024-08-12", "2024-10-11"),
            (2, "2024-10-14", "2024-12-20"),
            (3, "2025-01-06", "2025-03-14"),
            (4, "2025-03-17", "2025-05-30"),
        )
    )
    sessions = cut(made.SESSIONS, "fy") + quarters
    every = ",".join(f"quarter-{n}" for n in (1, 2, 3, 4))
    classes = made.CLASSES.replace(',"s1,s2",', f',"{every}",').replace(",s1,", ',"quarter-2,quarter-1",')
    result = load(bulk(academicSessions=sessions, classes=classes), district, 2025)
    terms = {row["source_key"]: row["term"] for row in result.rows("course_record") if row["course_code"] == "art"}
    assert terms["u4"] == "Full year"
    assert "Quarter 1,Quarter 2" in {row["term"] for row in result.rows("course_record")}


# --- schools -----------------------------------------------------------------------------------------------------
def test_a_district_that_is_another(district: Organization) -> None:
    with pytest.raises(FileRefused, match=r"Tombigbee City \(0100003\)"):
        load(bulk(orgs=changed(made.ORGS, "d", identifier="0100003")), district, 2025)
    with pytest.raises(FileRefused, match="not of Tombigbee City"):
        load(bulk(orgs=changed(made.ORGS, "d", identifier="044", name="Other")), district, 2025)
    for same in ("AL-002", "2", "0100002", "100002", ""):
        load(bulk(orgs=changed(made.ORGS, "d", identifier=same)), district, 2025)
    result = load(bulk(orgs=changed(made.ORGS, "d", name="Tombigbee CSD")), district, 2025)
    assert result.problem("district_name").severity == Severity.NOTED


def test_schools_of_another_district_in_the_bundle(district: Organization) -> None:
    orgs = made.ORGS + "d2,,,Bluegrass,district,2100001,,\nderby,,,Derby High,school,0010,d2,\n"
    users = changed(made.USERS, "u4", orgSourcedIds="derby")
    result = load(bulk(orgs=orgs, users=users), district, 2025)
    assert {one for one, _school in _enrollments(result, district)} == {"u1", "u2", "u3"}
    assert "1 school of the bundle is not of Tombigbee City" in result.notes
    assert "1 student of other schools was not loaded." in result.notes
    with pytest.raises(FileRefused, match="2 districts, and none of them is Tombigbee City"):
        load(bulk(orgs=changed(orgs, "d", identifier="0100009")), district, 2025)


def test_new_schools_get_the_id_they_have(district: Organization) -> None:
    orgs = changed(made.ORGS, "bend", identifier="010000200077")
    (new,) = load(bulk(orgs=orgs), district, 2025).reading.places.new
    assert (new.nces_id, new.state_id) == ("010000200077", "")


def test_two_new_schools_of_one_name(district: Organization) -> None:
    orgs = changed(made.ORGS, "bend", name="Lincoln") + "lin,,,Lincoln,school,0030,d,\n"
    result = load(bulk(orgs=orgs), district, 2025)
    assert [(new.name, new.state_id) for new in result.reading.places.new] == [("Lincoln", "0020"), ("Lincoln", "0030")]


def test_a_school_that_the_directory_has_elsewhere(district: Organization) -> None:
    other = factories.organization(Kind.DISTRICT, district.in_state, "Elsewhere")
    factories.organization(Kind.SCHOOL, other, "River Bend Middle", state_id="0020")
    result = load(bulk(), district, 2025)
    assert result.problem("school_elsewhere").severity == Severity.REFUSED
    assert result.reading.places.new == []
    assert {school for _one, school in _enrollments(result, district)} == {"harbor"}


def test_found_by_name_with_another_id(district: Organization) -> None:
    orgs = changed(made.ORGS, "harbor", name="Harbor High School", identifier="0099")
    result = load(bulk(orgs=orgs), district, 2025)
    assert result.problem("school_by_name").severity == Severity.NOTED
    assert ("u1", "harbor") in _enrollments(result, district)


def test_one_school_loaded_for_itself(district: Organization) -> None:
    harbor = Organization.objects.get(name="Harbor High School")
    orgs = changed(cut(made.ORGS, "d", "harbor", "math"), "harbor", identifier="")
    result = load(bulk(orgs=orgs), harbor, 2025)
    assert result.problem("school_name").severity == Severity.NOTED
    assert {one for one, _school in _enrollments(result, district)} == {"u1", "u2", "u3"}
    with pytest.raises(FileRefused, match="No school of the bundle is one of Harbor High School"):
        load(bulk(orgs=changed(orgs, "harbor", identifier="0099")), harbor, 2025)


def test_students_of_a_district_only(district: Organization) -> None:
    result = load(bulk(users=changed(made.USERS, "u4", orgSourcedIds="d")), district, 2025)
    assert result.problem("no_school").places[0].line == 5


# --- class records -----------------------------------------------------------------------------------------------
def test_people_whose_roles_disagree(district: Organization) -> None:
    enrollments = changed(made.ENROLLMENTS, "e7", role="student")
    enrollments = changed(enrollments, "e5", role="teacher")
    result = load(bulk(enrollments=enrollments), district, 2025)
    assert result.problem("not_a_student").places[0].value == "t1"
    assert result.problem("other_role").severity == Severity.NOTED
    assert "u3" not in {row["source_key"] for row in result.rows("course_record")}


def test_sced_codes_of_course_codes(district: Organization) -> None:
    coded = changed(changed(made.COURSES, "alg", subjectCodes="", courseCode="02056"), "bio", courseCode="03056")
    result = load(bulk(courses=coded), district, 2025)
    assert {row["sced_code"] for row in result.rows("course_record")} == {"02056", "03056", None}
    # 90110 is no SCED code, so 02056 may be the district's own number as well.
    result = load(bulk(courses=changed(coded, "art", courseCode="90110")), district, 2025)
    assert "sced_code" not in result.columns("course_record")


def test_levels_that_titles_clearly_name() -> None:
    named = {
        title: level_of(title) for title in ("AP Biology", "IB Physics HL", "Honors English 9", "English 9 HONORS")
    }
    assert list(named.values()) == ["ap", "ib", "honors", "honors"]
    assert level_of("Dual Enrollment English 101") == "dual"
    for title in ("Pre-AP Biology", "SS9 Global Hist HP", "Apparel", "Ibsen and Shaw", "Duality", "Algebra I"):
        assert level_of(title) == ""


def test_level_stays_closed_where_no_title_names_one(district: Organization) -> None:
    result = load(bulk(courses=changed(made.COURSES, "bio", title="Biology")), district, 2025)
    assert "level" not in result.columns("course_record")


CATEGORIES = "sourcedId,status,dateLastModified,title\nc1,,,Final\nc2,,,Homework\n"
LINE_ITEMS = """\
sourcedId,status,dateLastModified,title,description,assignDate,dueDate,classSourcedId,categorySourcedId,gradingPeriodSourcedId,resultValueMin,resultValueMax
l1,,,Course Grade,,2025-05-30,2025-05-30,alg-1,c2,s2,0,100
l2,,,Final exam,,2025-05-20,2025-05-20,alg-1,c1,s2,0,100
l3,,,Semester,,2024-12-20,2024-12-20,bio-f,c1,s1,0,100
l4,,,Page 12,,2024-09-20,2024-09-20,alg-1,c2,s1,0,10
"""
RESULTS = """\
sourcedId,status,dateLastModified,lineItemSourcedId,studentSourcedId,scoreStatus,score,scoreDate,comment
r1,,,l1,u1,fully graded,92.500,2025-05-30,
r2,,,l2,u1,fully graded,71,2025-05-20,
r3,,,l3,u1,Fully Graded,88,2024-12-20,
r4,,,l1,u2,exempt,,2025-05-30,
r5,,,l4,u1,fully graded,9,2024-09-20,
r6,,,l9,u1,fully graded,9,2024-09-20,
r7,,,l1,u3,fully graded,80,2025-05-30,
r8,,,l1,u3,fully graded,81,2025-05-30,
"""


def test_final_grades_become_marks(district: Organization) -> None:
    result = load(bulk(categories=CATEGORIES, lineItems=LINE_ITEMS, results=RESULTS), district, 2025)
    marks = {(row["source_key"], row["course_code"]): row["mark"] for row in result.rows("course_record")}
    assert marks[("u1", "MAT201")] == "92.5"
    assert marks[("u1", "SCI401")] == "88"
    assert marks[("u2", "MAT201")] is None
    assert marks[("u3", "MAT201")] is None  # 80 or 81
    assert "1 course record has several different final marks" in result.notes
    assert "4 results of the gradebook were not kept" in result.notes  # r2, r4, r5, r6
    assert result.problem("unknown_line_item").places[0].value == "l9"


def test_no_final_grade_leaves_marks_closed(district: Organization) -> None:
    items = cut(LINE_ITEMS, "l4")
    result = load(bulk(categories=CATEGORIES, lineItems=items, results=cut(RESULTS, "r5")), district, 2025)
    assert "mark" not in result.columns("course_record")


def test_what_is_called_a_final_grade() -> None:
    assert is_final("Final Grade", "")
    assert is_final("course grade", "Tests")
    assert is_final("Semester 1", "Final grade")
    assert not is_final("Final exam", "Final")
    assert not is_final("Finalists' essay", "Essays")


# --- demographics ------------------------------------------------------------------------------------------------
def test_race_and_ethnicity() -> None:
    yes = "true"
    assert race_of({"hispanicOrLatinoEthnicity": yes, "white": yes, "asian": yes}) == "HI"
    assert race_of({"white": yes, "asian": yes}) == "TR"
    assert race_of({"demographicRaceTwoOrMoreRaces": yes}) == "TR"
    assert race_of({"nativeHawaiianOrOtherPacificIslander": yes, "hispanicOrLatinoEthnicity": "false"}) == "PI"
    assert race_of({"americanIndianOrAlaskaNative": yes}) == "AM"
    assert race_of({"white": "false", "asian": None}) is None


def test_empty_demographics_report_no_group(district: Organization) -> None:
    result = load(bulk(demographics=made.DEMOGRAPHICS.splitlines()[0] + "\n"), district, 2025)
    assert not {"sex", "race_ethnicity"} & result.columns("enrollment")
    assert "birth_date" not in result.columns("student")


def test_sexes_of_1_2(district: Organization) -> None:
    demographics = changed(changed(made.DEMOGRAPHICS, "u1", sex="other"), "u2", sex="unspecified")
    result = load(bulk(demographics=demographics), district, 2025)
    assert {row["sex"] for row in result.rows("enrollment") if row["source_key"] in {"u1", "u2"}} == {"X"}


# --- order -------------------------------------------------------------------------------------------------------
def _plain(result: Result) -> dict[str, list[tuple[tuple[str, str | None], ...]]]:
    """What was put, without order, with planned schools by name."""
    names = {str(new.id): new.name for new in result.reading.places.new}

    def plain(row: Row) -> tuple[tuple[str, str | None], ...]:
        return tuple(sorted((name, names.get(value or "", value)) for name, value in row.items()))

    return {
        target: sorted((plain(row) for row in stage.rows), key=repr) for target, stage in result.sink.stages.items()
    }


def _shuffled(text: str, seed: int) -> str:
    heading, *rows = list(csv.reader(io.StringIO(text)))
    random.Random(seed).shuffle(rows)
    return made.written([heading, *rows])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), chunk=st.sampled_from([1, 2, 1_000]))
def test_order_of_rows_does_not_matter(district: Organization, seed: int, chunk: int) -> None:
    users = made.USERS + made.USERS.splitlines()[1] + "\n" + "u4,,,true,bend,student,,,Leo,Ford,,000484,,,,,08,\n"
    enrollments = made.ENROLLMENTS + "e9,,,alg-1,harbor,u1,student,,2025-02-01,\n"
    for files in (
        bulk(users=users, enrollments=enrollments, categories=CATEGORIES, lineItems=LINE_ITEMS, results=RESULTS),
        delta(bulk(enrollments=changed(enrollments, "e1", status="tobedeleted"))),
        bulk_1_2(enrollments=made.ENROLLMENTS),
    ):
        expected = load(files, district, 2025)
        shuffled = {name: _shuffled(text, seed + at) for at, (name, text) in enumerate(sorted(files.items()))}
        result = load(shuffled, district, 2025, chunk=chunk)
        assert _plain(result) == _plain(expected)
        assert result.causes() == expected.causes()
