"""Each rule set that ships, against students worked out by hand from the text of the rule: below, at and above."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection

from goals.models import MeasureCell, RuleSet
from goals.models.measure import Basis
from goals.readiness import explain, publish, rollup, rules
from schools.models import CohortRemoval, Organization, Student
from schools.models.organization import Kind
from tests import factories
from tests.factories import World, enrollment, make_world
from tests.goals.evidence import (
    Deed,
    act,
    afqt,
    ap,
    course,
    covered,
    credential,
    cte,
    ib,
    sat,
    senior,
    service,
    test,
    work,
    workkeys,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def state_of(world: World, postal: str) -> tuple[Organization, Organization]:
    """A state and its only high school; made where the world has none."""
    if postal in {"AL", "KY"}:
        return (world.alabama, world.ridge) if postal == "AL" else (world.kentucky, world.derby)
    state = factories.organization(Kind.STATE, world.region, postal, slug=postal.lower(), postal_state=postal)
    district = factories.organization(Kind.DISTRICT, state, f"{postal} County", slug=f"{postal}-county".lower())
    high = {"design": "high", "grade_low": "09", "grade_high": "12"}
    return state, factories.organization(Kind.SCHOOL, district, f"{postal} High", slug=f"{postal}-high".lower(), **high)


def parts_met(who: Student, school: Organization, of: str, year: int) -> str:
    """The first letters of the parts that a student's record has as met, checked against the explanation of each."""
    found = ""
    for part in ("ACADEMIC", "CAREER", "EITHER", "NEITHER"):
        code = f"STATE_READY_{part}_{of}"
        spec = explain.spec_of(code)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT get_bit(met, %s), get_bit(counted, %s) FROM goals_readinessrecord WHERE student_id = %s"
                " AND organization_id = %s AND basis = %s AND year = %s",
                [spec.bit, spec.bit, who.pk, school.pk, spec.basis, year],
            )
            met, counted = cursor.fetchone()
        line = explain.explain_all([who.pk], school, code, year).get(who.pk)
        assert (counted, met) == ((int(line.counted), int(line.met)) if line else (0, 0))
        if line is not None and line.counted:
            # Whichever way it went, there is a line to read.
            said = explain.what_made_it(line.met_line) if met else explain.what_is_missing(line.met_line, line.facts)
            assert said, code
        found += part[0] if met else ""
    return found


Cases = list[tuple[str, str, int, list[Deed], str]]
TSI_ENGLISH = {"English": 20, "Reading": 20}

