"""Add, find and count organizations."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from schools import organizations
from schools.models import Organization
from schools.models.organization import Kind, unused_slug
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_school_is_added_below_its_district_and_knows_its_state() -> None:
    world = factories.make_world()
    added = organizations.add_organization(parent=world.cahaba, kind="school", name="New High School", design="high")
    assert Organization.objects.get_parent(added) == world.cahaba
    assert added.in_state == world.alabama
    assert added.slug == "new-high-school"
    assert added.postal_state == "AL"


@pytest.mark.parametrize(
    ("above", "kind"), [("ridge", "school"), ("cahaba", "district"), ("region", "school"), ("cooperative", "school")]
)
def test_the_tree_has_places_for_some_kinds_only(above: str, kind: str) -> None:
    world = factories.make_world()
    with pytest.raises(organizations.OrganizationError, match="does not stand below"):
        organizations.add_organization(parent=getattr(world, above), kind=kind, name="Nowhere")


def test_an_id_that_is_taken_is_refused_in_words() -> None:
    world = factories.make_world()
    with pytest.raises(ValidationError, match="Another organization has this NCES id"):
        organizations.add_organization(parent=world.cahaba, kind="school", name="Twin", nces_id=world.ridge.nces_id)


def test_leading_zeros_are_kept() -> None:
    world = factories.make_world()
    added = organizations.add_organization(
        parent=world.cahaba, kind="school", name="Zero", nces_id="010000100099", state_id="0007"
    )
    added.refresh_from_db()
    assert (added.nces_id, added.state_id) == ("010000100099", "0007")


def test_two_of_one_name_have_two_addresses() -> None:
    world = factories.make_world()
    first = organizations.add_organization(parent=world.cahaba, kind="school", name="Lincoln School")
    second = organizations.add_organization(parent=world.tombigbee, kind="school", name="Lincoln School")
    assert (first.slug, second.slug) == ("lincoln-school", "lincoln-school-2")
    assert unused_slug("???") == "organization"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("cahaba rid", {"Cahaba Ridge High School"}),
        ("RIDGE", {"Cahaba Ridge High School"}),
        ("010000100001", {"Cahaba Ridge High School"}),
        ("0100001", {"Cahaba County"}),
        ("high al", {"Cahaba Ridge High School"}),
        ("zzz", set()),
        ("' OR 1=1 --", set()),
        ("a&b | !c", set()),
    ],
)
def test_search_by_name_id_or_place(text: str, names: set[str]) -> None:
    factories.make_world()
    found = {org.name for org in Organization.objects.search(text)}
    if text == "0100001":
        assert "Cahaba County" in found
    else:
        assert found == names


def test_a_blank_search_finds_all() -> None:
    factories.make_world()
    assert Organization.objects.search(" - ").count() == Organization.objects.count()


def test_open_on_a_day_counts_the_first_and_not_the_closing_day() -> None:
    world = factories.make_world()
    Organization.objects.filter(pk=world.ridge.pk).update(opened=dt.date(2000, 7, 1), closed=dt.date(2020, 7, 1))
    ridge = Organization.objects.filter(pk=world.ridge.pk)
    assert not ridge.open_on(dt.date(2000, 6, 30)).exists()
    assert ridge.open_on(dt.date(2000, 7, 1)).exists()
    assert ridge.open_on(dt.date(2020, 6, 30)).exists()
    assert not ridge.open_on(dt.date(2020, 7, 1)).exists()


def test_what_stands_below_is_counted_by_kind_without_the_closed() -> None:
    world = factories.make_world()
    Organization.objects.filter(pk=world.valley.pk).update(closed=dt.date(2020, 7, 1))
    assert organizations.count_below(world.alabama) == {Kind.DISTRICT: 2, Kind.SCHOOL: 2, Kind.COOPERATIVE: 1}


def test_a_student_in_two_schools_of_a_district_counts_once() -> None:
    world = factories.make_world()
    pupil = factories.student()
    factories.enrollment(world.ridge, 2026, "09", student=pupil)
    factories.enrollment(world.valley, 2026, "09", student=pupil)
    factories.enrollment(world.valley, 2026, "10")
    factories.enrollment(world.valley, 2025, "10")
    assert organizations.enrollment_by_grade(world.cahaba, 2026) == [("09", 1), ("10", 1)]
    assert organizations.enrollment_by_grade(world.ridge, 2026) == [("09", 1)]
    assert organizations.enrollment_by_grade(world.harbor, 2026) == []


def test_parents_are_read_at_once(django_assert_num_queries: object) -> None:
    world = factories.make_world()
    rows = list(Organization.objects.filter(kind="school"))
    with django_assert_num_queries(1):  # type: ignore[operator]
        named = {row.name: row.above.name for row in organizations.with_parents(rows)}  # type: ignore[attr-defined]
    assert named["Derby High School"] == world.bluegrass.name


def test_a_state_stands_in_its_own_scope() -> None:
    world = factories.make_world()
    assert world.alabama.access_scope().state_path == world.alabama.path
    assert world.ridge.access_scope().state_path == world.alabama.path
    assert world.region.access_scope().state_path == ""
