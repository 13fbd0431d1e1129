"""Students who may be one person recorded twice."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.paginator import Paginator
from django.db import IntegrityError, transaction

from hstw.access import Role
from schools.imports.duplicates import DuplicatesError, Pair, possible, say_different
from schools.models import NotDuplicate, Organization, Student, User
from schools.models.student import StudentIdentifier
from tests import factories
from tests.factories import World

pytestmark = pytest.mark.django_db
BORN = dt.date(2010, 3, 14)


@pytest.fixture
def world() -> World:
    return factories.make_world()


@pytest.fixture
def administrator(world: World) -> User:
    """Of Cahaba's district."""
    return factories.person(Role.DISTRICT_ADMINISTRATOR, world.cahaba)


def enrolled(school: Organization, last: str, first: str, born: dt.date | None = BORN, year: int = 2026) -> Student:
    """A student of that school."""
    student = factories.student(last_name=last, first_name=first, birth_date=born)
    factories.enrollment(school, year, student=student)
    return student


def names(pairs: Any) -> list[tuple[Student, Student]]:
    """The students of each pair."""
    return [(pair.first, pair.second) for pair in pairs]


@pytest.mark.parametrize(
    ("last", "first"),
    [
        ("O'Neil", "Mary Ann"),
        ("O’NEIL", "mary-ann"),
        ("ONeil", "MaryAnn"),
        ("O Neil", "Mary  Ann."),
    ],
)
def test_case_punctuation_and_blanks_do_not_make_another_name(
    world: World, administrator: User, last: str, first: str
) -> None:
    one, two = enrolled(world.ridge, "O'Neil", "Mary Ann"), enrolled(world.ridge, last, first)
    assert names(possible(world.cahaba, administrator)) == [(one, two)]


@pytest.mark.parametrize(
    ("last", "first", "born"),
    [
        ("Alvarez", "Mario", BORN),
        ("Alvares", "Maria", BORN),
        ("Alvarez", "Maria", BORN + dt.timedelta(days=1)),
        ("Alvarez", "Maria", None),
    ],
)
def test_another_name_or_birth_date_is_another_student(
    world: World, administrator: User, last: str, first: str, born: dt.date | None
) -> None:
    enrolled(world.ridge, "Alvarez", "Maria", born if born is None else BORN)
    enrolled(world.ridge, last, first, born)
    assert len(possible(world.cahaba, administrator)) == 0


def test_names_of_nothing_but_punctuation_are_no_names(world: World, administrator: User) -> None:
    enrolled(world.ridge, "-", "Maria")
    enrolled(world.ridge, ".", "Maria")
    assert len(possible(world.cahaba, administrator)) == 0


def test_letters_with_accents_are_letters(world: World, administrator: User) -> None:
    one = enrolled(world.ridge, "Muñoz", "José")
    enrolled(world.ridge, "Muoz", "Jos")
    three = enrolled(world.ridge, "MUÑOZ", "JOSÉ")
    assert names(possible(world.cahaba, administrator)) == [(one, three)]


def test_two_districts_may_each_have_their_own_maria(world: World) -> None:
    enrolled(world.ridge, "Alvarez", "Maria")
    enrolled(world.harbor, "Alvarez", "Maria")
    everywhere = factories.person(Role.DISTRICT_ADMINISTRATOR, world.alabama)
    assert len(possible(world.alabama, everywhere)) == 0


def test_pairs_of_several_districts_are_found_at_the_state(world: World) -> None:
    pairs = [
        (enrolled(school, "Alvarez", "Maria"), enrolled(school, "Alvarez", "Maria"))
        for school in (world.ridge, world.harbor)
    ]
    everywhere = factories.person(Role.DISTRICT_ADMINISTRATOR, world.alabama)
    assert names(possible(world.alabama, everywhere)) == pairs


def test_somebody_enrolled_years_ago_counts_and_a_pair_is_there_once(world: World, administrator: User) -> None:
    one = enrolled(world.ridge, "Alvarez", "Maria", year=2020)
    two = enrolled(world.ridge, "Alvarez", "Maria", year=2026)
    factories.enrollment(world.valley, 2021, student=one)
    factories.enrollment(world.valley, 2025, student=two)
    assert names(possible(world.cahaba, administrator)) == [(one, two)]


def test_three_records_are_three_pairs(world: World, administrator: User) -> None:
    one, two, three = (enrolled(world.ridge, "Alvarez", "Maria") for _n in range(3))
    assert names(possible(world.cahaba, administrator)) == [(one, two), (one, three), (two, three)]


def test_pairs_of_one_school_come_first_then_by_name(world: World, administrator: User) -> None:
    apart = enrolled(world.ridge, "Adams", "Ada"), enrolled(world.valley, "Adams", "Ada")
    second = enrolled(world.ridge, "Young", "Max"), enrolled(world.ridge, "Young", "Max")
    first = enrolled(world.valley, "Baker", "Max"), enrolled(world.valley, "Baker", "Max")
    found = list(possible(world.cahaba, administrator))
    assert names(found) == [first, second, apart]
    assert [pair.same_school for pair in found] == [True, True, False]