# Who, state and denominator, year, what was done, and which parts are met: A academic, C career, E either, N neither.
ALABAMA: Cases = [
    ("nothing", "AL COHORT", 2024, [], "N"),
    ("English one below", "AL COHORT", 2024, [act(English=17)], "N"),
    ("English at it", "AL COHORT", 2024, [act(English=18)], "E"),
    ("math one below", "AL COHORT", 2024, [act(Mathematics=21)], "N"),
    ("math above it", "AL COHORT", 2024, [act(Mathematics=30)], "E"),
    ("reading and science one below", "AL COHORT", 2024, [act(Reading=21, Science=22)], "N"),
    ("reading at it", "AL COHORT", 2024, [act(Reading=22)], "E"),
    ("science at it", "AL COHORT", 2024, [act(Science=23)], "E"),
    ("AP 2, IB 3", "AL COHORT", 2024, [ap(2), ib(3)], "N"),
    ("AP 3", "AL COHORT", 2024, [ap(3)], "E"),
    ("IB 4", "AL COHORT", 2024, [ib(4)], "E"),
    ("dual enrollment without credit", "AL COHORT", 2024, [course("dual", "0.00")], "N"),
    ("dual enrollment, the least credit", "AL COHORT", 2024, [course("dual", "0.25")], "E"),
    ("WorkKeys bronze", "AL COHORT", 2024, [workkeys("Bronze")], "N"),
    ("WorkKeys silver", "AL COHORT", 2024, [workkeys("Silver")], "E"),
    ("credential failed", "AL COHORT", 2024, [credential(passed=False)], "N"),
    ("credential", "AL COHORT", 2024, [credential()], "E"),
    ("military in the summer", "AL COHORT", 2024, [service(7)], "E"),
    ("military two years later", "AL COHORT", 2024, [service(7, later=2)], "N"),
    # What the six indicators do not have, and the ten of 2025-26 do.
    ("completer under the six", "AL COHORT", 2025, [cte(3)], "N"),
    ("completer under the ten", "AL COHORT", 2026, [cte(3)], "E"),
    ("two courses under the ten", "AL COHORT", 2026, [cte(2)], "N"),
    ("apprentice under the six", "AL COHORT", 2025, [work("apprenticeship")], "N"),
    ("apprentice under the ten", "AL COHORT", 2026, [work("apprenticeship")], "E"),
    ("intern under the ten", "AL COHORT", 2026, [work("internship", 500)], "N"),
    ("gold under the ten", "AL COHORT", 2026, [workkeys("Gold")], "E"),
    ("English one below under the ten", "AL COHORT", 2026, [act(English=17)], "N"),
]
TENNESSEE: Cases = [
    ("ACT 20", "TN ON_TIME", 2024, [act(Composite=20)], "N"),
    ("ACT 21", "TN ON_TIME", 2024, [act(Composite=21)], "E"),
    ("SAT 1050", "TN ON_TIME", 2024, [sat(520, 530)], "N"),
    ("SAT 1060", "TN ON_TIME", 2024, [sat(520, 540)], "E"),
    ("three EPSOs", "TN ON_TIME", 2024, [course("ap", times=2), course("dual")], "N"),
    ("four EPSOs", "TN ON_TIME", 2024, [course("ap", times=2), course("dual"), course("ib")], "E"),
    ("four EPSOs, one a credential", "TN ON_TIME", 2024, [course("ap", times=3), credential()], "E"),
    ("honors courses are none", "TN ON_TIME", 2024, [course("honors", times=6)], "N"),
    ("one EPSO and a credential", "TN ON_TIME", 2024, [course("dual"), credential()], "N"),
    ("two EPSOs and a credential", "TN ON_TIME", 2024, [course("dual", times=2), credential()], "E"),
    ("two EPSOs and a credential failed", "TN ON_TIME", 2024, [course("dual", times=2), credential(passed=False)], "N"),
    ("two EPSOs and AFQT 30", "TN ON_TIME", 2024, [course("dual", times=2), afqt(30)], "N"),
    ("two EPSOs and AFQT 31", "TN ON_TIME", 2024, [course("dual", times=2), afqt(31)], "E"),
    ("AFQT alone", "TN ON_TIME", 2024, [afqt(99)], "N"),
]
KENTUCKY: Cases = [
    ("one subject before", "KY SENIORS", 2022, [act(Mathematics=19)], "N"),
    ("one subject since", "KY SENIORS", 2023, [act(Mathematics=19)], "AE"),
    ("two benchmarks of one kind before", "KY SENIORS", 2022, [act(English=18, Reading=20)], "N"),
    ("both kinds before", "KY SENIORS", 2022, [act(Mathematics=19, Reading=20)], "AE"),
    ("both one below before", "KY SENIORS", 2022, [act(Mathematics=18, Reading=19, English=17)], "N"),
    ("all one below since", "KY SENIORS", 2023, [act(Mathematics=18, Reading=19, English=17)], "N"),
    (
        "ACT and dual credit combined before",
        "KY SENIORS",
        2022,
        [act(English=18), course("dual", subject="math")],
        "AE",
    ),
    ("two dual courses of one kind before", "KY SENIORS", 2022, [course("dual", times=2)], "N"),
    ("AP in both kinds before", "KY SENIORS", 2022, [ap(3, "Calculus AB"), ap(3)], "AE"),
    ("AP 2 in one of them before", "KY SENIORS", 2022, [ap(2, "Calculus AB"), ap(3)], "N"),
    ("IB 5 in both kinds before", "KY SENIORS", 2022, [ib(5, "Biology"), ib(5)], "AE"),
    ("IB 4 in both kinds before", "KY SENIORS", 2022, [ib(4, "Biology"), ib(4)], "N"),
    ("AP 2, IB 3 since", "KY SENIORS", 2023, [ap(2), ib(3)], "N"),
    ("AP 3 since", "KY SENIORS", 2023, [ap(3)], "AE"),
    ("a quarter credit since", "KY SENIORS", 2023, [course("dual", "0.25")], "N"),
    ("half a credit since", "KY SENIORS", 2023, [course("dual", "0.50")], "AE"),
    ("certification", "KY SENIORS", 2022, [credential()], "CE"),
    ("apprenticeship since", "KY SENIORS", 2023, [work("apprenticeship")], "CE"),
    ("both", "KY SENIORS", 2023, [ap(4), credential()], "ACE"),
]
TEXAS: Cases = [
    ("TSI in English alone", "TX GRADUATES", 2024, [act(**TSI_ENGLISH)], "N"),
    ("TSI in mathematics alone", "TX GRADUATES", 2024, [act(Mathematics=22)], "N"),
    ("TSI in both", "TX GRADUATES", 2024, [act(**TSI_ENGLISH, Mathematics=22)], "E"),
    ("English and reading 39", "TX GRADUATES", 2024, [act(English=20, Reading=19, Mathematics=22)], "N"),
    ("mathematics 21", "TX GRADUATES", 2024, [act(**TSI_ENGLISH, Mathematics=21)], "N"),
    ("ACT and SAT mixed", "TX GRADUATES", 2024, [act(**TSI_ENGLISH), sat(300, 530)], "E"),
    ("SAT one step below in each", "TX GRADUATES", 2024, [sat(470, 530), act(Mathematics=10)], "N"),
    ("SAT at both", "TX GRADUATES", 2024, [sat(480, 530)], "E"),
    ("TSIA2 at both", "TX GRADUATES", 2024, [test("TSIA2", ELAR=945, Essay=5, Mathematics=950)], "E"),
    ("TSIA2 with an essay of 4", "TX GRADUATES", 2024, [test("TSIA2", ELAR=945, Essay=4, Mathematics=950)], "N"),
    ("TSIA2 one below", "TX GRADUATES", 2024, [test("TSIA2", ELAR=944, Essay=5, Mathematics=950)], "N"),
    ("AP 3", "TX GRADUATES", 2024, [ap(3)], "E"),
    ("IB 4", "TX GRADUATES", 2024, [ib(4)], "E"),
    ("AP 2, IB 3", "TX GRADUATES", 2024, [ap(2), ib(3)], "N"),
    ("three hours in mathematics", "TX GRADUATES", 2024, [course("dual", "0.50", "math")], "E"),
    ("three hours in history", "TX GRADUATES", 2024, [course("dual", "0.50", "social_studies")], "N"),
    ("six hours in history", "TX GRADUATES", 2024, [course("dual", "0.50", "social_studies", times=2)], "N"),
    ("nine hours in history", "TX GRADUATES", 2024, [course("dual", "0.50", "social_studies", times=3)], "E"),
    ("enlisted", "TX GRADUATES", 2024, [service(8)], "E"),
    ("certification alone until 2024", "TX GRADUATES", 2024, [credential()], "E"),
    ("certification alone in 2025", "TX GRADUATES", 2025, [credential()], "N"),
    ("certification and one course in 2025", "TX GRADUATES", 2025, [credential(), cte(1)], "N"),
    ("certification and concentrator in 2025", "TX GRADUATES", 2025, [credential(), cte(2)], "E"),
    ("certification and concentrator in 2026", "TX GRADUATES", 2026, [credential(), cte(2)], "N"),
    ("certification and completer in 2026", "TX GRADUATES", 2026, [credential(), cte(3)], "E"),
]
SOUTH_CAROLINA: Cases = [
    ("ACT 19", "SC GRADUATES", 2024, [act(Composite=19)], "N"),
    ("ACT 20", "SC GRADUATES", 2024, [act(Composite=20)], "AE"),
    ("SAT 1010", "SC GRADUATES", 2024, [sat(500, 510)], "N"),
    ("SAT 1020", "SC GRADUATES", 2024, [sat(500, 520)], "AE"),
    ("AP 3", "SC GRADUATES", 2024, [ap(3)], "AE"),
    ("IB 3", "SC GRADUATES", 2024, [ib(3)], "N"),
    ("three dual enrollment hours", "SC GRADUATES", 2024, [course("dual")], "N"),
    ("six dual enrollment hours", "SC GRADUATES", 2024, [course("dual", times=2)], "AE"),
    ("completer without a credential", "SC GRADUATES", 2024, [cte(3)], "N"),
    ("credential without being a completer", "SC GRADUATES", 2024, [cte(2), credential()], "N"),
    ("completer with a credential", "SC GRADUATES", 2024, [cte(3), credential()], "CE"),
    ("WorkKeys bronze", "SC GRADUATES", 2024, [workkeys("Bronze")], "N"),
    ("WorkKeys silver", "SC GRADUATES", 2024, [workkeys("Silver")], "CE"),
    ("SCCRT level 1", "SC GRADUATES", 2024, [test("SCCRT", Overall="Level 1")], "N"),
    ("SCCRT level 2", "SC GRADUATES", 2024, [test("SCCRT", Overall="Level 2")], "CE"),
    ("AFQT 30", "SC GRADUATES", 2024, [afqt(30)], "N"),
    ("AFQT 31", "SC GRADUATES", 2024, [afqt(31)], "CE"),
    ("39 hours of work", "SC GRADUATES", 2024, [work(hours=39), cte(1)], "N"),
    ("40 hours of work", "SC GRADUATES", 2024, [work(hours=40), cte(1)], "CE"),
    ("40 hours of work without a unit", "SC GRADUATES", 2024, [work(hours=40)], "N"),
    ("both", "SC GRADUATES", 2024, [act(Composite=20), afqt(31)], "ACE"),
]


