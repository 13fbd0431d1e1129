"""Which evidence of which years a figure rests on, and what is said to be missing."""

from __future__ import annotations

import datetime as dt

import pytest

from goals import board, measure_page
from goals.evidence import loaded_of
from goals.figures import FigureState, figures
from goals.models import Measure, MeasureCell, StalePair
from goals.models.measure import Basis
from goals.readiness import looks_at, rollup
from goals.readiness.amounts import all_measures
from goals.readiness.computed import all_computed
from hstw.access import Role
from hstw.values import SchoolYear
from schools.models import (
    CourseRecord,
    CredentialEarned,
    Diploma,
    EvidenceCoverage,
    Organization,
    Student,
)
from tests.factories import World, enrollment, make_world, person, student

YEAR = 2024


def years_of(basis: str, kind: str, after: int = 0, code: str = "") -> tuple[int, ...]:
    [look] = looks_at.looks(code, basis, [kind], YEAR, after)
    return look.years


@pytest.mark.parametrize(
    ("basis", "kind", "after", "expected"),
    [
        ("year", "courses", 0, (2024,)),
        ("year", "assessment:ACT", 0, (2024,)),
        ("leaver", "courses", 0, (2021, 2022, 2023, 2024)),
        ("class", "credentials", 0, (2021, 2022, 2023, 2024)),
        ("leaver", "work_experience", 0, (2021, 2022, 2023, 2024)),
        ("leaver", "assessment:AP", 0, (2021, 2022, 2023, 2024)),
        ("leaver", "assessment:ACT", 0, (2023, 2024)),
        ("leaver", "assessment", 0, (2021, 2022, 2023, 2024)),
        ("leaver", "enrollment", 0, (2024,)),
        ("leaver", "diplomas", 0, (2024,)),
        ("class", "diplomas", 2, (2024, 2025, 2026)),
        ("leaver", "postsecondary", 1, (2024, 2025)),
        ("class", "postsecondary", 7, (2029, 2030, 2031)),
    ],
)
def test_the_years_looked_at(basis: str, kind: str, after: int, expected: tuple[int, ...]) -> None:
    assert years_of(basis, kind, after) == expected


def test_checkpoints_of_a_year_that_add_up_credits_look_back() -> None:
    assert years_of("year", "courses", code="ON_TRACK_10") == (2023, 2024)
    assert years_of("year", "courses", code="ON_TRACK_11") == (2022, 2023, 2024)
    assert {code for code, _kind in looks_at.SO_FAR} <= {one.code for one in all_computed()}


def known(*own: tuple[str, int], near: tuple[tuple[str, int], ...] = ()) -> looks_at.Known:
    return looks_at.Known(set(own), {*own, *near})


def lacks(kind: str, about: looks_at.Known, basis: str = "leaver") -> tuple[int, ...]:
    [look] = looks_at.looks("", basis, [kind], YEAR)
    return looks_at.missing(look, about)


def test_every_year_of_the_look_back_must_be_there() -> None:
    assert lacks("courses", known(("courses", 2024))) == (2021, 2022, 2023)
    assert lacks("courses", known(*(("courses", year) for year in (2021, 2022, 2024)))) == (2023,)
    assert lacks("courses", known(*(("courses", year) for year in range(2021, 2025)))) == ()


def test_of_what_is_rare_a_neighbors_file_is_enough_but_not_alone() -> None:
    others = tuple(("credentials", year) for year in range(2021, 2025))
    assert lacks("credentials", known(("credentials", 2024), near=others)) == ()
    assert lacks("credentials", known(near=others)) == (2021, 2022, 2023, 2024)
    courses = tuple(("courses", year) for year in range(2021, 2025))
    assert lacks("courses", known(("courses", 2024), near=courses)) == (2021, 2022, 2023)


def test_any_state_test_is_meant_by_assessment_and_no_other_test() -> None:
    assert lacks("assessment", known(("assessment:ACAP", 2022))) == ()
    for test in ("ACT", "SAT", "PSAT 8/9", "PSAT/NMSQT", "PreACT", "AP", "IB", "WorkKeys", "ASVAB", "MAP Growth"):
        assert lacks("assessment", known((f"assessment:{test}", 2024))) == (2021, 2022, 2023, 2024)


