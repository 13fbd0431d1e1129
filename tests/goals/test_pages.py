"""The pages of “Readiness”: what they say, to whom, from numbers worked out by hand."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from structlog.testing import capture_logs

from goals.models import RuleSet
from goals.models.measure import Basis
from goals.readiness import rollup
from hstw.access import Role
from hstw.navigation import current_year
from hstw.values import SchoolYear
from schools.models import AssessmentResult, CourseRecord, Diploma, EvidenceCoverage, ImportBatch, Organization, Student
from tests import factories
from tests.factories import World, enrollment, make_world, student

pytestmark = pytest.mark.django_db
NOW = int(current_year())
YEAR = NOW - 1


@pytest.fixture
def world() -> World:
    return make_world()


def cover(organization: Organization, year: int, *kinds: str, batch: ImportBatch | None = None) -> None:
    for kind in kinds:
        EvidenceCoverage.objects.create(
            organization=organization, year=year, kind=kind, batch=batch, through_date=dt.date(year, 5, 30)
        )


def ninth_grader(school: Organization, name: str, credits: str, year: int = YEAR, **about: Any) -> Student:
    who = student(first_name="Ninth", last_name=name, grade_9_year=year)
    enrollment(school, year, "09", student=who, **about)
    CourseRecord.objects.create(
        student=who, organization=school, year=year, subject="math", term="FY", title="All", course_code="A",
        mark="C", credits_attempted=credits, credits_earned=credits,
    )  # fmt: skip
    return who


def on_track(world: World) -> None:
    """Ridge: three of four ninth-graders on track, the fourth has 4.5 credits (before: 1 of 2); Valley: 0 of 1."""
    batch = ImportBatch.objects.create(organization=world.cahaba, year=YEAR, kind="courses", source="courses.csv")
    cover(world.cahaba, YEAR, "enrollment", "courses", "demographics", batch=batch)
    for name in ("Adams", "Brown", "Clark"):
        ninth_grader(world.ridge, name, "6.00")
    ninth_grader(world.ridge, "Davis", "4.50", with_disabilities=True)
    ninth_grader(world.valley, "Evans", "2.00")
    cover(world.cahaba, YEAR - 1, "enrollment", "courses")
    ninth_grader(world.ridge, "Ford", "6.00", YEAR - 1)
    ninth_grader(world.ridge, "Green", "1.00", YEAR - 1)
    for year in (YEAR - 1, YEAR):
        rollup.roll_up(world.alabama, Basis.YEAR, year)


def open_as(client: Client, role: str, on: Organization, name: str, *args: Any, query: str = "", **fields: Any) -> Any:
    client.force_login(factories.person(role, on, **fields))
    return client.get(reverse(f"goals:{name}", args=args) + query)


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


# --- the dashboard ---------------------------------------------------------------------------------------------------
def test_a_principal_sees_exact_numbers_marked_so(world: World, client: Client) -> None:
    on_track(world)
    page = open_as(client, Role.PRINCIPAL, world.ridge, "dashboard", "ridge", YEAR)
    assert page.status_code == 200
    row = page.context["board"].rows["ON_TRACK_9"]
    assert (row.shown.text, row.shown.numerator, row.shown.denominator) == ("75.0 %", 3, 4)
    assert row.change == 25
    assert row.better is True
    assert row.sentence == f"Up from 50.0 % in {SchoolYear(YEAR - 1).label} to 75.0 % in {SchoolYear(YEAR).label}."
    assert "Exact: do not share" in text_of(page)


@pytest.mark.parametrize("role", [Role.BOARD_VIEWER, Role.SREB_STAFF, Role.SYSTEM_ADMINISTRATOR])
def test_who_does_not_answer_for_the_students_sees_no_exact_number(role: Role, world: World, client: Client) -> None:
    on_track(world)
    place = factories.place_of(role, world)
    for name, more in (("dashboard", []), ("measure", ["ON_TRACK_9"])):
        said = text_of(open_as(client, role, place, name, "cahaba", YEAR, *more))
        assert "60.0 %" not in said
        assert "3 of 5" not in said
        assert "Exact: do not share" not in said


def test_a_neighbor_is_not_seen_exactly(world: World, client: Client) -> None:
    on_track(world)
    said = text_of(open_as(client, Role.PRINCIPAL, world.valley, "dashboard", "ridge", YEAR))
    assert "75.0 %" not in said
    assert "See the seniors" not in said


def test_what_is_not_loaded_is_not_zero_and_leads_to_its_upload(world: World, client: Client) -> None:
    on_track(world)
    page = open_as(client, Role.PRINCIPAL, world.ridge, "dashboard", "ridge", YEAR)
    row = page.context["board"].rows["CHRONIC_ABSENCE"]
    assert row.figure.state == "not_reported"
    links = {one["label"]: one["url"] for one in page.context["uploads"]}
    assert links["Attendance"].startswith(reverse("schools:import_new", args=["ridge", YEAR]) + "?kind=")
    assert client.get(links["Attendance"]).status_code == 200


def test_who_may_not_load_is_told_what_is_missing_without_a_link(world: World, client: Client) -> None:
    on_track(world)
    page = open_as(client, Role.SITE_TEAM, world.ridge, "dashboard", "ridge", YEAR)
    assert {one["url"] for one in page.context["uploads"]} == {""}


def test_before_the_first_file_the_page_says_what_will_be_there(world: World, client: Client) -> None:
    page = open_as(client, Role.PRINCIPAL, world.ridge, "dashboard", "ridge", YEAR)
    assert "No numbers yet" in text_of(page)
    assert text_of(page).count("btn-primary") == 0


def test_a_year_that_is_not_over_shows_the_latest_known_and_from_when_on(world: World, client: Client) -> None:
    on_track(world)
    row = open_as(client, Role.PRINCIPAL, world.ridge, "dashboard", "ridge", NOW).context["board"].rows["ON_TRACK_9"]
    assert row.earlier
    assert (row.shown.text, row.shown_year) == ("75.0 %", YEAR)
    assert row.known_after == dt.date(NOW, 6, 30)


def test_mid_year_numbers_say_as_of_and_are_not_set_against_whole_years(world: World, client: Client) -> None:
    for year, absent in ((YEAR, 30), (NOW, 0)):
        cover(world.ridge, year, "enrollment", "attendance")
        enrollment(world.ridge, year, days_enrolled=100, days_absent=absent)
        rollup.roll_up(world.alabama, Basis.YEAR, year)
    page = open_as(client, Role.PRINCIPAL, world.ridge, "dashboard", "ridge", NOW)
    row = page.context["board"].rows["CHRONIC_ABSENCE"]
    assert (row.shown.text, row.change) == ("0.0 %", None)
    assert [dot.so_far for dot in row.trend.dots] == [False, True]
    assert f"As of May 30, {NOW}" in text_of(page)


def test_the_widest_gap_leaves_out_groups_of_a_few(world: World, client: Client) -> None:
    """Nine of ten with a disability are absent, and the only migrant student: the gap is that of the ten."""
    cover(world.ridge, YEAR, "enrollment", "attendance", "demographics")
    for n in range(20):
        enrollment(world.ridge, YEAR, days_enrolled=100, days_absent=20 if n < 9 else 0, with_disabilities=n < 10)
    enrollment(world.ridge, YEAR, days_enrolled=100, days_absent=50, migrant=True)
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    board = open_as(client, Role.PRINCIPAL, world.ridge, "dashboard", "ridge", YEAR).context["board"]
    gap = board.rows["CHRONIC_ABSENCE"].gap
    assert (gap.group.code, gap.figure.text, str(gap.points)) == ("SWD", "90.0 %", "42.4")


@pytest.mark.parametrize(("name", "more"), [("dashboard", []), ("measure", ["ON_TRACK_9"])])
def test_queries_do_not_grow_with_schools_and_students(
    name: str, more: list[str], world: World, client: Client
) -> None:
    on_track(world)
    client.force_login(factories.person(Role.DISTRICT_ADMINISTRATOR, world.cahaba))
    url = reverse(f"goals:{name}", args=["cahaba", YEAR, *more])
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for n in range(12):
        school = factories.organization("school", world.cahaba, f"School {n}", design="high", grade_high="12")
        ninth_grader(school, f"More {n}", "6.00")
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) == len(few)


# --- one measure -----------------------------------------------------------------------------------------------------
def test_a_number_explains_itself(world: World, client: Client) -> None:
    on_track(world)
    said = text_of(open_as(client, Role.PRINCIPAL, world.ridge, "measure", "ridge", YEAR, "ON_TRACK_9"))
    for words in (
        "75.0 %",
        "3 of 4 students",
        "At least five full-year credits",
        "First year in grade 9",
        "University of Chicago",
        "Passing all courses is not asked",
        "courses.csv",
        "Students with disabilities",
    ):
        assert words in said, words


def test_a_rule_is_named_with_its_source(world: World, client: Client) -> None:
    said = text_of(open_as(client, Role.PRINCIPAL, world.ridge, "measure", "ridge", YEAR, "READY_EITHER"))
    assert "SREB default" in said
    assert "not checked against a published source" in said


def test_schools_are_sorted_by_the_address(world: World, client: Client) -> None:
    on_track(world)
    for query, names in (
        ("", ["Cahaba Valley High School", "Cahaba Ridge High School"]),
        ("?sort=-figure", ["Cahaba Ridge High School", "Cahaba Valley High School"]),
        ("?sort=name", ["Cahaba Ridge High School", "Cahaba Valley High School"]),
        ("?sort=-name", ["Cahaba Valley High School", "Cahaba Ridge High School"]),
        ("?sort=nonsense", ["Cahaba Valley High School", "Cahaba Ridge High School"]),
    ):
        page = open_as(
            client, Role.DISTRICT_ADMINISTRATOR, world.cahaba, "measure", "cahaba", YEAR, "ON_TRACK_9", query=query
        )
        assert [place.organization.name for place in page.context["page_obj"]] == names, query


@pytest.mark.parametrize("code", ["NONSENSE", "NC_ACT"])
def test_what_is_not_computed_here_has_no_page(code: str, world: World, client: Client) -> None:
    assert open_as(client, Role.PRINCIPAL, world.ridge, "measure", "ridge", YEAR, code).status_code == 404


# --- the students ----------------------------------------------------------------------------------------------------
def listed(page: Any) -> dict[str, tuple[bool, str]]:
    return {one.student.last_name: (one.met, one.why) for one in page.context["page_obj"]}


def test_each_student_with_the_line_that_decided(world: World, client: Client) -> None:
    on_track(world)
    with capture_logs() as logs:
        page = open_as(client, Role.COUNSELOR, world.ridge, "measure_students", "ridge", YEAR, "ON_TRACK_9")
    assert listed(page) == {
        "Adams": (True, "At least five full-year credits 6, At most one semester F in a core course 0"),
        "Brown": (True, "At least five full-year credits 6, At most one semester F in a core course 0"),
        "Clark": (True, "At least five full-year credits 6, At most one semester F in a core course 0"),
        "Davis": (False, "At least five full-year credits: 4.5 (≥ 5 asked)"),
    }
    assert [log["measure"] for log in logs if log["event"] == "student list read"] == ["ON_TRACK_9"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?met=no", {"Davis", "Evans"}),
        ("?met=yes", {"Adams", "Brown", "Clark"}),
        ("?group=SWD", {"Davis"}),
        ("?grade=10", set()),
        ("?met=maybe&group=NONSENSE", {"Adams", "Brown", "Clark", "Davis", "Evans"}),
    ],
)
def test_the_list_is_narrowed(query: str, names: set[str], world: World, client: Client) -> None:
    on_track(world)
    page = open_as(
        client, Role.DISTRICT_ADMINISTRATOR, world.cahaba, "measure_students", "cahaba", YEAR, "ON_TRACK_9", query=query
    )
    assert set(listed(page)) == names


def test_a_student_of_two_schools_is_listed_once_as_counted(world: World, client: Client) -> None:
    """Nine of 89 days at one school, 12 of 90 at the other: 21 of 179 in the district is chronic."""
    cover(world.cahaba, YEAR, "enrollment", "attendance")
    who = enrollment(world.ridge, YEAR, days_enrolled=89, days_absent=8).student
    enrollment(world.valley, YEAR, student=who, days_enrolled=90, days_absent=12, entered=dt.date(YEAR, 1, 8))
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    page = open_as(
        client, Role.DISTRICT_ADMINISTRATOR, world.cahaba, "measure_students", "cahaba", YEAR, "CHRONIC_ABSENCE"
    )
    assert [one.met for one in page.context["page_obj"]] == [True]
    ridge = open_as(client, Role.PRINCIPAL, world.ridge, "measure_students", "ridge", YEAR, "CHRONIC_ABSENCE")
    assert [one.met for one in ridge.context["page_obj"]] == [False]


def test_pages_of_students_cost_the_same_however_many(world: World, client: Client) -> None:
    on_track(world)
    client.force_login(factories.person(Role.PRINCIPAL, world.ridge))
    url = reverse("goals:measure_students", args=["ridge", YEAR, "ON_TRACK_9"])
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for n in range(30):
        ninth_grader(world.ridge, f"More {n:02d}", "6.00")
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    with CaptureQueriesContext(connection) as many:
        page = client.get(url)
    assert len(page.context["page_obj"]) == 25
    assert page.context["page_obj"].paginator.count == 34
    assert len(many) == len(few)


def test_the_downloads_have_everybody_and_are_recorded(world: World, client: Client) -> None:
    on_track(world)
    client.force_login(factories.person(Role.PRINCIPAL, world.ridge))
    with capture_logs() as logs:
        answer = client.get(reverse("goals:measure_students_file", args=["ridge", YEAR, "ON_TRACK_9", "csv"]))
        lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
        book = client.get(
            reverse("goals:measure_students_file", args=["ridge", YEAR, "ON_TRACK_9", "xlsx"]) + "?met=no"
        )
        sheet = openpyxl.load_workbook(io.BytesIO(b"".join(book.streaming_content)))["Students"]
    assert len(lines) == 5
    assert lines[4].startswith("Davis,Ninth,9,Cahaba Ridge High School,")
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == ["Davis"]
    assert [log["what"] for log in logs if log["event"] == "student file downloaded"] == [
        "ON_TRACK_9.csv",
        "ON_TRACK_9.xlsx",
    ]
    assert (
        client.get(reverse("goals:measure_students_file", args=["ridge", YEAR, "ON_TRACK_9", "exe"])).status_code == 404
    )


def test_a_site_team_member_sees_names_only_where_the_assignment_says_so(world: World, client: Client) -> None:
    on_track(world)
    there = ("measure_students", "ridge", YEAR, "ON_TRACK_9")
    assert open_as(client, Role.SITE_TEAM, world.ridge, *there).status_code == 403
    assert open_as(client, Role.SITE_TEAM, world.ridge, *there, names_students=True).status_code == 200


# --- still within reach ----------------------------------------------------------------------------------------------
def senior(world: World, name: str, **scores: int) -> None:
    who = student(first_name="Senior", last_name=name, grade_9_year=NOW - 3)
    enrollment(world.ridge, NOW, "12", student=who)
    for subject, score in scores.items():
        AssessmentResult.objects.create(
            student=who, organization=world.ridge, year=NOW - 1, test="ACT", subject=subject, score=score,
            taken_on=dt.date(NOW - 1, 4, 7),
        )  # fmt: skip


def by_the_default_rule() -> None:
    """Alabama without a rule of its own, which asks for less."""
    RuleSet.objects.filter(state="AL").delete()


def test_seniors_one_step_short_are_listed_with_what_is_missing(world: World, client: Client) -> None:
    by_the_default_rule()
    senior(world, "Ready", English=18, Mathematics=22, Reading=22)
    senior(world, "Short", English=18, Mathematics=21, Reading=22)
    senior(world, "Far", English=10, Mathematics=11, Reading=12)
    senior(world, "Nowhere")
    board = open_as(client, Role.COUNSELOR, world.ridge, "dashboard", "ridge", NOW)
    assert (board.context["seniors"].total, board.context["seniors"].ready) == (4, 1)
    page = open_as(client, Role.COUNSELOR, world.ridge, "within_reach", "ridge", NOW)
    assert [(row.student.last_name, one.missing) for row, one in page.context["page_obj"]] == [
        ("Short", "ACT benchmarks in English, mathematics and reading: ACT mathematics: 21 (≥ 22 asked)")
    ]
    assert (
        list(
            open_as(client, Role.COUNSELOR, world.ridge, "within_reach", "ridge", NOW, query="?way=x").context[
                "page_obj"
            ]
        )
        == []
    )
    file = open_as(client, Role.COUNSELOR, world.ridge, "within_reach_file", "ridge", NOW, "csv")
    assert b"".join(file.streaming_content).decode("utf-8-sig").splitlines()[1].startswith("Short,Senior,12,")


def test_a_graduate_of_the_autumn_and_who_has_left_are_not_waited_for(world: World, client: Client) -> None:
    by_the_default_rule()
    senior(world, "Short", English=18, Mathematics=21, Reading=22)
    who = Student.objects.get(last_name="Short")
    Diploma.objects.create(
        student=who, organization=world.ridge, year=NOW, kind="regular", awarded_on=dt.date(NOW - 1, 12, 1)
    )
    who.enrollments.update(exited=dt.date(NOW - 1, 12, 1))
    page = open_as(client, Role.COUNSELOR, world.ridge, "within_reach", "ridge", NOW)
    assert "No senior is one step short" in text_of(page)