@pytest.mark.parametrize(
    "cases",
    [
        pytest.param(ALABAMA, id="Alabama"),
        pytest.param(TENNESSEE, id="Tennessee"),
        pytest.param(KENTUCKY, id="Kentucky"),
        pytest.param(TEXAS, id="Texas"),
        pytest.param(SOUTH_CAROLINA, id="South Carolina"),
    ],
)
def test_a_rule_set_judges_students_as_its_text_does(cases: Cases, world: World) -> None:
    postal, of = cases[0][1].split()
    state, school = state_of(world, postal)
    years = sorted({year for _name, _of, year, _deeds, _met in cases})
    covered(state, *years)
    people = {name: senior(school, year, *deeds) for name, _of, year, deeds, _met in cases}
    for year in years:
        rollup.roll_up(state, explain.spec_of(f"STATE_READY_EITHER_{of}").basis, year)
    found = {name: parts_met(people[name], school, of, year) for name, _of, year, _deeds, _met in cases}
    assert found == {name: met for name, _of, _year, _deeds, met in cases}


def cell(organization: Organization, code: str, year: int) -> tuple[int, int] | None:
    """Numerator and denominator of all students."""
    return (
        MeasureCell.objects.filter(organization=organization, measure__code=code, year=year, group__code="ALL")
        .values_list("numerator", "denominator")
        .first()
    )


