"""Above the districts: cooperatives, whose memberships overlap and change, and the region, the sum of its states."""

from __future__ import annotations

import datetime as dt

import pytest

from goals import disclosure, runs
from goals.models import MeasureCell, StalePair
from goals.models.measure import Basis
from goals.readiness import cooperatives, region, rollup
from schools.models import CooperativeMember, Diploma, EvidenceChange, EvidenceCoverage, Organization, Student
from schools.models.organization import Kind
from tests.factories import World, enrollment, make_world, organization, student

pytestmark = pytest.mark.django_db
YEAR = 2024


@pytest.fixture
def world() -> World:
    return make_world()


def cover(place: Organization, *kinds: str, years: int = 1) -> None:
    for kind in kinds:
        for year in range(YEAR - years + 1, YEAR + 1):
            EvidenceCoverage.objects.create(organization=place, year=year, kind=kind)


def join(cooperative: Organization, member: Organization, starts: str = "2020-07-01", ends: str | None = None) -> None:
    CooperativeMember.objects.create(
        cooperative=cooperative,
        member=member,
        starts=dt.date.fromisoformat(starts),
        ends=dt.date.fromisoformat(ends) if ends else None,
    )


def absent(school: Organization, enrolled: int, days: int, who: Student | None = None, month: int = 8) -> Student:
    entered = dt.date(YEAR - 1 if month >= 7 else YEAR, month, 15)
    return enrollment(school, YEAR, student=who, entered=entered, days_enrolled=enrolled, days_absent=days).student


def cell(place: Organization, measure: str = "CHRONIC_ABSENCE", year: int = YEAR) -> tuple[int, int] | None:
    return (
        MeasureCell.objects.filter(organization=place, measure__code=measure, year=year, group__code="ALL")
        .values_list("numerator", "denominator")
        .first()
    )


# --- cooperatives ----------------------------------------------------------------------------------------------------
def test_a_student_of_two_member_districts_counts_once_and_by_what_happened_at_members(world: World) -> None:
    """Cahaba 9 of 89 days and Tombigbee 12 of 90: 21 of 179 is chronic; 30 of 90 days outside are not the members'."""
    mobile = organization(Kind.DISTRICT, world.alabama, "Mobile")
    delta = organization(Kind.SCHOOL, mobile, "Delta High School")
    join(world.cooperative, world.cahaba)
    join(world.cooperative, world.tombigbee)
    cover(world.alabama, "enrollment", "attendance")
    mover = absent(world.ridge, 89, 8)
    absent(world.harbor, 90, 9, mover, month=1)  # 17 of 179 at the members: not chronic there
    absent(delta, 90, 30, mover, month=4)  # 47 of 269 in the state: chronic
    absent(world.valley, 180, 20)
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    assert cell(world.cahaba) == (1, 2)
    assert cell(world.tombigbee) == (1, 1)  # 9 of 90 is ten percent
    assert cell(world.cooperative) == (1, 2)
    assert cell(world.alabama) == (2, 2)


def test_a_district_may_be_in_two_cooperatives_and_its_state_counts_it_once(world: World) -> None:
    second = organization(Kind.COOPERATIVE, world.alabama, "River Cooperative")
    for one in (world.cooperative, second):
        join(one, world.cahaba)
    cover(world.cahaba, "enrollment", "attendance")
    absent(world.ridge, 180, 20)
    absent(world.ridge, 180, 2)
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    assert cell(world.cooperative) == cell(second) == cell(world.alabama) == (1, 2)


@pytest.mark.parametrize(
    ("starts", "ends", "counts"),
    [
        ("2020-07-01", None, True),
        ("2024-01-08", None, True),  # joined during the year
        ("2020-07-01", "2024-06-30", True),  # left when it was over
        ("2020-07-01", "2024-01-07", False),  # left during the year
        ("2024-07-01", None, False),  # joins the next
    ],
)
def test_members_are_those_of_the_end_of_the_year(starts: str, ends: str | None, counts: bool, world: World) -> None:
    join(world.cooperative, world.cahaba, starts, ends)
    cover(world.cahaba, "enrollment", "attendance")
    absent(world.ridge, 180, 20)
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    assert cell(world.cooperative) == ((1, 1) if counts else None)


def test_a_member_within_a_member_adds_nothing(world: World) -> None:
    join(world.cooperative, world.cahaba)
    join(world.cooperative, world.ridge)
    assert cooperatives.members(world.alabama, YEAR) == {world.cooperative.pk: [(world.cahaba.pk, world.cahaba.path)]}


