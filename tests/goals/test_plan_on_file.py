"""Programs of study, kept in “Pathways”, as a readiness measure."""

from __future__ import annotations

import datetime as dt

import pytest

from goals.models import MeasureCell
from goals.models.measure import Basis
from goals.readiness import explain, rollup
from hstw.access import Role
from hstw.values import SchoolYear
from pathways import programs
from pathways.models import ProgramOfStudy
from schools.models import EvidenceChange, EvidenceCoverage, Student
from tests.factories import World, enrollment, make_world, person

pytestmark = pytest.mark.django_db
YEAR = 2024


@pytest.fixture
def world() -> World:
    return make_world()


def with_program(world: World, begun: str, ended: str | None = None, grade: str = "10") -> Student:
    who = enrollment(world.ridge, YEAR, grade).student
    ProgramOfStudy.objects.create(
        organization=world.ridge,
        student=who,
        begun=dt.date.fromisoformat(begun),
        ended=dt.date.fromisoformat(ended) if ended else None,
    )
    return who


def counted(world: World) -> tuple[int, int] | None:
    cells = MeasureCell.objects.filter(
        organization=world.ridge, measure__code="PLAN_ON_FILE", group__code="ALL", year=YEAR
    )
    return cells.values_list("numerator", "denominator").first()


def test_in_force_at_any_time_of_the_year_is_on_file(world: World) -> None:
    """2023-24: in force from before, begun in June, ended in September; not ended in June before, begun in July after,
    or without one; a student of grade 8 does not count."""
    for kind in ("enrollment", programs.EVIDENCE):
        EvidenceCoverage.objects.create(organization=world.ridge, year=YEAR, kind=kind)
    on_file = with_program(world, "2022-09-01")
    with_program(world, "2024-06-30")
    with_program(world, "2022-09-01", "2023-09-15")
    too_early = with_program(world, "2022-09-01", "2023-06-30")
    with_program(world, "2024-07-01")
    enrollment(world.ridge, YEAR, "12")
    with_program(world, "2022-09-01", grade="08")
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    assert counted(world) == (3, 6)
    found = explain.explain_all([on_file.pk, too_early.pk], world.ridge, "PLAN_ON_FILE", YEAR)
    assert (found[on_file.pk].met, found[too_early.pk].met) == (True, False)


def test_a_school_that_keeps_none_here_is_not_reported(world: World) -> None:
    EvidenceCoverage.objects.create(organization=world.ridge, year=YEAR, kind="enrollment")
    enrollment(world.ridge, YEAR, "12")
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    assert counted(world) is None


def test_a_review_says_that_programs_are_kept_and_whose(world: World) -> None:
    who = with_program(world, "2022-09-01")
    [program] = ProgramOfStudy.objects.all()
    programs.review(program, dt.date(2024, 3, 1), person(Role.COUNSELOR, world.ridge), with_family=True, note="")
    this_year = int(SchoolYear.on(dt.date.today()))
    assert EvidenceCoverage.objects.get().kind == programs.EVIDENCE
    change = EvidenceChange.objects.get()
    assert (change.student_id, change.organization_id, change.year) == (who.pk, world.ridge.pk, this_year)