def everybody(school: Organization, year: int) -> None:
    """Seven students, of whom who is counted depends on the denominator; each one with a credential is ready.

    On time and ready; on time; on time, and dropped out in grade 12 but ready; in grade 12 still; a fifth-year graduate
    who is ready; dropped out in grade 10 of the same class; moved away with a document.
    """
    senior(school, year, credential(), ap(3))
    senior(school, year)
    senior(school, year, credential(), ap(3), diploma=None, exit_code="dropped_out")
    senior(school, year, diploma=None, exit_code="end_of_year")
    senior(school, year, credential(), ap(3), grade_9_year=year - 4)
    senior(school, year - 2, diploma=None, grade="10", grade_9_year=year - 3, exit_code="dropped_out")
    gone = senior(school, year, diploma=None, exit_code="transfer_out")
    CohortRemoval.objects.create(
        student=gone, organization=school, year=year, removed_on=f"{year - 1}-11-03", reason="transfer_out",
        document="request 17",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("postal", "code", "year", "expected"),
    [
        # The class: both who graduated on time, who dropped out in grade 12 and 10, who is in grade 12 still.
        ("AL", "STATE_READY_EITHER_COHORT", 2024, (2, 5)),
        # Graduates of the year, whenever they began: two on time, one in the fifth year.
        ("SC", "STATE_READY_EITHER_GRADUATES", 2024, (2, 3)),
        # Those three, and of grade 12 the two without a diploma who have not moved away.
        ("KY", "STATE_READY_EITHER_SENIORS", 2024, (3, 5)),
    ],
)
def test_each_denominator_counts_whom_it_says(
    postal: str, code: str, year: int, expected: tuple[int, int], world: World
) -> None:
    state, school = state_of(world, postal)
    covered(state, year)
    everybody(school, year)
    for basis in (Basis.CLASS, Basis.LEAVER, Basis.SENIOR):
        rollup.roll_up(state, basis, year)
    assert cell(school, code, year) == expected
    assert cell(state, code, year) == expected
    neither = cell(school, code.replace("EITHER", "NEITHER"), year)
    assert neither == (expected[1] - expected[0], expected[1])
    # Of the four denominators only that of the rule in force is there; the default is everywhere, over graduates.
    there = MeasureCell.objects.filter(measure__code__startswith="STATE_").values_list("measure__code", flat=True)
    assert {one.rsplit("_", 1)[-1] for one in there} == {code.rsplit("_", 1)[-1]}
    assert cell(school, "READY_EITHER", year) == (2, 3)
    assert cell(school, "READY_NEITHER", year) == (1, 3)


