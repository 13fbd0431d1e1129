"""Each measure on students worked out by hand: counted and met, counted and not met, not counted.

The tables say of every student what is expected: ``yes`` met, ``no`` counted but not met, ``out`` not counted. They
come from the published definitions (domain reference, section 3), not from the code.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection

from goals.figures import FigureState, figures
from goals.models import Measure, MeasureCell
from goals.models.measure import Basis
from goals.readiness import rollup
from goals.readiness.amounts import all_measures
from hstw.access import Role
from schools.models import (
    AssessmentResult,
    CohortRemoval,
    CourseRecord,
    CredentialEarned,
    Diploma,
    EvidenceCoverage,
    Organization,
    PostsecondaryOutcome,
    Student,
    WorkExperience,
)
from tests.factories import World, enrollment, make_world, person, student

pytestmark = pytest.mark.django_db
YEAR = 2024
TESTS = ("ACAP", "ACT", "SAT", "AP", "IB")
KINDS = (
    *("enrollment", "attendance", "demographics", "courses", "credentials", "work_experience", "diplomas"),
    *("cohort_removals", "postsecondary"),
    *(f"assessment:{test}" for test in TESTS),
)


@pytest.fixture
def world() -> World:
    """Everything loaded, for every year that anything looks at."""
    world = make_world()
    EvidenceCoverage.objects.bulk_create(
        EvidenceCoverage(organization=world.cahaba, year=year, kind=kind)
        for kind in KINDS
        for year in range(YEAR - 3, YEAR + 8)
    )
    return world


# --- students --------------------------------------------------------------------------------------------------------
def course(who: Student, school: Organization, year: int = YEAR, **about: Any) -> None:
    number = CourseRecord.objects.filter(student=who).count()
    credits = about.pop("credits", "1.00")
    facts = {
        "title": f"Course {number}",
        "course_code": f"C{number}",
        "subject": "other",
        "mark": "B",
        "term": "FY",
        "credits_attempted": "1.00" if float(credits) < 1 else credits,
        "credits_earned": credits,
        **about,
    }
    CourseRecord.objects.create(student=who, organization=school, year=year, **facts)


def result_of(who: Student, school: Organization, test: str, subject: str, year: int = YEAR, **result: Any) -> None:
    AssessmentResult.objects.create(
        student=who, organization=school, year=year, test=test, subject=subject,
        taken_on=dt.date(year, 4, 1 + AssessmentResult.objects.filter(student=who).count()), **result,
    )  # fmt: skip


def pupil(school: Organization, grade: str, **about: Any) -> Student:
    who = student(grade_9_year=about.pop("grade_9_year", None))
    about.setdefault("days_enrolled", 180)
    about.setdefault("days_absent", 0)
    enrollment(school, YEAR, grade, student=who, **about)
    return who


def diploma(who: Student, school: Organization, kind: str = "regular", year: int = YEAR) -> None:
    Diploma.objects.create(student=who, organization=school, year=year, kind=kind, awarded_on=dt.date(year, 5, 22))


def leaver(school: Organization, way: str = "graduated", **about: Any) -> Student:
    """Somebody who left in 2024 at the end of four years of high school."""
    who = student(grade_9_year=about.pop("grade_9_year", YEAR - 3))
    enrollment(school, YEAR, "12", student=who, exit_code=way, exited=dt.date(YEAR, 5, 22), **about)
    if way == "graduated":
        diploma(who, school)
    return who


def concentrator(who: Student, school: Organization, courses: int = 2, cip: str = "51.3902", **about: Any) -> Student:
    """So many courses passed in one CTE program, in the years before the last."""
    for n in range(courses):
        course(who, school, YEAR - 1 - n % 2, cip_code=cip, subject="cte", **about)
    return who


# --- what came of it -------------------------------------------------------------------------------------------------
def bits(organization: Organization, code: str, year: int = YEAR) -> dict[int, str]:
    measure = Measure.objects.get(code=code)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT student_id, get_bit(counted, %s), get_bit(met, %s) FROM goals_readinessrecord"
            " WHERE organization_id = %s AND basis = %s AND year = %s",
            [measure.bit, measure.bit, organization.pk, measure.basis, year],
        )
        return {pk: {(0, 0): "out", (1, 0): "no", (1, 1): "yes"}[counted, met] for pk, counted, met in cursor}


def check(
    world: World, code: str, expected: dict[Student, str], *, year: int = YEAR, today: dt.date = dt.date(2031, 9, 1)
) -> None:
    """Everybody is as expected at Ridge, and so are the cells of the school and of the state."""
    basis = Basis(Measure.objects.get(code=code).basis)
    rollup.roll_up(world.alabama, basis, year, today=today)
    assert {pk: said for pk, said in bits(world.ridge, code, year).items() if said != "out"} == {
        who.pk: said for who, said in expected.items() if said != "out"
    }
    numbers = (list(expected.values()).count("yes"), len([one for one in expected.values() if one != "out"]))
    for place in (world.ridge, world.alabama):
        assert numbers_of(place, code, year) == numbers


def numbers_of(place: Organization, code: str, year: int = YEAR, group: str = "ALL") -> tuple[int, int] | None:
    cells = MeasureCell.objects.filter(organization=place, measure__code=code, year=year, group__code=group)
    return cells.values_list("numerator", "denominator").first()


def test_every_measure_is_worked_out_somewhere() -> None:
    """In this file or, those that were there before it, in the tests of the rollup."""
    here = open(__file__, encoding="utf-8").read()  # noqa: SIM115
    before = {
        *("CHRONIC_ABSENCE", "ON_TRACK_9", "DROPOUT_RATE", "PROFICIENT_ELA", "PROFICIENT_MATH", "ADVANCED_COURSES"),
        *(f"ACT_{section}_11" for section in ("ENGLISH", "MATH", "READING", "SCIENCE")),
        *("ACGR6", "POSTSECONDARY"),
        # In a file of its own: tests/goals/test_plan_on_file.py.
        "PLAN_ON_FILE",
    }
    codes = {one.code for one in all_measures() if not getattr(one, "rule", "")}
    assert {code for code in codes if f'"{code}"' not in here} <= before


# --- proficiency, admission tests -----------------------------------------------------------------------------------
def test_proficient_in_science(world: World) -> None:
    yes, no, untested, act = (pupil(world.ridge, "08") for _ in range(4))
    result_of(yes, world.ridge, "ACAP", "Science", performance_level="Level 3")
    result_of(no, world.ridge, "ACAP", "Science", performance_level="Level 2")
    result_of(untested, world.ridge, "ACAP", "ELA", performance_level="Level 4")
    result_of(act, world.ridge, "ACT", "Science", score=30)  # no test of the state
    check(world, "PROFICIENT_SCIENCE", {yes: "yes", no: "no", untested: "out", act: "out"})


@pytest.mark.parametrize(
    ("test", "subject", "level", "expected"),
    [
        ("STAAR EOC", "Algebra I", "Meets Grade Level", "yes"),
        ("STAAR EOC", "Algebra I", "Approaches Grade Level", "no"),
        ("PSAT 8/9", "Math", "Met benchmark", "out"),
        ("PSAT/NMSQT", "Math", "Below benchmark", "out"),
        ("MAP Growth", "Mathematics", "High", "out"),
    ],
)
def test_what_is_a_test_of_a_state(world: World, test: str, subject: str, level: str, expected: str) -> None:
    who = pupil(world.ridge, "09")
    result_of(who, world.ridge, test, subject, performance_level=level)
    other = pupil(world.ridge, "09")
    result_of(other, world.ridge, "ACAP", "Mathematics", performance_level="Level 1")
    check(world, "PROFICIENT_MATH", {who: expected, other: "no"})


def test_sat_benchmarks_of_eleventh_graders(world: World) -> None:
    """480 and 530 are the benchmarks; the best of the year counts; a twelfth-grader does not."""
    both, neither, second, senior = (pupil(world.ridge, grade) for grade in ("11", "11", "11", "12"))
    for who, verbal, quantitative in ((both, 480, 530), (neither, 470, 520), (second, 470, 500), (senior, 700, 700)):
        result_of(who, world.ridge, "SAT", "Reading and Writing", score=verbal)
        result_of(who, world.ridge, "SAT", "Math", score=quantitative)
    result_of(second, world.ridge, "SAT", "Math", score=540)
    untested = pupil(world.ridge, "11")
    check(
        world, "SAT_READING_WRITING_11",
        {both: "yes", neither: "no", second: "no", senior: "out", untested: "out"},
    )  # fmt: skip
    check(world, "SAT_MATH_11", {both: "yes", neither: "no", second: "yes", senior: "out", untested: "out"})


def test_the_mean_act_composite_is_of_the_best_scores(world: World) -> None:
    """Best composites 24, 19 and 21 of three juniors: 64 / 3 = 21.3; a senior and a junior without one do not count."""
    scores = {"first": (20, 24), "second": (19,), "third": (21, 18)}
    for name, those in scores.items():
        who = pupil(world.ridge, "11", economically_disadvantaged=name != "first")
        for score in those:
            result_of(who, world.ridge, "ACT", "Composite", score=score)
    result_of(pupil(world.ridge, "12"), world.ridge, "ACT", "Composite", score=36)
    pupil(world.ridge, "11")
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    assert numbers_of(world.ridge, "ACT_COMPOSITE_11") == (64, 3)
    assert numbers_of(world.ridge, "ACT_COMPOSITE_11", group="ECD") == (40, 2)
    assert numbers_of(world.alabama, "ACT_COMPOSITE_11") == (64, 3)
    principal = person(Role.PRINCIPAL, world.ridge)
    [figure] = figures(principal, [world.ridge], [YEAR], ["ACT_COMPOSITE_11"]).values()
    assert (figure.text, figure.size_text, figure.percent) == ("21.3 points", "3 students", None)
    [other] = figures(person(Role.PRINCIPAL, world.valley), [world.ridge], [YEAR], ["ACT_COMPOSITE_11"]).values()
    assert (other.state, other.mean, other.numerator) == (FigureState.SMALL, None, None)


def test_a_mean_counts_a_student_of_two_schools_once_for_the_district(world: World) -> None:
    mover = pupil(world.ridge, "11")
    enrollment(world.valley, YEAR, "11", student=mover, entered=dt.date(2024, 1, 8))
    result_of(mover, world.ridge, "ACT", "Composite", score=30)
    result_of(pupil(world.valley, "11"), world.valley, "ACT", "Composite", score=20)
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    assert numbers_of(world.ridge, "ACT_COMPOSITE_11") == (30, 1)
    assert numbers_of(world.valley, "ACT_COMPOSITE_11") == (50, 2)
    assert numbers_of(world.cahaba, "ACT_COMPOSITE_11") == (50, 2)


# --- checkpoints -----------------------------------------------------------------------------------------------------
def with_tests(who: Student, school: Organization, ela: str, math: str) -> Student:
    for subject, level in (("ELA", ela), ("Mathematics", math)):
        if level:
            result_of(who, school, "ACAP", subject, performance_level=f"Level {level}")
    return who


def test_on_track_at_the_end_of_grade_5(world: World) -> None:
    ridge = world.ridge
    check(
        world,
        "ON_TRACK_5",
        {
            with_tests(pupil(ridge, "05"), ridge, "3", "4"): "yes",
            with_tests(pupil(ridge, "05", days_absent=17), ridge, "3", "3"): "yes",  # 9.4 percent
            with_tests(pupil(ridge, "05", days_absent=18), ridge, "3", "3"): "no",  # ten percent exactly is too much
            with_tests(pupil(ridge, "05"), ridge, "4", "2"): "no",
            with_tests(pupil(ridge, "05"), ridge, "4", ""): "out",
            with_tests(pupil(ridge, "05", days_enrolled=9), ridge, "4", "4"): "out",
            with_tests(pupil(ridge, "06"), ridge, "4", "4"): "out",
        },
    )


def test_ready_for_high_school(world: World) -> None:
    ridge = world.ridge
    everybody = [with_tests(pupil(ridge, "08"), ridge, "3", "3") for _ in range(5)]
    ready, failed_f, failed_number, failed_art, no_credit = everybody
    course(ready, ridge, subject="math", mark="60", credits="0.00", credits_attempted="0.00")
    course(failed_f, ridge, subject="ela", mark="F", credits="0.00", credits_attempted="0.00")
    course(failed_number, ridge, subject="math", mark="59", credits="0.00", credits_attempted="0.00")
    course(failed_art, ridge, subject="arts", mark="F", credits="0.00", credits_attempted="0.00")
    course(no_credit, ridge, subject="math", mark="D", credits="0.00")  # tried for one credit, earned none
    absent = with_tests(pupil(ridge, "08", days_absent=20), ridge, "3", "3")
    weak = with_tests(pupil(ridge, "08"), ridge, "1", "3")
    untested = pupil(ridge, "08")
    check(
        world,
        "READY_FOR_HIGH_SCHOOL",
        {
            ready: "yes",
            failed_art: "yes",
            failed_f: "no",
            failed_number: "no",
            no_credit: "no",
            absent: "no",
            weak: "no",
            untested: "out",
        },
    )


def credits_in(who: Student, school: Organization, by_year: dict[int, str]) -> Student:
    for year, credits in by_year.items():
        course(who, school, year, credits=credits)
    return who


def test_on_track_at_the_end_of_grade_10(world: World) -> None:
    """Credits since grade 9, half of 24; and a course passed that begins a concentration."""
    ridge = world.ridge
    begun, middle_school, late, general, nothing = (pupil(ridge, "10", grade_9_year=YEAR - 1) for _ in range(5))
    credits_in(begun, ridge, {YEAR - 1: "5.00", YEAR: "6.00"})
    course(begun, ridge, level="ap")
    credits_in(middle_school, ridge, {YEAR - 2: "1.00", YEAR - 1: "5.00", YEAR: "5.00"})
    course(middle_school, ridge, cip_code="51.3902")  # eleven since grade 9, one before
    credits_in(late, ridge, {YEAR - 1: "6.00", YEAR: "6.00"})
    course(late, ridge, cip_code="51.3902", credits="0.00")  # tried, not passed
    credits_in(general, ridge, {YEAR - 1: "6.00", YEAR: "6.00"})
    ninth = credits_in(pupil(ridge, "09", grade_9_year=YEAR), ridge, {YEAR: "12.00"})
    check(
        world,
        "ON_TRACK_10",
        {begun: "yes", middle_school: "no", late: "no", general: "no", nothing: "out", ninth: "out"},
    )


def test_on_track_at_the_end_of_grade_11(world: World) -> None:
    ridge = world.ridge
    names = ("act", "sat", "ap", "ib", "dual", "cte", "act_math_only", "one_cte", "few")
    who = {name: pupil(ridge, "11", grade_9_year=YEAR - 2) for name in names}
    for name, one in who.items():
        credits_in(one, ridge, {YEAR - 2: "6.00", YEAR - 1: "6.00", YEAR: "5.50" if name == "few" else "6.00"})
    result_of(who["act"], ridge, "ACT", "English", score=18)
    result_of(who["act"], ridge, "ACT", "Mathematics", score=22)
    result_of(who["few"], ridge, "AP", "Biology", score=5)
    result_of(who["sat"], ridge, "SAT", "Reading and Writing", score=480)
    result_of(who["sat"], ridge, "SAT", "Math", score=530)
    result_of(who["ap"], ridge, "AP", "Biology", score=3)
    result_of(who["ib"], ridge, "IB", "History HL", score=4)
    course(who["dual"], ridge, level="dual")
    concentrator(who["cte"], ridge)
    result_of(who["act_math_only"], ridge, "ACT", "Mathematics", score=36)
    concentrator(who["one_cte"], ridge, 1)
    check(
        world,
        "ON_TRACK_11",
        {
            **{who[name]: "yes" for name in ("act", "sat", "ap", "ib", "dual", "cte")},
            **{who[name]: "no" for name in ("act_math_only", "one_cte", "few")},
            pupil(ridge, "11"): "out",  # no marked course in the year
        },
    )


# --- exams and college courses in high school -------------------------------------------------------------------------
@pytest.mark.parametrize(("test", "passing"), [("AP", 3), ("IB", 4)])
def test_exams_taken_and_passed(world: World, test: str, passing: int) -> None:
    """Of four students two took exams, one of those passed one of three: 1 of 4 exams, 1 of 2, 2 of 4 students."""
    ridge = world.ridge
    passed, failed, none, tenth = (pupil(ridge, grade) for grade in ("11", "12", "09", "10"))
    middle = pupil(ridge, "08")
    for subject, score in (("Biology", passing), ("Chemistry", passing - 1), ("History", 1)):
        result_of(passed, ridge, test, subject, score=score)
    result_of(failed, ridge, test, "Biology", score=passing - 1)
    result_of(none, ridge, test, "Biology", performance_level="withheld")  # an exam without a score was not taken
    check(world, f"{test}_TAKEN", {passed: "yes", failed: "yes", none: "no", tenth: "no", middle: "out"})
    check(world, f"{test}_SUCCESS", {passed: "yes", failed: "no", none: "out", tenth: "out", middle: "out"})
    assert numbers_of(ridge, "EXAMS_TALLY") == (1, 4)
    assert numbers_of(world.alabama, "EXAMS_TALLY") == (1, 4)
    # The codes are AP_TAKEN, AP_SUCCESS, IB_TAKEN and IB_SUCCESS.
    assert {"AP_TAKEN", "AP_SUCCESS", "IB_TAKEN", "IB_SUCCESS"} <= {one.code for one in all_measures()}


def test_ap_and_ib_exams_are_one_tally(world: World) -> None:
    who = pupil(world.ridge, "12")
    result_of(who, world.ridge, "AP", "Biology", score=4)
    result_of(who, world.ridge, "AP", "Chemistry", score=2)
    result_of(who, world.ridge, "IB", "History HL", score=5)
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    assert numbers_of(world.ridge, "EXAMS_TALLY") == (2, 3)
    [figure] = figures(person(Role.PRINCIPAL, world.ridge), [world.ridge], [YEAR], ["EXAMS_TALLY"]).values()
    assert (figure.text, figure.tally) == ("2", True)


def test_a_tally_is_not_reported_where_its_files_are_not_loaded(world: World) -> None:
    who = pupil(world.harbor, "12")  # Tombigbee has loaded nothing
    CredentialEarned.objects.create(
        student=who, organization=world.harbor, year=YEAR, credential_code="CNA", earned_on=dt.date(2024, 5, 4)
    )
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    assert numbers_of(world.harbor, "CREDENTIALS_TALLY") is None
    [figure] = figures(person(Role.PRINCIPAL, world.harbor), [world.harbor], [YEAR], ["CREDENTIALS_TALLY"]).values()
    assert figure.missing == ("Enrollment", "Credentials")


def test_credentials_and_students_with_one_are_different_things(world: World) -> None:
    """Three credentials of five attempts, by two of three graduates."""
    ridge = world.ridge
    several, one, none = (leaver(ridge) for _ in range(3))
    dropout = leaver(ridge, "dropped_out")
    for n, (who, passed) in enumerate(((several, True), (several, True), (several, False), (one, True), (none, False))):
        CredentialEarned.objects.create(
            student=who, organization=ridge, year=YEAR, credential_code=f"K{n}", earned_on=dt.date(2024, 3, 1 + n),
            passed=passed,
        )  # fmt: skip
    check(world, "CREDENTIAL_EARNED", {several: "yes", one: "yes", none: "no", dropout: "out"})
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    assert numbers_of(ridge, "CREDENTIALS_TALLY") == (3, 5)


def test_dual_enrollment(world: World) -> None:
    ridge = world.ridge
    credit, without, going_on, none = (pupil(ridge, "12") for _ in range(4))
    course(credit, ridge, level="dual")
    course(credit, ridge, level="dual", credits="0.00", mark="F")
    course(without, ridge, level="dual", credits="0.00", mark="W")
    course(going_on, ridge, level="dual", mark="", credits="0.00")
    course(none, ridge, level="ap")
    middle = pupil(ridge, "08")
    course(middle, ridge, level="dual")
    check(world, "DUAL_ENROLLED", {credit: "yes", without: "yes", going_on: "yes", none: "no", middle: "out"})
    check(world, "DUAL_SUCCESS", {credit: "yes", without: "no", going_on: "out", none: "out", middle: "out"})


# --- graduates -------------------------------------------------------------------------------------------------------
def curriculum(who: Student, school: Organization, **credits: int) -> Student:
    """One-credit courses over four years: four each in English and mathematics, three in the others, or as said."""
    wanted = {"ela": 4, "math": 4, "science": 3, "social_studies": 3} | credits
    for subject, count in wanted.items():
        for n in range(count):
            course(who, school, YEAR - 3 + n % 4, subject=subject)
    return who


def test_recommended_curriculum(world: World) -> None:
    ridge = world.ridge
    cte = concentrator(curriculum(leaver(ridge), ridge), ridge, 4)
    two_programs = concentrator(concentrator(curriculum(leaver(ridge), ridge), ridge, 2), ridge, 2, "48.0508")
    stem = curriculum(leaver(ridge), ridge, science=3)
    course(stem, ridge, subject="science", level="ap")
    humanities = curriculum(leaver(ridge), ridge, ela=3)
    course(humanities, ridge, subject="ela", level="ib")
    course(humanities, ridge, subject="social_studies")
    no_concentration = curriculum(leaver(ridge), ridge, science=4)
    short_in_math = concentrator(curriculum(leaver(ridge), ridge, math=3), ridge, 4)
    dropout = concentrator(curriculum(leaver(ridge, "dropped_out"), ridge), ridge, 4)
    check(
        world,
        "RECOMMENDED_CURRICULUM",
        {
            cte: "yes",
            stem: "yes",
            humanities: "yes",
            two_programs: "no",
            no_concentration: "no",
            short_in_math: "no",
            dropout: "out",
        },
    )


def test_participants_concentrators_and_completers_are_steps(world: World) -> None:
    ridge = world.ridge
    by_courses = [concentrator(leaver(ridge), ridge, n) for n in range(4)]
    failed = leaver(ridge)
    for _ in range(3):
        course(failed, ridge, cip_code="51.3902", credits="0.00", mark="F")
    across = concentrator(concentrator(leaver(ridge), ridge, 1), ridge, 2, "48.0508")
    ged = concentrator(leaver(ridge, "other_completer"), ridge, 3)
    for code, from_courses in (("CTE_PARTICIPANT", 1), ("CTE_CONCENTRATOR", 2), ("CTE_COMPLETER", 3)):
        check(
            world,
            code,
            {
                **{who: "yes" if n >= from_courses else "no" for n, who in enumerate(by_courses)},
                failed: "no",
                across: "yes" if from_courses <= 2 else "no",
                ged: "out",
            },
        )


def test_work_based_learning_of_graduates(world: World) -> None:
    ridge = world.ridge
    before, none, dropout = leaver(ridge), leaver(ridge), leaver(ridge, "dropped_out")
    for who in (before, dropout):
        WorkExperience.objects.create(student=who, organization=ridge, year=YEAR - 1, kind="internship", hours=40)
    check(world, "WORK_BASED_LEARNING", {before: "yes", none: "no", dropout: "out"})


# --- the class: removals, GED, retained, early and fifth-year graduates ----------------------------------------------
def member(world: World, years: dict[int, str], *, cte: int = 2, **facts: Any) -> Student:
    """One of the class of 2024 (first in grade 9 in 2021), with a spell at Ridge in each year given, by grade."""
    who = student(grade_9_year=facts.pop("grade_9_year", YEAR - 3))
    for year, grade in years.items():
        enrollment(world.ridge, year, grade, student=who)
    for n in range(cte):
        course(who, world.ridge, min(years) + n % len(years), cip_code="48.0508", subject="cte")
    if facts:
        diploma(who, world.ridge, **facts)
    return who


def removal(who: Student, school: Organization, reason: str, document: str) -> Student:
    CohortRemoval.objects.create(
        student=who, organization=school, year=YEAR - 1, removed_on=dt.date(2023, 10, 3), reason=reason,
        document=document,
    )  # fmt: skip
    return who


FOUR = {YEAR - 3: "09", YEAR - 2: "10", YEAR - 1: "11", YEAR: "12"}


@pytest.fixture
def cohort(world: World) -> dict[str, Student]:
    """All that can become of a ninth-grader of 2021; everybody passed two courses in one program, but for two."""
    two = {YEAR - 3: "09", YEAR - 2: "10"}
    return {
        "on_time": member(world, FOUR, kind="regular"),
        "alternate": member(world, FOUR, kind="alternate"),
        "early": member(world, {YEAR - 3: "09", YEAR - 2: "10", YEAR - 1: "12"}, kind="regular", year=YEAR - 1),
        "fifth_year": member(
            world, {**FOUR, YEAR - 2: "09", YEAR - 1: "10", YEAR: "11", YEAR + 1: "12"}, kind="regular", year=YEAR + 1
        ),
        "sixth_year": member(world, FOUR, kind="regular", year=YEAR + 2),
        "ged": member(world, FOUR, kind="equivalent"),
        "certificate": member(world, FOUR, kind="certificate"),
        "retained": member(world, {YEAR - 3: "09", YEAR - 2: "09", YEAR - 1: "10", YEAR: "11"}),
        "dropout": member(world, two),
        "moved_in": member(world, {YEAR - 1: "11", YEAR: "12"}, kind="regular"),
        "moved_out": removal(member(world, two), world.ridge, "transfer_out", "request 17"),
        "moved_out_unproven": removal(member(world, two), world.ridge, "transfer_out", ""),
        "emigrated": removal(member(world, two), world.ridge, "emigrated", "letter"),
        "died": removal(member(world, two), world.ridge, "died", "certificate"),
        "left_for_ged": removal(member(world, two), world.ridge, "other_completer", "GED record"),
        "one_course": member(world, FOUR, cte=1, kind="regular"),
        "no_cte": member(world, FOUR, cte=0),
        "class_before": member(world, FOUR, grade_9_year=YEAR - 4, kind="regular"),
    }


FOUR_YEARS = {"on_time", "alternate", "early", "moved_in"}
IN_THE_COHORT = {
    *FOUR_YEARS,
    *("fifth_year", "sixth_year", "ged", "certificate", "retained", "dropout", "moved_out_unproven", "left_for_ged"),
}
WITHOUT_CTE = {"one_course", "no_cte"}


@pytest.mark.parametrize(
    ("code", "graduates", "members"),
    [
        ("ACGR4", FOUR_YEARS | {"one_course"}, IN_THE_COHORT | WITHOUT_CTE),  # 5 of 14
        ("ACGR5", FOUR_YEARS | {"one_course", "fifth_year"}, IN_THE_COHORT | WITHOUT_CTE),  # 6 of 14
        ("PERKINS_1S1", FOUR_YEARS, IN_THE_COHORT),  # 4 of 12
        ("PERKINS_1S2", FOUR_YEARS | {"fifth_year"}, IN_THE_COHORT),  # 5 of 12
    ],
)
def test_graduation_of_a_class(
    world: World, cohort: dict[str, Student], code: str, graduates: set[str], members: set[str]
) -> None:
    """A transfer in counts, a documented transfer, emigration or death does not; all others stay in the cohort."""
    assert (len(FOUR_YEARS), len(IN_THE_COHORT)) == (4, 12)
    expected = {who: "yes" if name in graduates else "no" if name in members else "out" for name, who in cohort.items()}
    check(world, code, expected)


def test_an_extended_rate_waits_for_the_diplomas_of_its_last_year(world: World, cohort: dict[str, Student]) -> None:
    EvidenceCoverage.objects.filter(year=YEAR + 1, kind="diplomas").delete()
    rollup.roll_up(world.alabama, Basis.CLASS, YEAR, today=dt.date(2031, 9, 1))
    assert numbers_of(world.ridge, "ACGR4") == (5, 14)
    assert numbers_of(world.ridge, "ACGR5") is None
    with time_machine.travel(dt.datetime(2031, 9, 1, 12, tzinfo=dt.UTC), tick=False):
        [figure] = figures(person(Role.PRINCIPAL, world.ridge), [world.ridge], [YEAR], ["ACGR5"]).values()
    assert figure.missing == ("Diplomas 2024–25",)


def test_a_concentrator_by_courses_after_the_fourth_year_is_none(world: World) -> None:
    who = member(world, FOUR, cte=1, kind="regular", year=YEAR + 1)
    course(who, world.ridge, YEAR + 1, cip_code="48.0508", subject="cte")
    check(world, "PERKINS_1S2", {member(world, FOUR): "no", who: "out"})


def outcome(who: Student, school: Organization, kind: str, starts: str, ends: str = "", credential: str = "") -> None:
    begins = dt.date.fromisoformat(starts)
    PostsecondaryOutcome.objects.create(
        student=who, organization=school, year=begins.year + (begins.month >= 7), kind=kind, starts=begins,
        ends=dt.date.fromisoformat(ends) if ends else None, credential_level=credential,
    )  # fmt: skip


def test_credential_by_age_25(world: World) -> None:
    """Of the class of 2024, by June 30, 2031; graduates or not, and who is not found has none."""
    ridge = world.ridge
    degree, ged, late, enrolled, unknown = (member(world, FOUR) for _ in range(5))
    diploma(degree, ridge)
    diploma(ged, ridge, "equivalent")
    outcome(degree, ridge, "college_4yr", "2024-08-20", "2028-05-12", "bachelor's")
    outcome(ged, ridge, "training", "2031-06-30", "2031-06-30", "certificate")
    outcome(late, ridge, "college_2yr", "2031-07-01", "2031-07-01", "associate")
    outcome(enrolled, ridge, "college_2yr", "2024-08-20")
    gone = removal(member(world, FOUR), ridge, "transfer_out", "request 17")
    outcome(gone, ridge, "college_2yr", "2024-08-20", "2026-05-12", "associate")
    expected = {degree: "yes", ged: "yes", late: "no", enrolled: "no", unknown: "no", gone: "out"}
    check(world, "CREDENTIAL_BY_25", expected)
    rollup.roll_up(world.alabama, Basis.CLASS, YEAR, today=dt.date(2031, 6, 30))
    assert numbers_of(ridge, "CREDENTIAL_BY_25") is None
    [figure] = figures(person(Role.PRINCIPAL, ridge), [ridge], [2020], ["CREDENTIAL_BY_25"]).values()
    assert figure.due == dt.date(2027, 7, 1)


# --- Perkins V: concentrators who left -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("code", "subject"), [("PERKINS_2S1", "ELA"), ("PERKINS_2S2", "Mathematics"), ("PERKINS_2S3", "Science")]
)
def test_perkins_academic_proficiency(world: World, code: str, subject: str) -> None:
    """Tested in high school, at any time in it: a test of grade 8 is none."""
    ridge = world.ridge
    yes, dropout, weak, untested, grade_8 = (
        concentrator(leaver(ridge, way), ridge)
        for way in ("graduated", "dropped_out", "graduated", "graduated", "other_completer")
    )
    general = leaver(ridge)
    for who, year, level in (
        (yes, YEAR - 1, "Level 3"), (dropout, YEAR - 3, "Level 4"), (weak, YEAR - 1, "Level 2"),
        (grade_8, YEAR - 4, "Level 4"), (general, YEAR - 1, "Level 4"),
    ):  # fmt: skip
        result_of(who, ridge, "ACAP", subject, year, performance_level=level)
    check(
        world, code,
        {yes: "yes", dropout: "yes", weak: "no", untested: "out", grade_8: "out", general: "out"},
    )  # fmt: skip


def test_perkins_placement_in_the_second_quarter_after_leaving(world: World) -> None:
    """Left in May 2024: where they are from October to December 2024."""
    ridge = world.ridge
    college, works, summer_job, january, dropout, unknown = (
        concentrator(leaver(ridge, way), ridge) for way in ("graduated",) * 4 + ("dropped_out", "graduated")
    )
    general = leaver(ridge)
    outcome(college, ridge, "college_2yr", "2024-08-20", "2024-12-13")
    outcome(works, ridge, "employment", "2024-06-10")
    outcome(summer_job, ridge, "employment", "2024-06-10", "2024-09-30")
    outcome(january, ridge, "military", "2025-01-02")
    outcome(dropout, ridge, "service", "2024-12-31")
    outcome(general, ridge, "college_4yr", "2024-08-20")
    check(
        world,
        "PERKINS_3S1",
        {
            college: "yes",
            works: "yes",
            dropout: "yes",
            summer_job: "no",
            january: "no",
            unknown: "no",
            general: "out",
        },
    )


def test_perkins_non_traditional(world: World) -> None:
    ridge = world.ridge
    rare = concentrator(leaver(ridge, non_traditional=True), ridge)
    usual = concentrator(leaver(ridge, "dropped_out", non_traditional=False), ridge)
    unsaid = concentrator(leaver(ridge), ridge)
    participant = concentrator(leaver(ridge, non_traditional=True), ridge, 1)
    check(world, "PERKINS_4S1", {rare: "yes", usual: "no", unsaid: "no", participant: "out"})


def test_perkins_program_quality(world: World) -> None:
    """Of three concentrators who graduated: credential, college credit in the program, work-based learning."""
    ridge = world.ridge
    first, second, third = (concentrator(leaver(ridge), ridge) for _ in range(3))
    dropout, general = concentrator(leaver(ridge, "dropped_out"), ridge), leaver(ridge)
    for who in (first, dropout, general):
        CredentialEarned.objects.create(
            student=who, organization=ridge, year=YEAR - 1, credential_code="CNA", earned_on=dt.date(2023, 5, 4)
        )
        WorkExperience.objects.create(student=who, organization=ridge, year=YEAR - 2, kind="internship")
        course(who, ridge, level="dual", cip_code="51.3902", subject="cte")
    CredentialEarned.objects.create(
        student=second, organization=ridge, year=YEAR, credential_code="CNA", earned_on=dt.date(2024, 5, 4),
        passed=False,
    )  # fmt: skip
    WorkExperience.objects.create(student=second, organization=ridge, year=YEAR, kind="clinical")
    course(third, ridge, level="dual", subject="ela")  # college credit, but not in the program
    others = {dropout: "out", general: "out"}
    check(world, "PERKINS_5S1", {first: "yes", second: "no", third: "no", **others})
    check(world, "PERKINS_5S2", {first: "yes", second: "no", third: "no", **others})
    check(world, "PERKINS_5S3", {first: "yes", second: "yes", third: "no", **others})