def test_one_of_two_tests_is_enough_each_year() -> None:
    about = known(("assessment:ACT", 2024), ("assessment:SAT", 2023))
    assert lacks("assessment:ACT|assessment:SAT", about) == ()
    assert lacks("assessment:AP|assessment:IB", about, "year") == (2024,)


def test_what_is_lacking_is_said_with_its_years() -> None:
    def words(kind: str, lacking: tuple[int, ...], basis: str = "leaver") -> str:
        [look] = looks_at.looks("", basis, [kind], YEAR)
        return looks_at.said(look, lacking, YEAR)

    assert words("courses", (2024,)) == "Courses"
    assert words("courses", (2021, 2022, 2023)) == "Courses 2020–21 to 2022–23"
    assert words("courses", (2021, 2023, 2024)) == "Courses 2020–21, 2022–23 to 2023–24"
    assert words("assessment:ACT|assessment:SAT", (2024,), "year") == "ACT or SAT"
    assert words("assessment", (2021, 2022, 2023, 2024)) == "State tests"
    assert words("postsecondary", (2024, 2025)) == "After high school"


@pytest.mark.django_db
def test_definitions_name_the_same_evidence_as_what_is_computed() -> None:
    rows = {row.code: row for row in Measure.objects.all()}
    for one in all_measures():
        assert tuple(rows[one.code].evidence) == one.evidence, one.code


# --- derived, and said --------------------------------------------------------------------------------------------
@pytest.fixture
def world() -> World:
    return make_world()


def cover(organization: Organization, kind: str, *years: int) -> None:
    for year in years:
        EvidenceCoverage.objects.create(organization=organization, year=year, kind=kind)


def graduate(school: Organization) -> Student:
    who = student(grade_9_year=YEAR - 3)
    enrollment(school, YEAR, "12", student=who, exit_code="graduated", exited=dt.date(YEAR, 5, 22))
    Diploma.objects.create(student=who, organization=school, year=YEAR, kind="regular", awarded_on=dt.date(YEAR, 5, 22))
    return who


def cells(organization: Organization, code: str) -> list[tuple[int, int]]:
    found = MeasureCell.objects.filter(organization=organization, measure__code=code, year=YEAR, group__code="ALL")
    return list(found.values_list("numerator", "denominator"))


@pytest.mark.django_db
def test_the_first_year_of_a_district_is_not_reported_rather_than_too_low(world: World) -> None:
    """A graduate earned a credential in 2022, before the files of 2024, the only ones loaded: not 0 of 1."""
    who = graduate(world.ridge)
    for kind in ("enrollment", "diplomas", "credentials"):
        cover(world.cahaba, kind, YEAR)
    rollup.roll_up(world.alabama, Basis.LEAVER, YEAR)
    assert cells(world.ridge, "CREDENTIAL_EARNED") == []
    principal = person(Role.PRINCIPAL, world.ridge)
    [figure] = figures(principal, [world.ridge], [YEAR], ["CREDENTIAL_EARNED"]).values()
    assert (figure.state, figure.missing) == (FigureState.NOT_REPORTED, ("Credentials 2020–21 to 2022–23",))
    cover(world.cahaba, "credentials", YEAR - 3, YEAR - 2, YEAR - 1)
    CredentialEarned.objects.create(
        student=who, organization=world.ridge, year=2022, credential_code="CNA", earned_on=dt.date(2022, 5, 4)
    )
    rollup.roll_up(world.alabama, Basis.LEAVER, YEAR)
    assert cells(world.ridge, "CREDENTIAL_EARNED") == [(1, 1)]
    assert cells(world.cahaba, "CREDENTIAL_EARNED") == [(1, 1)]


@pytest.mark.django_db
def test_a_district_that_loaded_this_year_alone_sees_the_measures_of_the_year(world: World) -> None:
    who = student(grade_9_year=YEAR)
    enrollment(world.ridge, YEAR, "09", student=who, days_enrolled=170, days_absent=20)
    CourseRecord.objects.create(
        student=who, organization=world.ridge, year=YEAR, subject="math", title="All", course_code="A", mark="C",
        credits_attempted="6.00", credits_earned="6.00",
    )  # fmt: skip
    for kind in ("enrollment", "attendance", "courses"):
        cover(world.cahaba, kind, YEAR)
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    assert cells(world.cahaba, "CHRONIC_ABSENCE") == [(1, 1)]
    assert cells(world.cahaba, "ON_TRACK_9") == [(1, 1)]
    assert cells(world.cahaba, "ADVANCED_COURSES") == [(0, 1)]