def test_on_time_graduates_are_those_of_the_class_with_a_diploma(world: World) -> None:
    """Tennessee: two on time, of whom one took four AP courses; a fifth-year graduate and dropouts are not in it."""
    state, school = state_of(world, "TN")
    covered(state, 2024)
    everybody(school, 2024)
    senior(school, 2024, course("ap", times=4))
    rollup.roll_up(state, Basis.CLASS, 2024)
    assert cell(school, "STATE_READY_EITHER_ON_TIME", 2024) == (1, 3)


def test_a_senior_counts_where_enrolled_for_a_hundred_days(world: World) -> None:
    """Kentucky: 99 days are too few, 100 are not; 60 and 60 at two schools of a district count for the district."""
    covered(world.kentucky, 2024)
    high = {"design": "high", "grade_low": "09", "grade_high": "12"}
    second = factories.organization(Kind.SCHOOL, world.bluegrass, "Elkhorn High School", slug="elkhorn", **high)
    senior(world.derby, 2024, ap(3), days=99)
    senior(world.derby, 2024, ap(3), days=100)
    senior(world.derby, 2024, days=None)  # not known: the rule cannot be held against anybody
    mover = senior(world.derby, 2024, ap(3), days=60)
    enrollment(second, 2024, "12", student=mover, entered=dt.date(2024, 1, 8), days_enrolled=60)
    rollup.roll_up(world.kentucky, Basis.SENIOR, 2024)
    code = "STATE_READY_ACADEMIC_SENIORS"
    assert cell(world.derby, code, 2024) == (1, 2)
    assert cell(second, code, 2024) is None
    assert cell(world.bluegrass, code, 2024) == (2, 3)
    assert cell(world.kentucky, code, 2024) == (2, 3)
    told = explain.explain_all([mover.pk], world.bluegrass, code, 2024)[mover.pk]
    assert (told.counted, told.met) == (True, True)