def test_a_graduate_counts_for_the_cooperative_of_the_last_school(world: World) -> None:
    join(world.cooperative, world.tombigbee)
    cover(world.alabama, "enrollment", "diplomas")
    for school in (world.ridge, world.harbor):
        who = student(grade_9_year=YEAR - 3)
        enrollment(world.harbor, YEAR - 3, "09", student=who)
        enrollment(school, YEAR, "12", student=who)
        Diploma.objects.create(
            student=who, organization=school, year=YEAR, kind="regular", awarded_on=dt.date(YEAR, 5, 22)
        )
    rollup.roll_up(world.alabama, Basis.CLASS, YEAR)
    assert cell(world.cooperative, "ACGR4") == (1, 1)
    assert cell(world.alabama, "ACGR4") == (2, 2)


def test_a_change_of_membership_is_counted_by_the_next_sweep(world: World) -> None:
    cover(world.cahaba, "enrollment", "attendance")
    absent(world.ridge, 180, 20)
    EvidenceChange.objects.create(organization=world.ridge, year=YEAR, kind="enrollment")
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    runs.sweep()
    StalePair.objects.all().delete()
    CooperativeMember.objects.bulk_create(
        [CooperativeMember(cooperative=world.cooperative, member=world.cahaba, starts=dt.date(2020, 7, 1))]
    )
    assert runs.sweep() is not None
    assert cell(world.cooperative) == (1, 1)
    assert runs.sweep() is None


# --- the region ------------------------------------------------------------------------------------------------------
def both_states(world: World) -> None:
    """Alabama: one of two chronically absent; Kentucky: three of three."""
    for state in (world.alabama, world.kentucky):
        cover(state, "enrollment", "attendance")
    absent(world.ridge, 180, 20)
    absent(world.harbor, 180, 2)
    for _ in range(3):
        absent(world.derby, 180, 40)


def test_the_region_is_the_sum_of_its_states(world: World) -> None:
    both_states(world)
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    assert cell(world.region) == (1, 2)
    rollup.roll_up(world.kentucky, Basis.YEAR, YEAR)
    assert cell(world.region) == (4, 5)
    # Gone from a state, gone from the region; what is done again changes nothing.
    world.derby.refresh_from_db()
    from schools.models import Enrollment

    Enrollment.objects.filter(organization=world.derby).delete()
    rollup.roll_up(world.kentucky, Basis.YEAR, YEAR)
    assert cell(world.region) == (1, 2)
    assert region.sum_states(world.region, Basis.YEAR, YEAR) == 0


def graduates(world: World) -> None:
    for place in (world.ridge, world.derby):
        cover(place, "enrollment", "diplomas", "assessment:ACT", "credentials", years=4)
        who = student(grade_9_year=YEAR - 3)
        enrollment(place, YEAR, "12", student=who, exit_code="graduated")
        Diploma.objects.create(
            student=who, organization=place, year=YEAR, kind="regular", awarded_on=dt.date(YEAR, 5, 22)
        )


def test_readiness_is_summed_by_the_default_and_never_by_a_states_own_rule(world: World) -> None:
    """Kentucky's own rule is taken over graduates and seniors, Alabama's over the class."""
    graduates(world)
    for state in (world.alabama, world.kentucky):
        for basis in Basis:
            rollup.roll_up(state, basis, YEAR)
    assert cell(world.region, "READY_EITHER") == (0, 2)
    assert cell(world.region, "CREDENTIAL_EARNED") == (0, 2)
    assert cell(world.kentucky, "STATE_READY_EITHER_SENIORS") == (0, 1)
    assert cell(world.region, "STATE_READY_EITHER_SENIORS") is None


def test_levels_of_each_states_own_test_are_not_summed(world: World) -> None:
    from goals.models import Measure

    measures = {row.code: row for row in Measure.objects.filter(code__in=["PROFICIENT_MATH", "CHRONIC_ABSENCE"])}
    assert region.means_the_same(measures.values(), Basis.YEAR) == [measures["CHRONIC_ABSENCE"]]


def test_the_region_is_protected_where_it_has_changed_or_has_no_release_yet(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(disclosure, "protect_region", lambda above, year: asked.append((above.pk, year)))
    monkeypatch.setattr(disclosure, "has_release", lambda *_: True)
    both_states(world)
    for _ in range(2):
        rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    assert asked == [(world.region.pk, YEAR)]
    monkeypatch.setattr(disclosure, "has_release", lambda *_: False)
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    assert len(asked) == 2
