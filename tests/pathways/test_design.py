"""Placing and moving courses, approving, waiving; circles among prerequisites; what the database refuses."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from hstw.access import Role
from pathways import approval, design, portfolio, prerequisites, requirements
from pathways.models import CoursePrerequisite, GraduationRequirement, Pathway, PathwayCourse
from tests import factories
from tests.pathways import made

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> factories.World:
    return factories.make_world()


def order(row: Pathway, grade: str = "09", part: str = "pathway") -> list[str]:
    """Titles as they stand."""
    rows = PathwayCourse.objects.filter(pathway=row, grade=grade, part=part).order_by("position")
    return [one.course.title for one in rows]


def test_courses_move_up_down_and_across(world: factories.World) -> None:
    row = made.pathway(world.ridge)
    a, b, c = (design.add(row, made.course(world.cahaba, title), "09", "pathway") for title in "ABC")
    design.step(c, "up")
    assert order(row) == ["A", "C", "B"]
    design.step(PathwayCourse.objects.get(pk=a.pk), "up")
    assert order(row) == ["A", "C", "B"]
    design.step(PathwayCourse.objects.get(pk=a.pk), "down")
    assert order(row) == ["C", "A", "B"]
    design.step(PathwayCourse.objects.get(pk=b.pk), "down")
    assert order(row) == ["C", "A", "B"]
    design.move(b, grade="10", part="elective")
    assert order(row) == ["C", "A"]
    assert order(row, "10", "elective") == ["B"]
    design.move(PathwayCourse.objects.get(pk=b.pk), grade="09", part="pathway", position=1)
    assert order(row) == ["B", "C", "A"]


def test_a_course_stays_within_its_grades_and_comes_once(world: factories.World) -> None:
    row = made.pathway(world.ridge)
    late = made.course(world.cahaba, "Internship", grade_low="12")
    with pytest.raises(ValidationError, match="Internship is for grades 12, not for grade 9"):
        design.add(row, late, "09", "pathway")
    design.add(row, late, "12", "pathway")
    with pytest.raises(ValidationError, match="in this pathway already"):
        design.add(row, late, "12", "core")


def test_an_approved_pathway_stands_until_it_is_reopened(world: factories.World) -> None:
    row = made.complete(world.ridge, world.cahaba)
    by = factories.person(Role.CTE_DIRECTOR, world.cahaba)
    approval.approve(row, by)
    with pytest.raises(ValidationError, match="Reopen it"):
        design.add(row, made.course(world.cahaba), "09", "pathway")
    approval.reopen(row)
    design.add(row, made.course(world.cahaba), "09", "pathway")


def test_three_courses_cannot_be_approved_until_a_waiver_is_granted_by_another(world: factories.World) -> None:
    row = made.complete(world.ridge, world.cahaba)
    design.remove(row.courses.filter(part="pathway").first())
    director = factories.person(Role.CTE_DIRECTOR, world.cahaba)
    with pytest.raises(ValidationError, match="Needs 1 more course, or 3 AC/AP/IB courses"):
        approval.approve(row, director)
    with pytest.raises(ValidationError, match="Say why"):
        approval.propose(row, "courses", "  ", director)
    waiver = approval.propose(row, "courses", "The fourth begins next year.", director)
    with pytest.raises(ValidationError, match="asked for already"):
        approval.propose(row, "courses", "Again.", director)
    with pytest.raises(ValidationError, match="Needs 1 more course"):
        approval.approve(row, director)
    with pytest.raises(ValidationError, match="somebody else has to decide"):
        approval.decide(waiver, True, director)
    approval.decide(waiver, True, factories.person(Role.DISTRICT_ADMINISTRATOR, world.cahaba))
    assert approval.approve(row, director).approved


def test_a_refused_waiver_can_be_asked_for_again(world: factories.World) -> None:
    row = made.pathway(world.ridge)
    waiver = approval.propose(row, "core", "Why.", factories.person())
    approval.decide(waiver, False, factories.person())
    assert approval.propose(row, "core", "Better reason.", factories.person()).granted is None


def test_a_circle_of_prerequisites_is_named(world: factories.World) -> None:
    one = made.course(world.cahaba, "Welding I")
    two = made.course(world.cahaba, "Welding II", after=[one])
    three = made.course(world.cahaba, "Welding III", after=[two])
    with pytest.raises(ValidationError, match="in a circle: Welding I → Welding II → Welding III → Welding I"):
        prerequisites.set_for(one, [three])
    with pytest.raises(ValidationError, match="circle"):
        prerequisites.set_for(one, [one])
    prerequisites.set_for(three, [one])
    assert list(three.requires.all()) == [one]


def test_the_database_refuses_a_circle_that_nobody_looked_for(world: factories.World) -> None:
    one = made.course(world.cahaba)
    two = made.course(world.cahaba, after=[one])
    with pytest.raises(IntegrityError, match="prerequisite_not_circular"), transaction.atomic():
        CoursePrerequisite.objects.create(course=one, requires=two)


def test_credits_to_graduate_come_from_the_nearest_that_says(world: factories.World) -> None:
    # The recommended curriculum where nobody says: English 4, mathematics 4, science 3, social studies 3.
    assert requirements.of(world.ridge) == {
        "ela": 4, "math": 4, "science": 3, "social_studies": 3,
    }  # fmt: skip
    GraduationRequirement.objects.create(organization=world.alabama, subject="total", credits=Decimal(24))
    GraduationRequirement.objects.create(organization=world.alabama, subject="science", credits=Decimal(4))
    requirements.keep(world.cahaba, {"math": Decimal(3), "science": None})
    assert requirements.of(world.ridge) == {
        "ela": 4, "math": 3, "science": 4, "social_studies": 3, "total": 24,
    }  # fmt: skip
    assert requirements.of(world.derby)["math"] == 4


def test_the_portfolio_tells_pathways_by_year(world: factories.World) -> None:
    for number in range(3):
        made.pathway(world.ridge, first_year=2016, status="approved", last_year=2018 if number == 0 else None)
    for _number in range(6):
        made.pathway(world.ridge, first_year=2019, status="approved")
    made.pathway(world.ridge, first_year=2019)
    found = portfolio.of(world.ridge, [2016, 2018, 2019])
    assert [one.number_of_pathways for one in found.years] == [3, 3, 8]
    assert found.year(2019).drafts == 1
    assert found.year(2019).credentials is None
    with pytest.raises(KeyError):
        found.year(2017)


def test_designs_take_as_many_queries_for_many_as_for_one(world: factories.World) -> None:
    one = made.complete(world.ridge, world.cahaba)
    with CaptureQueriesContext(connection) as alone:
        design.of(one)
    rows = [one, *(made.complete(world.ridge, world.cahaba) for _number in range(4))]
    with CaptureQueriesContext(connection) as several:
        design.of_many(rows)
    assert len(several) == len(alone) == 3