def test_academic_career_both_and_neither_add_up(world: World) -> None:
    state, school = state_of(world, "SC")
    covered(state, 2024)
    for deeds in ([], [ap(3)], [ap(3)], [afqt(31)], [ap(4), afqt(40)], [cte(3)]):
        senior(school, 2024, *deeds)
    rollup.roll_up(state, Basis.LEAVER, 2024)
    n = {
        part: (cell(school, f"STATE_READY_{part}_GRADUATES", 2024) or (0, 0))[0]
        for part in ("ACADEMIC", "CAREER", "BOTH", "EITHER", "NEITHER")
    }
    assert n == {"ACADEMIC": 3, "CAREER": 2, "BOTH": 1, "EITHER": 4, "NEITHER": 2}
    assert n["ACADEMIC"] + n["CAREER"] - n["BOTH"] + n["NEITHER"] == 6


def test_a_rule_without_college_and_career_has_no_figures_for_them(world: World) -> None:
    covered(world.alabama, 2024)
    senior(world.ridge, 2024, ap(3))
    rollup.roll_up(world.alabama, Basis.CLASS, 2024)
    found = set(MeasureCell.objects.filter(measure__code__startswith="STATE_").values_list("measure__code", flat=True))
    assert found == {"STATE_READY_EITHER_COHORT", "STATE_READY_NEITHER_COHORT"}


def test_every_shipped_rule_can_be_asked_of_the_database(world: World) -> None:
    for row in RuleSet.objects.all():
        publish.try_out(rules.of_row(row))


def test_what_is_missing_is_the_nearest_way_begun(world: World) -> None:
    """Alabama: ACT mathematics 21 of 22 is nearer than English 9 of 18."""
    covered(world.alabama, 2024)
    who = senior(world.ridge, 2024, act(English=9, Mathematics=21))
    found = explain.explain_all([who.pk], world.ridge, "STATE_READY_EITHER_COHORT", 2024)[who.pk]
    assert explain.what_is_missing(found.met_line, found.facts) == "ACT benchmark in mathematics: 21 (≥ 22 asked)"


def test_the_line_that_made_it_is_named_with_its_value(world: World) -> None:
    state, school = state_of(world, "TN")
    covered(state, 2024)
    who = senior(school, 2024, course("dual", times=2), afqt(47))
    found = explain.explain_all([who.pk], school, "STATE_READY_EITHER_ON_TIME", 2024)[who.pk]
    said = explain.what_made_it(found.met_line)
    assert said == (
        "Two early postsecondary opportunities and an industry credential or AFQT 31:"
        " Two AP, IB or dual enrollment courses 2, ASVAB qualification score 47"
    )


def test_why_somebody_is_ready_for_neither_and_why_somebody_is_not_among_them(world: World) -> None:
    state, school = state_of(world, "SC")
    covered(state, 2024)
    short, ready = senior(school, 2024, act(Composite=19)), senior(school, 2024, afqt(40))
    found = explain.explain_all([short.pk, ready.pk], school, "STATE_READY_NEITHER_GRADUATES", 2024)
    assert (found[short.pk].met, found[ready.pk].met) == (True, False)
    assert explain.what_made_it(found[short.pk].met_line) == "ACT composite of 20 or more: 19 (≥ 20 asked)"
    assert explain.what_is_missing(found[ready.pk].met_line) == "ASVAB qualification score of 31 or more 40"


def shipped(code: str) -> dict[str, Any]:
    """A shipped rule as its file has it."""
    return rules.data_of(RuleSet.objects.get(code=code))


def test_the_texts_are_marked_as_not_verified_and_say_what_is_not_evaluated() -> None:
    for row in RuleSet.objects.exclude(state=""):
        assert not row.verified
        assert row.source
        assert row.text
    assert "OnRamps course of three hours" in str(shipped("tx-ccmr-2026")["not_evaluated"])
    assert "State Board" in str(shipped("al-ccr-10")["not_evaluated"])
    assert "KYOTE" in str(shipped("ky-postsecondary-sb25")["not_evaluated"])