def test_a_school_has_the_pairs_whose_both_records_are_its_own(world: World) -> None:
    principal = factories.person(Role.PRINCIPAL, world.ridge)
    enrolled(world.ridge, "Adams", "Ada")
    enrolled(world.valley, "Adams", "Ada")
    own = enrolled(world.ridge, "Young", "Max"), enrolled(world.ridge, "Young", "Max")
    assert names(possible(world.ridge, principal)) == [own]
    assert len(possible(world.valley, principal)) == 0


@pytest.mark.parametrize("role", [Role.SYSTEM_ADMINISTRATOR, Role.STATE_COORDINATOR, Role.BOARD_VIEWER])
def test_nobody_sees_them_who_may_not_see_students_by_name(world: World, role: Role) -> None:
    enrolled(world.ridge, "Adams", "Ada")
    enrolled(world.ridge, "Adams", "Ada")
    user = factories.person(role, factories.place_of(role, world))
    pairs = possible(world.cahaba, user)
    assert len(pairs) == 0
    assert list(pairs) == []
    assert pairs[:5] == []


def test_pages_cost_the_same_however_many_pairs(
    world: World, administrator: User, django_assert_num_queries: Any
) -> None:
    for number in range(6):
        for _twice in range(2):
            enrolled(world.ridge, f"Adams {chr(65 + number)}", "Ada")
    administrator.grants()
    with django_assert_num_queries(5):  # how many, which, students, their enrollments, their numbers
        page = Paginator(possible(world.cahaba, administrator), 4).page(2)
        last = [(pair.first.last_name, pair.first.enrollments_here, pair.second.numbers_here) for pair in page]
    assert [name for name, _enrollments, _numbers in last] == ["Adams E", "Adams F"]


def test_what_another_district_recorded_is_not_shown(world: World, administrator: User) -> None:
    one, two = enrolled(world.ridge, "Adams", "Ada"), enrolled(world.ridge, "Adams", "Ada")
    factories.enrollment(world.harbor, 2025, student=one)
    since = {"student": one, "starts": dt.date(2020, 8, 1)}
    StudentIdentifier.objects.create(system="local", organization=world.tombigbee, value="77", **since)
    StudentIdentifier.objects.create(system="local", organization=world.cahaba, value="0012", **since)
    StudentIdentifier.objects.create(
        system="local", organization=world.cahaba, value="0011", ends=BORN.replace(year=2021), **since
    )
    StudentIdentifier.objects.create(system="state", organization=world.alabama, value="1904417263", **since)
    [pair] = possible(world.cahaba, administrator)
    assert isinstance(pair, Pair)
    assert [spell.organization for spell in pair.first.enrollments_here] == [world.ridge]
    assert [number.value for number in pair.first.numbers_here] == ["1904417263", "0012"]
    assert pair.second == two
    assert pair.second.numbers_here == []


# --- saying that they are different ----------------------------------------------------------------------------


def test_a_pair_said_to_be_different_is_not_shown_again(world: World, administrator: User) -> None:
    one, two = enrolled(world.ridge, "Adams", "Ada"), enrolled(world.ridge, "Adams", "Ada")
    said = say_different(two, one, by=administrator)
    assert (said.first, said.second, said.by) == (one, two, administrator)
    assert say_different(one, two, by=factories.person(Role.PRINCIPAL, world.ridge)) == said
    assert len(possible(world.cahaba, administrator)) == 0
    assert Student.objects.filter(pk__in=[one.pk, two.pk]).count() == 2
    three = enrolled(world.ridge, "Adams", "Ada")
    assert names(possible(world.cahaba, administrator)) == [(one, three), (two, three)]


def test_only_who_sees_both_by_name_may_say_so(world: World) -> None:
    one, two = enrolled(world.ridge, "Adams", "Ada"), enrolled(world.valley, "Adams", "Ada")
    for user in (
        factories.person(Role.PRINCIPAL, world.ridge),
        factories.person(Role.STATE_COORDINATOR, world.alabama),
    ):
        with pytest.raises(DuplicatesError, match="may see by name"):
            say_different(one, two, by=user)
    assert not NotDuplicate.objects.exists()


def test_a_record_is_not_different_from_itself(world: World, administrator: User) -> None:
    one = enrolled(world.ridge, "Adams", "Ada")
    with pytest.raises(DuplicatesError, match="one record"):
        say_different(one, one, by=administrator)


def test_the_database_keeps_a_pair_once_and_in_order(world: World) -> None:
    one, two = enrolled(world.ridge, "Adams", "Ada"), enrolled(world.ridge, "Adams", "Ada")
    NotDuplicate.objects.create(first=one, second=two)
    for first, second, name in (
        (one, two, "not_duplicate_once"),
        (two, one, "not_duplicate_in_order"),
        (one, one, "not_duplicate_in_order"),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            NotDuplicate.objects.create(first=first, second=second)