@pytest.mark.django_db
def test_a_school_in_one_of_the_districts_credential_files_is_covered_by_the_others(world: World) -> None:
    """Nobody at Ridge was certified from 2021 to 2023, at Valley somebody was, each year."""
    graduate(world.ridge)
    graduate(world.valley)
    for kind in ("enrollment", "diplomas"):
        cover(world.cahaba, kind, YEAR)
    cover(world.valley, "credentials", 2021, 2022, 2023)
    cover(world.ridge, "credentials", YEAR)
    rollup.roll_up(world.alabama, Basis.LEAVER, YEAR)
    assert cells(world.ridge, "CREDENTIAL_EARNED") == [(0, 1)]
    assert cells(world.valley, "CREDENTIAL_EARNED") == [(0, 1)]
    assert cells(world.cahaba, "CREDENTIAL_EARNED") == [(0, 2)]
    [figure] = figures(person(Role.PRINCIPAL, world.harbor), [world.harbor], [YEAR], ["CREDENTIAL_EARNED"]).values()
    assert "Credentials 2020–21 to 2023–24" in figure.missing


@pytest.mark.django_db
def test_an_earlier_years_file_marks_the_later_leavers_and_classes(world: World) -> None:
    """Credentials of 2022 of a student who left then decide whether the leavers of 2023 and 2024 are known."""
    graduate(world.ridge)
    enrollment(world.ridge, YEAR - 1, "12")
    rollup.mark_covered([(world.ridge.pk, 2022, "credentials"), (world.ridge.pk, 2022, "attendance")])
    assert set(StalePair.objects.values_list("basis", "year")) == {
        *(("leaver", year) for year in (2023, 2024)),
        *(("class", year) for year in (2023, 2024)),
        *(("senior", year) for year in (2023, 2024)),
    }
    StalePair.objects.all().delete()
    rollup.mark_covered([(world.ridge.pk, 2022, "attendance")])
    assert not StalePair.objects.exists()


@pytest.mark.django_db
def test_courses_of_an_earlier_year_mark_the_checkpoints_that_add_them_up(world: World) -> None:
    who = student(grade_9_year=2022)
    for year, grade in ((2022, "09"), (2023, "10"), (2024, "11")):
        enrollment(world.ridge, year, grade, student=who)
    rollup.mark([(world.ridge.pk, who.pk, 2022)])
    marked = set(StalePair.objects.filter(basis="year").values_list("year", flat=True))
    assert marked == {2022, 2023, 2024}


def test_the_years_of_a_class_without_a_roster_are_said() -> None:
    """The class of 2026 entered grade 9 in 2022–23; its last year is asked for anyway."""
    assert looks_at.without_roster({2026}, 2026) == "2022–23 to 2024–25"
    assert looks_at.without_roster({2024, 2026}, 2026) == "2022–23, 2024–25"
    assert looks_at.without_roster({2020, 2023, 2024, 2025}, 2026) == ""


@pytest.mark.django_db
def test_a_rate_of_a_class_says_from_when_on_its_students_are_known() -> None:
    world = make_world()
    for year in (2025, 2026):
        EvidenceCoverage.objects.create(organization=world.ridge, year=year, kind="enrollment")
    loaded = loaded_of(world.ridge, board.years_to(2026, 8))
    asked = list(Measure.objects.filter(code__in=["ACGR4", "CHRONIC_ABSENCE"]))
    said = {
        measure.code: {entry.term: entry.text for section in told for entry in section.entries}
        for measure, told in measure_page.told(world.ridge, asked, SchoolYear(2026), loaded)
    }
    assert "Not known" not in said["CHRONIC_ABSENCE"]
    assert said["ACGR4"]["Not known"] == (
        "No roster of 2022–23 to 2023–24 is loaded: students who left the class then are not in it, so that its rate "
        "can come out too high."
    )
